//! What is counted and timed, in the text that Prometheus reads.
//!
//! One recorder per application and none for the process, so that several in one process (tests) count for themselves.
//! Whoever has something to tell calls a method here that takes the thing itself; which metric and which labels that is,
//! is known here only ([`catalog`]). What can be looked at when somebody asks is looked at then, and costs nothing
//! otherwise: see [`Snapshot`]. Counters begin at zero with every start; nothing is stored.
//!
//! Knows no HTTP and reads no table.

pub mod catalog;
mod commits;
mod engine;
mod process;

use std::sync::Arc;
use std::time::Duration;

use ::metrics::{Key, Label, Level, Metadata, Recorder, SharedString};
use jiff::Timestamp;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use catalog::{CATALOG, Kind};
pub use commits::Commits;
pub use engine::Measured;

use crate::model::outcome::Outcome;
use crate::model::run::{Run, RunKind, Trigger};

/// From a quick script to one that runs all day.
const RUN_BUCKETS: [f64; 14] = [
    0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0,
];
const WAIT_BUCKETS: [f64; 12] = [
    0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1_800.0, 7_200.0,
];
const CALL_BUCKETS: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0,
];
const COMMIT_BUCKETS: [f64; 11] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0,
];

const KINDS: [RunKind; 3] = [RunKind::Script, RunKind::Build, RunKind::Compile];
const TRIGGERS: [&str; 5] = ["manual", "api", "system", "schedule", "webhook"];
/// How an attempt to deliver a webhook comes out.
const DELIVERIES: [&str; 3] = ["delivered", "failed", "given_up"];

const SETTLE_EVERY: Duration = Duration::from_secs(15);

const METADATA: Metadata<'static> = Metadata::new("pytask", Level::INFO, None);

/// Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    began: Timestamp,
}

/// How an attempt to deliver a webhook came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    Delivered,
    /// It is tried again.
    Failed,
    GivenUp,
}

/// What is only looked at when somebody asks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Snapshot {
    pub queued: u64,
    pub active: u64,
    pub allowed: u32,
    pub schedules_paused: bool,
    pub engine_ready: bool,
    pub database_bytes: u64,
    pub database_log_bytes: u64,
    pub disk_free_bytes: u64,
    pub disk_total_bytes: u64,
    pub disk_floor_bytes: u64,
}

impl Metrics {
    pub fn new(now: Timestamp) -> Self {
        let recorder = builder().build_recorder();
        let handle = recorder.handle();
        let this = Self(Arc::new(Inner {
            recorder,
            handle,
            began: now,
        }));
        this.describe();
        this.begin_at_zero();
        this
    }

    fn describe(&self) {
        let recorder = &self.0.recorder;
        for metric in CATALOG {
            let (name, help) = (metric.name.into(), SharedString::const_str(metric.help));
            match metric.kind {
                Kind::Counter => recorder.describe_counter(name, None, help),
                Kind::Gauge => recorder.describe_gauge(name, None, help),
                Kind::Histogram => recorder.describe_histogram(name, None, help),
            }
        }
    }

    /// A series that is not there cannot be told from one that stands still, so those that matter are there at once.
    fn begin_at_zero(&self) {
        self.gauge(
            catalog::BUILD_INFO,
            &[("version", env!("CARGO_PKG_VERSION"))],
            1.0,
        );
        for trigger in TRIGGERS {
            for outcome in Outcome::KINDS {
                let labels = [
                    ("kind", kind_word(RunKind::Script)),
                    ("trigger", trigger),
                    ("outcome", outcome),
                ];
                self.count(catalog::RUNS_FINISHED, &labels, 0);
            }
        }
        for kind in KINDS {
            self.begin(catalog::RUN_SECONDS, &[("kind", kind_word(kind))]);
            self.begin(catalog::QUEUE_SECONDS, &[("kind", kind_word(kind))]);
        }
        for result in ["run", "skipped"] {
            self.count(catalog::FIRES, &[("result", result)], 0);
        }
        self.begin(catalog::FIRE_LATENESS, &[]);
        for stream in ["stdout", "stderr", "dropped"] {
            self.count(catalog::LOG_BYTES, &[("stream", stream)], 0);
        }
        for outcome in DELIVERIES {
            self.count(catalog::WEBHOOKS, &[("outcome", outcome)], 0);
        }
        self.begin(catalog::WEBHOOK_SECONDS, &[]);
        self.begin(catalog::COMMIT_SECONDS, &[]);
        self.count(catalog::ROLLBACKS, &[], 0);
        engine::begin_at_zero(self);
    }

