//! Filters of the history that somebody has given a name.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Map, Value};

use super::Error;
use super::values::{from_json, is_unique_violation, json, ms, time};

#[derive(Debug, Clone, PartialEq)]
pub struct SavedFilter {
    pub id: String,
    pub name: String,
    /// Parameters by their names.
    pub query: Map<String, Value>,
    pub created_at: Timestamp,
}

fn read(row: &Row<'_>) -> rusqlite::Result<SavedFilter> {
    Ok(SavedFilter {
        id: row.get(0)?,
        name: row.get(1)?,
        query: from_json(2, &row.get::<_, String>(2)?)?,
        created_at: time(3, row.get(3)?)?,
    })
}

const COLUMNS: &str = "id, name, query, created_at";

/// By name.
pub fn all(connection: &Connection) -> Result<Vec<SavedFilter>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM saved_filters ORDER BY name COLLATE NOCASE");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn get(connection: &Connection, id: &str) -> Result<Option<SavedFilter>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM saved_filters WHERE id = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([id], read).optional()?)
}

/// A new one, or the one of this id as it is now.
pub fn put(connection: &Connection, filter: &SavedFilter) -> Result<(), Error> {
    let put = connection
        .prepare_cached(
            "INSERT INTO saved_filters (id, name, query, created_at) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (id) DO UPDATE SET name = ?2, query = ?3",
        )?
        .execute(params![
            filter.id,
            filter.name,
            json(&filter.query)?,
            ms(filter.created_at)
        ]);
    match put {
        Ok(_) => Ok(()),
        Err(e) if is_unique_violation(&e, "saved_filters") => Err(Error::Taken { what: "filter name" }),
        Err(e) => Err(e.into()),
    }
}

/// Whether there was one.
pub fn remove(connection: &Connection, id: &str) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached("DELETE FROM saved_filters WHERE id = ?1")?
        .execute([id])?
        > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::in_memory;

    #[test]
    fn a_filter_is_read_as_it_was_stored_and_a_name_is_given_once() {
        let db = in_memory().expect("opens");
        let filter = |id: &str, name: &str| SavedFilter {
            id: id.to_owned(),
            name: name.to_owned(),
            query: [("outcome".to_owned(), Value::from("failed"))]
                .into_iter()
                .collect(),
            created_at: Timestamp::UNIX_EPOCH,
        };
        put(&db, &filter("1", "Failed")).expect("stores");
        assert_eq!(all(&db).expect("reads"), [filter("1", "Failed")]);
        let taken = put(&db, &filter("2", "FAILED"));
        assert!(matches!(taken, Err(Error::Taken { what: "filter name" })));
        put(&db, &filter("1", "Broken")).expect("renames");
        put(&db, &filter("2", "FAILED")).expect("the name is free");
        assert!(matches!(
            put(&db, &filter("2", "broken")),
            Err(Error::Taken { .. })
        ));
        assert!(remove(&db, "1").expect("removes"));
        assert!(!remove(&db, "1").expect("removes nothing"));
        assert_eq!(get(&db, "1").expect("reads"), None);
    }
}
