//! Rows of runs that go: what retention looks at, and taking a run out of everything in one transaction.
//!
//! A removed run's row and events are gone at once, so no list has to leave it out; its directory is remembered in
//! `removals` until it is gone as well. Which runs go is decided elsewhere. What is read here for that is narrow: the
//! wide rows of runs are not touched before they go.

use std::collections::HashSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::search::first_queued_from;
use super::{filing, ms, time, word};
use crate::model::ids::{RunId, ScriptId};
use crate::model::run::RunKind;
use crate::store::Error;

/// A finished run, as far as keeping it is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed {
    pub number: i64,
    pub finished_at: Timestamp,
    /// Log and artifacts.
    pub bytes: u64,
    pub kept: bool,
}

fn filed(row: &Row<'_>) -> rusqlite::Result<Filed> {
    Ok(Filed {
        number: row.get(0)?,
        finished_at: time(1, row.get(1)?)?,
        bytes: row.get(2)?,
        kept: row.get(3)?,
    })
}

/// Of which script and kind, and between which numbers (both excluded).
#[derive(Debug, Clone)]
pub struct Stretch {
    pub script: ScriptId,
    pub kind: RunKind,
    pub above: i64,
    pub below: i64,
}

/// Finished runs of a stretch, oldest first.
pub fn oldest(connection: &Connection, of: &Stretch, limit: usize) -> Result<Vec<Filed>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT f.number, f.finished_at, f.log_bytes + f.artifact_bytes, s.kept FROM runs AS r \
         CROSS JOIN filed_runs AS f ON f.number = r.number CROSS JOIN run_shapes AS s ON s.id = f.shape \
         WHERE r.script_id = ?1 AND r.kind = ?2 AND r.number > ?3 AND r.number < ?4 ORDER BY r.number LIMIT ?5",
    )?;
    let rows = statement.query_map(
        params![
            of.script.as_str(),
            word(&of.kind)?,
            of.above,
            of.below,
            limit as i64
        ],
        filed,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Finished runs of all scripts that take room, oldest first, with whose they are.
pub fn oldest_with_bytes(
    connection: &Connection,
    above: i64,
    limit: usize,
) -> Result<Vec<(Filed, ScriptId, RunKind)>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT f.number, f.finished_at, f.log_bytes + f.artifact_bytes, s.kept, v.script_id, s.kind FROM filed_runs AS f \
         CROSS JOIN run_shapes AS s ON s.id = f.shape CROSS JOIN run_shelves AS v ON v.id = f.shelf \
         WHERE f.number > ?1 AND f.log_bytes + f.artifact_bytes > 0 ORDER BY f.number LIMIT ?2",
    )?;
    let rows = statement.query_map(params![above, limit as i64], |row| {
        let script = ScriptId::parse(&row.get::<_, String>(4)?);
        let kind = crate::store::values::from_word(5, &row.get::<_, String>(5)?)?;
        Ok((filed(row)?, script, kind))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The number from which on the newest `most` runs of this script and kind are; 0 if there are not so many.
pub fn newest_from(
    connection: &Connection,
    script: &ScriptId,
    kind: RunKind,
    most: u64,
) -> Result<i64, Error> {
    let Some(skipped) = most.checked_sub(1) else {
        return Ok(i64::MAX);
    };
    let found: Option<i64> = connection
        .prepare_cached(
            "SELECT number FROM runs WHERE script_id = ?1 AND kind = ?2 ORDER BY number DESC LIMIT 1 OFFSET ?3",
        )?
        .query_row(params![script.as_str(), word(&kind)?, skipped], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or(0))
}

/// A number such that no run from it on was queued before the instant.
pub fn queued_from(connection: &Connection, at: Timestamp) -> Result<i64, Error> {
    first_queued_from(connection, ms(at))
}

/// Runs of the script that are needed, whatever their age: its last success and its last failure, what has built an
/// environment it has, and what its environment's state is told by.
pub fn needed(connection: &Connection, script: &ScriptId) -> Result<HashSet<i64>, Error> {
    let mut needed = HashSet::new();
    let mut add = |sql: &str| -> Result<(), Error> {
        let mut statement = connection.prepare_cached(sql)?;
        let rows = statement.query_map([script.as_str()], |row| row.get::<_, Option<i64>>(0))?;
        for number in rows {
            needed.extend(number?);
        }
        Ok(())
    };
    add(&last("shape.outcome = 'succeeded'"))?;
    add(&last(
        "shape.outcome NOT IN ('succeeded', 'skipped', 'cancelled')",
    ))?;
    add("SELECT r.number FROM environments AS e JOIN runs AS r ON r.id = e.run_id WHERE e.script_id = ?1")?;
    for condition in [
        "json_extract(build, '$.action') IS NOT 'check'",
        "json_extract(build, '$.found') IS NOT NULL",
    ] {
        add(&format!(
            "SELECT number FROM runs WHERE script_id = ?1 AND kind = 'build' AND {condition} \
             ORDER BY number DESC LIMIT 1"
        ))?;
    }
    Ok(needed)
}

fn last(condition: &str) -> String {
    format!(
        "SELECT max((SELECT max(f.number) FROM filed_runs AS f WHERE f.shelf = shelf.id)) \
         FROM run_shelves AS shelf CROSS JOIN run_shapes AS shape ON shape.id = shelf.shape \
         WHERE shelf.script_id = ?1 AND shelf.runs > 0 AND shape.kind = 'script' AND {condition}"
    )
}

/// Script and kind of a run.
pub fn whose(connection: &Connection, number: i64) -> Result<Option<(ScriptId, RunKind)>, Error> {
    let mut statement = connection.prepare_cached("SELECT script_id, kind FROM runs WHERE number = ?1")?;
    let row = statement.query_row([number], |row| {
        let kind = crate::store::values::from_word(1, row.get_ref(1)?.as_str()?)?;
        Ok((ScriptId::parse(row.get_ref(0)?.as_str()?), kind))
    });
    Ok(row.optional()?)
}

/// Where a run's directory is, and what it is called: for whoever weighs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    pub number: i64,
    pub id: RunId,
    pub queued_at: Timestamp,
    pub script: ScriptId,
    pub kept: bool,
}

const DIRECTORY: &str = "SELECT number, id, queued_at, script_id, kept FROM runs";

fn directory(row: &Row<'_>) -> rusqlite::Result<Directory> {
    Ok(Directory {
        number: row.get(0)?,
        id: RunId::parse(row.get_ref(1)?.as_str()?),
        queued_at: time(2, row.get(2)?)?,
        script: ScriptId::parse(row.get_ref(3)?.as_str()?),
        kept: row.get(4)?,
    })
}

pub fn directories(connection: &Connection, numbers: &[i64]) -> Result<Vec<Directory>, Error> {
    let mut statement = connection.prepare_cached(&format!(
        "{DIRECTORY} WHERE number IN (SELECT value FROM json_each(?1)) ORDER BY number"
    ))?;
    let rows = statement.query_map([crate::store::values::json(&numbers)?], directory)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Of all runs of a script.
pub fn directories_of(
    connection: &Connection,
    script: &ScriptId,
    most: usize,
) -> Result<Vec<Directory>, Error> {
    let mut statement = connection.prepare_cached(&format!(
        "{DIRECTORY} WHERE script_id = ?1 ORDER BY number LIMIT ?2"
    ))?;
    let rows = statement.query_map(params![script.as_str(), most as i64], directory)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many runs the script has, and how many of them are marked to be kept.
pub fn count_of(connection: &Connection, script: &ScriptId) -> Result<(u64, u64), Error> {
    let mut statement = connection
        .prepare_cached("SELECT count(*), coalesce(sum(kept), 0) FROM runs WHERE script_id = ?1")?;
    Ok(statement.query_row([script.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Of these ids those that no run has, and none that was removed and whose directory is on its way out.
pub fn unknown(connection: &Connection, ids: &[RunId]) -> Result<HashSet<RunId>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT value FROM json_each(?1) WHERE NOT EXISTS (SELECT 1 FROM runs WHERE id = value)          AND NOT EXISTS (SELECT 1 FROM removals WHERE run_id = value)",
    )?;
    let rows = statement.query_map([crate::store::values::json(&ids)?], |row| {
        Ok(RunId::parse(row.get_ref(0)?.as_str()?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether an environment is there that this run has built.
pub fn made_an_environment(connection: &Connection, script: &ScriptId, run: &RunId) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM environments WHERE script_id = ?1 AND run_id = ?2")?
        .exists([script.as_str(), run.as_str()])?)
}

/// What logs and artifacts take: of the script runs of one script, or of everything.
pub fn bytes(connection: &Connection, script: Option<&ScriptId>) -> Result<u64, Error> {
    Ok(match script {
        Some(script) => connection
            .prepare_cached(
                "SELECT coalesce(sum(shelf.log_bytes + shelf.artifact_bytes), 0) FROM run_shelves AS shelf \
                 CROSS JOIN run_shapes AS shape ON shape.id = shelf.shape WHERE shelf.script_id = ?1 AND shape.kind = 'script'",
            )?
            .query_row([script.as_str()], |row| row.get(0))?,
        None => connection
            .prepare_cached("SELECT coalesce(sum(log_bytes + artifact_bytes), 0) FROM run_shapes")?
            .query_row([], |row| row.get(0))?,
    })
}

/// Takes a finished run out of everything, but for its directory, which is remembered. Whether there was one.
pub fn remove(connection: &Connection, number: i64) -> Result<bool, Error> {
    let gone: Option<(String, i64)> = connection
        .prepare_cached("DELETE FROM runs WHERE number = ?1 AND state = 'finished' RETURNING id, queued_at")?
        .query_row([number], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((id, queued_at)) = gone else {
        return Ok(false);
    };
    filing::take_off(connection, number)?;
    filing::forget_error(connection, number)?;
    connection
        .prepare_cached("INSERT OR REPLACE INTO removals (run_id, queued_at) VALUES (?1, ?2)")?
        .execute(params![id, queued_at])?;
    Ok(true)
}

/// Some runs of a script, of any kind and state: their numbers.
pub fn some_of(connection: &Connection, script: &ScriptId, limit: usize) -> Result<Vec<i64>, Error> {
    let mut statement =
        connection.prepare_cached("SELECT number FROM runs WHERE script_id = ?1 ORDER BY number LIMIT ?2")?;
    let rows = statement.query_map(params![script.as_str(), limit as i64], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Remembers the directory of a run that has no row yet: until it has one, it is to be removed.
pub fn note(connection: &Connection, run: &RunId, queued_at: Timestamp) -> Result<(), Error> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO removals (run_id, queued_at) VALUES (?1, ?2)")?
        .execute(params![run.as_str(), ms(queued_at)])?;
    Ok(())
}

/// Whether its directory is still to be removed.
pub fn is_noted(connection: &Connection, run: &RunId) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM removals WHERE run_id = ?1")?
        .exists([run.as_str()])?)
}

/// Whose directories are to be removed yet, beginning after that one.
pub fn removals(
    connection: &Connection,
    after: &str,
    limit: usize,
) -> Result<Vec<(RunId, Timestamp)>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT run_id, queued_at FROM removals WHERE run_id > ?1 ORDER BY run_id LIMIT ?2",
    )?;
    let rows = statement.query_map(params![after, limit as i64], |row| {
        Ok((RunId::parse(&row.get::<_, String>(0)?), time(1, row.get(1)?)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Their directories are gone.
pub fn removed(connection: &Connection, runs: &[RunId]) -> Result<(), Error> {
    let mut statement = connection.prepare_cached("DELETE FROM removals WHERE run_id = ?1")?;
    for run in runs {
        statement.execute([run.as_str()])?;
    }
    Ok(())
}
