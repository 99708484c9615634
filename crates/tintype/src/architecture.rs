//! The arrows between the rooms, read from the code: a `use` or a path that points back fails the test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Room → the rooms it may use. ARCHITECTURE.md draws this.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("clock", &[]),
    ("ids", &[]),
    ("secrets", &["ids"]),
    ("config", &[]),
    ("telemetry", &["config"]),
    ("metrics", &["store"]),
    ("store", &["model", "secrets", "ids", "clock"]),
    ("error", &["model", "store"]),
    (
        "operations",
        &[
            "app", "model", "store", "error", "clock", "ids", "config", "secrets", "metrics",
        ],
    ),
    ("scheduler", &["app", "clock", "model", "store", "operations"]),
    (
        "app",
        &[
            "config",
            "clock",
            "store",
            "operations",
            "secrets",
            "model",
            "error",
            "metrics",
        ],
    ),
    (
        "http",
        &[
            "app",
            "model",
            "store",
            "operations",
            "error",
            "clock",
            "ids",
            "config",
            "secrets",
            "metrics",
        ],
    ),
    // `serve` and `init` put the server together; every other verb speaks HTTP.
    (
        "cli",
        &[
            "app",
            "config",
            "http",
            "operations",
            "scheduler",
            "store",
            "secrets",
            "telemetry",
            "clock",
            "model",
            "error",
            "ids",
        ],
    ),
    ("main", &["cli"]),
];

/// Only these files of the command line may touch the server's rooms.
const SERVER_VERBS: [&str; 4] = ["serve", "init", "admin", "config"];

fn sources(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// The rooms that a file names by `crate::room` or `tintype::room`, with the line.
fn uses(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("//") {
            continue;
        }
        for prefix in ["crate::", "tintype::"] {
            for part in line.split(prefix).skip(1) {
                let list = part
                    .strip_prefix('{')
                    .map_or(part, |list| list.split('}').next().unwrap_or(list));
                let names = if part.starts_with('{') {
                    list.split(',').collect()
                } else {
                    vec![list]
                };
                for name in names {
                    let room: String = name
                        .trim()
                        .chars()
                        .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                        .collect();
                    found.push((number + 1, room));
                }
            }
        }
    }
    found
}

#[test]
fn arrows_point_one_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&root).unwrap();
        let first = inside.iter().next().unwrap().to_str().unwrap();
        let room = first.trim_end_matches(".rs");
        if matches!(room, "lib" | "architecture") {
            continue;
        }
        let Some(may) = allowed.get(room) else {
            wrong.push(format!("{}: the room {room} is not in ARROWS", inside.display()));
            continue;
        };
        let text = std::fs::read_to_string(&file).unwrap();
        for (line, used) in uses(&text) {
            let known = allowed.contains_key(used.as_str());
            if known && used != room && !may.contains(&used.as_str()) {
                wrong.push(format!("{}:{line}: {room} may not use {used}", inside.display()));
            }
        }
        if room == "cli"
            && !SERVER_VERBS
                .iter()
                .any(|verb| inside.to_string_lossy().contains(verb))
        {
            let server = ["store", "http", "scheduler", "app", "secrets"];
            for (line, used) in uses(&text)
                .into_iter()
                .filter(|(_, used)| server.contains(&used.as_str()))
            {
                wrong.push(format!(
                    "{}:{line}: a client verb may not use {used}",
                    inside.display()
                ));
            }
        }
        if room != "store" && text.contains("sqlx::") {
            wrong.push(format!("{}: only the store speaks SQL", inside.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_scanner_sees_every_form() {
    let text = "use crate::store::Store;\nuse crate::{model, http::x};\nlet a = crate::cli::run();\n// crate::error\n";
    let rooms: Vec<String> = uses(text).into_iter().map(|(_, room)| room).collect();
    assert_eq!(rooms, ["store", "model", "http", "cli"]);
}
