//! `tintype status`.

use crate::scripted::{Scripted, json, run};
use serde_json::{Value, json as value};

fn row(verdict: &str, name: &str) -> Value {
    value!({"id": format!("id-{name}"), "name": name, "verdict": verdict, "distribution": "opensearch",
        "engine_version": "2.19.0", "health": "green", "reasons": ["because"], "snapshots": 3, "uncovered_indices": 1,
        "newest": {"state": "SUCCESS"}, "last_good": {"age_seconds": 90}})
}

/// So many clusters, given in pages as the server does.
fn fleet(late: u64, ok: u64) -> Scripted {
    Scripted::start(move |request, _| {
        let number = |name: &str| -> usize {
            let (_, rest) = request.line.split_once(&format!("{name}=")).unwrap();
            rest.split('&').next().unwrap().parse().unwrap()
        };
        let late_rows = (0..late).map(|n| row("late", &format!("late-{n}")));
        let rows = late_rows.chain((0..ok).map(|n| row("ok", &format!("ok-{n}"))));
        let page: Vec<Value> = rows.skip(number("from")).take(number("size")).collect();
        let counts = value!({"unreachable": 0, "failing": 0, "never": 0, "late": late, "ok": ok});
        let body =
            value!({"total": late + ok, "counts": counts, "max_age_seconds": 86_400, "clusters": page});
        json(200, body)
    })
}

#[test]
fn a_late_cluster_is_exit_code_3_and_all_well_is_0() {
    let ran = run(&fleet(1, 1).url, "status");
    let expected = "\
VERDICT  CLUSTER  ENGINE             HEALTH  LAST GOOD   NEWEST   SNAPSHOTS  NOT COVERED  WHY
late     late-0   opensearch 2.19.0  green   1m 30s ago  SUCCESS  3          1            because
ok       ok-0     opensearch 2.19.0  green   1m 30s ago  SUCCESS  3          1            because

2 clusters: 1 late, 1 ok. Late is a last good snapshot older than 1d 0h.
";
    assert_eq!((ran.code, ran.stdout.as_str()), (3, expected), "{ran:?}");
    assert_eq!(ran.stderr, "error: 1 of 2 clusters are not ok\n");
    assert_eq!(run(&fleet(0, 2).url, "status").code, 0);
    assert_eq!(run(&fleet(1, 1).url, "status --only ok,failing").code, 0);
}

#[test]
fn every_page_is_read_and_a_limit_ends_it() {
    let server = fleet(0, 700);
    let ran = run(&server.url, "status -o name");
    assert_eq!((ran.code, ran.stdout.lines().count()), (0, 700));
    assert_eq!(server.received().len(), 2);
    let ran = run(&server.url, "status --limit 3");
    assert!(
        ran.stdout
            .contains("… and 697 ok more; see --limit\n\n700 clusters: 700 ok."),
        "{ran:?}"
    );
}

#[test]
fn the_age_and_the_verdicts_are_sent() {
    let server = fleet(0, 1);
    assert_eq!(run(&server.url, "status --max-age 36h --only late,ok").code, 0);
    let line = &server.lines()[0];
    assert!(
        line.contains("max_age_seconds=129600") && line.contains("only=late%2Cok"),
        "{line}"
    );
    assert_eq!(run(&server.url, "status --only bad").code, 2);
    let ran = run(&server.url, "status -o json");
    let fleet: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (&fleet["counts"]["ok"], &fleet["clusters"][0]["name"]),
        (&value!(1), &value!("ok-0"))
    );
}
