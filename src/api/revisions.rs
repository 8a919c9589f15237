//! `/scripts/{id}/revisions`: what a script's files once were.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Path, Query};
use super::files::{SavedFile, raw, rel_path};
use super::page::{self, Page};
use crate::model::ids::ScriptId;
use crate::scripts::Revision;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Revision)]
pub struct RevisionView {
    pub number: i64,
    pub created_at: Timestamp,
    pub message: String,
    pub files: Vec<RevisionFile>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RevisionFile {
    pub path: String,
    pub sha256: String,
    pub size: u64,
}

fn show(revision: Revision) -> RevisionView {
    let file = |(path, file): (&crate::files::RelPath, crate::files::TrackedFile)| RevisionFile {
        path: path.to_string(),
        sha256: file.sha256.to_string(),
        size: file.size,
    };
    RevisionView {
        number: revision.row.number,
        created_at: revision.row.created_at,
        message: revision.row.message,
        files: revision.manifest.files().map(file).collect(),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RevisionsQuery {
    cursor: Option<String>,
    limit: Option<u32>,
}

/// Revisions, newest first.
#[utoipa::path(get, path = "/scripts/{id}/revisions", tag = "scripts", operation_id = "listRevisions",
    params(("id" = String, Path), RevisionsQuery),
    responses((status = 200, body = Page<RevisionView>), (status = 404, body = ErrorBody)))]
pub async fn list(
    State(api): State<Api>,
    Path(id): Path<String>,
    Query(query): Query<RevisionsQuery>,
) -> Result<Json<Page<RevisionView>>, ApiError> {
    let (limit, before) = (page::limit(query.limit)?, page::before(query.cursor.as_deref())?);
    let rows = api
        .scripts
        .revisions(&ScriptId::parse(&id), before, limit + 1)
        .await?;
    Ok(Json(Page::cut(
        rows,
        limit,
        |revision| revision.row.number.to_string(),
        show,
    )))
}

/// A file as it was.
#[utoipa::path(get, path = "/scripts/{id}/revisions/{number}/files/{*path}", tag = "scripts",
    operation_id = "readRevisionFile",
    params(("id" = String, Path), ("number" = i64, Path), ("path" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 404, body = ErrorBody)))]
pub async fn file(
    State(api): State<Api>,
    Path((id, number, path)): Path<(String, i64, String)>,
) -> Result<Response, ApiError> {
    let bytes = api
        .scripts
        .revision_file(&ScriptId::parse(&id), number, &rel_path(&path)?)
        .await?;
    Ok(raw(bytes, None))
}

/// Makes the files those of an earlier revision, as a new one.
#[utoipa::path(post, path = "/scripts/{id}/revisions/{number}/restore", tag = "scripts",
    operation_id = "restoreRevision", params(("id" = String, Path), ("number" = i64, Path)),
    responses((status = 200, body = SavedFile), (status = 404, body = ErrorBody)))]
pub async fn restore(
    State(api): State<Api>,
    Path((id, number)): Path<(String, i64)>,
) -> Result<Json<SavedFile>, ApiError> {
    Ok(Json(
        api.scripts
            .restore_revision(&ScriptId::parse(&id), number)
            .await?
            .into(),
    ))
}
