//! `/runs/{id}/log`: a run's log as a download, whole, its end or a range of the script's bytes; of a run that is still going, as
//! far as it is. What has been packed is served like what has not.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Path, Query};
use super::range::{Wanted, wanted};
use super::runs::find;
use crate::backup::LeftBehind;
use crate::files::on_disk;
use crate::logs::{self, ErrorKind, Export, Filter, Format, Gzip, Pieces, Stream, Whole};
use crate::model::run::Run;

/// Lines at the end that can be asked for.
const LONGEST_TAIL: usize = 100_000;

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WantedStream {
    Stdout,
    Stderr,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WantedFormat {
    /// Both streams with PyTask-Manager's own sentences between.
    #[default]
    Text,
    /// One record as JSON per line.
    Ndjson,
    /// The script's bytes and nothing else.
    Raw,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    #[param(inline)]
    stream: Option<WantedStream>,
    #[serde(default)]
    #[param(inline)]
    format: WantedFormat,
    /// Only the last so many lines.
    tail: Option<usize>,
    /// As a gzip file.
    #[serde(default)]
    gzip: bool,
}

impl LogQuery {
    fn filter(&self) -> Filter {
        match self.stream {
            None => Filter::All,
            Some(WantedStream::Stdout) => Filter::Only(Stream::Stdout),
            Some(WantedStream::Stderr) => Filter::Only(Stream::Stderr),
        }
    }
}

/// Bytes that will not change, so that a part of them can be asked for.
struct Settled {
    length: u64,
    etag: String,
}

impl Settled {
    fn of(run: &Run, query: &LogQuery) -> Option<Self> {
        let is_raw = matches!(query.format, WantedFormat::Raw) && query.tail.is_none() && !query.gzip;
        let log = run.facts.log.as_ref().filter(|_| is_raw && run.is_finished())?;
        let (of, length) = match query.stream {
            None => ("all", log.stdout_bytes.saturating_add(log.stderr_bytes)),
            Some(WantedStream::Stdout) => ("stdout", log.stdout_bytes),
            Some(WantedStream::Stderr) => ("stderr", log.stderr_bytes),
        };
        let etag = format!("\"{}-{of}-{length}\"", run.id);
        Some(Self { length, etag })
    }
}

/// What the script wrote.
///
/// With `format=raw`, once the run has finished, a `Range` of bytes is answered.
#[utoipa::path(get, path = "/runs/{id}/log", tag = "runs", operation_id = "readLog",
    params(("id" = String, Path), LogQuery,
        ("Range" = Option<String>, Header, description = "One range of bytes, with `format=raw`, of a run that has finished"),
        ("If-Range" = Option<String>, Header, description = "The `ETag` that the range belongs to")),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 206, content_type = "application/octet-stream", body = Vec<u8>, description = "The range"),
        (status = 404, body = ErrorBody),
        (status = 410, body = ErrorBody, description = "It is not in the backup from which this instance was restored"),
        (status = 416, body = ErrorBody, description = "The range begins behind the end, which `Content-Range` tells")))]
pub async fn get(
    State(api): State<Api>,
    Path(id): Path<String>,
    Query(query): Query<LogQuery>,
    asked: HeaderMap,
) -> Result<Response, ApiError> {
    if query.tail.is_some_and(|lines| lines > LONGEST_TAIL) {
        let message = format!("tail must be at most {LONGEST_TAIL}");
        return Err(ApiError::bad_request("invalid_query", message));
    }
    let run = find(&api, &id).await?;
    let settled = Settled::of(&run, &query);
    let part = settled
        .as_ref()
        .map(|settled| wanted(&asked, &settled.etag, settled.length));
    let mut headers = HeaderMap::new();
    let mut status = StatusCode::OK;
    if let Some(settled) = &settled {
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        put(&mut headers, header::ETAG, &settled.etag);
        let length = settled.length;
        match &part {
            Some(Wanted::Beyond) => return Ok(beyond(length)),
            Some(Wanted::Part(range)) => {
                status = StatusCode::PARTIAL_CONTENT;
                let (first, last) = (range.start, range.end - 1);
                put(
                    &mut headers,
                    header::CONTENT_RANGE,
                    &format!("bytes {first}-{last}/{length}"),
                );
                put(
                    &mut headers,
                    header::CONTENT_LENGTH,
                    &(range.end - range.start).to_string(),
                );
            }
            Some(Wanted::All) | None => {}
        }
    }
    let (format, kind) = match query.format {
        WantedFormat::Text => (Format::Text, "text/plain; charset=utf-8"),
        WantedFormat::Ndjson => (Format::Ndjson, "application/x-ndjson"),
        WantedFormat::Raw => (Format::Raw, "application/octet-stream"),
    };
    let (kind, ending) = if query.gzip {
        ("application/gzip", "log.gz")
    } else {
        (kind, "log")
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let name = format!("attachment; filename=\"run-{}.{ending}\"", run.number);
    put(&mut headers, header::CONTENT_DISPOSITION, &name);

    let (directory, filter) = (api.runs.directory(&run), query.filter());
    let whole = |bytes| match query.gzip {
        true => body(Whole(bytes), true),
        false => Body::from(bytes),
    };
    let opened = match (query.tail, part) {
        (Some(lines), _) => {
            let rendered = on_disk(move || {
                let records = logs::tail(&directory, filter, lines)?;
                logs::render(records.iter().map(|record| record.as_record()), format)
            });
            rendered.await.map(whole)
        }
        (None, Some(Wanted::Part(range))) => {
            let export = on_disk(move || Export::open_range(&directory, filter, range)).await;
            export.map(|export| body(export, false))
        }
        (None, _) => {
            let export = on_disk(move || Export::open(&directory, format, filter)).await;
            export.map(|export| body(export, query.gzip))
        }
    };
    let body = match opened {
        Err(e)
            if e.kind() == ErrorKind::NotFound
                && api.backups.left_behind(run.queued_at).contains(&LeftBehind::Log) =>
        {
            let message = "The log is not in the backup from which this instance was restored";
            return Err(ApiError::new(StatusCode::GONE, "not_in_backup", message));
        }
        // Nothing written yet, or nothing at all.
        Err(e) if e.kind() == ErrorKind::NotFound && status == StatusCode::OK => whole(Vec::new()),
        other => other?,
    };
    Ok((status, headers, body).into_response())
}

fn body(pieces: impl Pieces, gzip: bool) -> Body {
    if gzip {
        Body::from_stream(logs::stream(Gzip::of(pieces)))
    } else {
        Body::from_stream(logs::stream(pieces))
    }
}

fn beyond(length: u64) -> Response {
    let message = format!("The range begins behind the end: there are {length} bytes");
    let refused = ApiError::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "range_not_satisfiable",
        message,
    );
    let mut response = refused.into_response();
    put(
        response.headers_mut(),
        header::CONTENT_RANGE,
        &format!("bytes */{length}"),
    );
    response
}

/// Of characters that a header can have.
fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}
