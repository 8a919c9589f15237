//! What was set for the instance, as one JSON value per group of settings.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::Error;
use super::values::{from_json, json, ms};
use crate::model::settings::Settings;

/// All settings so far; later groups get keys of their own.
const GENERAL: &str = "general";

pub fn get(connection: &Connection) -> Result<Settings, Error> {
    let mut statement = connection.prepare_cached("SELECT value FROM settings WHERE key = ?1")?;
    let found = statement
        .query_row([GENERAL], |row| from_json(0, &row.get::<_, String>(0)?))
        .optional()?;
    Ok(found.unwrap_or_default())
}

pub fn set(connection: &Connection, settings: &Settings, now: Timestamp) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT INTO settings (key, value, updated_at) VALUES (?1, ?2, ?3) \
             ON CONFLICT (key) DO UPDATE SET value = ?2, updated_at = ?3",
        )?
        .execute(params![GENERAL, json(settings)?, ms(now)])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::in_memory;

    #[test]
    fn settings_are_kept_and_absent_ones_are_the_defaults() {
        let db = in_memory().expect("opens");
        assert_eq!(get(&db).expect("reads"), Settings::default());
        let settings = Settings {
            max_runs: Some(3),
            ..Settings::default()
        };
        set(&db, &settings, Timestamp::UNIX_EPOCH).expect("stores");
        set(&db, &settings, Timestamp::UNIX_EPOCH).expect("stores again");
        assert_eq!(get(&db).expect("reads"), settings);
    }
}
