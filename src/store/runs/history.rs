//! Looking back over runs: pages by keyset, the newest of something, counts per day. Reads only; every question has an
//! index that answers it.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter, types::Value};

use super::{COLUMNS, read};
use crate::model::ids::ScriptId;
use crate::model::run::{Run, RunKind, RunState};
use crate::store::Error;
use crate::store::values::{ms, time, word};

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub script: Option<ScriptId>,
    pub kind: Option<RunKind>,
    pub state: Option<RunState>,
    pub outcome: Option<String>,
    /// Part of the script's name.
    pub text: Option<String>,
    /// The number after which (downwards) the page begins.
    pub before: Option<i64>,
    pub limit: u32,
}

/// Newest first, by keyset.
pub fn list(connection: &Connection, filter: &Filter) -> Result<Vec<Run>, Error> {
    let mut conditions = vec!["number < ?1".to_owned()];
    let mut values: Vec<Value> = vec![Value::Integer(filter.before.unwrap_or(i64::MAX))];
    let mut equal = |column: &str, value: String| {
        values.push(Value::Text(value));
        conditions.push(format!("{column} = ?{}", values.len()));
    };
    if let Some(script) = &filter.script {
        equal("script_id", script.as_str().to_owned());
    }
    if let Some(kind) = &filter.kind {
        equal("kind", word(kind)?);
    }
    if let Some(state) = filter.state {
        equal("state", state.as_str().to_owned());
    }
    if let Some(outcome) = &filter.outcome {
        equal("outcome", outcome.clone());
    }
    if filter.state.is_some_and(|state| state != RunState::Finished) {
        // Said so that the planner takes the small index of unfinished runs.
        conditions.push("state <> 'finished'".to_owned());
    }
    if let Some(text) = &filter.text {
        values.push(Value::Text(text.clone()));
        conditions.push(format!(
            "script_id IN (SELECT id FROM scripts WHERE instr(lower(name), lower(?{})) > 0)",
            values.len()
        ));
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM runs WHERE {} ORDER BY number DESC LIMIT {}",
        conditions.join(" AND "),
        filter.limit
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The last run of the script that succeeded before the run of this number.
pub fn last_success(connection: &Connection, script: &ScriptId, before: i64) -> Result<Option<Run>, Error> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM runs WHERE script_id = ?1 AND outcome = 'succeeded' AND number < ?2 \
         AND kind = 'script' ORDER BY number DESC LIMIT 1"
    ))?;
    Ok(statement
        .query_row(params![script.as_str(), before], read)
        .optional()?)
}

/// The newest runs of one script of one kind, newest first.
pub fn newest(
    connection: &Connection,
    script: &ScriptId,
    kind: RunKind,
    limit: u32,
) -> Result<Vec<Run>, Error> {
    list(
        connection,
        &Filter {
            script: Some(script.clone()),
            kind: Some(kind),
            limit,
            ..Filter::default()
        },
    )
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

/// Script runs that have finished since `since`, counted per UTC day and outcome.
pub fn finished_per_day(
    connection: &Connection,
    since: Timestamp,
) -> Result<Vec<(Timestamp, String, u64)>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT finished_at / 86400000 * 86400000 AS day, outcome, count(*) FROM runs \
         WHERE finished_at >= ?1 AND kind = 'script' AND outcome IS NOT NULL GROUP BY day, outcome",
    )?;
    let rows = statement.query_map([ms(since)], |row| {
        Ok((time(0, row.get(0)?)?, row.get(1)?, row.get(2)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Script runs that have finished since `since`: how many succeeded, and how many there are.
pub fn succeeded_since(connection: &Connection, since: Timestamp) -> Result<(u64, u64), Error> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*) FILTER (WHERE outcome = 'succeeded'), count(*) FROM runs \
         WHERE finished_at >= ?1 AND kind = 'script' AND outcome IS NOT NULL",
    )?;
    Ok(statement.query_row([ms(since)], |row| Ok((row.get(0)?, row.get(1)?)))?)
}
