//! What can go wrong in a command, and the exit code that scripts see. The table is in docs/cli.md.

use serde::{Deserialize, Serialize};
use serde_json::json;

/// A command's result.
pub type Result<T> = std::result::Result<T, CliError>;

/// Why a command did not succeed. `Display` is for the person at the terminal and never carries a secret.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Anything that has no code of its own.
    #[error("{0}")]
    Failed(String),
    /// The command line or an input file is wrong.
    #[error("{0}")]
    Usage(String),
    /// The operation ended, but its result is not good.
    #[error("{0}")]
    NotGood(String),
    /// The thing named on the command line is not there.
    #[error("{0}")]
    NotFound(String),
    /// A repository's storage, or a part of it, could not be read: nothing is known of it.
    #[error("{0}")]
    Unknown(String),
    /// The server answered with an error.
    #[error("HTTP {status}: {}", first_message(.errors))]
    Api {
        /// The HTTP status.
        status: u16,
        /// The server's `BasicFailedReply`, or one made of its text.
        errors: Vec<ApiError>,
    },
    /// No connection to the server, or it broke before the answer.
    #[error("{message}")]
    Unreachable {
        /// What was tried, and what came of it.
        message: String,
        /// Nothing was sent: the connection itself could not be made.
        not_sent: bool,
    },
    /// The time given by `--timeout` is over.
    #[error("{0}")]
    Timeout(String),
    /// Ctrl-C.
    #[error("{0}")]
    Interrupted(String),
}

/// One element of the API's `BasicFailedReply`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// A stable word, such as `clusters.cluster_not_found`.
    pub code: String,
    /// For people.
    pub message: String,
    /// The members of the request at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<String>>,
}

fn first_message(errors: &[ApiError]) -> &str {
    errors.first().map_or("", |error| error.message.as_str())
}

impl CliError {
    /// The process's exit code: stable, and documented in docs/cli.md.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
            Self::NotGood(_) => 3,
            Self::NotFound(_) | Self::Unknown(_) => 4,
            Self::Api { status, .. } => exit_code_of(*status),
            Self::Unreachable { .. } => 7,
            Self::Timeout(_) => 124,
            Self::Interrupted(_) => 130,
        }
    }

    /// The errors in the API's form; those found on this side get a code that begins with `cli.`.
    pub fn errors(&self) -> Vec<ApiError> {
        let code = match self {
            Self::Api { errors, .. } => return errors.clone(),
            Self::Failed(_) => "cli.failed",
            Self::Usage(_) => "cli.usage",
            Self::NotGood(_) => "cli.not_good",
            Self::NotFound(_) => "cli.not_found",
            Self::Unknown(_) => "cli.unknown",
            Self::Unreachable { .. } => "cli.unreachable",
            Self::Timeout(_) => "cli.timeout",
            Self::Interrupted(_) => "cli.interrupted",
        };
        vec![ApiError {
            code: code.to_owned(),
            message: self.to_string(),
            fields: None,
        }]
    }

    /// The lines for standard error: one document with `json`, else `error: CODE: message`.
    pub fn render(&self, json: bool) -> String {
        if json {
            return json!({"errors": self.errors(), "exit_code": self.exit_code()}).to_string();
        }
        let lines: Vec<String> = match self {
            Self::Api { errors, .. } => errors.iter().map(api_line).collect(),
            other => vec![format!("error: {}", super::cells::plain(&other.to_string()))],
        };
        lines.join("\n")
    }

    /// The server, or the way to it, may be back soon: worth trying again while something is being waited for.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Api { status, .. } => exit_code_of(*status) == 7,
            _ => false,
        }
    }
}

fn api_line(error: &ApiError) -> String {
    let fields = match error.fields.as_deref() {
        Some([_, ..]) => format!(
            " (fields: {})",
            error
                .fields
                .iter()
                .flatten()
                .cloned()
                .collect::<Vec<_>>()
                .join(", ")
        ),
        _ => String::new(),
    };
    super::cells::plain(&format!("error: {}: {}{fields}", error.code, error.message))
}

/// What an HTTP status means for a script.
fn exit_code_of(status: u16) -> u8 {
    match status {
        401 | 403 | 449 => 5,
        404 => 4,
        409 | 412 | 428 => 6,
        429 | 502 | 503 | 504 => 7,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(status: u16) -> CliError {
        let fields = Some(vec!["name".to_owned()]);
        let error = ApiError {
            code: "a.b".into(),
            message: "no\u{1b}[31m".into(),
            fields,
        };
        CliError::Api {
            status,
            errors: vec![error],
        }
    }

    #[test]
    fn each_status_has_its_exit_code() {
        let table = [
            (400, 1),
            (401, 5),
            (403, 5),
            (404, 4),
            (405, 1),
            (409, 6),
            (412, 6),
            (413, 1),
            (429, 7),
            (449, 5),
            (500, 1),
            (502, 7),
            (503, 7),
        ];
        for (status, code) in table {
            assert_eq!(api(status).exit_code(), code, "HTTP {status}");
        }
    }

    #[test]
    fn errors_name_code_message_and_fields_without_control_characters() {
        assert_eq!(api(400).render(false), "error: a.b: no\\u{1b}[31m (fields: name)");
        let json: serde_json::Value = serde_json::from_str(&api(409).render(true)).unwrap();
        assert_eq!(json["errors"][0]["code"], "a.b");
        assert_eq!(json["exit_code"], 6);
    }

    #[test]
    fn local_errors_have_codes_of_their_own() {
        let error = CliError::Timeout("too late".into());
        assert_eq!(error.render(false), "error: too late");
        assert_eq!(error.errors()[0].code, "cli.timeout");
    }
}
