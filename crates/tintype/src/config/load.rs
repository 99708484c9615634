//! Reading the sources and laying one over the other.

use super::{Config, keys};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Where a configuration comes from. Everything is passed in, so that a test needs no process of its own.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file that a flag names; it must be there. Otherwise `TINTYPE_CONFIG`, else the first that is there of
    /// `./tintype.toml`, `{data_dir}/tintype.toml` and `/etc/tintype/tintype.toml`.
    pub file: Option<PathBuf>,
    /// The process's environment. Only `TINTYPE_SECTION__KEY`, `TINTYPE_LISTEN`, `TINTYPE_DATA_DIR`,
    /// `TINTYPE_CONFIG`, `HOME` and `XDG_DATA_HOME` are read.
    pub env: Vec<(String, String)>,
    /// Flags: `section.key` and its value as text.
    pub overrides: Vec<(String, String)>,
}

/// Why the configuration cannot be used, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not right: where, and what would be.
    #[error("{}, line {line}: {message}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Counts from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A variable or flag is not right.
    #[error("{source_name}: {message}")]
    Setting {
        /// The variable or flag, as the operator wrote it.
        source_name: String,
        /// What is wrong.
        message: String,
    },
    /// Values that cannot be used; one fault a line.
    #[error("{0}")]
    Invalid(String),
}

impl Sources {
    /// The sources of this process: its environment, the file and overrides that its flags name.
    pub fn of_process(file: Option<PathBuf>, overrides: Vec<(String, String)>) -> Self {
        let env = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { file, env, overrides }
    }

    fn var(&self, name: &str) -> Option<&str> {
        let found = self.env.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The settings above the file, weakest first: the name for messages, `section.key`, the value.
    fn settings(&self) -> Vec<(String, String, String)> {
        let mut all = Vec::new();
        for (short, key) in [
            ("TINTYPE_DATA_DIR", "server.data_dir"),
            ("TINTYPE_LISTEN", "server.listen"),
        ] {
            if let Some(value) = self.var(short) {
                all.push((short.to_owned(), key.to_owned(), value.to_owned()));
            }
        }
        for (name, value) in &self.env {
            let rest = name
                .strip_prefix("TINTYPE_")
                .and_then(|rest| rest.split_once("__"));
            if let Some((section, key)) = rest {
                let key = format!("{}.{}", section.to_lowercase(), key.to_lowercase());
                all.push((name.clone(), key, value.clone()));
            }
        }
        let flags = self.overrides.iter();
        all.extend(flags.map(|(key, value)| (format!("the flag for {key}"), key.clone(), value.clone())));
        all
    }

    /// Where data is kept, as far as variables and flags say; else the place that is usual for the user.
    fn data_dir(&self) -> PathBuf {
        let said = self
            .settings()
            .into_iter()
            .rev()
            .find(|(_, key, _)| key == "server.data_dir");
        said.map_or_else(
            || self.usual_data_dir(runs_as_root()),
            |(_, _, value)| PathBuf::from(value),
        )
    }

    pub(super) fn usual_data_dir(&self, root: bool) -> PathBuf {
        if root {
            return "/var/lib/tintype".into();
        }
        let own = self
            .var("XDG_DATA_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute());
        let home = || self.var("HOME").map(|home| Path::new(home).join(".local/share"));
        own.or_else(home)
            .map_or_else(|| "tintype-data".into(), |base| base.join("tintype"))
    }

    fn file(&self) -> Option<PathBuf> {
        if let Some(named) = self
            .file
            .clone()
            .or_else(|| self.var("TINTYPE_CONFIG").map(PathBuf::from))
        {
            return Some(named);
        }
        let usual = [
            "tintype.toml".into(),
            self.data_dir().join("tintype.toml"),
            "/etc/tintype/tintype.toml".into(),
        ];
        usual.into_iter().find(|path: &PathBuf| path.exists())
    }
}

/// `/proc/self` belongs to the user that the process runs as.
fn runs_as_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

pub(super) fn load(sources: &Sources) -> Result<Config, ConfigError> {
    let mut table = match sources.file() {
        Some(path) => read(&path)?,
        None => Table::new(),
    };
    for (name, key, text) in sources.settings() {
        let fault = |message: String| ConfigError::Setting {
            source_name: name.clone(),
            message,
        };
        let form =
            keys::form(&key).ok_or_else(|| fault(format!("there is no {key}{}", keys::suggest(&key))))?;
        let value = keys::value(form, &text).map_err(|must| fault(format!("{key} = {text:?}: {must}")))?;
        set(&mut table, &key, value);
        // Each is tried at once, so that a fault names the variable that holds it.
        Config::deserialize_table(table.clone())
            .map_err(|error| fault(format!("{key} = {text:?}: {}", error.message())))?;
    }
    let mut config =
        Config::deserialize_table(table).map_err(|error| ConfigError::Invalid(error.message().to_owned()))?;
    config.server.data_dir.get_or_insert_with(|| sources.data_dir());
    config.validate()?;
    Ok(config)
}

impl Config {
    fn deserialize_table(table: Table) -> Result<Self, toml::de::Error> {
        table.try_into()
    }
}

fn read(path: &Path) -> Result<Table, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    parse(path, &text)
}

/// Checks a file's text by itself, since only here a fault still has its line.
pub(super) fn parse(path: &Path, text: &str) -> Result<Table, ConfigError> {
    let fault = |error: toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start.min(text.len()));
        let before = &text.as_bytes()[..at];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let message = explain(error.message(), String::from_utf8_lossy(before).as_ref());
        ConfigError::File {
            path: path.to_owned(),
            line,
            message,
        }
    };
    toml::from_str::<Config>(text).map_err(fault)?;
    toml::from_str::<Table>(text).map_err(fault)
}

/// Turns serde's "unknown field" into the nearest right key of the section that `before` ends in.
fn explain(message: &str, before: &str) -> String {
    let Some(written) = message
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.split('`').next())
    else {
        return message.to_owned();
    };
    let header = before
        .lines()
        .rev()
        .find_map(|line| line.trim().strip_prefix('[')?.split(']').next());
    let key = match header {
        // The fault's own line is a header: the section itself is unknown.
        Some(_) if before.ends_with('[') => written.to_owned(),
        Some(section) => format!("{}.{written}", section.trim()),
        None => written.to_owned(),
    };
    format!("there is no {key}{}", keys::suggest(&key))
}

fn set(table: &mut Table, key: &str, value: Value) {
    let (section, key) = key.split_once('.').unwrap_or(("", key));
    let entry = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(section) = entry {
        section.insert(key.to_owned(), value);
    }
}
