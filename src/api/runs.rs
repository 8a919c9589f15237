//! `/scripts/{id}/runs`, `/runs/{id}`: submitting, looking at, keeping and cancelling runs.

use std::collections::{BTreeMap, HashMap};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Path};
use crate::backup::LeftBehind;
use crate::model::build::{Build, BuildAction, Found, Upgrade};
use crate::model::ids::{RunId, ScriptId};
use crate::model::limits::Limits;
use crate::model::outcome::Outcome;
use crate::model::run::{
    ArtifactsSummary, LogSummary, Overlap, Run, RunKind, RunState, Trigger, Usage, WaitKind, WaitReason,
};
use crate::model::variable::Used;
use crate::runs::Submission;
use crate::store;

/// One execution.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Run)]
pub struct RunView {
    pub id: String,
    /// What people call it: counts up per instance.
    pub number: i64,
    pub script_id: String,
    pub script_name: String,
    pub kind: RunKind,
    pub state: RunState,
    pub outcome: Option<Outcome>,
    /// Marked to be kept: it is never removed by itself.
    pub kept: bool,
    pub trigger: Trigger,
    /// What it does about unfinished runs of the same script.
    pub overlap: Overlap,
    /// With `allow`: how many may be active at once.
    pub parallel_limit: Option<u32>,
    pub queued_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub exit_code: Option<i32>,
    pub signal: Option<i32>,
    /// Of the script's files, as they were executed.
    pub revision: Option<i64>,
    pub lock_hash: Option<String>,
    pub image: String,
    pub image_digest: Option<String>,
    pub limits: Limits,
    pub args: Vec<String>,
    /// Variables of its own.
    pub env: BTreeMap<String, String>,
    /// Variables and secrets that it was given beside those, without their values. `null` until it starts, for builds,
    /// and for runs of the time before this was remembered.
    pub variables: Option<Vec<Used>>,
    pub peak_memory_bytes: Option<u64>,
    pub cpu_ms: Option<u64>,
    /// What else was counted; known once the script has ended.
    pub usage: Option<Usage>,
    /// What was left in `$PYTASK_ARTIFACTS`; known once the run has finished.
    pub artifacts: Option<ArtifactsSummary>,
    /// Why it has not been started yet.
    pub wait_reason: Option<WaitReason>,
    /// Known once the run has finished.
    pub log: Option<LogSummary>,
    /// The build whose failure ended this run.
    pub build_run_id: Option<String>,
    /// What a build was asked to do; `null` for runs of a script.
    pub build: Option<BuildView>,
    /// What is not there of it, because this instance was restored from a backup that is without.
    pub left_behind: Vec<LeftBehind>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Build)]
pub struct BuildView {
    pub action: BuildAction,
    /// Packages that were to move to their newest version; empty with an update or a check means all.
    pub packages: Vec<String>,
    /// Only releases that were published before are considered: the cool-down of the settings.
    pub exclude_newer: Option<Timestamp>,
    pub build_from_source: Vec<String>,
    /// What a check has found.
    pub found: Option<Found>,
}

impl BuildView {
    fn new(build: Build) -> Self {
        Self {
            action: build.action,
            packages: match build.upgrade {
                Upgrade::Packages(names) => names,
                Upgrade::Nothing | Upgrade::Everything => Vec::new(),
            },
            exclude_newer: build.policy.exclude_newer,
            build_from_source: build.policy.build_from_source,
            found: build.found,
        }
    }
}

impl RunView {
    fn new(run: Run, script_name: String, wait_reason: Option<WaitReason>) -> Self {
        Self {
            id: run.id.to_string(),
            number: run.number,
            script_id: run.script_id.to_string(),
            script_name,
            kind: run.kind,
            state: run.state.name(),
            outcome: run.outcome().cloned(),
            kept: run.kept,
            trigger: run.trigger,
            overlap: run.overlap,
            parallel_limit: run.parallel_limit,
            queued_at: run.queued_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
            exit_code: run.facts.exit_code,
            signal: run.facts.signal,
            revision: run.launch.revision,
            lock_hash: run.launch.lock_hash,
            image: run.image,
            image_digest: run.launch.image_digest,
            limits: run.limits,
            args: run.args,
            env: run.env,
            variables: run.launch.variables,
            peak_memory_bytes: run.facts.peak_memory_bytes,
            cpu_ms: run.facts.cpu_ms,
            usage: run.facts.usage,
            artifacts: run.facts.artifacts,
            wait_reason,
            log: run.facts.log,
            build_run_id: run.build_run_id.map(|id| id.to_string()),
            build: run.build.map(BuildView::new),
            left_behind: Vec::new(),
        }
    }
}

/// Shows runs with the names of their scripts and the reasons why they wait.
pub struct Shower<'a> {
    api: &'a Api,
    names: HashMap<ScriptId, String>,
}

/// The names that `runs` are shown with.
pub fn names_of<'r>(
    connection: &rusqlite::Connection,
    runs: impl IntoIterator<Item = &'r Run>,
) -> Result<HashMap<ScriptId, String>, store::Error> {
    let mut names = HashMap::new();
    for run in runs {
        if !names.contains_key(&run.script_id) {
            let name = store::scripts::name(connection, &run.script_id)?.unwrap_or_default();
            names.insert(run.script_id.clone(), name);
        }
    }
    Ok(names)
}

