//! `/scripts/{id}/dependencies`: what a script asks for, what is locked and installed, and building it.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Path};
use super::runs::{RunView, show_one, trigger};
use super::scripts::{EnvironmentStatus, Whole};
use crate::envs::{build, lock, policy, requirements};
use crate::files::on_disk;
use crate::files::{self, Owner, RelPath};
use crate::model::ids::ScriptId;
use crate::model::script::Script;
use crate::scripts::Requirements;

#[derive(Debug, Serialize, ToSchema)]
pub struct Dependencies {
    /// PEP 508, one package each.
    pub requirements: Vec<String>,
    /// What it gets besides, from the settings: the defaults whose package it does not name itself.
    pub default_requirements: Vec<String>,
    /// Names of packages that may be built from source, which runs their code.
    pub build_from_source: Vec<String>,
    pub environment: EnvironmentStatus,
    /// By name: everything that is asked for or installed.
    pub packages: Vec<PackageView>,
    /// The lock of the environment that runs use, with hashes.
    pub lock: Option<String>,
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
}

async fn show(api: &Api, script: Script) -> Result<Json<Dependencies>, ApiError> {
    let whole = api.store.read(move |c| Whole::read(c, script)).await?;
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
    for package in lock::locked(lock.as_deref().unwrap_or("")) {
        packages
            .entry(package.name.clone())
            .or_insert_with(|| named(&package.name))
            .locked = Some(package.version);
    }
    for package in whole.environment.iter().flat_map(|live| &live.packages) {
        let installed = Some(package.version.clone());
        packages
            .entry(package.name.clone())
            .or_insert_with(|| named(&package.name))
            .installed = installed;
    }
    Ok(Json(Dependencies {
        requirements: whole.script.requirements,
        default_requirements: defaults,
        build_from_source: whole.script.build_from_source,
        environment,
        packages: packages.into_values().collect(),
        lock,
    }))
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

/// What the script asks for and what it has.
#[utoipa::path(get, path = "/scripts/{id}/dependencies", tag = "dependencies", operation_id = "getDependencies",
    params(("id" = String, Path)),
    responses((status = 200, body = Dependencies), (status = 404, body = ErrorBody)))]
pub async fn get(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<Dependencies>, ApiError> {
    let script = api.scripts.get(&ScriptId::parse(&id)).await?;
    show(&api, script).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequirementsRequest {
    /// PEP 508, one package each; empty lines and `#` comments are dropped.
    requirements: Vec<String>,
    /// Names of packages that may be built from source if need be: all others are installed from wheels only, which
    /// runs none of their code. Absent: as before.
    build_from_source: Option<Vec<String>>,
}

/// Replaces what the script asks for. Nothing is installed yet.
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

/// Builds the environment in the background. Runs keep using the one they have until the new one is whole.
#[utoipa::path(post, path = "/scripts/{id}/dependencies/install", tag = "dependencies",
    operation_id = "installDependencies", params(("id" = String, Path)),
    responses((status = 202, body = InstallAnswer), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn install(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<InstallAnswer>), ApiError> {
    let run = api.runs.install(&ScriptId::parse(&id), trigger(&headers)).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(InstallAnswer {
            run: show_one(&api, run).await?,
        }),
    ))
}
