//! What a build is asked to do, settled when it is submitted and stored with its run: asked again, it is the same.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BuildAction {
    /// What is asked for; packages that fit stay at the version they have.
    #[default]
    Install,
}

/// The build of a run of that kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Build {
    pub action: BuildAction,
    pub policy: Policy,
}

/// The rules that hold for one build: the instance's of that moment, and the script's own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Only releases that were published before; an instant rather than days, so that a repeated build is the same.
    pub exclude_newer: Option<Timestamp>,
    pub allow: Vec<String>,
    pub deny: Vec<String>,
    pub extra_index_urls: Vec<String>,
    /// Packages that are built from their source, which runs their code.
    pub build_from_source: Vec<String>,
}

impl Build {
    /// Whether the other is as good as this one; the cool-down moves on by itself and does not count.
    pub fn asks_the_same(&self, other: &Self) -> bool {
        let without_instant = |build: &Self| {
            let mut build = build.clone();
            build.policy.exclude_newer = build.policy.exclude_newer.map(|_| Timestamp::UNIX_EPOCH);
            build
        };
        without_instant(self) == without_instant(other)
    }
}

impl Policy {
    /// Whether the build executes code of packages, which nothing else of ours may be exposed to.
    pub fn runs_foreign_code(&self) -> bool {
        !self.build_from_source.is_empty()
    }
}
