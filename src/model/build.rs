//! What a build is asked to do, settled when it is submitted and stored with its run: asked again, it is the same.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::environment::Package;
use super::ids::ScriptId;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BuildAction {
    /// What is asked for; packages that fit stay at the version they have.
    #[default]
    Install,
    /// The same, and packages move to the newest version that fits.
    Update,
    /// The environment there is once more, from its lock, in a new folder.
    Rebuild,
    /// Resolves only: nothing is installed and nothing becomes live.
    Check,
}

/// Which packages leave the version that they have in the lock there is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Upgrade {
    /// Those that no longer fit.
    #[default]
    Nothing,
    Everything,
    /// Names, normalised.
    Packages(Vec<String>),
}

/// The build of a run of that kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Build {
    pub action: BuildAction,
    pub upgrade: Upgrade,
    /// Key of the environment whose lock it starts from: the live one, if there was one. Of one that is compiled: its
    /// own.
    pub from: Option<String>,
    /// The environment that has what would be built: the same was resolved for it moments ago. Settled at the start.
    pub same_as: Option<SameAs>,
    pub policy: Policy,
    /// Of a check that has succeeded.
    pub found: Option<Found>,
}

/// An environment of whatever script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SameAs {
    pub script_id: ScriptId,
    pub key: String,
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

/// What a check has found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Found {
    /// Against the lock it started from.
    pub changes: LockChanges,
    /// Of each package in the new lock, the newest release that the policy lets through, whether it fits or not. Empty
    /// if that could not be found out.
    pub newest: Vec<Package>,
}

/// From one lock to another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LockChanges {
    pub added: Vec<Package>,
    pub removed: Vec<Package>,
    pub changed: Vec<VersionChange>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VersionChange {
    pub name: String,
    pub from: String,
    pub to: String,
}

impl Build {
    /// Whether the other is as good as this one; the cool-down moves on by itself and does not count.
    pub fn asks_the_same(&self, other: &Self) -> bool {
        let wish = |build: &Self| Self {
            policy: build.policy.at_no_time(),
            same_as: None,
            ..build.clone()
        };
        wish(self) == wish(other)
    }

    /// Whether it resolves as if nothing were there: no version is kept.
    pub fn resolves_anew(&self) -> bool {
        match self.action {
            BuildAction::Install => self.from.is_none(),
            BuildAction::Update => self.from.is_none() || self.upgrade == Upgrade::Everything,
            BuildAction::Rebuild | BuildAction::Check => false,
        }
    }
}

impl Policy {
    /// The same rules, with a cool-down that stands still, so that they can be compared.
    pub fn at_no_time(&self) -> Self {
        Self {
            exclude_newer: self.exclude_newer.map(|_| Timestamp::UNIX_EPOCH),
            ..self.clone()
        }
    }

    /// Whether the build executes code of packages, which nothing else of ours may be exposed to.
    pub fn runs_foreign_code(&self) -> bool {
        !self.build_from_source.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_under_way_is_as_good_if_only_time_has_passed() {
        let at = |seconds| Build {
            policy: Policy {
                exclude_newer: Timestamp::from_second(seconds).ok(),
                ..Policy::default()
            },
            ..Build::default()
        };
        assert!(at(60).asks_the_same(&at(120)));
        assert!(!at(60).asks_the_same(&Build::default()), "a cool-down and none");
        let update = Build {
            action: BuildAction::Update,
            upgrade: Upgrade::Packages(vec!["six".to_owned()]),
            ..at(60)
        };
        assert!(!at(60).asks_the_same(&update));
    }
}
