//! Rows of finished environments. Which one a script uses is one column of the script, so the change from one to
//! the next is one row update.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Error;
use super::values::{from_json, json, ms, time};
use crate::model::environment::{ABSENT, Environment};
use crate::model::ids::{RunId, ScriptId};
use crate::model::packages::InUse;

/// Records what a build has made, before it is put in its place. The same environment built again is the newer
/// build's.
pub fn insert(connection: &Connection, environment: &Environment) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT INTO environments (script_id, key, lock_hash, requirements, image, image_digest, packages, \
             run_id, created_at, compiled_at) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10) \
             ON CONFLICT (script_id, key) DO UPDATE SET requirements = excluded.requirements, \
             run_id = excluded.run_id, damage = NULL",
        )?
        .execute(params![
            environment.script_id.as_str(),
            environment.key,
            environment.lock_hash,
            json(&environment.requirements)?,
            environment.image,
            environment.image_digest,
            json(&environment.packages)?,
            environment.run_id.as_str(),
            ms(environment.created_at),
            environment.compiled_at.map(ms),
        ])?;
    Ok(())
}

/// Makes it the one the script's runs use, which is one column.
pub fn make_live(connection: &Connection, script: &ScriptId, key: &str, now: Timestamp) -> Result<(), Error> {
    connection
        .prepare_cached("UPDATE environments SET live_at = ?3 WHERE script_id = ?1 AND key = ?2")?
        .execute(params![script.as_str(), key, ms(now)])?;
    connection
        .prepare_cached("UPDATE scripts SET environment_key = ?2 WHERE id = ?1")?
        .execute([script.as_str(), key])?;
    Ok(())
}

/// Remembers what is wrong with its files; `None`: nothing.
pub fn set_damage(
    connection: &Connection,
    script: &ScriptId,
    key: &str,
    damage: Option<&str>,
) -> Result<(), Error> {
    connection
        .prepare_cached("UPDATE environments SET damage = ?3 WHERE script_id = ?1 AND key = ?2")?
        .execute(params![script.as_str(), key, damage])?;
    Ok(())
}

/// Remembers of all of them that their files are not there.
pub fn all_absent(connection: &Connection) -> Result<(), Error> {
    connection.execute("UPDATE environments SET damage = ?1", [ABSENT])?;
    Ok(())
}

