//! Where finished runs stand in history: shapes, shelves, counters, and what their errors said.
//!
//! A *shape* is what a run is like in everything that has few values; a *shelf* is a shape among the runs of one
//! schedule of one script. Any filter is a set of shapes or shelves, and each of them is a list by number, so that no
//! filter has to look at what it does not want ([`super::search`]); their counters are the totals. One writer keeps all
//! of it: what is here, in the transaction that changes the run's own row. (Triggers would do it too, but could not be
//! read beside the rest, nor share the steps of duration with the search.)

use rusqlite::{Connection, OptionalExtension, params};

use super::{get, ms, word};
use crate::model::history::Totals;
use crate::model::ids::{RunId, ScriptId};
use crate::model::run::{Run, RunKind, Trigger};
use crate::store::Error;

/// Lower edges of the steps of duration after the first, in milliseconds: what people ask for. Migrations know them.
const SPANS: [i64; 15] = [
    1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000, 7_200_000,
    21_600_000, 43_200_000, 86_400_000,
];
/// Of runs that were never started.
const NO_SPAN: i64 = -1;
/// What is kept of an error's text: its end, which is what people look for.
const ERROR_CHARS: usize = 4096;
/// Outcomes that say nothing worth finding.
pub(super) const WITHOUT_ERROR: [&str; 2] = ["succeeded", "skipped"];

/// The step of a duration.
pub(super) fn span(duration_ms: i64) -> i64 {
    SPANS.partition_point(|edge| *edge <= duration_ms) as i64
}

/// What lies in a step: `[from, to)`.
pub(super) fn span_edges(span: i64) -> (i64, i64) {
    let edge = |at: i64| usize::try_from(at).ok().and_then(|at| SPANS.get(at)).copied();
    (edge(span - 1).unwrap_or(0), edge(span).unwrap_or(i64::MAX))
}

/// The trigger's kind, as filters name it.
pub(super) fn trigger_word(trigger: &Trigger) -> &'static str {
    match trigger {
        Trigger::Manual => "manual",
        Trigger::Api => "api",
        Trigger::System => "system",
        Trigger::Webhook { .. } => "webhook",
        Trigger::Schedule { .. } => "schedule",
    }
}

fn duration_ms(run: &Run) -> Option<i64> {
    let (from, to) = run.started_at.zip(run.finished_at)?;
    Some((ms(to) - ms(from)).max(0))
}

fn log_bytes(run: &Run) -> u64 {
    run.facts
        .log
        .as_ref()
        .map_or(0, |log| log.stdout_bytes + log.stderr_bytes)
}

fn artifact_bytes(run: &Run) -> u64 {
    run.facts.artifacts.map_or(0, |left| left.bytes)
}

/// Takes in a run that has just finished.
pub(super) fn file(connection: &Connection, run: &Run) -> Result<(), Error> {
    place(connection, run)?;
    let Some(outcome) = run.outcome() else {
        return Ok(());
    };
    if run.kind == RunKind::Script {
        connection
            .prepare_cached(
                "INSERT INTO run_hours (hour, outcome, runs) VALUES (?1, ?2, 1) \
                 ON CONFLICT (hour, outcome) DO UPDATE SET runs = runs + 1",
            )?
            .execute(params![
                ms(run.finished_at.unwrap_or(run.queued_at)).div_euclid(3_600_000),
                outcome.kind()
            ])?;
    }
    if !WITHOUT_ERROR.contains(&outcome.kind()) {
        connection
            .prepare_cached("INSERT INTO run_errors (rowid, text) VALUES (?1, ?2)")?
            .execute(params![run.number, error_text(run)])?;
    }
    Ok(())
}

/// Puts a finished run on its shelf.
fn place(connection: &Connection, run: &Run) -> Result<(), Error> {
    let Some(outcome) = run.outcome() else {
        return Ok(());
    };
    let duration = duration_ms(run);
    let schedule = match &run.trigger {
        Trigger::Schedule { schedule_id, .. } => schedule_id.as_str(),
        _ => "",
    };
    let (log, artifacts) = (log_bytes(run), artifact_bytes(run));
    let shape: i64 = connection
        .prepare_cached(
            "INSERT INTO run_shapes (kind, outcome, trigger, span, kept, runs, log_bytes, artifact_bytes) \
             VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7) \
             ON CONFLICT (kind, outcome, trigger, span, kept) DO UPDATE SET runs = runs + 1, \
             log_bytes = log_bytes + ?6, artifact_bytes = artifact_bytes + ?7 RETURNING id",
        )?
        .query_row(
            params![
                word(&run.kind)?,
                outcome.kind(),
                trigger_word(&run.trigger),
                duration.map_or(NO_SPAN, span),
                run.kept,
                log,
                artifacts
            ],
            |row| row.get(0),
        )?;
    let shelf: i64 = connection
        .prepare_cached(
            "INSERT INTO run_shelves (script_id, schedule_id, shape, runs, log_bytes, artifact_bytes) \
             VALUES (?1, ?2, ?3, 1, ?4, ?5) ON CONFLICT (script_id, schedule_id, shape) DO UPDATE SET runs = runs + 1, \
             log_bytes = log_bytes + ?4, artifact_bytes = artifact_bytes + ?5 RETURNING id",
        )?
        .query_row(
            params![run.script_id.as_str(), schedule, shape, log, artifacts],
            |row| row.get(0),
        )?;
    connection
        .prepare_cached(
            "INSERT INTO filed_runs (number, shape, shelf, finished_at, duration_ms, log_bytes, artifact_bytes) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            run.number,
            shape,
            shelf,
            ms(run.finished_at.unwrap_or(run.queued_at)),
            duration,
            log,
            artifacts
        ])?;
    Ok(())
}

