//! Sealing: AES-256-GCM, each value bound to the row and field that it belongs to.
//!
//! An envelope is a version byte (1), the key's id (the first 8 bytes of the key's SHA-256), a random 96-bit nonce,
//! and the ciphertext with its tag. The additional data is the context, `table/id/field`: a value that is moved to
//! another row does not open.

use super::{SecretsError, key_file};
use crate::ids;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{digest, hmac};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const ID_LEN: usize = 8;
const HEADER_LEN: usize = 1 + ID_LEN + NONCE_LEN;

/// Seals and opens with one key. Cheap to clone.
#[derive(Clone)]
pub struct Sealer(Arc<Keys>);

struct Keys {
    id: [u8; ID_LEN],
    seal: LessSafeKey,
    mac: hmac::Key,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer")
    }
}

impl Sealer {
    /// Reads the key at `path`, or makes one there (mode 0600) when the store that it is for is new.
    ///
    /// # Errors
    /// A key that is missing, malformed, unreadable, or readable by others; each says what to do.
    pub fn open_or_create(path: &Path, store_is_new: bool) -> Result<Self, SecretsError> {
        Ok(Self::new(&*key_file::open_or_create(path, store_is_new)?))
    }

    /// A sealer with this key.
    ///
    /// # Panics
    /// Never: the key's length is the algorithm's.
    pub fn new(key: &[u8; 32]) -> Self {
        let mut id = [0; ID_LEN];
        id.copy_from_slice(&digest::digest(&digest::SHA256, key).as_ref()[..ID_LEN]);
        // One key per purpose, so that nothing learnt from a MAC concerns what is sealed.
        let derive = |purpose: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), purpose);
        let seal = UnboundKey::new(&AES_256_GCM, derive(b"tintype/seal/1").as_ref());
        Self(Arc::new(Keys {
            id,
            seal: LessSafeKey::new(seal.expect("HMAC-SHA256 gives the 32 bytes that AES-256 takes")),
            mac: hmac::Key::new(hmac::HMAC_SHA256, derive(b"tintype/mac/1").as_ref()),
        }))
    }

    /// Both have the same key.
    pub fn has_key_of(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }

    /// Seals `plain` for the row and field that `context` (`table/id/field`) names.
    ///
    /// # Panics
    /// When `plain` is longer than the 64 GiB that AES-GCM can seal.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        let nonce = ids::random::<NONCE_LEN>();
        let mut envelope = Vec::with_capacity(HEADER_LEN + plain.len() + AES_256_GCM.tag_len());
        envelope.push(VERSION);
        envelope.extend_from_slice(&self.0.id);
        envelope.extend_from_slice(&nonce);
        let mut body = Zeroizing::new(plain.to_vec());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self
            .0
            .seal
            .seal_in_place_separate_tag(nonce, Aad::from(context), &mut body);
        let tag = tag.expect("what the store keeps is shorter than AES-GCM's limit");
        envelope.extend_from_slice(&body);
        envelope.extend_from_slice(tag.as_ref());
        envelope
    }

    /// Opens what was sealed for the same context.
    ///
    /// # Errors
    /// [`SecretsError::OtherKey`], or [`SecretsError::Damaged`] when it was changed or belongs to another row.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecretsError> {
        let (header, body) = sealed.split_at_checked(HEADER_LEN).ok_or(SecretsError::Damaged)?;
        if header[0] != VERSION {
            return Err(SecretsError::Damaged);
        }
        if header[1..=ID_LEN] != self.0.id {
            return Err(SecretsError::OtherKey);
        }
        let nonce =
            Nonce::try_assume_unique_for_key(&header[1 + ID_LEN..]).map_err(|_| SecretsError::Damaged)?;
        let mut body = Zeroizing::new(body.to_vec());
        let opened = self.0.seal.open_in_place(nonce, Aad::from(context), &mut body);
        let len = opened.map_err(|_| SecretsError::Damaged)?.len();
        body.truncate(len);
        Ok(body)
    }

    /// A keyed MAC (HMAC-SHA256) of `bytes` for one purpose: equal inputs are recognised without being kept.
    pub fn mac(&self, context: &str, bytes: &[u8]) -> [u8; 32] {
        let mut signing = hmac::Context::with_key(&self.0.mac);
        // The length keeps ("a", "bc") apart from ("ab", "c").
        signing.update(&(context.len() as u64).to_be_bytes());
        signing.update(context.as_bytes());
        signing.update(bytes);
        let mut mac = [0; 32];
        mac.copy_from_slice(signing.sign().as_ref());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_in_its_own_place_only() {
        let sealer = Sealer::new(&[7; 32]);
        let sealed = sealer.seal("clusters/a/secrets", b"hunter2");
        assert_eq!(
            sealer.open("clusters/a/secrets", &sealed).unwrap().as_slice(),
            b"hunter2"
        );
        let moved = sealer.open("clusters/b/secrets", &sealed);
        assert!(matches!(moved, Err(SecretsError::Damaged)));
    }

    #[test]
    fn another_key_is_told_from_damage() {
        let sealed = Sealer::new(&[7; 32]).seal("c", b"x");
        assert!(matches!(
            Sealer::new(&[8; 32]).open("c", &sealed),
            Err(SecretsError::OtherKey)
        ));
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_noticed() {
        let sealer = Sealer::new(&[7; 32]);
        let sealed = sealer.seal("c", b"secret");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(sealer.open("c", &changed).is_err(), "byte {at}");
            assert!(sealer.open("c", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn the_same_secret_never_seals_to_the_same_bytes() {
        let sealer = Sealer::new(&[7; 32]);
        assert_ne!(sealer.seal("c", b"x"), sealer.seal("c", b"x"));
        assert_eq!(sealer.open("c", &sealer.seal("c", b"")).unwrap().len(), 0);
    }

    #[test]
    fn macs_depend_on_key_context_and_bytes() {
        let sealer = Sealer::new(&[7; 32]);
        let mac = sealer.mac("body", b"x");
        assert_eq!(mac, sealer.mac("body", b"x"));
        for other in [
            sealer.mac("body", b"y"),
            sealer.mac("bod", b"yx"),
            Sealer::new(&[8; 32]).mac("body", b"x"),
        ] {
            assert_ne!(mac, other);
        }
    }

    #[test]
    fn nothing_of_the_key_is_printed() {
        assert_eq!(format!("{:?}", Sealer::new(&[7; 32])), "Sealer");
    }
}
