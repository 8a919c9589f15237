//! The listing of scripts' revisions, and which of them nobody needs any more. What is in a revision is a manifest on the
//! volume.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Error;
use super::values::{from_word, ms, time, word};
use crate::model::ids::{RunId, ScriptId};
use crate::model::revision::MadeBy;

/// Runs of a revision that are counted; beyond it is "so many or more".
pub const MOST_COUNTED: u32 = 1_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionRow {
    pub number: i64,
    pub message: String,
    pub made_by: MadeBy,
    /// What somebody calls it.
    pub label: Option<String>,
    pub created_at: Timestamp,
}

/// The runs that executed a revision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunsOf {
    /// At most [`MOST_COUNTED`].
    pub count: u32,
    pub newest: Option<RunId>,
}

const COLUMNS: &str = "number, message, made_by, label, created_at";

fn read(row: &Row<'_>) -> rusqlite::Result<RevisionRow> {
    Ok(RevisionRow {
        number: row.get(0)?,
        message: row.get(1)?,
        made_by: from_word(2, &row.get::<_, String>(2)?)?,
        label: row.get(3)?,
        created_at: time(4, row.get(4)?)?,
    })
}

/// Records a revision as the script's latest, if `number` follows the latest one.
pub fn add(connection: &Connection, id: &ScriptId, revision: &RevisionRow) -> Result<(), Error> {
    let moved = connection
        .prepare_cached(
            "UPDATE scripts SET revision = ?2, updated_at = ?3 WHERE id = ?1 AND revision = ?2 - 1",
        )?
        .execute(params![id.as_str(), revision.number, ms(revision.created_at)])?;
    if moved == 0 {
        return Err(Error::Stale);
    }
    connection
        .prepare_cached(
            "INSERT INTO revisions (script_id, number, message, made_by, label, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            id.as_str(),
            revision.number,
            revision.message,
            word(&revision.made_by)?,
            revision.label,
            ms(revision.created_at)
        ])?;
    Ok(())
}

/// Newest first, older than `before`.
pub fn list(
    connection: &Connection,
    id: &ScriptId,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<RevisionRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM revisions WHERE script_id = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![id.as_str(), before.unwrap_or(i64::MAX), limit], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn get(connection: &Connection, id: &ScriptId, number: i64) -> Result<Option<RevisionRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM revisions WHERE script_id = ?1 AND number = ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement
        .query_row(params![id.as_str(), number], read)
        .optional()?)
}

/// Whether there is such a revision.
pub fn set_label(
    connection: &Connection,
    id: &ScriptId,
    number: i64,
    label: Option<&str>,
) -> Result<bool, Error> {
    let changed = connection
        .prepare_cached("UPDATE revisions SET label = ?3 WHERE script_id = ?1 AND number = ?2")?
        .execute(params![id.as_str(), number, label])?;
    Ok(changed > 0)
}

/// Asked for one revision at a time, because most have few runs and one may have a million.
pub fn runs_of(connection: &Connection, id: &ScriptId, number: i64) -> Result<RunsOf, Error> {
    let count = connection
        .prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM runs INDEXED BY runs_by_revision \
             WHERE script_id = ?1 AND revision = ?2 LIMIT ?3)",
        )?
        .query_row(params![id.as_str(), number, MOST_COUNTED], |row| row.get(0))?;
    let newest: Option<String> = connection
        .prepare_cached(
            "SELECT id FROM runs INDEXED BY runs_by_revision WHERE script_id = ?1 AND revision = ?2 \
             ORDER BY number DESC LIMIT 1",
        )?
        .query_row(params![id.as_str(), number], |row| row.get(0))
        .optional()?;
    Ok(RunsOf {
        count,
        newest: newest.map(|id| RunId::parse(&id)),
    })
}

/// Scripts with more revisions than `most`.
pub fn scripts_beyond(connection: &Connection, most: u64) -> Result<Vec<ScriptId>, Error> {
    let mut statement = connection
        .prepare_cached("SELECT script_id FROM revisions GROUP BY script_id HAVING count(*) > ?1")?;
    let rows = statement.query_map([most], |row| row.get::<_, String>(0))?;
    rows.map(|id| Ok(ScriptId::parse(&id?))).collect()
}

