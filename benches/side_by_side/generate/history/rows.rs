//! One made run and its rows.

use pytask_manager::model::limits::Limits;
use pytask_manager::model::run::{LogSummary, Trigger, Usage};
use rusqlite::{Connection, Statement, params};

use super::super::kinds::{self, Kind, Trouble};

const DIGEST: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

pub(super) struct Made<'h> {
    pub(super) number: u64,
    pub(super) id: String,
    pub(super) kind: &'h Kind,
    /// The kind of run.
    pub(super) word: &'static str,
    pub(super) trigger: Trigger,
    pub(super) queued_at: i64,
    /// Nothing where it was never started.
    pub(super) started_at: Option<i64>,
    pub(super) finished_at: i64,
    pub(super) trouble: Option<Trouble>,
    /// Bytes on stdout.
    pub(super) output: u64,
}

impl Made<'_> {
    pub(super) fn outcome(&self) -> &'static str {
        self.trouble
            .as_ref()
            .map_or("succeeded", |trouble| trouble.outcome.kind())
    }

    pub(super) fn schedule(&self) -> Option<&str> {
        match &self.trigger {
            Trigger::Schedule { schedule_id, .. } => Some(schedule_id.as_str()),
            _ => None,
        }
    }

    pub(super) fn duration_ms(&self) -> Option<i64> {
        self.started_at.map(|started_at| self.finished_at - started_at)
    }

    fn log(&self) -> LogSummary {
        let records = self.output / 80 + 1;
        LogSummary {
            stdout_bytes: self.output,
            stderr_bytes: self.output / 50,
            records,
            last_seq: records,
            ..LogSummary::default()
        }
    }
}

const INSERT: &str = "INSERT INTO runs (id, script_id, kind, state, outcome, state_json, version, trigger, overlap, queued_at, \
     started_at, finished_at, args, env, limits, image, requirements, revision, image_digest, exit_code, \
     peak_memory_bytes, cpu_ms, log, usage, artifacts, schedule_id, schedule_version, slot, attempt) \
     VALUES (?1,?2,?3,'finished',?4,?5,6,?6,'queue',?7,?8,?9,'[]','{}',?10,'pytask-runner:3.13','[]',3,?11,?12,?13,?14,?15,\
     ?16,'{\"files\":0,\"bytes\":0}',?17,?18,?19,?20)";

const FILE: &str = "INSERT INTO filed_runs (number, shape, shelf, finished_at, duration_ms, log_bytes, artifact_bytes) \
     VALUES (?1,?2,?3,?4,?5,?6,0)";
const SAY: &str = "INSERT INTO run_errors (rowid, text) VALUES (?1, ?2)";

pub(super) struct Writer<'c> {
    insert: Statement<'c>,
    pub(super) file: Statement<'c>,
    pub(super) say: Statement<'c>,
    limits: String,
    usage: String,
    succeeded: String,
}

impl<'c> Writer<'c> {
    pub(super) fn on(connection: &'c Connection) -> rusqlite::Result<Self> {
        let usage = Usage {
            peak_pids: Some(3),
            ..Usage::default()
        };
        Ok(Self {
            insert: connection.prepare(INSERT)?,
            file: connection.prepare(FILE)?,
            say: connection.prepare(SAY)?,
            limits: serde_json::to_string(&Limits::default_for_scripts()).expect("JSON"),
            usage: serde_json::to_string(&usage).expect("JSON"),
            succeeded: kinds::succeeded(),
        })
    }

    pub(super) fn write(&mut self, run: &Made<'_>) -> rusqlite::Result<()> {
        let troubled = run
            .trouble
            .as_ref()
            .map(|trouble| kinds::finished(&trouble.outcome));
        let log = run
            .started_at
            .map(|_| serde_json::to_string(&run.log()).expect("JSON"));
        let schedule = run.schedule();
        self.insert.execute(params![
            run.id,
            run.kind.script.id.as_str(),
            run.word,
            run.outcome(),
            troubled.as_ref().unwrap_or(&self.succeeded),
            serde_json::to_string(&run.trigger).expect("JSON"),
            run.queued_at,
            run.started_at,
            run.finished_at,
            self.limits,
            run.started_at.map(|_| DIGEST),
            run.trouble.as_ref().map_or(Some(0), |trouble| trouble.exit_code),
            run.started_at.map(|_| 12_000_000 + run.output * 900),
            run.duration_ms().map(|took| 40 + took / 3),
            log,
            self.usage,
            schedule,
            schedule.map(|_| 1),
            schedule.map(|_| run.queued_at),
            schedule.map(|_| 1),
        ])?;
        Ok(())
    }
}
