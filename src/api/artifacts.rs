//! `/runs/{id}/artifacts`: what a run has left in `$PYTASK_ARTIFACTS`; of a run that is still going, as far as it is.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Path, Query};
use super::files::rel_path;
use super::runs::find;
use super::stored;
use super::view::{ArtifactKind, kind};

#[derive(Debug, Serialize, ToSchema)]
pub struct Artifact {
    /// Relative to the run's artifacts.
    pub path: String,
    pub size: u64,
    pub modified_at: Timestamp,
    /// All but `pdf` and `other` can be shown with `view=true`.
    pub kind: ArtifactKind,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ArtifactList {
    /// By path.
    pub items: Vec<Artifact>,
    /// There are more than are listed.
    pub truncated: bool,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ViewQuery {
    /// To be shown by a browser instead of being saved, where it is of a kind that can be.
    #[serde(default)]
    pub(super) view: bool,
}

/// What a run has left, or has written so far.
#[utoipa::path(get, path = "/runs/{id}/artifacts", tag = "runs", operation_id = "listArtifacts",
    params(("id" = String, Path)),
    responses((status = 200, body = ArtifactList), (status = 404, body = ErrorBody)))]
pub async fn list(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<ArtifactList>, ApiError> {
    let run = find(&api, &id).await?;
    let listing = api.runs.artifacts(&run).await?;
    let items = listing.entries.into_iter().map(|entry| Artifact {
        kind: kind(&entry.path, || entry.text),
        path: entry.path,
        size: entry.size,
        modified_at: Timestamp::from_millisecond(entry.modified_at_ms).unwrap_or_default(),
    });
    Ok(Json(ArtifactList {
        items: items.collect(),
        truncated: listing.truncated,
    }))
}

/// The bytes of an artifact: as a download, of which one `Range` can be had, or sandboxed for a browser to show.
#[utoipa::path(get, path = "/runs/{id}/artifacts/{*path}", tag = "runs", operation_id = "readArtifact",
    params(("id" = String, Path), ("path" = String, Path), ViewQuery),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 206, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 416)))]
pub async fn get(
    State(api): State<Api>,
    Path((id, path)): Path<(String, String)>,
    Query(query): Query<ViewQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let run = find(&api, &id).await?;
    let open = api.runs.open_artifact(&run, rel_path(&path)?).await?;
    if query.view {
        stored::shown(open, &path, &headers).await
    } else {
        stored::download(open, &path, &headers, None).await
    }
}
