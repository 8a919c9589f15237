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
use crate::files::{Difference, RelPath, TrackedFile};
use crate::model::ids::ScriptId;
use crate::model::patch::given;
use crate::model::revision::MadeBy;
use crate::scripts::Revision;

/// Changed files that a list tells of each revision.
const MOST_CHANGED: usize = 50;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Revision)]
pub struct RevisionView {
    pub number: i64,
    pub created_at: Timestamp,
    pub message: String,
    pub by: MadeBy,
    /// What somebody calls it.
    pub label: Option<String>,
    /// The first fifty of the files that it changed.
    pub changed: Vec<ChangedFile>,
    pub changed_count: usize,
    pub runs: RevisionRuns,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RevisionWithFiles)]
pub struct WholeRevision {
    #[serde(flatten)]
    pub revision: RevisionView,
    pub files: Vec<RevisionFile>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ChangedFile {
    pub path: String,
    #[schema(inline)]
    pub change: FileChange,
    /// SHA-256 of what it was.
    pub from: Option<String>,
    /// SHA-256 of what it is.
    pub to: Option<String>,
    /// In bytes, of what it is.
    pub size: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileChange {
    Added,
    Modified,
    Deleted,
}

/// The runs that executed it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevisionRuns {
    /// Counted up to 1,000.
    pub count: u32,
    pub last_run_id: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RevisionFile {
    pub path: String,
    pub sha256: String,
    pub size: u64,
}

impl From<Difference> for ChangedFile {
    fn from(difference: Difference) -> Self {
        let hash = |file: TrackedFile| file.sha256.to_string();
        Self {
            path: difference.path.to_string(),
            change: match (difference.from, difference.to) {
                (None, _) => FileChange::Added,
                (Some(_), Some(_)) => FileChange::Modified,
                (Some(_), None) => FileChange::Deleted,
            },
            from: difference.from.map(hash),
            to: difference.to.map(hash),
            size: difference.to.map(|file| file.size),
        }
    }
}

fn show(revision: Revision) -> RevisionView {
    RevisionView {
        number: revision.row.number,
        created_at: revision.row.created_at,
        message: revision.row.message,
        by: revision.row.made_by,
        label: revision.row.label,
        changed_count: revision.changed.len(),
        changed: revision
            .changed
            .into_iter()
            .take(MOST_CHANGED)
            .map(ChangedFile::from)
            .collect(),
        runs: RevisionRuns {
            count: revision.runs.count,
            last_run_id: revision.runs.newest.map(|id| id.to_string()),
        },
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

/// One revision, with all its files.
#[utoipa::path(get, path = "/scripts/{id}/revisions/{number}", tag = "scripts", operation_id = "getRevision",
    params(("id" = String, Path), ("number" = i64, Path)),
    responses((status = 200, body = WholeRevision), (status = 404, body = ErrorBody)))]
pub async fn get(
    State(api): State<Api>,
    Path((id, number)): Path<(String, i64)>,
) -> Result<Json<WholeRevision>, ApiError> {
    let revision = api.scripts.revision(&ScriptId::parse(&id), number).await?;
    let file = |(path, file): (&RelPath, TrackedFile)| RevisionFile {
        path: path.to_string(),
        sha256: file.sha256.to_string(),
        size: file.size,
    };
    Ok(Json(WholeRevision {
        files: revision.manifest.files().map(file).collect(),
        revision: show(revision),
    }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevisionPatch {
    /// At most 80 characters on one line; `null` takes it away.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    label: Option<Option<String>>,
}

/// Gives a revision a label, which also keeps it for good.
#[utoipa::path(patch, path = "/scripts/{id}/revisions/{number}", tag = "scripts", operation_id = "updateRevision",
    params(("id" = String, Path), ("number" = i64, Path)), request_body = RevisionPatch,
    responses((status = 200, body = RevisionView), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub async fn update(
    State(api): State<Api>,
    Path((id, number)): Path<(String, i64)>,
    Json(patch): Json<RevisionPatch>,
) -> Result<Json<RevisionView>, ApiError> {
    let label = patch.label.flatten();
    let revision = api
        .scripts
        .label_revision(&ScriptId::parse(&id), number, label.as_deref())
        .await?;
    Ok(Json(show(revision)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RevisionChangesQuery {
    /// The number of the revision to compare with; the one before if left out, and 0 is an empty folder.
    with: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RevisionChanges {
    /// By path.
    pub items: Vec<ChangedFile>,
}

/// Which files a revision has otherwise than another one.
#[utoipa::path(get, path = "/scripts/{id}/revisions/{number}/changes", tag = "scripts",
    operation_id = "compareRevision", params(("id" = String, Path), ("number" = i64, Path), RevisionChangesQuery),
    responses((status = 200, body = RevisionChanges), (status = 404, body = ErrorBody)))]
pub async fn changes(
    State(api): State<Api>,
    Path((id, number)): Path<(String, i64)>,
    Query(query): Query<RevisionChangesQuery>,
) -> Result<Json<RevisionChanges>, ApiError> {
    let id = ScriptId::parse(&id);
    let differences = match query.with {
        Some(with) => api.scripts.differences(&id, with, number).await?,
        None => api.scripts.revision(&id, number).await?.changed,
    };
    Ok(Json(RevisionChanges {
        items: differences.into_iter().map(ChangedFile::from).collect(),
    }))
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
