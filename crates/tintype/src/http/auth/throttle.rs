//! Tries to sign in are limited, for each account and for each address.
//!
//! A try is counted before it is looked at, so that many at once are many, and taken back when it was right. Beyond the
//! free ones each costs twice the wait of the one before; a try within the wait is refused and does not count. Nobody
//! can keep an account shut: its own wait ends after half a minute, whoever guesses from one address waits much longer
//! than that, and an address from which the account signed in before has a count of its own.

use crate::http::problem::Problem;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

/// The most counts, and the most places that are known.
const MOST: usize = 20_000;
/// How long a place counts as known after a sign-in.
const KNOWN: SignedDuration = SignedDuration::from_hours(24 * 30);

/// How tries of one kind are limited.
struct Policy {
    /// Tries that cost no wait.
    free: u32,
    /// Seconds in which one is forgotten.
    forgets: i64,
    /// The longest wait, seconds.
    longest: i64,
}

/// What tries are counted for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Subject {
    /// Passwords of an account, from places that are not known.
    Account(String),
    /// Anything from an address.
    Address(IpAddr),
    /// Passwords of an account from a place where it signed in before.
    Place(String, IpAddr),
    /// Codes of an account's second factor.
    Codes(String),
}

impl Subject {
    fn policy(&self) -> Policy {
        match self {
            Self::Account(_) | Self::Place(..) => Policy {
                free: 5,
                forgets: 60,
                longest: 30,
            },
            Self::Address(_) => Policy {
                free: 20,
                forgets: 60,
                longest: 900,
            },
            // Six digits: few tries, since the password or the session is known already. Recovery codes are the way
            // around for an owner whose account somebody else tries.
            Self::Codes(_) => Policy {
                free: 5,
                forgets: 600,
                longest: 900,
            },
        }
    }
}

/// The tries that one subject has made and that are not forgotten.
#[derive(Debug, Clone, Copy)]
struct Count {
    tries: f64,
    at: Timestamp,
    until: Timestamp,
}

/// Seconds until another try is let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wait(pub(super) u64);

impl From<Wait> for Problem {
    fn from(wait: Wait) -> Self {
        Self::too_many(wait.0)
    }
}

/// Counts tries, in memory.
#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    counts: HashMap<Subject, Count>,
    known: HashMap<(String, IpAddr), Timestamp>,
}

/// A try that was let through and counted.
#[derive(Debug)]
#[must_use]
pub(super) struct Try {
    account: String,
    from: IpAddr,
    subjects: Vec<Subject>,
}

impl Throttle {
    /// Lets the try of a password through.
    ///
    /// # Errors
    /// The wait until another try is let through.
    pub(super) fn password(&self, account: &str, from: IpAddr, now: Timestamp) -> Result<Try, Wait> {
        let (account, from) = (short(account), network(from));
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (account.clone(), from);
        let subjects = if state.known.get(&place).is_some_and(|until| now < *until) {
            vec![Subject::Place(account.clone(), from)]
        } else {
            vec![Subject::Account(account.clone()), Subject::Address(from)]
        };
        state.admit(subjects, account, from, now)
    }

    /// Lets the try of a code through, or of a recovery code, which nobody can guess and which only counts for the
    /// address.
    ///
    /// # Errors
    /// The wait until another try is let through.
    pub(super) fn code(
        &self,
        account: &str,
        from: IpAddr,
        recovery: bool,
        now: Timestamp,
    ) -> Result<Try, Wait> {
        let (account, from) = (short(account), network(from));
        let subject = if recovery {
            Subject::Address(from)
        } else {
            Subject::Codes(account.clone())
        };
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.admit(vec![subject], account, from, now)
    }

    /// The try was right: the account begins anew, and the place is known from now on.
    pub(super) fn right(&self, tried: Try, now: Timestamp) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for subject in tried.subjects {
            match subject {
                // An own account must not buy guesses at others.
                Subject::Address(_) => state.take_back(&subject),
                Subject::Account(_) | Subject::Place(..) => {
                    state.counts.remove(&subject);
                    state.know((tried.account.clone(), tried.from), now);
                }
                Subject::Codes(_) => {
                    state.counts.remove(&subject);
                }
            }
        }
    }

    /// The account signed in from here without a try: its password is remembered.
    pub(super) fn again(&self, account: &str, from: IpAddr, now: Timestamp) {
        let (account, from) = (short(account), network(from));
        let place = (account.clone(), from);
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.known.get(&place).is_none_or(|until| *until <= now) {
            state.counts.remove(&Subject::Account(account));
            state.know(place, now);
        }
    }

    /// The try was not looked at after all.
    pub(super) fn take_back(&self, tried: &Try) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for subject in &tried.subjects {
            state.take_back(subject);
        }
    }
}

