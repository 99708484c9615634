//! The flags above the configuration file, for `serve`, `init` and `config show`.

use super::error::{CliError, Result};
use crate::config::{Config, Sources};
use std::path::PathBuf;

/// Where the configuration comes from, and what beats it.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Server")]
pub struct SourceArgs {
    /// The configuration file [env: TINTYPE_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where the database and the key are kept [env: TINTYPE_DATA_DIR]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<String>,
    /// The address to listen on [env: TINTYPE_LISTEN]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// A file with the first admin's password; one is made and printed once when absent
    #[arg(long, value_name = "FILE")]
    pub admin_password_file: Option<String>,
    /// How logs are written
    #[arg(long, value_parser = ["human", "json"])]
    pub log_format: Option<String>,
    /// What is logged, such as `info` or `info,tintype=debug`
    #[arg(long, value_name = "DIRECTIVES")]
    pub log_level: Option<String>,
    /// Listen beyond loopback without TLS
    #[arg(long)]
    pub allow_insecure_listener: bool,
}

impl SourceArgs {
    /// The effective configuration.
    ///
    /// # Errors
    /// Usage: what is wrong with it, and where.
    pub fn load(&self) -> Result<Config> {
        let sources = Sources::of_process(self.config.clone(), self.overrides());
        Config::load(&sources).map_err(|error| CliError::Usage(error.to_string()))
    }

    fn overrides(&self) -> Vec<(String, String)> {
        let given = [
            ("server.data_dir", &self.data_dir),
            ("server.listen", &self.listen),
            ("admin.password_file", &self.admin_password_file),
            ("log.format", &self.log_format),
            ("log.level", &self.log_level),
        ];
        let mut all: Vec<_> = given
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)))
            .collect();
        if self.allow_insecure_listener {
            all.push(("server.allow_insecure_listener".to_owned(), "true".to_owned()));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flag_is_a_key_of_the_configuration() {
        let args = SourceArgs {
            config: None,
            data_dir: Some("/d".into()),
            listen: Some("127.0.0.1:1".into()),
            admin_password_file: Some("/p".into()),
            log_format: Some("json".into()),
            log_level: Some("debug".into()),
            allow_insecure_listener: true,
        };
        let sources = Sources {
            file: None,
            env: Vec::new(),
            overrides: args.overrides(),
        };
        let config = Config::load(&sources).unwrap().to_toml_redacted();
        for line in [
            "/d",
            "127.0.0.1:1",
            "/p",
            "json",
            "debug",
            "allow_insecure_listener = true",
        ] {
            assert!(config.contains(line), "{line} is missing:\n{config}");
        }
    }
}
