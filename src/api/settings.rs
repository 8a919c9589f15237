//! `/settings`: what holds for all scripts and runs unless they say otherwise.

use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiError, ErrorBody, out_of_bounds};
use super::extract::{Json, Query};
use super::page::{self, Page};
use super::{Api, cleanup};
use crate::cleanup::Cleanup;
use crate::model::indexes::IndexView;
use crate::model::settings::{InForce, Settings, SettingsPatch};
use crate::store::settings_changes::Entry;

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
    /// Builds trust certificates beside those of their image: `PYTASK_EXTRA_CA` names them.
    pub extra_ca: bool,
    /// The latest change of each field, by field; all of them are at `/settings/changes`.
    pub changes: Vec<SettingsChange>,
}

/// One field of one change.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingsChange {
    pub at: Timestamp,
    /// Its path, such as `packages.cool_down_days`.
    pub field: String,
    /// As it was set; `null` is the default. Long values are cut, secrets never told.
    pub from: Value,
    pub to: Value,
}

impl From<Entry> for SettingsChange {
    fn from(entry: Entry) -> Self {
        Self {
            at: entry.at,
            field: entry.field,
            from: entry.from,
            to: entry.to,
        }
    }
}

async fn show(api: &Api, set: Settings) -> Result<Json<SettingsView>, ApiError> {
    Ok(Json(SettingsView {
        in_force: api.settings.in_force(),
        defaults: api.settings.built_in().clone(),
        set,
        indexes: api.settings.indexes().await?,
        extra_ca: api.runs.installation().extra_ca.is_some(),
        changes: api
            .settings
            .latest_changes()
            .await?
            .into_iter()
            .map(SettingsChange::from)
            .collect(),
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
    if let Some(backup) = &patch.backup {
        api.backups.check_settings(backup)?;
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

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ChangesQuery {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Default 50, at most 500.
    limit: Option<u32>,
}

/// What was changed in the settings, the newest first; the newest 1,000 are kept.
#[utoipa::path(get, path = "/settings/changes", tag = "system", operation_id = "listSettingsChanges",
    params(ChangesQuery), responses((status = 200, body = Page<SettingsChange>), (status = 400, body = ErrorBody)))]
pub async fn changes(
    State(api): State<Api>,
    Query(query): Query<ChangesQuery>,
) -> Result<Json<Page<SettingsChange>>, ApiError> {
    let limit = page::limit(query.limit)?;
    let before = page::before(query.cursor.as_deref())?;
    let rows = api.settings.changes(before, limit + 1).await?;
    Ok(Json(Page::cut(
        rows,
        limit,
        |entry| entry.id.to_string(),
        SettingsChange::from,
    )))
}
