//! The sessions of this user, one for each server: `tintype/sessions.json` in the directory for configuration, readable
//! by nobody else.

use crate::cli::error::{CliError, Result};
use crate::cli::global::Env;
use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use url::Url;

/// The file's content: servers and their sessions.
type Sessions = BTreeMap<String, Entry>;

#[derive(Serialize, Deserialize)]
struct Entry {
    user: String,
    #[serde(serialize_with = "in_the_file")]
    token: SecretString,
}

fn in_the_file<S: serde::Serializer>(
    token: &SecretString,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(token.expose_secret())
}

/// Where the session with a server is kept.
#[derive(Debug, Clone)]
pub struct Place {
    file: PathBuf,
    server: String,
}

impl Place {
    /// The place for this server.
    ///
    /// # Errors
    /// Usage: neither `XDG_CONFIG_HOME` nor `HOME` is set.
    pub fn of(env: Env<'_>, server: &Url) -> Result<Self> {
        let missing = || CliError::Usage("nowhere to keep a session: set HOME or XDG_CONFIG_HOME".into());
        Self::if_any(env, server).ok_or_else(missing)
    }

    /// The place for this server; `None` without a home.
    pub fn if_any(env: Env<'_>, server: &Url) -> Option<Self> {
        let config = env("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute());
        let base = config.or_else(|| env("HOME").map(|home| Path::new(&home).join(".config")))?;
        Some(Self {
            file: base.join("tintype/sessions.json"),
            server: server.as_str().trim_end_matches('/').to_owned(),
        })
    }

    fn read(&self) -> Result<Sessions> {
        let bad = |why: &str| CliError::Usage(format!("{}: {why}", self.file.display()));
        let mode = match std::fs::metadata(&self.file) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Sessions::new()),
            found => found
                .map_err(|error| bad(&error.to_string()))?
                .permissions()
                .mode(),
        };
        if mode & 0o077 != 0 {
            return Err(bad(
                "others may read it: run chmod 600 on it, or delete it and sign in again",
            ));
        }
        let bytes = std::fs::read(&self.file).map_err(|error| bad(&error.to_string()))?;
        // The parser's own words could quote a token.
        serde_json::from_slice(&bytes).map_err(|_| bad("it is damaged: delete it and sign in again"))
    }

    /// Replaces the file whole, so that a reader never sees half of it.
    fn write(&self, sessions: &Sessions) -> Result<()> {
        let failed = |error: std::io::Error| CliError::Failed(format!("{}: {error}", self.file.display()));
        let directory = self.file.parent().unwrap_or(Path::new("."));
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(failed)?;
        let text = serde_json::to_vec_pretty(sessions).map_err(|error| failed(error.into()))?;
        let new = self.file.with_extension(format!("json.{}", std::process::id()));
        let put = || {
            let mut file = std::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&new)?;
            file.write_all(&text)?;
            file.sync_all()?;
            std::fs::rename(&new, &self.file)
        };
        put().map_err(|error| {
            let _ = std::fs::remove_file(&new);
            failed(error)
        })
    }
}

/// A session and where it is kept.
#[derive(Debug, Clone)]
pub struct Saved {
    place: Place,
    user: String,
    token: SecretString,
}

impl Saved {
    /// A session that is not kept yet.
    pub fn new(place: Place, user: String, token: SecretString) -> Self {
        Self { place, user, token }
    }

    /// The session that is kept there.
    ///
    /// # Errors
    /// Usage: the file is damaged, or others may read it.
    pub fn load(place: Place) -> Result<Option<Self>> {
        let entry = place.read()?.remove(&place.server);
        Ok(entry.map(|entry| Self::new(place, entry.user, entry.token)))
    }

    /// Its token.
    pub fn token(&self) -> &SecretString {
        &self.token
    }

    /// Keeps it, in the place of another with the same server.
    ///
    /// # Errors
    /// Usage and Failed: the file cannot be read or written.
    pub fn keep(&self) -> Result<()> {
        let mut sessions = self.place.read()?;
        let entry = Entry {
            user: self.user.clone(),
            token: self.token.clone(),
        };
        sessions.insert(self.place.server.clone(), entry);
        self.place.write(&sessions)
    }

