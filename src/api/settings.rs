//! `/settings`: what holds for all scripts and runs unless they say otherwise.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{ApiError, ErrorBody, out_of_bounds};
use super::extract::Json;
use super::{Api, cleanup};
use crate::cleanup::Cleanup;
use crate::model::indexes::IndexView;
use crate::model::settings::{InForce, Settings, SettingsPatch};

#[derive(Debug, Serialize, ToSchema)]
pub struct SettingsView {
    /// What holds now.
    pub in_force: InForce,
    /// What holds where nothing is set.
    pub defaults: InForce,
    /// What somebody has set; `null` and absent limits are at their default.
    pub set: Settings,
    /// In the order in which they are asked, and who signs in there. Empty: PyPI alone.
    pub indexes: Vec<IndexView>,
}

async fn show(api: &Api, set: Settings) -> Result<Json<SettingsView>, ApiError> {
    Ok(Json(SettingsView {
        in_force: api.settings.in_force(),
        defaults: api.settings.built_in().clone(),
        set,
        indexes: api.settings.indexes().await?,
    }))
}

/// Settings with their defaults.
#[utoipa::path(get, path = "/settings", tag = "system", operation_id = "getSettings",
    responses((status = 200, body = SettingsView)))]
pub async fn get(State(api): State<Api>) -> Result<Json<SettingsView>, ApiError> {
    let set = api.settings.set().await?;
    show(&api, set).await
}

/// Changes what is given. `null` goes back to the default; `default_limits` are replaced as a whole. Runs that were
/// submitted before keep the limits they have. Passwords of indexes are written and never answered.
#[utoipa::path(patch, path = "/settings", tag = "system", operation_id = "updateSettings", request_body = SettingsPatch,
    responses((status = 200, body = SettingsView), (status = 422, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub async fn update(
    State(api): State<Api>,
    Json(patch): Json<SettingsPatch>,
) -> Result<Json<SettingsView>, ApiError> {
    if let Some(limits) = &patch.default_limits {
        api.runs.check_enforceable(limits).map_err(out_of_bounds)?;
    }
    if let Some(cleanup) = &patch.cleanup {
        Cleanup::check(cleanup).map_err(cleanup::unusable)?;
    }
    if patch.schedules_paused.is_some() {
        api.scheduler.settle(None).await?;
    }
    let set = api.settings.change(patch).await?;
    show(&api, set).await
}
