//! Which refusals are written down: whoever is refused again and again must not fill the disk.
//!
//! Within six hours, of one kind (who, from where, with what code) the first ten have a row each, and from then on each
//! doubling of their number has one that stands for all since the one before.

use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

/// Refusals of one kind that have a row each.
const EACH: u32 = 10;
/// After this long a kind is counted from the beginning.
const WINDOW: SignedDuration = SignedDuration::from_hours(6);
/// Kinds counted at once; what comes beyond is counted by its code alone.
const KINDS: usize = 512;

/// Counts refusals.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<HashMap<Kind, Counted>>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Kind {
    principal: Option<String>,
    network: Option<IpAddr>,
    code: String,
}

#[derive(Debug)]
struct Counted {
    since: Timestamp,
    number: u32,
    written: u32,
}

impl Refusals {
    /// Counts one more; how many the row stands for that is due now, if one is.
    pub fn count(
        &self,
        principal: Option<&str>,
        address: Option<&str>,
        code: &str,
        now: Timestamp,
    ) -> Option<u32> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kind = Kind {
            principal: principal.map(str::to_owned),
            network: address.and_then(|address| address.parse().ok()).map(network),
            code: code.to_owned(),
        };
        if kinds.len() >= KINDS && !kinds.contains_key(&kind) {
            kinds.retain(|_, counted| counted.since + WINDOW > now);
            // A user who is known cannot be many: only strangers are lumped together.
            if kinds.len() >= KINDS && kind.principal.is_none() {
                kind.network = None;
            }
        }
        let fresh = || Counted {
            since: now,
            number: 0,
            written: 0,
        };
        let counted = kinds.entry(kind).or_insert_with(fresh);
        if counted.since + WINDOW <= now {
            *counted = fresh();
        }
        counted.number = counted.number.saturating_add(1);
        let due = counted.number <= EACH || counted.number >= counted.written.saturating_mul(2);
        let stands_for = counted.number - counted.written;
        due.then(|| {
            counted.written = counted.number;
            stands_for
        })
    }
}

/// What one stranger holds: an IPv4 address, or the /64 that IPv6 gives to each.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(refusals: &Refusals, times: u32, address: impl Fn(u32) -> String, at: i64) -> Vec<u32> {
        let now = Timestamp::from_second(at).unwrap();
        (0..times)
            .filter_map(|n| refusals.count(None, Some(&address(n)), "c", now))
            .collect()
    }

    #[test]
    fn the_first_ten_have_a_row_each_and_then_each_doubling() {
        let refusals = Refusals::default();
        let written = rows(&refusals, 100, |_| "192.0.2.1".into(), 0);
        assert_eq!(written, [&[1; 10][..], &[10, 20, 40]].concat());
        assert_eq!(
            rows(&refusals, 1, |_| "192.0.2.2".into(), 0),
            [1],
            "another address"
        );
        assert_eq!(
            rows(&refusals, 1, |_| "192.0.2.1".into(), 6 * 3600),
            [1],
            "another window"
        );
    }

    #[test]
    fn an_ipv6_network_is_one_stranger_and_a_million_of_them_fill_nothing() {
        let refusals = Refusals::default();
        let written = rows(&refusals, 100, |n| format!("2001:db8::{n:x}"), 0);
        assert_eq!(written.len(), 13);
        let written = rows(&refusals, 65_536, |n| format!("2001:db8:0:{n:x}::1"), 0);
        assert!(written.len() < 600, "{}", written.len());
        assert!(refusals.0.lock().unwrap().len() <= KINDS + 1);
    }

    #[test]
    fn a_flood_by_strangers_does_not_hide_a_known_user() {
        let refusals = Refusals::default();
        rows(&refusals, 65_536, |n| format!("2001:db8:0:{n:x}::1"), 0);
        let now = Timestamp::from_second(1).unwrap();
        assert_eq!(refusals.count(Some("eve"), Some("192.0.2.9"), "c", now), Some(1));
    }
}
