//! `GET /scripts/search`: text in the scripts' own files.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::error::{ApiError, ErrorBody};
use crate::api::extract::{Json, Query};
use crate::api::log_search::{pattern, yes};
use crate::scripts::search::{Found, Line};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CodeQuery {
    /// What is searched for: at most 1,000 characters.
    q: String,
    /// Whether that is a regular expression (of Rust's crate `regex`: no look-around, no references).
    #[serde(default)]
    regex: bool,
    #[serde(default = "yes")]
    #[param(default = true)]
    ignore_case: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CodeSearch {
    /// By the scripts' names.
    pub items: Vec<CodeMatches>,
    /// Not everything was searched: there was too much of it for the time.
    pub truncated: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CodeMatches {
    pub script_id: String,
    /// Lines with a match, as far as its files were searched.
    pub matches: usize,
    /// The first three.
    pub lines: Vec<CodeLine>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CodeLine {
    /// Relative to the script's folder.
    pub path: String,
    /// From 1.
    pub line: u64,
    /// The line, or what of it is around the first match.
    pub text: String,
    /// Where the matches are in `text`, each from and to, in units of UTF-16.
    pub ranges: Vec<[usize; 2]>,
}

impl CodeMatches {
    fn new(found: Found) -> Self {
        let line = |line: Line| CodeLine {
            path: line.path,
            line: line.number,
            text: line.text,
            ranges: line.ranges,
        };
        Self {
            script_id: found.script.to_string(),
            matches: found.matches,
            lines: found.lines.into_iter().map(line).collect(),
        }
    }
}

/// Scripts that have a text in their files: of each up to 200 text files of at most 1 MiB, for half a second in all.
#[utoipa::path(get, path = "/scripts/search", tag = "scripts", operation_id = "searchScripts", params(CodeQuery),
    responses((status = 200, body = CodeSearch), (status = 400, body = ErrorBody)))]
pub async fn search(
    State(api): State<Api>,
    Query(query): Query<CodeQuery>,
) -> Result<Json<CodeSearch>, ApiError> {
    let pattern = pattern(&query.q, query.regex, query.ignore_case)?;
    let (found, truncated) = api.scripts.search(pattern).await?;
    Ok(Json(CodeSearch {
        items: found.into_iter().map(CodeMatches::new).collect(),
        truncated,
    }))
}
