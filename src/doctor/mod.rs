//! Examines the installation: what may be wrong with the machine, the engine and the data, and what mends it.
//!
//! Looks ([`probes`]) answer facts, pure judgements ([`judge_engine`], [`judge_home`]) make checks of them. The same
//! examination serves a running application, whose settings and proof of the engine it takes, and the verb `doctor`,
//! which works where none runs ([`Ground`]). The last report is kept in memory; one examination runs at a time.
//!
//! Changes nothing but what it made itself, and mends nothing. Knows no HTTP.

mod check;
mod facts;
mod index_probe;
mod judge_engine;
mod judge_home;
mod probes;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use check::{Check, CheckState, Mend, Report};

use crate::clock::Clock;
use crate::engine::{Description, Engine};
use crate::events::{Events, News};
use crate::files::{DataDir, on_disk};
use crate::keys::Keys;
use crate::metrics::Metrics;
use crate::model::indexes::{Index, Indexes};
use crate::model::settings::MIN_FREE_BYTES;
use crate::runs::{self, EngineStatus, Runs};
use crate::settings::Keeper;
use facts::{ClockFacts, EngineFacts, IndexesFact};

/// How long the first examination waits for the engine to be proved.
const SETTLE: Duration = Duration::from_secs(60);

/// What examines is made of.
pub struct Parts {
    pub engine: Arc<dyn Engine>,
    /// Of the engine, as it is configured.
    pub engine_address: String,
    pub instance: String,
    pub runner_image: String,
    pub tools_image: String,
    pub data: DataDir,
    pub clock: Clock,
    pub listen: SocketAddr,
    /// Whoever comes from beyond this machine has to show a token.
    pub guarded: bool,
    pub key: Key,
    pub extra_ca: Option<Arc<Vec<u8>>>,
    pub ground: Ground,
}

/// Where the key of secrets is: on the volume, or where somebody has put it.
pub enum Key {
    OnVolume(PathBuf),
    Given(PathBuf),
}

/// What else is known.
pub enum Ground {
    /// An application is running.
    Running(Box<Running>),
    /// Nothing is; the configuration is all there is.
    Alone { main_index: Option<Index> },
}

pub struct Running {
    pub runs: Runs,
    pub settings: Keeper,
    pub keys: Keys,
    pub events: Events,
    pub metrics: Metrics,
}

/// How far an examination is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ExaminationProgress)]
pub struct Progress {
    pub began_at: Timestamp,
    /// Steps that are done, and all of them.
    pub done: u32,
    pub of: u32,
    /// What is looked at now.
    pub now: String,
}

/// The last report, and the examination that is under way.
#[derive(Debug, Clone, Default)]
pub struct View {
    pub report: Option<Report>,
    pub running: Option<Progress>,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Doctor(Arc<Inner>);

struct Inner {
    parts: Parts,
    view: Mutex<View>,
    alone: tokio::sync::Mutex<()>,
}

/// Whether the engine is proved anew.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// What was proved lately is good enough.
    AsItIs,
    Anew,
}

const STEPS: [&str; 5] = [
    "the engine, in a test container",
    "the package index, from a container like a build's",
    "the disk",
    "the database",
    "everything else",
];

