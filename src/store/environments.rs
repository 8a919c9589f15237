//! Rows of finished environments. Which one a script uses is one column of the script, so the change from one to
//! the next is one row update.

use rusqlite::{Connection, OptionalExtension, params};

use super::Error;
use super::values::{from_json, json, ms, time};
use crate::model::environment::Environment;
use crate::model::ids::{RunId, ScriptId};

/// Records what a build has made, before it is put in its place. The same environment built again is the newer
/// build's.
pub fn insert(connection: &Connection, environment: &Environment) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT INTO environments (script_id, key, lock_hash, requirements, image, image_digest, packages, \
             run_id, created_at) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9) \
             ON CONFLICT (script_id, key) DO UPDATE SET requirements = excluded.requirements, run_id = excluded.run_id",
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
        ])?;
    Ok(())
}

/// Makes it the one the script's runs use: one row update.
pub fn make_live(connection: &Connection, script: &ScriptId, key: &str) -> Result<(), Error> {
    connection
        .prepare_cached("UPDATE scripts SET environment_key = ?2 WHERE id = ?1")?
        .execute([script.as_str(), key])?;
    Ok(())
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

pub fn get(connection: &Connection, script: &ScriptId, key: &str) -> Result<Option<Environment>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT lock_hash, requirements, image, image_digest, packages, run_id, created_at \
         FROM environments WHERE script_id = ?1 AND key = ?2",
    )?;
    let environment = statement.query_row([script.as_str(), key], |row| {
        Ok(Environment {
            script_id: script.clone(),
            key: key.to_owned(),
            lock_hash: row.get(0)?,
            requirements: from_json(1, &row.get::<_, String>(1)?)?,
            image: row.get(2)?,
            image_digest: row.get(3)?,
            packages: from_json(4, &row.get::<_, String>(4)?)?,
            run_id: RunId::parse(&row.get::<_, String>(5)?),
            created_at: time(6, row.get(6)?)?,
        })
    });
    Ok(environment.optional()?)
}
