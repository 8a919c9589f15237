//! A script as it is shown, put together of what a few statements read for all that are shown at a time.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::Connection;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::error::ApiError;
use crate::api::extract::Json;
use crate::api::runs::{RunView, Shower};
use crate::envs::{policy, status};
use crate::model::environment::EnvironmentState;
use crate::model::ids::{ScheduleId, ScriptId};
use crate::model::limits::{Limits, LimitsPatch};
use crate::model::retention::RetentionWish;
use crate::model::run::{Overlap, Run, RunState};
use crate::model::schedule::Schedule;
use crate::model::script::Script;
use crate::scheduler::next::{Next, next};
use crate::store::environments::Live;
use crate::store::runs::{Brief, Newest};
use crate::store::{self, environments, images, runs, schedules};

/// How many outcomes the strip shows.
const RECENT: u32 = 20;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Script)]
pub struct ScriptView {
    pub id: String,
    pub name: String,
    /// The folder's name on the volume.
    pub slug: String,
    pub description: String,
    pub tags: Vec<String>,
    pub entry_point: String,
    pub paused: bool,
    /// What the script asks for; absent fields mean the default.
    pub limits: LimitsPatch,
    /// What its next run will get.
    pub effective_limits: Limits,
    /// Name of the runner image; `null`: the instance's own.
    pub image: Option<String>,
    /// What a new run does about unfinished ones, unless it says otherwise.
    pub overlap: Overlap,
    /// With `allow`: how many may be active at once; `null` is no bound.
    pub parallel_limit: Option<u32>,
    /// How long its runs are kept; `null` is what the settings say, 0 no bound.
    pub retention: RetentionWish,
    pub revision: i64,
    pub environment: EnvironmentStatus,
    pub last_run: Option<RunView>,
    /// Newest first.
    pub recent_outcomes: Vec<RecentOutcome>,
    /// When it is next due by itself; `null` while it rests.
    pub next_fire: Option<NextFire>,
    /// How many it has, enabled or not.
    pub schedules: usize,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// When it went to the trash, if it is there.
    pub deleted_at: Option<Timestamp>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct NextFire {
    pub at: Timestamp,
    pub schedule_id: ScheduleId,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct EnvironmentStatus {
    pub state: EnvironmentState,
    /// Of the environment that runs use.
    pub lock_hash: Option<String>,
    /// The build under way, or the one that failed.
    pub build_run_id: Option<String>,
    /// How many packages are installed.
    pub packages: usize,
    pub message: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RecentOutcome {
    pub run_id: String,
    pub state: RunState,
    /// Kind of the outcome, once there is one.
    pub kind: Option<String>,
    pub finished_at: Option<Timestamp>,
    pub duration_ms: Option<i64>,
}

/// A script with all that is shown of it.
pub struct Whole {
    pub script: Script,
    live: Option<Live>,
    newest_build: Option<Run>,
    /// Content id of the image that the script names.
    image_digest: Option<String>,
    last_run: Option<Run>,
    recent: Vec<Brief>,
    schedules: Vec<Schedule>,
}

impl Whole {
    pub fn read(connection: &Connection, script: Script) -> Result<Self, store::Error> {
        let mut all = Self::read_all(connection, vec![script])?;
        Ok(all.remove(0))
    }

    /// In the same order; as many statements for many scripts as for one.
    pub fn read_all(connection: &Connection, scripts: Vec<Script>) -> Result<Vec<Self>, store::Error> {
        let ids: Vec<ScriptId> = scripts.iter().map(|script| script.id.clone()).collect();
        let mut live = environments::live_of(connection, &ids)?;
        let mut builds = runs::newest_one_of_each(connection, &ids, Newest::Build)?;
        let mut last = runs::newest_one_of_each(connection, &ids, Newest::Run)?;
        let mut recent = runs::newest_of_each(connection, &ids, RECENT)?;
        let mut schedules: HashMap<ScriptId, Vec<Schedule>> = HashMap::new();
        for schedule in schedules::of_scripts(connection, &ids)? {
            schedules
                .entry(schedule.script_id.clone())
                .or_default()
                .push(schedule);
        }
        let digests: HashMap<String, Option<String>> = if scripts.iter().any(|script| script.image.is_some())
        {
            let all = images::list(connection)?;
            all.into_iter().map(|image| (image.name, image.digest)).collect()
        } else {
            HashMap::new()
        };
        let whole = |script: Script| Self {
            live: live.remove(&script.id),
            newest_build: builds.remove(&script.id),
            image_digest: script.image.as_ref().and_then(|name| digests.get(name)?.clone()),
            last_run: last.remove(&script.id),
            recent: recent.remove(&script.id).unwrap_or_default(),
            schedules: schedules.remove(&script.id).unwrap_or_default(),
            script,
        };
        Ok(scripts.into_iter().map(whole).collect())
    }

    pub fn environment_status(&self, api: &Api) -> EnvironmentStatus {
        let engine = api.runs.engine();
        let live = self.live.as_ref();
        let packages = api.settings.in_force().packages;
        let asked = policy::effective(&self.script.requirements, &packages.default_requirements);
        let image = match &self.script.image {
            Some(_) => self.image_digest.as_deref(),
            None => engine.image_id(),
        };
        let built = live.map(|live| status::Built {
            requirements: &live.requirements,
            image_digest: &live.image_digest,
            damage: live.damage.as_deref(),
        });
        let status = status::status(&asked, built, self.newest_build.as_ref(), image);
        EnvironmentStatus {
            state: status.state,
            lock_hash: live.map(|live| live.lock_hash.clone()),
            build_run_id: status.build.map(|id| id.to_string()),
            packages: live.map_or(0, |live| live.packages),
            message: status.message,
        }
    }

    pub fn next_fire(&self, api: &Api) -> Option<Next> {
        let rests = self.script.paused
            || self.script.deleted_at.is_some()
            || api.settings.in_force().schedules_paused;
        if rests {
            None
        } else {
            next(&self.schedules, api.clock.now())
        }
    }

    pub fn show(self, api: &Api) -> ScriptView {
        let environment = self.environment_status(api);
        let next_fire = self.next_fire(api).map(|next| NextFire {
            at: next.at,
            schedule_id: next.schedule_id,
        });
        let shower = Shower::new(api, [(self.script.id.clone(), self.script.name.clone())].into());
        let script = self.script;
        ScriptView {
            id: script.id.to_string(),
            name: script.name,
            slug: script.slug,
            description: script.description,
            tags: script.tags,
            entry_point: script.entry_point,
            paused: script.paused,
            effective_limits: script.limits.over(&api.settings.in_force().default_limits),
            image: script.image,
            overlap: script.overlap,
            parallel_limit: script.parallel_limit,
            retention: script.retention,
            limits: script.limits,
            revision: script.revision,
            environment,
            last_run: self.last_run.map(|run| shower.show(run)),
            recent_outcomes: self.recent.into_iter().map(recent_outcome).collect(),
            next_fire,
            schedules: self.schedules.len(),
            created_at: script.created_at,
            updated_at: script.updated_at,
            deleted_at: script.deleted_at,
        }
    }
}

fn recent_outcome(run: Brief) -> RecentOutcome {
    let duration = run
        .started_at
        .zip(run.finished_at)
        .map(|(from, to)| to.duration_since(from));
    RecentOutcome {
        run_id: run.id.to_string(),
        state: run.state,
        kind: run.outcome,
        finished_at: run.finished_at,
        duration_ms: duration.and_then(|duration| i64::try_from(duration.as_millis()).ok()),
    }
}

pub async fn show(api: &Api, script: Script) -> Result<Json<ScriptView>, ApiError> {
    let whole = api.store.read(move |c| Whole::read(c, script)).await?;
    Ok(Json(whole.show(api)))
}
