//! `/calendar`: what ran and what will run, by the day. What is frequent is a band with a count and not one entry each.

use std::collections::{BTreeMap, HashMap};

use axum::extract::State;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Query};
use super::schedules::description;
use crate::model::ids::ScriptId;
use crate::model::run::{RunState, Trigger};
use crate::model::schedule::When;
use crate::scheduler::fires::Mark;
use crate::scheduler::notes::changes;
use crate::scheduler::timetable::Timetable;
use crate::scheduler::zone;
use crate::store::{self, calendar, schedules};

const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 62);
/// The load by hour is told for so long a time.
const BY_HOUR: SignedDuration = SignedDuration::from_hours(24 * 8);
/// More on one day than this are a band.
const FREQUENT: u64 = 12;
const MOST_ITEMS: usize = 5_000;
const DAY: i64 = 86_400;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CalendarQuery {
    from: Timestamp,
    /// At most 62 days later.
    to: Timestamp,
    /// Id of a script.
    script: Option<String>,
    /// The zone whose days count; UTC if left out.
    zone: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Calendar {
    pub from: Timestamp,
    pub to: Timestamp,
    pub items: Vec<Item>,
    /// Per hour from `from` on, if the time is no longer than eight days.
    pub by_hour: Vec<Hour>,
    /// When clocks are changed in the zones of these schedules.
    pub changes: Vec<ClockChange>,
    /// There is more than is told.
    pub truncated: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendarItem)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Item {
    /// One that was fired or started.
    Run {
        run_id: String,
        schedule_id: Option<String>,
        script_id: String,
        script_name: String,
        /// The moment of the fire, or of the start.
        at: Timestamp,
        started_at: Option<Timestamp>,
        finished_at: Option<Timestamp>,
        state: RunState,
        outcome_kind: Option<String>,
        /// Why it was skipped.
        reason: Option<String>,
        trigger: Trigger,
    },
    Upcoming {
        schedule_id: String,
        script_id: String,
        script_name: String,
        name: String,
        at: Timestamp,
        mark: Mark,
    },
    /// Many of one schedule on one day, past or to come.
    Band {
        schedule_id: Option<String>,
        script_id: String,
        script_name: String,
        name: String,
        from: Timestamp,
        to: Timestamp,
        count: u64,
        description: String,
        past: Option<Past>,
    },
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Past {
    pub succeeded: u64,
    pub failed: u64,
    pub skipped: u64,
    /// Cancelled, or not finished.
    pub other: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendarHour)]
pub struct Hour {
    pub at: Timestamp,
    pub past: u64,
    pub upcoming: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ClockChange {
    pub zone: String,
    pub at: Timestamp,
    pub note: String,
}

/// What ran and what will run between two instants.
#[utoipa::path(get, path = "/calendar", tag = "schedules", operation_id = "getCalendar", params(CalendarQuery),
    responses((status = 200, body = Calendar), (status = 422, body = ErrorBody)))]
pub async fn get(
    State(api): State<Api>,
    Query(query): Query<CalendarQuery>,
) -> Result<Json<Calendar>, ApiError> {
    let length = query.to.duration_since(query.from);
    if length <= SignedDuration::ZERO || length > LONGEST {
        return Err(ApiError::invalid(
            "to",
            "The end lies after the beginning, and at most 62 days",
        ));
    }
    let days = match &query.zone {
        Some(name) => zone::named(name).map_err(|e| ApiError::invalid("zone", e.to_string()))?,
        None => TimeZone::UTC,
    };
    let window = calendar::Window {
        from: query.from,
        to: query.to,
        script: query.script.as_deref().map(ScriptId::parse),
    };
    // One shift for all days: at a change of the clocks a band may be cut an hour off, which nobody sees.
    let shift = i64::from(days.to_offset(query.from).seconds());
    let with_hours = length <= BY_HOUR;
    let read = window.clone();
    let read = api
        .store
        .read(move |c| Read::new(c, &read, shift, with_hours))
        .await?;
    let mut drawing = Drawing {
        now: api.clock.now(),
        all_paused: api.settings.in_force().schedules_paused,
        shift,
        hours: BTreeMap::new(),
        items: read.items,
        window,
        with_hours,
        changes: Vec::new(),
    };
    for (hour, count) in read.hours {
        drawing.hours.entry(hour).or_default().0 += count;
    }
    for found in &read.schedules {
        drawing.draw(found);
    }
    Ok(Json(drawing.finish()))
}

