//! The envelope, and the text of an attestation.

use super::blob::{self, Blob};
use super::{AttestError, PublicKey, SigningKey, Statement};
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{BASE64, HEXLOWER};
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{BufRead, Read, Write};

/// What the payload is.
const PAYLOAD_TYPE: &str = "application/vnd.tintype.attestation+json";

/// The longest first line, in bytes: a statement of some 90,000 indices. With the longest list, and what is decoded of it, it
/// takes less than 256 MB to read.
pub(crate) const LONGEST: usize = 32 << 20;

/// The longest list, in bytes: 1,100,000 blobs by their CRC-32, or 640,000 with their SHA-256.
pub(crate) const LONGEST_LIST: usize = 112 << 20;

/// More signatures are refused: each takes more memory than text.
const MOST_SIGNATURES: usize = 16;

/// So much of a list is read at first.
const STEP: usize = 64 << 10;

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
    #[serde(deserialize_with = "signatures")]
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Signature {
    keyid: String,
    sig: String,
}

/// A few signatures.
fn signatures<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Signature>, D::Error> {
    struct Few;

    impl<'de> Visitor<'de> for Few {
        type Value = Vec<Signature>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("signatures")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
            let mut all = Vec::new();
            while let Some(signature) = members.next_element()? {
                if all.len() == MOST_SIGNATURES {
                    return Err(A::Error::custom(format!(
                        "more than {MOST_SIGNATURES} signatures"
                    )));
                }
                all.push(signature);
            }
            Ok(all)
        }
    }

    deserializer.deserialize_seq(Few)
}

/// What is signed, DSSE's pre-authentication encoding; and where the payload begins in it.
fn encoding(kind: &str, payload: &[u8]) -> (Vec<u8>, usize) {
    let mut bytes = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
    let at = bytes.len();
    bytes.extend_from_slice(payload);
    (bytes, at)
}

fn malformed(words: impl Into<String>) -> AttestError {
    AttestError::Malformed(words.into())
}

impl Attestation {
    /// Signs a statement about a list of blobs, whose digest it holds.
    ///
    /// # Errors
    /// [`AttestError::TooLarge`]: it could not be read again.
    pub(crate) fn sign(statement: &Statement, list: Vec<u8>, key: &SigningKey) -> Result<Self, AttestError> {
        fits(list.len())?;
        let payload = serde_json::to_vec(statement).map_err(|error| malformed(error.to_string()))?;
        let signed = Self::signed(&payload, list, key);
        let first = serde_json::to_vec(&signed.envelope).map_err(|error| malformed(error.to_string()))?;
        if first.len() >= LONGEST {
            return Err(AttestError::TooLarge(format!(
                "the snapshot has more indices than an attestation can hold: its statement is longer than {}",
                mebibytes(LONGEST)
            )));
        }
        Ok(signed)
    }

    /// Signs bytes, whatever they are.
    pub(crate) fn signed(payload: &[u8], list: Vec<u8>, key: &SigningKey) -> Self {
        let signature = Signature {
            keyid: key.public().id(),
            sig: BASE64.encode(&key.sign(&encoding(PAYLOAD_TYPE, payload).0)),
        };
        let envelope = Envelope {
            payload_type: PAYLOAD_TYPE.to_owned(),
            payload: BASE64.encode(payload),
            signatures: vec![signature],
        };
        Self { envelope, list }
    }

    /// Reads the text of an attestation. Not verified; it takes less than 256 MB whatever the text is.
    ///
    /// # Errors
    /// [`AttestError::Malformed`]: it is none, cannot be read, or is longer than is read: 32 MiB of statement (some 90,000
    /// indices), 112 MiB of list (1,100,000 blobs, or 640,000 with their SHA-256).
    pub fn read(mut text: impl BufRead) -> Result<Self, AttestError> {
        let failed = |error: std::io::Error| malformed(error.to_string());
        let mut first = Vec::new();
        let mut line = Read::take(&mut text, LONGEST as u64 + 1);
        line.read_until(b'\n', &mut first).map_err(failed)?;
        if first.len() > LONGEST {
            return Err(too_long("its first line", LONGEST));
        }
        let envelope: Envelope =
            serde_json::from_slice(&first).map_err(|error| malformed(format!("no envelope: {error}")))?;
        drop(first);
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(malformed(format!("its payload is no {PAYLOAD_TYPE}")));
        }
        let list = read_list(text).map_err(failed)?;
        if list.len() > LONGEST_LIST {
            return Err(too_long("its list of blobs", LONGEST_LIST));
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
        let signatures = self.envelope.signatures.iter();
        signatures.map(|signature| signature.keyid.as_str()).collect()
    }

