//! Rows of clean-ups: the items of the one that is carried out, stored before anything goes, and the reports of those
//! that have ended.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Error;
use super::values::{from_json, from_word, is_unique_violation, json, ms, time, word};
use crate::model::cleanup::{Kind, Report, Trigger};

const KEPT_REPORTS: u32 = 100;

/// How far something is that is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    Pending,
    /// It is on its way out; whoever finds it so and finds nothing there has removed it.
    Acting,
    Gone,
    /// It was to go and is still there.
    Left,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRow {
    pub position: i64,
    pub kind: Kind,
    /// What it is found by.
    pub key: String,
    /// What people call it.
    pub what: String,
    /// How it stood when it was decided upon.
    pub mark: String,
    pub bytes: u64,
    pub progress: Progress,
    pub reason: Option<String>,
}

/// The one that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    pub id: i64,
    pub trigger: Trigger,
    pub started_at: Timestamp,
    pub continued: u32,
}

/// [`Error::Taken`] while another one has not ended.
pub fn insert(
    connection: &Connection,
    trigger: Trigger,
    items: &[ItemRow],
    now: Timestamp,
) -> Result<i64, Error> {
    let mut kinds: Vec<Kind> = items.iter().map(|item| item.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let inserted = connection
        .prepare_cached("INSERT INTO cleanups (trigger, kinds, started_at) VALUES (?1, ?2, ?3)")?
        .execute(params![word(&trigger)?, json(&kinds)?, ms(now)]);
    match inserted {
        Ok(_) => {}
        Err(e) if is_unique_violation(&e, "cleanups_running") => {
            return Err(Error::Taken { what: "clean-up" });
        }
        Err(e) => return Err(e.into()),
    }
    let id = connection.last_insert_rowid();
    let mut statement = connection.prepare_cached(
        "INSERT INTO cleanup_items (cleanup_id, position, kind, key, what, mark, bytes, state, reason) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for item in items {
        statement.execute(params![
            id,
            item.position,
            word(&item.kind)?,
            item.key,
            item.what,
            item.mark,
            item.bytes,
            word(&item.progress)?,
            item.reason,
        ])?;
    }
    Ok(id)
}

pub fn running(connection: &Connection) -> Result<Option<Running>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT id, trigger, started_at, continued FROM cleanups WHERE finished_at IS NULL",
    )?;
    let row = statement.query_row([], |row| {
        Ok(Running {
            id: row.get(0)?,
            trigger: from_word(1, row.get_ref(1)?.as_str()?)?,
            started_at: time(2, row.get(2)?)?,
            continued: row.get(3)?,
        })
    });
    Ok(row.optional()?)
}

/// A start has found it and goes on.
pub fn take_up(connection: &Connection, id: i64) -> Result<(), Error> {
    connection
        .prepare_cached("UPDATE cleanups SET continued = continued + 1 WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

pub fn items(connection: &Connection, id: i64) -> Result<Vec<ItemRow>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT position, kind, key, what, mark, bytes, state, reason FROM cleanup_items WHERE cleanup_id = ?1 \
         ORDER BY position",
    )?;
    let rows = statement.query_map([id], item)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn item(row: &Row<'_>) -> rusqlite::Result<ItemRow> {
    Ok(ItemRow {
        position: row.get(0)?,
        kind: from_word(1, row.get_ref(1)?.as_str()?)?,
        key: row.get(2)?,
        what: row.get(3)?,
        mark: row.get(4)?,
        bytes: row.get(5)?,
        progress: from_word(6, row.get_ref(6)?.as_str()?)?,
        reason: row.get(7)?,
    })
}

pub fn set_progress(
    connection: &Connection,
    id: i64,
    position: i64,
    (progress, reason): (Progress, Option<&str>),
) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE cleanup_items SET state = ?3, reason = ?4 WHERE cleanup_id = ?1 AND position = ?2",
        )?
        .execute(params![id, position, word(&progress)?, reason])?;
    Ok(())
}

/// Stores its report instead of its items.
pub fn finish(connection: &Connection, report: &Report) -> Result<(), Error> {
    connection
        .prepare_cached("UPDATE cleanups SET finished_at = ?2, report = ?3 WHERE id = ?1")?
        .execute(params![report.id, ms(report.finished_at), json(report)?])?;
    connection
        .prepare_cached("DELETE FROM cleanup_items WHERE cleanup_id = ?1")?
        .execute([report.id])?;
    connection
        .prepare_cached(
            "DELETE FROM cleanups WHERE finished_at IS NOT NULL AND id NOT IN \
             (SELECT id FROM cleanups ORDER BY id DESC LIMIT ?1)",
        )?
        .execute([KEPT_REPORTS])?;
    Ok(())
}

/// The last ones, newest first.
pub fn reports(connection: &Connection, limit: u32) -> Result<Vec<Report>, Error> {
    let mut statement = connection
        .prepare_cached("SELECT report FROM cleanups WHERE report IS NOT NULL ORDER BY id DESC LIMIT ?1")?;
    let rows = statement.query_map([limit], |row| from_json(0, row.get_ref(0)?.as_str()?))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::in_memory;

    fn row(position: i64) -> ItemRow {
        ItemRow {
            position,
            kind: Kind::Images,
            key: "k".into(),
            what: "w".into(),
            mark: "m".into(),
            bytes: 7,
            progress: Progress::Pending,
            reason: None,
        }
    }

    #[test]
    fn one_at_a_time_and_its_items_go_with_its_report() {
        let db = in_memory().expect("opens");
        let at = Timestamp::UNIX_EPOCH;
        let id = insert(&db, Trigger::Manual, &[row(0), row(1)], at).expect("inserts");
        let other = insert(&db, Trigger::Schedule, &[], at);
        assert!(matches!(other, Err(Error::Taken { what: "clean-up" })));
        set_progress(&db, id, 1, (Progress::Left, Some("in use"))).expect("stores");
        take_up(&db, id).expect("stores");
        let now = running(&db).expect("reads").expect("one");
        assert_eq!((now.id, now.continued), (id, 1));
        let read = items(&db, id).expect("reads");
        assert_eq!(read[0], row(0));
        assert_eq!(
            (read[1].progress, read[1].reason.as_deref()),
            (Progress::Left, Some("in use"))
        );
        let report = Report {
            id,
            trigger: now.trigger,
            started_at: at,
            finished_at: at,
            continued: 1,
            freed_bytes: 7,
            groups: vec![],
            failures: vec![],
        };
        finish(&db, &report).expect("stores");
        assert_eq!(running(&db).expect("reads"), None);
        assert!(items(&db, id).expect("reads").is_empty());
        assert_eq!(reports(&db, 10).expect("reads"), [report]);
        insert(&db, Trigger::Schedule, &[], at).expect("the next may begin");
    }
}
