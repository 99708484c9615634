//! Points at which a test kills this very process, and bugs that the crash tests must find.
//!
//! Built only with the feature `failpoints`; a release holds none of it. `TINTYPE_FAILPOINT=NAME[@N]` kills the process
//! with SIGKILL at the N-th pass (from 1) of that point; `TINTYPE_FAILPOINT_LOG` names a file that gets a line for each
//! point passed, so that a test can learn all names and see that the one it asked for was reached.
//! `TINTYPE_PLANTED_BUG` is one of the words of [`planted`].

#[cfg(feature = "failpoints")]
mod armed {
    use std::collections::HashMap;
    use std::io::Write;
    use std::sync::{LazyLock, Mutex};

    static PASSES: LazyLock<Mutex<HashMap<String, u32>>> = LazyLock::new(Mutex::default);

    pub(super) fn pass(name: String) {
        if let Ok(path) = std::env::var("TINTYPE_FAILPOINT_LOG")
            && let Ok(mut file) = std::fs::OpenOptions::new().create(true).append(true).open(path)
        {
            let _ = writeln!(file, "{name}");
        }
        let Ok(target) = std::env::var("TINTYPE_FAILPOINT") else {
            return;
        };
        let (wanted, nth) = target.split_once('@').unwrap_or((&target, "1"));
        if wanted != name {
            return;
        }
        let pass = {
            let mut passes = PASSES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let pass = passes.entry(name).or_default();
            *pass += 1;
            *pass
        };
        if Ok(pass) == nth.parse() {
            let _ = std::process::Command::new("kill")
                .args(["-9", &std::process::id().to_string()])
                .status();
            loop {
                std::thread::park();
            }
        }
    }
}

/// Passes the point `{kind}.{what}.{when}`.
#[cfg(feature = "failpoints")]
pub fn pass(kind: crate::model::OperationKind, what: &str, when: &str) {
    armed::pass(format!("{}.{what}.{when}", kind.as_str()));
}

/// Passes the point `{kind}.{what}.{when}`: nothing, in a build without failpoints.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub fn pass(_kind: crate::model::OperationKind, _what: &str, _when: &str) {}

/// Whether this bug is planted: `no_intent` (the create request is sent before its intent is durable), `blind_retry`
/// (after a lost answer the request is sent again under another name, without looking) or `blind_delete` (after a crash
/// the DELETE is sent again without looking).
#[cfg(feature = "failpoints")]
pub fn planted(bug: &str) -> bool {
    std::env::var("TINTYPE_PLANTED_BUG").is_ok_and(|planted| planted == bug)
}

/// Whether this bug is planted: never, in a build without failpoints.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub fn planted(_bug: &str) -> bool {
    false
}
