//! `/dashboard`: what the first page shows, in one answer.

use std::collections::BTreeMap;

use axum::extract::State;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::error::ApiError;
use super::extract::Json;
use super::runs::{RunView, Shower, names_of};
use crate::model::run::{Run, RunKind, RunState};
use crate::store;

const RECENT: u32 = 12;
const DAYS: i64 = 30;
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

#[derive(Debug, Serialize, ToSchema)]
pub struct Dashboard {
    pub scripts: u64,
    pub running: usize,
    pub queued: usize,
    /// Of the script runs that finished in the last seven days.
    pub succeeded_7d: u64,
    pub finished_7d: u64,
    pub running_runs: Vec<RunView>,
    pub recent_runs: Vec<RunView>,
    /// The last thirty days, oldest first; days without runs are left out.
    pub outcomes_by_day: Vec<DayOutcomes>,
}

#[derive(Debug, Default, Serialize, ToSchema)]
pub struct DayOutcomes {
    /// A UTC date.
    pub day: String,
    pub succeeded: u64,
    pub failed: u64,
    /// Cancelled and skipped.
    pub other: u64,
}

struct Read {
    scripts: u64,
    unfinished: Vec<Run>,
    recent: Vec<Run>,
    per_day: Vec<(Timestamp, String, u64)>,
    /// Succeeded, and all.
    last_week: (u64, u64),
    names: std::collections::HashMap<crate::model::ids::ScriptId, String>,
}

/// Numbers, what runs now and what ended lately.
#[utoipa::path(get, path = "/dashboard", tag = "system", operation_id = "getDashboard",
    responses((status = 200, body = Dashboard)))]
pub async fn get(State(api): State<Api>) -> Result<Json<Dashboard>, ApiError> {
    let now = api.clock.now();
    let since = now
        .saturating_sub(SignedDuration::from_hours(DAYS * 24))
        .unwrap_or(Timestamp::UNIX_EPOCH);
    let week_ago = now.saturating_sub(WEEK).unwrap_or(Timestamp::UNIX_EPOCH);
    let read = api
        .store
        .read(move |c| {
            let unfinished = store::runs::unfinished(c)?;
            let filter = store::runs::Filter {
                kind: Some(RunKind::Script),
                state: Some(RunState::Finished),
                limit: RECENT,
                ..Default::default()
            };
            let recent = store::runs::list(c, &filter)?;
            let names = names_of(c, unfinished.iter().chain(&recent))?;
            Ok::<_, store::Error>(Read {
                scripts: store::scripts::count(c)?,
                unfinished,
                recent,
                per_day: store::runs::finished_per_day(c, since)?,
                last_week: store::runs::succeeded_since(c, week_ago)?,
                names,
            })
        })
        .await?;

    let (succeeded_7d, finished_7d) = read.last_week;
    let (active, queued): (Vec<Run>, Vec<Run>) = read.unfinished.into_iter().partition(Run::is_active);
    let shower = Shower::new(&api, read.names);
    Ok(Json(Dashboard {
        scripts: read.scripts,
        running: active.len(),
        queued: queued.len(),
        succeeded_7d,
        finished_7d,
        outcomes_by_day: by_day(&read.per_day),
        running_runs: active.into_iter().map(|run| shower.show(run)).collect(),
        recent_runs: read.recent.into_iter().map(|run| shower.show(run)).collect(),
    }))
}

fn by_day(finished: &[(Timestamp, String, u64)]) -> Vec<DayOutcomes> {
    let mut days: BTreeMap<String, DayOutcomes> = BTreeMap::new();
    for (at, outcome, count) in finished {
        let day = at.to_zoned(TimeZone::UTC).date().to_string();
        let counts = days.entry(day.clone()).or_insert_with(|| DayOutcomes {
            day,
            ..DayOutcomes::default()
        });
        match outcome.as_str() {
            "succeeded" => counts.succeeded += count,
            "cancelled" | "skipped" => counts.other += count,
            _ => counts.failed += count,
        }
    }
    days.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_counted_by_utc_day() {
        let at = |text: &str| text.parse().expect("a time");
        let finished = [
            (at("2026-11-01T23:59:59Z"), "succeeded".to_owned(), 1),
            (at("2026-11-02T00:00:00Z"), "lost".to_owned(), 1),
            (at("2026-11-02T01:00:00+02:00"), "cancelled".to_owned(), 1),
        ];
        let days = by_day(&finished);
        let counts: Vec<_> = days
            .iter()
            .map(|d| (d.day.as_str(), d.succeeded, d.failed, d.other))
            .collect();
        assert_eq!(counts, [("2026-11-01", 1, 0, 1), ("2026-11-02", 0, 1, 0)]);
    }
}
