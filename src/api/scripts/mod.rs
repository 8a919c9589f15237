//! `/scripts`: one script at a time. Lists, copies, tags and what is done to many have files of their own.

mod archive;
mod bulk;
mod copies;
mod list;
mod search;
mod tags;
mod templates;
mod view;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, ErrorBody, out_of_bounds};
use super::extract::{Json, Path, Query};
use crate::model::ids::ScriptId;
use crate::model::limits::LimitsPatch;
use crate::model::patch::given;
use crate::model::retention::RetentionWish;
use crate::model::run::Overlap;
use crate::model::script::Script;
use crate::scripts::{New, Patch};

pub use archive::*;
pub use bulk::*;
pub use copies::*;
pub use list::*;
pub use search::*;
pub use tags::*;
pub use templates::*;
pub use view::{EnvironmentStatus, ScriptView, Whole, show};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewScript {
    /// Unique among the scripts that are not in the trash.
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    tags: Vec<String>,
    /// Id of a template to start from; without one, a program of one line.
    template: Option<String>,
}

/// Creates a script with a program to start from.
#[utoipa::path(post, path = "/scripts", tag = "scripts", operation_id = "createScript", request_body = NewScript,
    responses((status = 201, body = ScriptView), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub async fn create(
    State(api): State<Api>,
    Json(new): Json<NewScript>,
) -> Result<(StatusCode, Json<ScriptView>), ApiError> {
    let new = New {
        name: new.name,
        description: new.description,
        tags: new.tags,
        template: new.template,
    };
    let script = api.scripts.create(new).await?;
    Ok((StatusCode::CREATED, show(&api, script).await?))
}

/// One script.
#[utoipa::path(get, path = "/scripts/{id}", tag = "scripts", operation_id = "getScript",
    params(("id" = String, Path)),
    responses((status = 200, body = ScriptView), (status = 404, body = ErrorBody)))]
pub async fn get(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<ScriptView>, ApiError> {
    let script = api.scripts.get(&ScriptId::parse(&id)).await?;
    show(&api, script).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptPatch {
    name: Option<String>,
    description: Option<String>,
    tags: Option<Vec<String>>,
    /// A `.py` file in the script's folder.
    entry_point: Option<String>,
    /// A paused script is not run by its schedules.
    paused: Option<bool>,
    /// Replaces all of the script's wishes; an absent field means the default.
    limits: Option<LimitsPatch>,
    /// Name of a runner image of the settings; `null`: the instance's own.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    image: Option<Option<String>>,
    /// What a new run does about unfinished ones.
    overlap: Option<Overlap>,
    /// With `allow`: how many may be active at once; `null` takes the bound away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    parallel_limit: Option<Option<u32>>,
    /// How long its runs are kept, as a whole; an absent field means what the settings say, 0 no bound.
    retention: Option<RetentionWish>,
}

/// Changes what is given; the rest stays.
#[utoipa::path(patch, path = "/scripts/{id}", tag = "scripts", operation_id = "updateScript",
    params(("id" = String, Path)), request_body = ScriptPatch,
    responses((status = 200, body = ScriptView), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub async fn update(
    State(api): State<Api>,
    Path(id): Path<String>,
    Json(patch): Json<ScriptPatch>,
) -> Result<Json<ScriptView>, ApiError> {
    if let Some(limits) = &patch.limits {
        api.runs.check_enforceable(limits).map_err(out_of_bounds)?;
    }
    let other_retention = patch.retention.is_some();
    let patch = Patch {
        name: patch.name,
        description: patch.description,
        tags: patch.tags,
        entry_point: patch.entry_point,
        paused: patch.paused,
        limits: patch.limits,
        image: patch.image,
        overlap: patch.overlap,
        parallel_limit: patch.parallel_limit,
        retention: patch.retention,
    };
    let id = ScriptId::parse(&id);
    // What is due until now belongs to the time before.
    if patch.paused.is_some() {
        api.scheduler.settle(Some(&id)).await?;
    }
    let script = api.scripts.update(&id, patch).await?;
    if other_retention {
        api.runs.look_at_retention();
    }
    show(&api, script).await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeleteQuery {
    /// Removes one that is in the trash, with its files and the history of its runs.
    #[serde(default)]
    forever: bool,
}

/// Moves a script to the trash. Nothing of it is deleted, and its name is free. With `forever=true`, one that is in the
/// trash goes with everything it had.
#[utoipa::path(delete, path = "/scripts/{id}", tag = "scripts", operation_id = "deleteScript",
    params(("id" = String, Path), DeleteQuery),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn delete(
    State(api): State<Api>,
    Path(id): Path<String>,
    Query(query): Query<DeleteQuery>,
) -> Result<StatusCode, ApiError> {
    let id = ScriptId::parse(&id);
    if query.forever {
        api.runs.remove_script(&id).await?;
    } else {
        to_trash(&api, &id).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn to_trash(api: &Api, id: &ScriptId) -> Result<(), ApiError> {
    api.scheduler.settle(Some(id)).await?;
    Ok(api.scripts.delete(id).await?)
}

/// Takes a script out of the trash.
#[utoipa::path(post, path = "/scripts/{id}/restore", tag = "scripts", operation_id = "restoreScript",
    params(("id" = String, Path)),
    responses((status = 200, body = ScriptView), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn restore(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<ScriptView>, ApiError> {
    let script = from_trash(&api, &ScriptId::parse(&id)).await?;
    show(&api, script).await
}

async fn from_trash(api: &Api, id: &ScriptId) -> Result<Script, ApiError> {
    // Nothing that fell into its time in the trash is due.
    api.scheduler.begin_anew(id).await?;
    Ok(api.scripts.restore(id).await?)
}
