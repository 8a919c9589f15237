//! The container engine, behind one narrow interface.
//!
//! An [`Engine`] executes *jobs*. It knows no script, no run and no database; whoever calls it names the job,
//! and everything is found again by that name. All methods are idempotent, so a caller that was killed between
//! a call and its answer simply calls again. Logs and exit facts are **not** part of this interface: the
//! supervisor writes them to the run directory.
//!
//! Implementations: [`docker`] (bollard), [`fake`] (scriptable, for tests).

mod description;
pub mod docker;
pub mod fake;
mod image;
mod job;

pub use description::{Description, RunNetwork};
pub use image::{Image, Images, Interpreter, LabelledImage, Listener, Progress, Recipe};
pub use job::{Bytes, JobName, JobSpec, JobState, ListedJob, Mount, Network, Priority, ResourceCaps};

use std::borrow::Cow;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// What the engine is and can do, proved by a probe and not merely read from a version number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Capabilities {
    pub engine_version: String,
    pub api_version: String,
    pub storage: Storage,
    pub cgroup_version: u8,
    /// Of the engine's machine, if it says: no limit beyond them means anything.
    pub cpus: Option<u32>,
    pub memory_bytes: Option<u64>,
    /// Limits that this engine was seen *not* to enforce; a job that asks for one is refused.
    pub unenforced: Vec<UnenforcedLimit>,
}

/// How a folder of the data volume reaches a sibling container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Storage {
    /// A subpath of the named volume (API 1.45 and later).
    Subpath,
    /// The folder's path on the engine's host.
    HostPath,
}

/// A limit and the reason why it does not hold here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnenforcedLimit {
    pub limit: Cow<'static, str>,
    pub reason: String,
}

#[derive(Debug, Clone, thiserror::Error, Serialize, Deserialize)]
pub enum Error {
    /// The engine does not answer. Nothing is known about the job; ask again later.
    #[error("the container engine is away: {0}")]
    Away(String),
    /// The engine answered, and refused. Asking again will not help.
    #[error("the container engine refused: {0}")]
    Refused(String),
    /// The image is neither here nor to be had.
    #[error("image {image} is not available: {reason}")]
    Image { image: String, reason: String },
    /// The engine would not give the job what was asked; it was not started.
    #[error("the engine would not hold the job to its terms: {0}")]
    Unenforceable(String),
}

/// See the module's contract. Methods may be called concurrently for different jobs; calls for one job come
/// from one caller at a time.
#[async_trait]
pub trait Engine: Images + Send + Sync + 'static {
    /// Connects if need be and proves with a test container, using `image`, that mounts and limits hold and that
    /// sibling folders are invisible. To be called at the start and whenever the engine was away: it may be
    /// another one now. The test container is listed by [`Engine::list`] while it is there.
    async fn probe(&self, image: &str) -> Result<Capabilities, Error>;

    /// What it says of itself. Needs no proof and proves nothing.
    async fn describe(&self) -> Result<Description, Error>;

    /// Removes the network that this instance's runs share, if it is there. Refused while a job is in it; the next job
    /// that needs it makes it anew.
    async fn remove_network(&self) -> Result<(), Error>;

    /// One cheap round trip: is the engine there?
    async fn ping(&self) -> Result<(), Error>;

    /// Creates and starts the job, or adopts the one that already has its name: a created one is started, a
    /// running or exited one is left as it is. Before the start the engine's own description is compared with
    /// the spec; a difference is [`Error::Unenforceable`] and the job is removed unstarted. A start that the
    /// engine refuses leaves the job created. Before a successful [`Engine::probe`] the answer is
    /// [`Error::Away`], after a failed one [`Error::Unenforceable`].
    async fn launch(&self, spec: &JobSpec) -> Result<(), Error>;

    /// Something of that name which is not this instance's is no job: `Absent`, and never stopped or removed.
    async fn inspect(&self, name: &JobName) -> Result<JobState, Error>;

    /// Returns when the job is no longer running: its [`JobState`] then (`Absent` if it is gone, `Created` at
    /// once if it was never started). A connection that breaks meanwhile is [`Error::Away`], never an end.
    async fn wait(&self, name: &JobName) -> Result<JobState, Error>;

    /// Asks the job to end: SIGTERM now, SIGKILL `grace` later. Returns once it is not running, or at once if
    /// it is not.
    async fn stop(&self, name: &JobName, grace: std::time::Duration) -> Result<(), Error>;

    /// Removes the job if it exists, killing it if it runs.
    async fn remove(&self, name: &JobName) -> Result<(), Error>;

    /// All jobs of this instance, and only those.
    async fn list(&self) -> Result<Vec<ListedJob>, Error>;
}
