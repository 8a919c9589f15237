//! What is remembered of backups: what was found when they were read back, when the next one is due, how the last ended.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::Error;
use super::values::{ms, time};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub size_bytes: u64,
    pub checked_at: Timestamp,
    /// `None`: it is whole.
    pub problem: Option<String>,
    /// JSON.
    pub account: Option<String>,
}

pub fn set_check(connection: &Connection, name: &str, check: &Check) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO backup_checks (name, size_bytes, checked_at, problem, account) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            name,
            check.size_bytes,
            ms(check.checked_at),
            check.problem,
            check.account
        ])?;
    Ok(())
}

/// By name.
pub fn checks(connection: &Connection) -> Result<HashMap<String, Check>, Error> {
    let mut statement = connection
        .prepare_cached("SELECT name, size_bytes, checked_at, problem, account FROM backup_checks")?;
    let rows = statement.query_map([], |row| {
        let check = Check {
            size_bytes: row.get(1)?,
            checked_at: time(2, row.get(2)?)?,
            problem: row.get(3)?,
            account: row.get(4)?,
        };
        Ok((row.get(0)?, check))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn forget(connection: &Connection, name: &str) -> Result<(), Error> {
    connection.execute("DELETE FROM backup_checks WHERE name = ?1", [name])?;
    Ok(())
}

/// Up to when the schedule of backups has been dealt with.
pub const CURSOR: &str = "backup_cursor";
/// How the last backup ended.
pub const LAST: &str = "backup_last";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::in_memory;
    use crate::store::meta::{set_value, value};

    #[test]
    fn what_was_found_is_remembered_until_it_is_forgotten() {
        let db = in_memory().expect("opens");
        let check = Check {
            size_bytes: 7,
            checked_at: Timestamp::UNIX_EPOCH,
            problem: Some("cut short".to_owned()),
            account: None,
        };
        set_check(&db, "a", &check).expect("stores");
        set_check(&db, "a", &check).expect("stores again");
        assert_eq!(checks(&db).expect("reads").get("a"), Some(&check));
        forget(&db, "a").expect("forgets");
        assert!(checks(&db).expect("reads").is_empty());
        set_value(&db, CURSOR, &Timestamp::UNIX_EPOCH).expect("stores");
        assert_eq!(value(&db, CURSOR).expect("reads"), Some(Timestamp::UNIX_EPOCH));
        assert_eq!(value::<u64>(&db, LAST).expect("reads"), None);
    }
}
