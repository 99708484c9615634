//! A file of clusters: YAML or JSON, a list of what `POST /clusters` takes, where a secret may also be named by the
//! file (`password_file`) or the variable (`password_env`) that holds it.

use super::attach::refuse_credentials;
use super::many::Row;
use crate::cli::error::{CliError, Result};
use crate::cli::global::Env;
use crate::cli::secret;
use crate::error::member_path;
use crate::model::{ClusterId, RepositoryName};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Longer files are no lists of clusters.
const LONGEST: u64 = 16 << 20;
const TEXTS: [&str; 9] = [
    "id",
    "name",
    "url",
    "access",
    "ca",
    "fingerprint",
    "repository",
    "engine_repository",
    "location",
];
const FLAGS: [&str; 2] = ["allow_plain_http", "adopt"];
const AUTH: [&str; 7] = [
    "type",
    "username",
    "password",
    "api_key",
    "token",
    "certificate",
    "key",
];
/// What each kind of authentication needs, and takes nothing else.
const KINDS: [(&str, &[&str]); 5] = [
    ("none", &[]),
    ("basic", &["username", "password"]),
    ("api_key", &["api_key"]),
    ("bearer", &["token"]),
    ("certificate", &["certificate", "key"]),
];

/// Reads the rows and what they refer to. All of them are checked before the first one is sent.
///
/// # Errors
/// Usage, naming each wrong row by its position and its member.
pub fn read(path: &Path, env: Env<'_>) -> Result<Vec<Row>> {
    let list = parse(path)?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let mut reader = Reader {
        folder,
        env,
        problems: Vec::new(),
    };
    let rows: Vec<Row> = list
        .into_iter()
        .enumerate()
        .map(|(at, value)| reader.row(at + 1, value))
        .collect();
    reader.once(&rows, "id");
    reader.once(&rows, "url");
    if reader.problems.is_empty() {
        return Ok(rows);
    }
    let problems = reader.problems.join("\n  ");
    Err(CliError::Usage(format!(
        "{}: nothing was attached:\n  {problems}",
        path.display()
    )))
}

fn parse(path: &Path) -> Result<Vec<Value>> {
    let bad = |why: String| CliError::Usage(format!("--file: {}: {why}", path.display()));
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin()
            .lock()
            .take(LONGEST + 1)
            .read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text))
    };
    read.map_err(|error| bad(error.to_string()))?;
    if text.len() as u64 > LONGEST {
        return Err(bad("longer than 16 MiB".to_owned()));
    }
    // JSON is YAML. The parser's words may quote the line, and a secret may stand in it: only the place is told.
    let value: Value = serde_yaml_ng::from_str(&text).map_err(|error| match error.location() {
        Some(at) => bad(format!(
            "no YAML or JSON at line {}, column {}",
            at.line(),
            at.column()
        )),
        None => bad("no YAML or JSON".to_owned()),
    })?;
    let list = match value {
        Value::Array(list) => list,
        Value::Object(mut whole) if whole.len() == 1 => match whole.remove("clusters") {
            Some(Value::Array(list)) => list,
            _ => return Err(bad("give a list of clusters, or `clusters:` with one".to_owned())),
        },
        _ => return Err(bad("give a list of clusters, or `clusters:` with one".to_owned())),
    };
    if list.is_empty() {
        return Err(bad("there is no cluster in it".to_owned()));
    }
    Ok(list)
}

struct Reader<'a> {
    /// Files are named relative to the list.
    folder: PathBuf,
    env: Env<'a>,
    problems: Vec<String>,
}

/// A row while it is read.
struct Place {
    row: usize,
    name: String,
}

