//! What the benchmarks share: runs in turns, their tables, the load.

use anyhow::Context;
use std::time::Duration;

/// A count from the environment, or the usual one.
pub fn count(variable: &str, usual: u32) -> anyhow::Result<u32> {
    let Ok(text) = std::env::var(variable) else {
        return Ok(usual);
    };
    let count = text.parse().ok().filter(|count| *count > 0);
    count.with_context(|| format!("{variable} is no number: {text:?}"))
}

/// How often everything is measured.
pub fn rounds() -> anyhow::Result<u32> {
    count("TINTYPE_BENCH_ROUNDS", 5)
}

/// The load averages of Linux; figures of a busy machine say little.
pub fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// One run.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub time: Duration,
    /// The most resident memory of the process that did it, in bytes, where it was one of its own.
    pub peak: Option<u64>,
}

impl From<Duration> for Sample {
    fn from(time: Duration) -> Self {
        Self { time, peak: None }
    }
}

/// One thing that is measured again and again.
pub struct Line<'a> {
    name: String,
    measure: Box<dyn FnMut() -> anyhow::Result<Sample> + 'a>,
    samples: Vec<Sample>,
}

impl<'a> Line<'a> {
    pub fn new<S: Into<Sample>>(
        name: impl Into<String>,
        mut measure: impl FnMut() -> anyhow::Result<S> + 'a,
    ) -> Self {
        Self {
            name: name.into(),
            measure: Box::new(move || measure().map(Into::into)),
            samples: Vec::new(),
        }
    }

    fn seconds(&self) -> Vec<f64> {
        self.samples.iter().map(|one| one.time.as_secs_f64()).collect()
    }
}

/// Measures all lines once a round, each after another one than in the round before, so that what else the machine does
/// meets all of them; prints them.
pub fn turns(rounds: u32, lines: &mut [Line<'_>]) -> anyhow::Result<()> {
    for round in 0..rounds as usize {
        for nth in 0..lines.len() {
            // There and back again.
            let at = if round % 2 == 0 {
                nth
            } else {
                lines.len() - 1 - nth
            };
            let line = &mut lines[at];
            let sample = (line.measure)().with_context(|| line.name.clone())?;
            line.samples.push(sample);
        }
    }
    table(lines);
    Ok(())
}

fn table(lines: &[Line<'_>]) {
    println!("| s                                  |     min |  median |     max | peak, MB |");
    println!("|------------------------------------|--------:|--------:|--------:|---------:|");
    for line in lines {
        let seconds = sorted(line.seconds());
        let (min, max) = (seconds[0], seconds[seconds.len() - 1]);
        let median = median(seconds);
        let peak = line.samples.iter().filter_map(|sample| sample.peak).max();
        let peak = peak.map_or(String::new(), |bytes| format!("{:.0}", bytes as f64 / 1e6));
        println!(
            "| {:<34} | {min:>7.3} | {median:>7.3} | {max:>7.3} | {peak:>8} |",
            line.name
        );
    }
    println!();
}

/// Prints how many times as long a line took as another one: by their medians, and as the median of the rounds, which is less
/// disturbed by what else the machine does.
pub fn ratio(figure: &Line<'_>, yardstick: &Line<'_>) {
    let (ours, bare) = (figure.seconds(), yardstick.seconds());
    let each = ours.iter().zip(&bare).map(|(ours, bare)| ours / bare).collect();
    let (whole, each) = (median(ours) / median(bare), median(each));
    println!(
        "- {} / {}: {whole:.2} (rounds: {each:.2}); as speed {:.2} (rounds: {:.2})",
        figure.name,
        yardstick.name,
        1.0 / whole,
        1.0 / each
    );
}

fn sorted(mut samples: Vec<f64>) -> Vec<f64> {
    samples.sort_unstable_by(f64::total_cmp);
    samples
}

fn median(samples: Vec<f64>) -> f64 {
    let samples = sorted(samples);
    let count = samples.len();
    f64::midpoint(samples[(count - 1) / 2], samples[count / 2])
}
