//! Every key there is, with what its value looks like: for values that come as text, and for telling the nearest
//! right key.

use toml::Value;

/// What a key's value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Text, a path or a word.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Flag,
}

use Form::{Flag, Number, Text};

/// `section.key` of every key; a test compares it with the types.
pub(super) const KEYS: &[(&str, Form)] = &[
    ("server.listen", Text),
    ("server.tls_certificate", Text),
    ("server.tls_key", Text),
    ("server.allow_insecure_listener", Flag),
    ("server.region", Text),
    ("server.max_connections", Number),
    ("server.trusted_proxies", Text),
    ("server.data_dir", Text),
    ("store.path", Text),
    ("secrets.key_file", Text),
    ("admin.name", Text),
    ("admin.password_file", Text),
    ("sessions.elevation", Text),
    ("sessions.token_minutes", Number),
    ("sessions.life_hours", Number),
    ("sessions.elevation_minutes", Number),
    ("operations.overall", Number),
    ("operations.per_cluster", Number),
    ("operations.verifications", Number),
    ("operations.answer_wait_seconds", Number),
    ("operations.lease_seconds", Number),
    ("engine.connect_timeout_seconds", Number),
    ("engine.request_timeout_seconds", Number),
    ("watch.interval_seconds", Number),
    ("watch.inventory_interval_seconds", Number),
    ("watch.recent_success_window_hours", Number),
    ("alerts.max_age_seconds", Number),
    ("webhooks.timeout_seconds", Number),
    ("webhooks.give_up_hours", Number),
    ("events.keep", Number),
    ("events.keep_hours", Number),
    ("events.streams", Number),
    ("metrics.public", Flag),
    ("metrics.per_cluster", Number),
    ("audit.keep_days", Number),
    ("log.format", Text),
    ("log.level", Text),
];

/// The form of a key; `None` when there is no such key.
pub(super) fn form(key: &str) -> Option<Form> {
    KEYS.iter()
        .find(|(known, _)| *known == key)
        .map(|(_, form)| *form)
}

/// Text as a value of that form; the error says what it should look like.
pub(super) fn value(form: Form, text: &str) -> Result<Value, &'static str> {
    match form {
        Text => Ok(Value::String(text.to_owned())),
        Number => text
            .parse()
            .map(Value::Integer)
            .map_err(|_| "must be a whole number"),
        Flag => text
            .parse()
            .map(Value::Boolean)
            .map_err(|_| "must be true or false"),
    }
}

/// The right key or section that is nearest to what was written: `; did you mean …?`, or nothing when none is near.
pub(super) fn suggest(written: &str) -> String {
    let sections = KEYS.iter().filter_map(|(key, _)| key.split('.').next());
    let candidates: Vec<&str> = match written.split_once('.') {
        Some(_) => KEYS.iter().map(|(key, _)| *key).collect(),
        None => sections.collect(),
    };
    // A key written under the wrong section is nearest by its own name.
    let tail = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let score = |candidate: &str| {
        let whole = strsim::jaro_winkler(written, candidate);
        let own = if tail(written) == tail(candidate) {
            1.0
        } else {
            0.0
        };
        whole.max(own)
    };
    let best = candidates
        .into_iter()
        .max_by(|a, b| score(a).total_cmp(&score(b)));
    match best {
        Some(best) if score(best) > 0.75 => format!("; did you mean {best}?"),
        _ => String::new(),
    }
}