    /// A run has finished, whatever came of it.
    pub fn finished(&self, run: &Run) {
        let Some(outcome) = run.outcome() else { return };
        let kind = kind_word(run.kind);
        let labels = [
            ("kind", kind),
            ("trigger", trigger_word(&run.trigger)),
            ("outcome", outcome.kind()),
        ];
        self.count(catalog::RUNS_FINISHED, &labels, 1);
        if let Some(started) = run.started_at {
            let could = run.not_before.map_or(run.queued_at, |at| at.max(run.queued_at));
            self.time(catalog::QUEUE_SECONDS, &[("kind", kind)], seconds(could, started));
            if let Some(finished) = run.finished_at {
                self.time(
                    catalog::RUN_SECONDS,
                    &[("kind", kind)],
                    seconds(started, finished),
                );
            }
        }
        if let Some(log) = &run.facts.log {
            for (stream, bytes) in [
                ("stdout", log.stdout_bytes),
                ("stderr", log.stderr_bytes),
                ("dropped", log.dropped_bytes),
            ] {
                self.count(catalog::LOG_BYTES, &[("stream", stream)], bytes);
            }
        }
    }

    /// A due moment has got its row; one that was skipped is finished already.
    pub fn fired(&self, run: &Run) {
        let Trigger::Schedule { slot, attempt: 1, .. } = &run.trigger else {
            return;
        };
        if run.is_finished() {
            self.count(catalog::FIRES, &[("result", "skipped")], 1);
            self.finished(run);
        } else {
            self.count(catalog::FIRES, &[("result", "run")], 1);
            self.time(catalog::FIRE_LATENESS, &[], seconds(*slot, run.queued_at));
        }
    }

    /// An attempt to deliver a webhook is over.
    pub fn webhook(&self, delivery: Delivery, took: Duration) {
        let outcome = match delivery {
            Delivery::Delivered => "delivered",
            Delivery::Failed => "failed",
            Delivery::GivenUp => "given_up",
        };
        self.count(catalog::WEBHOOKS, &[("outcome", outcome)], 1);
        self.time(catalog::WEBHOOK_SECONDS, &[], took.as_secs_f64());
    }

    /// An examination is over: how many checks came out how.
    pub fn examined(&self, states: &[(&'static str, usize)]) {
        for (state, checks) in states {
            self.gauge(catalog::DOCTOR, &[("state", state)], *checks as f64);
        }
    }

    /// All of it, as text.
    pub fn render(&self, now: &Snapshot) -> String {
        let gauges = [
            (catalog::RUNS_QUEUED, now.queued as f64),
            (catalog::RUNS_ACTIVE, now.active as f64),
            (catalog::RUNS_ALLOWED, now.allowed.into()),
            (catalog::SCHEDULES_PAUSED, now.schedules_paused.into()),
            (catalog::ENGINE_READY, now.engine_ready.into()),
            (catalog::DISK_FREE, now.disk_free_bytes as f64),
            (catalog::DISK_TOTAL, now.disk_total_bytes as f64),
            (catalog::DISK_FLOOR, now.disk_floor_bytes as f64),
        ];
        for (name, value) in gauges {
            self.gauge(name, &[], value);
        }
        for (file, bytes) in [("main", now.database_bytes), ("log", now.database_log_bytes)] {
            self.gauge(catalog::DATABASE_BYTES, &[("file", file)], bytes as f64);
        }
        let mut text = self.0.handle.render();
        process::write(&mut text, self.0.began);
        text
    }

    /// Puts what was timed into its buckets now and then: where nobody asks for the text it would be kept one by one.
    pub async fn keep_settled(self) {
        loop {
            tokio::time::sleep(SETTLE_EVERY).await;
            self.0.handle.run_upkeep();
        }
    }

    fn count(&self, name: &'static str, labels: &[(&'static str, &'static str)], by: u64) {
        let counter = self.0.recorder.register_counter(&key(name, labels), &METADATA);
        counter.increment(by);
    }

    fn gauge(&self, name: &'static str, labels: &[(&'static str, &'static str)], value: f64) {
        self.0
            .recorder
            .register_gauge(&key(name, labels), &METADATA)
            .set(value);
    }

    fn histogram(&self, name: &'static str, labels: &[(&'static str, &'static str)]) -> ::metrics::Histogram {
        self.0.recorder.register_histogram(&key(name, labels), &METADATA)
    }

    fn begin(&self, name: &'static str, labels: &[(&'static str, &'static str)]) {
        // Registering is what makes the series.
        drop(self.histogram(name, labels));
    }

    fn time(&self, name: &'static str, labels: &[(&'static str, &'static str)], seconds: f64) {
        self.histogram(name, labels).record(seconds);
    }
}

fn builder() -> PrometheusBuilder {
    let buckets: [(&str, &[f64]); 6] = [
        (catalog::RUN_SECONDS, &RUN_BUCKETS),
        (catalog::QUEUE_SECONDS, &WAIT_BUCKETS),
        (catalog::FIRE_LATENESS, &WAIT_BUCKETS),
        (catalog::ENGINE_SECONDS, &CALL_BUCKETS),
        (catalog::WEBHOOK_SECONDS, &CALL_BUCKETS),
        (catalog::COMMIT_SECONDS, &COMMIT_BUCKETS),
    ];
    buckets
        .into_iter()
        .fold(PrometheusBuilder::new(), |builder, (name, buckets)| {
            builder
                .set_buckets_for_metric(Matcher::Full(name.to_owned()), buckets)
                .expect("there are buckets")
        })
}

fn key(name: &'static str, labels: &[(&'static str, &'static str)]) -> Key {
    let labels: Vec<Label> = labels
        .iter()
        .map(|(name, value)| Label::from_static_parts(name, value))
        .collect();
    Key::from_parts(name, labels)
}

fn kind_word(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Script => "script",
        RunKind::Build => "build",
        RunKind::Compile => "compile",
    }
}

fn trigger_word(trigger: &Trigger) -> &'static str {
    match trigger {
        Trigger::Manual => "manual",
        Trigger::Api => "api",
        Trigger::System => "system",
        Trigger::Schedule { .. } => "schedule",
        Trigger::Webhook { .. } => "webhook",
    }
}

