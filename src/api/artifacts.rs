//! `/runs/{id}/artifacts`: what a run has left in `$PYTASK_ARTIFACTS`; of a run that is still going, as far as it is.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Path, Query};
use super::files::rel_path;
use super::runs::find;
use super::view::{ArtifactKind, View, disposition, kind, view};
use crate::files::{OpenFile, on_disk};
use crate::model::evidence::bytes;

/// Read at a time.
const PIECE: usize = 64 * 1024;

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
pub struct ArtifactQuery {
    /// To be shown by a browser instead of being saved, where it is of a kind that can be.
    #[serde(default)]
    view: bool,
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

/// The bytes of an artifact: as a download, or sandboxed for a browser to show.
#[utoipa::path(get, path = "/runs/{id}/artifacts/{*path}", tag = "runs", operation_id = "readArtifact",
    params(("id" = String, Path), ("path" = String, Path), ArtifactQuery),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 413, body = ErrorBody)))]
pub async fn get(
    State(api): State<Api>,
    Path((id, path)): Path<(String, String)>,
    Query(query): Query<ArtifactQuery>,
) -> Result<Response, ApiError> {
    let run = find(&api, &id).await?;
    let open = api.runs.open_artifact(&run, rel_path(&path)?).await?;
    let (open, shown) = if query.view {
        let path = path.clone();
        on_disk(move || how_to_show(&path, &open).map(|view| (open, view))).await?
    } else {
        (open, None)
    };
    let mut headers = HeaderMap::new();
    let how = match shown {
        Some(view) => {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(view.content_type));
            headers.insert(
                header::CONTENT_SECURITY_POLICY,
                HeaderValue::from_static(view.policy),
            );
            if view.framed {
                headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
            }
            "inline"
        }
        None => {
            let download = HeaderValue::from_static("application/octet-stream");
            headers.insert(header::CONTENT_TYPE, download);
            "attachment"
        }
    };
    if let Ok(disposition) = HeaderValue::try_from(disposition(how, &path)) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(open.size));
    // No more than was promised, should it grow meanwhile.
    let promised = tokio::fs::File::from_std(open.file).take(open.size);
    let body = Body::from_stream(ReaderStream::with_capacity(promised, PIECE));
    Ok((StatusCode::OK, headers, body).into_response())
}

fn how_to_show(path: &str, open: &OpenFile) -> Result<Option<View>, ApiError> {
    let view = view(path, kind(path, || open.begins_like_text()));
    match view {
        Some(view) if open.size > view.most_bytes => {
            let (size, most) = (bytes(open.size), bytes(view.most_bytes));
            let message =
                format!("{path} is too large to be shown ({size}, at most {most}); download it instead");
            Err(ApiError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "artifact_too_large",
                message,
            ))
        }
        other => Ok(other),
    }
}
