//! Settings: what holds for all scripts and runs unless they say otherwise. Values and their bounds; stored elsewhere.
//!
//! Only what somebody has set is kept ([`Settings`]), so that a better default of a later version reaches whoever never
//! cared. What holds ([`InForce`]) is always whole.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::backup::{Backup, BackupPatch, BackupWishes};
use super::cleanup::{Cleanup, CleanupPatch, CleanupWish};
use super::indexes::CredentialsWish;
use super::limits::{Limits, LimitsPatch, OutOfBounds, within};
use super::notifications::{Notifications, NotificationsPatch, NotificationsWish};
use super::packages::{PackagePatch, PackageSettings, Packages};
use super::patch::given;
use super::retention::{Retention, RetentionPatch, RetentionWish};
use super::zone;

const MIB: u64 = 1024 * 1024;

/// Below this much free space no run is started.
pub const MIN_FREE_BYTES: u64 = 512 * MIB;
pub const MOST_RUNS: u32 = 1_000;
/// A save or two a day for a year.
const KEPT_REVISIONS: u64 = 500;
const MOST_REVISIONS: u64 = 100_000;

/// What was set; `None` and absent fields mean the default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Settings {
    /// For scripts that do not say otherwise.
    pub default_limits: LimitsPatch,
    /// Most runs active at once, builds included.
    pub max_runs: Option<u32>,
    /// Free space on the data disk below which no run is started.
    pub min_free_bytes: Option<u64>,
    /// What may be installed, and from where.
    pub packages: PackageSettings,
    /// Whatever is due is skipped.
    pub schedules_paused: bool,
    /// How long runs are kept.
    pub retention: RetentionWish,
    /// Revisions that are kept of each script; 0 is no bound.
    pub max_revisions: Option<u64>,
    /// What new schedules are offered; none: the viewer's own zone.
    pub default_timezone: Option<String>,
    /// How messages are sent.
    pub notifications: NotificationsWish,
    /// When backups are made by themselves, and what is in them.
    pub backup: BackupWishes,
    /// What is removed by itself, and when.
    pub cleanup: CleanupWish,
}

/// What is to change: an absent field stays, `null` goes back to the default. Limits are replaced as a whole.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SettingsPatch {
    pub default_limits: Option<LimitsPatch>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    pub max_runs: Option<Option<u32>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u64>)]
    pub min_free_bytes: Option<Option<u64>>,
    /// Each field for itself.
    pub packages: Option<PackagePatch>,
    /// Whether everything that is due is skipped, until it is taken back.
    pub schedules_paused: Option<bool>,
    /// Each field for itself; 0 is no bound.
    #[schema(default = json!(null))]
    pub retention: Option<RetentionPatch>,
    /// 0 is no bound. Labelled ones stay, and those that a run which is kept or goes on has executed.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u64>)]
    pub max_revisions: Option<Option<u64>>,
    /// The IANA name of the zone that new schedules are offered.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub default_timezone: Option<Option<String>>,
    /// Each field for itself.
    #[schema(default = json!(null))]
    pub notifications: Option<NotificationsPatch>,
    /// Each field for itself.
    #[schema(default = json!(null))]
    pub backup: Option<BackupPatch>,
    /// Each field for itself.
    #[schema(default = json!(null))]
    pub cleanup: Option<CleanupPatch>,
    /// One by one; they go with their index.
    #[schema(default = json!(null))]
    pub index_credentials: Option<CredentialsWish>,
}

/// What holds at the moment.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct InForce {
    pub default_limits: Limits,
    pub max_runs: u32,
    pub min_free_bytes: u64,
    pub packages: Packages,
    pub schedules_paused: bool,
    /// `null` is no bound.
    pub retention: Retention,
    /// Of each script; `null` is no bound.
    pub max_revisions: Option<u64>,
    /// What new schedules are offered; `null` is the viewer's own zone.
    pub default_timezone: Option<String>,
    pub notifications: Notifications,
    pub backup: Backup,
    pub cleanup: Cleanup,
}

impl InForce {
    /// What holds when nothing is set; `max_runs` depends on the machine and its configuration.
    pub fn built_in(max_runs: u32) -> Self {
        Self {
            default_limits: Limits::default_for_scripts(),
            max_runs,
            min_free_bytes: MIN_FREE_BYTES,
            packages: Packages::built_in(),
            schedules_paused: false,
            retention: Retention::built_in(),
            max_revisions: Some(KEPT_REVISIONS),
            default_timezone: None,
            notifications: Notifications::built_in(),
            backup: Backup::built_in(),
            cleanup: Cleanup::built_in(),
        }
    }
}

impl Settings {
    pub fn over(&self, built_in: &InForce) -> InForce {
        InForce {
            default_limits: self.default_limits.over(&built_in.default_limits),
            max_runs: self.max_runs.unwrap_or(built_in.max_runs),
            min_free_bytes: self.min_free_bytes.unwrap_or(built_in.min_free_bytes),
            packages: self.packages.in_force(),
            schedules_paused: self.schedules_paused,
            retention: self.retention.over(&built_in.retention),
            max_revisions: self
                .max_revisions
                .or(built_in.max_revisions)
                .filter(|most| *most > 0),
            default_timezone: self.default_timezone.clone(),
            notifications: self.notifications.over(&built_in.notifications),
            backup: self.backup.over(&built_in.backup),
            cleanup: self.cleanup.over(&built_in.cleanup),
        }
    }

