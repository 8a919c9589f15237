//! `/scripts/{id}/files`: a script's folder as plain bytes. Every change is a revision.

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::artifacts::ViewQuery;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Maker, Path, Query};
use super::stored;
use super::upload::{self, Received};
use crate::files::{self, ContentHash, EntryKind, Expected, RelPath};
use crate::model::ids::ScriptId;
use crate::scripts::{Listed, Saved};

#[derive(Debug, Serialize, ToSchema)]
pub struct FileEntry {
    /// Relative to the script's folder.
    pub path: String,
    pub size: u64,
    pub modified_at: Timestamp,
    pub kind: FileKind,
    /// An editor can show it.
    pub text: bool,
    /// The newest revision has it (perhaps with other contents).
    pub tracked: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    File,
    Directory,
    /// A link, a pipe, a device: shown, never opened.
    Other,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FileList {
    pub items: Vec<FileEntry>,
    /// The folder holds more than is listed.
    pub truncated: bool,
    pub next_cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SavedFile {
    /// The script's latest revision.
    pub revision: i64,
    /// For `If-Match` on the next save; `null` if the file is gone.
    pub etag: Option<String>,
}

impl From<Saved> for SavedFile {
    fn from(saved: Saved) -> Self {
        Self {
            revision: saved.revision,
            etag: saved.hash.map(etag),
        }
    }
}

fn etag(hash: ContentHash) -> String {
    format!("\"{hash}\"")
}

pub fn rel_path(path: &str) -> Result<RelPath, ApiError> {
    RelPath::parse(path).map_err(|e| files::Error::from(e).into())
}

/// What the folder holds.
#[utoipa::path(get, path = "/scripts/{id}/files", tag = "scripts", operation_id = "listFiles",
    params(("id" = String, Path)),
    responses((status = 200, body = FileList), (status = 404, body = ErrorBody)))]
pub async fn list(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<FileList>, ApiError> {
    let Listed { listing, tracked } = api.scripts.list_and_watch(&ScriptId::parse(&id)).await?;
    let is_tracked = |path: &str| RelPath::parse(path).is_ok_and(|path| tracked.get(&path).is_some());
    let items = listing.entries.into_iter().map(|entry| FileEntry {
        tracked: entry.kind == EntryKind::File && is_tracked(&entry.path),
        path: entry.path,
        size: entry.size,
        modified_at: Timestamp::from_millisecond(entry.modified_at_ms).unwrap_or_default(),
        kind: match entry.kind {
            EntryKind::File => FileKind::File,
            EntryKind::Directory => FileKind::Directory,
            EntryKind::Other => FileKind::Other,
        },
        text: entry.text,
    });
    Ok(Json(FileList {
        items: items.collect(),
        truncated: listing.truncated,
        next_cursor: None,
    }))
}

/// The bytes of a file: as a download, of which one `Range` can be had, or sandboxed for a browser to show. With an
/// `ETag`, unless it is larger than 16 MiB.
#[utoipa::path(get, path = "/scripts/{id}/files/{*path}", tag = "scripts", operation_id = "readFile",
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
    let id = ScriptId::parse(&id);
    let place = rel_path(&path)?;
    let open = api.scripts.open_file(&id, place.clone()).await?;
    if query.view {
        return stored::shown(open, &path, &headers).await;
    }
    if open.size > files::MAX_FILE_BYTES || headers.contains_key(header::RANGE) {
        return stored::download(open, &path, &headers, None).await;
    }
    let contents = api.scripts.read_file(&id, place).await?;
    let tag =
        HeaderValue::try_from(etag(contents.hash)).map_err(|e| ApiError::invalid("path", e.to_string()))?;
    Ok(raw(contents.bytes, Some(tag)))
}

/// Bytes that no browser may take for a page: what a script's folder holds is not ours.
pub fn raw(bytes: Vec<u8>, etag: Option<HeaderValue>) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment"),
    );
    if let Some(etag) = etag {
        headers.insert(header::ETAG, etag);
    }
    response
}

