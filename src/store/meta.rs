//! Single values: the instance's id, and what else exists once.

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Error;
use super::values::json;

pub fn get(connection: &Connection, key: &str) -> Result<Option<String>, Error> {
    let mut statement = connection.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
    Ok(statement.query_row([key], |row| row.get(0)).optional()?)
}

pub fn set(connection: &Connection, key: &str, value: &str) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2",
        )?
        .execute([key, value])?;
    Ok(())
}

/// Of what is kept as JSON; nothing if it was never set, or by a version that wrote it otherwise.
pub fn value<T: DeserializeOwned>(connection: &Connection, key: &str) -> Result<Option<T>, Error> {
    Ok(get(connection, key)?.and_then(|text| serde_json::from_str(&text).ok()))
}

pub fn set_value(connection: &Connection, key: &str, value: &impl Serialize) -> Result<(), Error> {
    set(connection, key, &json(value)?)
}

/// The stored value, or `fresh` stored for ever: the first writer decides.
pub fn get_or_set(connection: &Connection, key: &str, fresh: &str) -> Result<String, Error> {
    connection.execute(
        "INSERT OR IGNORE INTO meta (key, value) VALUES (?1, ?2)",
        [key, fresh],
    )?;
    Ok(get(connection, key)?.unwrap_or_else(|| fresh.to_owned()))
}
