//! What may be asked for: pure.
//!
//! An order names a kind of work, ids and limits. [`Order::job`] makes the job of it, in the one form that there is for this
//! kind of work; [`Order::read`] is the way back, and takes nothing that would not come out the same. So both ends agree on
//! what a job of ours is, and the end with the engine's socket needs to trust nothing but ids that it has looked at.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::engine::{JobName, JobSpec, Mount, Network, Priority, ResourceCaps};
use crate::envs::build;
use crate::files::layout;
use crate::model::limits::LimitsPatch;
use crate::runs::spec::{
    ARTIFACTS, KIND_TOOLS, LABEL_KIND, LABEL_RUN, LABEL_SCRIPT, RUN_DIRECTORY, SCRIPT_FOLDER,
    SUPERVISOR_DIRECTORY, SUPERVISOR_MARGIN, TRIGGER,
};
use crate::tools::TOOLS_DIRECTORY;

/// An hour for the script, and what the supervisor needs.
const LONGEST_GRACE: Duration = Duration::from_secs(3600).saturating_add(SUPERVISOR_MARGIN);
const LONGEST_REFERENCE: usize = 512;

/// A job, in ids and limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    pub work: Work,
    pub script: String,
    /// The folder below `bin` with the supervisor.
    pub supervisor: String,
    pub image: String,
    pub caps: ResourceCaps,
    pub network: Network,
    pub stop_grace_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Work {
    Script {
        run: RunPlace,
        slug: String,
        environment: Option<String>,
        /// A call started it, and left something to be read.
        called: bool,
    },
    Build {
        run: RunPlace,
        /// It sees its own folder alone, and not the package cache.
        apart: bool,
    },
    Compile {
        run: RunPlace,
        slug: String,
        environment: String,
    },
    Tools {
        slug: String,
        environment: Option<String>,
    },
}

