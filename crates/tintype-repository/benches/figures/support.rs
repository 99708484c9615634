//! What the benchmarks share: runs in turns, and their tables.

use anyhow::Context;
use std::time::{Duration, Instant};
use tintype_testkit::figures::count;

/// How often everything is measured.
pub fn rounds() -> anyhow::Result<u32> {
    count("TINTYPE_BENCH_ROUNDS", 5)
}

/// One run.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub time: Duration,
    /// What it took of the processors, which other processes lengthen little.
    pub busy: Duration,
    /// The most resident memory of the process that did it, in bytes, where it was one of its own.
    pub peak: Option<u64>,
}

/// What this process took of the processors so far.
pub fn busy() -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // After the name, which may hold anything: user and system time are the 12th and 13th, in hundredths of a second.
    let (_, fields) = stat.rsplit_once(") ").context("no name")?;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u64>);
    Ok(Duration::from_millis(10 * ticks.sum::<Result<u64, _>>()?))
}

/// Times something in this process.
pub fn timed(does: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Sample> {
    let (begun, before) = (Instant::now(), busy()?);
    does()?;
    Ok(Sample {
        time: begun.elapsed(),
        busy: busy()?.saturating_sub(before),
        peak: None,
    })
}

/// One thing that is measured again and again.
pub struct Line<'a> {
    name: String,
    measure: Box<dyn FnMut() -> anyhow::Result<Sample> + 'a>,
    samples: Vec<Sample>,
}

impl<'a> Line<'a> {
    pub fn new(name: impl Into<String>, measure: impl FnMut() -> anyhow::Result<Sample> + 'a) -> Self {
        Self {
            name: name.into(),
            measure: Box::new(measure),
            samples: Vec::new(),
        }
    }

    fn busy(&self) -> Vec<f64> {
        self.samples.iter().map(|one| one.busy.as_secs_f64()).collect()
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
    println!("| s                                  |     min |  median |     max |    busy | peak, MB |");
    println!("|------------------------------------|--------:|--------:|--------:|--------:|---------:|");
    for line in lines {
        let seconds = sorted(line.seconds());
        let (min, max) = (seconds[0], seconds[seconds.len() - 1]);
        let median = median(seconds);
        let peak = line.samples.iter().filter_map(|sample| sample.peak).max();
        let peak = peak.map_or(String::new(), |bytes| format!("{:.0}", bytes as f64 / 1e6));
        let (name, busy) = (&line.name, self::median(line.busy()));
        println!("| {name:<34} | {min:>7.3} | {median:>7.3} | {max:>7.3} | {busy:>7.3} | {peak:>8} |");
    }
    println!();
}

/// Prints how many times as long a line took as another one: by their medians, as the median of the rounds, and by what both
/// took of the processors; the latter two are less disturbed by what else the machine does.
pub fn ratio(figure: &Line<'_>, yardstick: &Line<'_>) {
    let (ours, bare) = (figure.seconds(), yardstick.seconds());
    let each = ours.iter().zip(&bare).map(|(ours, bare)| ours / bare).collect();
    let (whole, each) = (median(ours) / median(bare), median(each));
    let busy = median(figure.busy()) / median(yardstick.busy());
    let (name, than) = (&figure.name, &yardstick.name);
    println!("- {name} / {than}: {whole:.2}, of the rounds {each:.2}, busy {busy:.2}");
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
