//! The options that every command has, and where the server and the credentials come from: flags, then `TINTYPE_*`
//! variables, then the `EC_*` variables of ECE's own client, so that its users have nothing to set anew.

use super::error::{CliError, Result};
use super::output::Format;
use super::session::saved::{Place, Saved};
use super::{duration, secret};
use secrecy::SecretString;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// Where a server listens when nothing else was configured.
const DEFAULT_URL: &str = "http://127.0.0.1:9400";

/// Options of every command.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The server [env: TINTYPE_URL, EC_HOST] [default: http://127.0.0.1:9400]
    #[arg(long, global = true, visible_alias = "host", value_name = "URL")]
    pub url: Option<String>,
    /// An API key; better by file or variable [env: TINTYPE_API_KEY, TINTYPE_API_KEY_FILE, EC_API_KEY]
    #[arg(long, global = true, value_name = "KEY", value_parser = secret_value, conflicts_with_all = ["user", "pass", "pass_file"])]
    pub api_key: Option<SecretString>,
    /// A file that holds the API key
    #[arg(long, global = true, value_name = "FILE", conflicts_with_all = ["api_key", "user", "pass", "pass_file"])]
    pub api_key_file: Option<PathBuf>,
    /// The user's name, instead of an API key [env: TINTYPE_USER, EC_USER]
    #[arg(long, global = true, value_name = "NAME")]
    pub user: Option<String>,
    /// The user's password; better by file, variable or prompt [env: TINTYPE_PASSWORD, TINTYPE_PASSWORD_FILE, EC_PASS]
    #[arg(long, global = true, value_name = "PASSWORD", value_parser = secret_value)]
    pub pass: Option<SecretString>,
    /// A file that holds the user's password
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "pass")]
    pub pass_file: Option<PathBuf>,
    /// The only certificate authorities to trust for the server, PEM [env: TINTYPE_CA]
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "insecure")]
    pub ca: Option<PathBuf>,
    /// Trust any certificate of the server
    #[arg(long, global = true)]
    pub insecure: bool,
    /// Use the API below this region [env: TINTYPE_REGION]; of a repository's URL: the storage's region
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,
    /// The format of the data on standard output
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT"
    )]
    pub output: Format,
    /// The longest wait: for one answer [default: 30s], or for an operation's end [default: 30m]
    #[arg(long, global = true, value_name = "DURATION", value_parser = duration::parse)]
    pub timeout: Option<Duration>,
    /// No progress and no notes on standard error, only errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// A secret as an argument: its `Debug` is redacted.
pub fn secret_value(text: &str) -> std::result::Result<SecretString, std::convert::Infallible> {
    Ok(SecretString::from(text))
}

/// How requests prove who asks.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// Nothing: only `version` works.
    None,
    /// `Authorization: ApiKey`.
    ApiKey(SecretString),
    /// `Authorization: Basic`.
    Basic(String, SecretString),
    /// `Authorization: Bearer`, of a session that `tintype login` began.
    Session(Saved),
}

/// Where the server is and how to talk to it.
#[derive(Debug)]
pub struct Connection {
    /// `http` or `https`, maybe with a path before `/api`; no credentials.
    pub url: Url,
    /// Who asks.
    pub credentials: Credentials,
    /// PEM of the only authorities to trust.
    pub ca: Option<String>,
    /// Trust any certificate.
    pub insecure: bool,
    /// The region in ECE's paths.
    pub region: Option<String>,
}

impl Connection {
    /// Credentials would cross a network in the clear.
    pub fn exposes_credentials(&self) -> bool {
        let loopback = match self.url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        self.url.scheme() == "http" && !loopback && !matches!(self.credentials, Credentials::None)
    }
}

