//! Rows of scripts and their tags.

mod listing;

pub use listing::{By, Filter, Key, NEVER, Place, Sort, by_ids, list, names, places};

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Error;
use super::values::{from_json, from_word, is_unique_violation, json, ms, time, word};
use crate::model::ids::ScriptId;
use crate::model::script::Script;

const COLUMNS: &str = "id, name, slug, description, entry_point, paused, limits, requirements, revision, \
     environment_key, created_at, updated_at, deleted_at, overlap, parallel_limit, build_from_source, inline_agreed, image, retention, \
     (SELECT json_group_array(tag) FROM (SELECT tag FROM script_tags WHERE script_id = scripts.id ORDER BY position))";

pub fn insert(connection: &Connection, script: &Script) -> Result<(), Error> {
    let inserted = connection
        .prepare_cached(
            "INSERT INTO scripts (id, name, slug, description, entry_point, paused, limits, requirements, revision, \
             environment_key, created_at, updated_at, overlap, parallel_limit, build_from_source, retention) \
             VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)",
        )?
        .execute(params![
            script.id.as_str(),
            script.name,
            script.slug,
            script.description,
            script.entry_point,
            script.paused,
            json(&script.limits)?,
            json(&script.requirements)?,
            script.revision,
            script.environment_key,
            ms(script.created_at),
            ms(script.updated_at),
            word(&script.overlap)?,
            script.parallel_limit,
            json(&script.build_from_source)?,
            json(&script.retention)?,
        ]);
    name_taken(inserted)?;
    replace_tags(connection, script)
}

/// Stores everything of a script that may change but its revision and environment, which have their own writers.
pub fn update(connection: &Connection, script: &Script) -> Result<(), Error> {
    let updated = connection
        .prepare_cached(
            "UPDATE scripts SET name = ?2, description = ?3, entry_point = ?4, paused = ?5, limits = ?6, \
             requirements = ?7, updated_at = ?8, deleted_at = ?9, overlap = ?10, parallel_limit = ?11, \
             build_from_source = ?12, inline_agreed = ?13, image = ?14, retention = ?15 WHERE id = ?1",
        )?
        .execute(params![
            script.id.as_str(),
            script.name,
            script.description,
            script.entry_point,
            script.paused,
            json(&script.limits)?,
            json(&script.requirements)?,
            ms(script.updated_at),
            script.deleted_at.map(ms),
            word(&script.overlap)?,
            script.parallel_limit,
            json(&script.build_from_source)?,
            script.inline_agreed.as_ref().map(json).transpose()?,
            script.image,
            json(&script.retention)?,
        ]);
    name_taken(updated)?;
    replace_tags(connection, script)
}

fn name_taken(done: rusqlite::Result<usize>) -> Result<(), Error> {
    match done {
        Ok(_) => Ok(()),
        Err(e) if is_unique_violation(&e, "scripts_by_name") || is_unique_violation(&e, "scripts.name") => {
            Err(Error::Taken { what: "name" })
        }
        Err(e) => Err(e.into()),
    }
}

fn replace_tags(connection: &Connection, script: &Script) -> Result<(), Error> {
    connection
        .prepare_cached("DELETE FROM script_tags WHERE script_id = ?1")?
        .execute([script.id.as_str()])?;
    let mut insert = connection
        .prepare_cached("INSERT INTO script_tags (script_id, tag, position) VALUES (?1, ?2, ?3)")?;
    for (position, tag) in script.tags.iter().enumerate() {
        insert.execute(params![script.id.as_str(), tag, position])?;
    }
    Ok(())
}

/// The script, in the trash or not.
pub fn get(connection: &Connection, id: &ScriptId) -> Result<Option<Script>, Error> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM scripts WHERE id = ?1"))?;
    Ok(statement.query_row([id.as_str()], read).optional()?)
}

/// The script's name, in the trash or not.
pub fn name(connection: &Connection, id: &ScriptId) -> Result<Option<String>, Error> {
    let mut statement = connection.prepare_cached("SELECT name FROM scripts WHERE id = ?1")?;
    Ok(statement.query_row([id.as_str()], |row| row.get(0)).optional()?)
}

/// All of them, in the trash or not.
pub fn all(connection: &Connection) -> Result<Vec<Script>, Error> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM scripts"))?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether a script that is not in the trash has the name.
pub fn has_name(connection: &Connection, name: &str) -> Result<bool, Error> {
    let mut statement = connection
        .prepare_cached("SELECT 1 FROM scripts WHERE name = ?1 COLLATE NOCASE AND deleted_at IS NULL")?;
    Ok(statement.exists([name])?)
}

/// Takes a script out of everything for good, but for its runs, which have to be gone.
pub fn remove(connection: &Connection, id: &ScriptId) -> Result<(), Error> {
    for sql in [
        "DELETE FROM schedules WHERE script_id = ?1",
        "DELETE FROM run_shelves WHERE script_id = ?1",
        "DELETE FROM triggers WHERE script_id = ?1",
        "DELETE FROM scripts WHERE id = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([id.as_str()])?;
    }
    Ok(())
}

