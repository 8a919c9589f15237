//! Opening the database: checked after an unclean stop, copied before its schema changes, then brought up to date.
//!
//! The order is what keeps a killed upgrade harmless: the copy is complete and on disk before the first migration, and
//! all migrations together are one transaction, so the schema is the old one or the new one and never between. Of the
//! copies the newest three are kept.

use std::path::PathBuf;

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use super::{Error, copies, meta, prepare};

/// `1` from a clean stop until the next start.
const CLEAN: &str = "clean_stop";

/// Append only: what a database has been through is counted, not named.
fn steps() -> Vec<M<'static>> {
    vec![
        M::up(include_str!("../../migrations/001_initial.sql")),
        M::up(include_str!("../../migrations/002_trusted_runs.sql")),
        M::up(include_str!("../../migrations/003_packages.sql")),
        M::up(include_str!("../../migrations/004_images.sql")),
        M::up(include_str!("../../migrations/005_bytecode.sql")),
        M::up(include_str!("../../migrations/006_schedules.sql")),
        M::up(include_str!("../../migrations/007_index_credentials.sql")),
        M::up(include_str!("../../migrations/008_history.sql")),
        M::up(include_str!("../../migrations/009_raw_logs.sql")),
        M::up(include_str!("../../migrations/010_scripts.sql")),
        M::up(include_str!("../../migrations/011_revisions.sql")),
        M::up(include_str!("../../migrations/012_variables.sql")),
        M::up(include_str!("../../migrations/013_webhooks.sql")),
        M::up(include_str!("../../migrations/014_tokens.sql")),
        M::up(include_str!("../../migrations/015_cleanup.sql")),
        M::up(include_str!("../../migrations/016_settings_changes.sql")),
        M::up(include_str!("../../migrations/017_backup.sql")),
    ]
}

/// The number of the schema that this version writes.
pub fn schema() -> u32 {
    steps().len() as u32
}

pub(super) fn migrations() -> Migrations<'static> {
    Migrations::new(steps())
}

/// How many steps there are: the `user_version` of a database that is up to date.
pub(super) fn known_schema() -> i64 {
    steps().len() as i64
}

/// Where the database is, and where copies of it go.
#[derive(Debug, Clone)]
pub struct Place {
    pub database: PathBuf,
    pub backups: PathBuf,
}

pub(super) fn open(place: &Place) -> Result<(), Error> {
    bring_up_to_date(place, &migrations())
}

fn bring_up_to_date(place: &Place, migrations: &Migrations<'_>) -> Result<(), Error> {
    let mut connection = Connection::open(&place.database)?;
    prepare(&connection)?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > 0 {
        if meta::get(&connection, CLEAN)?.as_deref() != Some("1") {
            check(&connection)?;
        }
        if migrations.pending_migrations(&connection)? > 0 {
            let to = place.backups.join(copies::before_schema(version + 1));
            copies::copy_from(&connection, &to)?;
            tracing::info!(to = %to.display(), "copied the database before changing its schema");
            copies::keep_newest(&place.backups);
        }
    }
    migrations.to_latest(&mut connection)?;
    meta::set(&connection, CLEAN, "0")
}

/// The last word before a clean stop: the next start need not check.
pub(super) fn stop_cleanly(connection: &Connection) -> Result<(), Error> {
    meta::set(connection, CLEAN, "1")
}

