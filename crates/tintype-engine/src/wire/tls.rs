//! The TLS side of a connection.

use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::ExposeSecret;

use crate::config::{ClientIdentity, ConfigError, Tls, Trust};
use crate::wire::pin::PinnedCertificate;

/// A client config for one engine's TLS settings.
pub(crate) fn client_config(tls: &Tls) -> Result<Arc<ClientConfig>, ConfigError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| tls_error(&error))?;
    let builder = match &tls.trust {
        Trust::System => builder.with_root_certificates(system_roots()?),
        Trust::Ca(pem) => builder.with_webpki_verifier(own_ca(pem, provider)?),
        Trust::Fingerprint(hex) => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(PinnedCertificate::parse(hex, provider)?)),
    };
    let config = match &tls.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let (chain, key) = read_identity(identity)?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| tls_error(&error))?
        }
    };
    Ok(Arc::new(config))
}

/// The machine's trust store rather than a list compiled in: a site that runs its own CA has put it there, and revoking
/// a root must not wait for a release of this crate. Read once, since a fleet has thousands of engines.
fn system_roots() -> Result<Arc<RootCertStore>, ConfigError> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let roots = ROOTS.get_or_init(|| {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(store)
    });
    if roots.is_empty() {
        return Err(ConfigError::Tls(
            "this machine has no trusted root certificates (package ca-certificates); give the engine's CA or fingerprint".into(),
        ));
    }
    Ok(Arc::clone(roots))
}

fn own_ca(pem: &str, provider: Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, ConfigError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(pem)? {
        store.add(certificate).map_err(|error| tls_error(&error))?;
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider)
        .build()
        .map_err(|error| ConfigError::Tls(error.to_string()))
}

fn read_identity(
    identity: &ClientIdentity,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), ConfigError> {
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem.expose_secret().as_bytes())
        .map_err(|_| ConfigError::Tls("the client's private key is not an unencrypted PEM key".into()))?;
    Ok((certificates(&identity.certificate_pem)?, key))
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| ConfigError::Tls(format!("not a PEM certificate: {error}")))?;
    if found.is_empty() {
        Err(ConfigError::Tls("no PEM certificate found".into()))
    } else {
        Ok(found)
    }
}

fn tls_error(error: &rustls::Error) -> ConfigError {
    ConfigError::Tls(error.to_string())
}
