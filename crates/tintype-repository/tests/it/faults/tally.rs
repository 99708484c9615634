//! The table of what was found and what was not.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::damage::Damage;
use super::judge::Outcome;
use crate::truth::Class;

/// Cases by class, damage and outcome.
#[derive(Default)]
pub struct Tally {
    counts: BTreeMap<(Class, Damage), BTreeMap<Outcome, u32>>,
    /// Cases that an attestation was tried on, and those that it missed.
    attested: BTreeMap<(Class, Damage), (u32, u32)>,
    /// Some words on the first of those that went wrong.
    pub examples: BTreeMap<(Class, Damage), Vec<String>>,
}

impl Tally {
    pub fn add(&mut self, class: Class, damage: Damage, outcome: Outcome, words: impl FnOnce() -> String) {
        *self
            .counts
            .entry((class, damage))
            .or_default()
            .entry(outcome)
            .or_default() += 1;
        if outcome != Outcome::Right {
            let examples = self.examples.entry((class, damage)).or_default();
            if examples.len() < 3 {
                examples.push(words());
            }
        }
    }

    pub fn add_attested(&mut self, class: Class, damage: Damage, missed: bool) {
        let (tried, misses) = self.attested.entry((class, damage)).or_default();
        *tried += 1;
        *misses += u32::from(missed);
    }

    /// Cases that an attestation was tried on, and those that it missed.
    pub fn attested(&self, class: Class, damage: Damage) -> (u32, u32) {
        self.attested.get(&(class, damage)).copied().unwrap_or_default()
    }

    pub fn merge(&mut self, other: Self) {
        for (key, outcomes) in other.counts {
            for (outcome, count) in outcomes {
                *self.counts.entry(key).or_default().entry(outcome).or_default() += count;
            }
        }
        for (key, (tried, misses)) in other.attested {
            let own = self.attested.entry(key).or_default();
            *own = (own.0 + tried, own.1 + misses);
        }
        for (key, examples) in other.examples {
            self.examples.entry(key).or_default().extend(examples);
        }
    }

    pub fn of(&self, class: Class, damage: Damage, outcome: Outcome) -> u32 {
        let outcomes = self.counts.get(&(class, damage));
        outcomes
            .and_then(|all| all.get(&outcome))
            .copied()
            .unwrap_or_default()
    }

    pub fn cases(&self, class: Class, damage: Damage) -> u32 {
        let outcomes = self.counts.get(&(class, damage));
        outcomes.map(|all| all.values().sum()).unwrap_or_default()
    }

    pub fn total(&self) -> u32 {
        self.counts.values().flat_map(BTreeMap::values).sum()
    }

    /// One line for each class and damage: cases, missed, on a wrong blob, with wrong snapshots.
    pub fn table(&self) -> String {
        let mut text = String::from(
            "class           damage    cases  missed  wrong blob  wrong snapshots  missed with an attestation\n",
        );
        for (class, damage) in self.counts.keys() {
            let of = |outcome| self.of(*class, *damage, outcome);
            let attested = match self.attested(*class, *damage) {
                (0, _) => "-".to_owned(),
                (_, misses) => misses.to_string(),
            };
            writeln!(
                text,
                "{:<15} {:<8} {:>6} {:>7} {:>11} {:>16} {attested:>27}",
                format!("{class:?}"),
                format!("{damage:?}"),
                self.cases(*class, *damage),
                of(Outcome::Missed),
                of(Outcome::WrongBlob),
                of(Outcome::WrongSnapshots),
            )
            .unwrap();
        }
        text
    }
}
