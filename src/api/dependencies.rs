//! `/scripts/{id}/dependencies`: what a script asks for, what is locked and installed, and building it.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Path, Query};
use super::runs::{RunView, show_one, trigger};
use super::scripts::{EnvironmentStatus, Whole};
use crate::envs::{build, lock, policy, requirements};
use crate::files::on_disk;
use crate::files::{self, Owner, RelPath};
use crate::model::build::{BuildAction, LockChanges, Upgrade};
use crate::model::environment::Environment;
use crate::model::ids::ScriptId;
use crate::model::run::Run;
use crate::model::script::{InlineState, Script};
use crate::runs::Wish;
use crate::scripts::{Inline, Requirements, Use};
use crate::store;

#[derive(Debug, Serialize, ToSchema)]
pub struct Dependencies {
    /// PEP 508, one package each.
    pub requirements: Vec<String>,
    /// What it gets besides, from the settings: the defaults whose package it does not name itself.
    pub default_requirements: Vec<String>,
    /// Names of packages that are built from their source, which runs their code.
    pub build_from_source: Vec<String>,
    pub environment: EnvironmentStatus,
    /// By name: everything that is asked for or installed.
    pub packages: Vec<PackageView>,
    /// The lock of the environment that runs use, with hashes.
    pub lock: Option<String>,
    pub check: Option<CheckView>,
    /// The one that runs use and those that can be gone back to; which was in use last comes first.
    pub environments: Vec<EnvironmentView>,
    /// The metadata block of the entry file (PEP 723); `null` if it has none.
    pub inline: Option<InlineView>,
}

#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Package)]
pub struct PackageView {
    pub name: String,
    /// The requirement, if the script or the settings ask for this package itself.
    pub asked: Option<String>,
    /// Whether that requirement is a default of the settings.
    pub default: bool,
    pub locked: Option<String>,
    pub installed: Option<String>,
    /// The newest release that the policy lets through, as the last check found.
    pub newest: Option<String>,
    /// Whether it is asked for itself, as the lock has it.
    pub direct: bool,
    /// Packages of the lock that need it.
    pub required_by: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Inline)]
pub struct InlineView {
    /// How the block stands to the list; `conflict` waits for somebody to resolve it.
    pub state: InlineState,
    /// What the block asks for; empty if it cannot be read.
    pub in_file: Vec<String>,
    pub in_list: Vec<String>,
    /// Why it cannot be read.
    pub message: Option<String>,
    /// Where in the entry file; from 0.
    pub line: Option<usize>,
    pub column: Option<usize>,
}

impl InlineView {
    fn new(inline: Inline, list: &[String]) -> Self {
        let unreadable = inline.unreadable.as_ref();
        Self {
            state: inline.state,
            in_list: list.to_vec(),
            message: unreadable.map(|unreadable| unreadable.message.clone()),
            line: unreadable.map(|unreadable| unreadable.line),
            column: unreadable.map(|unreadable| unreadable.column),
            in_file: inline.in_file,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Environment)]
pub struct EnvironmentView {
    pub key: String,
    pub lock_hash: String,
    pub created_at: Timestamp,
    /// When runs last began to use it.
    pub live_at: Option<Timestamp>,
    pub live: bool,
    /// How many packages are installed.
    pub packages: usize,
    pub requirements: Vec<String>,
    /// What going back to it would change.
    pub changes: LockChanges,
    /// What was found to be wrong with its files.
    pub damage: Option<String>,
}

impl EnvironmentView {
    fn new(environment: Environment, live: Option<&Environment>) -> Self {
        let now = live.map_or(&[][..], |live| &live.packages);
        Self {
            live: live.is_some_and(|live| live.key == environment.key),
            packages: environment.packages.len(),
            changes: lock::changes(now, &environment.packages),
            key: environment.key,
            lock_hash: environment.lock_hash,
            created_at: environment.created_at,
            live_at: environment.live_at,
            requirements: environment.requirements,
            damage: environment.damage,
        }
    }
}

/// What the last check found; a new environment does not change it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckView {
    pub run_id: String,
    pub finished_at: Option<Timestamp>,
    /// Whether it was made against the environment that runs use now.
    pub current: bool,
    pub changes: LockChanges,
}

