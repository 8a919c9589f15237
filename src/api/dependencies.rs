//! `/scripts/{id}/dependencies`: what a script asks for, what is locked and installed, and building it.

pub(super) mod module;
pub(super) mod preview;
mod view;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Path, Query};
use super::runs::{RunView, show_one, trigger};
use crate::envs::lookalike;
use crate::model::build::{BuildAction, Upgrade};
use crate::model::ids::ScriptId;
use crate::model::packages::{InUse, Lookalike};
use crate::runs::Wish;
use crate::scripts::{Requirements, Use};
use crate::store;
use view::{Dependencies, show};

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

/// The names among these requirements that are to be looked at twice.
async fn lookalikes(api: &Api, asked: &[String]) -> Result<Vec<Lookalike>, ApiError> {
    let packages = api.settings.in_force().packages;
    let in_use = if lookalike::depends_on_use(asked, &packages) {
        api.store.read(store::environments::in_use).await?
    } else {
        InUse::default()
    };
    Ok(lookalike::among(asked, &in_use, &packages))
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
