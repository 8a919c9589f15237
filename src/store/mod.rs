//! Metadata in SQLite: one writer connection, several readers, one file per table family.
//!
//! Owns the database file, its pragmas and migrations. The table modules are free functions on a connection:
//! times and ids are arguments, so what they do depends on nothing else. A write is one IMMEDIATE transaction;
//! it is on disk (`synchronous=FULL`) when `write` returns. Knows no engine, no files, no HTTP.

pub mod backups;
pub mod calendar;
pub mod cleanups;
pub mod copies;
pub mod environments;
pub mod examination;
pub mod images;
pub mod index_credentials;
pub mod meta;
mod opening;
pub mod raw_logs;
pub mod revisions;
mod room;
pub mod runs;
pub mod saved_filters;
pub mod schedules;
pub mod scripts;
pub mod sealed;
pub mod settings;
pub mod settings_changes;
pub mod strays;
pub mod tags;
pub mod tokens;
pub mod triggers;
mod values;
pub mod variables;
pub mod webhooks;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use opening::{Place, schema};

use deadpool_sqlite::{Config, Hook, Pool, PoolConfig, Runtime};
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, ffi};

const READERS: usize = 4;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the database refused: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the database's schema cannot be brought up to date: {0}")]
    Migration(#[from] rusqlite_migration::Error),
    #[error("the database is damaged: {0}; restore a copy from backups/")]
    Damaged(String),
    #[error("the database could not be copied before its schema changes: {0}")]
    Backup(String),
    #[error("no database connection: {0}")]
    Connection(String),
    #[error("a stored value cannot be read: {0}")]
    Corrupt(#[from] serde_json::Error),
    #[error("{what} is already taken")]
    Taken { what: &'static str },
    /// The row is not in the state that the caller saw.
    #[error("the row has changed meanwhile")]
    Stale,
}

impl Error {
    /// Whether it found no room: nothing is wrong with what was asked, and it may succeed later.
    pub fn is_disk_full(&self) -> bool {
        let Self::Sqlite(rusqlite::Error::SqliteFailure(failure, _)) = self else {
            return false;
        };
        // The index of the log is a file of its own, which SQLite fails to enlarge with an error of its own.
        failure.code == ErrorCode::DiskFull || failure.extended_code == ffi::SQLITE_IOERR_SHMSIZE
    }
}

/// Who has to know of writes. Called on the connection's own thread, in the order of the writes.
pub trait Witness: Send + Sync + 'static {
    /// Everything of a transaction is written; it is about to become durable.
    fn committing(&self, _: &Connection) {}
    /// It is durable.
    fn committed(&self, _: &Connection) {}
    /// A write was given up, by its caller or because the database refused: perhaps the disk is full.
    fn rolled_back(&self) {}
}

#[derive(Clone)]
pub struct Store {
    database: PathBuf,
    writer: Pool,
    readers: Pool,
    witnesses: Arc<[Arc<dyn Witness>]>,
}

impl Store {
    /// Opens or makes the database and brings its schema up to date. Takes as long as a check does after an unclean
    /// stop, and as long as a copy does before the schema changes.
    pub async fn open(place: Place, witnesses: Vec<Arc<dyn Witness>>) -> Result<Self, Error> {
        let database = place.database.clone();
        tokio::task::spawn_blocking(move || opening::open(&place))
            .await
            .map_err(|e| Error::Connection(e.to_string()))??;
        Ok(Self {
            writer: pool(&database, 1)?,
            readers: pool(&database, READERS)?,
            database,
            witnesses: witnesses.into(),
        })
    }

    /// Says goodbye, so that the next start need not check. Nothing may be written after it.
    pub async fn stop_cleanly(&self) -> Result<(), Error> {
        self.write(|tx| opening::stop_cleanly(tx)).await
    }

    /// A consistent copy of everything that is committed, at a place where nothing is. Reads and writes go on meanwhile;
    /// takes as long as the database is large, on a thread of its own and with a connection of its own.
    pub async fn copy_to(&self, to: PathBuf) -> Result<(), Error> {
        let database = self.database.clone();
        tokio::task::spawn_blocking(move || copies::copy(&database, &to))
            .await
            .map_err(|e| Error::Connection(e.to_string()))?
    }

    /// Takes room for what will be written, so that some of it can be on a full disk. Cheap where it was taken before.
    pub fn take_log_room(&self) -> std::io::Result<()> {
        room::take(&self.database)
    }

    /// Runs `f` in one transaction; nothing of it stays if it fails.
    pub async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    {
        let connection = self
            .writer
            .get()
            .await
            .map_err(|e| Error::Connection(e.to_string()))?;
        let witnesses = Arc::clone(&self.witnesses);
        let done = connection.interact(move |connection| {
            let written = transact(connection, f, |transaction| {
                witnesses
                    .iter()
                    .for_each(|witness| witness.committing(transaction));
            });
            for witness in witnesses.iter() {
                match &written {
                    Ok(_) => witness.committed(connection),
                    Err(_) => witness.rolled_back(),
                }
            }
            written
        });
        done.await.map_err(|e| Error::Connection(e.to_string()))?
    }

    pub async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        let connection = self
            .readers
            .get()
            .await
            .map_err(|e| Error::Connection(e.to_string()))?;
        let done = connection.interact(move |connection| f(connection));
        done.await.map_err(|e| Error::Connection(e.to_string()))?
    }
}