impl Reader<'_> {
    fn problem(&mut self, place: &Place, member: &str, why: &str) {
        let name = if place.name.is_empty() {
            String::new()
        } else {
            format!(" ({})", place.name)
        };
        self.problems
            .push(format!("row {}{name}, {member}: {why}", place.row));
    }

    fn row(&mut self, row: usize, value: Value) -> Row {
        let Value::Object(mut body) = value else {
            let nameless = Place {
                row,
                name: String::new(),
            };
            self.problem(&nameless, "the row", "it must have members such as url");
            return Row::default();
        };
        let text = |member: &str| body.get(member).and_then(Value::as_str);
        // An address with credentials in it is not shown.
        let url = text("url").filter(|url| is_address(url) && refuse_credentials(url).is_ok());
        let name = text("name").or(text("id")).or(url);
        let place = Place {
            row,
            name: name.unwrap_or_default().to_owned(),
        };
        self.refer(&place, "", &mut body, &["ca"], &[]);
        if let Some(auth) = body.get_mut("auth") {
            self.auth(&place, auth);
        }
        self.members(&place, &body);
        body.entry("access").or_insert("observe".into());
        Row {
            shown: Map::from_iter([("row".to_owned(), row.into())]),
            body,
            fallback: None,
        }
    }

    fn members(&mut self, place: &Place, body: &Map<String, Value>) {
        for (member, value) in body {
            match member.as_str() {
                "auth" => {}
                text if TEXTS.contains(&text) => {
                    if !value.is_string() {
                        self.problem(place, member, "it must be a text");
                    }
                }
                flag if FLAGS.contains(&flag) => {
                    if !value.is_boolean() {
                        self.problem(place, member, "it must be true or false");
                    }
                }
                other => {
                    let known: Vec<&str> = TEXTS
                        .iter()
                        .chain(&FLAGS)
                        .copied()
                        .chain(["auth", "ca_file"])
                        .collect();
                    self.unknown(place, other, &known);
                }
            }
        }
        let text = |member: &str| body.get(member).and_then(Value::as_str);
        match text("url") {
            None => self.problem(place, "url", "it is missing"),
            Some(url) if refuse_credentials(url).is_err() => {
                self.problem(
                    place,
                    "url",
                    "credentials do not belong into an address; use auth",
                );
            }
            Some(url) if !is_address(url) => {
                self.problem(place, "url", "it must be http:// or https:// with a host");
            }
            Some(_) => {}
        }
        if let Some(level) = text("access")
            && !["observe", "take", "operate"].contains(&level)
        {
            self.problem(place, "access", "it must be observe, take or operate");
        }
        if let Some(Err(error)) = text("id").map(str::parse::<ClusterId>) {
            self.problem(place, "id", &error.to_string());
        }
        for member in ["repository", "engine_repository"] {
            if let Some(Err(error)) = text(member).map(str::parse::<RepositoryName>) {
                self.problem(place, member, &error.to_string());
            }
        }
    }

    fn auth(&mut self, place: &Place, auth: &mut Value) {
        let Value::Object(auth) = auth else {
            return self.problem(place, "auth", "it must have members such as type");
        };
        let (files, variables) = (
            ["password", "api_key", "token", "certificate", "key"],
            ["password", "api_key", "token", "key"],
        );
        self.refer(place, "auth.", auth, &files, &variables);
        let kind = auth.get("type").and_then(Value::as_str).map(str::to_owned);
        let needed = KINDS
            .iter()
            .find(|(name, _)| Some(*name) == kind.as_deref())
            .map(|(_, needed)| *needed);
        let Some(needed) = needed else {
            let why = "it must be none, basic, api_key, bearer or certificate";
            return self.problem(place, "auth.type", why);
        };
        for member in needed.iter().filter(|member| !auth.contains_key(**member)) {
            self.problem(place, &format!("auth.{member}"), "it is missing for this type");
        }
        for (member, value) in &*auth {
            let shown = format!("auth.{member}");
            if !AUTH.contains(&member.as_str()) {
                self.unknown(place, &shown, &AUTH.map(|known| known));
            } else if member != "type" && !needed.contains(&member.as_str()) {
                self.problem(place, &shown, "it does not go with this type");
            } else if !value.is_string() {
                self.problem(place, &shown, "it must be a text");
            }
        }
    }

    /// Replaces `X_file` and `X_env` by `X`.
    fn refer(
        &mut self,
        place: &Place,
        prefix: &str,
        members: &mut Map<String, Value>,
        files: &[&str],
        variables: &[&str],
    ) {
        let mut found: HashMap<&str, usize> = HashMap::new();
        for member in files {
            *found.entry(member).or_default() += usize::from(members.contains_key(*member));
            if let Some(path) = members.remove(&format!("{member}_file")) {
                *found.entry(member).or_default() += 1;
                let shown = format!("{prefix}{member}_file");
                let path = self.folder.join(path.as_str().unwrap_or_default());
                match secret::from_file(&shown, &path) {
                    Ok(text) => drop(members.insert((*member).to_owned(), text.expose_secret().into())),
                    Err(error) => self.problem(place, &shown, &error.to_string()),
                }
            }
        }
        for member in variables {
            if let Some(name) = members.remove(&format!("{member}_env")) {
                *found.entry(member).or_default() += 1;
                let shown = format!("{prefix}{member}_env");
                let name = name.as_str().unwrap_or_default();
                match (self.env)(name) {
                    Some(text) => drop(members.insert((*member).to_owned(), text.into())),
                    None => self.problem(place, &shown, "the variable that it names is not set"),
                }
            }
        }
        for (member, _) in found.into_iter().filter(|(_, times)| *times > 1) {
            self.problem(place, &format!("{prefix}{member}"), "it is given in several ways");
        }
    }

    fn unknown(&mut self, place: &Place, member: &str, known: &[&str]) {
        let last = member.rsplit('.').next().unwrap_or(member);
        let close = known
            .iter()
            .map(|name| (strsim::jaro_winkler(last, name), name))
            .filter(|(score, _)| *score > 0.8)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let why = match close {
            Some((_, name)) => format!("there is no such member; {name} is one"),
            None => format!("there is no such member; there are {}", known.join(", ")),
        };
        self.problem(place, &member_path(member), &why);
    }

    /// No two rows say the same.
    fn once(&mut self, rows: &[Row], member: &str) {
        let mut first: HashMap<&str, usize> = HashMap::new();
        for (at, row) in rows.iter().enumerate() {
            let Some(value) = row.body.get(member).and_then(Value::as_str) else {
                continue;
            };
            if let Some(before) = first.insert(value, at + 1) {
                let place = Place {
                    row: at + 1,
                    name: value.to_owned(),
                };
                self.problem(&place, member, &format!("row {before} has the same"));
            }
        }
    }
}

