//! The store's figures as series, made anew for each scrape.

use crate::store::figures::{ClusterFigures, FleetFigures, Verdicts, WITHIN_HOURS};
use jiff::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    kind: &'static str,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VerdictLabel {
    verdict: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HoursLabel {
    hours: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClusterLabels {
    cluster: String,
    name: String,
}

/// Registers all of them.
pub fn register(registry: &mut Registry, figures: &FleetFigures, now: Timestamp) {
    operations(registry, figures, now);
    clusters(registry, figures, now);
    one_by_one(registry, &figures.clusters, now);
    store(registry, figures);
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn gauge(number: i64) -> Gauge {
    let gauge = Gauge::default();
    gauge.set(number);
    gauge
}

fn age(since: Timestamp, now: Timestamp) -> i64 {
    now.duration_since(since).as_secs().max(0)
}

fn operations(registry: &mut Registry, figures: &FleetFigures, now: Timestamp) {
    let counts: Family<OperationLabels, Gauge> = Family::default();
    for (kind, status, number) in &figures.operations {
        let labels = OperationLabels {
            kind: kind.as_str(),
            status: status.as_str(),
        };
        counts.get_or_create(&labels).set(whole(*number));
    }
    registry.register(
        "operations",
        "All operations ever, by kind and present status",
        counts,
    );
    registry.register(
        "queue_length",
        "Operations that wait for a place, without deliveries to webhooks",
        gauge(whole(figures.queued)),
    );
    registry.register_with_unit(
        "queue_oldest_age",
        "How long the oldest of them has waited; 0 when none waits",
        Unit::Seconds,
        gauge(figures.queued_since.map_or(0, |since| age(since, now))),
    );
}

fn clusters(registry: &mut Registry, figures: &FleetFigures, now: Timestamp) {
    let counts: Family<VerdictLabel, Gauge> = Family::default();
    let Verdicts {
        unknown,
        unreachable,
        late,
        failing,
        good,
    } = figures.verdicts;
    for (verdict, number) in [
        ("unknown", unknown),
        ("unreachable", unreachable),
        ("late", late),
        ("failing", failing),
        ("good", good),
    ] {
        counts.get_or_create(&VerdictLabel { verdict }).set(whole(number));
    }
    registry.register(
        "clusters",
        "Attached clusters, each by the first verdict that fits",
        counts,
    );
    let within: Family<HoursLabel, Gauge> = Family::default();
    for (hours, number) in WITHIN_HOURS.into_iter().zip(figures.good_within) {
        within.get_or_create(&HoursLabel { hours }).set(whole(number));
    }
    registry.register(
        "clusters_good_within_hours",
        "Clusters whose last good snapshot is no older than so many hours",
        within,
    );
    // Left out when no cluster has any: an age of 0 would look like the best of fleets.
    if let Some(oldest) = figures.oldest_good {
        registry.register_with_unit(
            "oldest_last_good_snapshot_age",
            "The age of the last good snapshot of the cluster where it is oldest",
            Unit::Seconds,
            gauge(age(oldest, now)),
        );
    }
}

fn one_by_one(registry: &mut Registry, clusters: &[ClusterFigures], now: Timestamp) {
    let [ages, reachable, late, failing]: [Family<ClusterLabels, Gauge>; 4] = Default::default();
    for cluster in clusters {
        let labels = ClusterLabels {
            cluster: cluster.id.clone(),
            name: cluster.name.clone(),
        };
        if let Some(good_at) = cluster.good_at {
            ages.get_or_create(&labels).set(age(good_at, now));
        }
        reachable.get_or_create(&labels).set(i64::from(cluster.reachable));
        late.get_or_create(&labels).set(i64::from(cluster.late));
        failing.get_or_create(&labels).set(i64::from(cluster.failing));
    }
    registry.register_with_unit(
        "cluster_last_good_snapshot_age",
        "The age of a cluster's last good snapshot; absent when it has none",
        Unit::Seconds,
        ages,
    );
    registry.register(
        "cluster_reachable",
        "1: the cluster answered the last look",
        reachable,
    );
    registry.register(
        "cluster_late",
        "1: no good snapshot for longer than its limit",
        late,
    );
    registry.register("cluster_failing", "1: the newest attempt is not good", failing);
}

fn store(registry: &mut Registry, figures: &FleetFigures) {
    let counter = |number: u64| {
        let counter: Counter = Counter::default();
        counter.inc_by(number);
        counter
    };
    registry.register(
        "store_commits",
        "Transactions committed since the start",
        counter(figures.commits),
    );
    registry.register(
        "store_writes",
        "Writes in these transactions",
        counter(figures.writes),
    );
    registry.register(
        "changes",
        "Changes recorded since the database was made",
        counter(u64::try_from(figures.changes).unwrap_or(0)),
    );
}
