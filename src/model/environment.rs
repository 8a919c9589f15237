//! An environment: a built venv, and how it stands to what its script asks for now.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::{RunId, ScriptId};

/// The damage of an environment whose files are not there at all, as after a restore: it is built again by itself.
pub const ABSENT: &str = "its folder is missing";

/// A finished build. Its files are under `envs/<key>` in the script's folder and never change.
#[derive(Debug, Clone, PartialEq)]
pub struct Environment {
    pub script_id: ScriptId,
    /// Hash of lock, image and platform: equal keys are equal environments.
    pub key: String,
    pub lock_hash: String,
    /// The requirements it was built for.
    pub requirements: Vec<String>,
    pub image: String,
    pub image_digest: String,
    pub packages: Vec<Package>,
    pub run_id: RunId,
    pub created_at: Timestamp,
    /// When it last became the one that runs use.
    pub live_at: Option<Timestamp>,
    /// What was found to be wrong with its files, for people.
    pub damage: Option<String>,
    /// When its bytecode had been compiled.
    pub compiled_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PackageVersion)]
pub struct Package {
    pub name: String,
    pub version: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EnvironmentState {
    /// The script asks for no packages.
    NotNeeded,
    /// It asks for packages and nothing was built yet.
    Missing,
    /// What is built is what it asks for.
    InStep,
    /// What it asks for has changed since the build; runs use the old one.
    NeedsInstall,
    Building,
    /// Files of it are missing or were changed; `message` names the first. A rebuild mends it.
    Broken,
    /// The last build failed; `message` says why. Runs use the one before, if there is one.
    Failed,
}
