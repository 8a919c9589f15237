//! What may be installed, and from where: the instance's policy for packages. Values; names are normalised (PEP 503).
//!
//! Whether a name or a requirement is well formed is decided where requirements are understood, in `envs`.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::limits::{GIB, MAX_BUILD_SECONDS, MAX_ENVIRONMENT_BYTES, MIB, OutOfBounds, within};
use super::patch::given;

/// Malicious releases are mostly found and withdrawn within days.
pub const COOL_DOWN_DAYS: u16 = 7;
const LONGEST_COOL_DOWN: u64 = 365;
/// Names in one list.
const MOST_NAMES: u64 = 5_000;
const MOST_INDEXES: u64 = 20;

/// What somebody has set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct PackageSettings {
    pub default_requirements: Vec<String>,
    pub cool_down_days: Option<u16>,
    pub allow: Vec<String>,
    pub deny: Vec<String>,
    pub extra_index_urls: Vec<String>,
    pub max_environment_bytes: Option<u64>,
    pub max_build_seconds: Option<u64>,
}

/// What is to change: an absent field stays, a list is replaced as a whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PackagePatch {
    /// PEP 508: what every script gets unless it names the package itself.
    pub default_requirements: Option<Vec<String>>,
    /// Releases younger than this are not considered; 0 is off, `null` goes back to the default.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u16>)]
    pub cool_down_days: Option<Option<u16>>,
    /// If there are any, nothing else is installed, be it that something else needs it.
    pub allow: Option<Vec<String>>,
    /// Never installed, be it that something else needs it; goes before `allow`.
    pub deny: Option<Vec<String>>,
    /// Looked at before the instance's own index; the first that knows a package is the one it comes from.
    pub extra_index_urls: Option<Vec<String>>,
    /// Space one environment may take, with what it shares with the package cache; `null` goes back to the default.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u64>)]
    pub max_environment_bytes: Option<Option<u64>>,
    /// How long a build may take; `null` goes back to the default.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u64>)]
    pub max_build_seconds: Option<Option<u64>>,
}

/// What holds.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Packages {
    pub default_requirements: Vec<String>,
    pub cool_down_days: u16,
    pub allow: Vec<String>,
    pub deny: Vec<String>,
    pub extra_index_urls: Vec<String>,
    pub max_environment_bytes: u64,
    pub max_build_seconds: u64,
}

/// What the scripts of this instance use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InUse {
    /// Names of what is installed in the environments that runs use.
    pub installed: HashSet<String>,
    /// Requirements in the scripts' lists, each once.
    pub asked: Vec<String>,
}

/// A package whose name is one letter away from that of another that is used by many, or here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Lookalike {
    pub package: String,
    pub resembles: String,
    /// For people.
    pub message: String,
}

impl Packages {
    pub fn built_in() -> Self {
        PackageSettings::default().in_force()
    }
}

impl PackageSettings {
    pub fn in_force(&self) -> Packages {
        Packages {
            default_requirements: self.default_requirements.clone(),
            cool_down_days: self.cool_down_days.unwrap_or(COOL_DOWN_DAYS),
            allow: self.allow.clone(),
            deny: self.deny.clone(),
            extra_index_urls: self.extra_index_urls.clone(),
            max_environment_bytes: self.max_environment_bytes.unwrap_or(MAX_ENVIRONMENT_BYTES),
            max_build_seconds: self.max_build_seconds.unwrap_or(MAX_BUILD_SECONDS),
        }
    }

    /// With these changes, unless one is out of bounds.
    pub fn changed(mut self, patch: PackagePatch) -> Result<Self, OutOfBounds> {
        if let Some(days) = patch.cool_down_days {
            within(
                "packages.cool_down_days",
                days.map(u64::from),
                0,
                LONGEST_COOL_DOWN,
            )?;
            self.cool_down_days = days;
        }
        if let Some(bytes) = patch.max_environment_bytes {
            within("packages.max_environment_bytes", bytes, MIB, 1024 * GIB)?;
            self.max_environment_bytes = bytes;
        }
        if let Some(seconds) = patch.max_build_seconds {
            within("packages.max_build_seconds", seconds, 10, 24 * 3600)?;
            self.max_build_seconds = seconds;
        }
        for (field, list, most, place) in [
            ("packages.allow", patch.allow, MOST_NAMES, &mut self.allow),
            ("packages.deny", patch.deny, MOST_NAMES, &mut self.deny),
            (
                "packages.extra_index_urls",
                patch.extra_index_urls,
                MOST_INDEXES,
                &mut self.extra_index_urls,
            ),
            // Bounded by whoever reads requirements.
            (
                "packages.default_requirements",
                patch.default_requirements,
                MOST_NAMES,
                &mut self.default_requirements,
            ),
        ] {
            if let Some(list) = list {
                within(field, Some(list.len() as u64), 0, most)?;
                *place = list;
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(json: &str) -> PackagePatch {
        serde_json::from_str(json).expect("a patch")
    }

    #[test]
    fn lists_are_replaced_and_the_rest_stays() {
        let set = PackageSettings::default()
            .changed(patch(r#"{"deny": ["a"], "cool_down_days": 0}"#))
            .expect("within bounds");
        let set = set
            .changed(patch(r#"{"deny": ["b"], "allow": ["c"]}"#))
            .expect("within bounds");
        let held = set.in_force();
        assert_eq!(
            (held.deny, held.allow, held.cool_down_days),
            (vec!["b".to_owned()], vec!["c".to_owned()], 0)
        );
        let set = set
            .changed(patch(r#"{"cool_down_days": null}"#))
            .expect("within bounds");
        assert_eq!(set.in_force().cool_down_days, COOL_DOWN_DAYS);
    }

    #[test]
    fn what_is_out_of_bounds_is_named() {
        for (json, field) in [
            (r#"{"cool_down_days": 366}"#, "packages.cool_down_days"),
            (
                r#"{"max_environment_bytes": 1000}"#,
                "packages.max_environment_bytes",
            ),
            (r#"{"max_build_seconds": 86401}"#, "packages.max_build_seconds"),
        ] {
            let refused = PackageSettings::default().changed(patch(json)).expect_err(json);
            assert_eq!(refused.field, field);
        }
    }
}
