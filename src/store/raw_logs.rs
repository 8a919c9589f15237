//! The list of logs that are not packed yet. It holds no more than that, so looking at it costs nothing however long the
//! history is: a row comes in the transaction that finishes its run and goes once the log is packed.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::Error;
use super::values::{ms, time};
use crate::model::ids::RunId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawLog {
    pub run: RunId,
    /// About.
    pub bytes: u64,
    /// From then on it is to be packed.
    pub pack_at: Timestamp,
}

pub fn insert(connection: &Connection, log: &RawLog) -> Result<(), Error> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO raw_logs (run_id, bytes, pack_at) VALUES (?1, ?2, ?3)")?
        .execute(params![log.run.as_str(), log.bytes, ms(log.pack_at)])?;
    Ok(())
}

/// The one to be packed first.
pub fn first(connection: &Connection) -> Result<Option<RawLog>, Error> {
    let mut statement = connection
        .prepare_cached("SELECT run_id, bytes, pack_at FROM raw_logs ORDER BY pack_at, bytes LIMIT 1")?;
    let row = statement.query_row([], |row| {
        Ok(RawLog {
            run: RunId::parse(&row.get::<_, String>(0)?),
            bytes: row.get(1)?,
            pack_at: time(2, row.get(2)?)?,
        })
    });
    Ok(row.optional()?)
}

/// Bytes of all of them.
pub fn total(connection: &Connection) -> Result<u64, Error> {
    let mut statement = connection.prepare_cached("SELECT coalesce(sum(bytes), 0) FROM raw_logs")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

pub fn postpone(connection: &Connection, run: &RunId, to: Timestamp) -> Result<(), Error> {
    connection
        .prepare_cached("UPDATE raw_logs SET pack_at = ?2 WHERE run_id = ?1")?
        .execute(params![run.as_str(), ms(to)])?;
    Ok(())
}

pub fn remove(connection: &Connection, run: &RunId) -> Result<(), Error> {
    connection
        .prepare_cached("DELETE FROM raw_logs WHERE run_id = ?1")?
        .execute([run.as_str()])?;
    Ok(())
}
