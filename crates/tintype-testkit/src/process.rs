//! Child processes in a group of their own that cannot outlive the test process.

use std::{
    fmt::Display,
    fs, io,
    os::unix::process::{CommandExt, ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{LazyLock, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

/// A thread that waits for a disk stops only once it has what it waits for.
const FREEZE_BOUND: Duration = Duration::from_secs(60);

type Job = (Command, mpsc::Sender<io::Result<Child>>);

/// The kernel's parent-death signal is tied to the parent *thread*. Test threads and runtime workers end early, so
/// every child is started by this one thread, which lives as long as the process.
static SPAWNER: LazyLock<mpsc::Sender<Job>> = LazyLock::new(|| {
    let (jobs, queue) = mpsc::channel::<Job>();
    let run = move || {
        for (mut command, reply) in queue {
            // A caller that stopped waiting has no use for the answer.
            let _ = reply.send(command.spawn());
        }
    };
    thread::Builder::new()
        .name("spawner".into())
        .spawn(run)
        .expect("cannot start the spawner thread");
    jobs
});

/// The `scripts/` directory of this source tree.
pub fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts")
}

/// A command that is killed when the test process ends, by `setpriv` of util-linux. A parent that ended before the
/// signal was armed is noticed by its absence.
pub fn mortal_command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    const GUARD: &str = r#"[ "$PPID" = "$0" ] && exec "$@""#;
    let mut command = Command::new("setpriv");
    let parent = std::process::id().to_string();
    command
        .args(["--pdeathsig", "KILL", "--", "bash", "-c", GUARD, &parent])
        .arg(program);
    command
}

/// Runs a script of `scripts/` to its end and returns the last line of its standard output.
///
/// # Errors
/// When it cannot be run or fails; its standard error goes to the test's.
pub fn run_script(name: &str, args: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(scripts().join(name))
        .args(args)
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run scripts/{name}"))?;
    if !output.status.success() {
        bail!("scripts/{name} {} failed: {}", args.join(" "), output.status);
    }
    let text = String::from_utf8(output.stdout)?;
    text.lines()
        .last()
        .map(str::to_owned)
        .with_context(|| format!("scripts/{name} printed nothing"))
}

/// A running child and everything it started, signalled together. Dropping it kills the group.
#[derive(Debug)]
pub struct ProcessGroup {
    child: Mutex<Child>,
    group: u32,
}

impl ProcessGroup {
    /// Starts `command` as the leader of a new process group.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn spawn(mut command: Command) -> anyhow::Result<Self> {
        command.process_group(0);
        let shown = format!("{command:?}");
        let (reply, answer) = mpsc::channel();
        SPAWNER
            .send((command, reply))
            .context("the spawner thread is gone")?;
        let child = answer
            .recv()
            .context("the spawner thread is gone")?
            .with_context(|| format!("cannot start {shown}"))?;
        Ok(Self {
            group: child.id(),
            child: Mutex::new(child),
        })
    }

    /// The process id of the group's leader.
    pub fn id(&self) -> u32 {
        self.group
    }

    /// The leader's exit status, once it has ended.
    pub fn ended(&self) -> Option<ExitStatus> {
        self.child
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .try_wait()
            .ok()
            .flatten()
    }

    /// Sends a signal (`KILL`, `TERM`, `STOP`, `CONT`, …) to the whole group.
    ///
    /// # Errors
    /// When the group is gone or `kill` cannot be run.
    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        let status = Command::new("kill")
            .args(["-s", name, "--", &format!("-{}", self.group)])
            .stderr(Stdio::null())
            .status()
            .context("cannot run kill")?;
        if !status.success() {
            bail!("cannot send SIG{name} to process group {}", self.group);
        }
        Ok(())
    }

    /// Stops the whole group (SIGSTOP) and waits until every thread of it stands still: on a busy machine those that
    /// have not been told yet run on for a moment after the signal was sent.
    ///
    /// # Errors
    /// As [`Self::signal`], and when a thread still runs after 60 s.
    pub fn freeze(&self) -> anyhow::Result<()> {
        self.signal("STOP")?;
        let begun = Instant::now();
        while begun.elapsed() < FREEZE_BOUND {
            if self.stands_still() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(1));
        }
        bail!("process group {} was stopped and still runs", self.group)
    }

    /// Every thread of every process of the group is stopped, or has ended.
    fn stands_still(&self) -> bool {
        let members = children(Path::new("/proc")).filter(|process| {
            let group = stat_field(process, 2);
            group.is_some_and(|group| group == self.group.to_string())
        });
        members
            .flat_map(|process| children(&process.join("task")))
            .filter_map(|thread| stat_field(&thread, 0))
            .all(|state| matches!(state.as_str(), "T" | "Z" | "X"))
    }

    /// Kills the group with SIGKILL and reaps the leader.
    pub fn kill9(&self) {
        // A group that has already ended is what the caller wants.
        let _ = self.signal("KILL");
        let _ = self.child.lock().unwrap_or_else(PoisonError::into_inner).wait();
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.kill9();
    }
}