fn transact<T, E: From<Error>>(
    connection: &mut Connection,
    f: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    before_commit: impl FnOnce(&Connection),
) -> Result<T, E> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(Error::from)?;
    let value = f(&transaction)?;
    before_commit(&transaction);
    transaction.commit().map_err(Error::from)?;
    Ok(value)
}

fn pool(path: &Path, size: usize) -> Result<Pool, Error> {
    let mut config = Config::new(path);
    config.pool = Some(PoolConfig::new(size));
    config
        .builder(Runtime::Tokio1)
        .map_err(|e| Error::Connection(e.to_string()))?
        .post_create(Hook::async_fn(move |connection, _| {
            Box::pin(async move {
                let prepared = connection.interact(|connection| prepare(connection)).await;
                match prepared {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(e)) => Err(deadpool_sqlite::HookError::message(e.to_string())),
                    Err(e) => Err(deadpool_sqlite::HookError::message(e.to_string())),
                }
            })
        }))
        .build()
        .map_err(|e| Error::Connection(e.to_string()))
}

/// Different statements that a connection keeps prepared: more than there are.
const STATEMENTS: usize = 256;

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA busy_timeout = 5000;
         PRAGMA cache_size = -4096;",
    )
}

/// A private database in memory with the current schema, for tests of the table modules.
pub fn in_memory() -> Result<Connection, Error> {
    let mut connection = Connection::open_with_flags(":memory:", OpenFlags::default())?;
    connection.pragma_update(None, "foreign_keys", true)?;
    opening::migrations().to_latest(&mut connection)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_valid() {
        opening::migrations().validate().expect("every migration applies");
    }

    #[test]
    fn a_database_without_room_is_told_from_one_that_refuses() {
        let connection = in_memory().expect("a database");
        connection
            .pragma_update(None, "max_page_count", 1)
            .expect("as small as it is");
        let value = "x".repeat(100_000);
        let full = meta::set(&connection, "large", &value).expect_err("no room");
        assert!(full.is_disk_full(), "{full}");
        let wrong = connection.execute("INSERT INTO nowhere VALUES (1)", []);
        assert!(!Error::from(wrong.expect_err("no such table")).is_disk_full());
        let index = rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR_SHMSIZE), None);
        assert!(Error::from(index).is_disk_full());
    }

    #[tokio::test]
    async fn a_failed_write_leaves_nothing() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let place = Place {
            database: dir.path().join("db.sqlite"),
            backups: dir.path().to_owned(),
        };
        let store = Store::open(place.clone(), vec![]).await.expect("opens");
        let failed: Result<(), Error> = store
            .write(|tx| {
                meta::set(tx, "colour", "blue")?;
                Err(Error::Stale)
            })
            .await;
        assert!(matches!(failed, Err(Error::Stale)));
        let colour = store.read(|c| meta::get(c, "colour")).await.expect("reads");
        assert_eq!(colour, None);
        store
            .write(|tx| meta::set(tx, "colour", "green"))
            .await
            .expect("writes");
        let again = Store::open(place, vec![]).await.expect("opens twice");
        assert_eq!(
            again
                .read(|c| meta::get(c, "colour"))
                .await
                .expect("reads")
                .as_deref(),
            Some("green")
        );
    }
}