async fn show(api: &Api, script: Script) -> Result<Json<Dependencies>, ApiError> {
    let inline = api.scripts.inline(&script).await?;
    let inline = inline.map(|inline| InlineView::new(inline, &script.requirements));
    let (whole, checked, environments) = api
        .store
        .read(move |c| {
            let checked = store::runs::newest_check(c, &script.id)?;
            let environments = store::environments::of_script(c, &script.id)?;
            Ok::<_, store::Error>((Whole::read(c, script)?, checked, environments))
        })
        .await?;
    let environment = whole.environment_status(api);
    let lock = match &whole.environment {
        Some(live) => read_lock(api, &whole.script.slug, &live.key).await?,
        None => None,
    };
    let mut packages: BTreeMap<String, PackageView> = BTreeMap::new();
    let named = |name: &str| PackageView {
        name: name.to_owned(),
        ..PackageView::default()
    };
    let settings = api.settings.in_force().packages;
    let defaults = policy::defaults_for(&whole.script.requirements, &settings.default_requirements);
    for (asked, default) in [(&whole.script.requirements, false), (&defaults, true)] {
        for asked in asked {
            if let Some(name) = requirements::package_name(asked) {
                let package = packages.entry(name.clone()).or_insert_with(|| named(&name));
                package.asked = Some(asked.clone());
                package.default = default;
            }
        }
    }
    for locked in lock::locked(lock.as_deref().unwrap_or("")) {
        let package = packages
            .entry(locked.name.clone())
            .or_insert_with(|| named(&locked.name));
        package.locked = Some(locked.version);
        package.direct = locked.direct;
        package.required_by = locked.required_by;
    }
    for package in whole.environment.iter().flat_map(|live| &live.packages) {
        let installed = Some(package.version.clone());
        packages
            .entry(package.name.clone())
            .or_insert_with(|| named(&package.name))
            .installed = installed;
    }
    let found = |run: &Run| run.build.as_ref().and_then(|build| build.found.clone());
    for newest in checked.iter().filter_map(found).flat_map(|found| found.newest) {
        if let Some(package) = packages.get_mut(&newest.name) {
            package.newest = Some(newest.version);
        }
    }
    let check = checked.and_then(|run| check_view(run, whole.script.environment_key.as_deref()));
    let live = whole.environment.as_ref();
    // What was never live is on its way to be, or to be removed.
    let usable = environments
        .into_iter()
        .filter(|environment| environment.live_at.is_some());
    let environments = usable.map(|environment| EnvironmentView::new(environment, live));
    Ok(Json(Dependencies {
        environments: environments.collect(),
        inline,
        requirements: whole.script.requirements,
        default_requirements: defaults,
        build_from_source: whole.script.build_from_source,
        environment,
        packages: packages.into_values().collect(),
        lock,
        check,
    }))
}

fn check_view(run: Run, live: Option<&str>) -> Option<CheckView> {
    let build = run.build?;
    Some(CheckView {
        run_id: run.id.to_string(),
        finished_at: run.finished_at,
        current: build.from.as_deref() == live,
        changes: build.found?.changes,
    })
}