impl<'a> Shower<'a> {
    pub fn new(api: &'a Api, names: HashMap<ScriptId, String>) -> Self {
        Self { api, names }
    }

    pub fn show(&self, run: Run) -> RunView {
        let name = self.names.get(&run.script_id).cloned().unwrap_or_default();
        let wait_reason = (run.state.name() == RunState::Queued).then(|| {
            self.api.runs.wait_reason(&run.id).unwrap_or_else(|| WaitReason {
                kind: WaitKind::Admission,
                message: "It has just been queued".to_owned(),
            })
        });
        let left_behind = self.api.backups.left_behind(run.queued_at);
        RunView {
            left_behind,
            ..RunView::new(run, name, wait_reason)
        }
    }
}

/// One run as it is shown.
pub async fn show_one(api: &Api, run: Run) -> Result<RunView, ApiError> {
    let (run, names) = api
        .store
        .read(move |c| {
            let names = names_of(c, [&run])?;
            Ok::<_, store::Error>((run, names))
        })
        .await?;
    Ok(Shower::new(api, names).show(run))
}

pub async fn find(api: &Api, id: &str) -> Result<Run, ApiError> {
    let id = RunId::parse(id);
    let found = api.store.read(move |c| store::runs::get(c, &id)).await?;
    found.ok_or_else(|| ApiError::not_found("run"))
}

/// Only browsers say where a request comes from.
pub fn trigger(headers: &HeaderMap) -> Trigger {
    if headers.contains_key("sec-fetch-site") {
        Trigger::Manual
    } else {
        Trigger::Api
    }
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RunRequest {
    /// Passed to the script as they are.
    pub args: Vec<String>,
    /// Added to the script's environment.
    pub env: BTreeMap<String, String>,
    /// What to do about unfinished runs of the same script; default: what the script says.
    pub overlap: Option<Overlap>,
}

/// Runs a script. The answer is the queued run; `Idempotency-Key` makes repeating the request harmless.
#[utoipa::path(post, path = "/scripts/{id}/runs", tag = "runs", operation_id = "submitRun",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = RunRequest,
    responses((status = 201, body = RunView), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub async fn submit(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(request): Json<RunRequest>,
) -> Result<(StatusCode, Json<RunView>), ApiError> {
    let idempotency_key = match headers.get("idempotency-key").map(|key| key.to_str()) {
        None => None,
        Some(Ok(key)) => Some(key.to_owned()),
        Some(Err(_)) => {
            return Err(ApiError::invalid(
                "Idempotency-Key",
                "An idempotency key is plain text",
            ));
        }
    };
    let submission = Submission {
        script: ScriptId::parse(&id),
        trigger: trigger(&headers),
        args: request.args,
        env: request.env,
        overlap: request.overlap,
        idempotency_key,
    };
    let run = api.runs.submit(submission).await?;
    Ok((StatusCode::CREATED, Json(show_one(&api, run).await?)))
}

/// The run that people call by this number.
async fn find_numbered(api: &Api, number: i64) -> Result<Run, ApiError> {
    let newest = store::runs::Filter {
        before: number.checked_add(1),
        limit: 1,
        ..Default::default()
    };
    let found = api.store.read(move |c| store::runs::list(c, &newest)).await?;
    let run = found.into_iter().next().filter(|run| run.number == number);
    run.ok_or_else(|| ApiError::not_found("run"))
}

/// One run, by its id or its number.
#[utoipa::path(get, path = "/runs/{id}", tag = "runs", operation_id = "getRun",
    params(("id" = String, Path, description = "Its id, or its number")),
    responses((status = 200, body = RunView), (status = 404, body = ErrorBody)))]
pub async fn get(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<RunView>, ApiError> {
    let run = match id.parse() {
        // An id may consist of digits, too.
        Ok(number) if id.len() < 20 => find_numbered(&api, number).await?,
        _ => find(&api, &id).await?,
    };
    Ok(Json(show_one(&api, run).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunPatch {
    /// Whether it stays whatever the retention says.
    kept: bool,
}

/// Marks a run as one that is never removed by itself, or takes that back.
#[utoipa::path(patch, path = "/runs/{id}", tag = "runs", operation_id = "updateRun", params(("id" = String, Path)),
    request_body = RunPatch,
    responses((status = 200, body = RunView), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub async fn update(
    State(api): State<Api>,
    Path(id): Path<String>,
    Json(patch): Json<RunPatch>,
) -> Result<Json<RunView>, ApiError> {
    let run = api.runs.keep(&RunId::parse(&id), patch.kept).await?;
    Ok(Json(show_one(&api, run).await?))
}

/// Removes a finished run with its log and artifacts, at once and for good.
#[utoipa::path(delete, path = "/runs/{id}", tag = "runs", operation_id = "deleteRun", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn delete(State(api): State<Api>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    api.runs.remove(&RunId::parse(&id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a run wherever it is: SIGTERM, its grace, SIGKILL. One that has finished stays as it is.
#[utoipa::path(post, path = "/runs/{id}/cancel", tag = "runs", operation_id = "cancelRun",
    params(("id" = String, Path)),
    responses((status = 200, body = RunView), (status = 404, body = ErrorBody)))]
pub async fn cancel(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<RunView>, ApiError> {
    let run = api.runs.cancel(&RunId::parse(&id), "user").await?;
    Ok(Json(show_one(&api, run).await?))
}
