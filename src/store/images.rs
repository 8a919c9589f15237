//! Rows of runner images.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Error;
use super::values::{from_json, from_word, is_unique_violation, json, ms, time, word};
use crate::model::ids::ScriptId;
use crate::model::image::{ImageState, RunnerImage};

const COLUMNS: &str = "name, base, system_packages, state, message, reference, origin, base_pulled, digest, python, uv, \
     size_bytes, added_at, prepared_at";

pub fn insert(connection: &Connection, image: &RunnerImage) -> Result<(), Error> {
    let inserted = connection
        .prepare_cached(
            "INSERT INTO images (name, base, system_packages, state, added_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            image.name,
            image.base,
            json(&image.system_packages)?,
            word(&image.state)?,
            ms(image.added_at),
        ]);
    match inserted {
        Ok(_) => Ok(()),
        Err(e) if is_unique_violation(&e, "images.name") => Err(Error::Taken { what: "image name" }),
        Err(e) => Err(e.into()),
    }
}

/// Stores what may change of it, unless it is gone or on its way out. Answers whether it was stored.
pub fn update(connection: &Connection, image: &RunnerImage) -> Result<bool, Error> {
    let updated = connection
        .prepare_cached(
            "UPDATE images SET state = ?2, message = ?3, reference = ?4, origin = ?5, base_pulled = ?6, digest = ?7, \
             python = ?8, uv = ?9, size_bytes = ?10, prepared_at = ?11 WHERE name = ?1 AND state != 'removing'",
        )?
        .execute(params![
            image.name,
            word(&image.state)?,
            image.message,
            image.reference,
            image.origin.as_ref().map(word).transpose()?,
            image.base_pulled,
            image.digest,
            image.python,
            image.uv,
            image.size_bytes,
            image.prepared_at.map(ms),
        ])?;
    Ok(updated > 0)
}

pub fn set_state(connection: &Connection, name: &str, state: ImageState) -> Result<(), Error> {
    connection
        .prepare_cached("UPDATE images SET state = ?2 WHERE name = ?1")?
        .execute(params![name, word(&state)?])?;
    Ok(())
}

pub fn remove(connection: &Connection, name: &str) -> Result<(), Error> {
    connection
        .prepare_cached("DELETE FROM images WHERE name = ?1")?
        .execute([name])?;
    Ok(())
}

pub fn get(connection: &Connection, name: &str) -> Result<Option<RunnerImage>, Error> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM images WHERE name = ?1"))?;
    Ok(statement.query_row([name], read).optional()?)
}

/// Remembers that an image of this content was built here.
pub fn add_built(connection: &Connection, id: &str) -> Result<(), Error> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO built_images (id) VALUES (?1)")?
        .execute([id])?;
    Ok(())
}

pub fn forget_built(connection: &Connection, id: &str) -> Result<(), Error> {
    connection
        .prepare_cached("DELETE FROM built_images WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

pub fn built(connection: &Connection) -> Result<HashSet<String>, Error> {
    let mut statement = connection.prepare_cached("SELECT id FROM built_images")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// All of them, by name.
pub fn list(connection: &Connection) -> Result<Vec<RunnerImage>, Error> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM images ORDER BY name"))?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Scripts that use it, by image and script; those in the trash do not count.
pub fn users(connection: &Connection) -> Result<Vec<(String, String)>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT image, name FROM scripts WHERE image IS NOT NULL AND deleted_at IS NULL ORDER BY name",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Ids of the scripts that use it by name.
pub fn user_ids(connection: &Connection, name: &str) -> Result<Vec<ScriptId>, Error> {
    let mut statement = connection
        .prepare_cached("SELECT id FROM scripts WHERE image = ?1 COLLATE NOCASE AND deleted_at IS NULL")?;
    let rows = statement.query_map([name], |row| Ok(ScriptId::parse(&row.get::<_, String>(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Scripts whose runs use an environment that was built on this content.
pub fn environments_on(connection: &Connection, digest: &str) -> Result<Vec<String>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT s.name FROM environments e JOIN scripts s ON s.id = e.script_id AND s.environment_key = e.key \
         WHERE e.image_digest = ?1 AND s.deleted_at IS NULL ORDER BY s.name",
    )?;
    let rows = statement.query_map([digest], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<RunnerImage> {
    let text = |column: usize| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
    Ok(RunnerImage {
        name: row.get(0)?,
        base: row.get(1)?,
        system_packages: from_json(2, text(2)?)?,
        state: from_word(3, text(3)?)?,
        message: row.get(4)?,
        reference: row.get(5)?,
        origin: row
            .get::<_, Option<String>>(6)?
            .map(|word| from_word(6, &word))
            .transpose()?,
        base_pulled: row.get(7)?,
        digest: row.get(8)?,
        python: row.get(9)?,
        uv: row.get(10)?,
        size_bytes: row.get(11)?,
        added_at: time(12, row.get(12)?)?,
        prepared_at: row
            .get::<_, Option<i64>>(13)?
            .map(|ms| time(13, ms))
            .transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::image::ImageOrigin;
    use crate::store::in_memory;

    #[test]
    fn an_image_is_kept_whole_and_one_on_its_way_out_stays_so() {
        let db = in_memory().expect("opens");
        let mut image = RunnerImage::new("Py".into(), "python:3.12".into(), Timestamp::UNIX_EPOCH);
        insert(&db, &image).expect("stores");
        assert!(matches!(
            insert(
                &db,
                &RunnerImage {
                    name: "py".into(),
                    ..image.clone()
                }
            ),
            Err(Error::Taken { .. })
        ));
        image.state = ImageState::Ready;
        image.reference = Some("own:1".into());
        image.origin = Some(ImageOrigin::Built);
        image.base_pulled = true;
        image.digest = Some("sha256:1".into());
        image.python = Some("3.12.1".into());
        image.size_bytes = Some(5);
        image.prepared_at = Some(Timestamp::UNIX_EPOCH);
        assert!(update(&db, &image).expect("stores"));
        assert_eq!(get(&db, "PY").expect("reads").as_ref(), Some(&image));

        set_state(&db, "Py", ImageState::Removing).expect("stores");
        assert!(!update(&db, &image).expect("stores nothing"));
        assert_eq!(list(&db).expect("reads")[0].state, ImageState::Removing);
        remove(&db, "Py").expect("removes");
        assert!(list(&db).expect("reads").is_empty());
    }
}
