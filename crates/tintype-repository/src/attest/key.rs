//! Keys of Ed25519 (RFC 8032), as text and as files.

use super::AttestError;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use data_encoding::{BASE64, HEXLOWER};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::str::FromStr;

/// How a public key begins as text.
const PREFIX: &str = "ed25519:";

/// What stands before the key's 32 bytes in a SubjectPublicKeyInfo of Ed25519 (RFC 8410).
const SPKI: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// Signs. Never shown.
pub struct SigningKey(Ed25519KeyPair);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public().id())
    }
}

impl SigningKey {
    /// A new random key.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn generate() -> Result<Self, AttestError> {
        Ed25519KeyPair::generate()
            .map(Self)
            .map_err(|_| AttestError::Key("the system gave no random bytes for a key".to_owned()))
    }

    /// Reads a private key in PEM (`BEGIN PRIVATE KEY`, PKCS#8), as OpenSSL and [`Self::to_pem`] write it.
    ///
    /// # Errors
    /// It is none, or not of Ed25519.
    pub fn from_pem(pem: &str) -> Result<Self, AttestError> {
        let wrong = "not a private key of Ed25519 in PEM (PKCS#8, `BEGIN PRIVATE KEY`); `openssl genpkey \
                     -algorithm ed25519` makes one";
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes());
        let pair = der
            .ok()
            .and_then(|der| Ed25519KeyPair::from_pkcs8(der.secret_pkcs8_der()).ok());
        pair.map(Self).ok_or_else(|| AttestError::Key(wrong.to_owned()))
    }

    /// The private key in PEM (PKCS#8).
    ///
    /// # Errors
    /// Never in practice: the key is sound.
    pub fn to_pem(&self) -> Result<SecretString, AttestError> {
        let der = self.0.to_pkcs8v1();
        let der = der.map_err(|_| AttestError::Key("the key cannot be written".to_owned()))?;
        Ok(pem("PRIVATE KEY", der.as_ref()).into())
    }

    /// Reads the key from a file that its owner alone can read.
    ///
    /// # Errors
    /// The file cannot be read, others can read it, or it holds no key.
    pub fn read(path: &Path) -> Result<Self, AttestError> {
        let failed = |error: std::io::Error| AttestError::Key(format!("{}: {error}", path.display()));
        let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let path = path.display();
            return Err(AttestError::Key(format!(
                "{path}: others can read this key (mode {mode:o}): chmod 600 {path}"
            )));
        }
        let text = SecretString::from(std::fs::read_to_string(path).map_err(failed)?);
        Self::from_pem(text.expose_secret()).map_err(|error| at(path, &error))
    }

    /// Writes the key to a new file that its owner alone can read.
    ///
    /// # Errors
    /// The file is there already, or cannot be written.
    pub fn write_new(&self, path: &Path) -> Result<(), AttestError> {
        let failed = |error: std::io::Error| AttestError::Key(format!("{}: {error}", path.display()));
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(path);
        let file = file.as_mut().map_err(|error| {
            AttestError::Key(format!("{}: {error}: nothing is overwritten", path.display()))
        })?;
        let pem = self.to_pem()?;
        let text = pem.expose_secret();
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(bytes)
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

fn at(path: &Path, error: &AttestError) -> AttestError {
    AttestError::Key(format!("{}: {error}", path.display()))
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let lines: Vec<&str> = (0..text.len())
        .step_by(64)
        .map(|at| &text[at..text.len().min(at + 64)])
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

/// A key that verifies. As text `ed25519:` and 32 bytes in base 64; read from PEM (`BEGIN PUBLIC KEY`) too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// What names the key in an attestation: the first 8 bytes of its SHA-256, in hexadecimal.
    pub fn id(&self) -> String {
        HEXLOWER.encode(&digest(&SHA256, &self.0).as_ref()[..8])
    }

    /// The key in PEM (SubjectPublicKeyInfo), for other programs.
    pub fn to_pem(&self) -> String {
        pem("PUBLIC KEY", &[&SPKI[..], &self.0].concat())
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0)
            .verify(message, signature)
            .is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", BASE64.encode(&self.0))
    }
}

impl FromStr for PublicKey {
    type Err = AttestError;

    fn from_str(text: &str) -> Result<Self, AttestError> {
        let text = text.trim();
        let bytes = match text.strip_prefix(PREFIX) {
            Some(encoded) => BASE64.decode(encoded.as_bytes()).ok(),
            None => SubjectPublicKeyInfoDer::from_pem_slice(text.as_bytes())
                .ok()
                .and_then(|der| der.strip_prefix(&SPKI[..]).map(<[u8]>::to_vec)),
        };
        let key = bytes.and_then(|bytes| bytes.try_into().ok()).map(Self);
        key.ok_or_else(|| {
            let words = "not a public key: `ed25519:` and 32 bytes in base 64, or PEM (`BEGIN PUBLIC KEY`)";
            AttestError::Key(words.to_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_key_survives_both_of_its_texts() {
        let key = SigningKey::generate().unwrap().public();
        assert_eq!(key.to_string().parse(), Ok(key));
        assert_eq!(key.to_pem().parse(), Ok(key));
        assert_eq!(key.id().len(), 16);
        for wrong in [
            "",
            "ed25519:",
            "ed25519:AAAA",
            "rsa:x",
            "-----BEGIN PUBLIC KEY-----",
        ] {
            assert!(wrong.parse::<PublicKey>().is_err(), "{wrong}");
        }
    }

    /// The first test of RFC 8032, in OpenSSL's form.
    #[test]
    fn keys_of_openssl_are_read() {
        let private = "-----BEGIN PRIVATE KEY-----\n\
            MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
            -----END PRIVATE KEY-----\n";
        let public = SigningKey::from_pem(private).unwrap().public();
        assert_eq!(
            public.to_string(),
            "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
        );
    }

    #[test]
    fn a_key_file_is_its_owners_alone_and_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.pem");
        let key = SigningKey::generate().unwrap();
        key.write_new(&path).unwrap();
        assert_eq!(SigningKey::read(&path).unwrap().public(), key.public());
        assert!(
            key.write_new(&path)
                .unwrap_err()
                .to_string()
                .contains("overwritten")
        );
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(
            SigningKey::read(&path)
                .unwrap_err()
                .to_string()
                .contains("chmod 600")
        );
    }

    #[test]
    fn a_private_key_is_not_shown() {
        let key = SigningKey::generate().unwrap();
        assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.public().id()));
    }
}
