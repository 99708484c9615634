//! The text of the script. Everything that comes from outside is quoted for the shell, or stands in a comment on one line.

use super::Facts;
use serde_json::{Value, json};
use std::fmt::Write;

/// The script.
pub fn render(facts: &Facts<'_>) -> String {
    let mut script = head(facts);
    script += &variables(facts);
    script += ASK;
    script += &steps(facts);
    script
}

fn head(facts: &Facts<'_>) -> String {
    let lines = [
        format!(
            "Restores the snapshot {}/{} of cluster {} ({}) with curl alone.",
            facts.repository, facts.name, facts.cluster.id, facts.cluster.name
        ),
        format!("State {}, begun {}.", facts.state, facts.taken),
        format!("Known from {}.", facts.source),
        String::new(),
        format!("Made by {} {}.", family(facts), facts.version),
        format!("Can be read by {}.", readers(&facts.cluster.distribution, &facts.version)),
        String::new(),
        "Nothing that exists is overwritten: the repository is registered read-only under a name of its own, and the \
         indices get a prefix."
            .to_owned(),
    ];
    let mut text = "#!/usr/bin/env bash\n".to_owned();
    for line in lines {
        text += comment(&line).as_str();
    }
    text + "set -euo pipefail\n\n"
}

/// One line, whatever is in it.
fn comment(line: &str) -> String {
    let line: String = line
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    format!("# {line}").trim_end().to_owned() + "\n"
}

fn variables(facts: &Facts<'_>) -> String {
    let mut text = String::new();
    let mut set = |why: &[&str], name: &str, value: &str| {
        for line in why {
            text.push_str(&comment(line));
        }
        // A default in its own variable, since quotes inside of "${A:-…}" would be part of the value.
        let _ = writeln!(
            text,
            "default={}\n{name}=\"${{{name}-$default}}\"\n",
            quoted(value)
        );
    };
    set(
        &["The engine to restore on: the same one, or another that can read the storage."],
        "ES_URL",
        "https://localhost:9200",
    );
    set(
        &[
            "A file of curl options with the credentials, so that they are in no process list; empty: none. For example",
            "  user = \"NAME:PASSWORD\"        or  header = \"Authorization: ApiKey ENCODED_KEY\"",
            "  cacert = \"/path/to/ca.pem\"",
        ],
        "CURL_CONFIG",
        "",
    );
    set(
        &["The name under which the repository is registered, read-only. One that exists is used as it is."],
        "REPOSITORY",
        &format!("{}-readonly", facts.repository),
    );
    set(&[], "SNAPSHOT", &facts.name);
    let (chosen, left_out) = indices(facts);
    let left_out = left_out.join(", ");
    let why = [
        "What to restore, by commas. Left out by default, since engines manage them themselves: ",
        if left_out.is_empty() { "nothing" } else { &left_out },
    ]
    .concat();
    set(&[&why], "INDICES", &chosen.join(","));
    set(
        &["Put before each name. Empty: the original names, which must then not exist."],
        "PREFIX",
        "restored-",
    );
    text
}

/// Those to restore by default, and those that are not: hidden and system indices, unless there are no others.
fn indices<'a>(facts: &'a Facts<'_>) -> (Vec<&'a str>, Vec<&'a str>) {
    let all = facts.indices.iter().map(String::as_str);
    let (dotted, mut plain): (Vec<&str>, Vec<&str>) = all.partition(|name| name.starts_with('.'));
    plain.extend(facts.data_streams.iter().map(String::as_str));
    if plain.is_empty() {
        (dotted, Vec::new())
    } else {
        (plain, dotted)
    }
}

/// Prints an answer, and fails when its status does.
const ASK: &str = r#"# METHOD PATH [BODY]: prints the answer; fails when the engine does.
ask() {
  local answer status
  answer=$(curl --silent --show-error ${CURL_CONFIG:+--config "$CURL_CONFIG"} --request "$1" "$ES_URL$2" \
    --header 'Content-Type: application/json' ${3:+--data "$3"} --write-out '\n%{http_code}')
  status=${answer##*$'\n'}
  printf '%s\n' "${answer%$'\n'*}"
  [ "$status" -lt 400 ] || { echo "$1 $2: HTTP $status" >&2; return 1; }
}

"#;

fn steps(facts: &Facts<'_>) -> String {
    let mut settings = facts.settings.clone();
    settings.insert("readonly".to_owned(), Value::Bool(true));
    let body = json!({ "type": facts.kind, "settings": settings }).to_string();
    let mut text = comment("1. Which engine answers?");
    text += "ask GET '/_nodes?filter_path=cluster_name,nodes.*.version'\n\n";
    text += &comment("2. Register the repository, read-only.");
    for line in storage(facts) {
        text += &comment(&line);
    }
    let _ = writeln!(
        text,
        "if ! ask GET \"/_snapshot/$REPOSITORY\" >/dev/null 2>&1; then\n  ask PUT \"/_snapshot/$REPOSITORY?verify=false\" {}\nfi\n",
        quoted(&body)
    );
    text += &comment("3. The snapshot is there, and is the one that is meant.");
    text += "found=$(ask GET \"/_snapshot/$REPOSITORY/$SNAPSHOT\")\nprintf '%s\\n' \"$found\"\n";
    if let Some(uuid) = &facts.uuid {
        let _ = writeln!(
            text,
            "case $found in *{}*) ;; *) echo 'another snapshot has its name' >&2; exit 1 ;; esac",
            quoted(uuid)
        );
    }
    text.push('\n');
    text + RESTORE
}

const RESTORE: &str = r##"# 4. Restore. The cluster's global state stays as it is.
ask POST "/_snapshot/$REPOSITORY/$SNAPSHOT/_restore?wait_for_completion=false" "{
  \"indices\": \"$INDICES\",
  \"include_global_state\": false,
  \"include_aliases\": false,
  \"rename_pattern\": \"(.+)\",
  \"rename_replacement\": \"$PREFIX\$1\"
}"