impl Doctor {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            parts,
            view: Mutex::default(),
            alone: tokio::sync::Mutex::default(),
        }))
    }

    pub fn view(&self) -> View {
        self.lock().clone()
    }

    /// The examination after a start, in the background, once it is known how the engine is.
    pub fn begin(&self) {
        let this = self.clone();
        tokio::spawn(async move {
            if let Ground::Running(running) = &this.0.parts.ground {
                let mut status = running.runs.engine_changes();
                let known = status.wait_for(|status| *status != EngineStatus::Connecting);
                // Where it takes longer, that is what is found.
                let _ = tokio::time::timeout(SETTLE, known).await;
            }
            this.run(Proof::AsItIs).await;
        });
    }

    /// Begins a fresh examination unless one is under way.
    pub fn examine(&self) {
        if self.lock().running.is_some() {
            return;
        }
        self.say(0);
        let this = self.clone();
        tokio::spawn(async move { this.run(Proof::Anew).await });
    }

    /// A fresh examination from beginning to end, for who waits for it.
    pub async fn examined(&self) -> Report {
        self.run(Proof::Anew).await
    }

    async fn run(&self, proof: Proof) -> Report {
        let _one_at_a_time = self.0.alone.lock().await;
        let parts = &self.0.parts;
        let (ran_at, began) = (parts.clock.now(), Instant::now());

        self.say(0);
        let (engine, clock) = parts.engine(proof).await;
        let mut checks = judge_engine::engine(&engine);

        self.say(1);
        let indexes = parts.ask_indexes(&engine.status).await;
        checks.push(judge_home::indexes(&indexes));
        checks.extend(judge_home::clock(&parts.clocks(clock, &indexes)));

        self.say(2);
        let (data, floor) = (parts.data.clone(), parts.floor());
        let disk = on_disk(move || Ok::<_, ()>(probes::disk(&data, floor))).await;
        checks.extend(disk.iter().map(judge_home::disk));

        self.say(3);
        let data = parts.data.clone();
        let database = on_disk(move || Ok::<_, ()>(probes::database(&data))).await;
        checks.extend(database.iter().map(judge_home::database));

        self.say(4);
        let unreadable = parts.unreadable().await;
        checks.push(judge_home::key(&probes::key(&parts.key, unreadable)));
        let published = engine.description.and_then(|said| said.published);
        checks.push(judge_home::reach(&probes::reach(parts, published)));
        checks.extend(judge_home::backups(&probes::backups(&parts.data, ran_at)));

        let report = Report {
            ran_at,
            took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            checks,
        };
        *self.lock() = View {
            report: Some(report.clone()),
            running: None,
        };
        parts.tell(&report);
        report
    }

    fn say(&self, step: usize) {
        let mut view = self.lock();
        let began_at = match &view.running {
            Some(running) => running.began_at,
            None => self.0.parts.clock.now(),
        };
        view.running = Some(Progress {
            began_at,
            done: step as u32,
            of: STEPS.len() as u32,
            now: STEPS[step].to_owned(),
        });
    }

    fn lock(&self) -> MutexGuard<'_, View> {
        self.0.view.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Parts {
    /// Also how far ahead of ours its clock is.
    async fn engine(&self, proof: Proof) -> (EngineFacts, Option<i64>) {
        let engine = self.engine.as_ref();
        let address = self.engine_address.clone();
        let socket = on_disk(move || Ok::<_, ()>(probes::socket(&address))).await;
        let before = self.clock.now();
        let description = engine.describe().await.ok();
        let ahead = ahead_of(before, self.clock.now(), description.as_ref());
        let runner_image = probes::image(engine, &self.runner_image).await;
        let tools_image = probes::image(engine, &self.tools_image).await;
        let status = match (&self.ground, proof) {
            (Ground::Running(running), Proof::AsItIs) => running.runs.engine(),
            (Ground::Running(running), Proof::Anew) => running.runs.prove_again().await,
            (Ground::Alone { .. }, _) => runs::prove(engine, &self.runner_image).await,
        };
        let facts = EngineFacts {
            address: self.engine_address.clone(),
            instance: self.instance.clone(),
            socket: socket.unwrap_or(facts::Socket::Elsewhere),
            status,
            description,
            runner_image,
            tools_image,
        };
        (facts, ahead)
    }

    async fn ask_indexes(&self, status: &EngineStatus) -> IndexesFact {
        if !status.is_ready() {
            return IndexesFact::NotAsked("no container can be started".to_owned());
        }
        let indexes = match &self.ground {
            Ground::Alone { main_index } => Indexes {
                extra: vec![],
                main: main_index.clone(),
            },
            Ground::Running(running) => {
                let extra = running.settings.in_force().packages.extra_index_urls;
                match running.settings.indexes_for(&extra).await {
                    Ok(indexes) => indexes,
                    Err(e) => return IndexesFact::NotAsked(e.to_string()),
                }
            }
        };
        let asking = index_probe::Asking {
            engine: self.engine.as_ref(),
            data: &self.data,
            instance: &self.instance,
            image: &self.runner_image,
            indexes: &indexes,
            extra_ca: self.extra_ca.as_deref().map(Vec::as_slice),
        };
        index_probe::ask(&asking).await
    }

    fn clocks(&self, engine_ms: Option<i64>, indexes: &IndexesFact) -> ClockFacts {
        let answers = match indexes {
            IndexesFact::Asked(answers) => answers.as_slice(),
            IndexesFact::NotAsked(_) => &[],
        };
        ClockFacts {
            engine_ms,
            index_ms: answers
                .iter()
                .find_map(|answer| answer.time)
                .map(|(theirs, ours)| ms_between(ours, theirs)),
            zone: match &self.ground {
                Ground::Running(running) => running.settings.in_force().default_timezone,
                Ground::Alone { .. } => None,
            },
        }
    }

    fn floor(&self) -> u64 {
        match &self.ground {
            Ground::Running(running) => running.settings.in_force().min_free_bytes,
            Ground::Alone { .. } => MIN_FREE_BYTES,
        }
    }

    /// What is stored and cannot be opened.
    async fn unreadable(&self) -> Vec<String> {
        let Ground::Running(running) = &self.ground else {
            return vec![];
        };
        let places = running.keys.unreadable().await.unwrap_or_default();
        places.iter().map(|place| judge_home::sealed_at(place)).collect()
    }

    fn tell(&self, report: &Report) {
        for check in &report.checks {
            match check.state {
                CheckState::Problem => tracing::error!(check = check.id, what = check.what, "examined"),
                CheckState::Warning => tracing::warn!(check = check.id, what = check.what, "examined"),
                CheckState::Ok | CheckState::Unknown => {
                    tracing::debug!(check = check.id, what = check.what, "examined");
                }
            }
        }
        if let Ground::Running(running) = &self.ground {
            let counts = CheckState::ALL.map(|state| (state.word(), report.count(state)));
            running.metrics.examined(&counts);
            running.events.publish(News::System);
        }
    }
}

/// By how many milliseconds an engine's clock is ahead, which was read between these two moments.
fn ahead_of(before: Timestamp, after: Timestamp, said: Option<&Description>) -> Option<i64> {
    let theirs = said?.time?;
    let middle = before + SignedDuration::from_millis(ms_between(before, after) / 2);
    Some(ms_between(middle, theirs))
}

fn ms_between(from: Timestamp, to: Timestamp) -> i64 {
    to.as_millisecond() - from.as_millisecond()
}
