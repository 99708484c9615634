//! Live progress on standard error: a bar on a terminal, else a line per change.

use super::output::say;
use super::seen::Seen;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;
use tokio::time::Instant;

/// Lines for a log are not written more often than this.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// Where progress goes.
#[derive(Debug)]
pub enum Display {
    /// `--quiet`.
    Nothing,
    /// A terminal.
    Bar(ProgressBar),
    /// Anything else.
    Lines(Lines),
}

impl Display {
    /// What standard error and `--quiet` allow.
    pub fn new(quiet: bool) -> Self {
        if quiet {
            Self::Nothing
        } else if std::io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.set_style(style("{spinner} {wide_msg}"));
            Self::Bar(bar)
        } else {
            Self::Lines(Lines::default())
        }
    }

    /// Shows where the operation stands.
    pub fn show(&mut self, seen: &Seen) {
        self.show_part(&seen.line(), seen.bytes());
    }

    /// Shows a line, and what is done of how much, when that is known.
    pub fn show_part(&mut self, line: &str, part: Option<(u64, u64)>) {
        match self {
            Self::Nothing => {}
            Self::Bar(bar) => show_bar(bar, line, part),
            Self::Lines(lines) => {
                if let Some(line) = lines.next(line, Instant::now()) {
                    say(&line);
                }
            }
        }
    }

    /// A note that stays above the bar.
    pub fn note(&self, text: &str) {
        match self {
            Self::Nothing => {}
            Self::Bar(bar) => bar.suspend(|| say(text)),
            Self::Lines(_) => say(text),
        }
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// Indicatif's own rate and ETA are not used: it would interpolate between what the engine said.
fn show_bar(bar: &ProgressBar, line: &str, part: Option<(u64, u64)>) {
    bar.set_message(super::cells::plain(line));
    match part {
        Some((done, total)) => {
            bar.set_length(total);
            bar.set_position(done.min(total));
            bar.set_style(style("[{bar:20}] {percent:>3}% {wide_msg}"));
        }
        None => bar.set_style(style("{spinner} {wide_msg}")),
    }
    bar.tick();
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("=> ")
}

/// Thins lines out: only changes, and at most one each five seconds.
#[derive(Debug, Default)]
pub struct Lines {
    last: Option<(Instant, String)>,
}

impl Lines {
    fn next(&mut self, line: &str, now: Instant) -> Option<String> {
        let due = match &self.last {
            None => true,
            Some((at, last)) => last != line && now.duration_since(*at) >= LINE_INTERVAL,
        };
        due.then(|| {
            self.last = Some((now, line.to_owned()));
            line.to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_per_change_and_not_more_often_than_each_five_seconds() {
        let (mut lines, start) = (Lines::default(), Instant::now());
        let mut at = |second: u64, line: &str| lines.next(line, start + Duration::from_secs(second));
        assert_eq!(at(0, "queued").as_deref(), Some("queued"));
        assert_eq!(at(1, "1 of 3"), None);
        assert_eq!(at(5, "2 of 3").as_deref(), Some("2 of 3"));
        assert_eq!(at(60, "2 of 3"), None);
        assert_eq!(at(61, "3 of 3").as_deref(), Some("3 of 3"));
    }

    #[test]
    fn the_bar_stands_where_the_engine_said() {
        let bar = ProgressBar::hidden();
        let operation = serde_json::json!({"status": "running", "progress":
            {"phase": "running", "bytes": {"done": 30, "total": 120}}});
        let seen = Seen::parse(&operation).unwrap();
        show_bar(&bar, &seen.line(), seen.bytes());
        assert_eq!((bar.position(), bar.length()), (30, Some(120)));
    }
}
