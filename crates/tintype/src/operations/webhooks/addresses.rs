//! Where no delivery goes: addresses that only mean something to the machine that sends, such as a cloud's metadata
//! service. Checked after a name was resolved, and used for that very connection, so that a name cannot change between.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::{Host, Url};

/// The host is, or resolves to, an address that deliveries must not go to.
#[derive(Debug, thiserror::Error)]
#[error("{0} is a link-local, metadata, multicast or unspecified address, to which nothing is sent")]
pub struct Refused(IpAddr);

/// Metadata services outside the link-local ranges: Alibaba Cloud's, Oracle Cloud's and AWS's over IPv6.
const METADATA: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// Whether nothing is sent to this address.
fn is_refused(address: IpAddr) -> bool {
    let address = address.to_canonical();
    let local = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    local || address.is_unspecified() || address.is_multicast() || METADATA.contains(&address)
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
    if is_refused(address) {
        Err(Refused(address))
    } else {
        Ok(())
    }
}

/// The system's resolver, without the addresses that are refused.
#[derive(Debug, Clone, Copy)]
pub struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if let Some(bad) = found.iter().find(|address| is_refused(address.ip())) {
                return Err(Refused(bad.ip()).into());
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
