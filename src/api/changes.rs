//! `/runs/{id}/changes`: what was different when the script last succeeded.

use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Path};
use super::runs::find;
use crate::model::changes::{self, Change};
use crate::model::environment::Package;
use crate::model::run::{Run, RunKind};
use crate::store;

#[derive(Debug, Serialize, ToSchema)]
pub struct Changes {
    /// The last run of the script before this one that succeeded, if there is one.
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

/// What differs from the last success: files, packages, image, arguments, variables, limits. Empty for builds.
#[utoipa::path(get, path = "/runs/{id}/changes", tag = "runs", operation_id = "compareRun",
    params(("id" = String, Path)),
    responses((status = 200, body = Changes), (status = 404, body = ErrorBody)))]
pub async fn get(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<Changes>, ApiError> {
    let run = find(&api, &id).await?;
    Ok(Json(api.store.read(move |c| compare(c, &run)).await?))
}

fn compare(connection: &rusqlite::Connection, run: &Run) -> Result<Changes, store::Error> {
    let success = match run.kind {
        RunKind::Script => store::runs::last_success(connection, &run.script_id, run.number)?,
        RunKind::Build | RunKind::Compile => None,
    };
    let Some(success) = success else {
        return Ok(Changes {
            since: None,
            changes: Vec::new(),
        });
    };
    let mut changes = changes::between(&success, run);
    if changes.iter().any(|change| matches!(change, Change::Lock { .. })) {
        let (before, now) = (packages_of(connection, &success)?, packages_of(connection, run)?);
        changes.extend(changes::packages(&before, &now));
    }
    Ok(Changes {
        since: Some(ComparedRun {
            run_id: success.id.to_string(),
            number: success.number,
            finished_at: success.finished_at,
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
