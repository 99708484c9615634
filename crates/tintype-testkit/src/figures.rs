//! What benchmarks share: which of them run, how often, and on how busy a machine.

use std::str::FromStr;

use anyhow::{Context, bail};

/// A benchmark's name and what runs it.
pub type Benchmark = (&'static str, fn() -> anyhow::Result<()>);

/// Runs those that the command line names, or all, one after the other. Nothing runs unless Cargo measures, which it says
/// with `--bench`: `cargo test --all-targets` starts benchmarks too, and wants no minutes spent.
///
/// # Errors
/// When a name is unknown, and those of the benchmarks.
pub fn run(all: &[Benchmark]) -> anyhow::Result<()> {
    let (flags, names): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|one| one.starts_with('-'));
    if !flags.iter().any(|flag| flag == "--bench") {
        return Ok(());
    }
    let profile = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    println!(
        "{profile} build, {processors} processors, load {} (1, 5, 15 minutes)\n",
        load()
    );
    for (name, benchmark) in chosen(all, &names)? {
        println!("## {name}\n");
        benchmark()?;
        println!("load {} after\n", load());
    }
    Ok(())
}

fn chosen(all: &[Benchmark], names: &[String]) -> anyhow::Result<Vec<Benchmark>> {
    if names.is_empty() {
        return Ok(all.to_vec());
    }
    let found = names.iter().map(|name| {
        let found = all.iter().find(|(known, _)| known == name);
        let Some(found) = found else {
            let known: Vec<_> = all.iter().map(|(known, _)| *known).collect();
            bail!("there is no benchmark {name:?}: {}", known.join(", "));
        };
        Ok(*found)
    });
    found.collect()
}

/// The load averages of Linux; figures of a busy machine say little.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// A count above 0 from the environment, or the usual one.
///
/// # Errors
/// When the variable holds something else.
pub fn count<N: FromStr + Default + PartialOrd>(variable: &str, usual: N) -> anyhow::Result<N> {
    let Ok(text) = std::env::var(variable) else {
        return Ok(usual);
    };
    let count = text.parse().ok().filter(|count| *count > N::default());
    count.with_context(|| format!("{variable} is no number above 0: {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn benchmarks_run_in_the_order_of_their_names_or_all_of_them() {
        const ALL: &[Benchmark] = &[("a", || Ok(())), ("b", || Ok(()))];
        let names = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let chosen = chosen(ALL, &names)?;
            anyhow::Ok(chosen.iter().map(|(name, _)| *name).collect::<Vec<_>>())
        };
        assert_eq!(names(&[]).unwrap(), ["a", "b"]);
        assert_eq!(names(&["b", "a"]).unwrap(), ["b", "a"]);
        let error = names(&["a", "c"]).unwrap_err();
        assert_eq!(error.to_string(), "there is no benchmark \"c\": a, b");
    }
}
