//! `/metrics`: for Prometheus. What can be looked at is looked at now.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::Api;
use super::error::ApiError;
use crate::files::{layout, on_disk};
use crate::metrics::Snapshot;
use crate::store;

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub async fn get(State(api): State<Api>) -> Result<impl IntoResponse, ApiError> {
    let (queued, active) = api.store.read(store::runs::count_unfinished).await?;
    let data = api.data.clone();
    let (space, database_bytes, database_log_bytes) = on_disk(move || {
        let database = data.path().join(layout::DATABASE);
        let mut log = database.clone().into_os_string();
        log.push("-wal");
        let size = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |found| found.len());
        data.space()
            .map(|space| (space, size(&database), size(log.as_ref())))
    })
    .await?;
    let settings = api.settings.in_force();
    let text = api.metrics.render(&Snapshot {
        queued,
        active,
        allowed: settings.max_runs,
        schedules_paused: settings.schedules_paused,
        engine_ready: api.runs.engine().is_ready(),
        database_bytes,
        database_log_bytes,
        disk_free_bytes: space.free_bytes,
        disk_total_bytes: space.total_bytes,
        disk_floor_bytes: settings.min_free_bytes,
    });
    Ok(([(header::CONTENT_TYPE, TEXT)], text))
}
