//! Names that no other test of this process uses: tests share engines.

use std::sync::atomic::{AtomicU32, Ordering};

/// `stem-N`, a new one each time.
pub fn unique(stem: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("{stem}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