/// A variable of the environment; an empty one counts as absent.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process's environment.
pub fn process_env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Global {
    /// Puts flags and environment together; asks for a missing password on a terminal.
    ///
    /// # Errors
    /// Usage: an address or a file that cannot be used, or a password that is missing.
    pub fn connection(&self, env: Env<'_>) -> Result<Connection> {
        let mut connection = self.connection_without_credentials(env)?;
        connection.credentials = self.credentials(env, &connection.url)?;
        Ok(connection)
    }

    /// As [`Global::connection`], but nobody is asked for anything.
    ///
    /// # Errors
    /// Usage: an address or a file that cannot be used.
    pub fn connection_without_credentials(&self, env: Env<'_>) -> Result<Connection> {
        let url = first([self.url.clone(), env("TINTYPE_URL"), env("EC_HOST")]);
        let url = parse_url(url.as_deref().unwrap_or(DEFAULT_URL))?;
        let ca = self.ca.clone().or_else(|| env("TINTYPE_CA").map(PathBuf::from));
        let ca = ca.filter(|_| !self.insecure);
        Ok(Connection {
            credentials: Credentials::None,
            url,
            ca: ca.map(|path| secret::text_file("--ca", &path)).transpose()?,
            insecure: self.insecure,
            region: first([self.region.clone(), env("TINTYPE_REGION")]),
        })
    }

    /// A flag beats every variable, `TINTYPE_*` beats `EC_*`, and on one level an API key beats a user.
    fn credentials(&self, env: Env<'_>, url: &Url) -> Result<Credentials> {
        if let Some(key) = given("--api-key-file", &self.api_key, self.api_key_file.as_deref())? {
            return Ok(Credentials::ApiKey(key));
        }
        if let Some(user) = &self.user {
            return self.basic(user.clone(), env, url);
        }
        let key_file = env("TINTYPE_API_KEY_FILE").map(PathBuf::from);
        let key = env("TINTYPE_API_KEY").map(SecretString::from);
        let basic_flags = self.pass.is_some() || self.pass_file.is_some();
        if !basic_flags && let Some(key) = given("TINTYPE_API_KEY_FILE", &key, key_file.as_deref())? {
            return Ok(Credentials::ApiKey(key));
        }
        if let Some(user) = env("TINTYPE_USER") {
            return self.basic(user, env, url);
        }
        if !basic_flags && let Some(key) = env("EC_API_KEY") {
            return Ok(Credentials::ApiKey(key.into()));
        }
        match env("EC_USER") {
            Some(user) => self.basic(user, env, url),
            None if basic_flags => Err(CliError::Usage(
                "a password without a user: give --user NAME too".into(),
            )),
            None => {
                let place = Place::if_any(env, url);
                let saved = place.map(Saved::load).transpose()?.flatten();
                Ok(saved.map_or(Credentials::None, Credentials::Session))
            }
        }
    }

    fn basic(&self, user: String, env: Env<'_>, url: &Url) -> Result<Credentials> {
        if user.contains(':') {
            return Err(CliError::Usage("--user: a name cannot contain ':'".into()));
        }
        let flag = given("--pass-file", &self.pass, self.pass_file.as_deref())?;
        let file = env("TINTYPE_PASSWORD_FILE").map(PathBuf::from);
        let variable = env("TINTYPE_PASSWORD").map(SecretString::from);
        let password = match flag {
            Some(password) => Some(password),
            None => given("TINTYPE_PASSWORD_FILE", &variable, file.as_deref())?
                .or(env("EC_PASS").map(SecretString::from)),
        };
        let password = match password {
            Some(password) => Some(password),
            None => secret::prompt(&format!("Password of {user} at {url}"))?,
        };
        match password {
            Some(password) => Ok(Credentials::Basic(user, password)),
            None => Err(CliError::Usage(format!(
                "no password for {user}: give --pass-file FILE or TINTYPE_PASSWORD"
            ))),
        }
    }
}

fn first<const N: usize>(values: [Option<String>; N]) -> Option<String> {
    values.into_iter().flatten().next()
}

/// The value, or else the file's content.
fn given(option: &str, value: &Option<SecretString>, file: Option<&Path>) -> Result<Option<SecretString>> {
    match (value, file) {
        (Some(value), _) => Ok(Some(value.clone())),
        (None, Some(path)) => secret::from_file(option, path).map(Some),
        (None, None) => Ok(None),
    }
}

