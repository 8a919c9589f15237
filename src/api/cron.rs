//! `/cron/preview`, `/zones`, `/schedules/simulate`: what would be due, by the code that decides what is.

use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::Json;
use super::schedules::description;
use crate::model::schedule::{END, Schedule, When};
use crate::scheduler::fires::Mark;
use crate::scheduler::notes::notes;
use crate::scheduler::plan::{Change, Entry, Script, SkipReason, Verdict, plan};
use crate::scheduler::timetable::Timetable;
use crate::scheduler::zone;
use crate::store::schedules;

const FIRES: usize = 5;
const MOST_FIRES: usize = 100;
/// What is simulated at most.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 32);

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    /// Five fields, six with seconds in front, or a nickname such as `@daily`.
    expression: String,
    /// IANA name of a zone.
    timezone: String,
    /// How many fires; 5 unless told otherwise, at most 100.
    count: Option<usize>,
    /// Fires after this instant; now, if left out.
    after: Option<Timestamp>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Preview {
    /// When it fires, in words.
    pub description: String,
    pub fires: Vec<Timestamp>,
    /// What a change of the clocks has to do with each of them.
    pub marks: Vec<Mark>,
    /// In words, for the changes that concern them.
    pub notes: Vec<String>,
}

/// What an expression means, and when it fires next.
#[utoipa::path(post, path = "/cron/preview", tag = "schedules", operation_id = "previewCron",
    request_body = PreviewRequest,
    responses((status = 200, body = Preview), (status = 422, body = ErrorBody)))]
pub async fn preview(
    State(api): State<Api>,
    Json(request): Json<PreviewRequest>,
) -> Result<Json<Preview>, ApiError> {
    let when = When::Cron {
        expression: request.expression,
        zone: request.timezone,
    };
    let timetable = Timetable::of(&when).map_err(crate::scheduler::Error::from)?;
    let after = request.after.unwrap_or_else(|| api.clock.now());
    let count = request.count.unwrap_or(FIRES);
    if !(1..=MOST_FIRES).contains(&count) {
        return Err(ApiError::invalid(
            "count",
            format!("Between 1 and {MOST_FIRES} fires can be asked for"),
        ));
    }
    let fires = timetable.fires(after, END, count).list;
    let notes = match &timetable {
        Timetable::Cron { zone, .. } => notes(zone, &fires),
        Timetable::Once { .. } => Vec::new(),
    };
    Ok(Json(Preview {
        description: description(Some(&timetable)),
        marks: fires.iter().map(|fire| fire.mark).collect(),
        fires: fires.into_iter().map(|fire| fire.at).collect(),
        notes,
    }))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Zones {
    pub items: Vec<String>,
}

/// The names of all zones.
#[utoipa::path(get, path = "/zones", tag = "schedules", operation_id = "listZones",
    responses((status = 200, body = Zones)))]