pub fn count(connection: &Connection) -> Result<u64, Error> {
    let mut statement = connection.prepare_cached("SELECT count(*) FROM scripts WHERE deleted_at IS NULL")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Script> {
    let text = |column: usize| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
    Ok(Script {
        id: ScriptId::parse(text(0)?),
        name: row.get(1)?,
        slug: row.get(2)?,
        description: row.get(3)?,
        entry_point: row.get(4)?,
        paused: row.get(5)?,
        limits: from_json(6, text(6)?)?,
        requirements: from_json(7, text(7)?)?,
        revision: row.get(8)?,
        environment_key: row.get(9)?,
        created_at: time(10, row.get(10)?)?,
        updated_at: time(11, row.get(11)?)?,
        deleted_at: row
            .get::<_, Option<i64>>(12)?
            .map(|ms| time(12, ms))
            .transpose()?,
        overlap: from_word(13, text(13)?)?,
        parallel_limit: row.get(14)?,
        build_from_source: from_json(15, text(15)?)?,
        inline_agreed: row
            .get::<_, Option<String>>(16)?
            .map(|list| from_json(16, &list))
            .transpose()?,
        image: row.get(17)?,
        retention: from_json(18, text(18)?)?,
        tags: from_json(19, text(19)?)?,
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::run::Overlap;
    use crate::model::script::tests_support;
    use crate::store::in_memory;

    fn script(name: &str, tags: &[&str]) -> Script {
        Script {
            tags: tags.iter().map(|&t| t.to_owned()).collect(),
            overlap: Overlap::Allow,
            parallel_limit: Some(2),
            requirements: vec!["requests>=2".to_owned()],
            build_from_source: vec!["docopt".to_owned()],
            ..tests_support::script(name)
        }
    }

    #[test]
    fn what_is_stored_is_read() {
        let db = in_memory().expect("opens");
        let stored = script("Nightly", &["etl", "a b"]);
        insert(&db, &stored).expect("inserts");
        assert_eq!(get(&db, &stored.id).expect("reads"), Some(stored));
        assert_eq!(get(&db, &ScriptId::generate()).expect("reads"), None);
    }

    #[test]
    fn names_are_unique_among_the_living() {
        let db = in_memory().expect("opens");
        let mut first = script("Report", &[]);
        insert(&db, &first).expect("inserts");
        assert!(matches!(
            insert(&db, &script("REPORT", &[])),
            Err(Error::Taken { what: "name" })
        ));
        first.deleted_at = Some(Timestamp::UNIX_EPOCH);
        update(&db, &first).expect("goes to the trash");
        insert(&db, &script("report", &[])).expect("the name is free again");
        first.deleted_at = None;
        assert!(matches!(update(&db, &first), Err(Error::Taken { what: "name" })));
    }

    #[test]
    fn lists_by_text_tags_and_page() {
        let db = in_memory().expect("opens");
        for (name, tags, updated) in [("b", &["x", "y"][..], 2), ("A", &["x"], 1), ("c%", &[], 2)] {
            let script = Script {
                updated_at: Timestamp::from_second(updated).expect("a time"),
                paused: name == "b",
                ..script(name, tags)
            };
            insert(&db, &script).expect("inserts");
        }
        let keys = |filter: Filter| list(&db, &filter).expect("lists");
        let names = |filter: Filter| -> Vec<String> {
            let ids: Vec<_> = keys(filter).iter().map(|key| ScriptId::parse(&key.id)).collect();
            let scripts = by_ids(&db, &ids).expect("reads");
            scripts.into_iter().map(|script| script.name).collect()
        };
        let text = |text: &str| Filter {
            text: Some(text.into()),
            ..Filter::default()
        };
        assert_eq!(names(Filter::default()), ["A", "b", "c%"]);
        assert_eq!(names(text("%")), ["c%"]);
        assert_eq!(names(text("Y")), ["b"]);
        let tags = Filter {
            tags: vec!["x".into(), "y".into()],
            ..Filter::default()
        };
        assert_eq!(names(tags), ["b"]);
        let running = Filter {
            paused: Some(false),
            scheduled: Some(false),
            outcomes: Some(vec![NEVER.to_owned()]),
            ..Filter::default()
        };
        assert_eq!(names(running), ["A", "c%"]);
        let trashed = Filter {
            trashed: true,
            ..Filter::default()
        };
        assert!(names(trashed).is_empty());
        for sort in [Sort::Name, Sort::LastRun, Sort::Updated] {
            let whole = names(Filter {
                sort,
                ..Filter::default()
            });
            let mut paged = Vec::new();
            let mut after = None;
            loop {
                let filter = Filter {
                    sort,
                    after: after.clone(),
                    limit: Some(1),
                    ..Filter::default()
                };
                let page = keys(filter.clone());
                paged.extend(names(filter));
                match page.into_iter().next() {
                    Some(key) => after = Some(key),
                    None => break,
                }
            }
            assert_eq!(paged, whole, "{sort:?}");
        }
    }
}
