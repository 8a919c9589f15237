//! `GET /scripts`: narrowed, ordered, a page at a time.
//!
//! What a script's row says is asked for in SQL. The state of its environment and the time it is next due are worked out,
//! so those who filter or order by them have more rows read than they are shown.

use std::collections::HashMap;

use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::view::{ScriptView, Whole};
use crate::api::Api;
use crate::api::error::{ApiError, ErrorBody};
use crate::api::extract::{Json, Query};
use crate::api::page::{self, Page};
use crate::model::environment::EnvironmentState;
use crate::model::ids::ScriptId;
use crate::model::outcome::Outcome;
use crate::model::schedule::Schedule;
use crate::scheduler::next::next;
use crate::store::scripts::{By, Filter, Key, NEVER, Sort, by_ids, list as keys};
use crate::store::{self, schedules};

/// Scripts that are read at a time while looking for those with a state.
const STRETCH: usize = 200;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScriptSort {
    #[default]
    Name,
    /// Newest first.
    LastRun,
    /// Soonest first.
    NextFire,
    /// Newest first.
    Updated,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ScriptsQuery {
    /// Part of name, description or a tag.
    q: Option<String>,
    /// Tags, separated by commas; scripts that have all of them.
    tag: Option<String>,
    /// Kinds of the last run's outcome, separated by commas; `none` for scripts that never ran.
    outcome: Option<String>,
    /// Whether it has a schedule that is switched on.
    scheduled: Option<bool>,
    paused: Option<bool>,
    /// States of the environment, separated by commas.
    environment: Option<String>,
    /// The trash instead.
    #[serde(default)]
    trashed: bool,
    #[serde(default)]
    #[param(inline)]
    sort: ScriptSort,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// What to look for, beside what SQL can answer.
struct Wish {
    filter: Filter,
    sort: ScriptSort,
    states: Option<Vec<EnvironmentState>>,
    limit: u32,
}

impl Wish {
    fn read(query: ScriptsQuery) -> Result<Self, ApiError> {
        let after = page::after(query.cursor.as_deref())?;
        let sort = match query.sort {
            ScriptSort::Name | ScriptSort::NextFire => Sort::Name,
            ScriptSort::LastRun => Sort::LastRun,
            ScriptSort::Updated => Sort::Updated,
        };
        let filter = Filter {
            text: query
                .q
                .as_deref()
                .map(str::trim)
                .filter(|q| !q.is_empty())
                .map(str::to_owned),
            tags: words(query.tag.as_deref().unwrap_or("")).collect(),
            outcomes: query.outcome.as_deref().map(outcomes).transpose()?,
            scheduled: query.scheduled,
            paused: query.paused,
            trashed: query.trashed,
            sort,
            after: after.map(|after| key(&after, query.sort)).transpose()?,
            limit: None,
        };
        Ok(Self {
            filter,
            sort: query.sort,
            states: query.environment.as_deref().map(states).transpose()?,
            limit: page::limit(query.limit)?,
        })
    }
}

fn words(list: &str) -> impl Iterator<Item = String> + '_ {
    list.split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
}

fn outcomes(list: &str) -> Result<Vec<String>, ApiError> {
    let words: Vec<String> = words(list).collect();
    match words
        .iter()
        .find(|word| *word != NEVER && !Outcome::KINDS.contains(&word.as_str()))
    {
        None => Ok(words),
        Some(unknown) => Err(ApiError::bad_request(
            "invalid_query",
            format!(
                "outcome: there is no outcome {unknown:?}; there are {} and {NEVER}",
                Outcome::KINDS.join(", ")
            ),
        )),
    }
}

fn states(list: &str) -> Result<Vec<EnvironmentState>, ApiError> {
    let state = |word: String| {
        serde_json::from_value(serde_json::Value::String(word.clone())).map_err(|_| {
            let message = format!("environment: there is no state {word:?}");
            ApiError::bad_request("invalid_query", message)
        })
    };
    words(list).map(state).collect()
}

/// A cursor says what the last script was ordered by, and which it was.
fn cursor_of(sort: ScriptSort, key: &Key) -> String {
    match &key.by {
        By::Name(name) => format!("{}\n{name}", key.id),
        By::Number(number) => format!("{}\n{}{number}", key.id, letter(sort)),
    }
}

fn letter(sort: ScriptSort) -> char {
    match sort {
        ScriptSort::Name => 'n',
        ScriptSort::LastRun => 'r',
        ScriptSort::NextFire => 'f',
        ScriptSort::Updated => 'u',
    }
}

fn key(cursor: &str, sort: ScriptSort) -> Result<Key, ApiError> {
    let wrong = || ApiError::bad_request("invalid_query", "cursor is not one that this list gave");
    let (id, by) = cursor.split_once('\n').ok_or_else(wrong)?;
    let by = match sort {
        ScriptSort::Name => By::Name(by.to_owned()),
        _ => {
            let number = by.strip_prefix(letter(sort)).ok_or_else(wrong)?;
            By::Number(number.parse().map_err(|_| wrong())?)
        }
    };
    Ok(Key {
        by,
        id: id.to_owned(),
    })
}

/// Scripts, with the state of their environment and their recent outcomes.
#[utoipa::path(get, path = "/scripts", tag = "scripts", operation_id = "listScripts", params(ScriptsQuery),
    responses((status = 200, body = Page<ScriptView>), (status = 400, body = ErrorBody)))]
