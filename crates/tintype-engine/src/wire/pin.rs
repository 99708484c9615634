//! Trust by fingerprint.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::server::ParsedCertificate;
use rustls::{DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::config::ConfigError;

/// Another certificate than the pinned one was shown. Fingerprints are no secret: a person compares the two.
#[derive(Debug, thiserror::Error)]
#[error("the server's certificate has the fingerprint {shown}, and {pinned} is pinned")]
struct OtherCertificate {
    shown: String,
    pinned: String,
}

/// Accepts the certificate with one SHA-256 fingerprint, or a leaf that was signed below a presented CA that has it.
/// The handshake's signature is checked as ever, so that the server must own the leaf's key.
#[derive(Debug)]
pub(crate) struct PinnedCertificate {
    fingerprint: Vec<u8>,
    provider: Arc<CryptoProvider>,
}

impl PinnedCertificate {
    pub(crate) fn parse(hex: &str, provider: Arc<CryptoProvider>) -> Result<Self, ConfigError> {
        let digits: String = hex.chars().filter(|c| *c != ':' && !c.is_whitespace()).collect();
        match HEXLOWER_PERMISSIVE.decode(digits.as_bytes()) {
            Ok(fingerprint) if fingerprint.len() == 32 => Ok(Self {
                fingerprint,
                provider,
            }),
            _ => Err(ConfigError::Tls(
                "a fingerprint is the SHA-256 of a certificate: 64 hex digits".into(),
            )),
        }
    }

    fn mismatch(&self, leaf: &CertificateDer<'_>) -> OtherCertificate {
        OtherCertificate {
            shown: HEXLOWER.encode(digest(&SHA256, leaf).as_ref()),
            pinned: HEXLOWER.encode(&self.fingerprint),
        }
    }

    fn matches(&self, certificate: &CertificateDer<'_>) -> bool {
        verify_slices_are_equal(digest(&SHA256, certificate).as_ref(), &self.fingerprint).is_ok()
    }
}

impl ServerCertVerifier for PinnedCertificate {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.matches(leaf) {
            return Ok(ServerCertVerified::assertion());
        }
        // Anybody can present a copy of the pinned CA: the leaf must also be signed below it.
        let Some(ca) = intermediates.iter().find(|certificate| self.matches(certificate)) else {
            return Err(Error::Other(OtherError(Arc::new(self.mismatch(leaf)))));
        };
        let mut roots = RootCertStore::empty();
        roots.add(ca.clone().into_owned())?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        let parsed = ParsedCertificate::try_from(leaf)?;
        verify_server_cert_signed_by_trust_anchor(&parsed, &roots, intermediates, now, algorithms)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            leaf,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            leaf,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