/// The lock is a file beside the environment; without it there is still the list of what is installed.
async fn read_lock(api: &Api, slug: &str, key: &str) -> Result<Option<String>, ApiError> {
    let (data, folder) = (api.data.clone(), files::layout::env(slug, key));
    let read = on_disk(move || {
        data.folder(&folder, Owner::Controller)?
            .read(&RelPath::parse(build::LOCK)?, build::LARGEST_LOCK)
    });
    match read.await {
        Ok(contents) => Ok(String::from_utf8(contents.bytes).ok()),
        Err(e) if e.kind() == files::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e.into()),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DependenciesQuery {
    /// Looks whether the files of the environment are as they were made.
    #[serde(default)]
    verify: bool,
}

/// What the script asks for and what it has.
#[utoipa::path(get, path = "/scripts/{id}/dependencies", tag = "dependencies", operation_id = "getDependencies",
    params(("id" = String, Path), DependenciesQuery),
    responses((status = 200, body = Dependencies), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn get(
    State(api): State<Api>,
    Path(id): Path<String>,
    Query(query): Query<DependenciesQuery>,
) -> Result<Json<Dependencies>, ApiError> {
    let script = api.scripts.get(&ScriptId::parse(&id)).await?;
    if query.verify {
        api.runs.check_environment(&script.id).await?;
    }
    show(&api, script).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollbackRequest {
    /// Of one of `environments`.
    key: String,
}

/// Goes back to an earlier environment at once, if its files are whole. What the script asks for stays as it is, so it may
/// need an install afterwards.
#[utoipa::path(post, path = "/scripts/{id}/dependencies/rollback", tag = "dependencies",
    operation_id = "rollbackDependencies", params(("id" = String, Path)), request_body = RollbackRequest,
    responses((status = 200, body = Dependencies), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn rollback(
    State(api): State<Api>,
    Path(id): Path<String>,
    Json(request): Json<RollbackRequest>,
) -> Result<Json<Dependencies>, ApiError> {
    let id = ScriptId::parse(&id);
    api.runs.roll_back(&id, &request.key).await?;
    let script = api.scripts.get(&id).await?;
    show(&api, script).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequirementsRequest {
    /// PEP 508, one package each; empty lines and `#` comments are dropped.
    requirements: Vec<String>,
    /// Names of packages that are built from their source, which runs their code; all others are installed from wheels
    /// only. Absent: as before.
    build_from_source: Option<Vec<String>>,
}

/// Which of the two counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Winner {
    File,
    List,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveRequest {
    #[serde(rename = "use")]
    winner: Winner,
}

/// Makes list and metadata block the same: the list becomes what the file says, or the block of the file is rewritten,
/// which is a revision.
#[utoipa::path(post, path = "/scripts/{id}/dependencies/resolve", tag = "dependencies",
    operation_id = "resolveDependencies", params(("id" = String, Path)), request_body = ResolveRequest,
    responses((status = 200, body = Dependencies), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 412, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub async fn resolve(
    State(api): State<Api>,
    Path(id): Path<String>,
    Json(request): Json<ResolveRequest>,
) -> Result<Json<Dependencies>, ApiError> {
    let winner = match request.winner {
        Winner::File => Use::File,
        Winner::List => Use::List,
    };
    let script = api.scripts.resolve(&ScriptId::parse(&id), winner).await?;
    show(&api, script).await
}

/// Replaces what the script asks for, also in the metadata block of its entry file, unless that was changed and not
/// taken over. Nothing is installed yet.
#[utoipa::path(put, path = "/scripts/{id}/dependencies", tag = "dependencies", operation_id = "setDependencies",
    params(("id" = String, Path)), request_body = RequirementsRequest,
    responses((status = 200, body = Dependencies), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub async fn put(
    State(api): State<Api>,
    Path(id): Path<String>,
    Json(request): Json<RequirementsRequest>,
) -> Result<Json<Dependencies>, ApiError> {
    let wish = Requirements {
        lines: request.requirements,
        build_from_source: request.build_from_source,
    };
    let script = api.scripts.set_requirements(&ScriptId::parse(&id), &wish).await?;
    show(&api, script).await
}

#[derive(Debug, Serialize, ToSchema)]
pub struct InstallAnswer {
    /// The build; its log is live like any run's.
    pub run: RunView,
}

/// Records the build and answers it.
async fn start(
    api: &Api,
    script: &str,
    wish: Wish,
    headers: &HeaderMap,
) -> Result<(StatusCode, Json<InstallAnswer>), ApiError> {
    let run = api
        .runs
        .build(&ScriptId::parse(script), wish, trigger(headers))
        .await?;
    let run = show_one(api, run).await?;
    Ok((StatusCode::ACCEPTED, Json(InstallAnswer { run })))
}

/// Builds the environment in the background. Packages that fit stay at the version they have. Runs keep using the
/// environment they have until the new one is whole.
#[utoipa::path(post, path = "/scripts/{id}/dependencies/install", tag = "dependencies",
    operation_id = "installDependencies", params(("id" = String, Path)),
    responses((status = 202, body = InstallAnswer), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn install(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<InstallAnswer>), ApiError> {
    start(&api, &id, Wish::default(), &headers).await
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateRequest {
    /// Names of packages that move to the newest version that fits; none means all.
    packages: Vec<String>,
}

impl UpdateRequest {
    fn upgrade(self) -> Upgrade {
        if self.packages.is_empty() {
            Upgrade::Everything
        } else {
            Upgrade::Packages(self.packages)
        }
    }
}

/// Installs with some or all packages at the newest version that fits; the others stay where they are.
#[utoipa::path(post, path = "/scripts/{id}/dependencies/update", tag = "dependencies",
    operation_id = "updateDependencies", params(("id" = String, Path)), request_body = UpdateRequest,
    responses((status = 202, body = InstallAnswer), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub async fn update(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(request): Json<UpdateRequest>,
) -> Result<(StatusCode, Json<InstallAnswer>), ApiError> {
    let wish = Wish {
        action: BuildAction::Update,
        upgrade: request.upgrade(),
    };
    start(&api, &id, wish, &headers).await
}

/// Builds the environment there is once more, from its lock, in a new folder: one that was damaged is replaced.
#[utoipa::path(post, path = "/scripts/{id}/dependencies/rebuild", tag = "dependencies",
    operation_id = "rebuildDependencies", params(("id" = String, Path)),
    responses((status = 202, body = InstallAnswer), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn rebuild(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<InstallAnswer>), ApiError> {
    let wish = Wish {
        action: BuildAction::Rebuild,
        upgrade: Upgrade::Nothing,
    };
    start(&api, &id, wish, &headers).await
}

/// What a check may be about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckedAction {
    /// What is asked for now.
    Install,
    /// The newest versions that fit.
    #[default]
    Update,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CheckRequest {
    /// Of which it is to be found out what it would change; default: `update`.
    action: CheckedAction,
    /// For `update`: names of packages; none means all.
    packages: Vec<String>,
}

/// Finds out what an install or an update would change against the environment that runs use, and the newest version
/// of each package; installs nothing. The answer is in the finished run's `build.found`, and here as `check`.
#[utoipa::path(post, path = "/scripts/{id}/dependencies/check", tag = "dependencies",
    operation_id = "checkDependencies", params(("id" = String, Path)), request_body = CheckRequest,
    responses((status = 202, body = InstallAnswer), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub async fn check(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(request): Json<CheckRequest>,
) -> Result<(StatusCode, Json<InstallAnswer>), ApiError> {
    let update = UpdateRequest {
        packages: request.packages,
    };
    let wish = Wish {
        action: BuildAction::Check,
        upgrade: match request.action {
            CheckedAction::Install => Upgrade::Nothing,
            CheckedAction::Update => update.upgrade(),
        },
    };
    start(&api, &id, wish, &headers).await
}