pub async fn list(
    State(api): State<Api>,
    Query(query): Query<ScriptsQuery>,
) -> Result<Json<Page<ScriptView>>, ApiError> {
    let wish = Wish::read(query)?;
    let (sort, limit) = (wish.sort, wish.limit);
    let reader = api.clone();
    let found = api.store.read(move |c| find(c, &reader, wish)).await?;
    Ok(Json(Page::cut(
        found,
        limit,
        |(key, _)| cursor_of(sort, key),
        |(_, whole)| whole.show(&api),
    )))
}

/// One more than fit on the page, if there are so many.
fn find(c: &rusqlite::Connection, api: &Api, wish: Wish) -> Result<Vec<(Key, Whole)>, store::Error> {
    let most = wish.limit as usize + 1;
    let keys = match wish.sort {
        ScriptSort::NextFire => by_next_fire(c, api, wish.filter)?,
        _ => {
            let limit = wish.states.is_none().then_some(wish.limit + 1);
            keys(c, &Filter { limit, ..wish.filter })?
        }
    };
    let stretch = if wish.states.is_some() { STRETCH } else { most };
    let mut found = Vec::new();
    for stretch in keys.chunks(stretch) {
        let ids: Vec<ScriptId> = stretch.iter().map(|key| ScriptId::parse(&key.id)).collect();
        let all = Whole::read_all(c, by_ids(c, &ids)?)?;
        let mut keys: HashMap<&str, &Key> = stretch.iter().map(|key| (key.id.as_str(), key)).collect();
        for whole in all {
            let Some(key) = keys.remove(whole.script.id.as_str()) else {
                continue;
            };
            let wanted = wish
                .states
                .as_ref()
                .is_none_or(|states| states.contains(&whole.environment_status(api).state));
            if wanted {
                found.push((key.clone(), whole));
            }
            if found.len() == most {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// All that match and come after, soonest first; what is not due comes last.
fn by_next_fire(c: &rusqlite::Connection, api: &Api, filter: Filter) -> Result<Vec<Key>, store::Error> {
    let after = filter.after.clone();
    let filter = Filter {
        after: None,
        limit: None,
        ..filter
    };
    let ids: Vec<ScriptId> = keys(c, &filter)?
        .iter()
        .map(|key| ScriptId::parse(&key.id))
        .collect();
    let now = api.clock.now();
    let rests = api.settings.in_force().schedules_paused || filter.trashed;
    let schedules = if rests {
        Vec::new()
    } else {
        schedules::of_scripts(c, &ids)?
    };
    let mut of_each: HashMap<ScriptId, Vec<Schedule>> = HashMap::new();
    for schedule in schedules {
        of_each
            .entry(schedule.script_id.clone())
            .or_default()
            .push(schedule);
    }
    for script in by_ids(c, &ids)?.iter().filter(|script| script.paused) {
        of_each.remove(&script.id);
    }
    let mut order: Vec<Key> = ids
        .iter()
        .map(|id| {
            let due = of_each.get(id).and_then(|all| next(all, now));
            let at = due.map_or(i64::MAX, |due| due.at.as_millisecond());
            Key {
                by: By::Number(at),
                id: id.to_string(),
            }
        })
        .collect();
    let place = |key: &Key| match key.by {
        By::Number(at) => (at, key.id.clone()),
        By::Name(_) => (i64::MAX, key.id.clone()),
    };
    order.sort_by_cached_key(place);
    if let Some(after) = after {
        order.retain(|key| place(key) > place(&after));
    }
    Ok(order)
}