    /// The statement, once one of the trusted keys proves to have signed it and the list is the one that it covers.
    ///
    /// # Errors
    /// [`AttestError::Untrusted`], or [`AttestError::Malformed`] for what was signed and is not sound.
    pub fn verified(&self, trusted: &[PublicKey]) -> Result<Statement, AttestError> {
        let payload = self.payload()?;
        let (message, at) = encoding(PAYLOAD_TYPE, &payload);
        drop(payload);
        let signatures = self.envelope.signatures.iter();
        let signed = signatures
            .filter_map(|signature| BASE64.decode(signature.sig.as_bytes()).ok())
            .any(|signature| trusted.iter().any(|key| key.verifies(&message, &signature)));
        if !signed {
            return Err(AttestError::Untrusted(self.untrusted(trusted)));
        }
        let statement: Statement = serde_json::from_slice(&message[at..])
            .map_err(|error| malformed(format!("its statement: {error}")))?;
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
                claimed.iter().map(|id| shown(id)).collect::<Vec<_>>().join(", ")
            ),
        }
    }

    /// The bytes that were signed, if any were.
    pub(crate) fn payload(&self) -> Result<Vec<u8>, AttestError> {
        let decoded = BASE64.decode(self.envelope.payload.as_bytes());
        decoded.map_err(|_| malformed("its payload is not base 64"))
    }

    /// The list's text.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn list(&self) -> &[u8] {
        &self.list
    }

    /// The blobs, in order.
    pub(crate) fn blobs(&self) -> impl Iterator<Item = Result<Blob, AttestError>> + '_ {
        blob::lines(&self.list)
    }
}

/// The start of a key's id: whoever wrote the text chose it.
fn shown(id: &str) -> String {
    id.chars().take(60).collect()
}

fn mebibytes(bytes: usize) -> String {
    format!("{} MiB", bytes >> 20)
}

fn too_long(what: &str, most: usize) -> AttestError {
    malformed(format!(
        "{what} is longer than {}, the longest that is read",
        mebibytes(most)
    ))
}

/// Whether a list of so many bytes can be read again.
///
/// # Errors
/// [`AttestError::TooLarge`].
pub(super) fn fits(list: usize) -> Result<(), AttestError> {
    if list <= LONGEST_LIST {
        return Ok(());
    }
    Err(AttestError::TooLarge(format!(
        "the snapshot has more blobs than an attestation can hold: their list is longer than {}, which are 1,100,000 blobs \
         by their CRC-32, or 640,000 with their SHA-256",
        mebibytes(LONGEST_LIST)
    )))
}

/// Reads a list, or a byte more than the longest. Room is made by doubling, never beyond that.
fn read_list(mut text: impl Read) -> std::io::Result<Vec<u8>> {
    let (mut list, most) = (Vec::new(), LONGEST_LIST + 1);
    while list.len() < most {
        let room = list.len().max(STEP).min(most - list.len());
        list.reserve_exact(room);
        if text.by_ref().take(room as u64).read_to_end(&mut list)? < room {
            break;
        }
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hostile::attestation;
    use std::io::{BufReader, repeat};

    fn refused(text: impl Read) -> String {
        let read = Attestation::read(BufReader::new(text));
        let Err(AttestError::Malformed(words)) = read else {
            panic!("{read:?}");
        };
        words
    }

    #[test]
    fn what_does_not_end_is_refused() {
        let words = refused(repeat(b'{'));
        assert_eq!(
            words,
            "its first line is longer than 32 MiB, the longest that is read"
        );
        let whole = attestation::seeds().remove(0);
        let words = refused(whole.as_slice().chain(repeat(b'{')));
        assert_eq!(
            words,
            "its list of blobs is longer than 112 MiB, the longest that is read"
        );
    }

    #[test]
    fn what_could_not_be_read_again_is_not_signed() {
        let seed = Attestation::read(attestation::seeds()[0].as_slice()).unwrap();
        let key = attestation::key();
        let mut statement = seed.verified(&[key.public()]).unwrap();
        assert!(Attestation::sign(&statement, vec![b' '; LONGEST_LIST], &key).is_ok());
        let beyond = |signed: Result<Attestation, AttestError>| {
            assert!(matches!(signed, Err(AttestError::TooLarge(_))), "{signed:?}");
        };
        beyond(Attestation::sign(&statement, vec![b' '; LONGEST_LIST + 1], &key));
        statement.location = "x".repeat(LONGEST / 4 * 3);
        beyond(Attestation::sign(&statement, Vec::new(), &key));
    }

    #[test]
    fn a_few_signatures_are_read_and_many_are_not() {
        let (text, key) = (attestation::seeds().remove(0), attestation::key());
        let text = String::from_utf8(text).unwrap();
        let with = |count| {
            let others = r#"{"keyid":"other","sig":"AAAA"},"#.repeat(count);
            text.replacen('[', &format!("[{others}"), 1)
        };
        let read = Attestation::read(with(MOST_SIGNATURES - 1).as_bytes()).unwrap();
        assert!(read.verified(&[key.public()]).is_ok());
        let words = refused(with(MOST_SIGNATURES).as_bytes());
        assert!(words.contains("more than 16 signatures"), "{words}");
    }
}
