//! What a store does not give makes a verdict unknown: it is neither called good nor remembered as good. What it does not give
//! for a moment only is asked for again.

use super::faults::on_both;
use super::ground::{self, Ground, azure_access, s3_access};
use super::sample::{Sample, deep};
use crate::looking::{judged, said};
use serde_json::Value;
use std::sync::Arc;
use tintype_repository::Level;
use tintype_repository::finding::{Kind, Severity};
use tintype_repository::ledger::{Ledger, MemoryLedger};
use tintype_repository::repository::{OpenError, Repository};
use tintype_repository::source::{Access, Cause, Source};
use tintype_repository::verify::options::Options;
use tintype_repository::verify::report::Report;
use tintype_repository::verify::verdict::Verdict;
use tintype_testkit::faults::{Fault, Rule};
use tintype_testkit::proxy::FaultProxy;
use tintype_testkit::stores::BUCKET;
use tokio::sync::OnceCell;

const BELOW: &str = "unread";

/// A proxy before the store, and the sample opened through it.
struct Before {
    proxy: FaultProxy,
    source: Source,
    sample: Sample,
    ledger: Arc<MemoryLedger>,
}

impl Before {
    fn open(upstream: &str, ground: &Ground, access: fn(&str) -> Access, retries: u32) -> Self {
        let proxy = FaultProxy::start(upstream).unwrap();
        let access = Access {
            retries: Some(retries),
            ..access(&proxy.url())
        };
        Self {
            source: Source::open(&ground.url(BELOW), &access).unwrap(),
            proxy,
            sample: Sample::new(),
            ledger: Arc::default(),
        }
    }

    async fn s3(retries: u32) -> Self {
        let ground = filled_versitygw().await;
        Self::open(&ground.s3().endpoint(), ground, s3_access, retries)
    }

    async fn azure(retries: u32) -> Self {
        let ground = filled_azurite().await;
        Self::open(&ground.azure().endpoint(), ground, azure_access, retries)
    }

    /// Of the sample's blob.
    fn rule(&self, fault: Fault) -> Rule {
        Rule::new("GET", &format!("**/{}", self.sample.blob), fault)
    }

    fn strike(&self, rule: Rule) {
        self.proxy.faults().add(rule);
    }

    async fn repository(&self) -> Arc<Repository> {
        Arc::new(Repository::open(self.source.clone()).await.unwrap())
    }

    async fn look(&self) -> Report {
        look(self.repository().await, &self.ledger).await
    }

    /// Whether the ledger vouches for the sample's blob, even if for its ends alone.
    async fn is_remembered(&self) -> bool {
        let key = self.sample.key(&self.source);
        let last = self.ledger.last(Level::Fingerprint, &[key]).await.unwrap();
        last[0].is_some()
    }
}

async fn filled_versitygw() -> &'static Ground {
    static FILLED: OnceCell<()> = OnceCell::const_new();
    let ground = ground::versitygw().await;
    FILLED.get_or_init(|| fill(ground)).await;
    ground
}

async fn filled_azurite() -> &'static Ground {
    static FILLED: OnceCell<()> = OnceCell::const_new();
    let ground = ground::azurite().await;
    FILLED.get_or_init(|| fill(ground)).await;
    ground
}

async fn fill(ground: &Ground) {
    Sample::new().put(ground, BELOW).await;
}

/// What the ledger vouches for is not read again.
async fn look(repository: Arc<Repository>, ledger: &Arc<MemoryLedger>) -> Report {
    let options = Options {
        since: Some(0),
        ..deep()
    };
    judged(repository, options, ledger.clone()).await
}

fn status(code: u16) -> Fault {
    Fault::Status(code, Value::Null)
}

fn each(report: &Report) -> Vec<Verdict> {
    report.snapshots.iter().map(|one| one.verdict).collect()
}

/// That nothing is known of any snapshot, and nothing is claimed.
fn assert_nothing_known(report: &Report) {
    assert_eq!(report.verdict, Verdict::Unknown, "{}", said(report));
    assert_eq!(each(report), [Verdict::Unknown; 2], "{}", said(report));
    let unreadable = |kind: &Kind| *kind == Kind::BlobUnreadable;
    let kinds: Vec<Kind> = report.findings.iter().map(|found| found.kind).collect();
    assert!(kinds.iter().any(unreadable), "{}", said(report));
    let mut severities = report.findings.iter().map(|found| found.severity);
    assert!(severities.all(|one| one < Severity::Error), "{}", said(report));
    assert_eq!((report.read.blobs, report.read.blobs_by_ledger), (0, 0));
}