fn children(directory: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    entries.flatten().map(|entry| entry.path())
}

/// A field of a process's or thread's `stat`, counted from its state (0); `None` when it has gone, or is no process.
/// The name before the state may hold spaces and parentheses.
fn stat_field(process: &Path, field: usize) -> Option<String> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(field).map(str::to_owned)
}

/// What a process (a number, or `self`) holds of memory by a line of its `status`, in bytes: `VmRSS`, resident now, or
/// `VmHWM`, resident at most so far.
///
/// # Errors
/// When there is no such process or line.
pub fn memory(process: impl Display, line: &str) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let held = status
        .lines()
        .find_map(|all| all.strip_prefix(line)?.strip_prefix(':'));
    let kib = held.and_then(|held| held.trim().strip_suffix(" kB"));
    let kib: u64 = kib
        .with_context(|| format!("no {line} of process {process}"))?
        .parse()?;
    Ok(kib * 1024)
}

/// The exit code, or 128 plus the signal as shells show it.
pub fn exit_code(status: ExitStatus) -> i32 {
    status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .unwrap_or(-1)
}

/// The last `lines` lines of a file, for error messages; empty when it cannot be read.
pub fn tail(path: &Path, lines: usize) -> String {
    let text = fs::read(path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kills_the_whole_group() {
        let mut command = mortal_command("bash");
        command
            .args(["-c", "sleep 600 & echo $!; wait"])
            .stdout(Stdio::piped());
        let group = ProcessGroup::spawn(command).unwrap();
        let mut line = String::new();
        let stdout = group.child.lock().unwrap().stdout.take().unwrap();
        io::BufRead::read_line(&mut io::BufReader::new(stdout), &mut line).unwrap();
        let grandchild = PathBuf::from("/proc").join(line.trim());
        assert!(grandchild.exists());

        group.kill9();

        assert_eq!(group.ended().map(exit_code), Some(137));
        // The orphan is reaped by init a moment later; a zombie has no command line any more.
        let gone =
            || fs::read(grandchild.join("cmdline")).is_ok_and(|line| line.is_empty()) || !grandchild.exists();
        while !gone() {
            thread::yield_now();
        }
    }

    #[test]
    fn a_frozen_group_does_nothing_more() {
        let mut command = mortal_command("bash");
        command.args(["-c", "(while :; do echo; done) & while :; do echo; done"]);
        command.stdout(Stdio::piped());
        let group = ProcessGroup::spawn(command).unwrap();
        let mut stdout = group.child.lock().unwrap().stdout.take().unwrap();
        io::Read::read_exact(&mut stdout, &mut [0; 1_000]).unwrap();
        assert!(!group.stands_still());
        group.freeze().unwrap();
        assert!(group.stands_still());
        group.signal("CONT").unwrap();
        // More than a pipe holds: it goes on.
        io::Read::read_exact(&mut stdout, &mut vec![0; 1 << 20]).unwrap();
    }

    #[test]
    fn outlives_the_thread_that_asked_for_it() {
        let start = || {
            let mut command = mortal_command("sleep");
            command.arg("600");
            ProcessGroup::spawn(command).unwrap()
        };
        let group = thread::spawn(start).join().unwrap();
        // Stopping and continuing takes the signal path through the kernel, so a pending kill would have landed.
        group.freeze().unwrap();
        group.signal("CONT").unwrap();
        assert!(group.ended().is_none());
    }

    #[test]
    fn memory_is_told_in_bytes() {
        assert!(memory("self", "VmRSS").unwrap() > 1 << 20);
        assert!(memory(std::process::id(), "VmHWM").unwrap() > 1 << 20);
        assert!(memory("self", "VmR").is_err());
    }
}
