//! Which addresses a store may have, and connections to those alone.

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};

/// Why nothing may connect to an address; `None` when it may.
pub type AddressRule = fn(IpAddr) -> Option<&'static str>;

/// Nothing is sent there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host} is {why}: nothing is sent there")]
pub(crate) struct RefusedAddress {
    host: String,
    why: &'static str,
}

impl RefusedAddress {
    /// Judges a host that is an address itself, which is never resolved.
    pub(crate) fn literal(host: &str, rule: AddressRule) -> Option<Self> {
        let literal: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        literal.and_then(rule).map(|why| Self {
            host: host.to_owned(),
            why,
        })
    }
}

/// Resolves names under the rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resolver(pub(crate) AddressRule);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let rule = self.0;
        Box::pin(async move {
            let mut found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let why = found.iter().find_map(|found| rule(found.ip()));
            found.retain(|address| rule(address.ip()).is_none());
            match why {
                Some(why) if found.is_empty() => Err(RefusedAddress {
                    host: name.as_str().to_owned(),
                    why,
                }
                .into()),
                _ => Ok(Box::new(found.into_iter()) as Addrs),
            }
        })
    }
}

/// Checks an endpoint before anything is opened with it.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn check(endpoint: &str, refused: Option<AddressRule>) -> Result<(), String> {
    let url = Url::parse(endpoint).ok().filter(|url| url.has_host());
    let url = url.ok_or_else(|| "the endpoint is not a URL; the form is https://host:port".to_owned())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("the endpoint begins with http:// or https://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("credentials do not belong into the endpoint".to_owned());
    }
    let host = url.host_str().unwrap_or_default();
    match refused.and_then(|rule| RefusedAddress::literal(host, rule)) {
        Some(refused) => Err(refused.to_string()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr;

    fn no_loopback(address: IpAddr) -> Option<&'static str> {
        address.is_loopback().then_some("this machine")
    }

    #[test]
    fn an_endpoint_that_is_an_address_is_checked_as_it_is() {
        for endpoint in ["http://127.0.0.1:9000", "http://2130706433", "http://[::1]:9000/"] {
            let error = check(endpoint, Some(no_loopback)).unwrap_err();
            assert!(error.contains("this machine"), "{error}");
            assert_eq!(check(endpoint, None), Ok(()));
        }
        assert_eq!(check("https://s3.example:9000", Some(no_loopback)), Ok(()));
        for endpoint in ["not a URL", "s3.example:9000", "ftp://h", "https://a:b@h"] {
            assert!(check(endpoint, None).is_err(), "{endpoint}");
        }
    }

    #[tokio::test]
    async fn a_name_is_checked_by_what_it_resolves_to() {
        let localhost = || Name::from_str("localhost").unwrap();
        let Err(error) = Resolver(no_loopback).resolve(localhost()).await else {
            panic!("localhost was resolved");
        };
        assert!(error.to_string().contains("this machine"), "{error}");
        assert!(Resolver(|_| None).resolve(localhost()).await.unwrap().count() > 0);
    }
}
