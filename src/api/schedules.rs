//! `/schedules`: when scripts run by themselves.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Path, Query};
use super::page;
use super::runs::{RunView, show_one, trigger};
use crate::model::ids::{ScheduleId, ScriptId};
use crate::model::outcome::OVERLAPPED;
use crate::model::patch::given;
use crate::model::run::{Overlap, RunState};
use crate::model::schedule::{Missed, Retry, Schedule, Terms, When};
use crate::runs::Submission;
use crate::scheduler::fires::Mark;
use crate::scheduler::remark::{self, Fired};
use crate::scheduler::timetable::Timetable;
use crate::scheduler::words::describe;
use crate::store::{self, schedules};

/// Fires to come that are shown of each.
const NEXT: usize = 3;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Schedule)]
pub struct ScheduleView {
    pub id: ScheduleId,
    pub script_id: String,
    pub script_name: String,
    pub version: i64,
    #[serde(flatten)]
    pub terms: Terms,
    /// When it fires, in words.
    pub description: String,
    pub script_paused: bool,
    /// It was to fire once, and has.
    pub done: bool,
    /// The next fires; none while it, its script or everything is paused.
    pub next: Vec<FireView>,
    /// What became of the latest one.
    pub last: Option<LastFire>,
    /// Something about its latest fires that somebody should know.
    pub remark: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Fire)]
