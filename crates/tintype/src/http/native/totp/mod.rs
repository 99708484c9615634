//! The second factor: a TOTP device for each user, and recovery codes.

use crate::model::TotpDevice;
use serde::Serialize;

pub mod confirm;
pub mod enrol;
pub mod get;
pub mod remove;
pub mod remove_for;

/// The code when there is no device to confirm or remove.
const NOT_FOUND: &[&str] = &["totp.not_found"];

/// A user's TOTP device.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TotpView {
    /// `none`, `unconfirmed` or `confirmed`; only the last counts.
    pub status: &'static str,
    /// When it was enrolled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, required = false)]
    pub enrolled_at: Option<String>,
    /// When its first code was right.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, required = false)]
    pub confirmed_at: Option<String>,
    /// How many recovery codes are left.
    pub recovery_codes_left: u64,
}

impl TotpView {
    fn of(device: Option<&TotpDevice>) -> Self {
        let status = match device {
            None => "none",
            Some(device) if device.confirmed_at.is_none() => "unconfirmed",
            Some(_) => "confirmed",
        };
        Self {
            status,
            enrolled_at: device.map(|device| device.created_at.to_string()),
            confirmed_at: device.and_then(|device| device.confirmed_at.map(|at| at.to_string())),
            recovery_codes_left: device.map_or(0, |device| device.recovery_codes),
        }
    }
}

/// There is none.
fn not_found(message: &'static str) -> crate::http::problem::Problem {
    crate::http::problem::Problem::new(http::StatusCode::NOT_FOUND, NOT_FOUND[0], message)
}