/// What the database knows.
struct Read {
    schedules: Vec<schedules::WithScript>,
    items: Vec<Item>,
    hours: Vec<(usize, u64)>,
}

impl Read {
    fn new(
        c: &rusqlite::Connection,
        window: &calendar::Window,
        shift: i64,
        with_hours: bool,
    ) -> Result<Self, store::Error> {
        let schedules = schedules::list(
            c,
            &schedules::Filter {
                script: window.script.clone(),
                ..schedules::Filter::default()
            },
        )?;
        let known: HashMap<&str, &schedules::WithScript> = schedules
            .iter()
            .map(|found| (found.schedule.id.as_str(), found))
            .collect();
        let mut names: HashMap<ScriptId, String> = HashMap::new();
        let mut items = Vec::new();
        for day in calendar::days(c, window, shift)? {
            if !names.contains_key(&day.script_id) {
                let name = store::scripts::name(c, &day.script_id)?.unwrap_or_default();
                names.insert(day.script_id.clone(), name);
            }
            let script_name = names[&day.script_id].clone();
            if day.count > FREQUENT {
                let schedule = day.schedule_id.as_deref().and_then(|id| known.get(id));
                items.push(past_band(day, script_name, schedule.copied()));
                continue;
            }
            for entry in calendar::entries(c, &day)? {
                items.push(run(entry, script_name.clone()));
            }
            if items.len() > MOST_ITEMS {
                break;
            }
        }
        let hours = if with_hours {
            calendar::hours(c, window)?
        } else {
            Vec::new()
        };
        Ok(Self {
            schedules,
            items,
            hours,
        })
    }
}

fn run(entry: calendar::Entry, script_name: String) -> Item {
    let schedule_id = match &entry.trigger {
        Trigger::Schedule { schedule_id, .. } => Some(schedule_id.to_string()),
        _ => None,
    };
    Item::Run {
        run_id: entry.run_id.to_string(),
        schedule_id,
        script_id: entry.script_id.to_string(),
        script_name,
        at: entry.at,
        started_at: entry.started_at,
        finished_at: entry.finished_at,
        state: entry.state,
        outcome_kind: entry.outcome,
        reason: entry.reason,
        trigger: entry.trigger,
    }
}

fn past_band(day: calendar::Day, script_name: String, schedule: Option<&schedules::WithScript>) -> Item {
    let timetable = schedule.and_then(|found| Timetable::of(&found.schedule.terms.when).ok());
    Item::Band {
        script_id: day.script_id.to_string(),
        script_name,
        name: schedule
            .map(|found| found.schedule.terms.name.clone())
            .unwrap_or_default(),
        from: day.first,
        to: day.last,
        count: day.count,
        description: match (&day.schedule_id, &timetable) {
            (None, _) => "Started by hand or over the API".to_owned(),
            (Some(_), None) => "A schedule of before".to_owned(),
            (Some(_), timetable) => description(timetable.as_ref()),
        },
        schedule_id: day.schedule_id,
        past: Some(Past {
            succeeded: day.succeeded,
            failed: day.failed,
            skipped: day.skipped,
            other: day.count - day.succeeded - day.failed - day.skipped,
        }),
    }
}

/// A calendar that comes into being, schedule by schedule.
struct Drawing {
    now: Timestamp,
    all_paused: bool,
    window: calendar::Window,
    shift: i64,
    with_hours: bool,
    items: Vec<Item>,
    /// Past and to come, by the hour.
    hours: BTreeMap<usize, (u64, u64)>,
    changes: Vec<ClockChange>,
}

