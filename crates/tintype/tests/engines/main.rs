//! The real binary before real engines with security on. Each test states one fact, holds on every engine of the suite,
//! and compares what Tintype says with what the engine itself says. The modules `fake_…` show on scripted fake engines
//! what no real one can be made to do at will.

#![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]

/// Makes each test once per engine. An engine is one line here and one `yes` in `scripts/engines.tsv`.
macro_rules! on_every_engine {
    ($($test:ident),+ $(,)?) => {
        crate::on_engine!(opensearch_2_19_0: $($test),+);
        crate::on_engine!(elasticsearch_8_17_0: $($test),+);
    };
}

/// Makes each test on one engine, in a module of the engine's name.
macro_rules! on_engine {
    ($engine:ident: $($test:ident),+) => {
        mod $engine {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(crate::rig::shared(stringify!($engine)).await).await;
                }
            )+
        }
    };
}

use on_engine;

mod api;
mod bench;
mod door;
mod fakes;
mod names;
mod rig;
mod spare;
mod switch;
mod truth;

mod access;
mod call;
mod cancel;
mod changing;
mod codes;
mod delete;
mod fake_adopt;
mod fake_delete;
mod fake_es6;
mod fake_foreign;
mod fake_overall;
mod fake_runbook;
mod fake_shared;
mod fake_stray;
mod identity;
mod killed;
mod observed;
mod progress;
mod queue;
mod repeated;
mod restore;
mod runbook;
mod storage;
mod trust;
mod unreachable;

#[test]
fn every_engine_of_the_suite_has_its_line() {
    let source = include_str!("main.rs");
    for row in tintype_testkit::engines::suite() {
        let line = format!("on_engine!({}:", row.name.replace(['-', '.'], "_"));
        assert!(source.contains(&line), "{line}");
    }
}
