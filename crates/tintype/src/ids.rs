//! The only source of randomness and of ids.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use data_encoding::{BASE64URL_NOPAD, Encoding, HEXLOWER, Specification};
use jiff::Timestamp;
use std::sync::LazyLock;

/// Crockford's alphabet in lower case: no letters that read like digits, and it sorts as its bits do.
static CROCKFORD: LazyLock<Encoding> = LazyLock::new(|| {
    let mut spec = Specification::new();
    spec.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
    spec.encoding().expect("the alphabet has 32 distinct symbols")
});

/// Random bytes of the operating system's quality.
///
/// # Panics
/// When the system has no randomness to give: nothing safe can be done without.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the operating system gives random bytes");
    bytes
}

/// An id that sorts by the time it was made: 48 bits of milliseconds, 77 of randomness, 25 characters.
pub fn time_ordered(now: Timestamp) -> String {
    let mut bytes = [0; 16];
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&random::<10>());
    let mut id = CROCKFORD.encode(&bytes);
    id.truncate(25);
    id
}

/// Bytes in Crockford's base32, lower case.
pub fn base32(bytes: &[u8]) -> String {
    CROCKFORD.encode(bytes)
}

/// A cluster's id in ECE's form: 32 hexadecimal digits.
pub fn cluster_id() -> String {
    HEXLOWER.encode(&random::<16>())
}

/// A secret of 256 bits, safe in URLs and headers: 43 characters.
pub fn secret() -> String {
    BASE64URL_NOPAD.encode(&random::<32>())
}

/// The name of a snapshot whose caller gave none: `tintype-{yyyy.MM.dd-HH.mm.ss}-{6 random base32}`, UTC.
pub fn snapshot_name(now: Timestamp) -> String {
    let at = now.strftime("%Y.%m.%d-%H.%M.%S").to_string();
    let mut tail = CROCKFORD.encode(&random::<5>());
    tail.truncate(6);
    format!("tintype-{at}-{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_ordered_ids_sort_by_time() {
        let early = time_ordered(Timestamp::from_millisecond(1_700_000_000_000).unwrap());
        let late = time_ordered(Timestamp::from_millisecond(1_700_000_000_001).unwrap());
        assert!(early < late);
        assert_eq!(early.len(), 25);
    }

    #[test]
    fn default_snapshot_names_carry_the_utc_second() {
        let name = snapshot_name(Timestamp::from_second(0).unwrap());
        assert!(name.starts_with("tintype-1970.01.01-00.00.00-"), "{name}");
        assert_eq!(name.len(), "tintype-1970.01.01-00.00.00-abcdef".len());
    }
}
