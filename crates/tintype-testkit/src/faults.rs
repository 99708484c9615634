//! Scripted faults and the record of requests, shared by the fake engine and the proxy.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use hyper::{HeaderMap, Method};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};

/// What goes wrong with one request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The connection closes; the request is never carried out.
    DropRequest,
    /// The request is carried out; the connection closes without an answer.
    DropAnswer,
    /// The request is carried out; the connection closes after this many bytes of the answer's body.
    CutBody(usize),
    /// The request is carried out only after this long, even when its sender has given up.
    DelayRequest(Duration),
    /// The request is carried out at once, its answer comes after this long.
    DelayAnswer(Duration),
    /// The request is carried out when the gate opens, even when its sender has given up.
    HoldRequest(Gate),
    /// The request is carried out at once, its answer comes when the gate opens.
    HoldAnswer(Gate),
    /// This status and JSON body instead; the request is never carried out.
    Status(u16, Value),
    /// 200 with a body that is no JSON; the request is never carried out.
    Garbage,
    /// 307 to this URL; the request is never carried out.
    Redirect(String),
    /// 200 with a JSON body of this many bytes; the request is never carried out.
    Huge(u64),
}

impl Fault {
    /// An engine's error answer.
    pub fn engine_error(status: u16, kind: &str, reason: &str) -> Self {
        Self::Status(status, engine_error(status, kind, reason))
    }
}

/// The body of an engine's error answer.
pub fn engine_error(status: u16, kind: &str, reason: &str) -> Value {
    let cause = json!({"type": kind, "reason": reason});
    json!({"error": {"root_cause": [cause], "type": kind, "reason": reason}, "status": status})
}

/// Opened once by the test; requests held by it then go on.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Semaphore>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl Gate {
    /// Lets everything held now or later go on.
    pub fn open(&self) {
        self.0.close();
    }

    pub(crate) async fn passed(&self) {
        // The semaphore never gets a permit: the only way out is its closing.
        let _ = self.0.acquire().await;
    }
}

/// Which requests a fault strikes: a method (`*` for any) and a path pattern, where `*` stands for anything but `/`
/// and `**` for anything; the query is not looked at.
#[derive(Debug, Clone)]
pub struct Rule {
    method: String,
    path: String,
    skip: usize,
    times: usize,
    /// Method and path pattern of what must have arrived before.
    after: Option<(String, String)>,
    fault: Fault,
}

impl Rule {
    /// The fault strikes the next matching request, once.
    pub fn new(method: &str, path: &str, fault: Fault) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            skip: 0,
            times: 1,
            after: None,
            fault,
        }
    }

    /// Strikes only once a request that fits these has arrived, however many matching ones come before it.
    #[must_use]
    pub fn after(mut self, method: &str, path: &str) -> Self {
        self.after = Some((method.to_owned(), path.to_owned()));
        self
    }

    /// The first `count` matching requests pass unharmed.
    #[must_use]
    pub fn skip(mut self, count: usize) -> Self {
        self.skip = count;
        self
    }

    /// Strikes this many requests.
    #[must_use]
    pub fn times(mut self, count: usize) -> Self {
        self.times = count;
        self
    }

    /// Strikes until [`Faults::clear`].
    #[must_use]
    pub fn always(self) -> Self {
        self.times(usize::MAX)
    }

    fn matches(&self, method: &Method, path: &str) -> bool {
        fits(&self.method, &self.path, method, path)
    }

    fn is_armed(&self, seen: &[Recorded]) -> bool {
        self.after.as_ref().is_none_or(|(method, path)| {
            seen.iter()
                .any(|seen| fits(method, path, &seen.method, &seen.path))
        })
    }
}

fn fits(wanted: &str, pattern: &str, method: &Method, path: &str) -> bool {
    (wanted == "*" || wanted == method.as_str()) && glob(pattern, path)
}

/// Whether `text` fits `pattern`: `*` is anything but `/`, `**` is anything.
pub fn glob(pattern: &str, text: &str) -> bool {
    if let Some(rest) = pattern.strip_prefix("**") {
        return (0..=text.len())
            .filter(|at| text.is_char_boundary(*at))
            .any(|at| glob(rest, &text[at..]));
    }
    if let Some(rest) = pattern.strip_prefix('*') {
        let segment = text.find('/').unwrap_or(text.len());
        return (0..=segment)
            .filter(|at| text.is_char_boundary(*at))
            .any(|at| glob(rest, &text[at..]));
    }
    match (pattern.chars().next(), text.chars().next()) {
        (None, None) => true,
        (Some(wanted), Some(found)) if wanted == found => {
            glob(&pattern[wanted.len_utf8()..], &text[found.len_utf8()..])
        }
        _ => false,
    }
}

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The method.
    pub method: Method,
    /// The path as sent, without the query.
    pub path: String,
    /// The query as sent, empty when there is none.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Whether it reached the engine behind: carried out by the fake, forwarded by the proxy.
    pub reached: bool,
    /// The status of the engine's answer, once there is one.
    pub status: Option<u16>,
    /// What was done to it, if anything.
    pub fault: Option<Fault>,
}

impl Recorded {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

#[derive(Debug, Default)]
struct Inner {
    rules: Vec<Rule>,
    requests: Vec<Recorded>,
}

/// The script of one server and what it saw. Clones share both.
#[derive(Debug, Clone)]
pub struct Faults {
    inner: Arc<Mutex<Inner>>,
    changes: Arc<watch::Sender<()>>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            inner: Arc::default(),
            changes: Arc::new(watch::Sender::new(())),
        }
    }
}

