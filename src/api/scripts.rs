//! `/scripts`: listing, creating, changing and deleting scripts.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, ErrorBody, out_of_bounds};
use super::extract::{Json, Path, Query};
use super::page::{self, Page};
use super::runs::{RunView, Shower};
use crate::envs::{policy, status};
use crate::model::environment::{Environment, EnvironmentState};
use crate::model::ids::ScriptId;
use crate::model::limits::{Limits, LimitsPatch};
use crate::model::patch::given;
use crate::model::retention::RetentionWish;
use crate::model::run::{Overlap, Run, RunKind, RunState};
use crate::model::script::Script;
use crate::scripts::{New, Patch};
use crate::store;

/// How many outcomes the strip shows.
const RECENT: u32 = 20;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Script)]
pub struct ScriptView {
    pub id: String,
    pub name: String,
    /// The folder's name on the volume.
    pub slug: String,
    pub description: String,
    pub tags: Vec<String>,
    pub entry_point: String,
    pub paused: bool,
    /// What the script asks for; absent fields mean the default.
    pub limits: LimitsPatch,
    /// What its next run will get.
    pub effective_limits: Limits,
    /// Name of the runner image; `null`: the instance's own.
    pub image: Option<String>,
    /// What a new run does about unfinished ones, unless it says otherwise.
    pub overlap: Overlap,
    /// With `allow`: how many may be active at once; `null` is no bound.
    pub parallel_limit: Option<u32>,
    /// How long its runs are kept; `null` is what the settings say, 0 no bound.
    pub retention: RetentionWish,
    pub revision: i64,
    pub environment: EnvironmentStatus,
    pub last_run: Option<RunView>,
    /// Newest first.
    pub recent_outcomes: Vec<RecentOutcome>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct EnvironmentStatus {
    pub state: EnvironmentState,
    /// Of the environment that runs use.
    pub lock_hash: Option<String>,
    /// The build under way, or the one that failed.
    pub build_run_id: Option<String>,
    /// How many packages are installed.
    pub packages: usize,
    pub message: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RecentOutcome {
    pub run_id: String,
    pub state: RunState,
    /// Kind of the outcome, once there is one.
    pub kind: Option<String>,
    pub finished_at: Option<Timestamp>,
    pub duration_ms: Option<i64>,
}

/// A script with all that is shown of it, as read in one go.
pub struct Whole {
    pub script: Script,
    pub environment: Option<Environment>,
    pub newest_build: Option<Run>,
    /// Content id of the image that the script names.
    image_digest: Option<String>,
    recent: Vec<Run>,
}

impl Whole {
    pub fn read(connection: &rusqlite::Connection, script: Script) -> Result<Self, store::Error> {
        let environment = match &script.environment_key {
            Some(key) => store::environments::get(connection, &script.id, key)?,
            None => None,
        };
        let newest_build = store::runs::newest_build(connection, &script.id)?;
        let image = match &script.image {
            Some(name) => store::images::get(connection, name)?,
            None => None,
        };
        let recent = store::runs::newest(connection, &script.id, RunKind::Script, RECENT)?;
        Ok(Self {
            script,
            environment,
            newest_build,
            image_digest: image.and_then(|image| image.digest),
            recent,
        })
    }

    pub fn environment_status(&self, api: &Api) -> EnvironmentStatus {
        let engine = api.runs.engine();
        let live = self.environment.as_ref();
        let packages = api.settings.in_force().packages;
        let asked = policy::effective(&self.script.requirements, &packages.default_requirements);
        let image = match &self.script.image {
            Some(_) => self.image_digest.as_deref(),
            None => engine.image_id(),
        };
        let status = status::status(&asked, live, self.newest_build.as_ref(), image);
        EnvironmentStatus {
            state: status.state,
            lock_hash: live.map(|environment| environment.lock_hash.clone()),
            build_run_id: status.build.map(|id| id.to_string()),
            packages: live.map_or(0, |environment| environment.packages.len()),
            message: status.message,
        }
    }

    fn show(self, api: &Api) -> ScriptView {
        let environment = self.environment_status(api);
        let shower = Shower::new(api, [(self.script.id.clone(), self.script.name.clone())].into());
        let recent_outcomes = self.recent.iter().map(recent_outcome).collect();
        let last_run = self.recent.into_iter().next().map(|run| shower.show(run));
        let script = self.script;
        ScriptView {
            id: script.id.to_string(),
            name: script.name,
            slug: script.slug,
            description: script.description,
            tags: script.tags,
            entry_point: script.entry_point,
            paused: script.paused,
            effective_limits: script.limits.over(&api.settings.in_force().default_limits),
            image: script.image,
            overlap: script.overlap,
            parallel_limit: script.parallel_limit,
            retention: script.retention,
            limits: script.limits,
            revision: script.revision,
            environment,
            last_run,
            recent_outcomes,
            created_at: script.created_at,
            updated_at: script.updated_at,
        }
    }
}

fn recent_outcome(run: &Run) -> RecentOutcome {
    let duration = run
        .started_at
        .zip(run.finished_at)
        .map(|(from, to)| to.duration_since(from));
    RecentOutcome {
        run_id: run.id.to_string(),
        state: run.state.name(),
        kind: run.outcome().map(|outcome| outcome.kind().to_owned()),
        finished_at: run.finished_at,
        duration_ms: duration.and_then(|duration| i64::try_from(duration.as_millis()).ok()),
    }
}

async fn show(api: &Api, script: Script) -> Result<Json<ScriptView>, ApiError> {
    let whole = api.store.read(move |c| Whole::read(c, script)).await?;
    Ok(Json(whole.show(api)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ScriptsQuery {
    /// Part of name, description or a tag.
    q: Option<String>,
    /// Tags, separated by commas; scripts that have all of them.
    tag: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// Scripts by name, with the state of their environment and their recent outcomes.
#[utoipa::path(get, path = "/scripts", tag = "scripts", operation_id = "listScripts", params(ScriptsQuery),
    responses((status = 200, body = Page<ScriptView>), (status = 400, body = ErrorBody)))]
pub async fn list(
    State(api): State<Api>,
    Query(query): Query<ScriptsQuery>,
) -> Result<Json<Page<ScriptView>>, ApiError> {
    let limit = page::limit(query.limit)?;
    let tags = query.tag.as_deref().unwrap_or("").split(',');
    let filter = store::scripts::Filter {
        text: query
            .q
            .as_deref()
            .map(str::trim)
            .filter(|q| !q.is_empty())
            .map(str::to_owned),
        tags: tags
            .map(str::trim)
            .filter(|tag| !tag.is_empty())
            .map(str::to_owned)
            .collect(),
        after: page::after(query.cursor.as_deref())?,
        limit: limit + 1,
    };
    let rows = api
        .store
        .read(move |c| {
            let scripts = store::scripts::list(c, &filter)?;
            scripts
                .into_iter()
                .map(|script| Whole::read(c, script))
                .collect::<Result<Vec<_>, _>>()
        })
        .await?;
    Ok(Json(Page::cut(
        rows,
        limit,
        |whole| whole.script.name.clone(),
        |whole| whole.show(&api),
    )))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewScript {
    /// Unique among the scripts that are not in the trash.
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    tags: Vec<String>,
}

/// Creates a script with a small program to start from.
#[utoipa::path(post, path = "/scripts", tag = "scripts", operation_id = "createScript", request_body = NewScript,
    responses((status = 201, body = ScriptView), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub async fn create(
    State(api): State<Api>,
    Json(new): Json<NewScript>,
) -> Result<(StatusCode, Json<ScriptView>), ApiError> {
    let new = New {
        name: new.name,
        description: new.description,
        tags: new.tags,
    };
    let script = api.scripts.create(new).await?;
    Ok((StatusCode::CREATED, show(&api, script).await?))
}

/// One script.
#[utoipa::path(get, path = "/scripts/{id}", tag = "scripts", operation_id = "getScript",
    params(("id" = String, Path)),
    responses((status = 200, body = ScriptView), (status = 404, body = ErrorBody)))]
pub async fn get(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<ScriptView>, ApiError> {
    let script = api.scripts.get(&ScriptId::parse(&id)).await?;
    show(&api, script).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptPatch {
    name: Option<String>,
    description: Option<String>,
    tags: Option<Vec<String>>,
    /// A `.py` file in the script's folder.
    entry_point: Option<String>,
    /// A paused script is not run by its schedules.
    paused: Option<bool>,
    /// Replaces all of the script's wishes; an absent field means the default.
    limits: Option<LimitsPatch>,
    /// Name of a runner image of the settings; `null`: the instance's own.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    image: Option<Option<String>>,
    /// What a new run does about unfinished ones.
    overlap: Option<Overlap>,
    /// With `allow`: how many may be active at once; `null` takes the bound away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    parallel_limit: Option<Option<u32>>,
    /// How long its runs are kept, as a whole; an absent field means what the settings say, 0 no bound.
    retention: Option<RetentionWish>,
}

/// Changes what is given; the rest stays.
#[utoipa::path(patch, path = "/scripts/{id}", tag = "scripts", operation_id = "updateScript",
    params(("id" = String, Path)), request_body = ScriptPatch,
    responses((status = 200, body = ScriptView), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub async fn update(
    State(api): State<Api>,
    Path(id): Path<String>,
    Json(patch): Json<ScriptPatch>,
) -> Result<Json<ScriptView>, ApiError> {
    if let Some(limits) = &patch.limits {
        api.runs.check_enforceable(limits).map_err(out_of_bounds)?;
    }
    let other_retention = patch.retention.is_some();
    let patch = Patch {
        name: patch.name,
        description: patch.description,
        tags: patch.tags,
        entry_point: patch.entry_point,
        paused: patch.paused,
        limits: patch.limits,
        image: patch.image,
        overlap: patch.overlap,
        parallel_limit: patch.parallel_limit,
        retention: patch.retention,
    };
    let id = ScriptId::parse(&id);
    // What is due until now belongs to the time before.
    if patch.paused.is_some() {
        api.scheduler.settle(Some(&id)).await?;
    }
    let script = api.scripts.update(&id, patch).await?;
    if other_retention {
        api.runs.look_at_retention();
    }
    show(&api, script).await
}

/// Moves a script to the trash. Nothing of it is deleted, and its name is free.
#[utoipa::path(delete, path = "/scripts/{id}", tag = "scripts", operation_id = "deleteScript",
    params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn delete(State(api): State<Api>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    let id = ScriptId::parse(&id);
    api.scheduler.settle(Some(&id)).await?;
    api.scripts.delete(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a script out of the trash.
#[utoipa::path(post, path = "/scripts/{id}/restore", tag = "scripts", operation_id = "restoreScript",
    params(("id" = String, Path)),
    responses((status = 200, body = ScriptView), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn restore(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<ScriptView>, ApiError> {
    let id = ScriptId::parse(&id);
    // Nothing that fell into its time in the trash is due.
    api.scheduler.begin_anew(&id).await?;
    let script = api.scripts.restore(&id).await?;
    show(&api, script).await
}