/// Where a run's directory is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunPlace {
    pub id: String,
    pub year: u16,
    pub month: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("{field} is not one of ours: {value:?}")]
    Foreign { field: &'static str, value: String },
    #[error("{0}")]
    OutOfBounds(String),
    #[error("this is no job of this product: {0}")]
    NotOurs(&'static str),
}

impl RunPlace {
    fn folder(&self) -> String {
        format!("runs/{:04}/{:02}/{}", self.year, self.month, self.id)
    }

    fn read(path: &Path) -> Option<Self> {
        let mut parts = path.to_str()?.split('/');
        let (Some("runs"), Some(year), Some(month), Some(id), None) = (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) else {
            return None;
        };
        Some(Self {
            id: id.to_owned(),
            year: year.parse().ok()?,
            month: month.parse().ok()?,
        })
    }
}

impl Work {
    fn run(&self) -> Option<&RunPlace> {
        match self {
            Self::Script { run, .. } | Self::Build { run, .. } | Self::Compile { run, .. } => Some(run),
            Self::Tools { .. } => None,
        }
    }

    fn slug(&self) -> Option<&str> {
        match self {
            Self::Script { slug, .. } | Self::Compile { slug, .. } | Self::Tools { slug, .. } => Some(slug),
            Self::Build { .. } => None,
        }
    }

    fn environment(&self) -> Option<&str> {
        match self {
            Self::Script { environment, .. } | Self::Tools { environment, .. } => environment.as_deref(),
            Self::Compile { environment, .. } => Some(environment),
            Self::Build { .. } => None,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Script { .. } => "script",
            Self::Build { .. } => "build",
            Self::Compile { .. } => "compile",
            Self::Tools { .. } => KIND_TOOLS,
        }
    }

    fn priority(&self) -> Priority {
        match self {
            Self::Compile { .. } => Priority::Low,
            _ => Priority::Normal,
        }
    }
}

impl Order {
    /// The one job that this order means, for this instance.
    pub fn job(&self, instance: &str) -> Result<JobSpec, Refusal> {
        self.check()?;
        let mut labels = vec![
            (LABEL_SCRIPT, self.script.as_str()),
            (LABEL_KIND, self.work.kind()),
        ];
        let (name, verb, place) = match self.work.run() {
            Some(run) => {
                labels.push((LABEL_RUN, &run.id));
                (format!("pytask-{instance}-{}", run.id), "run", RUN_DIRECTORY)
            }
            None => (
                format!("pytask-{instance}-{KIND_TOOLS}-{}", self.script),
                "tools",
                TOOLS_DIRECTORY,
            ),
        };
        Ok(JobSpec {
            name: JobName(name),
            labels: labels
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            image: self.image.clone(),
            command: [&format!("{SUPERVISOR_DIRECTORY}/supervisor"), verb, place]
                .map(str::to_owned)
                .to_vec(),
            mounts: self.mounts(),
            caps: self.caps.clone(),
            network: self.network,
            priority: self.work.priority(),
            stop_grace: Duration::from_millis(self.stop_grace_ms),
        })
    }

    /// The order that a job comes from, if it is one of ours in everything.
    pub fn read(instance: &str, job: &JobSpec) -> Result<Self, Refusal> {
        let order = Self::guess(job)?;
        if order.job(instance)? == *job {
            Ok(order)
        } else {
            Err(Refusal::NotOurs("it differs from the one form there is"))
        }
    }

    /// From where the ids stand in a job; whether all the rest is as it should be is found by making it anew.
    fn guess(job: &JobSpec) -> Result<Self, Refusal> {
        let source = |target: &str| {
            let found = job.mounts.iter().find(|mount| mount.target == target);
            found.map(|mount| mount.source.as_path())
        };
        let label = |name: &'static str| {
            let found = job.labels.get(name).cloned();
            found.ok_or(Refusal::NotOurs("a label is missing"))
        };
        let run = || {
            let place = source(RUN_DIRECTORY).and_then(RunPlace::read);
            place.ok_or(Refusal::NotOurs("it has no run directory"))
        };
        let slug = |path: Option<&Path>| {
            let text = path
                .and_then(Path::to_str)
                .and_then(|path| path.split('/').nth(1));
            text.map(str::to_owned)
                .ok_or(Refusal::NotOurs("it has no script's folder"))
        };
        let venv = source(build::ENVIRONMENT);
        let environment = venv
            .and_then(Path::to_str)
            .and_then(|path| path.split('/').nth(3))
            .map(str::to_owned);
        let work = match label(LABEL_KIND)?.as_str() {
            "script" => Work::Script {
                run: run()?,
                slug: slug(source(SCRIPT_FOLDER))?,
                environment,
                called: source(TRIGGER).is_some(),
            },
            "build" => Work::Build {
                run: run()?,
                apart: source(build::CACHE).is_none(),
            },
            "compile" => Work::Compile {
                run: run()?,
                slug: slug(venv)?,
                environment: environment.ok_or(Refusal::NotOurs("it has no environment"))?,
            },
            KIND_TOOLS => Work::Tools {
                slug: slug(source(SCRIPT_FOLDER))?,
                environment,
            },
            _ => return Err(Refusal::NotOurs("there is no such kind of work")),
        };
        let supervisor = source(SUPERVISOR_DIRECTORY)
            .and_then(Path::to_str)
            .and_then(|path| path.strip_prefix("bin/"))
            .ok_or(Refusal::NotOurs("it has no supervisor"))?;
        Ok(Self {
            work,
            script: label(LABEL_SCRIPT)?,
            supervisor: supervisor.to_owned(),
            image: job.image.clone(),
            caps: job.caps.clone(),
            network: job.network,
            stop_grace_ms: u64::try_from(job.stop_grace.as_millis()).unwrap_or(u64::MAX),
        })
    }

    fn mounts(&self) -> Vec<Mount> {
        let mount = |source: String, target: &str, read_only| Mount {
            source: PathBuf::from(source),
            target: target.to_owned(),
            read_only,
        };
        let first = match self.work.run() {
            Some(run) => mount(run.folder(), RUN_DIRECTORY, false),
            None => mount(layout::tools(&self.script), TOOLS_DIRECTORY, false),
        };
        let mut mounts = vec![
            first,
            mount(
                layout::supervisor_folder(&self.supervisor),
                SUPERVISOR_DIRECTORY,
                true,
            ),
        ];
        match &self.work {
            Work::Script {
                run, slug, called, ..
            } => {
                mounts.push(mount(layout::script_files(slug), SCRIPT_FOLDER, false));
                mounts.push(mount(format!("{}/artifacts", run.folder()), ARTIFACTS, false));
                if *called {
                    mounts.push(mount(format!("{}/trigger", run.folder()), TRIGGER, true));
                }
            }
            Work::Build { run, apart: true } => {
                mounts.push(mount(layout::build(&run.id), &build::folder(&run.id), false));
            }
            Work::Build { apart: false, .. } => {
                mounts.push(mount(layout::CACHE.to_owned(), build::CACHE, false))
            }
            Work::Compile { .. } => {}
            Work::Tools { slug, .. } => mounts.push(mount(layout::script_files(slug), SCRIPT_FOLDER, true)),
        }
        if let (Some(slug), Some(key)) = (self.work.slug(), self.work.environment()) {
            let read_only = !matches!(self.work, Work::Compile { .. });
            mounts.push(mount(layout::env_venv(slug, key), build::ENVIRONMENT, read_only));
        }
        mounts
    }

    fn check(&self) -> Result<(), Refusal> {
        let hex = |text: &str, length: usize| {
            text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        let fields = [
            ("script", Some(self.script.as_str()), hex(&self.script, 32)),
            (
                "supervisor",
                Some(self.supervisor.as_str()),
                hex(&self.supervisor, 16),
            ),
            ("image", Some(self.image.as_str()), is_reference(&self.image)),
            ("slug", self.work.slug(), self.work.slug().is_none_or(is_slug)),
            (
                "environment",
                self.work.environment(),
                self.work.environment().is_none_or(|key| hex(key, 24)),
            ),
            (
                "run",
                self.work.run().map(|run| run.id.as_str()),
                self.work.run().is_none_or(|run| hex(&run.id, 32)),
            ),
        ];
        for (field, value, is_ours) in fields {
            if !is_ours {
                return Err(Refusal::Foreign {
                    field,
                    value: value.unwrap_or_default().chars().take(100).collect(),
                });
            }
        }
        if let Some(run) = self.work.run()
            && (!(1..=9999).contains(&run.year) || !(1..=12).contains(&run.month))
        {
            return Err(Refusal::Foreign {
                field: "run",
                value: run.folder(),
            });
        }
        if Duration::from_millis(self.stop_grace_ms) > LONGEST_GRACE {
            return Err(Refusal::OutOfBounds(
                "the grace is longer than an hour".to_owned(),
            ));
        }
        // The bounds of what a script may ask for.
        let ResourceCaps {
            memory,
            cpus,
            pids,
            nofile,
            fsize,
            tmp,
        } = self.caps;
        LimitsPatch {
            memory_bytes: Some(memory),
            cpus: Some(cpus),
            pids: Some(pids),
            nofile: Some(nofile),
            fsize_bytes: Some(fsize),
            tmp_bytes: Some(tmp),
            ..LimitsPatch::default()
        }
        .check()
        .map_err(|wrong| Refusal::OutOfBounds(wrong.message))
    }
}

/// As `model::script::slug` makes them.
fn is_slug(text: &str) -> bool {
    (1..=60).contains(&text.len())
        && !text.starts_with('-')
        && text
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// The name or the id of an image, and nothing that an engine could take for something else.
pub(super) fn is_reference(text: &str) -> bool {
    (1..=LONGEST_REFERENCE).contains(&text.len())
        && text.as_bytes()[0].is_ascii_alphanumeric()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/' | b':' | b'@'))
        && !text.contains("..")
        && !text.contains("//")
}

#[cfg(test)]
#[path = "order_tests.rs"]
pub(super) mod tests;