impl State {
    fn know(&mut self, place: (String, IpAddr), now: Timestamp) {
        make_room(&mut self.known, |until| until.as_second());
        self.known.insert(place, now + KNOWN);
    }

    fn admit(
        &mut self,
        subjects: Vec<Subject>,
        account: String,
        from: IpAddr,
        now: Timestamp,
    ) -> Result<Try, Wait> {
        let waits = subjects.iter().filter_map(|subject| {
            let count = self.counts.get(subject)?;
            let left = count.until.duration_since(now).as_millis();
            // A clock that was set back must not shut anything for longer than the longest wait.
            let left = left.min(i128::from(subject.policy().longest) * 1000);
            (left > 0).then_some(left)
        });
        if let Some(wait) = waits.max() {
            return Err(Wait(u64::try_from((wait + 999) / 1000).unwrap_or(1)));
        }
        for subject in &subjects {
            self.charge(subject, now);
        }
        Ok(Try {
            account,
            from,
            subjects,
        })
    }

    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "seconds and small counts"
    )]
    fn charge(&mut self, subject: &Subject, now: Timestamp) {
        let policy = subject.policy();
        if !self.counts.contains_key(subject) {
            make_room(&mut self.counts, |count| (count.tries * 1000.0) as i64);
        }
        let fresh = Count {
            tries: 0.0,
            at: now,
            until: now,
        };
        let count = self.counts.entry(subject.clone()).or_insert(fresh);
        // Nothing is forgotten while one has to wait: or the waits of who comes at once would stop growing.
        let elapsed = now.duration_since(count.until).as_secs().max(0);
        let left = (count.tries - elapsed as f64 / policy.forgets as f64).max(0.0);
        // More than this would not lengthen the wait, only the time until it is forgotten.
        let most = f64::from(policy.free) + (policy.longest as f64).log2().ceil() + 1.0;
        count.tries = (left + 1.0).min(most);
        (count.at, count.until) = (now, now);
        let over = (count.tries - f64::from(policy.free)).ceil() as i64;
        if over > 0 {
            let wait = 1i64 << (over - 1).clamp(0, 30);
            count.until = now + SignedDuration::from_secs(wait.min(policy.longest));
        }
    }

    fn take_back(&mut self, subject: &Subject) {
        if let Some(count) = self.counts.get_mut(subject) {
            count.tries -= 1.0;
            count.until = count.at;
            if count.tries <= 0.0 {
                self.counts.remove(subject);
            }
        }
    }
}

/// Drops what matters least when a table is full: the lowest tenth, so that it is not done for each new entry.
fn make_room<K: Clone + Eq + Hash, V>(table: &mut HashMap<K, V>, weight: impl Fn(&V) -> i64) {
    if table.len() < MOST {
        return;
    }
    let mut weights: Vec<i64> = table.values().map(&weight).collect();
    let (_, pivot, _) = weights.select_nth_unstable(MOST / 10);
    let pivot = *pivot;
    let mut places = MOST / 10;
    table.retain(|_, value| {
        let goes = weight(value) <= pivot && places > 0;
        places -= usize::from(goes);
        !goes
    });
}

/// Names are what clients send: long ones share a count, which costs them nothing.
fn short(account: &str) -> String {
    account.chars().take(64).collect()
}

