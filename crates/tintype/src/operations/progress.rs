//! From an engine's counts to progress for people: rate and time to go come only from finished files.

use crate::model::Progress;
use crate::model::progress::{Amount, Phase, ShardCounts, ShardProgress};
use jiff::Timestamp;
use tintype_engine::{Files, ShardRecovery, SnapshotProgress};

/// Remembers when the first file was seen finished, for the rate.
#[derive(Debug, Default)]
pub struct Meter {
    first: Option<Sample>,
    last: Option<Sample>,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Timestamp,
    files: u64,
    bytes: u64,
}

impl Meter {
    /// A snapshot's progress, of its incremental total.
    pub fn read(&mut self, status: &SnapshotProgress, now: Timestamp) -> Progress {
        // While shards wait for their turn the engine's total still grows.
        let total_known = !status.is_preparing() && status.is_total_final();
        let mut progress = Progress {
            phase: match status.open_shards() {
                _ if status.is_preparing() => Phase::Preparing,
                0 => Phase::Finalizing,
                _ => Phase::Running,
            },
            at: Some(now),
            shards: ShardCounts {
                total: count(status.shards.total),
                done: count(status.shards.done),
                failed: count(status.shards.failed),
            },
            ..Progress::default()
        };
        (progress.bytes, progress.files) = amounts(&status.files, total_known);
        for (index, one) in &status.indices {
            let shards = one.per_shard.iter().map(|(number, shard)| {
                let (bytes, files) = amounts(&shard.files, shard.files.incremental.files > 0);
                (
                    *number,
                    ShardProgress {
                        stage: shard.stage.to_lowercase(),
                        bytes,
                        files,
                    },
                )
            });
            progress.indices.insert(index.clone(), shards.collect());
        }
        self.rate(&mut progress, now);
        progress
    }

    /// A restore's progress, over its primaries.
    pub fn read_recovery(&mut self, shards: &[ShardRecovery], expected: u32, now: Timestamp) -> Progress {
        let mut progress = Progress {
            at: Some(now),
            ..Progress::default()
        };
        let (mut bytes, mut files) = ((0, 0), (0, 0));
        for shard in shards.iter().filter(|shard| shard.primary) {
            let done = shard.stage.eq_ignore_ascii_case("done");
            progress.shards.total += 1;
            progress.shards.done += u32::from(done);
            bytes = (bytes.0 + shard.recovered.bytes, bytes.1 + shard.total.bytes);
            files = (files.0 + shard.recovered.files, files.1 + shard.total.files);
            let one = ShardProgress {
                stage: shard.stage.to_lowercase(),
                bytes: Amount {
                    done: shard.recovered.bytes,
                    total: Some(shard.total.bytes),
                },
                files: Amount {
                    done: shard.recovered.files,
                    total: Some(shard.total.files),
                },
            };
            progress
                .indices
                .entry(shard.index.clone())
                .or_default()
                .insert(shard.shard, one);
        }
        // A shard that has not begun has not told its size: until all have, the total would only grow.
        let known = progress.shards.total >= expected && files.1 > 0;
        progress.phase = if known { Phase::Running } else { Phase::Preparing };
        progress.shards.total = progress.shards.total.max(expected);
        progress.bytes = Amount {
            done: bytes.0,
            total: known.then_some(bytes.1),
        };
        progress.files = Amount {
            done: files.0,
            total: known.then_some(files.1),
        };
        self.rate(&mut progress, now);
        progress
    }

    fn rate(&mut self, progress: &mut Progress, now: Timestamp) {
        let sample = Sample {
            at: now,
            files: progress.files.done,
            bytes: progress.bytes.done,
        };
        if sample.files == 0 {
            return;
        }
        let first = *self.first.get_or_insert(sample);
        let last = self.last.get_or_insert(sample);
        if sample.files > last.files {
            *last = sample;
        }
        let seconds = last.at.duration_since(first.at).as_secs_f64();
        if last.files == first.files || seconds <= 0.0 {
            return;
        }
        #[allow(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = last.bytes.saturating_sub(first.bytes) as f64 / seconds;
        progress.bytes_per_second = Some(rate);
        if let Some(total) = progress.bytes.total
            && rate > 0.0
        {
            #[allow(clippy::cast_precision_loss, reason = "an estimate for people")]
            let left = total.saturating_sub(progress.bytes.done) as f64;
            progress.eta_seconds = Some(left / rate);
        }
    }
}

fn amounts(files: &Files, total_known: bool) -> (Amount, Amount) {
    let total = |value: u64| total_known.then_some(value);
    (
        Amount {
            done: files.processed.bytes,
            total: total(files.incremental.bytes),
        },
        Amount {
            done: files.processed.files,
            total: total(files.incremental.files),
        },
    )
}

/// Shard counts fit 32 bits on every engine; a liar's do not matter.
pub fn count(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tintype_engine::{Count, ShardCounts as EngineShards, SnapshotState};

    fn status(
        initializing: u64,
        done: u64,
        processed: (u64, u64),
        incremental: (u64, u64),
    ) -> SnapshotProgress {
        let count = |(files, bytes)| Count { files, bytes };
        SnapshotProgress {
            repository: "r".to_owned(),
            name: "s".to_owned(),
            uuid: "u".to_owned(),
            state: SnapshotState::InProgress,
            shards: EngineShards {
                initializing,
                started: 2 - initializing - done,
                finalizing: 0,
                done,
                failed: 0,
                total: 2,
            },
            files: Files {
                incremental: count(incremental),
                processed: count(processed),
                total: count(incremental),
            },
            indices: std::collections::BTreeMap::new(),
            start_time_ms: Some(0),
            elapsed_ms: Some(0),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_total_is_told_only_when_no_shard_can_add_to_it() {
        let mut meter = Meter::default();
        let unknown = meter.read(&status(0, 0, (0, 0), (0, 0)), at(1));
        assert_eq!((unknown.phase, unknown.bytes.total), (Phase::Preparing, None));
        let growing = meter.read(&status(1, 0, (1, 10), (4, 40)), at(2));
        assert_eq!((growing.bytes.done, growing.bytes.total), (10, None));
        let known = meter.read(&status(0, 0, (1, 10), (8, 80)), at(3));
        assert_eq!((known.phase, known.bytes.total), (Phase::Running, Some(80)));
        let finalizing = meter.read(&status(0, 2, (8, 80), (8, 80)), at(4));
        assert_eq!(finalizing.phase, Phase::Finalizing);
    }

    #[test]
    fn rate_and_time_to_go_wait_for_a_second_file() {
        let mut meter = Meter::default();
        let none = meter.read(&status(0, 0, (0, 0), (4, 40)), at(1));
        assert_eq!((none.bytes_per_second, none.eta_seconds), (None, None));
        let first = meter.read(&status(0, 0, (1, 10), (4, 40)), at(2));
        assert_eq!((first.bytes_per_second, first.eta_seconds), (None, None));
        let second = meter.read(&status(0, 0, (2, 20), (4, 40)), at(4));
        assert_eq!(
            (second.bytes_per_second, second.eta_seconds),
            (Some(5.0), Some(4.0))
        );
        // Nothing new: the rate is that of the files, not of the looks.
        let same = meter.read(&status(0, 0, (2, 20), (4, 40)), at(9));
        assert_eq!(same.bytes_per_second, Some(5.0));
    }
}
