//! `/runs/{id}/log`: a run's log as a download, whole or its end; of a run that is still going, as far as it is.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Path, Query};
use super::runs::find;
use crate::files::on_disk;
use crate::logs::{self, ErrorKind, Export, Filter, Format, Stream};

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
}

/// What the script wrote.
#[utoipa::path(get, path = "/runs/{id}/log", tag = "runs", operation_id = "readLog",
    params(("id" = String, Path), LogQuery),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 404, body = ErrorBody)))]
pub async fn get(
    State(api): State<Api>,
    Path(id): Path<String>,
    Query(query): Query<LogQuery>,
) -> Result<Response, ApiError> {
    let run = find(&api, &id).await?;
    let directory = api.runs.directory(&run);
    let filter = match query.stream {
        None => Filter::All,
        Some(WantedStream::Stdout) => Filter::Only(Stream::Stdout),
        Some(WantedStream::Stderr) => Filter::Only(Stream::Stderr),
    };
    let (format, kind) = match query.format {
        WantedFormat::Text => (Format::Text, "text/plain; charset=utf-8"),
        WantedFormat::Ndjson => (Format::Ndjson, "application/x-ndjson"),
        WantedFormat::Raw => (Format::Raw, "application/octet-stream"),
    };
    let opened = match query.tail {
        Some(lines) if lines > LONGEST_TAIL => {
            return Err(ApiError::bad_request(
                "invalid_query",
                format!("tail must be at most {LONGEST_TAIL}"),
            ));
        }
        Some(lines) => {
            on_disk(move || {
                let records = logs::tail(&directory, filter, lines)?;
                logs::render(records.iter().map(|record| record.as_record()), format).map(Body::from)
            })
            .await
        }
        None => {
            let export = on_disk(move || Export::open(&directory, format, filter)).await;
            export.map(|export| Body::from_stream(export.into_stream()))
        }
    };
    let body = match opened {
        Ok(body) => body,
        Err(e) if e.kind() == ErrorKind::NotFound => Body::empty(),
        Err(e) => return Err(e.into()),
    };
    let mut response = (StatusCode::OK, body).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(name) = HeaderValue::try_from(format!("attachment; filename=\"run-{}.log\"", run.number)) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}
