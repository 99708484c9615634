//! Where a repository lies, and how it is reached: options, then the usual variables of the environment.

use super::location;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use tintype_repository::repository::{OpenError, Repository};
use tintype_repository::source::{Access, Cause, Source};
use tintype_repository::survey::SurveyError;

/// A repository and how to reach it.
#[derive(Debug, clap::Args)]
pub struct Place {
    /// The repository: a path, `s3://bucket/path`, `gs://bucket/path`, `az://container/path` or `https://…`; what has no `/` is a name and no path
    #[arg(value_name = "URL")]
    pub repository: String,
    /// How to reach it.
    #[command(flatten)]
    pub access: AccessArgs,
}

/// How to reach a store; credentials come from `AWS_*`, `AZURE_*` and `GOOGLE_*`.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Storage")]
pub struct AccessArgs {
    /// The store's endpoint, when it is not the cloud's own; its region is --region
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// The end of the path that is the repository's `base_path`; what is before it is the root that hashed paths begin at
    #[arg(long, value_name = "PATH")]
    pub base_path: Option<String>,
    /// Requests to the store at once [default: one for each processor on a directory, 32 elsewhere]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub concurrency: Option<u16>,
}

impl AccessArgs {
    /// Opens the store; nothing is sent yet.
    ///
    /// # Errors
    /// Usage, or that it is not there.
    pub fn source(&self, url: &str, context: &Context) -> Result<Source> {
        let access = Access {
            from_environment: true,
            endpoint: self.endpoint.clone(),
            region: context.region().map(str::to_owned),
            base_path: self.base_path.clone(),
            ..Access::default()
        };
        Source::open(location(url)?, &access).map_err(|error| in_words(error.cause, error.message))
    }

    /// How many requests at once.
    pub fn concurrency(&self, source: &Source) -> usize {
        let usual = || match source.is_local() {
            true => std::thread::available_parallelism().map_or(1, usize::from),
            false => 32,
        };
        self.concurrency.map_or_else(usual, usize::from)
    }
}

/// Opens the newest generation.
///
/// # Errors
/// Unknown: there is none, or it cannot be read.
pub async fn open(source: Source) -> Result<Repository> {
    Repository::open(source).await.map_err(not_opened)
}

/// Why there is no repository to read.
pub fn not_opened(error: OpenError) -> CliError {
    match error {
        OpenError::Source(error) => in_words(error.cause, error.message),
        error => CliError::Unknown(error.to_string()),
    }
}

fn in_words(cause: Cause, message: String) -> CliError {
    match cause {
        Cause::Usage => CliError::Usage(message),
        _ => CliError::Unknown(message),
    }
}

/// Why there is nothing to show.
pub fn refused(error: SurveyError) -> CliError {
    match error {
        SurveyError::NoSnapshot(_) => {
            CliError::NotFound(format!("{error}: `tintype repository ls URL` lists them"))
        }
        SurveyError::Blob(error) => CliError::Unknown(error.to_string()),
    }
}
