//! Copies of the whole database as files: made while everything goes on, read for a backup, prepared for a restore.
//!
//! A copy is complete and on disk before it has its name.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, params};

use super::values::time;
use super::{Error, meta, prepare};
use crate::model::ids::RunId;

/// Of those that are made before the schema changes.
const KEPT: usize = 3;

pub(super) fn before_schema(version: i64) -> String {
    format!("before-schema-{version}.sqlite")
}

/// The schema's number in the name of a copy that was made before it came.
pub fn of_schema(name: &str) -> Option<u64> {
    let number = name.strip_prefix("before-schema-")?.strip_suffix(".sqlite")?;
    number.parse().ok()
}

/// A consistent copy of a database, be it in use.
pub fn copy(database: &Path, to: &Path) -> Result<(), Error> {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    prepare(&connection)?;
    copy_from(&connection, to)
}

pub(super) fn copy_from(connection: &Connection, to: &Path) -> Result<(), Error> {
    let failed = |e: std::io::Error| Error::Backup(format!("{}: {e}", to.display()));
    let staged = to.with_extension("new");
    remove(&staged).map_err(failed)?;
    let name = staged
        .to_str()
        .ok_or_else(|| Error::Backup(format!("{}: not a UTF-8 path", to.display())))?;
    let made = connection
        .execute("VACUUM INTO ?1", [name])
        .map_err(Error::from)
        .and_then(|_| settle(&staged, to).map_err(failed));
    if made.is_err() {
        // Nothing half of it stays, above all not on a full disk.
        let _ = remove(&staged);
    }
    made
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

fn settle(staged: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::File::open(staged)?.sync_all()?;
    std::fs::rename(staged, to)?;
    match to.parent() {
        Some(folder) => std::fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Removes the oldest copies from before changes of the schema, and what a killed one left. What cannot be removed
/// stays: a start does not fail for it.
pub(super) fn keep_newest(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut copies = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(version) = of_schema(&name) {
            copies.push((version, entry.path()));
        } else if name.starts_with("before-schema-") && name.ends_with(".new") {
            let _ = remove(&entry.path());
        }
    }
    copies.sort_unstable();
    let superfluous = copies.len().saturating_sub(KEPT);
    for (_, path) in copies.drain(..superfluous) {
        match remove(&path) {
            Ok(()) => tracing::info!(copy = %path.display(), "removed an old copy of the database"),
            Err(e) => tracing::warn!(copy = %path.display(), error = %e, "an old copy of the database stays"),
        }
    }
}

/// Opens a copy to read from it, or to prepare it; it is nobody else's.
pub fn open(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.execute_batch(
        "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;",
    )?;
    Ok(connection)
}

pub fn schema_of(connection: &Connection) -> Result<u32, Error> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Whether every page and every index of it is as it should be; what is not, if not.
pub fn check(connection: &Connection) -> Result<(), Error> {
    let mut found = Vec::new();
    connection.pragma_query(None, "integrity_check", |row| {
        found.push(row.get::<_, String>(0)?);
        Ok(())
    })?;
    match found.as_slice() {
        [ok] if ok == "ok" => Ok(()),
        _ => Err(Error::Damaged(found.join("; "))),
    }
}

/// Where a run's directory is, and whether it had ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunPlace {
    pub number: i64,
    pub id: RunId,
    pub queued_at: Timestamp,
    pub finished: bool,
}

pub fn runs_after(connection: &Connection, number: i64, limit: u32) -> Result<Vec<RunPlace>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT number, id, queued_at, state = 'finished' FROM runs WHERE number > ?1 ORDER BY number LIMIT ?2",
    )?;
    let rows = statement.query_map(params![number, limit], |row| {
        Ok(RunPlace {
            number: row.get(0)?,
            id: RunId::parse(&row.get::<_, String>(1)?),
            queued_at: time(2, row.get(2)?)?,
            finished: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What logs and artifacts of finished runs come to, unpacked.
pub fn bytes_of_runs(connection: &Connection) -> Result<(u64, u64), Error> {
    Ok(connection.query_row(
        "SELECT coalesce(sum(log_bytes), 0), coalesce(sum(artifact_bytes), 0) FROM run_shapes",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

/// Of an instance that has been restored and not yet started, and of one that was: JSON.
const RESTORED: &str = "restored";
const UNSETTLED: &str = "restored_unsettled";

/// Says in the copy that it is one: it becomes another instance, and its first start has to settle what was going on.
pub fn mark_restored(connection: &Connection, what: &str) -> Result<(), Error> {
    meta::set(connection, RESTORED, what)?;
    meta::set(connection, UNSETTLED, "1")?;
    // Containers are known by it, and those of the other instance are not this one's.
    connection.execute("DELETE FROM meta WHERE key = 'instance'", [])?;
    Ok(())
}

/// What this instance was restored from, if it was.
pub fn restored(connection: &Connection) -> Result<Option<String>, Error> {
    meta::get(connection, RESTORED)
}

pub fn is_unsettled(connection: &Connection) -> Result<bool, Error> {
    Ok(meta::get(connection, UNSETTLED)?.is_some())
}

pub fn settled(connection: &Connection) -> Result<(), Error> {
    connection.execute("DELETE FROM meta WHERE key = ?1", [UNSETTLED])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_three_copies_stay_and_nothing_else_is_touched() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let names = |folder: &Path| {
            let mut names: Vec<String> = std::fs::read_dir(folder)
                .expect("a folder")
                .map(|entry| {
                    entry
                        .expect("an entry")
                        .file_name()
                        .to_string_lossy()
                        .into_owned()
                })
                .collect();
            names.sort();
            names
        };
        for name in [
            "before-schema-2.sqlite",
            "before-schema-9.sqlite",
            "before-schema-10.sqlite",
            "before-schema-11.sqlite",
            "before-schema-12.new",
            "before-schema-x.sqlite",
            "pytask-20261125T070509Z.tar.zst",
        ] {
            std::fs::write(folder.path().join(name), "x").expect("writes");
        }
        keep_newest(folder.path());
        assert_eq!(
            names(folder.path()),
            [
                "before-schema-10.sqlite",
                "before-schema-11.sqlite",
                "before-schema-9.sqlite",
                "before-schema-x.sqlite",
                "pytask-20261125T070509Z.tar.zst",
            ]
        );
    }

    #[test]
    fn a_copy_that_finds_no_place_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let connection = crate::store::in_memory().expect("a database");
        assert!(copy_from(&connection, &folder.path().join("nowhere/copy.sqlite")).is_err());
        let place = folder.path().join("copy.sqlite");
        std::fs::write(place.with_extension("new"), "what a killed one left").expect("writes");
        copy_from(&connection, &place).expect("copies");
        let copy = open(&place).expect("opens");
        check(&copy).expect("whole");
        assert_eq!(schema_of(&copy).expect("reads"), crate::store::schema());
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}
