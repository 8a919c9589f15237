//! What the runs of a made history are like: forty scripts of which some run every minute and some seldom, most runs
//! succeed, those that do not say why, and durations spread over six orders of magnitude.
//!
//! States, triggers and settings are the product's own types, so that what is stored is what it stores. Knows no database.

use jiff::Timestamp;
use pytask_manager::model::evidence::Evidence;
use pytask_manager::model::ids::{ScheduleId, ScriptId};
use pytask_manager::model::limits::LimitsPatch;
use pytask_manager::model::outcome::Outcome;
use pytask_manager::model::retention::RetentionWish;
use pytask_manager::model::run::{Overlap, State, Trigger};
use pytask_manager::model::schedule::{Schedule, Terms, When};
use pytask_manager::model::script::{Script, slug};
use pytask_manager::model::traceback;

use super::Random;

pub(super) const SCRIPTS: usize = 40;
/// Of a hundred scripts, so many have a schedule.
const SCHEDULED: u64 = 75;
const TAGS: [&str; 8] = [
    "etl", "prod", "report", "import", "billing", "ml", "cleanup", "test",
];
const NAMES: [&str; 8] = [
    "Nightly report",
    "Import",
    "Sync",
    "Backup",
    "Invoices",
    "Training",
    "Clean up",
    "Health check",
];
/// Said by very few: whoever looks for it finds less than a page.
pub(crate) const RARE_ERROR: &str = "disk quota exceeded";
/// Said by one of eight that failed.
pub(crate) const COMMON_ERROR: &str = "KeyError";

pub(crate) struct Kind {
    pub(crate) script: Script,
    pub(crate) schedule: Option<Schedule>,
    /// How long it usually takes.
    usual_ms: f64,
    /// Of a thousand runs, how many do not succeed.
    troubled: u64,
}

/// The scripts, the busiest first.
pub(super) fn all(random: &mut Random, now: Timestamp) -> Vec<Kind> {
    (0..SCRIPTS)
        .map(|number| Kind::new(number, random, now))
        .collect()
}

impl Kind {
    fn new(number: usize, random: &mut Random, now: Timestamp) -> Self {
        let id = ScriptId::parse(&id(random, 1_600_000_000_000 + number as u64));
        let name = format!("{} {number}", NAMES[number % NAMES.len()]);
        let mut tags: Vec<String> = (0..random.below(4))
            .map(|_| random.one_of(&TAGS))
            .map(|tag| (*tag).to_owned())
            .collect();
        tags.sort();
        tags.dedup();
        let schedule = (random.below(100) < SCHEDULED).then(|| Schedule {
            id: ScheduleId::parse(&self::id(random, 1_600_000_100_000 + number as u64)),
            script_id: id.clone(),
            version: 1,
            // Once a year, so that nothing is due while something is measured.
            terms: Terms::of(When::Cron {
                expression: "0 3 29 2 *".to_owned(),
                zone: "UTC".to_owned(),
            }),
            cursor: now,
            created_at: now,
            updated_at: now,
        });
        Self {
            script: Script {
                slug: slug(&name, &id),
                id,
                name,
                description: String::new(),
                tags,
                entry_point: "main.py".to_owned(),
                paused: false,
                limits: LimitsPatch::default(),
                image: None,
                overlap: Overlap::default(),
                parallel_limit: None,
                retention: RetentionWish::default(),
                requirements: Vec::new(),
                build_from_source: Vec::new(),
                inline_agreed: None,
                revision: 0,
                environment_key: None,
                created_at: now,
                updated_at: now,
                deleted_at: None,
            },
            schedule,
            usual_ms: 10_f64.powf(2.0 + 4.0 * random.part()),
            troubled: 20 + random.below(160),
        }
    }

    pub(super) fn duration_ms(&self, random: &mut Random) -> i64 {
        // The product of a few is skewed as durations are.
        let spread = (random.part() + 0.2) * (random.part() + 0.2) * (random.part() + 0.2) * 3.0;
        (self.usual_ms * spread) as i64
    }

    pub(super) fn trigger(&self, slot: Timestamp, random: &mut Random) -> Trigger {
        match (&self.schedule, random.below(100)) {
            (Some(schedule), ..90) => Trigger::Schedule {
                schedule_id: schedule.id.clone(),
                version: 1,
                slot,
                attempt: 1,
            },
            (_, at) if at % 3 == 0 => Trigger::Api,
            _ => Trigger::Manual,
        }
    }

