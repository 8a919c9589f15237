//! Row 13: a thousand schedules that are due in the same second, from that second to the moment at which the row of each
//! can be read, beside APScheduler with as many cron jobs.
//!
//! Ours are due at the full minute, the baseline's later in it, so that neither is in the other's way: one that keeps its
//! jobs in SQLite as well, and one that keeps them in memory. The product has no engine: every row is recorded as it
//! always is, and no container is started. Each schedule is of a script of its own and as it comes, so from the second
//! round on a fire is recorded while the one before still waits.
//!
//! The row's own times are the planner's, from before it is committed. What is measured is what anybody else can read: a
//! [`Watch`] with a connection of its own.

mod watch;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use crate::baselines::apscheduler::{ApScheduler, Fire, Jobs};
use crate::facts;
use crate::product::{Product, words};
use crate::report::{Goal, Line, Report, median, time};
use watch::{Sight, Watch, unix_now};

const SCHEDULES: usize = 1000;
const ROUNDS: i64 = 5;

pub(crate) async fn measure() -> Report {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let nowhere = format!("unix://{}", folder.path().join("no-engine.sock").display());
    let product = Product::serving(&[("DOCKER_HOST", &nowhere)]).await;
    for number in 0..SCHEDULES {
        let script = product
            .post(201, "/scripts", json!({ "name": format!("Script {number}") }))
            .await;
        let schedules = format!("/scripts/{}/schedules", words(&script["id"]));
        let every_minute = json!({ "when": { "kind": "cron", "expression": "* * * * *", "zone": "UTC" } });
        product.post(201, &schedules, every_minute).await;
    }
    let in_sqlite = ApScheduler::start(Jobs::Sqlite, SCHEDULES, folder.path());
    let in_memory = ApScheduler::start(Jobs::Memory, SCHEDULES, folder.path());
    let load = facts::load();
    // A whole round of everybody goes before that nobody counts.
    let first = (unix_now().as_secs() as i64 / 60 + 2) * 60;
    let slots: Vec<i64> = (0..ROUNDS).map(|round| first + round * 60).collect();
    let watch = Watch::start(&product.data, first);
    sleep_until(first + ROUNDS * 60 - 1).await;
    let ours = watch.end();
    let (in_sqlite, in_memory) = (
        Theirs::among(in_sqlite.end(), Jobs::Sqlite, &slots),
        Theirs::among(in_memory.end(), Jobs::Memory, &slots),
    );
    for slot in &slots {
        let there = ours.rows.iter().filter(|row| row.slot == *slot).count();
        assert_eq!(there, SCHEDULES, "fires of {slot} are missing or doubled");
    }
    report(&ours, &in_sqlite, &in_memory, &load)
}

/// What APScheduler did in the rounds that count.
struct Theirs {
    called: Vec<Duration>,
    committed: Vec<Duration>,
}

impl Theirs {
    fn among(mut fires: BTreeMap<i64, Vec<Fire>>, jobs: Jobs, slots: &[i64]) -> Self {
        let counted: Vec<Fire> = slots
            .iter()
            .filter_map(|slot| fires.remove(&(slot + jobs.second())))
            .flatten()
            .collect();
        Self {
            called: counted.iter().map(|fire| fire.called).collect(),
            committed: counted.iter().map(|fire| fire.committed).collect(),
        }
    }

    fn missing(&self) -> usize {
        SCHEDULES * ROUNDS as usize - self.committed.len()
    }
}

fn report(ours: &Sight, in_sqlite: &Theirs, in_memory: &Theirs, load: &str) -> Report {
    let readable: Vec<Duration> = ours.rows.iter().map(|row| row.readable).collect();
    let planned: Vec<Duration> = ours.rows.iter().map(|row| row.planned).collect();
    let line =
        |what, baseline, theirs: &[Duration], goal| Line::new(what, &readable[..], baseline, theirs, goal);
    let goal = Goal::NinetyNinth(Duration::from_millis(5));
    Report {
        title: format!("{SCHEDULES} schedules due in one second: due → row committed"),
        lines: vec![
            line(
                "row can be read",
                "jobs in SQLite: row committed",
                &in_sqlite.committed,
                goal,
            ),
            line(
                "",
                "jobs in SQLite: function called",
                &in_sqlite.called,
                Goal::None,
            ),
            line(
                "",
                "jobs in memory: row committed",
                &in_memory.committed,
                Goal::None,
            ),
            line(
                "",
                "jobs in memory: function called",
                &in_memory.called,
                Goal::None,
            ),
        ],
        notes: vec![
            format!(
                "The baseline is APScheduler. {ROUNDS} rounds of each, one after the other. Ours: none lost, none doubled. \
                 The baseline's: {} and {} missing by the end of the last round.",
                in_sqlite.missing(),
                in_memory.missing(),
            ),
            format!(
                "Ours: {} after they were due the scheduler had looked at the clock and planned (median); the rest is one \
                 transaction. Their moment is known to {}: so long before they were seen somebody had looked, at most.",
                time(median(&planned)),
                time(ours.longest_gap),
            ),
            format!("Load when it began: {load}."),
        ],
    }
}

async fn sleep_until(second: i64) {
    let then = Duration::from_secs(second.unsigned_abs());
    tokio::time::sleep(then.saturating_sub(unix_now())).await;
}
