//! Folders in `scripts/` that belong to no script, or to none yet: remembered before they come into being or lose their
//! script, so that whatever is cut short is found again.

use rusqlite::Connection;

use super::Error;

pub fn remember(connection: &Connection, slug: &str) -> Result<(), Error> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO stray_folders (slug) VALUES (?1)")?
        .execute([slug])?;
    Ok(())
}

/// It has a script, or is gone.
pub fn forget(connection: &Connection, slug: &str) -> Result<(), Error> {
    connection
        .prepare_cached("DELETE FROM stray_folders WHERE slug = ?1")?
        .execute([slug])?;
    Ok(())
}

pub fn all(connection: &Connection) -> Result<Vec<String>, Error> {
    let mut statement = connection.prepare_cached("SELECT slug FROM stray_folders ORDER BY slug")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
