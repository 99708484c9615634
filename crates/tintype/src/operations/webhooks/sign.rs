//! Secrets and signatures as Standard Webhooks 1.0 has them: `whsec_` and base64 of 24 to 64 bytes; HMAC-SHA256 over
//! `{id}.{timestamp}.{body}`, sent as `v1,` and base64.

use crate::error::{Error, Result};
use crate::ids;
use aws_lc_rs::hmac;
use data_encoding::BASE64;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

const PREFIX: &str = "whsec_";

/// A new secret of 32 bytes.
pub fn new_secret() -> SecretString {
    let bytes = Zeroizing::new(ids::random::<32>());
    SecretString::from(format!("{PREFIX}{}", BASE64.encode(bytes.as_slice())))
}

/// A secret that a caller gave.
///
/// # Errors
/// `Invalid`, naming the rule and not the secret.
pub fn checked_secret(secret: SecretString) -> Result<SecretString> {
    match key(&secret) {
        Some(_) => Ok(secret),
        None => Err(Error::invalid(
            "secret",
            "secret must be whsec_ and base64 of 24 to 64 bytes",
        )),
    }
}

fn key(secret: &SecretString) -> Option<hmac::Key> {
    let encoded = secret.expose_secret().strip_prefix(PREFIX)?;
    let bytes = Zeroizing::new(BASE64.decode(encoded.as_bytes()).ok()?);
    (24..=64)
        .contains(&bytes.len())
        .then(|| hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

/// The value of `webhook-signature`; `None` for a secret that is none.
pub fn signature(secret: &SecretString, id: &str, at: Timestamp, body: &[u8]) -> Option<String> {
    let mut context = hmac::Context::with_key(&key(secret)?);
    context.update(format!("{id}.{}.", at.as_second()).as_bytes());
    context.update(body);
    Some(format!("v1,{}", BASE64.encode(context.sign().as_ref())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own reference libraries.
    #[test]
    fn it_signs_as_the_specification_does() {
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let body = br#"{"test": 2432232314}"#;
        assert_eq!(
            signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body).as_deref(),
            Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        );
    }

    #[test]
    fn a_secret_has_24_to_64_bytes_and_a_new_one_is_its_own() {
        for bad in [
            "",
            "whsec_",
            "whsec_abc",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_MfKQ9r8GKYqrTwjUPD8=",
        ] {
            assert!(checked_secret(SecretString::from(bad)).is_err(), "{bad}");
        }
        let (one, other) = (new_secret(), new_secret());
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert!(checked_secret(one).is_ok());
    }
}
