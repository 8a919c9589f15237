//! The journal of the settings: what was changed, when, from what to what. The newest rows are kept, and no secret is
//! ever in one.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde_json::Value;

use super::Error;
use super::values::{from_json, json, ms, time};
use crate::model::settings_change::Changed;

/// How many are kept.
const MOST: i64 = 1_000;

#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Grows with time.
    pub id: i64,
    pub at: Timestamp,
    pub field: String,
    pub from: Value,
    pub to: Value,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        id: row.get(0)?,
        at: time(1, row.get(1)?)?,
        field: row.get(2)?,
        from: from_json(3, &row.get::<_, String>(3)?)?,
        to: from_json(4, &row.get::<_, String>(4)?)?,
    })
}

/// Adds to it, in the transaction of the change itself.
pub fn record(connection: &Connection, changes: &[Changed], now: Timestamp) -> Result<(), Error> {
    for change in changes {
        connection
            .prepare_cached("INSERT INTO settings_changes (at, field, was, becomes) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![
                ms(now),
                change.field,
                json(&change.from)?,
                json(&change.to)?
            ])?;
    }
    if !changes.is_empty() {
        connection
            .prepare_cached(
                "DELETE FROM settings_changes WHERE id <= (SELECT max(id) FROM settings_changes) - ?1",
            )?
            .execute([MOST])?;
    }
    Ok(())
}

/// Up to `limit`, the newest first.
pub fn page(connection: &Connection, before: Option<i64>, limit: u32) -> Result<Vec<Entry>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT id, at, field, was, becomes FROM settings_changes WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
    )?;
    let rows = statement.query_map(params![before.unwrap_or(i64::MAX), limit], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The latest change of each field, by field.
pub fn latest(connection: &Connection) -> Result<Vec<Entry>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT id, at, field, was, becomes FROM settings_changes \
         WHERE id IN (SELECT max(id) FROM settings_changes GROUP BY field) ORDER BY field",
    )?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::in_memory;
    use serde_json::json;

    fn changed(field: &str, from: Value, to: Value) -> Changed {
        Changed {
            field: field.to_owned(),
            from,
            to,
        }
    }

    #[test]
    fn the_newest_are_kept_and_told_newest_first() {
        let db = in_memory().expect("opens");
        for n in 0..1_100 {
            let change = [changed("max_runs", json!(n), json!(n + 1))];
            record(&db, &change, Timestamp::UNIX_EPOCH).expect("stores");
        }
        record(
            &db,
            &[changed("max_revisions", Value::Null, json!([1]))],
            Timestamp::UNIX_EPOCH,
        )
        .expect("stores");
        let first = page(&db, None, 2).expect("reads");
        assert_eq!(
            first.iter().map(|e| e.field.as_str()).collect::<Vec<_>>(),
            ["max_revisions", "max_runs"]
        );
        assert_eq!((&first[1].from, &first[1].to), (&json!(1099), &json!(1100)));
        let all = page(&db, None, 5_000).expect("reads");
        assert_eq!(all.len(), 1_000);
        let next = page(&db, Some(first[1].id), 1).expect("reads");
        assert_eq!(next[0].to, json!(1099));
        let latest = latest(&db).expect("reads");
        let shown: Vec<_> = latest.iter().map(|e| (e.field.as_str(), &e.to)).collect();
        assert_eq!(
            shown,
            [("max_revisions", &json!([1])), ("max_runs", &json!(1100))]
        );
    }
}
