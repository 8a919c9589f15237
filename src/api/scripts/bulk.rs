//! `POST /scripts/bulk`: the same done to many scripts, each for itself: what one refuses holds up no other.

use std::collections::{BTreeMap, HashSet};

use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{from_trash, to_trash};
use crate::api::Api;
use crate::api::error::{ApiError, ErrorBody};
use crate::api::extract::Json;
use crate::api::runs::trigger;
use crate::model::ids::ScriptId;
use crate::model::run::Trigger;
use crate::model::script::check_tags;
use crate::runs::Submission;
use crate::scripts::Patch;

const MOST: usize = 500;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkRequest {
    /// At most 500.
    ids: Vec<String>,
    action: BulkAction,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkAction {
    #[schema(inline)]
    kind: BulkKind,
    /// With `tag` and `untag`.
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkKind {
    Run,
    Pause,
    Resume,
    Tag,
    Untag,
    Delete,
    Restore,
}

#[derive(Debug, Default, Serialize, ToSchema)]
pub struct BulkResult {
    pub done: Vec<String>,
    pub failed: Vec<BulkFailure>,
}

/// Why nothing was done to one of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkFailure {
    pub id: String,
    pub code: String,
    pub message: String,
}

/// Does the same to many scripts, in the order given. Each is done or fails for itself.
#[utoipa::path(post, path = "/scripts/bulk", tag = "scripts", operation_id = "changeScripts",
    request_body = BulkRequest,
    responses((status = 200, body = BulkResult), (status = 422, body = ErrorBody)))]
pub async fn bulk(
    State(api): State<Api>,
    headers: HeaderMap,
    Json(request): Json<BulkRequest>,
) -> Result<Json<BulkResult>, ApiError> {
    if request.ids.len() > MOST {
        let message = format!("At most {MOST} scripts can be changed at once");
        return Err(ApiError::invalid("ids", message));
    }
    let kind = request.action.kind;
    let tags = check_tags(&request.action.tags)
        .map_err(|invalid| ApiError::invalid("action.tags", invalid.message))?;
    if matches!(kind, BulkKind::Tag | BulkKind::Untag) && tags.is_empty() {
        return Err(ApiError::invalid("action.tags", "Name at least one tag"));
    }
    let work = Work {
        kind,
        tags,
        trigger: trigger(&headers),
    };
    let mut result = BulkResult::default();
    let mut seen = HashSet::new();
    for id in request.ids {
        if !seen.insert(id.clone()) {
            continue;
        }
        match one(&api, &work, &ScriptId::parse(&id)).await {
            Ok(()) => result.done.push(id),
            Err(error) => {
                if let Some(cause) = &error.internal {
                    tracing::error!(script = %id, cause, "one of many scripts could not be changed");
                }
                result.failed.push(BulkFailure {
                    id,
                    code: error.code.to_owned(),
                    message: error.message,
                });
            }
        }
    }
    Ok(Json(result))
}

struct Work {
    kind: BulkKind,
    tags: Vec<String>,
    trigger: Trigger,
}

async fn one(api: &Api, work: &Work, id: &ScriptId) -> Result<(), ApiError> {
    match work.kind {
        BulkKind::Run => {
            let submission = Submission {
                script: id.clone(),
                trigger: work.trigger.clone(),
                args: Vec::new(),
                env: BTreeMap::new(),
                overlap: None,
                idempotency_key: None,
            };
            api.runs.submit(submission).await?;
        }
        BulkKind::Pause | BulkKind::Resume => {
            api.scheduler.settle(Some(id)).await?;
            let patch = Patch {
                paused: Some(work.kind == BulkKind::Pause),
                ..Patch::default()
            };
            api.scripts.update(id, patch).await?;
        }
        BulkKind::Tag => drop(api.scripts.tag(id, &work.tags).await?),
        BulkKind::Untag => drop(api.scripts.untag(id, &work.tags).await?),
        BulkKind::Delete => to_trash(api, id).await?,
        BulkKind::Restore => drop(from_trash(api, id).await?),
    }
    Ok(())
}
