//! A report with the comparison with an attestation.

use crate::cli::error::Result;
use crate::cli::repository::local::attest::{Trusted, refused};
use serde::Serialize;
use std::sync::Arc;
use tintype_repository::attest::{self, Proof};
use tintype_repository::repository::Repository;
use tintype_repository::verify::Progress;
use tintype_repository::verify::report::Report;

/// The report as it is printed: the findings of the comparison with an attestation are among its findings.
#[derive(Serialize)]
pub struct Shown {
    /// The verification's.
    #[serde(flatten)]
    pub report: Report,
    /// What came of the comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attestation: Option<Compared>,
}

/// What a comparison with an attestation gave.
#[derive(Serialize)]
pub struct Compared {
    /// The snapshot's name when it was attested.
    pub snapshot: String,
    /// When it was attested.
    pub attested: i64,
    /// How much was compared.
    pub depth: attest::Depth,
    /// What agreement of the data proves; none when no data was read.
    pub proves: Option<Proof>,
    /// How many blobs were compared.
    pub blobs: u64,
    /// Everything could be compared, and agrees.
    pub agrees: bool,
    /// Everything could be read.
    pub complete: bool,
}

/// Compares with an attestation, as deep as the level asks, and adds what differs to the findings.
///
/// # Errors
/// `NotGood`: the attestation is not sound, or nobody trusted signed it.
pub async fn compare(
    trusted: &Trusted,
    repository: Arc<Repository>,
    report: &mut Report,
    concurrency: usize,
    progress: Arc<Progress>,
) -> Result<Compared> {
    let Trusted { attestation, keys } = trusted;
    let checked = attest::check(
        repository,
        attestation,
        keys,
        report.level.into(),
        concurrency,
        progress,
    )
    .await;
    let checked = checked.map_err(refused)?;
    let compared = Compared {
        snapshot: checked.statement.extract.name.clone(),
        attested: checked.statement.attested,
        depth: checked.depth,
        proves: checked.proves,
        blobs: checked.blobs,
        agrees: checked.agrees(),
        complete: checked.complete,
    };
    report.findings.extend(checked.findings);
    report
        .findings
        .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    report.findings_left_out += checked.findings_left_out;
    Ok(compared)
}
