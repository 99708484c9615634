//! Whom a TLS connection trusts, and that nothing is sent to anybody else.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use data_encoding::{HEXLOWER, HEXUPPER};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use support::{Server, json, uuid_body};
use tintype_engine::{ClientIdentity, ConfigError, Engine, EngineConfig, Error, NotSent, Tls, Trust};
use tokio_rustls::TlsAcceptor;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, name: &str) -> (CertificateDer<'static>, String, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()])
            .unwrap()
            .signed_by(&key, &self.0)
            .unwrap();
        (certificate.der().clone(), certificate.pem(), key)
    }
}

fn key_der(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::try_from(key.serialize_der()).unwrap()
}

fn acceptor(chain: Vec<CertificateDer<'static>>, key: &KeyPair, clients: Option<&Authority>) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(authority.0.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    TlsAcceptor::from(Arc::new(builder.with_single_cert(chain, key_der(key)).unwrap()))
}

async fn server(acceptor: TlsAcceptor) -> Server {
    Server::start_tls(acceptor, |_| json(200, uuid_body("u"))).await
}

async fn ask(server: &Server, host: &str, tls: Tls) -> Result<String, Error> {
    let config = EngineConfig {
        tls,
        ..EngineConfig::new(format!("https://{host}:{}", server.port))
    };
    Engine::new(config).unwrap().cluster_uuid().await
}

fn trust(trust: Trust) -> Tls {
    Tls {
        trust,
        identity: None,
    }
}

fn fingerprint(certificate: &CertificateDer<'_>) -> Trust {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate);
    let hex = HEXUPPER.encode(hash.as_ref());
    Trust::Fingerprint(
        hex.as_bytes()
            .chunks(2)
            .map(|b| std::str::from_utf8(b).unwrap())
            .collect::<Vec<_>>()
            .join(":"),
    )
}

#[track_caller]
fn assert_tls_refused(server: &Server, result: Result<String, Error>) {
    assert!(
        matches!(
            result,
            Err(Error::NotSent {
                why: NotSent::Tls(_),
                ..
            })
        ),
        "{result:?}"
    );
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn an_own_ca_is_trusted_and_the_host_name_checked() {
    let authority = Authority::new();
    let (leaf, _, key) = authority.issue("localhost");
    let server = server(acceptor(vec![leaf], &key, None)).await;
    assert_tls_refused(
        &server,
        ask(&server, "127.0.0.1", trust(Trust::Ca(authority.0.pem()))).await,
    );
    assert_tls_refused(
        &server,
        ask(&server, "localhost", trust(Trust::Ca(Authority::new().0.pem()))).await,
    );
    assert_eq!(
        ask(&server, "localhost", trust(Trust::Ca(authority.0.pem())))
            .await
            .unwrap(),
        "u"
    );
}

#[tokio::test]
async fn a_pinned_leaf_needs_no_host_name() {
    let authority = Authority::new();
    let (leaf, _, key) = authority.issue("something.else");
    let server = server(acceptor(vec![leaf.clone()], &key, None)).await;
    let refused = ask(&server, "localhost", trust(fingerprint(authority.0.der()))).await;
    let message = refused.as_ref().unwrap_err().to_string();
    for named in [&leaf, authority.0.der()] {
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, named);
        assert!(message.contains(&HEXLOWER.encode(hash.as_ref())), "{message}");
    }
    assert_tls_refused(&server, refused);
    assert_eq!(
        ask(&server, "localhost", trust(fingerprint(&leaf)))
            .await
            .unwrap(),
        "u"
    );
}

#[tokio::test]
async fn a_pinned_ca_must_have_signed_the_leaf() {
    let (real, evil) = (Authority::new(), Authority::new());
    let (leaf, _, key) = real.issue("localhost");
    let honest = server(acceptor(vec![leaf, real.0.der().clone()], &key, None)).await;
    assert_eq!(
        ask(&honest, "localhost", trust(fingerprint(real.0.der())))
            .await
            .unwrap(),
        "u"
    );

    let (leaf, _, key) = evil.issue("localhost");
    let copycat = server(acceptor(vec![leaf, real.0.der().clone()], &key, None)).await;
    assert_tls_refused(
        &copycat,
        ask(&copycat, "localhost", trust(fingerprint(real.0.der()))).await,
    );
}

#[tokio::test]
async fn a_client_certificate_is_shown() {
    let authority = Authority::new();
    let (leaf, _, key) = authority.issue("localhost");
    let server = server(acceptor(vec![leaf], &key, Some(&authority))).await;
    let (_, certificate_pem, key) = authority.issue("tintype");
    let identity = ClientIdentity {
        certificate_pem,
        key_pem: key.serialize_pem().into(),
    };
    let tls = Tls {
        trust: Trust::Ca(authority.0.pem()),
        identity: Some(identity),
    };
    assert_eq!(ask(&server, "localhost", tls).await.unwrap(), "u");
    assert!(
        ask(&server, "localhost", trust(Trust::Ca(authority.0.pem())))
            .await
            .is_err()
    );
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn tls_to_a_plain_port_is_not_sent() {
    let plain = Server::start(|_| json(200, uuid_body("u"))).await;
    let mut config = EngineConfig::new(format!("https://localhost:{}", plain.port));
    config.tls = trust(Trust::Ca(Authority::new().0.pem()));
    config.limits.connect_timeout = Duration::from_millis(300);
    let error = Engine::new(config).unwrap().cluster_uuid().await.unwrap_err();
    assert!(error.is_not_sent() && error.is_timeout(), "{error}");
}

#[test]
fn unusable_tls_settings_are_refused_at_once() {
    for bad in [Trust::Fingerprint("ab:cd".into()), Trust::Ca("no pem".into())] {
        let config = EngineConfig {
            tls: trust(bad),
            ..EngineConfig::new("https://localhost")
        };
        assert!(matches!(Engine::new(config), Err(ConfigError::Tls(_))));
    }
}
