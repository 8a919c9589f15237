//! Clean-up: which kinds of things can go, what is set about it, and what is remembered of one that was carried out.
//! What belongs to a kind is decided by `cleanup::plan`; whether an expression can be read is the scheduler's to say.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::limits::{OutOfBounds, within};
use super::patch::given;

const MOST_DAYS: u64 = 36_500;
const EXPRESSION_CHARS: usize = 200;

/// In the order in which they go: what holds files that others share goes before those.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CleanupKind)]
pub enum Kind {
    /// Scripts that have been in the trash for long enough, with their runs.
    Trash,
    /// Runs that need not be kept, with their logs and artifacts.
    Runs,
    /// Run directories that no run has.
    RunDirectories,
    /// Folders of scripts that are not there.
    Folders,
    /// Environments that no script needs.
    Environments,
    /// What was being made or removed when it was cut short.
    Leftovers,
    /// Packages in the cache that no environment has.
    UnusedPackages,
    /// All the rest of the package cache.
    PackageCache,
    /// Copies of the database from before its schema changed, but for the last three.
    DatabaseCopies,
    /// Supervisors of earlier versions.
    Supervisors,
    /// Images that were built here and that nothing uses.
    Images,
    /// Containers of this instance that no run has.
    Containers,
}

impl Kind {
    pub const ALL: [Self; 12] = [
        Self::Trash,
        Self::Runs,
        Self::RunDirectories,
        Self::Folders,
        Self::Environments,
        Self::Leftovers,
        Self::UnusedPackages,
        Self::PackageCache,
        Self::DatabaseCopies,
        Self::Supervisors,
        Self::Images,
        Self::Containers,
    ];

    /// Whether it goes by itself unless somebody says otherwise: not what somebody might still want to look into, and not
    /// what would have to be fetched again soon.
    pub fn is_safe(self) -> bool {
        !matches!(self, Self::RunDirectories | Self::Folders | Self::PackageCache)
    }

    pub fn safe() -> BTreeSet<Self> {
        Self::ALL.into_iter().filter(|kind| kind.is_safe()).collect()
    }
}

/// What was set; `null` and absent fields are at their default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct CleanupWish {
    pub enabled: Option<bool>,
    pub expression: Option<String>,
    pub timezone: Option<String>,
    pub kinds: Option<BTreeSet<Kind>>,
    pub trash_days: Option<u32>,
}

/// What is to change: an absent field stays, `null` goes back to the default.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CleanupPatch {
    /// Whether it goes on by itself.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<bool>)]
    pub enabled: Option<Option<bool>>,
    /// When: a cron expression.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub expression: Option<Option<String>>,
    /// The IANA name of the zone whose clocks count.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub timezone: Option<Option<String>>,
    /// What goes by itself.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<Vec<Kind>>)]
    pub kinds: Option<Option<BTreeSet<Kind>>>,
    /// Days after which a script in the trash may go; 0: never.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    pub trash_days: Option<Option<u32>>,
}

/// What holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Cleanup {
    pub enabled: bool,
    pub expression: String,
    pub timezone: String,
    #[schema(value_type = Vec<Kind>)]
    pub kinds: BTreeSet<Kind>,
    /// `null`: what is in the trash stays there.
    pub trash_days: Option<u32>,
}

impl Cleanup {
    pub fn built_in() -> Self {
        Self {
            enabled: true,
            expression: "30 3 * * 0".to_owned(),
            timezone: "UTC".to_owned(),
            kinds: Kind::safe(),
            trash_days: Some(30),
        }
    }
}

impl CleanupWish {
    pub fn over(&self, built_in: &Cleanup) -> Cleanup {
        Cleanup {
            enabled: self.enabled.unwrap_or(built_in.enabled),
            expression: self
                .expression
                .clone()
                .unwrap_or_else(|| built_in.expression.clone()),
            timezone: self.timezone.clone().unwrap_or_else(|| built_in.timezone.clone()),
            kinds: self.kinds.clone().unwrap_or_else(|| built_in.kinds.clone()),
            trash_days: self.trash_days.or(built_in.trash_days).filter(|days| *days > 0),
        }
    }