/// Removes up to `batch` of the oldest revisions beyond the newest `most`, but none that has a label or was executed by a
/// run that is kept or has not finished. How many went.
pub fn thin(connection: &Connection, id: &ScriptId, most: u64, batch: u32) -> Result<usize, Error> {
    let removed = connection
        .prepare_cached(
            "DELETE FROM revisions WHERE script_id = ?1 AND number IN (\
               SELECT number FROM revisions AS old WHERE old.script_id = ?1 AND old.label IS NULL \
               AND old.number < (SELECT number FROM revisions WHERE script_id = ?1 \
                                 ORDER BY number DESC LIMIT 1 OFFSET ?2) \
               AND old.number NOT IN (\
                 SELECT revision FROM runs INDEXED BY runs_kept \
                 WHERE script_id = ?1 AND kept AND revision IS NOT NULL \
                 UNION ALL SELECT revision FROM runs INDEXED BY runs_unfinished \
                 WHERE state <> 'finished' AND script_id = ?1 AND revision IS NOT NULL) \
               ORDER BY number LIMIT ?3)",
        )?
        .execute(params![id.as_str(), most.saturating_sub(1), batch])?;
    Ok(removed)
}

/// All of a script, oldest first.
pub fn numbers(connection: &Connection, id: &ScriptId) -> Result<Vec<i64>, Error> {
    let mut statement =
        connection.prepare_cached("SELECT number FROM revisions WHERE script_id = ?1 ORDER BY number")?;
    let rows = statement.query_map([id.as_str()], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::in_memory;

    fn database() -> Connection {
        let db = in_memory().expect("opens");
        db.execute(
            "INSERT INTO scripts (id, name, slug, description, entry_point, paused, limits, requirements, revision, \
             created_at, updated_at) VALUES (?1, 'S', 's', '', 'main.py', 0, '{}', '[]', 0, 0, 0)",
            [script().as_str()],
        )
        .expect("a script");
        db
    }

    fn script() -> ScriptId {
        ScriptId::parse(&"5".repeat(32))
    }

    fn row(number: i64) -> RevisionRow {
        RevisionRow {
            number,
            message: "Saved main.py".into(),
            made_by: MadeBy::Editor,
            label: None,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn run(db: &Connection, letter: &str, revision: i64, state: &str, kept: bool) {
        db.execute(
            "INSERT INTO runs (id, script_id, kind, state, state_json, version, trigger, overlap, queued_at, args, env, \
             limits, image, requirements, revision, kept) \
             VALUES (?1, ?2, 'script', ?3, '{}', 1, '{}', 'queue', 0, '[]', '{}', '{}', 'i', '[]', ?4, ?5)",
            params![letter.repeat(32), script().as_str(), state, revision, kept],
        )
        .expect("a run");
    }

    #[test]
    fn they_follow_each_other_and_are_named() {
        let db = database();
        add(&db, &script(), &row(1)).expect("the first");
        assert!(matches!(add(&db, &script(), &row(1)), Err(Error::Stale)));
        add(&db, &script(), &row(2)).expect("the second");
        assert!(set_label(&db, &script(), 2, Some("before the move")).expect("stores"));
        assert!(!set_label(&db, &script(), 3, None).expect("none is there"));
        let named = RevisionRow {
            label: Some("before the move".into()),
            ..row(2)
        };
        assert_eq!(
            list(&db, &script(), None, 10).expect("lists"),
            [named.clone(), row(1)]
        );
        assert_eq!(list(&db, &script(), Some(2), 10).expect("lists"), [row(1)]);
        assert_eq!(get(&db, &script(), 2).expect("reads"), Some(named));
    }

    #[test]
    fn their_runs_are_counted_and_the_newest_is_told() {
        let db = database();
        assert_eq!(runs_of(&db, &script(), 1).expect("counts"), RunsOf::default());
        run(&db, "a", 1, "finished", false);
        run(&db, "b", 1, "finished", false);
        run(&db, "c", 2, "finished", false);
        let runs = runs_of(&db, &script(), 1).expect("counts");
        assert_eq!(
            (runs.count, runs.newest),
            (2, Some(RunId::parse(&"b".repeat(32))))
        );
    }

    #[test]
    fn the_oldest_go_but_for_those_that_somebody_needs() {
        let db = database();
        for number in 1..=10 {
            add(&db, &script(), &row(number)).expect("adds");
        }
        set_label(&db, &script(), 2, Some("first that worked")).expect("stores");
        run(&db, "a", 3, "finished", true);
        run(&db, "b", 4, "running", false);
        run(&db, "c", 5, "finished", false);
        assert_eq!(scripts_beyond(&db, 3).expect("counts"), [script()]);
        assert_eq!(scripts_beyond(&db, 10).expect("counts"), []);
        assert_eq!(thin(&db, &script(), 3, 2).expect("removes"), 2);
        assert_eq!(numbers(&db, &script()).expect("reads"), [2, 3, 4, 6, 7, 8, 9, 10]);
        assert_eq!(thin(&db, &script(), 3, 9).expect("removes"), 2);
        assert_eq!(thin(&db, &script(), 3, 9).expect("removes"), 0);
        assert_eq!(numbers(&db, &script()).expect("reads"), [2, 3, 4, 8, 9, 10]);
        assert_eq!(thin(&db, &script(), 20, 9).expect("removes"), 0);
    }
}
