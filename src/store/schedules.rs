//! Rows of schedules, and what history knows of their fires.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter, types::Value};

use super::Error;
use super::values::{from_json, from_word, json, ms, time};
use crate::model::ids::{RunId, ScheduleId, ScriptId};
use crate::model::run::RunState;
use crate::model::schedule::Schedule;

const COLUMNS: &str = "s.id, s.script_id, s.version, s.terms, s.cursor, s.created_at, s.updated_at";

pub fn insert(connection: &Connection, schedule: &Schedule) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT INTO schedules (id, script_id, version, terms, enabled, cursor, created_at, updated_at) \
             VALUES (?1,?2,?3,?4,?5,?6,?7,?8)",
        )?
        .execute(params![
            schedule.id.as_str(),
            schedule.script_id.as_str(),
            schedule.version,
            json(&schedule.terms)?,
            schedule.terms.enabled,
            ms(schedule.cursor),
            ms(schedule.created_at),
            ms(schedule.updated_at),
        ])?;
    Ok(())
}

/// Stores what has changed of it.
pub fn update(connection: &Connection, schedule: &Schedule) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE schedules SET version = ?2, terms = ?3, enabled = ?4, cursor = ?5, updated_at = ?6 WHERE id = ?1",
        )?
        .execute(params![
            schedule.id.as_str(),
            schedule.version,
            json(&schedule.terms)?,
            schedule.terms.enabled,
            ms(schedule.cursor),
            ms(schedule.updated_at),
        ])?;
    Ok(())
}

/// Where the cursor of a version is, and where it goes.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    pub version: i64,
    pub from: Timestamp,
    pub to: Timestamp,
    /// The version from then on.
    pub next_version: i64,
}

/// Moves the cursor, provided that it is still where it was seen. Answers whether it was.
pub fn move_cursor(connection: &Connection, id: &ScheduleId, step: Move) -> Result<bool, Error> {
    let moved = connection
        .prepare_cached(
            "UPDATE schedules SET cursor = ?4, version = ?5 \
             WHERE id = ?1 AND version = ?2 AND cursor = ?3 AND deleted_at IS NULL AND enabled",
        )?
        .execute(params![
            id.as_str(),
            step.version,
            ms(step.from),
            ms(step.to),
            step.next_version,
        ])?;
    Ok(moved > 0)
}

pub fn delete(connection: &Connection, id: &ScheduleId, now: Timestamp) -> Result<(), Error> {
    connection
        .prepare_cached("UPDATE schedules SET deleted_at = ?2, enabled = 0 WHERE id = ?1")?
        .execute(params![id.as_str(), ms(now)])?;
    Ok(())
}

/// What of all schedules of a script that is begun anew lies before this is not due any more.
pub fn begin_anew(connection: &Connection, script: &ScriptId, now: Timestamp) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE schedules SET version = version + 1, cursor = max(cursor, ?2) \
             WHERE script_id = ?1 AND deleted_at IS NULL",
        )?
        .execute(params![script.as_str(), ms(now)])?;
    Ok(())
}

/// One that is not deleted.
pub fn get(connection: &Connection, id: &ScheduleId) -> Result<Option<Schedule>, Error> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM schedules s WHERE s.id = ?1 AND s.deleted_at IS NULL"
    ))?;
    Ok(statement.query_row([id.as_str()], read).optional()?)
}

/// A schedule, and what its script has to do with it.
#[derive(Debug, Clone)]
pub struct WithScript {
    pub schedule: Schedule,
    pub script_name: String,
    pub script_paused: bool,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub script: Option<ScriptId>,
    /// Part of its name or its script's.
    pub text: Option<String>,
    pub enabled_only: bool,
    /// The id after which the page begins.
    pub after: Option<String>,
    pub limit: Option<u32>,
}