impl Drawing {
    fn draw(&mut self, found: &schedules::WithScript) {
        let schedule = &found.schedule;
        let Ok(timetable) = Timetable::of(&schedule.terms.when) else {
            return;
        };
        if let (When::Cron { zone, .. }, Timetable::Cron { zone: clock, .. }) =
            (&schedule.terms.when, &timetable)
            && !self.changes.iter().any(|change| change.zone == *zone)
        {
            let told = changes(clock, self.window.from, self.window.to);
            self.changes
                .extend(told.into_iter().map(|(at, note)| ClockChange {
                    zone: zone.clone(),
                    at,
                    note,
                }));
        }
        if !schedule.terms.enabled || found.script_paused || self.all_paused {
            return;
        }
        let begin = schedule.cursor.max(self.now).max(self.window.from);
        // Fires are whole seconds: what comes after the last second of a day is the next one's.
        let (mut day, mut after) = (begin, begin);
        while day < self.window.to && self.items.len() <= MOST_ITEMS {
            let end = self.end_of_day(day).min(self.window.to);
            let last = second_before(end);
            self.draw_day(found, &timetable, after, last);
            (day, after) = (end, last);
        }
        if self.with_hours {
            self.count_hours(&timetable, begin);
        }
    }

    fn end_of_day(&self, at: Timestamp) -> Timestamp {
        let second = at.as_second() + self.shift;
        zone::timestamp((second.div_euclid(DAY) + 1) * DAY - self.shift)
    }

    /// Fires after `from`, and not after `to`.
    fn draw_day(
        &mut self,
        found: &schedules::WithScript,
        timetable: &Timetable,
        from: Timestamp,
        to: Timestamp,
    ) {
        let schedule = &found.schedule;
        let fires = timetable.fires(from, to, usize::try_from(FREQUENT).unwrap_or(0) + 1);
        if fires.list.len() as u64 <= FREQUENT {
            self.items
                .extend(fires.list.into_iter().map(|fire| Item::Upcoming {
                    schedule_id: schedule.id.to_string(),
                    script_id: schedule.script_id.to_string(),
                    script_name: found.script_name.clone(),
                    name: schedule.terms.name.clone(),
                    at: fire.at,
                    mark: fire.mark,
                }));
            return;
        }
        self.items.push(Item::Band {
            schedule_id: Some(schedule.id.to_string()),
            script_id: schedule.script_id.to_string(),
            script_name: found.script_name.clone(),
            name: schedule.terms.name.clone(),
            from: fires.list[0].at,
            to,
            count: fires.list.len() as u64 + fires.more,
            description: description(Some(timetable)),
            past: None,
        });
    }

    fn count_hours(&mut self, timetable: &Timetable, begin: Timestamp) {
        let hour_of = |at: Timestamp| at.duration_since(self.window.from).as_secs() / 3600;
        for hour in hour_of(begin)..=hour_of(self.window.to) {
            let at = zone::timestamp(self.window.from.as_second() + hour * 3600);
            let end = zone::timestamp(at.as_second() + 3600).min(self.window.to);
            let count = timetable.count(second_before(at).max(begin), second_before(end));
            if count > 0
                && let Ok(hour) = usize::try_from(hour)
            {
                self.hours.entry(hour).or_default().1 += count;
            }
        }
    }

    fn finish(mut self) -> Calendar {
        let truncated = self.items.len() > MOST_ITEMS;
        self.items.truncate(MOST_ITEMS);
        let hour = |(hour, (past, upcoming)): (usize, (u64, u64))| Hour {
            at: zone::timestamp(self.window.from.as_second() + hour as i64 * 3600),
            past,
            upcoming,
        };
        Calendar {
            from: self.window.from,
            to: self.window.to,
            by_hour: self.hours.into_iter().map(hour).collect(),
            items: self.items,
            changes: self.changes,
            truncated,
        }
    }
}

fn second_before(at: Timestamp) -> Timestamp {
    zone::timestamp(at.as_second() - 1)
}
