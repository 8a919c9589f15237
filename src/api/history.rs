//! `/runs`: looking back over runs, under any combination of filters, and what there is of them in numbers.

use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Query};
use super::page::{self, Page};
use super::runs::{RunView, Shower, names_of};
use crate::model::history::Totals;
use crate::model::ids::{ScheduleId, ScriptId};
use crate::model::outcome::Outcome;
use crate::model::run::{RunKind, RunState};
use crate::store;

/// The index of errors knows three characters at a time.
const SHORTEST_ERROR: usize = 3;
const LONGEST_TEXT: usize = 200;
/// Far longer than anything runs.
const MOST_SECONDS: f64 = 1e10;

/// How a run can come about.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TriggerKind {
    Manual,
    Schedule,
    Api,
    System,
    Webhook,
}

impl TriggerKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Schedule => "schedule",
            Self::Api => "api",
            Self::System => "system",
            Self::Webhook => "webhook",
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RunsQuery {
    /// Id of a script.
    pub(super) script: Option<String>,
    /// A tag of the script.
    pub(super) tag: Option<String>,
    /// Kinds of outcome, such as `failed,timed_out`: any of them.
    pub(super) outcome: Option<String>,
    #[param(inline)]
    pub(super) state: Option<RunState>,
    #[param(inline)]
    pub(super) kind: Option<RunKind>,
    #[param(inline)]
    pub(super) trigger: Option<TriggerKind>,
    /// Id of a schedule.
    pub(super) schedule: Option<String>,
    /// Queued at this instant or later.
    pub(super) from: Option<Timestamp>,
    /// Queued before this instant.
    pub(super) to: Option<Timestamp>,
    /// Took at least so many seconds from start to end.
    pub(super) longer_than: Option<f64>,
    /// Took fewer seconds.
    pub(super) shorter_than: Option<f64>,
    /// `true`: only runs that are marked to be kept.
    pub(super) kept: Option<bool>,
    /// Part of the script's name.
    pub(super) q: Option<String>,
    /// Text in what was said at the end of a run that did not succeed: its last lines on stderr, the exception, the
    /// outcome's message. Three characters or more, in upper or lower case.
    pub(super) error: Option<String>,
    pub(super) cursor: Option<String>,
    pub(super) limit: Option<u32>,
}

fn refused<T>(message: impl Into<String>) -> Result<T, ApiError> {
    Err(ApiError::bad_request("invalid_query", message))
}

/// What is left of a text that narrows something.
fn narrowing(name: &str, text: Option<String>) -> Result<Option<String>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let text = text.trim();
    if text.chars().count() > LONGEST_TEXT || text.chars().any(char::is_control) {
        return refused(format!(
            "{name} may have at most {LONGEST_TEXT} characters, none of them a control character"
        ));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

fn milliseconds(name: &str, seconds: Option<f64>) -> Result<Option<i64>, ApiError> {
    match seconds {
        None => Ok(None),
        Some(seconds) if (0.0..=MOST_SECONDS).contains(&seconds) => {
            Ok(Some((seconds * 1000.0).round() as i64))
        }
        Some(_) => refused(format!("{name} is a number of seconds from 0 on")),
    }
}

fn outcomes(list: Option<&str>) -> Result<Vec<String>, ApiError> {
    let kinds = list.unwrap_or("").split(',').map(str::trim);
    let kinds: Vec<String> = kinds.filter(|kind| !kind.is_empty()).map(str::to_owned).collect();
    match kinds.iter().find(|kind| !Outcome::KINDS.contains(&kind.as_str())) {
        Some(kind) => refused(format!(
            "outcome must be one or some of {}, not {kind:?}",
            Outcome::KINDS.join(", ")
        )),
        None => Ok(kinds),
    }
}

impl RunsQuery {
    /// Whether it is one, page and all.
    pub fn check(self) -> Result<(), ApiError> {
        self.filter(1).map(drop)
    }

    pub(super) fn filter(self, limit: u32) -> Result<store::runs::Filter, ApiError> {
        let error = narrowing("error", self.error)?;
        if error
            .as_ref()
            .is_some_and(|error| error.chars().count() < SHORTEST_ERROR)
        {
            return refused(format!("error needs at least {SHORTEST_ERROR} characters"));
        }
        Ok(store::runs::Filter {
            script: self.script.as_deref().map(ScriptId::parse),
            tag: narrowing("tag", self.tag)?,
            text: narrowing("q", self.q)?,
            schedule: self
                .schedule
                .map(|id| ScheduleId::parse(&id).as_str().to_owned())
                // One that is none of ours is nobody's, rather than that of runs without a schedule.
                .map(|id| if id.is_empty() { "-".to_owned() } else { id }),
            kind: self.kind,
            state: self.state,
            outcomes: outcomes(self.outcome.as_deref())?,
            trigger: self.trigger.map(|trigger| trigger.as_str().to_owned()),
            from: self.from,
            to: self.to,
            at_least_ms: milliseconds("longer_than", self.longer_than)?,
            below_ms: milliseconds("shorter_than", self.shorter_than)?,
            only_kept: self.kept.unwrap_or(false),
            error,
            before: page::before(self.cursor.as_deref())?,
            limit,
        })
    }
}

/// Runs, newest first. All filters can be combined.
#[utoipa::path(get, path = "/runs", tag = "runs", operation_id = "listRuns", params(RunsQuery),
    responses((status = 200, body = Page<RunView>), (status = 400, body = ErrorBody)))]
pub async fn list(
    State(api): State<Api>,
    Query(query): Query<RunsQuery>,
) -> Result<Json<Page<RunView>>, ApiError> {
    let limit = page::limit(query.limit)?;
    let filter = query.filter(limit + 1)?;
    let (rows, names) = api
        .store
        .read(move |c| {
            let rows = store::runs::list(c, &filter)?;
            let names = names_of(c, &rows)?;
            Ok::<_, store::Error>((rows, names))
        })
        .await?;
    let shower = Shower::new(&api, names);
    Ok(Json(Page::cut(
        rows,
        limit,
        |run| run.number.to_string(),
        |run| shower.show(run),
    )))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TotalsQuery {
    /// Id of a script; without it, of all.
    script: Option<String>,
}

/// How many script runs there are, how they ended, and what they have left. Counted as they end, so that asking costs
/// nothing.
#[utoipa::path(get, path = "/runs/totals", tag = "runs", operation_id = "getRunTotals", params(TotalsQuery),
    responses((status = 200, body = Totals), (status = 400, body = ErrorBody)))]
pub async fn totals(
    State(api): State<Api>,
    Query(query): Query<TotalsQuery>,
) -> Result<Json<Totals>, ApiError> {
    let script = query.script.as_deref().map(ScriptId::parse);
    let totals = api
        .store
        .read(move |c| store::runs::totals(c, script.as_ref()))
        .await?;
    Ok(Json(totals))
}