/// Never negative: clocks are set back.
fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    (to.duration_since(from).as_millis_f64() / 1_000.0).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::run::tests_support::run_in;
    use crate::model::run::{LogSummary, State};
    use std::collections::BTreeSet;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn done() -> State {
        let outcome = serde_json::from_str(r#"{"kind": "failed", "message": "m", "exit_code": 1}"#);
        State::Finished {
            outcome: outcome.expect("an outcome"),
        }
    }

    #[test]
    fn everything_in_the_catalog_is_told_and_nothing_else() {
        let metrics = Metrics::new(at(0));
        metrics.examined(&[("ok", 3)]);
        let text = metrics.render(&Snapshot::default());
        let told: BTreeSet<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE "))
            .collect();
        let expected: Vec<String> = CATALOG
            .iter()
            .map(|metric| format!("{} {}", metric.name, metric.kind.word()))
            .collect();
        assert_eq!(told, expected.iter().map(String::as_str).collect());
        for metric in CATALOG {
            assert!(text.contains(&format!("# HELP {} {}", metric.name, metric.help)));
        }
    }

    #[test]
    fn a_finished_run_is_counted_and_timed() {
        let metrics = Metrics::new(at(0));
        let mut run = run_in(done());
        run.queued_at = at(100);
        run.not_before = Some(at(130));
        run.started_at = Some(at(131));
        run.finished_at = Some(at(171));
        run.facts.log = Some(LogSummary {
            stdout_bytes: 10,
            stderr_bytes: 5,
            ..LogSummary::default()
        });
        metrics.finished(&run);
        metrics.finished(&run_in(State::Queued));
        let text = metrics.render(&Snapshot::default());
        for line in [
            r#"pytask_runs_finished_total{kind="script",trigger="manual",outcome="failed"} 1"#,
            r#"pytask_run_duration_seconds_bucket{kind="script",le="30"} 0"#,
            r#"pytask_run_duration_seconds_bucket{kind="script",le="60"} 1"#,
            r#"pytask_run_queue_seconds_sum{kind="script"} 1"#,
            r#"pytask_log_bytes_total{stream="stdout"} 10"#,
            r#"pytask_log_bytes_total{stream="dropped"} 0"#,
        ] {
            assert!(text.lines().any(|told| told == line), "{line}\n{text}");
        }
    }

    #[test]
    fn fires_are_counted_once_with_how_late_they_were() {
        let metrics = Metrics::new(at(0));
        let mut run = run_in(State::Queued);
        run.queued_at = at(61);
        let fire = |attempt| Trigger::Schedule {
            schedule_id: crate::model::ids::ScheduleId::generate(),
            version: 1,
            slot: at(60),
            attempt,
        };
        run.trigger = fire(1);
        metrics.fired(&run);
        run.trigger = fire(2);
        metrics.fired(&run);
        let mut skipped = run_in(done());
        skipped.trigger = fire(1);
        metrics.fired(&skipped);
        let text = metrics.render(&Snapshot::default());
        for line in [
            r#"pytask_fires_total{result="run"} 1"#,
            r#"pytask_fires_total{result="skipped"} 1"#,
            r#"pytask_fire_lateness_seconds_bucket{le="0.5"} 0"#,
            r#"pytask_fire_lateness_seconds_bucket{le="1"} 1"#,
            r#"pytask_runs_finished_total{kind="script",trigger="schedule",outcome="failed"} 1"#,
        ] {
            assert!(text.lines().any(|told| told == line), "{line}\n{text}");
        }
    }

    #[test]
    fn two_applications_count_for_themselves() {
        let (one, other) = (Metrics::new(at(0)), Metrics::new(at(0)));
        one.webhook(Delivery::Delivered, Duration::from_millis(20));
        let line = r#"pytask_webhook_deliveries_total{outcome="delivered"} 1"#;
        assert!(one.render(&Snapshot::default()).contains(line));
        assert!(!other.render(&Snapshot::default()).contains(line));
    }
}
