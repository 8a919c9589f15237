//! `/system` and `/healthz`: the instance as a whole.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::Api;
use super::error::ApiError;
use super::extract::Json;
use crate::access::Access;
use crate::doctor::{CheckState, Report};
use crate::files::on_disk;
use crate::model::limits::Limits;
use crate::runs::{EngineStatus, Runs, Storage};

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct System {
    pub version: String,
    pub instance: String,
    pub engine: EngineView,
    pub data_dir: String,
    pub free_bytes: u64,
    pub disk: DiskView,
    /// Most runs active at once.
    pub max_runs: u32,
    pub default_limits: Limits,
    pub runner_image: String,
    /// How the last examination came out; `null` until the first one is over.
    pub doctor: Option<DoctorSummary>,
    pub access: AccessView,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ExaminationSummary)]
pub struct DoctorSummary {
    pub ran_at: Timestamp,
    /// What does not work, and how: a line each.
    pub problems: Vec<String>,
    pub warnings: u32,
}

impl From<Report> for DoctorSummary {
    fn from(report: Report) -> Self {
        let problem = |check: &crate::doctor::Check| check.state == CheckState::Problem;
        Self {
            ran_at: report.ran_at,
            warnings: report.count(CheckState::Warning) as u32,
            problems: report
                .checks
                .into_iter()
                .filter(problem)
                .map(|check| format!("{}: {}", check.title, check.what))
                .collect(),
        }
    }
}

/// Who can reach this instance, and what is asked of them.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Access)]
pub struct AccessView {
    /// At which it is published.
    pub address: String,
    /// Other machines can reach it.
    pub wide: bool,
    /// Nobody may ask without a token.
    pub token_required: bool,
    /// How many access tokens there are.
    pub tokens: usize,
    /// What whoever runs this should know; `null` on loopback.
    pub warning: Option<String>,
}

/// The disk that the data lies on.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Disk)]
pub struct DiskView {
    pub free_bytes: u64,
    pub total_bytes: u64,
    /// With less free space no run is started.
    pub floor_bytes: u64,
    /// So little is free that runs wait.
    pub low: bool,
    /// Kept so that a full disk can be cleaned up; less than 64 MiB after it was needed, or on a small disk.
    pub reserve_bytes: u64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Engine)]