async fn a_blob_that_is_not_given_is_unknown_and_not_remembered(mut before: Before) {
    for fault in [
        status(503),
        status(429),
        status(500),
        status(403),
        Fault::CutBody(10),
        Fault::DropAnswer,
    ] {
        before.ledger = Arc::default();
        before.strike(before.rule(fault.clone()).always());
        let report = before.look().await;
        before.proxy.faults().clear();
        let [found] = &report.findings[..] else {
            panic!("{fault:?}: {}", said(&report));
        };
        assert_eq!(
            (found.severity, found.kind),
            (Severity::Warning, Kind::BlobUnreadable),
            "{fault:?}"
        );
        assert_eq!(
            (&found.blob, &found.snapshots[..]),
            (&before.sample.blob, &["one".to_owned()][..])
        );
        assert_eq!(report.verdict, Verdict::Unknown, "{fault:?}");
        assert_eq!(
            each(&report),
            [Verdict::Unknown, Verdict::Restorable],
            "{fault:?}"
        );
        assert!(!before.is_remembered().await, "{fault:?}");
        // Once it is given, it alone is read.
        let report = before.look().await;
        assert_eq!(report.findings, []);
        assert_eq!(report.verdict, Verdict::Restorable);
        let others = before.sample.blobs() - 1;
        assert_eq!((report.read.blobs, report.read.blobs_by_ledger), (1, others));
        assert!(before.is_remembered().await);
    }
}

async fn a_blob_that_is_not_given_for_a_moment_is_asked_for_again(before: Before) {
    let faults = [
        status(503),
        status(429),
        Fault::CutBody(100),
        Fault::DropRequest,
        Fault::DropAnswer,
    ];
    for fault in &faults {
        before.strike(before.rule(fault.clone()));
    }
    let report = before.look().await;
    assert_eq!(report.findings, []);
    assert_eq!((report.verdict, report.complete), (Verdict::Restorable, true));
    let requests = before.proxy.faults().requests();
    let struck = requests.iter().filter(|request| request.fault.is_some());
    assert_eq!(struck.count(), faults.len());
    assert!(before.is_remembered().await);
}

/// `listing` is the path of the container.
async fn listings_that_are_not_given_prove_nothing(before: Before, listing: &str) {
    // The repository was opened by then.
    before.strike(
        Rule::new("GET", listing, status(503))
            .after("GET", "**/snap-*.dat")
            .always(),
    );
    assert_nothing_known(&before.look().await);
    assert!(!before.is_remembered().await);
}

/// Credentials that are refused from some moment on, as a token that expires is: the proxy refuses in the store's place.
async fn credentials_that_end_before_the_data_is_read_prove_nothing(before: Before) {
    let repository = before.repository().await;
    before.strike(Rule::new("*", "**", status(403)).always());
    assert_nothing_known(&look(repository, &before.ledger).await);
    assert!(!before.is_remembered().await);
    let error = Repository::open(before.source.clone()).await.unwrap_err();
    assert_denied(&error);
}

fn assert_denied(error: &OpenError) {
    let OpenError::Source(error) = error else {
        panic!("{error}");
    };
    assert_eq!(error.cause, Cause::Denied, "{error}");
}

on_both! {
    a_blob_that_is_not_given_is_unknown_and_not_remembered, 1;
    a_blob_that_is_not_given_for_a_moment_is_asked_for_again, 5;
    listings_that_are_not_given_prove_nothing, 0, &format!("/{BUCKET}"), &format!("/testkit/{BUCKET}");
    credentials_that_end_before_the_data_is_read_prove_nothing, 0;
}

#[tokio::test]
async fn a_user_of_versitygw_who_is_removed_meanwhile_proves_nothing() {
    let ground = filled_versitygw().await;
    let (key, secret) = ("AKIAENDING", "secret-of-the-ending");
    ground.s3().add_user(key, secret, "admin").await.unwrap();
    let access = Access {
        username: Some(key.into()),
        password: Some(secret.into()),
        ..ground.access()
    };
    let source = Source::open(&ground.url(BELOW), &access).unwrap();
    let repository = Arc::new(Repository::open(source.clone()).await.unwrap());
    let ledger = Arc::<MemoryLedger>::default();
    ground.s3().remove_user(key).await.unwrap();
    let report = look(repository, &ledger).await;
    assert_nothing_known(&report);
    assert!(!said(&report).contains(secret), "{}", said(&report));
    assert_denied(&Repository::open(source).await.unwrap_err());
}

#[tokio::test]
async fn a_token_of_azurite_that_has_expired_opens_nothing() {
    let ground = filled_azurite().await;
    let access = Access {
        password: None,
        token: Some(ground.azure().expired_sas().unwrap().into()),
        ..ground.access()
    };
    let source = Source::open(&ground.url(BELOW), &access).unwrap();
    let error = Repository::open(source).await.unwrap_err();
    assert_denied(&error);
    assert!(error.to_string().contains("expired"), "{error}");
}