fn check(connection: &Connection) -> Result<(), Error> {
    tracing::info!("the last stop was not a clean one; checking the database");
    let mut found = Vec::new();
    connection.pragma_query(None, "quick_check", |row| {
        found.push(row.get::<_, String>(0)?);
        Ok(())
    })?;
    if found == ["ok"] {
        Ok(())
    } else {
        Err(Error::Damaged(found.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(folder: &tempfile::TempDir) -> Place {
        Place {
            database: folder.path().join("db.sqlite"),
            backups: folder.path().to_owned(),
        }
    }

    fn and_then(sql: &'static str) -> Migrations<'static> {
        Migrations::new(steps().into_iter().chain([M::up(sql)]).collect())
    }

    /// A database as the first version left it, with a run, a script and what they refer to.
    #[test]
    fn rows_of_the_first_version_can_be_read() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = place(&folder);
        let first = Migrations::new(steps().into_iter().take(1).collect());
        bring_up_to_date(&place, &first).expect("opens");
        let rows = r#"
            INSERT INTO scripts VALUES ('01900000000070008000000000000001', 'Old', 'old', '', 'main.py', 0, '{}', '[]', 1,
                NULL, 0, 0, NULL);
            INSERT INTO runs (id, script_id, kind, state, outcome, state_json, version, trigger, overlap, queued_at, args,
                env, limits, image, requirements)
            VALUES ('01900000000070008000000000000002', '01900000000070008000000000000001', 'script', 'finished', 'failed',
                '{"state":"finished","outcome":{"kind":"failed","message":"m","exit_code":1,"stderr_tail":["last"]}}', 4,
                '{"kind":"manual"}', 'queue', 0, '[]', '{}',
                '{"memory_bytes":1,"cpus":1.0,"pids":1,"nofile":1,"fsize_bytes":1,"run_seconds":1,"stop_grace_seconds":1,
                  "log_bytes":1,"tmp_bytes":1,"disk_bytes":null,"network":"none"}', 'python', '[]');
        "#;
        let old = Connection::open(&place.database).expect("opens");
        old.execute_batch(rows).expect("what the first version wrote");
        open(&place).expect("migrates");
        let id = crate::model::ids::RunId::parse("01900000000070008000000000000002");
        let run = crate::store::runs::get(&old, &id).expect("reads").expect("there");
        let evidence = run
            .outcome()
            .and_then(|outcome| outcome.evidence())
            .expect("evidence");
        assert_eq!(evidence.stderr_tail, ["last"]);
        let script = crate::store::scripts::get(&old, &run.script_id)
            .expect("reads")
            .expect("there");
        assert_eq!(
            (script.overlap, script.parallel_limit),
            (Default::default(), None)
        );
    }

    #[test]
    fn a_change_of_schema_leaves_a_copy_of_the_old_one() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = place(&folder);
        open(&place).expect("opens");
        meta::set(
            &Connection::open(&place.database).expect("opens"),
            "colour",
            "blue",
        )
        .expect("stores");
        open(&place).expect("opens again");
        let next = steps().len() + 1;
        let copy = folder.path().join(format!("before-schema-{next}.sqlite"));
        assert!(!copy.exists(), "nothing changed, nothing copied");

        let newer = and_then("DROP TABLE meta; CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)");
        bring_up_to_date(&place, &newer).expect("migrates");
        let copied = Connection::open(&copy).expect("a copy");
        assert_eq!(
            meta::get(&copied, "colour").expect("reads").as_deref(),
            Some("blue")
        );
        // And the older program refuses what it does not know.
        assert!(matches!(open(&place), Err(Error::Migration(_))));
    }

    #[test]
    fn a_failing_migration_changes_nothing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = place(&folder);
        open(&place).expect("opens");
        let broken = and_then("DROP TABLE run_events; SELECT no_such_function()");
        assert!(bring_up_to_date(&place, &broken).is_err());
        let connection = Connection::open(&place.database).expect("opens");
        connection
            .execute("DELETE FROM run_events", [])
            .expect("the table is still there");
        open(&place).expect("the old program still works");
    }

    #[test]
    fn damage_is_found_after_an_unclean_stop() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = place(&folder);
        open(&place).expect("opens");
        let connection = Connection::open(&place.database).expect("opens");
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
                   INSERT INTO meta SELECT 'key ' || i, hex(randomblob(40)) FROM n";
        connection.execute(sql, []).expect("fills some pages");
        connection
            .pragma_update(None, "journal_mode", "DELETE")
            .expect("everything into one file");
        drop(connection);
        let mut bytes = std::fs::read(&place.database).expect("reads");
        let middle = bytes.len() / 2;
        bytes[middle..middle + 4096].fill(0xAB);
        std::fs::write(&place.database, bytes).expect("damages");
        assert!(open(&place).is_err());
    }
}
