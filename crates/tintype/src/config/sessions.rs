//! `[sessions]`: how long a sign-in counts, and when a second factor is asked for.

use super::within;
use serde::{Deserialize, Serialize};

/// How long a sign-in counts, and when a second factor is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionsConfig {
    /// Who needs to be elevated for calls that change things.
    pub elevation: Elevation,
    /// Minutes that a session's token is good for; it can be refreshed until then.
    pub token_minutes: u32,
    /// Hours after which a session ends, however often its token was refreshed.
    pub life_hours: u32,
    /// Minutes that an elevation lasts.
    pub elevation_minutes: u32,
}

/// Who needs to be elevated for calls that change things.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Elevation {
    /// Users that enrolled a TOTP device.
    #[default]
    Enrolled,
    /// Everyone; who has no device must enrol one first.
    Always,
    /// Nobody.
    Never,
}

impl Default for SessionsConfig {
    fn default() -> Self {
        Self {
            elevation: Elevation::Enrolled,
            token_minutes: 60,
            life_hours: 24,
            elevation_minutes: 60,
        }
    }
}

impl SessionsConfig {
    pub(super) fn check(&self, faults: &mut Vec<String>) {
        within(faults, "sessions.token_minutes", self.token_minutes, 1..=1_440);
        within(faults, "sessions.life_hours", self.life_hours, 1..=720);
        within(
            faults,
            "sessions.elevation_minutes",
            self.elevation_minutes,
            1..=1_440,
        );
    }
}
