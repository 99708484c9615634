//! What attaching and changing have in common: how to reach an engine and how to prove ourselves to it.

use crate::http::problem::{Problem, Result};
use crate::model::{ClusterSecrets, EngineAuth};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

/// How Tintype proves itself to the engine: the members that the type needs, and no others.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EngineAuthBody {
    /// `none`, `basic` (username, password), `api_key` (api_key), `bearer` (token) or `certificate` (certificate, key).
    #[serde(rename = "type")]
    pub kind: EngineAuth,
    /// The user.
    #[schema(required = false)]
    pub username: Option<String>,
    /// The user's password.
    #[schema(required = false, value_type = Option<String>, write_only)]
    pub password: Option<SecretString>,
    /// The encoded API key.
    #[schema(required = false, value_type = Option<String>, write_only)]
    pub api_key: Option<SecretString>,
    /// The bearer token.
    #[schema(required = false, value_type = Option<String>, write_only)]
    pub token: Option<SecretString>,
    /// The client certificate chain, PEM.
    #[schema(required = false)]
    pub certificate: Option<String>,
    /// The client certificate's key, PEM.
    #[schema(required = false, value_type = Option<String>, write_only)]
    pub key: Option<SecretString>,
}

impl EngineAuthBody {
    /// The kind with its secrets.
    ///
    /// # Errors
    /// 400 naming a member that the type needs, or one that it does not take.
    pub fn secrets(self) -> Result<(EngineAuth, ClusterSecrets)> {
        let needed: &[&str] = match self.kind {
            EngineAuth::None => &[],
            EngineAuth::Basic => &["username", "password"],
            EngineAuth::ApiKey => &["api_key"],
            EngineAuth::Bearer => &["token"],
            EngineAuth::Certificate => &["certificate", "key"],
        };
        let given = [
            ("username", self.username.is_some()),
            ("password", self.password.is_some()),
            ("api_key", self.api_key.is_some()),
            ("token", self.token.is_some()),
            ("certificate", self.certificate.is_some()),
            ("key", self.key.is_some()),
        ];
        for (member, given) in given {
            let field = format!("auth.{member}");
            match (needed.contains(&member), given) {
                (true, false) => {
                    return Err(Problem::invalid(
                        &field,
                        format!("{field} is missing for this type"),
                    ));
                }
                (false, true) => {
                    return Err(Problem::invalid(
                        &field,
                        format!("{field} does not go with this type"),
                    ));
                }
                _ => {}
            }
        }
        let secrets = ClusterSecrets {
            username: self.username,
            password: self.password,
            api_key: self.api_key,
            bearer: self.token,
            client_certificate: self
                .certificate
                .map(|pem| certificates("auth.certificate", pem))
                .transpose()?,
            client_key: self.key,
        };
        Ok((self.kind, secrets))
    }
}

/// An engine's address: only scheme, host, port and path.
///
/// # Errors
/// 400 naming the rule; the address is not repeated, it may hold a password.
pub fn address(text: &str) -> Result<String> {
    let url = Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    let rule = "url must be http:// or https:// with a host and no user, password, query or fragment";
    url.map(|url| url.as_str().trim_end_matches('/').to_owned())
        .ok_or_else(|| Problem::invalid("url", rule))
}

/// One or more certificates.
///
/// # Errors
/// 400 when there is none, or one that cannot be read.
pub fn certificates(field: &str, pem: String) -> Result<String> {
    let read: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    if read.is_ok_and(|read| !read.is_empty()) {
        return Ok(pem);
    }
    Err(Problem::invalid(
        field,
        format!("{field} must be one or more certificates in PEM"),
    ))
}

/// A SHA-256 fingerprint, with or without colons, as 64 lower-case hexadecimal digits.
///
/// # Errors
/// 400 naming the rule.
pub fn fingerprint(text: &str) -> Result<String> {
    let digits: String = text
        .chars()
        .filter(|c| *c != ':')
        .map(|c| c.to_ascii_lowercase())
        .collect();
    if digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(digits);
    }
    Err(Problem::invalid(
        "fingerprint",
        "fingerprint must be the SHA-256 of a certificate: 64 hexadecimal digits",
    ))
}
