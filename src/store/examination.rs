//! A look at the database from outside: is it whole, and what is it?
//!
//! It reads by a connection of its own, changes nothing and holds up no writer, so it works on a database that a
//! controller has open and on one that none has. The check is as thorough as there is time for.

use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{Error, meta, opening};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    pub sqlite_version: String,
    /// `wal` where all is well.
    pub journal_mode: String,
    /// How many steps its schema has been through, and how many this program knows.
    pub schema: i64,
    pub known_schema: i64,
    pub integrity: Integrity,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Integrity {
    Whole,
    /// What SQLite says is wrong.
    Damaged(String),
    /// It is large, and the time was over before all of it was seen. What was seen was whole.
    Unfinished,
}

/// `None` if there is no database yet.
pub fn examine(database: &Path, patience: Duration) -> Result<Option<Examination>, Error> {
    if !database.exists() {
        return Ok(None);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    connection.busy_timeout(patience)?;
    let word = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, String>(0));
    Ok(Some(Examination {
        sqlite_version: rusqlite::version().to_owned(),
        journal_mode: word("journal_mode")?,
        schema: connection.pragma_query_value(None, "user_version", |row| row.get(0))?,
        known_schema: opening::known_schema(),
        integrity: check(&connection, patience)?,
    }))
}

/// The instance that the database belongs to, as far as that can be read.
pub fn instance(database: &Path) -> Option<String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags).ok()?;
    meta::get(&connection, "instance").ok()?
}

fn check(connection: &Connection, patience: Duration) -> Result<Integrity, Error> {
    let interrupt = connection.get_interrupt_handle();
    let (done, wait) = channel::<()>();
    let clock = std::thread::spawn(move || {
        if wait.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            interrupt.interrupt();
        }
    });
    let mut found = Vec::new();
    let checked = connection.pragma_query(None, "quick_check", |row| {
        found.push(row.get::<_, String>(0)?);
        Ok(())
    });
    drop(done);
    // Neither blocks nor panics.
    let _ = clock.join();
    match checked {
        Ok(()) if found == ["ok"] => Ok(Integrity::Whole),
        Ok(()) => Ok(Integrity::Damaged(found.join("; "))),
        Err(e) => match e.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => Ok(Integrity::Unfinished),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Ok(Integrity::Damaged(e.to_string()))
            }
            _ => Err(e.into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Place, Store};

    const PATIENCE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn an_open_database_and_a_closed_one_are_looked_at_alike() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = folder.path().join("db.sqlite");
        assert_eq!(examine(&database, PATIENCE).expect("looks"), None);
        let place = Place {
            database: database.clone(),
            backups: folder.path().to_owned(),
        };
        let store = Store::open(place, vec![]).await.expect("opens");
        let look = || examine(&database, PATIENCE).expect("looks").expect("there");
        let open = look();
        assert_eq!(open.journal_mode, "wal");
        assert_eq!(open.schema, open.known_schema);
        assert_eq!(open.integrity, Integrity::Whole);
        assert_eq!(instance(&database), None);
        let named: Result<(), Error> = store.write(|tx| meta::set(tx, "instance", "a1")).await;
        named.expect("stored");
        assert_eq!(instance(&database).as_deref(), Some("a1"));
        drop(store);
        assert_eq!(look().integrity, Integrity::Whole);
    }

    #[test]
    fn damage_is_told_and_a_large_one_is_given_up_in_time() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = folder.path().join("db.sqlite");
        let connection = Connection::open(&database).expect("opens");
        let sql = "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
                   WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                   INSERT INTO meta SELECT 'key ' || i, hex(randomblob(40)) FROM n";
        connection.execute_batch(sql).expect("fills some pages");
        meta::set(&connection, "colour", "blue").expect("stores");
        drop(connection);
        let look = |patience| {
            examine(&database, patience)
                .expect("looks")
                .expect("there")
                .integrity
        };
        assert_eq!(look(PATIENCE), Integrity::Whole);
        let mut bytes = std::fs::read(&database).expect("reads");
        let middle = bytes.len() / 2;
        bytes[middle..middle + 4096].fill(0xAB);
        std::fs::write(&database, bytes).expect("damages");
        assert!(matches!(look(PATIENCE), Integrity::Damaged(_)));
    }
}
