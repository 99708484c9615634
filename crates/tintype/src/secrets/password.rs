//! Passwords and API keys: only recognised, never read again.

use super::SecretsError;
use crate::ids;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use aws_lc_rs::{constant_time, digest};
use secrecy::{ExposeSecret, SecretString};

/// OWASP's second recommendation for Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes a password with Argon2id, in PHC form. Takes tens of milliseconds of CPU: not for an async thread.
///
/// # Errors
/// [`SecretsError::Password`] when the memory cannot be had.
pub fn hash_password(password: &SecretString) -> Result<String, SecretsError> {
    let refused = |error: &dyn std::fmt::Display| SecretsError::Password(error.to_string());
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| refused(&error))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let salt = ids::random::<16>();
    let hash = argon2.hash_password_with_salt(password.expose_secret().as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|error| refused(&error))
}

/// Whether this is the password of that hash; the hash's own parameters count. As slow as hashing.
///
/// # Errors
/// [`SecretsError::Password`] when the hash is not one.
pub fn verify_password(password: &SecretString, hash: &str) -> Result<bool, SecretsError> {
    let refused = |error: argon2::password_hash::Error| SecretsError::Password(error.to_string());
    let hash = PasswordHash::new(hash).map_err(|error| SecretsError::Password(error.to_string()))?;
    match Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(refused(error)),
    }
}

/// What the store keeps of an API key's secret part: its SHA-256, enough for 256 random bits.
pub fn api_key_hash(secret: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
    hash
}

/// Whether this is the secret part of the API key with that hash, in constant time.
pub fn api_key_matches(secret: &str, hash: &[u8; 32]) -> bool {
    constant_time::verify_slices_are_equal(&api_key_hash(secret), hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_recognised_and_another_is_not() {
        let hash = hash_password(&"correct horse".into()).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify_password(&"correct horse".into(), &hash).unwrap());
        assert!(!verify_password(&"correct hors".into(), &hash).unwrap());
        assert_ne!(
            hash,
            hash_password(&"correct horse".into()).unwrap(),
            "the salt is not random"
        );
    }

    #[test]
    fn a_hash_that_is_none_is_an_error_and_not_a_wrong_password() {
        assert!(verify_password(&"x".into(), "plain").is_err());
    }

    #[test]
    fn an_api_key_is_recognised_by_its_hash() {
        let secret = ids::secret();
        let hash = api_key_hash(&secret);
        assert!(api_key_matches(&secret, &hash));
        assert!(!api_key_matches(&ids::secret(), &hash));
    }
}
