//! Where no delivery goes, by the rule for engines. Checked after a name was resolved, and used for that very connection, so
//! that a name cannot change between.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};
use tintype_engine::address::refused;
use url::{Host, Url};

/// The host is, or resolves to, an address that nothing is sent to.
#[derive(Debug, thiserror::Error)]
#[error("{address} is {why}, to which nothing is sent")]
pub struct Refused {
    address: IpAddr,
    why: &'static str,
}

fn check(address: IpAddr) -> Result<(), Refused> {
    match refused(address) {
        None => Ok(()),
        Some(why) => Err(Refused { address, why }),
    }
}

/// Checks a host that is an address itself: those are never resolved.
///
/// # Errors
/// When nothing is sent there.
pub fn check_host(url: &Url) -> Result<(), Refused> {
    let address = match url.host() {
        Some(Host::Ipv4(v4)) => IpAddr::V4(v4),
        Some(Host::Ipv6(v6)) => IpAddr::V6(v6),
        _ => return Ok(()),
    };
    check(address)
}

/// The system's resolver, without the addresses that are refused.
#[derive(Debug, Clone, Copy)]
pub struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            for address in &found {
                check(address.ip())?;
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_this_machine_can_reach_is_refused() {
        for bad in [
            "http://169.254.169.254/latest",
            "http://[fe80::1]/",
            "http://[::ffff:169.254.169.254]/",
            "http://[fd00:ec2::254]/",
            "http://100.100.100.200/",
            "http://0.0.0.0/",
            "http://2852039166/",
            "http://224.0.0.1/",
        ] {
            assert!(check_host(&Url::parse(bad).unwrap()).is_err(), "{bad}");
        }
        for good in [
            "http://127.0.0.1:9/",
            "https://10.0.0.8/",
            "https://[::1]/",
            "https://example.org/",
        ] {
            assert!(check_host(&Url::parse(good).unwrap()).is_ok(), "{good}");
        }
    }
}
