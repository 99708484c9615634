//! Addresses that no engine and no storage lives at, and to which a request must not be lured: a cloud's metadata
//! service hands out credentials to whoever asks from inside.
//!
//! Loopback and private networks are allowed: that is where engines live. What is checked is the address that is then
//! connected to, so that a name cannot lead elsewhere between the check and the connection.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Metadata services outside of the link-local networks.
const METADATA: [IpAddr; 6] = [
    // Alibaba Cloud, Oracle Cloud, Azure.
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    // AWS, Google Cloud, Scaleway.
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42)),
];

/// Why nothing may connect to this address; `None` when it may. IPv6 addresses that carry an IPv4 address are judged by
/// that one too.
pub fn refused(address: IpAddr) -> Option<&'static str> {
    if METADATA.contains(&address) {
        return Some("a cloud's metadata service");
    }
    match address {
        IpAddr::V4(address) => refused_v4(address),
        IpAddr::V6(address) => refused_v6(address),
    }
}

fn refused_v4(address: Ipv4Addr) -> Option<&'static str> {
    match address.octets() {
        [0, ..] => Some("an unspecified address"),
        [169, 254, ..] => Some("a link-local address"),
        [224..=239, ..] => Some("a multicast address"),
        [240..=255, ..] => Some("a broadcast or reserved address"),
        _ => None,
    }
}

fn refused_v6(address: Ipv6Addr) -> Option<&'static str> {
    if address.is_unspecified() {
        return Some("an unspecified address");
    }
    if address.is_unicast_link_local() {
        return Some("a link-local address");
    }
    if address.is_multicast() {
        return Some("a multicast address");
    }
    // Loopback would read as the IPv4-compatible 0.0.0.1.
    if address.is_loopback() {
        return None;
    }
    carried(address).and_then(|carried| refused(carried.into()))
}

/// The IPv4 address that packets to this one end up at: mapped, compatible, 6to4, NAT64, ISATAP and Teredo.
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] => Some(v4(high, low)),
        // IPv4-translated.
        [0, 0, 0, 0, 0xffff, 0, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        [0x64, 0xff9b, .., high, low] => Some(v4(high, low)),
        [.., 0 | 0x200, 0x5efe, high, low] => Some(v4(high, low)),
        [0x2001, 0, .., high, low] => Some(v4(!high, !low)),
        _ => None,
    }
}

/// Why a name cannot be connected to.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// It does not resolve.
    #[error("{0}")]
    Unknown(#[from] std::io::Error),
    /// All that it resolves to is refused.
    #[error("{address} is {what}: nothing is sent there")]
    Refused {
        /// The first of them.
        address: IpAddr,
        /// What it is.
        what: &'static str,
    },
}

/// The addresses of a host, a name or an address without brackets, that may be connected to: at least one. Whoever
/// connects to one of these, and does not resolve again, is where the check was.
///
/// # Errors
/// [`ResolveError`].
pub async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, ResolveError> {
    let mut found: Vec<_> = tokio::net::lookup_host((host, port)).await?.collect();
    let first = found
        .iter()
        .find_map(|found| refused(found.ip()).map(|what| (found.ip(), what)));
    found.retain(|address| refused(address.ip()).is_none());
    match first {
        Some((address, what)) if found.is_empty() => Err(ResolveError::Refused { address, what }),
        _ => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_engines_live_is_allowed() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "8.8.8.8",
            "168.63.129.17",
            "::1",
            "fd00::1",
            "2001:db8::1",
            "2001:4860:4860::8888",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::1",
        ] {
            assert_eq!(refused(address.parse().unwrap()), None, "{address}");
        }
    }

    #[test]
    fn link_local_and_metadata_are_refused_in_every_dress() {
        for address in [
            "169.254.169.254",
            "169.254.0.1",
            "169.254.170.2",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "239.255.255.255",
            "255.255.255.255",
            "240.0.0.1",
            "::",
            "fe80::1",
            "febf::1",
            "ff02::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "fd00:42::42",
            "::ffff:169.254.169.254",
            "::ffff:100.100.100.200",
            "::169.254.169.254",
            "::ffff:0:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "2001:db8::5efe:169.254.169.254",
            "fd00::200:5efe:a9fe:a9fe",
            "2001:0:1:2:3:4:5601:5601",
            "::ffff:0.0.0.0",
        ] {
            assert!(refused(address.parse().unwrap()).is_some(), "{address}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_nowhere_else_is_refused() {
        let error = resolve("169.254.169.254", 80).await.unwrap_err().to_string();
        assert!(error.contains("link-local"), "{error}");
        assert!(resolve("::ffff:169.254.169.254", 80).await.is_err());
        let found = resolve("localhost", 9200).await.unwrap();
        assert!(
            found
                .iter()
                .all(|address| address.ip().is_loopback() && address.port() == 9200)
        );
    }
}
