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

/// How many are past their time, and their bytes.
pub fn overdue(connection: &Connection, now: Timestamp) -> Result<(u64, u64), Error> {
    let mut statement = connection
        .prepare_cached("SELECT count(*), coalesce(sum(bytes), 0) FROM raw_logs WHERE pack_at <= ?1")?;
    Ok(statement.query_row([ms(now)], |row| Ok((row.get(0)?, row.get(1)?)))?)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::in_memory;

    const MIGRATION: &str = include_str!("../../migrations/009_raw_logs.sql");

    /// Runs that finished at these seconds, with logs like these.
    fn database(runs: &[(&str, Option<i64>, Option<&str>)]) -> Connection {
        let db = in_memory().expect("opens");
        db.execute_batch(
            "INSERT INTO scripts (id, name, slug, description, entry_point, paused, limits, requirements, revision, \
             created_at, updated_at) VALUES ('s', 'S', 's', '', 'main.py', 0, '{}', '[]', 0, 0, 0)",
        )
        .expect("a script");
        for (letter, finished_at, log) in runs {
            db.execute(
                "INSERT INTO runs (id, script_id, kind, state, state_json, version, trigger, overlap, queued_at, \
                 finished_at, args, env, limits, image, requirements, log) \
                 VALUES (?1, 's', 'script', 'x', '{}', 1, '{}', 'queue', 0, ?2, '[]', '{}', '{}', 'i', '[]', ?3)",
                params![id(letter).as_str(), finished_at.map(|at| at * 1000), log],
            )
            .expect("a run");
        }
        db
    }

    fn id(letter: &str) -> RunId {
        RunId::parse(&letter.repeat(32))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn the_oldest_is_first_until_it_is_packed_or_put_off() {
        let db = database(&[("a", None, None), ("b", None, None), ("c", None, None)]);
        for (run, bytes, pack_at) in [("a", 10, 30), ("b", 20, 10), ("c", 40, 20)] {
            let (run, pack_at) = (id(run), at(pack_at));
            let log = RawLog { run, bytes, pack_at };
            insert(&db, &log).expect("inserts");
        }
        let first = || first(&db).expect("reads").map(|log| (log.run, log.bytes));
        let total = || total(&db).expect("adds up");
        assert_eq!((first(), total()), (Some((id("b"), 20)), 70));
        postpone(&db, &id("b"), at(40)).expect("stores");
        assert_eq!((first(), total()), (Some((id("c"), 40)), 70));
        remove(&db, &id("c")).expect("removes");
        assert_eq!((first(), total()), (Some((id("a"), 10)), 30));
        // The history forgets a run, and with it this.
        db.execute("DELETE FROM runs WHERE id = ?1", [id("a").as_str()])
            .expect("deletes");
        assert_eq!((first(), total()), (Some((id("b"), 20)), 20));
        remove(&db, &id("b")).expect("removes");
        assert_eq!((first(), total()), (None, 0));
    }

    #[test]
    fn logs_from_before_the_list_are_on_it() {
        let long = r#"{"stdout_bytes":60000,"stderr_bytes":4000,"records":50}"#;
        let short = r#"{"stdout_bytes":60000,"stderr_bytes":0,"records":50}"#;
        let db = database(&[
            ("1", Some(7), Some(long)),
            ("2", Some(7), Some(short)),
            ("3", Some(7), None),
            ("4", None, Some(long)),
        ]);
        db.execute_batch("DROP TABLE raw_logs").expect("as before");
        db.execute_batch(MIGRATION).expect("migrates");
        let listed = first(&db).expect("reads").expect("one");
        assert_eq!(
            (listed.run, listed.bytes, listed.pack_at),
            (id("1"), 66_000, at(7 + 86_400))
        );
        assert_eq!(total(&db).expect("adds up"), 66_000);
    }
}
