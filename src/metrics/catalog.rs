//! Every metric there is: its name, kind, labels and meaning. `docs/metrics.md` lists the same, which a test holds.
//!
//! Labels have few values that are known beforehand. None is made of a name that somebody has given: a script's would
//! make a series for each of them, for good.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Metric {
    pub name: &'static str,
    pub kind: Kind,
    pub labels: &'static [&'static str],
    pub help: &'static str,
}

const fn metric(
    name: &'static str,
    kind: Kind,
    labels: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric {
        name,
        kind,
        labels,
        help,
    }
}

use Kind::{Counter, Gauge, Histogram};

pub const BUILD_INFO: &str = "pytask_build_info";
pub const RUNS_FINISHED: &str = "pytask_runs_finished_total";
pub const RUN_SECONDS: &str = "pytask_run_duration_seconds";
pub const QUEUE_SECONDS: &str = "pytask_run_queue_seconds";
pub const RUNS_QUEUED: &str = "pytask_runs_queued";
pub const RUNS_ACTIVE: &str = "pytask_runs_active";
pub const RUNS_ALLOWED: &str = "pytask_runs_allowed";
pub const FIRES: &str = "pytask_fires_total";
pub const FIRE_LATENESS: &str = "pytask_fire_lateness_seconds";
pub const SCHEDULES_PAUSED: &str = "pytask_schedules_paused";
pub const ENGINE_READY: &str = "pytask_engine_ready";
pub const ENGINE_SECONDS: &str = "pytask_engine_call_seconds";
pub const ENGINE_ERRORS: &str = "pytask_engine_errors_total";
pub const LOG_BYTES: &str = "pytask_log_bytes_total";
pub const WEBHOOKS: &str = "pytask_webhook_deliveries_total";
pub const WEBHOOK_SECONDS: &str = "pytask_webhook_delivery_seconds";
pub const DATABASE_BYTES: &str = "pytask_database_bytes";
pub const COMMIT_SECONDS: &str = "pytask_database_commit_seconds";
pub const ROLLBACKS: &str = "pytask_database_rollbacks_total";
pub const DISK_FREE: &str = "pytask_disk_free_bytes";
pub const DISK_TOTAL: &str = "pytask_disk_total_bytes";
pub const DISK_FLOOR: &str = "pytask_disk_floor_bytes";
pub const DOCTOR: &str = "pytask_doctor_checks";

