//! `/retention/preview`: what would be removed now.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Query};
use crate::model::ids::ScriptId;
use crate::model::retention::RetentionWish;
use crate::runs::retention::Preview;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PreviewQuery {
    /// 0 is no bound; absent: as it is set.
    max_age_days: Option<u32>,
    max_runs: Option<u64>,
    max_bytes: Option<u64>,
    /// Id of a script: what would go of its runs if this were set for it alone.
    script: Option<String>,
}

/// What would go if this were set in the settings, or for a script. Without anything: what goes as it is set.
#[utoipa::path(get, path = "/retention/preview", tag = "system", operation_id = "previewRetention", params(PreviewQuery),
    responses((status = 200, body = Preview), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn preview(
    State(api): State<Api>,
    Query(query): Query<PreviewQuery>,
) -> Result<Json<Preview>, ApiError> {
    let wish = RetentionWish {
        max_age_days: query.max_age_days,
        max_runs: query.max_runs,
        max_bytes: query.max_bytes,
    };
    wish.check()
        .map_err(|bounds| ApiError::bad_request("invalid_query", bounds.message))?;
    let only = query.script.as_deref().map(ScriptId::parse);
    Ok(Json(api.runs.preview_retention(wish, only).await?))
}