/// Scripts, not in the trash, whose live environment is not there.
pub fn absent(connection: &Connection) -> Result<Vec<ScriptId>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT s.id FROM scripts AS s JOIN environments AS e ON e.script_id = s.id AND e.key = s.environment_key \
         WHERE s.deleted_at IS NULL AND e.damage = ?1 ORDER BY s.id",
    )?;
    let rows = statement.query_map([ABSENT], |row| Ok(ScriptId::parse(&row.get::<_, String>(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether that is so of the environment of this key.
pub fn is_absent(connection: &Connection, script: &ScriptId, key: &str) -> Result<bool, Error> {
    let mut statement = connection
        .prepare_cached("SELECT damage IS ?3 FROM environments WHERE script_id = ?1 AND key = ?2")?;
    let found = statement.query_row([script.as_str(), key, ABSENT], |row| row.get(0));
    Ok(found.optional()?.unwrap_or(false))
}

pub fn set_compiled(
    connection: &Connection,
    script: &ScriptId,
    key: &str,
    now: Timestamp,
) -> Result<(), Error> {
    connection
        .prepare_cached("UPDATE environments SET compiled_at = ?3 WHERE script_id = ?1 AND key = ?2")?
        .execute(params![script.as_str(), key, ms(now)])?;
    Ok(())
}

/// Live environments whose bytecode nobody has compiled or tried to.
pub fn to_compile(connection: &Connection) -> Result<Vec<(ScriptId, String)>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT s.id, e.key FROM environments e JOIN scripts s ON s.id = e.script_id AND s.environment_key = e.key \
         WHERE e.compiled_at IS NULL AND s.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM runs r \
         WHERE r.script_id = s.id AND r.kind = 'compile' AND json_extract(r.build, '$.from') = e.key)",
    )?;
    let rows = statement.query_map([], |row| {
        Ok((ScriptId::parse(&row.get::<_, String>(0)?), row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whole environments on this image that were live at some time, newest first.
pub fn on_image(connection: &Connection, image_digest: &str) -> Result<Vec<Environment>, Error> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM environments WHERE image_digest = ?1 AND damage IS NULL AND live_at IS NOT NULL \
         ORDER BY created_at DESC"
    ))?;
    let rows = statement.query_map([image_digest], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn remove(connection: &Connection, script: &ScriptId, key: &str) -> Result<(), Error> {
    connection
        .prepare_cached("DELETE FROM environments WHERE script_id = ?1 AND key = ?2")?
        .execute([script.as_str(), key])?;
    Ok(())
}

/// Scripts that have environments.
pub fn owners(connection: &Connection) -> Result<Vec<ScriptId>, Error> {
    let mut statement = connection.prepare_cached("SELECT DISTINCT script_id FROM environments")?;
    let rows = statement.query_map([], |row| Ok(ScriptId::parse(&row.get::<_, String>(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The key of what a build has made, if it got so far.
pub fn key_of_build(
    connection: &Connection,
    script: &ScriptId,
    build: &RunId,
) -> Result<Option<String>, Error> {
    let mut statement =
        connection.prepare_cached("SELECT key FROM environments WHERE script_id = ?1 AND run_id = ?2")?;
    Ok(statement
        .query_row([script.as_str(), build.as_str()], |row| row.get(0))
        .optional()?)
}

const COLUMNS: &str = "script_id, key, lock_hash, requirements, image, image_digest, packages, run_id, created_at, \
     live_at, damage, compiled_at";

pub fn get(connection: &Connection, script: &ScriptId, key: &str) -> Result<Option<Environment>, Error> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM environments WHERE script_id = ?1 AND key = ?2"
    ))?;
    Ok(statement.query_row([script.as_str(), key], read).optional()?)
}

/// What the lists of scripts show of the environment that runs use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    pub lock_hash: String,
    pub requirements: Vec<String>,
    pub image_digest: String,
    pub damage: Option<String>,
    /// How many packages are installed.
    pub packages: usize,
}

/// Of those of these scripts that have one.
pub fn live_of(connection: &Connection, ids: &[ScriptId]) -> Result<HashMap<ScriptId, Live>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT s.id, e.lock_hash, e.requirements, e.image_digest, e.damage, json_array_length(e.packages) \
         FROM json_each(?1) AS wanted CROSS JOIN scripts AS s ON s.id = wanted.value \
         CROSS JOIN environments AS e ON e.script_id = s.id AND e.key = s.environment_key",
    )?;
    let rows = statement.query_map([json(&ids)?], |row| {
        let live = Live {
            lock_hash: row.get(1)?,
            requirements: from_json(2, &row.get::<_, String>(2)?)?,
            image_digest: row.get(3)?,
            damage: row.get(4)?,
            packages: row.get(5)?,
        };
        Ok((ScriptId::parse(&row.get::<_, String>(0)?), live))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The script's environments; which was live last comes first.
pub fn of_script(connection: &Connection, script: &ScriptId) -> Result<Vec<Environment>, Error> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM environments WHERE script_id = ?1 ORDER BY live_at DESC NULLS LAST, created_at DESC"
    ))?;
    let rows = statement.query_map([script.as_str()], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What the scripts use that are not in the trash.
pub fn in_use(connection: &Connection) -> Result<InUse, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT TRUE, package.value ->> 'name' FROM scripts AS s \
         JOIN environments AS e ON e.script_id = s.id AND e.key = s.environment_key, json_each(e.packages) AS package \
         WHERE s.deleted_at IS NULL \
         UNION SELECT FALSE, asked.value FROM scripts AS s, json_each(s.requirements) AS asked \
         WHERE s.deleted_at IS NULL",
    )?;
    let mut rows = statement.query([])?;
    let mut in_use = InUse::default();
    while let Some(row) = rows.next()? {
        if row.get(0)? {
            in_use.installed.insert(row.get(1)?);
        } else {
            in_use.asked.push(row.get(1)?);
        }
    }
    Ok(in_use)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Environment> {
    let text = |column: usize| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
    Ok(Environment {
        script_id: ScriptId::parse(text(0)?),
        key: row.get(1)?,
        lock_hash: row.get(2)?,
        requirements: from_json(3, text(3)?)?,
        image: row.get(4)?,
        image_digest: row.get(5)?,
        packages: from_json(6, text(6)?)?,
        run_id: RunId::parse(text(7)?),
        created_at: time(8, row.get(8)?)?,
        live_at: row.get::<_, Option<i64>>(9)?.map(|ms| time(9, ms)).transpose()?,
        damage: row.get(10)?,
        compiled_at: row
            .get::<_, Option<i64>>(11)?
            .map(|ms| time(11, ms))
            .transpose()?,
    })
}
