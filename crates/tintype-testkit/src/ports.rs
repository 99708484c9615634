//! Free ports for servers that must keep theirs over a restart.

use std::{
    net::TcpListener,
    sync::atomic::{AtomicU16, Ordering},
};

use anyhow::bail;

/// Below the kernel's ephemeral range (32768 and up), or an outgoing connection could take the port of a server
/// that is down for a moment.
const FIRST: u16 = 15_000;
const COUNT: u16 = 16_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port on which nothing listens on 127.0.0.1 now, never given twice by this process.
///
/// # Errors
/// When no port of the range is free.
pub fn free_port() -> anyhow::Result<u16> {
    // Spread by process id, so that test processes side by side start at different places.
    let start = (std::process::id() % 160) as u16 * 100;
    for _ in 0..COUNT {
        let offset = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(start) % COUNT;
        if TcpListener::bind(("127.0.0.1", FIRST + offset)).is_ok() {
            return Ok(FIRST + offset);
        }
    }
    bail!("no free port from {FIRST} to {}", FIRST + COUNT)
}