/// In the order in which the documentation tells of them.
pub const CATALOG: &[Metric] = &[
    metric(BUILD_INFO, Gauge, &["version"], "1, with the version that runs."),
    metric(
        RUNS_FINISHED,
        Counter,
        &["kind", "trigger", "outcome"],
        "Runs that have finished, those that were skipped included.",
    ),
    metric(
        RUN_SECONDS,
        Histogram,
        &["kind"],
        "From the start of a run's process to its end.",
    ),
    metric(
        QUEUE_SECONDS,
        Histogram,
        &["kind"],
        "From when a run could have started to when it did.",
    ),
    metric(RUNS_QUEUED, Gauge, &[], "Runs that wait to be started."),
    metric(
        RUNS_ACTIVE,
        Gauge,
        &[],
        "Runs that have been admitted and have not finished.",
    ),
    metric(RUNS_ALLOWED, Gauge, &[], "Runs that may be active at once."),
    metric(
        FIRES,
        Counter,
        &["result"],
        "Due moments of schedules that became a run or were skipped.",
    ),
    metric(
        FIRE_LATENESS,
        Histogram,
        &[],
        "From a due moment to its run's place in the queue.",
    ),
    metric(
        SCHEDULES_PAUSED,
        Gauge,
        &[],
        "1 while all schedules are paused in Settings.",
    ),
    metric(
        ENGINE_READY,
        Gauge,
        &[],
        "1 while the container engine answers and was proved fit.",
    ),
    metric(
        ENGINE_SECONDS,
        Histogram,
        &["call"],
        "How long calls to the container engine took, refused ones included.",
    ),
    metric(
        ENGINE_ERRORS,
        Counter,
        &["call", "reason"],
        "Calls to the container engine that failed.",
    ),
    metric(
        LOG_BYTES,
        Counter,
        &["stream"],
        "What finished runs wrote; what their limit dropped is a stream of its own.",
    ),
    metric(WEBHOOKS, Counter, &["outcome"], "Attempts to deliver a webhook."),
    metric(
        WEBHOOK_SECONDS,
        Histogram,
        &[],
        "How long attempts to deliver a webhook took.",
    ),
    metric(
        DATABASE_BYTES,
        Gauge,
        &["file"],
        "Size of the database and of its write-ahead log.",
    ),
    metric(
        COMMIT_SECONDS,
        Histogram,
        &[],
        "How long a transaction took to become durable.",
    ),
    metric(
        ROLLBACKS,
        Counter,
        &[],
        "Transactions that were given up, refused requests included.",
    ),
    metric(DISK_FREE, Gauge, &[], "Free space of the data disk."),
    metric(DISK_TOTAL, Gauge, &[], "Size of the data disk."),
    metric(
        DISK_FLOOR,
        Gauge,
        &[],
        "With less free space than this no run is started.",
    ),
    metric(
        DOCTOR,
        Gauge,
        &["state"],
        "Checks of the last examination by how they came out; absent before the first.",
    ),
    metric(
        "process_cpu_seconds_total",
        Counter,
        &[],
        "CPU time of the controller, user and system.",
    ),
    metric(
        "process_resident_memory_bytes",
        Gauge,
        &[],
        "Memory that the controller has.",
    ),
    metric(
        "process_open_fds",
        Gauge,
        &[],
        "File descriptors that the controller has open.",
    ),
    metric(
        "process_max_fds",
        Gauge,
        &[],
        "File descriptors that the controller may have open.",
    ),
    metric("process_threads", Gauge, &[], "Threads of the controller."),
    metric(
        "process_start_time_seconds",
        Gauge,
        &[],
        "When the controller was started, in Unix seconds.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_say_their_unit() {
        let names: BTreeSet<_> = CATALOG.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), CATALOG.len());
        for metric in CATALOG {
            assert_eq!(
                metric.kind == Counter,
                metric.name.ends_with("_total"),
                "{metric:?}"
            );
            let timed = metric.kind == Histogram;
            assert!(!timed || metric.name.ends_with("_seconds"), "{metric:?}");
            assert!(metric.help.ends_with('.'), "{metric:?}");
        }
    }

    /// The table of the documentation, by name: kind and labels.
    #[test]
    fn the_documentation_lists_the_same() {
        let page = include_str!("../../docs/metrics.md");
        let rows = page.lines().filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let name = cells.get(1)?.strip_prefix('`')?.strip_suffix('`')?;
            (cells.len() == 6).then(|| (name.to_owned(), cells[2].to_owned(), cells[3].to_owned()))
        });
        let listed: Vec<_> = rows.collect();
        let expected: Vec<_> = CATALOG
            .iter()
            .map(|metric| {
                let labels = metric.labels.iter().map(|label| format!("`{label}`"));
                let labels = labels.collect::<Vec<_>>().join(", ");
                (metric.name.to_owned(), metric.kind.word().to_owned(), labels)
            })
            .collect();
        assert_eq!(listed, expected);
    }

    /// What the example dashboard and the example alerts ask for is there to be asked for.
    #[test]
    fn the_examples_ask_for_what_there_is() {
        let mut known: BTreeSet<String> = CATALOG.iter().map(|metric| metric.name.to_owned()).collect();
        for metric in CATALOG.iter().filter(|metric| metric.kind == Histogram) {
            known.extend(["bucket", "sum", "count"].map(|part| format!("{}_{part}", metric.name)));
        }
        for (name, text) in [
            ("alerts.yml", include_str!("../../docs/alerts.yml")),
            (
                "grafana-dashboard.json",
                include_str!("../../docs/grafana-dashboard.json"),
            ),
        ] {
            let words: Vec<&str> = text
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .filter(|word| word.starts_with("pytask_") || word.starts_with("process_"))
                .collect();
            assert!(words.len() > 5, "{name}");
            for word in words {
                assert!(known.contains(word), "{name}: {word}");
            }
        }
        serde_json::from_str::<serde_json::Value>(include_str!("../../docs/grafana-dashboard.json"))
            .expect("the dashboard is JSON");
    }
}
