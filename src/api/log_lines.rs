//! `/runs/{id}/log/lines`: a window of a log's lines, by position, number, time, or from the end; also of a run that is
//! going on.

use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Path, Query};
use super::runs::find;
use crate::files::on_disk;
use crate::logs::{self, Filter, Stream, Window, WindowFrom};

const DEFAULT_LINES: u64 = 500;
const MOST_LINES: u64 = 2000;

/// Whose lines are wanted.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LinesOf {
    Stdout,
    Stderr,
    /// PyTask-Manager's own sentences.
    System,
}

impl LinesOf {
    pub fn filter(wanted: Option<Self>) -> Filter {
        match wanted {
            None => Filter::All,
            Some(Self::Stdout) => Filter::Only(Stream::Stdout),
            Some(Self::Stderr) => Filter::Only(Stream::Stderr),
            Some(Self::System) => Filter::Only(Stream::System),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LinesQuery {
    /// Only lines of it; positions and `total` then count these.
    #[param(inline)]
    stream: Option<LinesOf>,
    /// From 1 to 2,000.
    #[param(default = 500)]
    limit: Option<u64>,
    /// The first line's position, from 1. At most one of `from`, `line`, `at`, `tail`.
    from: Option<u64>,
    /// Begin with the line of this number, or with the next of `stream`.
    line: Option<u64>,
    /// Begin with the first line of this moment or later.
    #[param(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// The last lines.
    #[serde(default)]
    tail: bool,
}

/// Some lines of a log, and how many there are.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogLines {
    #[serde(flatten)]
    pub window: Window,
    /// Nobody writes any more.
    pub ended: bool,
}

impl LogLines {
    pub fn new(mut window: Window, ended: bool) -> Self {
        if ended {
            for line in &mut window.lines {
                line.open = false;
            }
        }
        Self { window, ended }
    }
}

/// Lines of the log, from wherever they are wanted.
#[utoipa::path(get, path = "/runs/{id}/log/lines", tag = "runs", operation_id = "readLogLines",
    params(("id" = String, Path), LinesQuery),
    responses((status = 200, body = LogLines), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn get(
    State(api): State<Api>,
    Path(id): Path<String>,
    Query(query): Query<LinesQuery>,
) -> Result<Json<LogLines>, ApiError> {
    let limit = query.limit.unwrap_or(DEFAULT_LINES);
    if !(1..=MOST_LINES).contains(&limit) {
        let message = format!("limit must be from 1 to {MOST_LINES}");
        return Err(ApiError::bad_request("invalid_query", message));
    }
    let from = beginning(&query)?;
    let filter = LinesOf::filter(query.stream);
    // Read first: a run that had ended by then has nothing more to say.
    let run = find(&api, &id).await?;
    let directory = api.runs.directory(&run);
    let window = on_disk(move || logs::window(&directory, filter, from, limit)).await?;
    Ok(Json(LogLines::new(window, run.is_finished())))
}

fn beginning(query: &LinesQuery) -> Result<WindowFrom, ApiError> {
    let asked = [
        query.from.map(WindowFrom::Position),
        query.line.map(WindowFrom::Line),
        query.at.map(WindowFrom::Time),
        query.tail.then_some(WindowFrom::End),
    ];
    let mut asked = asked.into_iter().flatten();
    match (asked.next(), asked.next()) {
        (None, _) => Ok(WindowFrom::Position(1)),
        (Some(WindowFrom::Position(0) | WindowFrom::Line(0)), _) => {
            Err(ApiError::bad_request("invalid_query", "lines are counted from 1"))
        }
        (Some(from), None) => Ok(from),
        (Some(_), Some(_)) => Err(ApiError::bad_request(
            "invalid_query",
            "only one of from, line, at and tail says where to begin",
        )),
    }
}
