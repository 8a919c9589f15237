//! `/runs/{id}/changes`: what was different when the script last succeeded, or in another of its runs.

use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Path, Query};
use super::runs::find;
use crate::model::changes::{self, Change};
use crate::model::environment::Package;
use crate::model::run::{Run, RunKind};
use crate::store;

#[derive(Debug, Serialize, ToSchema)]
pub struct Changes {
    /// The run that it was held against: the one asked for, or else the last one of the script before it that
    /// succeeded, if there is one.
    pub since: Option<ComparedRun>,
    /// From that run to this one.
    pub changes: Vec<Change>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ComparedRun {
    pub run_id: String,
    pub number: i64,
    pub finished_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangesQuery {
    /// Id of another run of the same script; without it, the last success before this run.
    with: Option<String>,
}

/// What differs from the last success, or from another run: files, packages, image, arguments, variables, limits. Empty
/// for builds, unless they are told what to be compared with.
#[utoipa::path(get, path = "/runs/{id}/changes", tag = "runs", operation_id = "compareRun",
    params(("id" = String, Path), ChangesQuery),
    responses((status = 200, body = Changes), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn get(
    State(api): State<Api>,
    Path(id): Path<String>,
    Query(query): Query<ChangesQuery>,
) -> Result<Json<Changes>, ApiError> {
    let run = find(&api, &id).await?;
    let other = match query.with {
        None => None,
        Some(with) => Some(comparable(&run, find(&api, &with).await?)?),
    };
    Ok(Json(api.store.read(move |c| compare(c, &run, other)).await?))
}

fn comparable(run: &Run, other: Run) -> Result<Run, ApiError> {
    if other.script_id != run.script_id || other.kind != run.kind || other.id == run.id {
        let message = "with must be another run of the same script and kind";
        return Err(ApiError::bad_request("invalid_query", message));
    }
    Ok(other)
}

fn compare(
    connection: &rusqlite::Connection,
    run: &Run,
    other: Option<Run>,
) -> Result<Changes, store::Error> {
    let before = match (other, run.kind) {
        (Some(other), _) => Some(other),
        (None, RunKind::Script) => store::runs::last_success(connection, &run.script_id, run.number)?,
        (None, RunKind::Build | RunKind::Compile) => None,
    };
    let Some(before) = before else {
        return Ok(Changes {
            since: None,
            changes: Vec::new(),
        });
    };
    let mut changes = changes::between(&before, run);
    if changes.iter().any(|change| matches!(change, Change::Lock { .. })) {
        let (then, now) = (packages_of(connection, &before)?, packages_of(connection, run)?);
        changes.extend(changes::packages(&then, &now));
    }
    Ok(Changes {
        since: Some(ComparedRun {
            run_id: before.id.to_string(),
            number: before.number,
            finished_at: before.finished_at,
        }),
        changes,
    })
}

/// Of the run's environment; one that was cleaned up meanwhile has none.
fn packages_of(connection: &rusqlite::Connection, run: &Run) -> Result<Vec<Package>, store::Error> {
    let Some(key) = &run.launch.environment_key else {
        return Ok(Vec::new());
    };
    let environment = store::environments::get(connection, &run.script_id, key)?;
    Ok(environment.map_or_else(Vec::new, |environment| environment.packages))
}
