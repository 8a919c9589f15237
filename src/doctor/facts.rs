//! What was found, before anything is made of it.

use std::net::SocketAddr;

use jiff::Timestamp;

use crate::engine::Description;
use crate::files::Space;
use crate::runs::EngineStatus;
use crate::store::examination::Examination;

/// What is at the address of the engine, if that is a socket of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Socket {
    /// Another kind of address.
    Elsewhere,
    Answers,
    Missing,
    Denied,
    /// A socket that nobody listens at.
    Refused,
    Broken(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct EngineFacts {
    pub address: String,
    pub instance: String,
    pub socket: Socket,
    pub status: EngineStatus,
    pub description: Option<Description>,
    pub runner_image: ImageFact,
    pub tools_image: ImageFact,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFact {
    pub name: String,
    pub found: ImageFound,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageFound {
    Here,
    Missing,
    Unknown(String),
}

/// What became of asking the package indexes from a container like a build's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexesFact {
    Asked(Vec<IndexAnswer>),
    /// There was no way to ask.
    NotAsked(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexAnswer {
    /// Without user name and password.
    pub address: String,
    /// Somebody signs in there.
    pub signs_in: bool,
    pub answer: Answer,
    /// Its clock, if it says, and ours at that moment.
    pub time: Option<(Timestamp, Timestamp)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A status code of HTTP.
    Status(u16),
    /// Its name leads to no address.
    NoSuchName(String),
    /// Nobody answered in time, or nobody listens.
    Unreachable(String),
    /// Its certificate is not trusted.
    Certificate(String),
    Other(String),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClockFacts {
    /// How far ahead of ours the engine's clock is.
    pub engine_ms: Option<i64>,
    /// The same of the first index that said.
    pub index_ms: Option<i64>,
    /// What new schedules are offered.
    pub zone: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskFacts {
    pub folder: String,
    pub space: Result<Space, String>,
    pub floor_bytes: u64,
    pub network_file_system: Option<&'static str>,
}

/// `None`: there is no database yet.
pub type DatabaseFacts = Result<Option<Examination>, String>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFacts {
    pub path: String,
    /// Somebody looks after it, and it lies on no volume of ours.
    pub given: bool,
    pub file: KeyFile,
    /// What is stored and cannot be opened, by what it is for.
    pub unreadable: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFile {
    Missing,
    Unreadable(String),
    There { bytes: u64, mode: u32 },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachFacts {
    pub listen: SocketAddr,
    pub in_container: bool,
    /// The host's addresses at which our container is published, as far as it can be known.
    pub published: Option<Vec<String>>,
    /// Whoever comes from beyond this machine has to show a token.
    pub guarded: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupFacts {
    pub now: Timestamp,
    pub newest: Option<Timestamp>,
}
