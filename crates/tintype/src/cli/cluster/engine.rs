//! How the server reaches a cluster's engine: the options that `attach` and `update` share.

use crate::cli::error::{CliError, Result};
use crate::cli::global::{Env, secret_value};
use crate::cli::secret;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Options about the engine.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Engine")]
pub struct EngineArgs {
    /// The user's name on the engine
    #[arg(long, value_name = "NAME")]
    pub engine_user: Option<String>,
    /// A file with the engine's password, else it is asked for [env: TINTYPE_ENGINE_PASSWORD, TINTYPE_ENGINE_PASSWORD_FILE]
    #[arg(
        long,
        value_name = "FILE",
        requires = "engine_user",
        conflicts_with = "engine_password"
    )]
    pub engine_password_file: Option<PathBuf>,
    /// The engine's password; better by file or variable
    #[arg(long, value_name = "PASSWORD", requires = "engine_user", value_parser = secret_value)]
    pub engine_password: Option<SecretString>,
    /// A file with an encoded API key of the engine
    #[arg(long, value_name = "FILE", conflicts_with_all = ["engine_user", "engine_bearer_file", "engine_cert"])]
    pub engine_api_key_file: Option<PathBuf>,
    /// A file with a bearer token of the engine
    #[arg(long, value_name = "FILE", conflicts_with_all = ["engine_user", "engine_cert"])]
    pub engine_bearer_file: Option<PathBuf>,
    /// A client certificate for the engine, PEM
    #[arg(
        long,
        value_name = "FILE",
        requires = "engine_key_file",
        conflicts_with = "engine_user"
    )]
    pub engine_cert: Option<PathBuf>,
    /// The client certificate's private key, PEM
    #[arg(long, value_name = "FILE", requires = "engine_cert")]
    pub engine_key_file: Option<PathBuf>,
    /// The only certificate authorities to trust for the engine, PEM
    #[arg(long, value_name = "FILE")]
    pub engine_ca: Option<PathBuf>,
    /// The only certificate to trust for the engine: its SHA-256 in hexadecimal
    #[arg(long, visible_alias = "fingerprint", value_name = "SHA256")]
    pub engine_fingerprint: Option<String>,
    /// What may be sent to the engine
    #[arg(long, value_parser = ["observe", "take", "operate"])]
    pub access: Option<String>,
    /// Credentials may cross plain HTTP beyond loopback
    #[arg(long)]
    pub allow_plain_http: bool,
    /// The platform repository of this cluster
    #[arg(long, value_name = "NAME")]
    pub repository: Option<String>,
    /// The repository's name on the engine, when it has another there
    #[arg(long, value_name = "NAME")]
    pub engine_repository: Option<String>,
    /// The cluster's own location under the platform repository
    #[arg(long, value_name = "PATH")]
    pub location: Option<String>,
    /// Take the location that the engine already has under that name
    #[arg(long)]
    pub adopt: bool,
}

impl EngineArgs {
    /// The members of the API's request that were given.
    ///
    /// # Errors
    /// Usage: a file that cannot be used, or a password that is missing.
    pub fn members(&self, env: Env<'_>) -> Result<Map<String, Value>> {
        let mut members = Map::new();
        let mut set =
            |name: &str, value: Option<Value>| members.extend(value.map(|value| (name.to_owned(), value)));
        set("auth", self.auth(env)?);
        let ca = self
            .engine_ca
            .as_deref()
            .map(|path| secret::text_file("--engine-ca", path))
            .transpose()?;
        set("ca", ca.map(Value::from));
        set("fingerprint", self.engine_fingerprint.clone().map(Value::from));
        set("access", self.access.clone().map(Value::from));
        set(
            "allow_plain_http",
            self.allow_plain_http.then_some(Value::Bool(true)),
        );
        set("repository", self.repository.clone().map(Value::from));
        set(
            "engine_repository",
            self.engine_repository.clone().map(Value::from),
        );
        set("location", self.location.clone().map(Value::from));
        set("adopt", self.adopt.then_some(Value::Bool(true)));
        Ok(members)
    }

    fn auth(&self, env: Env<'_>) -> Result<Option<Value>> {
        if let Some(path) = &self.engine_api_key_file {
            let key = secret::from_file("--engine-api-key-file", path)?;
            return Ok(Some(json!({"type": "api_key", "api_key": key.expose_secret()})));
        }
        if let Some(path) = &self.engine_bearer_file {
            let token = secret::from_file("--engine-bearer-file", path)?;
            return Ok(Some(json!({"type": "bearer", "token": token.expose_secret()})));
        }
        if let (Some(certificate), Some(key)) = (&self.engine_cert, &self.engine_key_file) {
            let certificate = secret::text_file("--engine-cert", certificate)?;
            let key = secret::from_file("--engine-key-file", key)?;
            return Ok(Some(
                json!({"type": "certificate", "certificate": certificate, "key": key.expose_secret()}),
            ));
        }
        let Some(user) = &self.engine_user else {
            return Ok(None);
        };
        let password = self.password(user, env)?;
        Ok(Some(
            json!({"type": "basic", "username": user, "password": password.expose_secret()}),
        ))
    }

    fn password(&self, user: &str, env: Env<'_>) -> Result<SecretString> {
        if let Some(path) = &self.engine_password_file {
            return secret::from_file("--engine-password-file", path);
        }
        if let Some(password) = &self.engine_password {
            return Ok(password.clone());
        }
        if let Some(password) = env("TINTYPE_ENGINE_PASSWORD") {
            return Ok(password.into());
        }
        if let Some(path) = env("TINTYPE_ENGINE_PASSWORD_FILE") {
            return secret::from_file("TINTYPE_ENGINE_PASSWORD_FILE", path.as_ref());
        }
        let missing =
            "no password for the engine: give --engine-password-file FILE or TINTYPE_ENGINE_PASSWORD";
        secret::prompt(&format!("Password of {user} on the engine"))?
            .ok_or_else(|| CliError::Usage(missing.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_given_is_sent() {
        let args = EngineArgs {
            access: Some("take".into()),
            ..EngineArgs::default()
        };
        assert_eq!(
            Value::Object(args.members(&|_| None).unwrap()),
            json!({"access": "take"})
        );
    }

    #[test]
    fn each_way_to_prove_oneself_has_its_shape() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, format!("{name}\n")).unwrap();
            Some(path)
        };
        let none = EngineArgs::default;
        let cases = [
            (
                EngineArgs {
                    engine_api_key_file: file("k"),
                    ..none()
                },
                json!({"type": "api_key", "api_key": "k"}),
            ),
            (
                EngineArgs {
                    engine_bearer_file: file("t"),
                    ..none()
                },
                json!({"type": "bearer", "token": "t"}),
            ),
            (
                EngineArgs {
                    engine_cert: file("c"),
                    engine_key_file: file("y"),
                    ..none()
                },
                json!({"type": "certificate", "certificate": "c", "key": "y"}),
            ),
            (
                EngineArgs {
                    engine_user: Some("u".into()),
                    engine_password_file: file("p"),
                    ..none()
                },
                json!({"type": "basic", "username": "u", "password": "p"}),
            ),
        ];
        for (args, auth) in cases {
            assert_eq!(args.auth(&|_| None).unwrap(), Some(auth));
        }
        let user = EngineArgs {
            engine_user: Some("u".into()),
            ..none()
        };
        let variable = |name: &str| (name == "TINTYPE_ENGINE_PASSWORD").then(|| "v".to_owned());
        assert_eq!(user.auth(&variable).unwrap().unwrap()["password"], "v");
    }
}