    pub fn changed(&self, patch: &CleanupPatch) -> Result<Self, OutOfBounds> {
        let changed = Self {
            enabled: patch.enabled.unwrap_or(self.enabled),
            expression: patch
                .expression
                .clone()
                .unwrap_or_else(|| self.expression.clone()),
            timezone: patch.timezone.clone().unwrap_or_else(|| self.timezone.clone()),
            kinds: patch.kinds.clone().unwrap_or_else(|| self.kinds.clone()),
            trash_days: patch.trash_days.unwrap_or(self.trash_days),
        };
        within(
            "cleanup.trash_days",
            changed.trash_days.map(u64::from),
            0,
            MOST_DAYS,
        )?;
        for (field, text) in [
            ("cleanup.expression", &changed.expression),
            ("cleanup.timezone", &changed.timezone),
        ] {
            if text
                .as_ref()
                .is_some_and(|text| text.chars().count() > EXPRESSION_CHARS)
            {
                return Err(OutOfBounds {
                    field,
                    message: format!("At most {EXPRESSION_CHARS} characters"),
                });
            }
        }
        Ok(changed)
    }
}

/// Who had it done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CleanupTrigger)]
pub enum Trigger {
    Manual,
    Schedule,
}

/// What has become of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CleanedGroup)]
pub struct CleanedGroup {
    pub kind: Kind,
    /// What has gone.
    pub items: u64,
    pub bytes: u64,
    /// What was to go and is still there.
    pub left: u64,
}

/// Something that was to go and is still there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CleanupFailure)]
pub struct Failure {
    pub kind: Kind,
    pub what: String,
    pub reason: String,
}

/// A clean-up that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CleanupReport)]
pub struct Report {
    pub id: i64,
    pub trigger: Trigger,
    pub started_at: Timestamp,
    pub finished_at: Timestamp,
    /// How often it was cut short and went on at the next start.
    pub continued: u32,
    pub freed_bytes: u64,
    pub groups: Vec<CleanedGroup>,
    /// At most fifty.
    pub failures: Vec<Failure>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_changes_what_it_names_and_null_is_the_default() {
        let patch: CleanupPatch = serde_json::from_str(
            r#"{"enabled": false, "expression": null, "kinds": ["images", "trash"], "trash_days": 0}"#,
        )
        .expect("a patch");
        let before = CleanupWish {
            expression: Some("@daily".to_owned()),
            timezone: Some("Europe/Berlin".to_owned()),
            ..CleanupWish::default()
        };
        let after = before.changed(&patch).expect("within bounds");
        let holds = after.over(&Cleanup::built_in());
        assert!(!holds.enabled);
        assert_eq!(holds.expression, Cleanup::built_in().expression);
        assert_eq!(holds.timezone, "Europe/Berlin");
        assert_eq!(holds.kinds, [Kind::Trash, Kind::Images].into());
        assert_eq!(holds.trash_days, None);
        let patch: CleanupPatch = serde_json::from_str(r#"{"trash_days": 40000}"#).expect("a patch");
        let refused = before.changed(&patch).expect_err("too long");
        assert_eq!(refused.field, "cleanup.trash_days");
    }

    #[test]
    fn what_goes_by_itself_can_be_had_again_or_was_thrown_away() {
        let by_hand: Vec<_> = Kind::ALL.into_iter().filter(|kind| !kind.is_safe()).collect();
        assert_eq!(by_hand, [Kind::RunDirectories, Kind::Folders, Kind::PackageCache]);
        let mut sorted = Kind::ALL;
        sorted.sort();
        assert_eq!(sorted, Kind::ALL);
    }
}