fn is_address(url: &str) -> bool {
    url.parse::<url::Url>()
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read_text(text: &str) -> Result<Vec<Row>> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("password"), "from-file\n").unwrap();
        let path = dir.path().join("clusters.yaml");
        std::fs::write(&path, text).unwrap();
        read(&path, &|name| (name == "KEY").then(|| "from-variable".to_owned()))
    }

    #[test]
    fn secrets_come_from_files_and_variables() {
        let rows = read_text(
            "- {url: 'https://a:9200', id: a, access: take, auth: {type: basic, username: u, password_file: password}}\n\
             - url: https://b:9200\n  auth: {type: api_key, api_key_env: KEY}\n",
        );
        let bodies: Vec<Value> = rows.unwrap().into_iter().map(|row| row.body.into()).collect();
        let expected = json!([
            {"url": "https://a:9200", "id": "a", "access": "take",
             "auth": {"type": "basic", "username": "u", "password": "from-file"}},
            {"url": "https://b:9200", "access": "observe", "auth": {"type": "api_key", "api_key": "from-variable"}},
        ]);
        assert_eq!(Value::Array(bodies), expected);
    }

    #[test]
    fn every_wrong_row_is_named_by_position_and_member() {
        let text = json!({"clusters": [
            {"url": "https://a:9200", "id": "a"},
            {"name": "logs", "acces": "take"},
            {"url": "ftp://a", "id": "a", "adopt": "yes", "access": "all"},
            {"url": "https://u:hunter2@a", "auth": {"type": "basic", "username": "u", "password_env": "NOPE"}},
            {"url": "https://d", "auth": {"type": "bearer", "token": "t", "token_env": "KEY", "username": "u"}},
            "x",
        ]});
        let error = read_text(&text.to_string()).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let words = error.to_string();
        for expected in [
            "row 2 (logs), url: it is missing",
            "row 2 (logs), acces: there is no such member; access is one",
            "row 3 (a), url: it must be http:// or https://",
            "row 3 (a), adopt: it must be true or false",
            "row 3 (a), access: it must be observe, take or operate",
            "row 3 (a), id: row 1 has the same",
            "url: credentials do not belong",
            "auth.password_env: the variable that it names is not set",
            "auth.token: it is given in several ways",
            "auth.username: it does not go with this type",
            "row 6, the row: it must have members",
        ] {
            assert!(words.contains(expected), "{expected}: {words}");
        }
        assert!(!words.contains("auth.token: it must be"), "{words}");
    }

    #[test]
    fn what_is_no_list_is_refused_without_its_text() {
        for bad in [
            "",
            "[]",
            "url: x",
            "{clusters: 1}",
            "- {password: 'hunter2",
            "clusters: [a",
        ] {
            let error = read_text(bad).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{bad}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
