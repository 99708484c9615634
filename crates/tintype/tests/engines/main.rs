//! The real binary before real engines with security on. Each test states one fact, holds on every engine of the suite,
//! and compares what Tintype says with what the engine itself says. The modules `fake_…` show on scripted fake engines
//! what no real one can be made to do at will.

#![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]

/// Makes each test once per engine of the suite. Tests of one engine run beside each other.
macro_rules! on_every_engine {
    ($($test:ident),+ $(,)?) => { crate::on_each!(shared: $($test),+); };
}

/// The same for tests during which no other one may use the engine.
macro_rules! alone_on_every_engine {
    ($($test:ident),+ $(,)?) => { crate::on_each!(alone: $($test),+); };
}

/// An engine is one line here and one `yes` in `scripts/engines.tsv`.
macro_rules! on_each {
    ($how:ident: $($test:ident),+) => {
        crate::on_engine!(opensearch_1_3_0, $how: $($test),+);
        crate::on_engine!(opensearch_2_19_0, $how: $($test),+);
        crate::on_engine!(opensearch_3_3_2, $how: $($test),+);
        crate::on_engine!(elasticsearch_6_8_23, $how: $($test),+);
        crate::on_engine!(elasticsearch_7_17_29, $how: $($test),+);
        crate::on_engine!(elasticsearch_8_17_0, $how: $($test),+);
        crate::on_engine!(elasticsearch_9_2_0, $how: $($test),+);
    };
}

/// Makes each test on the engines that get a second one, to be killed or to be without data. A start takes longer than
/// such a test, so it is the oldest, whose answers differ most, and the one that is used most of each kind.
macro_rules! on_spare_engines {
    ($($test:ident),+ $(,)?) => {
        crate::on_engine!(opensearch_2_19_0, shared: $($test),+);
        crate::on_engine!(elasticsearch_6_8_23, shared: $($test),+);
        crate::on_engine!(elasticsearch_8_17_0, shared: $($test),+);
    };
}

/// Makes each test on one engine, in a module of the engine's name.
macro_rules! on_engine {
    ($engine:ident, $how:ident: $($test:ident),+) => {
        mod $engine {
            $(
                #[tokio::test]
                async fn $test() {
                    let rig = crate::rig::of(stringify!($engine)).await;
                    let _turn = rig.$how().await;
                    super::$test(rig.clone()).await;
                }
            )+
        }
    };
}

use {on_each, on_engine};

mod api;
mod bench;
mod door;
mod fakes;
mod modes;
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
mod empty;
mod facts;
mod fake_adopt;
mod fake_delete;
mod fake_es6;
mod fake_foreign;
mod fake_overall;
mod fake_runbook;
mod fake_shared;
mod fake_stores;
mod fake_stray;
mod identity;
mod killed;
mod made;
mod observed;
mod progress;
mod queue;
mod red;
mod repeated;
mod restore;
mod runbook;
mod storage;
mod trust;
mod unreachable;
mod verification;

#[test]
fn every_engine_of_the_suite_has_its_line() {
    let source = include_str!("main.rs");
    for row in tintype_testkit::engines::suite() {
        let line = format!("on_engine!({},", row.name.replace(['-', '.'], "_"));
        assert!(source.contains(&line), "{line}");
    }
}
