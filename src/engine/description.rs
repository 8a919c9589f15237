//! What an engine says of itself, for whoever looks what may be wrong with it. Nothing here is proved: that is
//! [`super::Engine::probe`]'s.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Such as `Docker Engine - Community` or `Podman Engine`.
    pub product: String,
    pub version: String,
    /// Of the API that it is spoken to in.
    pub api_version: String,
    pub operating_system: Option<String>,
    pub kernel: Option<String>,
    /// `systemd`, `cgroupfs`, `none`.
    pub cgroup_driver: Option<String>,
    pub cgroup_version: Option<String>,
    /// It runs as an ordinary user.
    pub rootless: bool,
    /// The time by its clock.
    pub time: Option<Timestamp>,
    pub run_network: RunNetwork,
    /// The host's addresses at which the container that we are in is published; none if we are in no container of this
    /// engine.
    pub published: Option<Vec<String>>,
}

/// The network that runs share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunNetwork {
    /// The first run that needs it makes it.
    #[default]
    NotMade,
    /// As we make it: a bridge of its own, without traffic between its containers.
    Fit,
    /// Something else has its name, or it was changed.
    Unfit(String),
}