    /// Keeps another token of it.
    ///
    /// # Errors
    /// As [`Saved::keep`].
    pub fn replace(&mut self, token: SecretString) -> Result<()> {
        self.token = token;
        self.keep()
    }

    /// Keeps its next token, unless another command has kept one meanwhile: that may be of an elevated session.
    ///
    /// # Errors
    /// As [`Saved::keep`].
    pub fn renew(&mut self, token: SecretString) -> Result<()> {
        let kept = Self::load(self.place.clone())?;
        let ours = kept.is_some_and(|kept| kept.token.expose_secret() == self.token.expose_secret());
        self.token = token;
        if ours { self.keep() } else { Ok(()) }
    }

    /// Forgets it.
    ///
    /// # Errors
    /// As [`Saved::keep`].
    pub fn forget(&self) -> Result<()> {
        let mut sessions = self.place.read()?;
        sessions.remove(&self.place.server);
        self.place.write(&sessions)
    }

    /// More than half of its token's life is over.
    pub fn is_due(&self, now: Timestamp) -> bool {
        #[derive(Deserialize)]
        struct Life {
            iat: i64,
            exp: i64,
        }
        let payload = self.token.expose_secret().split('.').nth(1);
        let bytes = payload.and_then(|payload| BASE64URL_NOPAD.decode(payload.as_bytes()).ok());
        let life = bytes.and_then(|bytes| serde_json::from_slice::<Life>(&bytes).ok());
        life.is_some_and(|life| now.as_second() >= life.iat.saturating_add(life.exp) / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(home: &Path, server: &str) -> Place {
        let home = home.to_str().unwrap().to_owned();
        let env = move |name: &str| (name == "HOME").then(|| home.clone());
        Place::of(&env, &server.parse().unwrap()).unwrap()
    }

    fn token(place: Place) -> Option<String> {
        let saved = Saved::load(place).unwrap()?;
        Some(saved.token().expose_secret().to_owned())
    }

    #[test]
    fn each_server_has_one_session_which_nobody_else_can_read() {
        let home = tempfile::tempdir().unwrap();
        let (a, b) = (
            place(home.path(), "http://a:1"),
            place(home.path(), "https://b/x/"),
        );
        Saved::new(a.clone(), "u".into(), "1".into()).keep().unwrap();
        Saved::new(b.clone(), "u".into(), "2".into()).keep().unwrap();
        Saved::new(a.clone(), "v".into(), "3".into()).keep().unwrap();
        assert_eq!(
            (token(a.clone()).as_deref(), token(b.clone()).as_deref()),
            (Some("3"), Some("2"))
        );
        let mode = std::fs::metadata(&a.file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        Saved::load(a.clone()).unwrap().unwrap().forget().unwrap();
        assert_eq!((token(a.clone()), token(b.clone()).as_deref()), (None, Some("2")));
        std::fs::set_permissions(&a.file, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Saved::load(b).unwrap_err().to_string().contains("chmod 600"));
    }

    #[test]
    fn a_token_that_another_command_kept_is_not_overwritten_by_a_refresh() {
        let home = tempfile::tempdir().unwrap();
        let place = place(home.path(), "http://a:1");
        let mut first = Saved::new(place.clone(), "u".into(), "1".into());
        first.keep().unwrap();
        let mut other = Saved::load(place.clone()).unwrap().unwrap();
        other.replace("elevated".into()).unwrap();
        first.renew("2".into()).unwrap();
        assert_eq!(token(place.clone()).as_deref(), Some("elevated"));
        other.renew("3".into()).unwrap();
        assert_eq!(token(place).as_deref(), Some("3"));
    }

    #[test]
    fn a_token_is_due_in_the_second_half_of_its_life() {
        let home = tempfile::tempdir().unwrap();
        let payload = BASE64URL_NOPAD.encode(br#"{"iat":1000,"exp":2000}"#);
        let saved = Saved::new(
            place(home.path(), "http://a:1"),
            "u".into(),
            format!("h.{payload}.s").into(),
        );
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(!saved.is_due(at(1499)) && saved.is_due(at(1500)));
        assert!(!Saved::new(saved.place.clone(), "u".into(), "no JWT".into()).is_due(at(9999)));
        assert!(!format!("{saved:?}").contains(&payload));
    }
}
