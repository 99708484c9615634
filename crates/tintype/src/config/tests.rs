//! What an operator sees of the configuration.

use super::keys::{Form, KEYS};
use super::*;
use std::path::Path;

fn sources(env: &[(&str, &str)], overrides: &[(&str, &str)]) -> Sources {
    let own = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    };
    let mut sources = Sources {
        file: None,
        env: own(env),
        overrides: own(overrides),
    };
    sources.env.push(("HOME".into(), "/home/nobody-here".into()));
    sources
}

fn with_file(text: &str, env: &[(&str, &str)], overrides: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    Config::load(&Sources {
        file: Some(file.path().to_owned()),
        ..sources(env, overrides)
    })
}

fn fault(text: &str) -> String {
    with_file(text, &[], &[]).unwrap_err().to_string()
}

#[test]
fn the_sample_is_the_defaults() {
    let sample = include_str!("../../../../tintype.sample.toml");
    let parsed: Config = toml::from_str(sample).unwrap();
    assert_eq!(parsed, Config::default());
    for (key, _) in KEYS {
        let own = key.split('.').next_back().unwrap();
        let told = |line: &str| line.trim_start_matches("# ").starts_with(&format!("{own} = "));
        assert!(sample.lines().any(told), "the sample does not mention {key}");
    }
}

#[test]
fn the_list_of_keys_is_what_the_types_accept() {
    let mut full = Config::default();
    full.server.tls_certificate = Some("c".into());
    full.server.tls_key = Some("k".into());
    full.server.data_dir = Some("d".into());
    full.store.path = Some("p".into());
    full.secrets.key_file = Some("f".into());
    full.admin.password_file = Some("f".into());
    let mut found = Vec::new();
    for (section, keys) in toml::Table::try_from(&full).unwrap() {
        for (key, value) in keys.as_table().unwrap() {
            let form = match value {
                toml::Value::Integer(_) => Form::Number,
                toml::Value::Boolean(_) => Form::Flag,
                _ => Form::Text,
            };
            found.push((format!("{section}.{key}"), form));
        }
    }
    let mut known: Vec<_> = KEYS
        .iter()
        .map(|(key, form)| ((*key).to_owned(), *form))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    known.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(found, known);
}

#[test]
fn flags_win_over_variables_over_the_file_over_defaults() {
    let file = "[operations]\noverall = 1\nper_cluster = 1\nlease_seconds = 5\n";
    let env = [
        ("TINTYPE_OPERATIONS__PER_CLUSTER", "2"),
        ("TINTYPE_OPERATIONS__LEASE_SECONDS", "6"),
    ];
    let config = with_file(file, &env, &[("operations.lease_seconds", "7")]).unwrap();
    let operations = &config.operations;
    assert_eq!(
        (
            operations.overall,
            operations.per_cluster,
            operations.lease_seconds
        ),
        (1, 2, 7)
    );
    assert_eq!(operations.answer_wait_seconds, 20);
}

#[test]
fn short_and_long_variables_name_the_same_key_and_the_long_one_wins() {
    let config = Config::load(&sources(
        &[("TINTYPE_LISTEN", "127.0.0.1:1"), ("TINTYPE_DATA_DIR", "/d")],
        &[],
    ));
    let config = config.unwrap();
    assert_eq!(config.server.listen.port(), 1);
    assert_eq!(config.store_path(), Path::new("/d/tintype.db"));
    assert_eq!(config.key_file(), Path::new("/d/tintype.key"));
    let both = [
        ("TINTYPE_LISTEN", "127.0.0.1:1"),
        ("TINTYPE_SERVER__LISTEN", "127.0.0.1:2"),
    ];
    assert_eq!(
        Config::load(&sources(&both, &[])).unwrap().server.listen.port(),
        2
    );
}

#[test]
fn variables_of_the_command_line_are_not_settings() {
    let env = [
        ("TINTYPE_URL", "x"),
        ("TINTYPE_API_KEY", "y"),
        ("TINTYPE_PASSWORD_FILE", "z"),
    ];
    Config::load(&sources(&env, &[])).unwrap();
}

#[test]
fn a_number_like_text_stays_text() {
    let config = Config::load(&sources(&[("TINTYPE_ADMIN__NAME", "123")], &[])).unwrap();
    assert_eq!(config.admin.name, "123");
}

