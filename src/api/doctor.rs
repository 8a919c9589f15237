//! `/doctor`: what may be wrong with the installation, and what mends it.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::extract::Json;
use crate::doctor::{Check, Progress, View};

/// The last examination, and the one that is under way.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Examination)]
pub struct DoctorView {
    /// `null` until the first one after the start is over.
    pub ran_at: Option<Timestamp>,
    pub took_ms: Option<u64>,
    pub checks: Vec<Check>,
    /// `null` while nothing is examined.
    pub running: Option<Progress>,
}

impl From<View> for DoctorView {
    fn from(view: View) -> Self {
        let (ran_at, took_ms, checks) = match view.report {
            Some(report) => (Some(report.ran_at), Some(report.took_ms), report.checks),
            None => (None, None, Vec::new()),
        };
        Self {
            ran_at,
            took_ms,
            checks,
            running: view.running,
        }
    }
}

/// The last examination. One is made after every start.
#[utoipa::path(get, path = "/doctor", tag = "system", operation_id = "getDoctor",
    responses((status = 200, body = DoctorView)))]
pub async fn get(State(api): State<Api>) -> Json<DoctorView> {
    Json(api.doctor.view().into())
}

/// Begins a fresh examination, unless one is under way; `running` tells how far it is. It takes some seconds, and starts
/// two containers.
#[utoipa::path(post, path = "/doctor", tag = "system", operation_id = "examine",
    responses((status = 202, body = DoctorView)))]
pub async fn examine(State(api): State<Api>) -> (StatusCode, Json<DoctorView>) {
    api.doctor.examine();
    (StatusCode::ACCEPTED, Json(api.doctor.view().into()))
}
