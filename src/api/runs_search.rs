//! `/runs/search`: runs whose logs have a text, newest first, as they are found. Ends when the client leaves, who can go on
//! later from where it was.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::Query;
use super::frames::{self, Frames};
use super::history::{RunsQuery, TriggerKind};
use super::log_search::pattern;
use super::page;
use super::runs::{RunView, Shower, names_of};
use crate::logs::{self, Filter, Match, Order, Progress, Search};
use crate::model::run::{Run, RunKind, RunState};
use crate::store;

/// Lines that are shown of a run.
const LINES: usize = 3;
/// Runs that are asked for at a time.
const BATCH: u32 = 50;
/// Between two frames that say how far it is.
const TELL_EVERY: Duration = Duration::from_millis(200);

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RunSearchQuery {
    /// What is searched for: at most 1,000 characters.
    q: String,
    /// Whether that is a regular expression (of Rust's crate `regex`: no look-around, no references).
    #[serde(default)]
    regex: bool,
    #[serde(default = "super::log_search::yes")]
    #[param(default = true)]
    ignore_case: bool,
    /// Part of the script's name.
    name: Option<String>,
    /// The others as in `/runs`.
    script: Option<String>,
    tag: Option<String>,
    outcome: Option<String>,
    #[param(inline)]
    state: Option<RunState>,
    #[param(inline)]
    kind: Option<RunKind>,
    #[param(inline)]
    trigger: Option<TriggerKind>,
    schedule: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    longer_than: Option<f64>,
    shorter_than: Option<f64>,
    kept: Option<bool>,
    error: Option<String>,
    /// Where an earlier search ended.
    cursor: Option<String>,
}

/// One line of the answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RunSearchFrame {
    Run {
        run: Box<RunView>,
        /// Lines of its log that have the text.
        matches: u64,
        /// The last few of them, newest first.
        lines: Vec<Match>,
        /// To go on behind this run.
        cursor: String,
    },
    /// How far it is, a few times a second.
    Progress(RunsSearched),
    /// There are no more runs.
    Done(RunsSearched),
    /// It cannot go on; what was told before is right.
    Failed { message: String },
}

#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct RunsSearched {
    pub searched_runs: u64,
    /// Of their logs.
    pub searched_bytes: u64,
    /// When the last of them was queued.
    pub before: Option<Timestamp>,
    /// To go on behind it.
    pub cursor: Option<String>,
}

/// Runs whose logs have a text, as they are found: a `RunSearchFrame` per line, the last one `done` or `failed`.
#[utoipa::path(get, path = "/runs/search", tag = "runs", operation_id = "searchRuns", params(RunSearchQuery),
    responses((status = 200, content_type = "application/x-ndjson", body = RunSearchFrame),
        (status = 400, body = ErrorBody)))]
pub async fn get(State(api): State<Api>, Query(query): Query<RunSearchQuery>) -> Result<Response, ApiError> {
    let search = Search {
        pattern: pattern(&query.q, query.regex, query.ignore_case)?,
        filter: Filter::All,
        order: Order::Newest,
        limit: LINES,
        after: 0,
        before: u64::MAX,
    };
    let filter = RunsQuery {
        script: query.script,
        tag: query.tag,
        outcome: query.outcome,
        state: query.state,
        kind: query.kind,
        trigger: query.trigger,
        schedule: query.schedule,
        from: query.from,
        to: query.to,
        longer_than: query.longer_than,
        shorter_than: query.shorter_than,
        kept: query.kept,
        q: query.name,
        error: query.error,
        cursor: query.cursor,
        limit: None,
    }
    .filter(BATCH)?;
    let runtime = Handle::current();
    Ok(frames::respond(move |frames| {
        let mut seeker = Seeker {
            api,
            search,
            runtime,
            searched: RunsSearched::default(),
            told: Instant::now(),
        };
        let last = match seeker.run(filter, frames) {
            Ok(ControlFlow::Continue(())) => RunSearchFrame::Done(seeker.searched),
            // Nobody hears it.
            Ok(ControlFlow::Break(())) => return,
            Err(error) => {
                tracing::warn!(%error, "runs could not all be searched");
                RunSearchFrame::Failed {
                    message: error.to_string(),
                }
            }
        };
        let _ = frames.send(&last);
    }))
}

struct Seeker {
    api: Api,
    search: Search,
    runtime: Handle,
    searched: RunsSearched,
    told: Instant,
}

impl Seeker {
    /// Breaks when the client has left.
    fn run(
        &mut self,
        mut filter: store::runs::Filter,
        frames: &Frames,
    ) -> Result<ControlFlow<()>, store::Error> {
        loop {
            let asked = filter.clone();
            let page = self.api.store.read(move |c| {
                let runs = store::runs::list(c, &asked)?;
                let names = names_of(c, &runs)?;
                Ok::<_, store::Error>((runs, names))
            });
            let (runs, names) = self.runtime.block_on(page)?;
            let Some(last) = runs.last() else {
                return Ok(ControlFlow::Continue(()));
            };
            filter.before = Some(last.number);
            let api = self.api.clone();
            let shower = Shower::new(&api, names);
            for run in runs {
                if self.one(run, &shower, frames).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
    }

    fn one(&mut self, run: Run, shower: &Shower<'_>, frames: &Frames) -> ControlFlow<()> {
        let directory = self.api.runs.directory(&run);
        let mut lines = Vec::new();
        let found = logs::search(&directory, &self.search, |news, _| {
            lines.extend(news);
            self.told = tell_now_and_then(self.told, &self.searched, frames)?;
            frames.wanted()
        });
        frames.wanted()?;
        // One that cannot be read hides no other.
        let found = found.unwrap_or_else(|error| {
            tracing::debug!(run = %run.id, %error, "a log is not searched");
            Progress::default()
        });
        let cursor = page::cursor(&run.number.to_string());
        self.searched.searched_runs += 1;
        self.searched.searched_bytes += found.searched_bytes;
        self.searched.before = Some(run.queued_at);
        self.searched.cursor = Some(cursor.clone());
        if found.matches > 0 {
            frames.send(&RunSearchFrame::Run {
                run: Box::new(shower.show(run)),
                matches: found.matches,
                lines,
                cursor,
            })?;
        }
        self.told = tell_now_and_then(self.told, &self.searched, frames)?;
        ControlFlow::Continue(())
    }
}

/// Answers when it was told last.
fn tell_now_and_then(told: Instant, searched: &RunsSearched, frames: &Frames) -> ControlFlow<(), Instant> {
    if told.elapsed() < TELL_EVERY {
        return ControlFlow::Continue(told);
    }
    match frames.send(&RunSearchFrame::Progress(searched.clone())) {
        ControlFlow::Continue(()) => ControlFlow::Continue(Instant::now()),
        ControlFlow::Break(()) => ControlFlow::Break(()),
    }
}
