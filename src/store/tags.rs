//! Tags as a whole: which there are, in which colour, renaming and removing them everywhere. What tags one script has is
//! part of its row.

use rusqlite::{Connection, OptionalExtension, params};

use super::Error;
use super::values::{from_word, word};
use crate::model::ids::ScriptId;
use crate::model::tag::TagColour;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    pub name: String,
    /// If somebody has chosen one.
    pub colour: Option<TagColour>,
    /// Those in the trash are not counted.
    pub scripts: u64,
}

/// Every tag that a script has, by name; also those that only scripts in the trash have.
pub fn all(connection: &Connection) -> Result<Vec<Tag>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT t.tag, c.colour, count(*) FILTER (WHERE s.deleted_at IS NULL) FROM script_tags AS t \
         JOIN scripts AS s ON s.id = t.script_id LEFT JOIN tag_colours AS c ON c.tag = t.tag \
         GROUP BY t.tag ORDER BY t.tag",
    )?;
    let rows = statement.query_map([], |row| {
        let colour: Option<String> = row.get(1)?;
        Ok(Tag {
            name: row.get(0)?,
            colour: colour.map(|colour| from_word(1, &colour)).transpose()?,
            scripts: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The scripts that have the tag, in the trash or not.
pub fn scripts_of(connection: &Connection, tag: &str) -> Result<Vec<ScriptId>, Error> {
    let mut statement = connection.prepare_cached("SELECT script_id FROM script_tags WHERE tag = ?1")?;
    let rows = statement.query_map([tag], |row| Ok(ScriptId::parse(&row.get::<_, String>(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn set_colour(connection: &Connection, tag: &str, colour: TagColour) -> Result<(), Error> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO tag_colours (tag, colour) VALUES (?1, ?2)")?
        .execute(params![tag, word(&colour)?])?;
    Ok(())
}

/// Everywhere. Where a script has both already, the new name stays where it is. The colour goes along, unless the new
/// name has one.
pub fn rename(connection: &Connection, from: &str, to: &str) -> Result<(), Error> {
    connection
        .prepare_cached("UPDATE OR IGNORE script_tags SET tag = ?2 WHERE tag = ?1")?
        .execute([from, to])?;
    let colour: Option<String> = connection
        .prepare_cached("SELECT colour FROM tag_colours WHERE tag = ?1")?
        .query_row([from], |row| row.get(0))
        .optional()?;
    if let Some(colour) = colour {
        connection
            .prepare_cached("INSERT OR IGNORE INTO tag_colours (tag, colour) VALUES (?1, ?2)")?
            .execute([to, &colour])?;
    }
    remove(connection, from)
}

/// From every script, with its colour.
pub fn remove(connection: &Connection, tag: &str) -> Result<(), Error> {
    for table in ["script_tags", "tag_colours"] {
        connection
            .prepare_cached(&format!("DELETE FROM {table} WHERE tag = ?1"))?
            .execute([tag])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::script::{Script, tests_support};
    use crate::store::{in_memory, scripts};

    #[test]
    fn a_tag_is_renamed_merged_and_removed_everywhere() {
        let db = in_memory().expect("opens");
        for (name, tags) in [("a", &["x", "y"][..]), ("b", &["x"]), ("c", &["y"])] {
            let tags = tags.iter().map(|&tag| tag.to_owned()).collect();
            let script = Script {
                tags,
                ..tests_support::script(name)
            };
            scripts::insert(&db, &script).expect("inserts");
        }
        let tags = |db: &Connection| -> Vec<(String, u64)> {
            let all = all(db).expect("lists");
            all.into_iter().map(|tag| (tag.name, tag.scripts)).collect()
        };
        set_colour(&db, "x", TagColour::Pink).expect("stores");
        rename(&db, "x", "z").expect("renames");
        assert_eq!(tags(&db), [("y".to_owned(), 2), ("z".to_owned(), 2)]);
        rename(&db, "z", "y").expect("merges");
        assert_eq!(tags(&db), [("y".to_owned(), 3)]);
        assert_eq!(all(&db).expect("lists")[0].colour, Some(TagColour::Pink));
        remove(&db, "y").expect("removes");
        assert_eq!(tags(&db), []);
    }
}
