//! Which scripts a list has, in which order: by keyset, never by offset.
//!
//! One statement answers the ids of a page with the key each is ordered by, one more their rows. What cannot be asked for
//! in SQL (a state that is worked out, a time that is) is for whoever calls.

use std::collections::HashMap;

use rusqlite::{Connection, params_from_iter, types::Value};

use super::{COLUMNS, read};
use crate::model::ids::ScriptId;
use crate::model::script::Script;
use crate::store::Error;
use crate::store::values::json;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    #[default]
    Name,
    /// Newest first; those that never ran come last.
    LastRun,
    /// Newest first.
    Updated,
}

/// What a list of scripts is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Part of name, description or a tag.
    pub text: Option<String>,
    /// All of these.
    pub tags: Vec<String>,
    /// Kinds of the last run's outcome; [`NEVER`] for scripts that never ran.
    pub outcomes: Option<Vec<String>>,
    /// Whether it has a schedule that is enabled.
    pub scheduled: Option<bool>,
    pub paused: Option<bool>,
    /// Those in the trash instead of the others.
    pub trashed: bool,
    pub sort: Sort,
    /// Where the page begins.
    pub after: Option<Key>,
    pub limit: Option<u32>,
}

pub const NEVER: &str = "none";

/// What a script is ordered by: a name, or a number of which the greater comes first; then its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub by: By,
    pub id: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    Name(String),
    Number(i64),
}

const LAST_RUN: &str = "(SELECT number FROM runs AS r WHERE r.script_id = scripts.id AND r.kind = 'script' \
     ORDER BY r.number DESC LIMIT 1)";
const SCHEDULED: &str = "EXISTS (SELECT 1 FROM schedules AS s WHERE s.script_id = scripts.id \
     AND s.deleted_at IS NULL AND s.enabled)";

/// In order.
pub fn list(connection: &Connection, filter: &Filter) -> Result<Vec<Key>, Error> {
    let mut statement = Statement::new(filter.trashed);
    if let Some(text) = &filter.text {
        let n = statement.value(Value::Text(format!("%{}%", escape_like(text))));
        statement.and(&format!(
            "(name LIKE ?{n} ESCAPE '\\' OR description LIKE ?{n} ESCAPE '\\' OR EXISTS \
             (SELECT 1 FROM script_tags AS t WHERE t.script_id = scripts.id AND t.tag LIKE ?{n} ESCAPE '\\'))"
        ));
    }
    for tag in &filter.tags {
        let n = statement.value(Value::Text(tag.to_lowercase()));
        statement.and(&format!(
            "EXISTS (SELECT 1 FROM script_tags AS t WHERE t.script_id = scripts.id AND t.tag = ?{n})"
        ));
    }
    if let Some(outcomes) = &filter.outcomes {
        let never = outcomes.iter().any(|outcome| outcome == NEVER);
        let n = statement.value(Value::Text(json(outcomes)?));
        let never = if never {
            format!("{LAST_RUN} IS NULL OR ")
        } else {
            String::new()
        };
        // Of the last one that has an outcome: while a script runs, what it last came to still stands.
        statement.and(&format!(
            "({never}(SELECT r.outcome FROM runs AS r WHERE r.script_id = scripts.id AND r.kind = 'script' \
             AND r.outcome IS NOT NULL ORDER BY r.number DESC LIMIT 1) IN (SELECT value FROM json_each(?{n})))"
        ));
    }
    if let Some(scheduled) = filter.scheduled {
        statement.and(&format!("{}{SCHEDULED}", if scheduled { "" } else { "NOT " }));
    }
    if let Some(paused) = filter.paused {
        statement.and(if paused { "paused" } else { "NOT paused" });
    }
    let key = match filter.sort {
        Sort::Name => "name COLLATE NOCASE".to_owned(),
        Sort::LastRun => format!("coalesce({LAST_RUN}, 0)"),
        Sort::Updated => "updated_at".to_owned(),
    };
    if let Some(after) = &filter.after {
        let (by, compare) = match &after.by {
            By::Name(name) => (Value::Text(name.clone()), '>'),
            By::Number(number) => (Value::Integer(*number), '<'),
        };
        let (by, id) = (
            statement.value(by),
            statement.value(Value::Text(after.id.clone())),
        );
        statement.and(&format!(
            "({key} {compare} ?{by} OR ({key} = ?{by} AND id > ?{id}))"
        ));
    }
    let order = if filter.sort == Sort::Name { "" } else { " DESC" };
    let limit = filter
        .limit
        .map_or(String::new(), |limit| format!(" LIMIT {limit}"));
    let shown = if filter.sort == Sort::Name { "name" } else { &key };
    let sql = format!(
        "SELECT id, {shown} FROM scripts WHERE {} ORDER BY {key}{order}, id{limit}",
        statement.conditions
    );
    let mut prepared = connection.prepare_cached(&sql)?;
    let rows = prepared.query_map(params_from_iter(statement.values), |row| {
        let by = match filter.sort {
            Sort::Name => By::Name(row.get(1)?),
            Sort::LastRun | Sort::Updated => By::Number(row.get(1)?),
        };
        Ok(Key { by, id: row.get(0)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

struct Statement {
    conditions: String,
    values: Vec<Value>,
}

impl Statement {
    fn new(trashed: bool) -> Self {
        Self {
            conditions: format!("deleted_at IS {}NULL", if trashed { "NOT " } else { "" }),
            values: Vec::new(),
        }
    }

    /// The number it is named by.
    fn value(&mut self, value: Value) -> usize {
        self.values.push(value);
        self.values.len()
    }

    fn and(&mut self, condition: &str) {
        self.conditions.push_str(" AND ");
        self.conditions.push_str(condition);
    }
}

fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// These scripts, in the order of the ids, in the trash or not; unknown ones are left out.
pub fn by_ids(connection: &Connection, ids: &[ScriptId]) -> Result<Vec<Script>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM scripts WHERE id IN (SELECT value FROM json_each(?1))");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([json(&ids)?], read)?;
    let mut found = rows
        .map(|script| script.map(|script| (script.id.clone(), script)))
        .collect::<Result<HashMap<_, _>, _>>()?;
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// The names of those that are not in the trash.
pub fn names(connection: &Connection) -> Result<Vec<(ScriptId, String)>, Error> {
    let mut statement = connection.prepare_cached("SELECT id, name FROM scripts WHERE deleted_at IS NULL")?;
    let rows = statement.query_map([], |row| {
        Ok((ScriptId::parse(&row.get::<_, String>(0)?), row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Where the files are of those that are not in the trash, by name.
pub fn places(connection: &Connection) -> Result<Vec<Place>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT id, slug, entry_point FROM scripts WHERE deleted_at IS NULL ORDER BY name COLLATE NOCASE",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Place {
            id: ScriptId::parse(&row.get::<_, String>(0)?),
            slug: row.get(1)?,
            entry_point: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Where a script's files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub id: ScriptId,
    pub slug: String,
    pub entry_point: String,
}
