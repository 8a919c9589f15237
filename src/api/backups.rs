//! `/backups`: what there is, making one, reading one back, taking it away. Restoring is a verb of the command line: it needs
//! a data folder in which nothing is.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Path};
use super::view::disposition;
use super::{Api, stored, streamed};
use crate::backup::{Cause, Ended, JobView, Listed, Restored, Wish};
use crate::files::layout;

#[derive(Debug, Serialize, ToSchema)]
pub struct BackupList {
    /// Newest first; among them copies of the database from before an upgrade.
    pub items: Vec<Listed>,
    /// Where they are, for whoever looks at the volume.
    pub folder: String,
    /// What is under way.
    pub job: Option<JobView>,
    /// How the last one ended that was made.
    pub last: Option<Ended>,
    /// When the next one is due by itself.
    pub next_at: Option<Timestamp>,
    /// What this instance was restored from, if it was.
    pub restored: Option<Restored>,
    /// Passwords or secrets are stored, which a restored instance can read only with the key. The key is in no backup.
    pub needs_key: bool,
}

/// Backups in the folder for them.
#[utoipa::path(get, path = "/backups", tag = "system", operation_id = "listBackups",
    responses((status = 200, body = BackupList)))]
pub async fn list(State(api): State<Api>) -> Result<Json<BackupList>, ApiError> {
    let overview = api.backups.overview().await?;
    Ok(Json(BackupList {
        items: overview.items,
        folder: api.data.path().join(layout::BACKUPS).display().to_string(),
        job: overview.job,
        last: overview.last,
        next_at: overview.next_at,
        restored: overview.restored,
        needs_key: overview.sealed,
    }))
}

/// Begins to make one while everything goes on. `GET /backups` says how far it is.
#[utoipa::path(post, path = "/backups", tag = "system", operation_id = "makeBackup", request_body = Wish,
    responses((status = 202, body = JobView), (status = 409, body = ErrorBody), (status = 507, body = ErrorBody)))]
pub async fn make(
    State(api): State<Api>,
    Json(wish): Json<Wish>,
) -> Result<(StatusCode, Json<JobView>), ApiError> {
    let job = api.backups.make(wish, Cause::Manual).await?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Makes one and sends it at once; it is not kept. A transfer that breaks off is no backup: its end is missing.
#[utoipa::path(post, path = "/backups/send", tag = "system", operation_id = "sendBackup", request_body = Wish,
    responses((status = 200, content_type = "application/zstd", body = Vec<u8>), (status = 409, body = ErrorBody)))]
pub async fn send(State(api): State<Api>, Json(wish): Json<Wish>) -> Result<Response, ApiError> {
    let (pieces, breaking, body) = streamed::body();
    let name = api.backups.send(wish, pieces, move |sent| {
        if let Err(error) = sent
            && breaking.is_heard()
        {
            tracing::warn!(%error, "a backup could not be sent to its end");
            breaking.break_off(std::io::Error::other(error));
        }
    })?;
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zstd"));
    if let Ok(disposition) = HeaderValue::try_from(disposition("attachment", &name)) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

/// Gives up what is under way.
#[utoipa::path(post, path = "/backups/cancel", tag = "system", operation_id = "cancelBackup",
    responses((status = 204), (status = 404, body = ErrorBody, description = "Nothing is under way")))]
pub async fn cancel(State(api): State<Api>) -> Result<StatusCode, ApiError> {
    match api.backups.cancel() {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(ApiError::not_found("backup under way")),
    }
}

/// A backup as a file, of which one `Range` can be had.
#[utoipa::path(get, path = "/backups/{name}", tag = "system", operation_id = "downloadBackup",
    params(("name" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 206, content_type = "application/octet-stream", body = Vec<u8>, description = "The range"),
        (status = 404, body = ErrorBody)))]
pub async fn download(
    State(api): State<Api>,
    Path(name): Path<String>,
    asked: HeaderMap,
) -> Result<Response, ApiError> {
    let open = api.backups.open(&name).await?;
    stored::download(open, &name, &asked, None).await
}

#[utoipa::path(delete, path = "/backups/{name}", tag = "system", operation_id = "deleteBackup",
    params(("name" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn delete(State(api): State<Api>, Path(name): Path<String>) -> Result<StatusCode, ApiError> {
    api.backups.remove(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begins to read one back: every byte of it is held against its manifest and its seal.
#[utoipa::path(post, path = "/backups/{name}/verify", tag = "system", operation_id = "verifyBackup",
    params(("name" = String, Path)),
    responses((status = 202, body = JobView), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn verify(
    State(api): State<Api>,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<JobView>), ApiError> {
    let job = api.backups.verify(&name).await?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}
