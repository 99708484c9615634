//! Where a request comes from: tries to sign in are counted by it.

use crate::config::TrustedProxies;
use crate::http::problem::{Problem, Result};
use axum::extract::{FromRequestParts, Request};
use http::request::Parts;
use std::net::{IpAddr, Ipv4Addr};

/// The other end of the connection, as the listener saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// Who asks: the other end of the connection, or whom a trusted proxy names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The address of a request's client. One that came by no connection is from here.
    pub fn of(request: &Request, proxies: &TrustedProxies) -> Self {
        let peer = request.extensions().get::<Peer>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0);
        let forwarded = request.headers().get_all("x-forwarded-for");
        Self(proxies.client(peer, forwarded.iter().filter_map(|value| value.to_str().ok())))
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let here = Self(IpAddr::V4(Ipv4Addr::LOCALHOST));
        Ok(parts.extensions.get::<Self>().copied().unwrap_or(here))
    }
}
