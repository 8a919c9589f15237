//! `/runs/{id}/stats`: CPU and memory of a run over its time, so far.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Path};
use super::runs::find;
use crate::files::{self, ErrorKind, on_disk};
use crate::model::run::Run;
use crate::stats::{self, Samples, StatsPoint};

/// More than a screen has pixels.
const MOST_POINTS: usize = 2_000;

#[derive(Debug, Serialize, ToSchema)]
pub struct Stats {
    /// Oldest first; a long run's are thinned out, peaks kept.
    pub samples: Vec<StatsPoint>,
    pub memory_limit_bytes: u64,
    pub cpus: f64,
}

/// What the run used, as its supervisor sampled it: every quarter of a second at first, more rarely the longer it goes.
#[utoipa::path(get, path = "/runs/{id}/stats", tag = "runs", operation_id = "getRunStats",
    params(("id" = String, Path)),
    responses((status = 200, body = Stats), (status = 404, body = ErrorBody)))]
pub async fn get(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<Stats>, ApiError> {
    let run = find(&api, &id).await?;
    let samples = match samples_of(&api, &run)? {
        Some(mut samples) => on_disk(move || samples.read_on()).await?,
        None => Vec::new(),
    };
    let thinned = stats::thin(samples, MOST_POINTS);
    Ok(Json(Stats {
        samples: thinned.into_iter().map(StatsPoint::from).collect(),
        memory_limit_bytes: run.limits.memory_bytes,
        cpus: run.limits.cpus,
    }))
}

/// `None` while there is no run directory.
pub fn samples_of(api: &Api, run: &Run) -> Result<Option<Samples>, files::Error> {
    match api.runs.folder(run) {
        Ok(folder) => Ok(Some(Samples::of(folder))),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}
