//! When backups are made by themselves and what is in them: what was set, what is to change, what holds. Whether expression
//! and zone can be read is not known here.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::limits::{OutOfBounds, within};
use super::patch::given;

const MOST_KEPT: u32 = 1_000;

/// What was set; `null` means the default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BackupWishes {
    pub enabled: Option<bool>,
    pub expression: Option<String>,
    pub timezone: Option<String>,
    pub keep: Option<u32>,
    pub logs: Option<bool>,
    pub artifacts: Option<bool>,
}

/// What is to change: an absent field stays, `null` goes back to the default.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BackupPatch {
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<bool>)]
    pub enabled: Option<Option<bool>>,
    /// Five fields, as in a crontab.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub expression: Option<Option<String>>,
    /// An IANA name, such as `Europe/Berlin`.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub timezone: Option<Option<String>>,
    /// From 1 to 1,000.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    pub keep: Option<Option<u32>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<bool>)]
    pub logs: Option<Option<bool>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<bool>)]
    pub artifacts: Option<Option<bool>>,
}

/// What holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = BackupSettings)]
pub struct Backup {
    /// Whether backups are made by themselves.
    pub enabled: bool,
    /// When, as in a crontab.
    pub expression: String,
    /// The zone that the expression is meant in.
    pub timezone: String,
    /// How many of those that were made by themselves are kept.
    pub keep: u32,
    /// Whether logs of runs are in them.
    pub logs: bool,
    /// Whether artifacts of runs are in them.
    pub artifacts: bool,
}

impl Backup {
    pub fn built_in() -> Self {
        Self {
            enabled: true,
            expression: "30 3 * * *".to_owned(),
            timezone: "UTC".to_owned(),
            keep: 7,
            logs: false,
            artifacts: false,
        }
    }
}

impl BackupWishes {
    pub fn over(&self, other: &Backup) -> Backup {
        let wish = self.clone();
        Backup {
            enabled: wish.enabled.unwrap_or(other.enabled),
            expression: wish.expression.unwrap_or_else(|| other.expression.clone()),
            timezone: wish.timezone.unwrap_or_else(|| other.timezone.clone()),
            keep: wish.keep.unwrap_or(other.keep),
            logs: wish.logs.unwrap_or(other.logs),
            artifacts: wish.artifacts.unwrap_or(other.artifacts),
        }
    }

    pub fn changed(self, patch: BackupPatch) -> Result<Self, OutOfBounds> {
        let changed = Self {
            enabled: patch.enabled.unwrap_or(self.enabled),
            expression: patch.expression.unwrap_or(self.expression),
            timezone: patch.timezone.unwrap_or(self.timezone),
            keep: patch.keep.unwrap_or(self.keep),
            logs: patch.logs.unwrap_or(self.logs),
            artifacts: patch.artifacts.unwrap_or(self.artifacts),
        };
        within("backup.keep", changed.keep.map(u64::from), 1, MOST_KEPT.into())?;
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_changes_what_it_names_within_bounds() {
        let patch = |json: &str| serde_json::from_str::<BackupPatch>(json).expect("a patch");
        let set = BackupWishes::default()
            .changed(patch(r#"{"keep": 3, "logs": true, "expression": "0 1 * * 0"}"#))
            .expect("within bounds");
        let set = set.changed(patch(r#"{"logs": null}"#)).expect("within bounds");
        let holds = set.over(&Backup::built_in());
        assert_eq!(
            (holds.keep, holds.logs, holds.expression.as_str()),
            (3, false, "0 1 * * 0")
        );
        for wrong in [r#"{"keep": 0}"#, r#"{"keep": 1001}"#] {
            let refused = set.clone().changed(patch(wrong)).expect_err(wrong);
            assert_eq!(refused.field, "backup.keep");
        }
    }
}
