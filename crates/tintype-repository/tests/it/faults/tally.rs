//! The table of what was found and what was not.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::attested::covers;
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

    /// What was missed, without and with an attestation.
    pub fn missed(&self, class: Class, damage: Damage) -> (u32, Option<u32>) {
        let attested = match self.attested(class, damage) {
            (0, _) => None,
            (_, misses) => Some(misses),
        };
        (self.of(class, damage, Outcome::Missed), attested)
    }

    /// As `docs/faults.md` has it: a line for each class and damage.
    pub fn table(&self) -> String {
        let mut text = String::from(
            "| class | damage | cases | found | of these on another blob | missed | missed with an attestation |\n\
             |---|---|---:|---:|---:|---:|---:|\n",
        );
        for (class, damage) in self.counts.keys() {
            let (missed, attested) = self.missed(*class, *damage);
            let cases = self.cases(*class, *damage);
            let elsewhere = self.of(*class, *damage, Outcome::WrongBlob);
            let attested = match attested {
                Some(misses) => misses.to_string(),
                None if covers(*class) => "–".to_owned(),
                None => "not covered".to_owned(),
            };
            let found = cases - missed;
            writeln!(
                text,
                "| {class:?} | {damage:?} | {cases} | {found} | {elsewhere} | {missed} | {attested} |"
            )
            .unwrap();
        }
        text
    }
}
