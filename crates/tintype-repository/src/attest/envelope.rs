//! The envelope, and the text of an attestation.

use super::blob::{self, Blob};
use super::{AttestError, PublicKey, SigningKey, Statement};
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Read, Write};

/// What the payload is.
const PAYLOAD_TYPE: &str = "application/vnd.tintype.attestation+json";

/// The longest first line: a statement of hundreds of thousands of indices.
const LONGEST: u64 = 256 << 20;

/// The longest list: millions of blobs.
const LONGEST_LIST: u64 = 1 << 30;

/// Reads no more than so many signatures.
const MOST_SIGNATURES: usize = 16;

/// A signed statement with the list of blobs that it covers. Nothing in it is to be believed before [`Self::verified`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    envelope: Envelope,
    /// The lines of the blobs, as they were signed.
    list: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload_type: String,
    payload: String,
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Signature {
    keyid: String,
    sig: String,
}

/// What is signed: DSSE's pre-authentication encoding.
fn encoding(kind: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

fn malformed(words: impl Into<String>) -> AttestError {
    AttestError::Malformed(words.into())
}

impl Attestation {
    /// Signs a statement about a list of blobs, whose digest it holds.
    pub(super) fn sign(statement: &Statement, list: Vec<u8>, key: &SigningKey) -> Result<Self, AttestError> {
        let payload = serde_json::to_vec(statement).map_err(|error| malformed(error.to_string()))?;
        let signature = Signature {
            keyid: key.public().id(),
            sig: BASE64.encode(&key.sign(&encoding(PAYLOAD_TYPE, &payload))),
        };
        let envelope = Envelope {
            payload_type: PAYLOAD_TYPE.to_owned(),
            payload: BASE64.encode(&payload),
            signatures: vec![signature],
        };
        Ok(Self { envelope, list })
    }

    /// Reads the text of an attestation. Bounded, but not verified.
    ///
    /// # Errors
    /// [`AttestError::Malformed`]: it is none, or cannot be read.
    pub fn read(mut text: impl BufRead) -> Result<Self, AttestError> {
        let failed = |error: std::io::Error| malformed(error.to_string());
        let mut first = Vec::new();
        let mut line = Read::take(&mut text, LONGEST);
        line.read_until(b'\n', &mut first).map_err(failed)?;
        let envelope: Envelope =
            serde_json::from_slice(&first).map_err(|error| malformed(format!("no envelope: {error}")))?;
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(malformed(format!("its payload is no {PAYLOAD_TYPE}")));
        }
        let mut list = Vec::new();
        let mut rest = text.take(LONGEST_LIST + 1);
        rest.read_to_end(&mut list).map_err(failed)?;
        if list.len() as u64 > LONGEST_LIST {
            return Err(malformed("its list is longer than 1 GiB"));
        }
        Ok(Self { envelope, list })
    }

    /// Writes the text.
    ///
    /// # Errors
    /// The writer's.
    pub fn write(&self, mut to: impl Write) -> std::io::Result<()> {
        serde_json::to_writer(&mut to, &self.envelope)?;
        to.write_all(b"\n")?;
        to.write_all(&self.list)
    }

    /// The ids of the keys that signed, as the text says: a hint which key to ask for, no proof.
    pub fn signers(&self) -> Vec<&str> {
        let signatures = self.envelope.signatures.iter().take(MOST_SIGNATURES);
        signatures.map(|signature| signature.keyid.as_str()).collect()
    }

    /// The statement, once one of the trusted keys proves to have signed it and the list is the one that it covers.
    ///
    /// # Errors
    /// [`AttestError::Untrusted`], or [`AttestError::Malformed`] for what was signed and is not sound.
    pub fn verified(&self, trusted: &[PublicKey]) -> Result<Statement, AttestError> {
        let decoded = BASE64.decode(self.envelope.payload.as_bytes());
        let payload = decoded.map_err(|_| malformed("its payload is not base 64"))?;
        let message = encoding(PAYLOAD_TYPE, &payload);
        let signatures = self.envelope.signatures.iter().take(MOST_SIGNATURES);
        let signed = signatures
            .filter_map(|signature| BASE64.decode(signature.sig.as_bytes()).ok())
            .any(|signature| trusted.iter().any(|key| key.verifies(&message, &signature)));
        if !signed {
            return Err(AttestError::Untrusted(self.untrusted(trusted)));
        }
        let statement: Statement =
            serde_json::from_slice(&payload).map_err(|error| malformed(format!("its statement: {error}")))?;
        statement.known()?;
        let actual = HEXLOWER.encode(digest(&SHA256, &self.list).as_ref());
        if actual != statement.blobs.sha256 {
            return Err(malformed("its list of blobs is not the one that was signed"));
        }
        Ok(statement)
    }

    fn untrusted(&self, trusted: &[PublicKey]) -> String {
        let ids: Vec<String> = trusted.iter().map(PublicKey::id).collect();
        let claimed = self.signers();
        if ids.is_empty() {
            return "no trusted key was given: an attestation proves nothing by a key of its own".to_owned();
        }
        match claimed.iter().any(|claimed| ids.iter().any(|id| id == claimed)) {
            true => "the attestation was changed: the trusted key did not sign this statement".to_owned(),
            false => format!(
                "no trusted key signed this attestation: trusted {}, it names {}",
                ids.join(", "),
                claimed.join(", ")
            ),
        }
    }

    /// The blobs, in order.
    pub(super) fn blobs(&self) -> impl Iterator<Item = Result<Blob, AttestError>> + '_ {
        blob::lines(&self.list)
    }
}