/// Takes a run off its shelf; one that was on none stays where it is.
pub(super) fn take_off(connection: &Connection, number: i64) -> Result<(), Error> {
    let stood: Option<(i64, i64, u64, u64)> = connection
        .prepare_cached(
            "DELETE FROM filed_runs WHERE number = ?1 RETURNING shape, shelf, log_bytes, artifact_bytes",
        )?
        .query_row([number], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((shape, shelf, log, artifacts)) = stood else {
        return Ok(());
    };
    for (table, id) in [("run_shapes", shape), ("run_shelves", shelf)] {
        connection
            .prepare_cached(&format!(
                "UPDATE {table} SET runs = runs - 1, log_bytes = log_bytes - ?2, \
                 artifact_bytes = artifact_bytes - ?3 WHERE id = ?1"
            ))?
            .execute(params![id, log, artifacts])?;
    }
    Ok(())
}

/// Forgets what a run said at its end.
pub(super) fn forget_error(connection: &Connection, number: i64) -> Result<(), Error> {
    connection
        .prepare_cached("DELETE FROM run_errors WHERE rowid = ?1")?
        .execute([number])?;
    Ok(())
}

/// Marks a run as one that stays, or takes that back. `None`: there is no such run.
pub fn set_kept(connection: &Connection, id: &RunId, kept: bool) -> Result<Option<Run>, Error> {
    connection
        .prepare_cached("UPDATE runs SET kept = ?2 WHERE id = ?1")?
        .execute(params![id.as_str(), kept])?;
    let run = get(connection, id)?;
    if let Some(run) = run.as_ref().filter(|run| run.is_finished()) {
        take_off(connection, run.number)?;
        place(connection, run)?;
    }
    Ok(run)
}

/// What is found by [`super::search`]: last words, exception, and the sentence for people.
pub(super) fn error_text(run: &Run) -> String {
    let Some(outcome) = run.outcome() else {
        return String::new();
    };
    let mut text = String::new();
    if let Some(evidence) = outcome.evidence() {
        text.push_str(&evidence.stderr_tail.join("\n"));
        text.push('\n');
        if let Some(traceback) = &evidence.traceback {
            text.push_str(&format!("{}: {}", traceback.exception, traceback.message));
        }
    }
    text.push('\n');
    text.push_str(outcome.message());
    match text.char_indices().rev().nth(ERROR_CHARS - 1) {
        Some((from, _)) => text.split_off(from),
        None => text,
    }
}

/// Of the script runs of one script, or of all.
pub fn totals(connection: &Connection, script: Option<&ScriptId>) -> Result<Totals, Error> {
    let mut of_one = connection.prepare_cached(
        "SELECT shape.outcome, shape.kept, shelf.runs, shelf.log_bytes, shelf.artifact_bytes FROM run_shelves AS shelf \
         CROSS JOIN run_shapes AS shape ON shape.id = shelf.shape \
         WHERE shelf.script_id = ?1 AND shape.kind = 'script' AND shelf.runs > 0",
    )?;
    let mut of_all = connection.prepare_cached(
        "SELECT outcome, kept, runs, log_bytes, artifact_bytes FROM run_shapes WHERE kind = 'script' AND runs > 0",
    )?;
    let mut rows = match script {
        Some(script) => of_one.query([script.as_str()])?,
        None => of_all.query([])?,
    };
    let mut totals = Totals::default();
    while let Some(row) = rows.next()? {
        let (outcome, kept, runs): (String, bool, u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        *totals.by_outcome.entry(outcome).or_default() += runs;
        totals.total += runs;
        totals.kept += if kept { runs } else { 0 };
        totals.log_bytes += row.get::<_, u64>(3)?;
        totals.artifact_bytes += row.get::<_, u64>(4)?;
    }
    // As many as the queue holds, whatever the history.
    let (unfinished, kept): (u64, u64) = connection
        .prepare_cached(
            "SELECT count(*), count(*) FILTER (WHERE kept) FROM runs INDEXED BY runs_unfinished \
             WHERE state <> 'finished' AND kind = 'script' AND (?1 IS NULL OR script_id = ?1)",
        )?
        .query_row([script.map(ScriptId::as_str)], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    totals.unfinished = unfinished;
    totals.total += unfinished;
    totals.kept += kept;
    Ok(totals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_has_one_step_whose_edges_hold_it() {
        for ms in [
            0,
            1,
            999,
            1_000,
            1_001,
            59_999,
            60_000,
            86_399_999,
            86_400_000,
            i64::MAX - 1,
        ] {
            let (from, to) = span_edges(span(ms));
            assert!(from <= ms && ms < to, "{ms}: {from}..{to}");
        }
        assert_eq!((span(0), span(86_400_000)), (0, SPANS.len() as i64));
    }
}