pub async fn zones() -> Json<Zones> {
    Json(Zones { items: zone::names() })
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Span {
    from: Timestamp,
    to: Timestamp,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SimulationRequest {
    from: Timestamp,
    /// At most 32 days later.
    to: Timestamp,
    /// A time in which nobody is there, as after a power failure.
    outage: Option<Span>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Simulation {
    pub schedules: Vec<Simulated>,
    /// Fires of all of them.
    pub total: u64,
    /// Per hour from `from` on.
    pub by_hour: Vec<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Simulated {
    pub schedule_id: String,
    pub script_name: String,
    pub name: String,
    pub description: String,
    pub fires: u64,
    /// Fires that would become runs.
    pub would_run: u64,
    pub skipped: Vec<Skipped>,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Skipped {
    pub reason: SkipReason,
    pub count: u64,
}

/// What all schedules that are on would fire between two instants, and what would be missed in an outage. Overlapping
/// runs are not simulated: nobody knows how long runs take.
#[utoipa::path(post, path = "/schedules/simulate", tag = "schedules", operation_id = "simulateSchedules",
    request_body = SimulationRequest,
    responses((status = 200, body = Simulation), (status = 422, body = ErrorBody)))]
pub async fn simulate(
    State(api): State<Api>,
    Json(request): Json<SimulationRequest>,
) -> Result<Json<Simulation>, ApiError> {
    let (from, to) = (request.from, request.to);
    let length = to.duration_since(from);
    if length <= SignedDuration::ZERO || length > LONGEST {
        return Err(ApiError::invalid(
            "to",
            "The end lies after the beginning, and at most 32 days",
        ));
    }
    if let Some(outage) = request.outage
        && !(from <= outage.from && outage.from < outage.to && outage.to <= to)
    {
        return Err(ApiError::invalid(
            "outage",
            "An outage begins before it ends, within the time that is simulated",
        ));
    }
    let found = api
        .store
        .read(|c| {
            schedules::list(
                c,
                &schedules::Filter {
                    enabled_only: true,
                    ..schedules::Filter::default()
                },
            )
        })
        .await?;
    let hours = usize::try_from(length.as_secs().div_euclid(3600) + 1).unwrap_or(1);
    let mut by_hour = vec![0; hours];
    let mut simulated = Vec::new();
    for found in found {
        let Ok(timetable) = Timetable::of(&found.schedule.terms.when) else {
            continue;
        };
        let one = simulate_one(&found, &timetable, &request, &mut by_hour);
        simulated.extend(one.filter(|one| one.fires > 0));
    }
    Ok(Json(Simulation {
        total: simulated.iter().map(|one| one.fires).sum(),
        schedules: simulated,
        by_hour,
    }))
}

/// The times in which somebody is there are walked fire by fire: each is on time. After an outage the plan decides about
/// everything that it covers.
fn simulate_one(
    found: &schedules::WithScript,
    timetable: &Timetable,
    request: &SimulationRequest,
    by_hour: &mut [u64],
) -> Option<Simulated> {
    let SimulationRequest { from, to, outage } = *request;
    let first = timetable.next(from)?.at;
    let fires = timetable.count(from, to);
    let hour = |at: Timestamp| usize::try_from(at.duration_since(from).as_secs() / 3600).ok();
    for (slot, begins) in by_hour.iter_mut().zip(0i64..) {
        let begin = from
            .saturating_add(SignedDuration::from_hours(begins))
            .unwrap_or(to);
        let end = begin.saturating_add(SignedDuration::from_hours(1)).unwrap_or(to);
        *slot += timetable.count(begin, end.min(to));
    }
    debug_assert!(hour(to).is_some_and(|hour| hour < by_hour.len()));
    let mut skipped: BTreeMap<String, (SkipReason, u64)> = BTreeMap::new();
    let mut skip = |reason: SkipReason, count: u64| {
        skipped.entry(reason.words().to_owned()).or_insert((reason, 0)).1 += count;
    };
    let mut would_run = fires;
    if found.script_paused {
        would_run = 0;
        skip(SkipReason::Paused, fires);
    } else if let Some(outage) = outage {
        let schedule = Schedule {
            cursor: outage.from,
            ..found.schedule.clone()
        };
        let entry = Entry {
            schedule: &schedule,
            timetable,
            script: Script::Active,
        };
        for step in plan(outage.to, &[entry]).steps {
            let Change::Cover {
                summary, decisions, ..
            } = step.change
            else {
                continue;
            };
            if let Some(summary) = summary {
                would_run -= summary.count;
                skip(summary.reason, summary.count);
            }
            for decision in decisions {
                if let Verdict::Skip(reason) = decision.verdict {
                    would_run -= 1;
                    skip(reason, 1);
                }
            }
        }
    }
    let last = timetable
        .fires(
            from,
            to,
            usize::try_from(fires).unwrap_or(usize::MAX).min(100_000),
        )
        .list
        .last()
        .map(|fire| fire.at);
    Some(Simulated {
        schedule_id: found.schedule.id.to_string(),
        script_name: found.script_name.clone(),
        name: found.schedule.terms.name.clone(),
        description: description(Some(timetable)),
        fires,
        would_run,
        skipped: skipped
            .into_values()
            .map(|(reason, count)| Skipped { reason, count })
            .collect(),
        first: (first <= to).then_some(first),
        last,
    })
}