pub struct EngineView {
    pub state: EngineState,
    /// Why it is away or unfit.
    pub message: Option<String>,
    pub version: Option<String>,
    pub api_version: Option<String>,
    /// How folders reach the containers of runs.
    pub storage: Option<StorageMode>,
    /// Version of the control groups that hold the limits.
    pub cgroup: Option<u8>,
    /// Of the engine's machine: no limit may be beyond them.
    pub cpus: Option<u32>,
    pub memory_bytes: Option<u64>,
    /// Limits that were found not to be in force; runs are refused for them.
    pub unenforced: Vec<Unenforced>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Unenforced {
    pub limit: String,
    pub reason: String,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EngineState {
    Connecting,
    Ready,
    /// It does not answer.
    Away,
    /// It answers and cannot be used; `message` says why.
    Unfit,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StorageMode {
    Subpath,
    HostPath,
}

pub async fn show(api: &Api) -> Result<System, ApiError> {
    let data = api.data.clone();
    let installation = api.runs.installation();
    let settings = api.settings.in_force();
    let space = on_disk(move || data.space()).await?;
    let disk = api.runs.disk();
    Ok(System {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        instance: installation.instance.clone(),
        engine: engine(&api.runs),
        data_dir: api.data.path().display().to_string(),
        free_bytes: space.free_bytes,
        disk: DiskView {
            free_bytes: space.free_bytes,
            total_bytes: space.total_bytes,
            floor_bytes: disk.floor_bytes,
            low: disk.low,
            reserve_bytes: disk.reserve_bytes,
        },
        max_runs: settings.max_runs,
        default_limits: settings.default_limits,
        runner_image: installation.image.clone(),
        doctor: api.doctor.view().report.map(DoctorSummary::from),
        access: access(&api.access),
    })
}

fn access(access: &Access) -> AccessView {
    let exposure = access.exposure();
    let warning = || {
        format!(
            "Other machines can reach this instance (it is published at {}). Whoever has an access token that may change \
             things can run code on this machine; without HTTPS in front, tokens travel readable",
            exposure.address
        )
    };
    AccessView {
        address: exposure.address.to_string(),
        wide: exposure.is_wide(),
        token_required: access.is_required(),
        tokens: access.tokens().len(),
        warning: exposure.is_wide().then(warning),
    }
}

fn engine(runs: &Runs) -> EngineView {
    let mut view = EngineView {
        state: EngineState::Connecting,
        message: None,
        version: None,
        api_version: None,
        storage: None,
        cgroup: None,
        cpus: None,
        memory_bytes: None,
        unenforced: Vec::new(),
    };
    match runs.engine() {
        EngineStatus::Connecting => {}
        EngineStatus::Away(why) => {
            view.state = EngineState::Away;
            view.message = Some(why);
        }
        EngineStatus::Unfit(why) => {
            view.state = EngineState::Unfit;
            view.message = Some(why);
        }
        EngineStatus::Ready(found) => {
            view.state = EngineState::Ready;
            let found = found.capabilities;
            view.version = Some(found.engine_version);
            view.api_version = Some(found.api_version);
            view.cgroup = Some(found.cgroup_version);
            view.cpus = found.cpus;
            view.memory_bytes = found.memory_bytes;
            view.unenforced = found
                .unenforced
                .into_iter()
                .map(|broken| Unenforced {
                    limit: broken.limit.into_owned(),
                    reason: broken.reason,
                })
                .collect();
            view.storage = Some(match found.storage {
                Storage::Subpath => StorageMode::Subpath,
                Storage::HostPath => StorageMode::HostPath,
            });
        }
    }
    view
}

/// The instance and its engine.
#[utoipa::path(get, path = "/system", tag = "system", operation_id = "getSystem",
    responses((status = 200, body = System)))]
pub async fn get(State(api): State<Api>) -> Result<Json<System>, ApiError> {
    Ok(Json(show(&api).await?))
}

/// Whether this process serves: it answers, and its database can be read. Who asks restarts it when it does not.
pub async fn healthz(State(api): State<Api>) -> Result<Json<serde_json::Value>, ApiError> {
    api.store.read(|c| crate::store::meta::get(c, "instance")).await?;
    Ok(Json(json!({ "status": "ok" })))
}

/// Whether runs can be recorded and started: 503, with what is missing, while the database cannot be written or the
/// engine is not proved fit. Runs that are submitted meanwhile wait for the engine.
pub async fn readyz(State(api): State<Api>) -> Result<Json<serde_json::Value>, ApiError> {
    let now = api.clock.now().to_string();
    let written = api
        .store
        .write(move |tx| crate::store::meta::set(tx, "ready_at", &now))
        .await;
    let database: Result<(), crate::store::Error> = written;
    let engine = match api.runs.engine() {
        EngineStatus::Ready(_) => Ok(()),
        EngineStatus::Connecting => Err("it is being connected".to_owned()),
        EngineStatus::Away(why) | EngineStatus::Unfit(why) => Err(why),
    };
    let database = database.map_err(|e| e.to_string());
    let parts = json!({ "database": part(&database), "engine": part(&engine) });
    match (database, engine) {
        (Ok(()), Ok(())) => Ok(Json(
            json!({ "status": "ready", "database": "ok", "engine": "ok" }),
        )),
        (Err(why), _) => Err(ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "database_unwritable",
            format!("The database cannot be written ({why})"),
        )
        .with(parts)),
        (Ok(()), Err(why)) => Err(ApiError::engine_away(&why).with(parts)),
    }
}

fn part(state: &Result<(), String>) -> &str {
    match state {
        Ok(()) => "ok",
        Err(why) => why,
    }
}