/// Schedules of scripts that are not in the trash, oldest first.
pub fn list(connection: &Connection, filter: &Filter) -> Result<Vec<WithScript>, Error> {
    let mut sql = format!(
        "SELECT {COLUMNS}, scripts.name, scripts.paused FROM schedules s JOIN scripts ON scripts.id = s.script_id \
         WHERE s.deleted_at IS NULL AND scripts.deleted_at IS NULL"
    );
    let mut values: Vec<Value> = Vec::new();
    if let Some(script) = &filter.script {
        values.push(Value::Text(script.as_str().to_owned()));
        sql.push_str(&format!(" AND s.script_id = ?{}", values.len()));
    }
    if let Some(text) = &filter.text {
        values.push(Value::Text(text.to_lowercase()));
        let n = values.len();
        sql.push_str(&format!(
            " AND (instr(lower(scripts.name), ?{n}) > 0 OR instr(lower(json_extract(s.terms, '$.name')), ?{n}) > 0)"
        ));
    }
    if filter.enabled_only {
        sql.push_str(" AND s.enabled");
    }
    if let Some(after) = &filter.after {
        values.push(Value::Text(after.clone()));
        sql.push_str(&format!(" AND s.id > ?{}", values.len()));
    }
    sql.push_str(" ORDER BY s.id");
    if let Some(limit) = filter.limit {
        sql.push_str(&format!(" LIMIT {limit}"));
    }
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), |row| {
        Ok(WithScript {
            schedule: read(row)?,
            script_name: row.get(7)?,
            script_paused: row.get(8)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A fire of a schedule, as its latest attempt went.
#[derive(Debug, Clone, PartialEq)]
pub struct FireRow {
    pub run_id: RunId,
    pub slot: Timestamp,
    pub state: RunState,
    /// The outcome's kind.
    pub outcome: Option<String>,
    /// Why it was skipped.
    pub reason: Option<String>,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

/// The latest fires of a schedule that did not wait any more, and those that do; newest first.
pub fn latest_fires(connection: &Connection, id: &ScheduleId, limit: u32) -> Result<Vec<FireRow>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT id, slot, state, outcome, json_extract(state_json, '$.outcome.reason'), started_at, finished_at \
         FROM runs WHERE schedule_id = ?1 ORDER BY slot DESC, schedule_version DESC, attempt DESC LIMIT ?2",
    )?;
    let rows = statement.query_map(params![id.as_str(), limit], |row| {
        let optional = |column: usize| {
            row.get::<_, Option<i64>>(column)?
                .map(|ms| time(column, ms))
                .transpose()
        };
        Ok(FireRow {
            run_id: RunId::parse(&row.get::<_, String>(0)?),
            slot: time(1, row.get(1)?)?,
            state: from_word(2, &row.get::<_, String>(2)?)?,
            outcome: row.get(3)?,
            reason: row.get(4)?,
            started_at: optional(5)?,
            finished_at: optional(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// All schedules of these scripts, oldest first.
pub fn of_scripts(connection: &Connection, ids: &[ScriptId]) -> Result<Vec<Schedule>, Error> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM json_each(?1) AS wanted CROSS JOIN schedules AS s ON s.script_id = wanted.value \
         WHERE s.deleted_at IS NULL ORDER BY s.id"
    ))?;
    let rows = statement.query_map([json(&ids)?], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many a script has.
pub fn count(connection: &Connection, script: &ScriptId) -> Result<u64, Error> {
    let mut statement = connection
        .prepare_cached("SELECT count(*) FROM schedules WHERE script_id = ?1 AND deleted_at IS NULL")?;
    Ok(statement.query_row([script.as_str()], |row| row.get(0))?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Schedule> {
    let text = |column: usize| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
    Ok(Schedule {
        id: ScheduleId::parse(text(0)?),
        script_id: ScriptId::parse(text(1)?),
        version: row.get(2)?,
        terms: from_json(3, text(3)?)?,
        cursor: time(4, row.get(4)?)?,
        created_at: time(5, row.get(5)?)?,
        updated_at: time(6, row.get(6)?)?,
    })
}
