//! `/saved-filters`: filters of the history by name.
//!
//! What is saved are parameters of `GET /runs`, and they are held against the very same rules, so that a saved filter
//! always answers. Instead of instants it may say how far back it looks, which its reader turns into one.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Path};
use super::history::RunsQuery;
use crate::model::ids::RunId;
use crate::store;
use crate::store::saved_filters::SavedFilter;

const NAME_CHARS: usize = 60;
const MOST: usize = 100;
/// How far back a filter may look.
const LAST: [&str; 4] = ["1h", "24h", "7d", "30d"];

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SavedFilter)]
pub struct SavedFilterView {
    pub id: String,
    pub name: String,
    /// Parameters of `GET /runs` but for the page; or, instead of `from` and `to`, `last`: `1h`, `24h`, `7d`, `30d`.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub query: Map<String, Value>,
    pub created_at: Timestamp,
}

impl From<SavedFilter> for SavedFilterView {
    fn from(filter: SavedFilter) -> Self {
        Self {
            id: filter.id,
            name: filter.name,
            query: filter.query,
            created_at: filter.created_at,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SavedFilters {
    /// By name.
    pub items: Vec<SavedFilterView>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSavedFilter {
    /// Unique, 1 to 60 characters.
    name: String,
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    query: Map<String, Value>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedFilterPatch {
    name: Option<String>,
    /// As a whole.
    #[schema(value_type = Option<std::collections::HashMap<String, Value>>)]
    query: Option<Map<String, Value>>,
}

fn check_name(name: &str) -> Result<String, ApiError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS || name.chars().any(char::is_control) {
        return Err(ApiError::invalid(
            "name",
            format!("A name has 1 to {NAME_CHARS} characters, none of them a control character"),
        ));
    }
    Ok(name.to_owned())
}

fn check_query(query: &Map<String, Value>) -> Result<(), ApiError> {
    let invalid = |message: String| Err(ApiError::invalid("query", message));
    let mut parameters = Vec::new();
    for (name, value) in query {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(yes) => yes.to_string(),
            _ => return invalid(format!("{name} must be a text, a number, true or false")),
        };
        match name.as_str() {
            "cursor" | "limit" => return invalid(format!("{name} is no filter")),
            "last" if query.contains_key("from") || query.contains_key("to") => {
                return invalid("last stands instead of from and to".to_owned());
            }
            "last" if LAST.contains(&value.as_str()) => {}
            "last" => return invalid(format!("last must be one of {}", LAST.join(", "))),
            _ => parameters.push(format!(
                "{}={}",
                utf8_percent_encode(name, NON_ALPHANUMERIC),
                utf8_percent_encode(&value, NON_ALPHANUMERIC)
            )),
        }
    }
    // Through the same door as a request.
    let Ok(uri) = Uri::try_from(format!("/?{}", parameters.join("&"))) else {
        return invalid("That is too long".to_owned());
    };
    match axum::extract::Query::<RunsQuery>::try_from_uri(&uri) {
        Ok(axum::extract::Query(query)) => match query.check() {
            Ok(()) => Ok(()),
            Err(refused) => invalid(refused.message),
        },
        Err(e) => invalid(e.body_text()),
    }
}

/// All of them, by name.
#[utoipa::path(get, path = "/saved-filters", tag = "runs", operation_id = "listSavedFilters",
    responses((status = 200, body = SavedFilters)))]
pub async fn list(State(api): State<Api>) -> Result<Json<SavedFilters>, ApiError> {
    let all = api.store.read(store::saved_filters::all).await?;
    Ok(Json(SavedFilters {
        items: all.into_iter().map(SavedFilterView::from).collect(),
    }))
}

/// Gives a filter a name.
#[utoipa::path(post, path = "/saved-filters", tag = "runs", operation_id = "createSavedFilter",
    request_body = NewSavedFilter,
    responses((status = 201, body = SavedFilterView), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub async fn create(
    State(api): State<Api>,
    Json(new): Json<NewSavedFilter>,
) -> Result<(StatusCode, Json<SavedFilterView>), ApiError> {
    check_query(&new.query)?;
    let filter = SavedFilter {
        id: RunId::generate().to_string(),
        name: check_name(&new.name)?,
        query: new.query,
        created_at: api.clock.now(),
    };
    let stored = api
        .store
        .write(move |tx| {
            if store::saved_filters::all(tx)?.len() >= MOST {
                let message = format!("There are {MOST} saved filters; delete one first");
                return Err(ApiError::conflict("too_many_filters", message).with(json!({ "most": MOST })));
            }
            store::saved_filters::put(tx, &filter)?;
            Ok(filter)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(stored.into())))
}

/// Changes what is given.
#[utoipa::path(patch, path = "/saved-filters/{id}", tag = "runs", operation_id = "updateSavedFilter",
    params(("id" = String, Path)), request_body = SavedFilterPatch,
    responses((status = 200, body = SavedFilterView), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub async fn update(
    State(api): State<Api>,
    Path(id): Path<String>,
    Json(patch): Json<SavedFilterPatch>,
) -> Result<Json<SavedFilterView>, ApiError> {
    let name = patch.name.as_deref().map(check_name).transpose()?;
    patch.query.as_ref().map(check_query).transpose()?;
    let stored = api
        .store
        .write(move |tx| {
            let filter = store::saved_filters::get(tx, &id)?;
            let mut filter = filter.ok_or_else(|| ApiError::not_found("saved filter"))?;
            filter.name = name.unwrap_or(filter.name);
            filter.query = patch.query.unwrap_or(filter.query);
            store::saved_filters::put(tx, &filter)?;
            Ok::<_, ApiError>(filter)
        })
        .await?;
    Ok(Json(stored.into()))
}

/// Forgets a filter.
#[utoipa::path(delete, path = "/saved-filters/{id}", tag = "runs", operation_id = "deleteSavedFilter",
    params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn delete(State(api): State<Api>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    let gone = api
        .store
        .write(move |tx| store::saved_filters::remove(tx, &id))
        .await?;
    if gone {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found("saved filter"))
    }
}
