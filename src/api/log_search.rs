//! `/runs/{id}/log/search`: lines of a log that have a text, as they are found. Ends when the client leaves.

use std::time::{Duration, Instant};

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Path, Query};
use super::frames;
use super::log_lines::LinesOf;
use super::runs::find;
use crate::logs::{self, Match, Order, Progress, Search};
use crate::pattern::Pattern;

const DEFAULT_LISTED: usize = 1000;
const MOST_LISTED: usize = 10_000;
/// Between two frames that say how far it is.
const TELL_EVERY: Duration = Duration::from_millis(200);

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// What is searched for: at most 1,000 characters.
    q: String,
    /// Whether that is a regular expression (of Rust's crate `regex`: no look-around, no references).
    #[serde(default)]
    regex: bool,
    #[serde(default = "yes")]
    #[param(default = true)]
    ignore_case: bool,
    /// Only lines of it; positions then count these.
    #[param(inline)]
    stream: Option<LinesOf>,
    #[serde(default)]
    #[param(inline)]
    order: Order,
    /// Lines that are listed, from 1 to 10,000; those beyond are counted.
    #[param(default = 1000)]
    limit: Option<usize>,
    /// Only lines with a greater number.
    after: Option<u64>,
    /// Only lines with a smaller number.
    before: Option<u64>,
}

pub(super) fn yes() -> bool {
    true
}

/// One line of the answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SearchFrame {
    /// Lines that were found since the last of these, in the order that was asked for.
    Matches { lines: Vec<Match> },
    /// How far it is, a few times a second.
    Progress(Progress),
    /// All of it was searched.
    Done(Progress),
    /// The log cannot be read on; what was told before is right.
    Failed { message: String },
}

/// Lines that have a text, as they are found: a `SearchFrame` per line, the last one `done` or `failed`.
#[utoipa::path(get, path = "/runs/{id}/log/search", tag = "runs", operation_id = "searchLog",
    params(("id" = String, Path), SearchQuery),
    responses((status = 200, content_type = "application/x-ndjson", body = SearchFrame),
        (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn get(
    State(api): State<Api>,
    Path(id): Path<String>,
    Query(query): Query<SearchQuery>,
) -> Result<Response, ApiError> {
    let limit = query.limit.unwrap_or(DEFAULT_LISTED);
    if !(1..=MOST_LISTED).contains(&limit) {
        let message = format!("limit must be from 1 to {MOST_LISTED}");
        return Err(ApiError::bad_request("invalid_query", message));
    }
    let search = Search {
        pattern: pattern(&query.q, query.regex, query.ignore_case)?,
        filter: LinesOf::filter(query.stream),
        order: query.order,
        limit,
        after: query.after.unwrap_or(0),
        before: query.before.unwrap_or(u64::MAX),
    };
    let run = find(&api, &id).await?;
    let directory = api.runs.directory(&run);
    Ok(frames::respond(move |frames| {
        let mut told = Instant::now();
        let found = logs::search(&directory, &search, |lines, progress| {
            if !lines.is_empty() {
                frames.send(&SearchFrame::Matches { lines })?;
            }
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                frames.send(&SearchFrame::Progress(progress))?;
            }
            // Also without news: nobody searches for somebody who has left.
            frames.wanted()
        });
        let last = match found {
            Ok(progress) => SearchFrame::Done(progress),
            Err(error) => SearchFrame::Failed {
                message: error.to_string(),
            },
        };
        let _ = frames.send(&last);
    }))
}

pub fn pattern(text: &str, regex: bool, ignore_case: bool) -> Result<Pattern, ApiError> {
    Pattern::new(text, regex, ignore_case)
        .map_err(|error| ApiError::bad_request("invalid_query", error.to_string()))
}