/// Whoever has one IPv6 address has a network of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    fn address(n: u32) -> IpAddr {
        IpAddr::V4(std::net::Ipv4Addr::from(0x0a00_0000 + n))
    }

    /// Seconds until the next try, as the first refused one is told; `None` when it is let through.
    fn refused(throttle: &Throttle, account: &str, from: IpAddr, now: Timestamp) -> Option<u64> {
        throttle.password(account, from, now).err().map(|wait| wait.0)
    }

    #[test]
    fn waits_double_up_to_the_longest_and_refused_tries_do_not_count() {
        let throttle = Throttle::default();
        let mut now = 0;
        for n in 0..5 {
            assert_eq!(refused(&throttle, "admin", address(n), at(now)), None, "free");
        }
        for (n, wait) in [1, 2, 4, 8, 16, 30, 30, 30].into_iter().enumerate() {
            let n = u32::try_from(n).unwrap();
            assert_eq!(refused(&throttle, "admin", address(10 + n), at(now)), None);
            for other in 0..50 {
                assert_eq!(
                    refused(&throttle, "admin", address(100 + other), at(now)),
                    Some(wait)
                );
            }
            now += i64::try_from(wait).unwrap();
        }
        assert_eq!(refused(&throttle, "other", HOME, at(now)), None);
        assert_eq!(
            refused(&throttle, "admin", HOME, at(now + 3600)),
            None,
            "forgotten"
        );
    }

    #[test]
    fn an_address_waits_longer_than_any_account() {
        let throttle = Throttle::default();
        for n in 0..20 {
            assert_eq!(refused(&throttle, &format!("user{n}"), HOME, at(0)), None);
        }
        let mut now = 0;
        for n in 0..12 {
            assert_eq!(refused(&throttle, &format!("more{n}"), HOME, at(now)), None);
            now += i64::try_from(refused(&throttle, "last", HOME, at(now)).unwrap()).unwrap();
        }
        assert_eq!(refused(&throttle, "x", HOME, at(now)), None);
        assert_eq!(refused(&throttle, "x", HOME, at(now)), Some(900));
        let v6 = |n| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, n, n, n, n));
        for n in 0..21 {
            let _ = throttle.password(&format!("v6-{n}"), v6(n), at(now));
        }
        assert!(
            refused(&throttle, "v6", v6(99), at(now)).is_some(),
            "one network, one count"
        );
    }

    #[test]
    fn a_known_place_is_not_shut_by_what_others_try_and_has_a_count_of_its_own() {
        let throttle = Throttle::default();
        let tried = throttle.password("admin", HOME, at(0)).unwrap();
        throttle.right(tried, at(0));
        for n in 0..100 {
            let _ = throttle.password("admin", address(n), at(1));
            let _ = throttle.password("somebody", HOME, at(1));
        }
        assert!(refused(&throttle, "admin", address(200), at(1)).is_some());
        assert_eq!(refused(&throttle, "admin", HOME, at(1)), None);
        for _ in 0..5 {
            let _ = throttle.password("admin", HOME, at(1));
        }
        assert!(refused(&throttle, "admin", HOME, at(1)).is_some());
    }

    #[test]
    fn a_right_try_resets_the_account_and_only_takes_itself_back_from_the_address() {
        let throttle = Throttle::default();
        for n in 0..4 {
            let _ = throttle.password("admin", address(n), at(0)).unwrap();
        }
        let tried = throttle.password("admin", address(9), at(0)).unwrap();
        throttle.right(tried, at(0));
        for n in 20..25 {
            assert_eq!(refused(&throttle, "admin", address(n), at(0)), None, "anew");
        }
        for n in 0..20 {
            assert_eq!(refused(&throttle, &format!("guess{n}"), HOME, at(0)), None);
            if let Ok(own) = throttle.password(&format!("own{n}"), HOME, at(0)) {
                throttle.right(own, at(0));
            }
        }
        let _ = throttle.password("guess", HOME, at(0)).unwrap();
        assert!(refused(&throttle, "guess", HOME, at(0)).is_some());
    }

    #[test]
    fn what_was_not_looked_at_does_not_count() {
        let throttle = Throttle::default();
        for _ in 0..50 {
            let tried = throttle.password("admin", HOME, at(0)).unwrap();
            throttle.take_back(&tried);
        }
    }

    #[test]
    fn recovery_codes_get_through_when_codes_do_not() {
        let throttle = Throttle::default();
        for _ in 0..6 {
            let _ = throttle.code("admin", HOME, false, at(0)).unwrap();
        }
        assert!(throttle.code("admin", address(1), false, at(0)).is_err());
        assert!(throttle.code("admin", HOME, true, at(0)).is_ok());
    }

    #[test]
    fn the_tables_are_bounded_and_what_was_tried_most_stays() {
        let throttle = Throttle::default();
        for n in 0..8 {
            let _ = throttle.password("admin", address(n), at(0));
        }
        for n in 0..u32::try_from(MOST).unwrap() * 2 {
            let tried = throttle.password(&format!("user{n}"), address(1000 + n), at(0));
            if n % 2 == 0 {
                throttle.right(tried.unwrap(), at(0));
            }
        }
        let state = throttle.0.lock().unwrap();
        assert!(state.counts.len() <= MOST && state.known.len() <= MOST);
        assert!(state.counts.contains_key(&Subject::Account("admin".into())));
    }
}
