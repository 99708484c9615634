//! What is counted since the start, and how it is told together with the store's figures: OpenMetrics.
//!
//! Every label has few values: templates of routes and not paths, words of enums and not messages. Only clusters are
//! as many as they are, so that above a configured number they are told as totals alone.

mod fleet;

use crate::store::figures::FleetFigures;
use jiff::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;

/// The content type of the text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// From a cached read to the longest wait for an engine.
const BUCKETS: [f64; 9] = [0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 20.0, 60.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: &'static str,
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AnswerLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

/// What is counted since the start.
#[derive(Debug)]
pub struct Metrics {
    answers: Family<AnswerLabels, Counter>,
    durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
    engine_errors: Family<KindLabel, Counter>,
    deliveries: Family<ResultLabel, Counter>,
    streams: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            answers: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            engine_errors: Family::default(),
            deliveries: Family::default(),
            streams: Gauge::default(),
        }
    }
}

impl Metrics {
    /// A request was answered. `route` is the route's template.
    pub fn answered(&self, method: &http::Method, route: &str, status: u16, took: Duration) {
        let (method, route) = (word(method), route.to_owned());
        self.durations
            .get_or_create(&RouteLabels {
                method,
                route: route.clone(),
            })
            .observe(took.as_secs_f64());
        let labels = AnswerLabels {
            method,
            route,
            status,
        };
        self.answers.get_or_create(&labels).inc();
    }

    /// A call to an engine failed; one of few words says how.
    pub fn engine_error(&self, kind: &'static str) {
        self.engine_errors.get_or_create(&KindLabel { kind }).inc();
    }

    /// An attempt to deliver to a webhook; one of few words says what came of it.
    pub fn delivery(&self, result: &'static str) {
        self.deliveries.get_or_create(&ResultLabel { result }).inc();
    }

    /// The streams of changes that are open.
    pub fn streams(&self) -> &Gauge {
        &self.streams
    }

    /// Everything as text.
    ///
    /// # Errors
    /// Never in practice: a string takes what is written to it.
    pub fn text(&self, figures: &FleetFigures, now: Timestamp) -> Result<String, std::fmt::Error> {
        let mut registry = Registry::with_prefix("tintype");
        let version = vec![("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "The version that runs", Info::new(version));
        fleet::register(&mut registry, figures, now);
        registry.register(
            "http_requests",
            "Answered requests, by the route's template",
            self.answers.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "From a request's head to its answer's",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register(
            "engine_errors",
            "Calls to engines that failed",
            self.engine_errors.clone(),
        );
        registry.register(
            "webhook_attempts",
            "Attempts to deliver to a webhook",
            self.deliveries.clone(),
        );
        registry.register("event_streams", "Open streams of changes", self.streams.clone());
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }
}

/// A client may send any word as a method.
fn word(method: &http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