# 5. Watch it until every primary has started. When one stays UNASSIGNED: ask GET /_cluster/allocation/explain
if [ -n "$PREFIX" ]; then TARGETS="$PREFIX*"; else TARGETS="$INDICES"; fi
while true; do
  shards=$(ask GET "/_cat/shards/$TARGETS?h=prirep,state")
  case $shards in
    '' | *'p UNASSIGNED'* | *'p INITIALIZING'*) ;;
    *) break ;;
  esac
  ask GET "/_cat/recovery/$TARGETS?v&active_only=true&h=index,shard,type,stage,files_percent,bytes_percent"
  sleep 1
done
ask GET "/_cat/recovery/$TARGETS?v&h=index,shard,type,stage,repository,snapshot"

# 6. The documents, to be compared with the same command on the cluster that was snapshotted.
ask GET "/_cat/indices/$TARGETS?v&h=index,health,docs.count&s=index"

# 7. When all is well, forget the registration. This deletes nothing from the storage.
# ask DELETE "/_snapshot/$REPOSITORY"
"##;

/// What an engine needs before it can use the storage.
fn storage(facts: &Facts<'_>) -> Vec<String> {
    let client = facts
        .settings
        .get("client")
        .and_then(Value::as_str)
        .unwrap_or("default");
    let tool = match family(facts) {
        "OpenSearch" => "bin/opensearch-keystore",
        _ => "bin/elasticsearch-keystore",
    };
    let keys: &[&str] = match facts.kind.as_str() {
        "s3" => &["access_key", "secret_key"],
        "azure" => &["account", "key"],
        "gcs" => &["credentials_file"],
        _ => &[],
    };
    let mut lines = Vec::new();
    if facts.kind == "fs" {
        lines.push(
            "Type fs: the location must be mounted at this path on every node, and be in path.repo of elasticsearch.yml \
             or opensearch.yml."
                .to_owned(),
        );
    }
    if !keys.is_empty() {
        lines.push(
            "Credentials: on every node, unless it has them from its instance or service account, run"
                .to_owned(),
        );
        let verb = if facts.kind == "gcs" { "add-file" } else { "add" };
        lines.extend(
            keys.iter()
                .map(|key| format!("  {tool} {verb} {}.client.{client}.{key}", facts.kind)),
        );
        lines.push("  then once: curl --request POST \"$ES_URL/_nodes/reload_secure_settings\"".to_owned());
    }
    if !facts.secrets.is_empty() {
        lines.push(format!(
            "Left out, since they are secrets: {}. If the storage needs them, they belong in the keystore.",
            facts.secrets.join(", ")
        ));
    }
    lines
}

fn family(facts: &Facts<'_>) -> &'static str {
    if facts.cluster.distribution == "opensearch" {
        "OpenSearch"
    } else {
        "Elasticsearch"
    }
}

/// Which engines can read a snapshot of this version: never an older one, and indices of one major version back.
fn readers(distribution: &str, version: &str) -> String {
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if distribution == "opensearch" {
        return format!(
            "OpenSearch {version} and newer {major}.x, and {next}.x (there, not the indices that were made before \
             {major}.0); no Elasticsearch",
            next = major + 1
        );
    }
    let newer = format!(
        "Elasticsearch {version} and newer {major}.x, and {next}.x (there, not the indices that were made before \
         {major}.0)",
        next = major + 1
    );
    match (major, minor) {
        (6, _) => newer + "; OpenSearch 1.x",
        (7, 0..=10) => newer + "; OpenSearch 1.x and 2.x (2.x: not the indices that were made before 7.0)",
        _ => newer + "; no OpenSearch",
    }
}

/// One word of the shell, exactly.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_word_is_one_word_whatever_is_in_it() {
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's $HOME `id`"), r"'it'\''s $HOME `id`'");
    }

    #[test]
    fn a_comment_cannot_be_left() {
        assert_eq!(comment("name\nrm -rf /"), "# name rm -rf /\n");
        assert_eq!(comment(""), "#\n");
    }

    #[test]
    fn no_older_engine_and_no_engine_two_majors_on_is_named() {
        let eight = readers("elasticsearch", "8.17.0");
        assert!(
            eight.starts_with("Elasticsearch 8.17.0 and newer 8.x, and 9.x"),
            "{eight}"
        );
        assert!(eight.ends_with("no OpenSearch"), "{eight}");
        assert!(readers("elasticsearch", "7.10.2").contains("OpenSearch 1.x and 2.x"));
        assert!(readers("elasticsearch", "7.17.29").ends_with("no OpenSearch"));
        assert!(readers("opensearch", "2.19.0").contains("and 3.x"));
    }
}