    /// With these changes, unless one is out of bounds.
    pub fn changed(mut self, patch: SettingsPatch) -> Result<Self, OutOfBounds> {
        if let Some(limits) = patch.default_limits {
            limits.check()?;
            limits.over(&Limits::default_for_scripts()).check()?;
            self.default_limits = limits;
        }
        if let Some(max_runs) = patch.max_runs {
            within("max_runs", max_runs.map(u64::from), 1, MOST_RUNS.into())?;
            self.max_runs = max_runs;
        }
        if let Some(bytes) = patch.min_free_bytes {
            within("min_free_bytes", bytes, 16 * MIB, 1024 * 1024 * 1024 * MIB)?;
            self.min_free_bytes = bytes;
        }
        self.schedules_paused = patch.schedules_paused.unwrap_or(self.schedules_paused);
        if let Some(retention) = &patch.retention {
            self.retention = self.retention.changed(retention)?;
        }
        if let Some(most) = patch.max_revisions {
            within("max_revisions", most, 0, MOST_REVISIONS)?;
            self.max_revisions = most;
        }
        if let Some(name) = patch.default_timezone {
            self.default_timezone = name.as_deref().map(zone_named).transpose()?;
        }
        if let Some(notifications) = &patch.notifications {
            self.notifications = self.notifications.changed(notifications)?;
        }
        if let Some(backup) = patch.backup {
            self.backup = self.backup.changed(backup)?;
        }
        if let Some(cleanup) = &patch.cleanup {
            self.cleanup = self.cleanup.changed(cleanup)?;
        }
        if let Some(packages) = patch.packages {
            self.packages = self.packages.changed(packages)?;
        }
        Ok(self)
    }
}

/// As it is properly written.
fn zone_named(name: &str) -> Result<String, OutOfBounds> {
    let refused = |e: zone::UnknownZone| OutOfBounds {
        field: "default_timezone",
        message: e.to_string(),
    };
    let zone = zone::named(name.trim()).map_err(refused)?;
    Ok(zone.iana_name().unwrap_or(name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(json: &str) -> SettingsPatch {
        serde_json::from_str(json).expect("a patch")
    }

    #[test]
    fn absent_stays_and_null_goes_back_to_the_default() {
        let set = Settings::default()
            .changed(patch(r#"{"max_runs": 3, "min_free_bytes": 67108864}"#))
            .expect("within bounds");
        let set = set
            .changed(patch(r#"{"min_free_bytes": null}"#))
            .expect("within bounds");
        let in_force = set.over(&InForce::built_in(8));
        assert_eq!((in_force.max_runs, in_force.min_free_bytes), (3, MIN_FREE_BYTES));
    }

    #[test]
    fn limits_are_replaced_as_a_whole_and_lie_between_the_built_in_and_the_scripts() {
        let set = Settings::default()
            .changed(patch(r#"{"default_limits": {"pids": 64, "cpus": 2}}"#))
            .expect("within bounds");
        let set = set
            .changed(patch(r#"{"default_limits": {"pids": 32}}"#))
            .expect("within bounds");
        let limits = set.over(&InForce::built_in(8)).default_limits;
        assert_eq!(
            (limits.pids, limits.cpus),
            (32, Limits::default_for_scripts().cpus)
        );
    }

    /// Every field that can be set has its row in the documentation.
    #[test]
    fn the_documentation_lists_every_field() {
        fn leaves(path: &str, value: &serde_json::Value, into: &mut Vec<String>) {
            match value {
                serde_json::Value::Object(fields) => {
                    for (name, value) in fields {
                        let path = if path.is_empty() {
                            name.clone()
                        } else {
                            format!("{path}.{name}")
                        };
                        leaves(&path, value, into);
                    }
                }
                _ => into.push(path.to_owned()),
            }
        }
        let mut fields = Vec::new();
        let all = serde_json::to_value(InForce::built_in(1)).expect("JSON");
        leaves("", &all, &mut fields);
        let page = include_str!("../../docs/settings.md");
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
        let mut listed: Vec<&str> = rows.filter_map(|row| row.split('`').next()).collect();
        listed.sort_unstable();
        fields.sort();
        assert_eq!(listed, fields);
    }

    #[test]
    fn a_zone_is_kept_as_it_is_properly_written() {
        let set = Settings::default().changed(patch(r#"{"default_timezone": " europe/berlin"}"#));
        let set = set.expect("a zone");
        assert_eq!(set.default_timezone.as_deref(), Some("Europe/Berlin"));
        let set = set.changed(patch(r#"{"default_timezone": null}"#)).expect("none");
        assert_eq!(set, Settings::default());
    }

    #[test]
    fn what_is_out_of_bounds_is_named_and_changes_nothing() {
        for (json, field) in [
            (r#"{"max_runs": 0}"#, "max_runs"),
            (r#"{"min_free_bytes": 1}"#, "min_free_bytes"),
            (r#"{"default_limits": {"memory_bytes": 1}}"#, "memory_bytes"),
            (r#"{"default_limits": {"fsize_bytes": 8192}}"#, "log_bytes"),
            (r#"{"default_timezone": "Mars/Olympus"}"#, "default_timezone"),
        ] {
            let refused = Settings::default().changed(patch(json)).expect_err(json);
            assert_eq!(refused.field, field);
        }
    }
}
