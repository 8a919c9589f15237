//! Runs by the moment at which they belong in a calendar: that of their fire, or else of their start.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::Error;
use super::values::{from_json, from_word, ms, time};
use crate::model::ids::{RunId, ScriptId};
use crate::model::run::{RunState, Trigger};

/// What is looked at: `[from, to)`, of one script or of all.
#[derive(Debug, Clone)]
pub struct Window {
    pub from: Timestamp,
    pub to: Timestamp,
    pub script: Option<ScriptId>,
}

const MOMENT: &str = "coalesce(slot, started_at, queued_at)";

/// The runs of one schedule, or of a script without one, on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    pub script_id: ScriptId,
    /// `None`: somebody or something else has started them.
    pub schedule_id: Option<String>,
    /// Days since the epoch, shifted as asked for.
    pub day: i64,
    pub first: Timestamp,
    pub last: Timestamp,
    pub count: u64,
    pub succeeded: u64,
    pub failed: u64,
    pub skipped: u64,
}

/// How many runs there are, per schedule and day. Days begin `shift_seconds` earlier than those of UTC.
pub fn days(connection: &Connection, window: &Window, shift_seconds: i64) -> Result<Vec<Day>, Error> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT script_id, schedule_id, ({MOMENT} + ?4) / 86400000 AS day, min({MOMENT}), max({MOMENT}), count(*), \
         count(*) FILTER (WHERE outcome = 'succeeded'), \
         count(*) FILTER (WHERE outcome NOT IN ('succeeded', 'skipped', 'cancelled')), \
         count(*) FILTER (WHERE outcome = 'skipped') FROM runs \
         WHERE kind = 'script' AND {MOMENT} >= ?1 AND {MOMENT} < ?2 AND (?3 IS NULL OR script_id = ?3) \
         GROUP BY script_id, schedule_id, day"
    ))?;
    let script = window.script.as_ref().map(ScriptId::as_str);
    let rows = statement.query_map(
        params![ms(window.from), ms(window.to), script, shift_seconds * 1000],
        |row| {
            Ok(Day {
                script_id: ScriptId::parse(&row.get::<_, String>(0)?),
                schedule_id: row.get(1)?,
                day: row.get(2)?,
                first: time(3, row.get(3)?)?,
                last: time(4, row.get(4)?)?,
                count: row.get(5)?,
                succeeded: row.get(6)?,
                failed: row.get(7)?,
                skipped: row.get(8)?,
            })
        },
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many there are per hour from the beginning on.
pub fn hours(connection: &Connection, window: &Window) -> Result<Vec<(usize, u64)>, Error> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT ({MOMENT} - ?1) / 3600000 AS hour, count(*) FROM runs \
         WHERE kind = 'script' AND {MOMENT} >= ?1 AND {MOMENT} < ?2 AND (?3 IS NULL OR script_id = ?3) GROUP BY hour"
    ))?;
    let script = window.script.as_ref().map(ScriptId::as_str);
    let rows = statement.query_map(params![ms(window.from), ms(window.to), script], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A run as a calendar shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub run_id: RunId,
    pub script_id: ScriptId,
    pub trigger: Trigger,
    pub state: RunState,
    pub outcome: Option<String>,
    pub reason: Option<String>,
    pub at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

/// The runs of one [`Day`], earliest first.
pub fn entries(connection: &Connection, of: &Day) -> Result<Vec<Entry>, Error> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT id, script_id, trigger, state, outcome, json_extract(state_json, '$.outcome.reason'), {MOMENT}, \
         started_at, finished_at FROM runs \
         WHERE kind = 'script' AND {MOMENT} >= ?1 AND {MOMENT} <= ?2 AND script_id = ?3 AND schedule_id IS ?4 \
         ORDER BY {MOMENT}, number"
    ))?;
    let rows = statement.query_map(
        params![ms(of.first), ms(of.last), of.script_id.as_str(), of.schedule_id],
        read,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let text = |column: usize| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
    let optional = |column: usize| {
        row.get::<_, Option<i64>>(column)?
            .map(|ms| time(column, ms))
            .transpose()
    };
    Ok(Entry {
        run_id: RunId::parse(text(0)?),
        script_id: ScriptId::parse(text(1)?),
        trigger: from_json(2, text(2)?)?,
        state: from_word(3, text(3)?)?,
        outcome: row.get(4)?,
        reason: row.get(5)?,
        at: time(6, row.get(6)?)?,
        started_at: optional(7)?,
        finished_at: optional(8)?,
    })
}