impl Faults {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a rule; of several that match a request the first added strikes.
    pub fn add(&self, rule: Rule) {
        self.lock().rules.push(rule);
    }

    /// Forgets all rules.
    pub fn clear(&self) {
        self.lock().rules.clear();
    }

    /// Every request so far, in order of arrival.
    pub fn requests(&self) -> Vec<Recorded> {
        self.lock().requests.clone()
    }

    /// The requests so far whose method and path fit.
    pub fn matching(&self, method: &str, path: &str) -> Vec<Recorded> {
        self.lock()
            .requests
            .iter()
            .filter(|seen| fits(method, path, &seen.method, &seen.path))
            .cloned()
            .collect()
    }

    /// Forgets the requests seen so far.
    pub fn forget(&self) {
        self.lock().requests.clear();
    }

    /// Waits until at least `count` matching requests have arrived.
    ///
    /// # Errors
    /// After 60 s.
    pub async fn wait_for(&self, method: &str, path: &str, count: usize) -> anyhow::Result<Vec<Recorded>> {
        self.wait_until(&format!("{count} × {method} {path}"), |faults| {
            let seen = faults.matching(method, path);
            (seen.len() >= count).then_some(seen)
        })
        .await
    }

    /// Waits until a matching request was answered by the engine behind, whether or not its sender saw it.
    ///
    /// # Errors
    /// After 60 s.
    pub async fn wait_for_answer(&self, method: &str, path: &str) -> anyhow::Result<Recorded> {
        self.wait_until(&format!("an answer to {method} {path}"), |faults| {
            faults
                .matching(method, path)
                .into_iter()
                .find(|seen| seen.status.is_some())
        })
        .await
    }

    /// Waits until a fault has struck a matching request.
    ///
    /// # Errors
    /// After 60 s.
    pub async fn wait_for_fault(&self, method: &str, path: &str) -> anyhow::Result<Recorded> {
        self.wait_until(&format!("a fault of {method} {path}"), |faults| {
            faults
                .matching(method, path)
                .into_iter()
                .find(|seen| seen.fault.is_some())
        })
        .await
    }

    async fn wait_until<T>(&self, what: &str, look: impl Fn(&Self) -> Option<T>) -> anyhow::Result<T> {
        let mut changes = self.changes.subscribe();
        let wait = async {
            loop {
                if let Some(found) = look(self) {
                    return Some(found);
                }
                changes.changed().await.ok()?;
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(60), wait)
            .await
            .ok()
            .flatten();
        found.ok_or_else(|| {
            let seen: Vec<String> = self
                .requests()
                .iter()
                .map(|seen| format!("{} {}", seen.method, seen.path))
                .collect();
            anyhow::anyhow!("waited 60 s in vain: {what}; seen: {}", seen.join(", "))
        })
    }

    /// Records an arrival and says which fault strikes it.
    pub(crate) fn arrive(&self, mut request: Recorded) -> (usize, Option<Fault>) {
        let mut inner = self.lock();
        let Inner { rules, requests } = &mut *inner;
        let fault = strike(rules, requests, &request);
        request.fault = fault.clone();
        inner.requests.push(request);
        let index = inner.requests.len() - 1;
        drop(inner);
        self.changes.send_replace(());
        (index, fault)
    }

    /// Notes what became of request `index`; harmless when the record was cleared meanwhile.
    pub(crate) fn note(&self, index: usize, status: Option<u16>) {
        if let Some(seen) = self.lock().requests.get_mut(index) {
            seen.reached = true;
            seen.status = status.or(seen.status);
        }
        self.changes.send_replace(());
    }
}

fn strike(rules: &mut [Rule], seen: &[Recorded], request: &Recorded) -> Option<Fault> {
    for rule in rules
        .iter_mut()
        .filter(|rule| rule.times > 0 && rule.matches(&request.method, &request.path) && rule.is_armed(seen))
    {
        if rule.skip > 0 {
            rule.skip -= 1;
            continue;
        }
        rule.times = rule.times.saturating_sub(usize::from(rule.times != usize::MAX));
        return Some(rule.fault.clone());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_know_segments() {
        assert!(glob("/_snapshot/*/*", "/_snapshot/repo/snap"));
        assert!(!glob("/_snapshot/*", "/_snapshot/repo/snap"));
        assert!(glob("/_snapshot/**", "/_snapshot/repo/snap/_status"));
        assert!(glob("**/_status", "/_snapshot/repo/snap/_status"));
        assert!(!glob("/_snapshot/*/*", "/_snapshot/repo"));
    }

    #[test]
    fn a_rule_skips_then_strikes_then_is_spent() {
        let mut rules = vec![Rule::new("PUT", "/a", Fault::DropRequest).skip(1).times(2)];
        let request = request("/a");
        let struck: Vec<bool> = (0..4)
            .map(|_| strike(&mut rules, &[], &request).is_some())
            .collect();
        assert_eq!(struck, [false, true, true, false]);
    }

    #[test]
    fn a_rule_waits_for_what_must_come_before() {
        let mut rules = vec![Rule::new("PUT", "/a", Fault::DropRequest).after("PUT", "/b")];
        let (a, b) = (request("/a"), request("/b"));
        assert!(strike(&mut rules, &[], &a).is_none());
        assert!(strike(&mut rules, std::slice::from_ref(&a), &a).is_none());
        assert!(strike(&mut rules, &[a.clone(), b], &a).is_some());
    }

    fn request(path: &str) -> Recorded {
        Recorded {
            method: Method::PUT,
            path: path.to_owned(),
            query: String::new(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            reached: false,
            status: None,
            fault: None,
        }
    }
}
