//! Looking back over runs: the newest of something, counts per day. Reads only; every question has an index or a counter
//! that answers it.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{COLUMNS, read};
use crate::model::ids::{RunId, ScriptId};
use crate::model::run::{Run, RunKind, RunState};
use crate::store::Error;
use crate::store::values::{from_word, json, ms, time, word};

/// The last run of the script that succeeded before the run of this number.
pub fn last_success(connection: &Connection, script: &ScriptId, before: i64) -> Result<Option<Run>, Error> {
    let number: Option<i64> = connection
        .prepare_cached(LAST_SUCCESS)?
        .query_row(params![script.as_str(), before], |row| row.get(0))?;
    match number {
        Some(number) => by_number(connection, number),
        None => Ok(None),
    }
}

const LAST_SUCCESS: &str = "SELECT max((SELECT max(f.number) FROM filed_runs AS f WHERE f.shelf = shelf.id AND f.number < ?2)) \
     FROM run_shelves AS shelf CROSS JOIN run_shapes AS shape ON shape.id = shelf.shape \
     WHERE shelf.script_id = ?1 AND shelf.runs > 0 AND shape.kind = 'script' AND shape.outcome = 'succeeded'";

pub(super) fn by_number(connection: &Connection, number: i64) -> Result<Option<Run>, Error> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM runs WHERE number = ?1"))?;
    Ok(statement.query_row([number], read).optional()?)
}

/// The newest runs of one script of one kind, newest first.
pub fn newest(
    connection: &Connection,
    script: &ScriptId,
    kind: RunKind,
    limit: u32,
) -> Result<Vec<Run>, Error> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM runs WHERE script_id = ?1 AND kind = ?2 ORDER BY number DESC LIMIT ?3"
    ))?;
    let rows = statement.query_map(params![script.as_str(), word(&kind)?, limit], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What a strip of outcomes shows of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    pub id: RunId,
    pub state: RunState,
    /// The outcome's kind.
    pub outcome: Option<String>,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

/// The newest `most` script runs of each of these scripts, newest first.
pub fn newest_of_each(
    connection: &Connection,
    scripts: &[ScriptId],
    most: u32,
) -> Result<HashMap<ScriptId, Vec<Brief>>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT r.script_id, r.id, r.state, r.outcome, r.started_at, r.finished_at, r.number \
         FROM json_each(?1) AS wanted CROSS JOIN runs AS r ON r.script_id = wanted.value AND r.kind = 'script' \
         AND r.number >= coalesce((SELECT n.number FROM runs AS n WHERE n.script_id = wanted.value \
         AND n.kind = 'script' ORDER BY n.number DESC LIMIT 1 OFFSET ?2 - 1), 0)",
    )?;
    let mut rows = statement.query(params![json(&scripts)?, most])?;
    let mut all: HashMap<ScriptId, Vec<(i64, Brief)>> = HashMap::new();
    while let Some(row) = rows.next()? {
        let optional = |column: usize| {
            row.get::<_, Option<i64>>(column)?
                .map(|ms| time(column, ms))
                .transpose()
        };
        let brief = Brief {
            id: RunId::parse(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?),
            state: from_word(2, row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?)?,
            outcome: row.get(3)?,
            started_at: optional(4)?,
            finished_at: optional(5)?,
        };
        let script = ScriptId::parse(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?);
        all.entry(script).or_default().push((row.get(6)?, brief));
    }
    let newest_first = |mut runs: Vec<(i64, Brief)>| {
        runs.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
        runs.into_iter().map(|(_, brief)| brief).collect()
    };
    Ok(all
        .into_iter()
        .map(|(script, runs)| (script, newest_first(runs)))
        .collect())
}

/// The newest run of each of these scripts that is `what`: a run of the script, or a build that was to make an
/// environment.
pub fn newest_one_of_each(
    connection: &Connection,
    scripts: &[ScriptId],
    what: Newest,
) -> Result<HashMap<ScriptId, Run>, Error> {
    let condition = match what {
        Newest::Run => "n.kind = 'script'",
        Newest::Build => "n.kind = 'build' AND json_extract(n.build, '$.action') IS NOT 'check'",
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM runs WHERE number IN (SELECT (SELECT n.number FROM runs AS n \
         WHERE n.script_id = wanted.value AND {condition} ORDER BY n.number DESC LIMIT 1) \
         FROM json_each(?1) AS wanted)"
    ))?;
    let rows = statement.query_map([json(&scripts)?], read)?;
    rows.map(|run| run.map(|run| (run.script_id.clone(), run)))
        .collect::<Result<_, _>>()
        .map_err(Error::from)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newest {
    Run,
    Build,
}

/// The script's newest build that was to make an environment.
pub fn newest_build(connection: &Connection, script: &ScriptId) -> Result<Option<Run>, Error> {
    newest_build_where(
        connection,
        script,
        "json_extract(build, '$.action') IS NOT 'check'",
    )
}

/// The script's newest check that has found something out.
pub fn newest_check(connection: &Connection, script: &ScriptId) -> Result<Option<Run>, Error> {
    newest_build_where(connection, script, "json_extract(build, '$.found') IS NOT NULL")
}

fn newest_build_where(
    connection: &Connection,
    script: &ScriptId,
    condition: &str,
) -> Result<Option<Run>, Error> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM runs WHERE script_id = ?1 AND kind = 'build' AND {condition} \
         ORDER BY number DESC LIMIT 1"
    ))?;
    Ok(statement.query_row([script.as_str()], read).optional()?)
}

/// Script runs that have finished since `since`, counted per UTC day and outcome; to the hour, and with those that were
/// removed since.
pub fn finished_per_day(
    connection: &Connection,
    since: Timestamp,
) -> Result<Vec<(Timestamp, String, u64)>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT hour / 24 * 86400000 AS day, outcome, sum(runs) FROM run_hours WHERE hour >= ?1 \
         GROUP BY day, outcome",
    )?;
    let rows = statement.query_map([hour(since)], |row| {
        Ok((time(0, row.get(0)?)?, row.get(1)?, row.get(2)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The same: how many succeeded, and how many there are.
pub fn succeeded_since(connection: &Connection, since: Timestamp) -> Result<(u64, u64), Error> {
    let mut statement = connection.prepare_cached(
        "SELECT coalesce(sum(runs) FILTER (WHERE outcome = 'succeeded'), 0), coalesce(sum(runs), 0) FROM run_hours \
         WHERE hour >= ?1",
    )?;
    Ok(statement.query_row([hour(since)], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

fn hour(at: Timestamp) -> i64 {
    ms(at).div_euclid(3_600_000)
}
