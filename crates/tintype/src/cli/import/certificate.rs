//! The certificate that a server shows, for pinning it.

use crate::cli::error::{CliError, Result};
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use reqwest::tls::TlsInfo;
use url::Url;

/// The SHA-256 of the certificate that the server shows now. Nothing secret is sent.
///
/// # Errors
/// `Unreachable`, or `Failed` when it shows none.
pub async fn fingerprint(url: &Url) -> Result<String> {
    let unreachable = |error: reqwest::Error| CliError::Unreachable {
        message: format!("{url} shows no certificate: {}", error.without_url()),
        not_sent: true,
    };
    let client = reqwest::Client::builder()
        .tls_danger_accept_invalid_certs(true)
        .tls_info(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(unreachable)?;
    let response = client.get(url.clone()).send().await.map_err(unreachable)?;
    let info = response.extensions().get::<TlsInfo>();
    let certificate = info.and_then(TlsInfo::peer_certificate);
    certificate
        .map(|der| HEXLOWER.encode(digest(&SHA256, der).as_ref()))
        .ok_or_else(|| CliError::Failed(format!("{url} shows no certificate")))
}
