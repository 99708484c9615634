//! Which addresses a storage's endpoint may have, and connections to those alone.

use crate::storage::{REQUEST_TIMEOUT, StorageError};
use object_store::ClientOptions;
use object_store::client::{HttpClient, HttpConnector};
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Why nothing may connect to an address; `None` when it may.
pub type AddressRule = fn(IpAddr) -> Option<&'static str>;

/// Makes connections that resolve names under the rule, and follow no redirect: an address in one would not be resolved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checked(pub(crate) AddressRule);

impl HttpConnector for Checked {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = reqwest::Client::builder()
            .dns_resolver(*self)
            .redirect(Policy::none())
            .timeout(REQUEST_TIMEOUT)
            .connect_timeout(Duration::from_secs(5))
            .build();
        let client = client.map_err(|error| object_store::Error::Generic {
            store: "S3",
            source: Box::new(error),
        })?;
        Ok(HttpClient::new(client))
    }
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let rule = self.0;
        Box::pin(async move {
            let mut found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let why = found.iter().find_map(|found| rule(found.ip()));
            found.retain(|address| rule(address.ip()).is_none());
            match why {
                Some(why) if found.is_empty() => Err(refusal(name.as_str(), why).into()),
                _ => Ok(Box::new(found.into_iter()) as Addrs),
            }
        })
    }
}

/// Checks an endpoint that is an address itself, which is never resolved.
pub(crate) fn check(endpoint: &str, rule: AddressRule) -> Result<(), StorageError> {
    let url = Url::parse(endpoint).map_err(|_| StorageError::new("the endpoint is not a URL"))?;
    let host = url.host_str().unwrap_or_default();
    let literal: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    match literal.and_then(rule) {
        Some(why) => Err(StorageError::new(&refusal(host, why))),
        None => Ok(()),
    }
}

fn refusal(host: &str, why: &str) -> String {
    format!("{host} is {why}: nothing is sent there")
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
            let error = check(endpoint, no_loopback).unwrap_err().to_string();
            assert!(error.contains("this machine"), "{error}");
            assert_eq!(check(endpoint, |_| None), Ok(()));
        }
        assert_eq!(check("https://s3.example:9000", no_loopback), Ok(()));
        assert!(check("not a URL", no_loopback).is_err());
    }

    #[tokio::test]
    async fn a_name_is_checked_by_what_it_resolves_to() {
        let localhost = || Name::from_str("localhost").unwrap();
        let Err(error) = Checked(no_loopback).resolve(localhost()).await else {
            panic!("localhost was resolved");
        };
        assert!(error.to_string().contains("this machine"), "{error}");
        assert!(Checked(|_| None).resolve(localhost()).await.unwrap().count() > 0);
    }
}