    /// How it ended; nothing where it succeeded.
    pub(super) fn trouble(&self, random: &mut Random) -> Option<Trouble> {
        if random.below(1_000) >= self.troubled {
            return None;
        }
        let kind = random.below(100);
        let evidence = match kind {
            ..75 => said(random),
            _ => Evidence::default(),
        };
        let message = |text: &str| text.to_owned();
        let outcome = match kind {
            ..65 => Outcome::Failed {
                message: message("Failed with exit code 1"),
                exit_code: Some(1),
                evidence,
            },
            65..75 => Outcome::TimedOut {
                message: message("Stopped at the run-time limit of 3600 s"),
                limit_seconds: 3600,
                evidence,
            },
            75..80 => Outcome::OutOfMemory {
                message: message("Ran out of memory: the limit of 512 MiB was reached"),
                limit_bytes: 512 << 20,
                peak_bytes: Some(512 << 20),
                evidence,
            },
            80..84 => Outcome::Signalled {
                message: message("Ended by signal 11 (SIGSEGV)"),
                signal: 11,
                evidence,
            },
            84..92 => Outcome::cancelled("user", None, evidence),
            92..98 => Outcome::Skipped {
                message: message("Skipped: run 17 of this script was not finished"),
                reason: message("run 17 of this script was not finished"),
            },
            98 => Outcome::engine_error("the container engine did not answer in time"),
            _ => Outcome::EnvironmentFailed {
                message: message("The environment could not be built"),
                build_run_id: None,
            },
        };
        Some(Trouble {
            exit_code: matches!(outcome, Outcome::Failed { .. }).then_some(1),
            outcome,
        })
    }
}

/// How a run ended that did not succeed.
pub(super) struct Trouble {
    pub(super) outcome: Outcome,
    pub(super) exit_code: Option<i32>,
}

/// How it stands in the database.
pub(super) fn finished(outcome: &Outcome) -> String {
    serde_json::to_string(&State::Finished {
        outcome: outcome.clone(),
    })
    .expect("JSON")
}

pub(super) fn succeeded() -> String {
    finished(&Outcome::Succeeded {
        message: "Succeeded".to_owned(),
        evidence: Evidence::default(),
    })
}

/// The last lines of a script that raised something.
fn said(random: &mut Random) -> Evidence {
    let (what, of) = (random.below(1_000_000), random.below(10_000));
    let (exception, message) = match random.below(8) {
        0 => (COMMON_ERROR, format!("'total_{of}'")),
        1 => (
            "ValueError",
            format!("could not convert string to float: 'n/a {what}'"),
        ),
        2 => (
            "ConnectionError",
            format!(
                "HTTPSConnectionPool(host='api{}.example.com', port=443): Max retries exceeded with url: /v1/items/{what}",
                of % 20
            ),
        ),
        3 => (
            "FileNotFoundError",
            format!("[Errno 2] No such file or directory: '/script/in/{what}.csv'"),
        ),
        4 => (
            "RuntimeError",
            format!("job {what} of batch {of} is still locked"),
        ),
        5 => (
            "TimeoutError",
            format!("The read operation timed out after {of} ms"),
        ),
        6 if of < 5 => (
            "OSError",
            format!("[Errno 122] {RARE_ERROR}: '/script/out/{what}.parquet'"),
        ),
        6 => (
            "PermissionError",
            format!("[Errno 13] Permission denied: '/script/out/{what}.parquet'"),
        ),
        _ => (
            "json.decoder.JSONDecodeError",
            format!("Expecting value: line {of} column 1 (char {what})"),
        ),
    };
    let line = of % 300 + 1;
    let lines = [
        "Traceback (most recent call last):".to_owned(),
        format!("  File \"/script/main.py\", line {}, in <module>", line + 40),
        "    main()".to_owned(),
        format!(
            "  File \"/script/steps/step_{}.py\", line {line}, in main",
            of % 12
        ),
        "    total = load(rows)".to_owned(),
        format!("{exception}: {message}"),
    ];
    Evidence {
        traceback: traceback::parse(&lines),
        stderr_tail: lines.into(),
        ..Evidence::default()
    }
}

/// A UUID of version 7, as the product's ids are, of this millisecond.
pub(super) fn id(random: &mut Random, at_ms: u64) -> String {
    let (high, low) = (random.next(), random.next());
    format!("{at_ms:012x}7{:03x}8{:015x}", high & 0xfff, low >> 4)
}
