//! Rows of scripts and their tags.

use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter, types::Value};

use super::Error;
use super::values::{from_json, from_word, is_unique_violation, json, ms, time, word};
use crate::model::ids::ScriptId;
use crate::model::script::Script;

const COLUMNS: &str = "id, name, slug, description, entry_point, paused, limits, requirements, revision, \
     environment_key, created_at, updated_at, deleted_at, overlap, parallel_limit, build_from_source, inline_agreed, image, retention, \
     (SELECT json_group_array(tag) FROM (SELECT tag FROM script_tags WHERE script_id = scripts.id ORDER BY position))";

/// What a list of scripts is narrowed by. `after` is the last name of the page before.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub text: Option<String>,
    /// All of these.
    pub tags: Vec<String>,
    pub after: Option<String>,
    pub limit: u32,
}

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

/// Scripts that are not in the trash, by name.
pub fn list(connection: &Connection, filter: &Filter) -> Result<Vec<Script>, Error> {
    let mut sql = format!("SELECT {COLUMNS} FROM scripts WHERE deleted_at IS NULL");
    let mut values: Vec<Value> = Vec::new();
    if let Some(text) = &filter.text {
        values.push(Value::Text(format!("%{}%", escape_like(text))));
        let n = values.len();
        sql.push_str(&format!(
            " AND (name LIKE ?{n} ESCAPE '\\' OR description LIKE ?{n} ESCAPE '\\' \
             OR EXISTS (SELECT 1 FROM script_tags t WHERE t.script_id = scripts.id AND t.tag LIKE ?{n} ESCAPE '\\'))"
        ));
    }
    for tag in &filter.tags {
        values.push(Value::Text(tag.to_lowercase()));
        let n = values.len();
        sql.push_str(&format!(
            " AND EXISTS (SELECT 1 FROM script_tags t WHERE t.script_id = scripts.id AND t.tag = ?{n})"
        ));
    }
    if let Some(after) = &filter.after {
        values.push(Value::Text(after.clone()));
        sql.push_str(&format!(" AND name > ?{} COLLATE NOCASE", values.len()));
    }
    sql.push_str(&format!(" ORDER BY name COLLATE NOCASE LIMIT {}", filter.limit));
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
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
        for (name, tags) in [("b", &["x", "y"][..]), ("A", &["x"]), ("c%", &[])] {
            insert(&db, &script(name, tags)).expect("inserts");
        }
        let names = |filter: Filter| -> Vec<String> {
            list(&db, &filter)
                .expect("lists")
                .into_iter()
                .map(|s| s.name)
                .collect()
        };
        let all = Filter {
            limit: 10,
            ..Default::default()
        };
        assert_eq!(names(all.clone()), ["A", "b", "c%"]);
        assert_eq!(
            names(Filter {
                text: Some("%".into()),
                ..all.clone()
            }),
            ["c%"]
        );
        assert_eq!(
            names(Filter {
                text: Some("Y".into()),
                ..all.clone()
            }),
            ["b"]
        );
        assert_eq!(
            names(Filter {
                tags: vec!["x".into(), "y".into()],
                ..all.clone()
            }),
            ["b"]
        );
        assert_eq!(
            names(Filter {
                after: Some("A".into()),
                limit: 1,
                ..all
            }),
            ["b"]
        );
    }
}
