//! A file of a script's or of a run's, sent to a client: whole or a range of it as a download, or sandboxed for a browser to
//! show. Its bytes are a stranger's and act in nobody's name.

use std::io::SeekFrom;
use std::ops::Range;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::error::ApiError;
use super::range::{self, Wanted};
use super::view::{View, disposition, kind, view};
use crate::files::{OpenFile, on_disk};
use crate::model::evidence::bytes;

/// Read at a time.
const PIECE: usize = 64 * 1024;

/// As a download. `etag`: where the content is known by one.
pub async fn download(
    open: OpenFile,
    path: &str,
    asked: &HeaderMap,
    etag: Option<HeaderValue>,
) -> Result<Response, ApiError> {
    let known = etag.as_ref().and_then(|etag| etag.to_str().ok()).unwrap_or("");
    let wanted = range::wanted(asked, known, open.size);
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(etag) = etag {
        headers.insert(header::ETAG, etag);
    }
    put(
        &mut headers,
        header::CONTENT_DISPOSITION,
        disposition("attachment", path),
    );
    let (status, part) = match wanted {
        Wanted::All => (StatusCode::OK, 0..open.size),
        Wanted::Part(part) => {
            let range = format!("bytes {}-{}/{}", part.start, part.end - 1, open.size);
            put(&mut headers, header::CONTENT_RANGE, range);
            (StatusCode::PARTIAL_CONTENT, part)
        }
        Wanted::Beyond => {
            let size = format!("bytes */{}", open.size);
            put(&mut headers, header::CONTENT_RANGE, size);
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response());
        }
    };
    stream(open, part, status, headers).await
}

/// For a browser to show, where it is of a kind that can be; otherwise as a download.
pub async fn shown(open: OpenFile, path: &str, asked: &HeaderMap) -> Result<Response, ApiError> {
    let of = path.to_owned();
    let (open, view) = on_disk(move || how_to_show(&of, &open).map(|view| (open, view))).await?;
    let Some(view) = view else {
        return download(open, path, asked, None).await;
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(view.content_type));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(view.policy),
    );
    if view.framed {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    }
    put(
        &mut headers,
        header::CONTENT_DISPOSITION,
        disposition("inline", path),
    );
    let all = 0..open.size;
    stream(open, all, StatusCode::OK, headers).await
}

fn put(headers: &mut HeaderMap, name: header::HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

async fn stream(
    open: OpenFile,
    part: Range<u64>,
    status: StatusCode,
    mut headers: HeaderMap,
) -> Result<Response, ApiError> {
    let length = part.end - part.start;
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    let mut file = tokio::fs::File::from_std(open.file);
    if part.start > 0 {
        let moved = file.seek(SeekFrom::Start(part.start)).await;
        moved.map_err(|e| ApiError::internal(&e))?;
    }
    // No more than was promised, should it grow meanwhile.
    let body = Body::from_stream(ReaderStream::with_capacity(file.take(length), PIECE));
    Ok((status, headers, body).into_response())
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
