//! Where made runs stand in history: shapes, shelves and hours, counted while runs are written, and what those said that went
//! wrong. The same as the product's own `store::runs::filing`, whose writes one by one would take ten million runs half an
//! hour. The steps of duration are read from the migration.

use std::collections::HashMap;

use pytask_manager::model::run::Trigger;
use rusqlite::{Connection, params};

use super::rows::{Made, Writer};

const NO_STEP: i64 = -1;
const HOUR_MS: i64 = 3_600_000;

/// Of a shape: kind, outcome, trigger, step of duration.
type Like = (&'static str, &'static str, &'static str, i64);

#[derive(Default)]
pub(super) struct Shelves {
    /// Where steps of duration end, in milliseconds.
    steps: Vec<i64>,
    shapes: HashMap<Like, Counted>,
    /// By script, schedule and shape.
    shelves: HashMap<(String, String, i64), Counted>,
    hours: HashMap<(i64, &'static str), u64>,
}

#[derive(Clone, Copy)]
struct Counted {
    id: i64,
    runs: u64,
    log_bytes: u64,
}

impl Shelves {
    pub(super) fn with_steps_of(migration: &str) -> Self {
        let ends = migration.split("duration_ms < ").skip(1);
        let steps: Vec<i64> = ends
            .filter_map(|rest| rest.split_whitespace().next()?.parse().ok())
            .collect();
        assert!(
            steps.len() == 15 && steps.is_sorted(),
            "steps of duration: {steps:?}"
        );
        Self {
            steps,
            ..Self::default()
        }
    }

    pub(super) fn file(&mut self, run: &Made<'_>, writer: &mut Writer<'_>) -> rusqlite::Result<()> {
        let step = |ms: i64| self.steps.partition_point(|end| *end <= ms) as i64;
        let trigger = match run.trigger {
            Trigger::Manual => "manual",
            Trigger::Api => "api",
            Trigger::System => "system",
            Trigger::Schedule { .. } => "schedule",
            Trigger::Webhook { .. } => "webhook",
        };
        let like = (
            run.word,
            run.outcome(),
            trigger,
            run.duration_ms().map_or(NO_STEP, step),
        );
        let log = run.started_at.map_or(0, |_| run.output + run.output / 50);
        let shape = count(&mut self.shapes, like, log);
        let schedule = run.schedule().unwrap_or_default().to_owned();
        let shelf = count(
            &mut self.shelves,
            (run.kind.script.id.to_string(), schedule, shape),
            log,
        );
        let row = params![run.number, shape, shelf, run.finished_at, run.duration_ms(), log];
        writer.file.execute(row)?;
        if run.word == "script" {
            *self
                .hours
                .entry((run.finished_at / HOUR_MS, run.outcome()))
                .or_default() += 1;
        }
        if let Some(trouble) = run
            .trouble
            .as_ref()
            .filter(|trouble| trouble.outcome.kind() != "skipped")
        {
            let mut text = String::new();
            if let Some(evidence) = trouble.outcome.evidence() {
                text = evidence.stderr_tail.join("\n") + "\n";
                let raised = evidence.traceback.iter();
                text.extend(raised.map(|raised| format!("{}: {}", raised.exception, raised.message)));
            }
            text = text + "\n" + trouble.outcome.message();
            writer.say.execute(params![run.number, text])?;
        }
        Ok(())
    }

    /// The counters, once all runs are there.
    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        for ((kind, outcome, trigger, step), shape) in &self.shapes {
            connection.execute(
                "INSERT INTO run_shapes (id, kind, outcome, trigger, span, kept, runs, log_bytes, artifact_bytes) \
                 VALUES (?1,?2,?3,?4,?5,0,?6,?7,0)",
                params![shape.id, kind, outcome, trigger, step, shape.runs, shape.log_bytes],
            )?;
        }
        for ((script, schedule, shape), shelf) in &self.shelves {
            connection.execute(
                "INSERT INTO run_shelves (id, script_id, schedule_id, shape, runs, log_bytes, artifact_bytes) \
                 VALUES (?1,?2,?3,?4,?5,?6,0)",
                params![shelf.id, script, schedule, shape, shelf.runs, shelf.log_bytes],
            )?;
        }
        for ((hour, outcome), runs) in &self.hours {
            connection.execute(
                "INSERT INTO run_hours (hour, outcome, runs) VALUES (?1,?2,?3)",
                params![hour, outcome, runs],
            )?;
        }
        Ok(())
    }
}

/// One more of these; answers which they are.
fn count<K: std::hash::Hash + Eq>(all: &mut HashMap<K, Counted>, of: K, log_bytes: u64) -> i64 {
    let next = all.len() as i64 + 1;
    let counted = all.entry(of).or_insert(Counted {
        id: next,
        runs: 0,
        log_bytes: 0,
    });
    counted.runs += 1;
    counted.log_bytes += log_bytes;
    counted.id
}