/// An address without its credentials in any message.
fn parse_url(text: &str) -> Result<Url> {
    let text = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    let url: Url = text
        .parse()
        .map_err(|error| CliError::Usage(format!("--url is not an address: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(CliError::Usage(
            "--url: credentials do not belong into the address: use --user or --api-key".into(),
        ));
    }
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(CliError::Usage(
            "--url: it must begin with http:// or https://".into(),
        ));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use std::collections::HashMap;

    fn shown(global: &Global, variables: &[(&str, &str)]) -> Result<String> {
        let map: HashMap<_, _> = variables
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let connection = global.connection(&|name| map.get(name).cloned())?;
        Ok(match connection.credentials {
            Credentials::None => "none".to_owned(),
            Credentials::ApiKey(key) => format!("key {}", key.expose_secret()),
            Credentials::Basic(user, pass) => format!("{user}:{}", pass.expose_secret()),
            Credentials::Session(saved) => format!("session {}", saved.token().expose_secret()),
        })
    }

    #[test]
    fn flags_beat_variables_and_ours_beat_ece_s() {
        let all = [
            ("TINTYPE_API_KEY", "t"),
            ("TINTYPE_USER", "tu"),
            ("TINTYPE_PASSWORD", "tp"),
            ("EC_API_KEY", "e"),
            ("EC_USER", "eu"),
            ("EC_PASS", "ep"),
        ];
        let none = Global::default();
        for (skip, expected) in [
            (0, "key t"),
            (1, "tu:tp"),
            (3, "key e"),
            (4, "eu:ep"),
            (6, "none"),
        ] {
            assert_eq!(shown(&none, &all[skip..]).unwrap(), expected);
        }
        let user = Global {
            user: Some("fu".into()),
            ..Global::default()
        };
        assert_eq!(shown(&user, &all).unwrap(), "fu:tp");
        let pass = Global {
            pass: Some("fp".into()),
            ..Global::default()
        };
        assert_eq!(shown(&pass, &all).unwrap(), "tu:fp");
        assert_eq!(shown(&pass, &[]).unwrap_err().exit_code(), 2);
        let key = Global {
            api_key: Some("fk".into()),
            ..Global::default()
        };
        assert_eq!(shown(&key, &all).unwrap(), "key fk");
    }

    #[test]
    fn secrets_come_from_files_too() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, "from-file\n").unwrap();
        let file = path.to_str().unwrap();
        assert_eq!(
            shown(&Global::default(), &[("TINTYPE_API_KEY_FILE", file)]).unwrap(),
            "key from-file"
        );
        let basic = [("TINTYPE_USER", "u"), ("TINTYPE_PASSWORD_FILE", file)];
        assert_eq!(shown(&Global::default(), &basic).unwrap(), "u:from-file");
        let flag = Global {
            api_key_file: Some(path.clone()),
            ..Global::default()
        };
        assert_eq!(
            shown(&flag, &[("TINTYPE_API_KEY", "env")]).unwrap(),
            "key from-file"
        );
    }

    #[test]
    fn addresses_never_carry_credentials() {
        for bad in ["http://u:hidden@host", "ftp://host", "http://", "http://u@host"] {
            let error = parse_url(bad).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(!error.to_string().contains("hidden"), "{error}");
        }
        assert_eq!(
            parse_url("localhost:9400").unwrap().as_str(),
            "http://localhost:9400/"
        );
    }

    #[test]
    fn credentials_in_the_clear_are_noticed_beyond_loopback() {
        for (url, key, exposed) in [
            ("http://tintype.example:9400", Some("k"), true),
            ("http://10.0.0.1", Some("k"), true),
            ("http://10.0.0.1", None, false),
            ("https://10.0.0.1", Some("k"), false),
            ("http://localhost:9400", Some("k"), false),
            ("http://127.0.0.1:9400", Some("k"), false),
            ("http://[::1]:9400", Some("k"), false),
        ] {
            let global = Global {
                url: Some(url.into()),
                api_key: key.map(Into::into),
                ..Global::default()
            };
            let connection = global.connection(&|_| None).unwrap();
            assert_eq!(connection.exposes_credentials(), exposed, "{url}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let global = Global {
            api_key: Some("hidden".into()),
            pass: Some("hidden".into()),
            ..Global::default()
        };
        assert!(!format!("{global:?}").contains("hidden"));
    }
}