pub struct FireView {
    pub at: Timestamp,
    pub mark: Mark,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LastFire {
    pub run_id: String,
    pub slot: Timestamp,
    pub state: RunState,
    pub outcome_kind: Option<String>,
    /// Why it was skipped.
    pub reason: Option<String>,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ScheduleList {
    pub items: Vec<ScheduleView>,
    pub next_cursor: Option<String>,
    /// Whether all schedules are paused.
    pub paused: bool,
}

struct Row {
    found: schedules::WithScript,
    fires: Vec<schedules::FireRow>,
}

fn row(connection: &rusqlite::Connection, found: schedules::WithScript) -> Result<Row, store::Error> {
    let fires = schedules::latest_fires(connection, &found.schedule.id, remark::LOOKED_AT)?;
    Ok(Row { found, fires })
}

fn view(api: &Api, row: Row) -> ScheduleView {
    let Row { found, fires } = row;
    let (schedule, now) = (found.schedule, api.clock.now());
    let timetable = Timetable::of(&schedule.terms.when).ok();
    let rests = !schedule.terms.enabled || found.script_paused || api.settings.in_force().schedules_paused;
    let next = timetable
        .as_ref()
        .filter(|_| !rests)
        .map_or_else(Vec::new, |timetable| {
            let after = schedule.cursor.max(now);
            timetable.first(after, crate::model::schedule::END, NEXT)
        });
    let seen: Vec<Fired> = fires
        .iter()
        .filter(|fire| fire.state != RunState::Queued)
        .map(|fire| Fired {
            slot: fire.slot,
            started_at: fire.started_at,
            overlapped: fire
                .reason
                .as_ref()
                .is_some_and(|reason| reason.ends_with(OVERLAPPED)),
        })
        .collect();
    ScheduleView {
        description: description(timetable.as_ref()),
        done: schedule.is_done(),
        script_paused: found.script_paused,
        next: next
            .into_iter()
            .map(|fire| FireView {
                at: fire.at,
                mark: fire.mark,
            })
            .collect(),
        last: fires.into_iter().next().map(|fire| LastFire {
            run_id: fire.run_id.to_string(),
            slot: fire.slot,
            state: fire.state,
            outcome_kind: fire.outcome,
            reason: fire.reason,
            started_at: fire.started_at,
            finished_at: fire.finished_at,
        }),
        remark: remark::remark(&seen),
        script_id: schedule.script_id.to_string(),
        script_name: found.script_name,
        id: schedule.id,
        version: schedule.version,
        terms: schedule.terms,
        created_at: schedule.created_at,
        updated_at: schedule.updated_at,
    }
}

pub(super) fn description(timetable: Option<&Timetable>) -> String {
    match timetable {
        Some(Timetable::Cron { expression, .. }) => describe(expression.fields()),
        Some(Timetable::Once { .. }) => "Once".to_owned(),
        None => "Cannot be read".to_owned(),
    }
}

pub(super) async fn show(api: &Api, schedule: Schedule) -> Result<ScheduleView, ApiError> {
    let row = api
        .store
        .read(move |c| {
            let script = store::scripts::get(c, &schedule.script_id)?;
            let found = schedules::WithScript {
                script_name: script
                    .as_ref()
                    .map(|script| script.name.clone())
                    .unwrap_or_default(),
                script_paused: script.is_some_and(|script| script.paused),
                schedule,
            };
            row(c, found)
        })
        .await?;
    Ok(view(api, row))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SchedulesQuery {
    /// Id of a script.
    script: Option<String>,
    /// Part of the name of schedule or script.
    q: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

async fn page_of(api: &Api, mut filter: schedules::Filter, limit: u32) -> Result<ScheduleList, ApiError> {
    filter.limit = Some(limit + 1);
    let rows = api
        .store
        .read(move |c| {
            let found = schedules::list(c, &filter)?;
            found
                .into_iter()
                .map(|found| row(c, found))
                .collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let page = page::Page::cut(
        rows,
        limit,
        |row| row.found.schedule.id.to_string(),
        |row| view(api, row),
    );
    Ok(ScheduleList {
        items: page.items,
        next_cursor: page.next_cursor,
        paused: api.settings.in_force().schedules_paused,
    })
}

/// All schedules, oldest first.
#[utoipa::path(get, path = "/schedules", tag = "schedules", operation_id = "listSchedules", params(SchedulesQuery),
    responses((status = 200, body = ScheduleList), (status = 400, body = ErrorBody)))]
pub async fn list(
    State(api): State<Api>,
    Query(query): Query<SchedulesQuery>,
) -> Result<Json<ScheduleList>, ApiError> {
    let text = query.q.map(|q| q.trim().to_owned()).filter(|q| !q.is_empty());
    let filter = schedules::Filter {
        script: query.script.as_deref().map(ScriptId::parse),
        text,
        after: page::after(query.cursor.as_deref())?,
        ..schedules::Filter::default()
    };
    Ok(Json(page_of(&api, filter, page::limit(query.limit)?).await?))
}

/// The schedules of a script.
#[utoipa::path(get, path = "/scripts/{id}/schedules", tag = "schedules", operation_id = "listScriptSchedules",
    params(("id" = String, Path)),
    responses((status = 200, body = ScheduleList), (status = 404, body = ErrorBody)))]
pub async fn of_script(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<ScheduleList>, ApiError> {
    let script = api.scripts.get(&ScriptId::parse(&id)).await?;
    let filter = schedules::Filter {
        script: Some(script.id),
        ..schedules::Filter::default()
    };
    Ok(Json(page_of(&api, filter, 100).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSchedule {
    when: When,
    #[serde(default)]
    name: String,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// What a fire does about unfinished runs of the script. Left out: it is skipped; `null`: what the script says.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Overlap>)]
    overlap: Option<Option<Overlap>>,
    missed: Option<Missed>,
    start_deadline_seconds: Option<u64>,
    jitter_seconds: Option<u64>,
    retry: Option<Retry>,
    enabled: Option<bool>,
}

impl NewSchedule {
    fn terms(self) -> Terms {
        let standard = Terms::of(self.when);
        Terms {
            name: self.name.trim().to_owned(),
            args: self.args,
            env: self.env,
            overlap: self.overlap.unwrap_or(Some(Overlap::Skip)),
            missed: self.missed.unwrap_or(standard.missed),
            start_deadline_seconds: self
                .start_deadline_seconds
                .unwrap_or(standard.start_deadline_seconds),
            jitter_seconds: self.jitter_seconds.unwrap_or(standard.jitter_seconds),
            retry: self.retry.unwrap_or_else(|| standard.retry.clone()),
            enabled: self.enabled.unwrap_or(standard.enabled),
            ..standard
        }
    }
}

/// Adds a schedule. Nothing of the time before is due by it.
#[utoipa::path(post, path = "/scripts/{id}/schedules", tag = "schedules", operation_id = "createSchedule",
    params(("id" = String, Path)), request_body = NewSchedule,
    responses((status = 201, body = ScheduleView), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub async fn create(
    State(api): State<Api>,
    Path(id): Path<String>,
    Json(new): Json<NewSchedule>,
) -> Result<(StatusCode, Json<ScheduleView>), ApiError> {
    let schedule = api.scheduler.create(&ScriptId::parse(&id), new.terms()).await?;
    Ok((StatusCode::CREATED, Json(show(&api, schedule).await?)))
}

/// One schedule.
#[utoipa::path(get, path = "/schedules/{id}", tag = "schedules", operation_id = "getSchedule",
    params(("id" = String, Path)),
    responses((status = 200, body = ScheduleView), (status = 404, body = ErrorBody)))]
pub async fn get(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<ScheduleView>, ApiError> {
    let schedule = api.scheduler.get(&ScheduleId::parse(&id)).await?;
    Ok(Json(show(&api, schedule).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SchedulePatch {
    when: Option<When>,
    name: Option<String>,
    args: Option<Vec<String>>,
    env: Option<BTreeMap<String, String>>,
    /// `null`: what the script says.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Overlap>)]
    overlap: Option<Option<Overlap>>,
    missed: Option<Missed>,
    start_deadline_seconds: Option<u64>,
    jitter_seconds: Option<u64>,
    retry: Option<Retry>,
    enabled: Option<bool>,
}

impl SchedulePatch {
    fn over(self, terms: &mut Terms) {
        fn put<T>(place: &mut T, wish: Option<T>) {
            if let Some(wish) = wish {
                *place = wish;
            }
        }
        put(&mut terms.when, self.when);
        put(&mut terms.name, self.name.map(|name| name.trim().to_owned()));
        put(&mut terms.args, self.args);
        put(&mut terms.env, self.env);
        put(&mut terms.overlap, self.overlap);
        put(&mut terms.missed, self.missed);
        put(&mut terms.start_deadline_seconds, self.start_deadline_seconds);
        put(&mut terms.jitter_seconds, self.jitter_seconds);
        put(&mut terms.retry, self.retry);
        put(&mut terms.enabled, self.enabled);
    }
}

/// Changes what is given; the rest stays. What was due until now is dealt with under the old terms, and nothing of the
/// time before under the new ones.
#[utoipa::path(patch, path = "/schedules/{id}", tag = "schedules", operation_id = "updateSchedule",
    params(("id" = String, Path)), request_body = SchedulePatch,
    responses((status = 200, body = ScheduleView), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub async fn update(
    State(api): State<Api>,
    Path(id): Path<String>,
    Json(patch): Json<SchedulePatch>,
) -> Result<Json<ScheduleView>, ApiError> {
    let changed = api
        .scheduler
        .change(&ScheduleId::parse(&id), |terms| patch.over(terms))
        .await?;
    Ok(Json(show(&api, changed).await?))
}

/// Deletes a schedule. What it has fired stays in the history.
#[utoipa::path(delete, path = "/schedules/{id}", tag = "schedules", operation_id = "deleteSchedule",
    params(("id" = String, Path)), responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn delete(State(api): State<Api>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    api.scheduler.delete(&ScheduleId::parse(&id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Runs the script now, with the schedule's arguments and variables. Its timetable stays as it is.
#[utoipa::path(post, path = "/schedules/{id}/run", tag = "schedules", operation_id = "runSchedule",
    params(("id" = String, Path)),
    responses((status = 201, body = RunView), (status = 404, body = ErrorBody)))]
pub async fn run(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<RunView>), ApiError> {
    let schedule = api.scheduler.get(&ScheduleId::parse(&id)).await?;
    let submission = Submission {
        script: schedule.script_id,
        trigger: trigger(&headers),
        args: schedule.terms.args,
        env: schedule.terms.env,
        // Somebody wants it now, whatever the timetable would do.
        overlap: None,
        idempotency_key: None,
    };
    let run = api.runs.submit(submission).await?;
    Ok((StatusCode::CREATED, Json(show_one(&api, run).await?)))
}
