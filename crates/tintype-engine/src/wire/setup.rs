//! From a config to what a connection needs.

use data_encoding::BASE64;
use http::HeaderValue;
use rustls_pki_types::ServerName;
use secrecy::ExposeSecret;
use url::{Host, Url};

use crate::config::{Auth, ConfigError, EngineConfig};
use crate::wire::connection::Endpoint;
use crate::wire::text::Secrets;
use crate::wire::tls::client_config;

/// The `Host` header: the port only when it is not the scheme's own.
pub(crate) fn host_header(base: &Url) -> Result<HeaderValue, ConfigError> {
    let host = base.host_str().unwrap_or_default();
    let value = base
        .port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    HeaderValue::try_from(value).map_err(|_| ConfigError::Url("the host's name".into()))
}

/// The base URL: no credentials, query or fragment.
pub(crate) fn parse_base(text: &str) -> Result<Url, ConfigError> {
    let url = Url::parse(text).map_err(|error| ConfigError::Url(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(ConfigError::Url(
            "it must start with http:// or https:// and name a host".into(),
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(ConfigError::CredentialsInUrl);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(ConfigError::Url("it must not have a query or a fragment".into()));
    }
    Ok(url)
}

/// The base is ECE's proxy of a cluster (`…/deployments/D/elasticsearch/R/proxy`, `…/clusters/elasticsearch/C/proxy`),
/// which demands the header `X-Management-Request` of every request.
pub(crate) fn is_ece_proxy(base: &Url) -> bool {
    let path: Vec<&str> = base.path().trim_end_matches('/').split('/').collect();
    matches!(
        path.as_slice(),
        [.., "deployments", _, "elasticsearch", _, "proxy"] | [.., "clusters", "elasticsearch", _, "proxy"]
    )
}

/// Where to connect, and with which TLS.
pub(crate) fn endpoint(base: &Url, config: &EngineConfig) -> Result<Endpoint, ConfigError> {
    let host = match base.host() {
        Some(Host::Domain(name)) => name.to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => return Err(ConfigError::Url("it names no host".into())),
    };
    let tls = if base.scheme() == "https" {
        let name =
            ServerName::try_from(host.clone()).map_err(|_| ConfigError::Url("the host's name".into()))?;
        Some((client_config(&config.tls)?, name))
    } else {
        None
    };
    // Both schemes have a port of their own: an engine's usual 9200 must be written out.
    let port = base.port_or_known_default().unwrap_or(80);
    Ok(Endpoint { host, port, tls })
}

/// The host is this machine by its name or address.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The header that carries the credentials, and what must never be shown of them.
pub(crate) fn authorization(auth: &Auth) -> Result<(Option<HeaderValue>, Secrets), ConfigError> {
    let mut secrets = Secrets::default();
    let (scheme, credential) = match auth {
        Auth::None => return Ok((None, secrets)),
        Auth::Basic { user, password } => {
            secrets.add(password.expose_secret().to_owned());
            (
                "Basic",
                BASE64.encode(format!("{user}:{}", password.expose_secret()).as_bytes()),
            )
        }
        Auth::ApiKey(key) => ("ApiKey", key.expose_secret().to_owned()),
        Auth::Bearer(token) => ("Bearer", token.expose_secret().to_owned()),
    };
    let value = HeaderValue::try_from(format!("{scheme} {credential}"));
    let mut value = value.map_err(|_| ConfigError::Credentials)?;
    value.set_sensitive(true);
    secrets.add(credential);
    Ok((Some(value), secrets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eces_proxy_is_known_by_its_path() {
        for (url, expected) in [
            (
                "https://ece:12443/api/v1/deployments/d/elasticsearch/main-elasticsearch/proxy",
                true,
            ),
            (
                "https://ece/api/v1/regions/ece-region/clusters/elasticsearch/c/proxy/",
                true,
            ),
            ("https://ece/api/v1/deployments/d/kibana/main-kibana/proxy", false),
            ("https://engine:9200/proxy", false),
            ("https://engine:9200", false),
        ] {
            assert_eq!(is_ece_proxy(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }
}
