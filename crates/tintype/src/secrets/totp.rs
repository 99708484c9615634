//! Time-based one-time passwords, RFC 6238: SHA-1, six digits, 30 s, as every authenticator app does them; and recovery
//! codes for whoever lost the app.

use crate::ids;
use aws_lc_rs::{constant_time, hmac};
use data_encoding::{BASE32_NOPAD, BASE32_NOPAD_NOCASE};
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// Seconds of a time step.
const STEP: i64 = 30;
/// Digits of a code.
const DIGITS: usize = 6;
/// Steps either way that a clock may be off.
const SKEW: i64 = 1;
/// Recovery codes of a device.
pub const RECOVERY_CODES: usize = 10;

/// A device's secret in base32: 160 random bits, as the RFC recommends for SHA-1.
pub fn totp_secret() -> SecretString {
    BASE32_NOPAD.encode(&ids::random::<20>()).into()
}

/// What an authenticator app reads, often as a QR code.
pub fn totp_uri(user: &str, secret: &SecretString) -> SecretString {
    let user = utf8_percent_encode(user, NON_ALPHANUMERIC);
    format!(
        "otpauth://totp/Tintype:{user}?secret={}&issuer=Tintype&algorithm=SHA1&digits={DIGITS}&period={STEP}",
        secret.expose_secret()
    )
    .into()
}

/// The time step whose code this is, one step either way; `None` when it is no right code. Whether the step was used
/// before is the store's to say.
pub fn totp_step(secret: &SecretString, code: &str, now: Timestamp) -> Option<i64> {
    let key = Zeroizing::new(
        BASE32_NOPAD_NOCASE
            .decode(secret.expose_secret().as_bytes())
            .ok()?,
    );
    let present = now.as_second().div_euclid(STEP);
    // All of them are compared, so that the time tells nothing about which one was near.
    let mut found = None;
    for step in present - SKEW..=present + SKEW {
        let right = code_at(&key, step, DIGITS);
        if constant_time::verify_slices_are_equal(right.as_bytes(), code.as_bytes()).is_ok() {
            found = Some(step);
        }
    }
    found
}

/// The text of a code without what people put between its digits; `None` when it is not six digits.
pub fn totp_code(text: &str) -> Option<String> {
    let code: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    (code.len() == DIGITS && code.bytes().all(|byte| byte.is_ascii_digit())).then_some(code)
}

fn code_at(key: &[u8], step: i64, digits: usize) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[tag.len() - 1] & 0xf);
    let number = u32::from_be_bytes([tag[at] & 0x7f, tag[at + 1], tag[at + 2], tag[at + 3]]);
    let number = number % 10u32.pow(u32::try_from(digits).unwrap_or(9));
    format!("{number:0digits$}")
}

/// A recovery code: 80 random bits in four groups.
pub fn recovery_code() -> SecretString {
    let text = ids::base32(&ids::random::<10>());
    let groups: Vec<&str> = [0, 4, 8, 12].map(|at| &text[at..at + 4]).to_vec();
    groups.join("-").into()
}

/// What is hashed of a recovery code: its characters, without regard to case and groups. `None` when it cannot be one.
pub fn recovery_text(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let plain = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appendix B of RFC 6238, SHA-1: time, and the code of eight digits.
    #[test]
    fn the_codes_are_those_of_the_rfc() {
        for (seconds, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            let key = b"12345678901234567890";
            assert_eq!(code_at(key, seconds / STEP, 8), code);
            assert_eq!(
                code_at(key, seconds / STEP, 6),
                code[2..],
                "six digits are the last six"
            );
        }
    }

    #[test]
    fn one_step_either_way_is_right_and_two_are_not() {
        let secret = SecretString::from(BASE32_NOPAD.encode(b"12345678901234567890"));
        let now = Timestamp::from_second(1_111_111_111).unwrap();
        let present = 1_111_111_111 / STEP;
        for (off, right) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let code = code_at(b"12345678901234567890", present + off, DIGITS);
            let found = totp_step(&secret, &code, now);
            assert_eq!(found, right.then_some(present + off), "{off}");
        }
        assert_eq!(totp_step(&secret, "", now), None);
        assert_eq!(totp_step(&secret, "000000", now), None);
    }

    #[test]
    fn codes_are_read_as_people_write_them() {
        assert_eq!(totp_code("050 471").as_deref(), Some("050471"));
        for wrong in ["", "05047", "0504711", "05047a", "٠٥٠٤٧١"] {
            assert_eq!(totp_code(wrong), None, "{wrong}");
        }
        let code = recovery_code();
        let code = code.expose_secret();
        assert_eq!(code.len(), 19, "{code}");
        let text = recovery_text(code).unwrap();
        assert_eq!(recovery_text(&code.to_uppercase().replace('-', " ")), Some(text));
        assert_eq!(recovery_text("050471"), None);
    }

    #[test]
    fn an_app_is_told_who_and_where() {
        let uri = totp_uri("a:b&c", &"SECRET".into());
        assert_eq!(
            uri.expose_secret(),
            "otpauth://totp/Tintype:a%3Ab%26c?secret=SECRET&issuer=Tintype&algorithm=SHA1&digits=6&period=30"
        );
    }
}