/// Creates or replaces a file. With `If-Match`, only if it is still what was read; with `If-None-Match: *`, only if
/// there is none. Up to 16 MiB it is in revisions; up to 1 GiB it is kept without, and has no `ETag`.
#[utoipa::path(put, path = "/scripts/{id}/files/{*path}", tag = "scripts", operation_id = "saveFile",
    params(("id" = String, Path), ("path" = String, Path), ("If-Match" = Option<String>, Header),
        ("If-None-Match" = Option<String>, Header)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = SavedFile), (status = 404, body = ErrorBody), (status = 412, body = ErrorBody),
        (status = 413, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub async fn put(
    State(api): State<Api>,
    Path((id, path)): Path<(String, String)>,
    Maker(made_by): Maker,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<SavedFile>, ApiError> {
    let (id, path) = (ScriptId::parse(&id), rel_path(&path)?);
    let expected = expected(&headers)?;
    let saved = match upload::receive(&api, &id, &path, body).await? {
        Received::Small(bytes) => api.scripts.save_file(&id, path, bytes, expected, made_by).await?,
        Received::Large(incoming) => {
            api.scripts
                .finish_upload(&id, path, incoming, expected, made_by)
                .await?
        }
    };
    Ok(Json(saved.into()))
}

fn expected(headers: &HeaderMap) -> Result<Expected, ApiError> {
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|value| value.as_bytes() == b"*")
    {
        return Ok(Expected::Absent);
    }
    let Some(tag) = headers.get(header::IF_MATCH) else {
        return Ok(Expected::Anything);
    };
    let hash = tag
        .to_str()
        .ok()
        .and_then(|tag| ContentHash::parse(tag.trim().trim_matches('"')));
    match hash {
        Some(hash) => Ok(Expected::Content(hash)),
        None => Err(ApiError::invalid(
            "If-Match",
            "If-Match must be an ETag that this server gave",
        )),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeleteQuery {
    /// A folder with all that is in it, too.
    #[serde(default)]
    recursive: bool,
}

/// Deletes a file or an empty folder, or with `recursive` any folder. Revisions keep what tracked files held.
#[utoipa::path(delete, path = "/scripts/{id}/files/{*path}", tag = "scripts", operation_id = "deleteFile",
    params(("id" = String, Path), ("path" = String, Path), DeleteQuery),
    responses((status = 200, body = SavedFile), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn delete(
    State(api): State<Api>,
    Path((id, path)): Path<(String, String)>,
    Query(query): Query<DeleteQuery>,
    Maker(made_by): Maker,
) -> Result<Json<SavedFile>, ApiError> {
    let (id, path) = (ScriptId::parse(&id), rel_path(&path)?);
    let saved = if query.recursive {
        api.scripts.remove_folder(&id, path, made_by).await?
    } else {
        api.scripts.remove_file(&id, path, made_by).await?
    };
    Ok(Json(saved.into()))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFolder {
    path: String,
}

/// Makes a folder, with those above it where they are missing.
#[utoipa::path(post, path = "/scripts/{id}/folders", tag = "scripts", operation_id = "createFolder",
    params(("id" = String, Path)), request_body = NewFolder,
    responses((status = 201), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub async fn create_folder(
    State(api): State<Api>,
    Path(id): Path<String>,
    Json(new): Json<NewFolder>,
) -> Result<StatusCode, ApiError> {
    api.scripts
        .create_folder(&ScriptId::parse(&id), rel_path(&new.path)?)
        .await?;
    Ok(StatusCode::CREATED)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameFile {
    from: String,
    to: String,
}

/// Renames or moves a file or folder; nothing is ever replaced.
#[utoipa::path(post, path = "/scripts/{id}/rename-file", tag = "scripts", operation_id = "renameFile",
    params(("id" = String, Path)), request_body = RenameFile,
    responses((status = 200, body = SavedFile), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn rename(
    State(api): State<Api>,
    Path(id): Path<String>,
    Maker(made_by): Maker,
    Json(rename): Json<RenameFile>,
) -> Result<Json<SavedFile>, ApiError> {
    let (from, to) = (rel_path(&rename.from)?, rel_path(&rename.to)?);
    Ok(Json(
        api.scripts
            .rename_file(&ScriptId::parse(&id), from, to, made_by)
            .await?
            .into(),
    ))
}

/// Bounded where they are read.
pub fn body_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::disable()
}