#[test]
fn unknown_keys_are_refused_with_line_and_nearest_key() {
    let message = fault("[server]\nlisten = \"127.0.0.1:1\"\nlissten = \"x\"\n");
    assert!(
        message.contains("line 3: there is no server.lissten; did you mean server.listen?"),
        "{message}"
    );
    let message = fault("\n[sever]\nlisten = \"127.0.0.1:1\"\n");
    assert!(
        message.contains("line 2: there is no sever; did you mean server?"),
        "{message}"
    );
    let message = fault("[server]\nlevel = \"debug\"\n");
    assert!(
        message.contains("line 2: there is no server.level; did you mean log.level?"),
        "{message}"
    );
    let message = fault("[server]\nzzzzqqqq = 1\n");
    assert!(message.ends_with("there is no server.zzzzqqqq"), "{message}");
}

#[test]
fn unknown_variables_and_flags_are_refused_by_their_own_name() {
    let error = Config::load(&sources(&[("TINTYPE_OPERATIONS__PER_CLUSTR", "1")], &[]))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("TINTYPE_OPERATIONS__PER_CLUSTR: there is no operations.per_clustr"),
        "{error}"
    );
    assert!(error.ends_with("did you mean operations.per_cluster?"), "{error}");
    let error = Config::load(&sources(&[], &[("log.fromat", "json")]))
        .unwrap_err()
        .to_string();
    assert!(error.contains("log.fromat; did you mean log.format?"), "{error}");
}

#[test]
fn wrong_types_are_refused_where_they_stand() {
    assert!(fault("[operations]\noverall = \"many\"\n").contains("line 2: "));
    assert!(fault("[server]\nlisten = \"nowhere\"\n").contains("line 2: "));
    assert!(fault("[server\n").contains("line 1: "));
    let error = Config::load(&sources(&[("TINTYPE_OPERATIONS__OVERALL", "many")], &[])).unwrap_err();
    assert!(error.to_string().contains("must be a whole number"), "{error}");
    let error = Config::load(&sources(&[("TINTYPE_LISTEN", "nowhere")], &[])).unwrap_err();
    assert!(error.to_string().starts_with("TINTYPE_LISTEN: "), "{error}");
    let error = Config::load(&sources(&[], &[("log.format", "xml")]))
        .unwrap_err()
        .to_string();
    assert!(error.contains("human") && error.contains("json"), "{error}");
}

#[test]
fn a_listener_beyond_loopback_needs_tls_or_a_word() {
    let open = ("server.listen", "0.0.0.0:9400");
    let error = Config::load(&sources(&[], &[open])).unwrap_err().to_string();
    assert!(error.contains("allow_insecure_listener"), "{error}");
    Config::load(&sources(&[], &[open, ("server.allow_insecure_listener", "true")])).unwrap();
    let tls = [
        open,
        ("server.tls_certificate", "c.pem"),
        ("server.tls_key", "k.pem"),
    ];
    Config::load(&sources(&[], &tls)).unwrap();
    assert!(
        Config::load(&sources(&[], &tls[..2])).is_err(),
        "a certificate without its key"
    );
}

#[test]
fn every_fault_is_told_at_once() {
    let error = fault("[operations]\noverall = 0\nlease_seconds = 1\n[log]\nlevel = \"a=b=c\"\n");
    assert_eq!(error.lines().count(), 3, "{error}");
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let missing = Sources {
        file: Some("no/such.toml".into()),
        ..sources(&[], &[])
    };
    assert!(
        Config::load(&missing)
            .unwrap_err()
            .to_string()
            .contains("no/such.toml")
    );
    let error = Config::load(&sources(&[("TINTYPE_CONFIG", "no/other.toml")], &[])).unwrap_err();
    assert!(error.to_string().contains("no/other.toml"));
}

#[test]
fn the_file_in_the_data_directory_is_found() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("tintype.toml"), "[server]\nregion = \"here\"\n").unwrap();
    let data_dir = dir.path().to_str().unwrap();
    let config = Config::load(&sources(&[], &[("server.data_dir", data_dir)])).unwrap();
    assert_eq!(config.server.region, "here");
}

#[test]
fn data_is_kept_where_it_is_usual() {
    let plain = sources(&[], &[]);
    assert_eq!(plain.usual_data_dir(true), Path::new("/var/lib/tintype"));
    assert_eq!(
        plain.usual_data_dir(false),
        Path::new("/home/nobody-here/.local/share/tintype")
    );
    let xdg = sources(&[("XDG_DATA_HOME", "/x")], &[]);
    assert_eq!(xdg.usual_data_dir(false), Path::new("/x/tintype"));
}

#[test]
fn what_is_printed_reads_back_as_the_same() {
    let config = Config::load(&sources(
        &[],
        &[("server.data_dir", "/d"), ("log.format", "json")],
    ))
    .unwrap();
    let printed: Config = toml::from_str(&config.to_toml_redacted()).unwrap();
    assert_eq!(printed.server, config.server);
    assert_eq!(printed.log, config.log);
    assert_eq!(printed.store_path(), config.store_path());
    assert_eq!(printed.key_file(), config.key_file());
}
