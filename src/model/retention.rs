//! How long runs are kept: the bounds that settings and scripts name, and what holds of them. Which runs that comes to is
//! decided by `runs::retention`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::limits::{OutOfBounds, within};
use super::patch::given;

const MOST_DAYS: u64 = 36_500;
/// Counted through, at times.
const MOST_RUNS: u64 = 1_000_000;
const MOST_BYTES: u64 = 1 << 60;

/// What was set: `null` means the default (of a script: what the settings say), 0 that there is no bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionWish {
    /// Days after which a finished run goes.
    pub max_age_days: Option<u32>,
    /// How many of a script's newest runs are kept; builds are counted for themselves.
    pub max_runs: Option<u64>,
    /// What logs and artifacts may take: of a script its own, in the settings all together.
    pub max_bytes: Option<u64>,
}

/// What is to change: an absent field stays, `null` goes back to the default.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionPatch {
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    pub max_age_days: Option<Option<u32>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u64>)]
    pub max_runs: Option<Option<u64>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u64>)]
    pub max_bytes: Option<Option<u64>>,
}

/// What holds; `null` is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Retention {
    pub max_age_days: Option<u32>,
    pub max_runs: Option<u64>,
    pub max_bytes: Option<u64>,
}

impl Retention {
    pub fn built_in() -> Self {
        Self {
            max_age_days: Some(90),
            max_runs: Some(1_000),
            max_bytes: None,
        }
    }
}

fn over<T: Default + PartialEq>(wish: Option<T>, otherwise: Option<T>) -> Option<T> {
    wish.or(otherwise).filter(|bound| *bound != T::default())
}

impl RetentionWish {
    pub fn over(&self, other: &Retention) -> Retention {
        Retention {
            max_age_days: over(self.max_age_days, other.max_age_days),
            max_runs: over(self.max_runs, other.max_runs),
            max_bytes: over(self.max_bytes, other.max_bytes),
        }
    }

    /// What holds for a script that wishes so: its bytes are its own, those of the settings bound all together.
    pub fn of_script(&self, settings: &Retention) -> Retention {
        self.over(&Retention {
            max_bytes: None,
            ..*settings
        })
    }

    pub fn check(&self) -> Result<(), OutOfBounds> {
        let days = self.max_age_days.map(u64::from);
        within("retention.max_age_days", days, 0, MOST_DAYS)?;
        within("retention.max_runs", self.max_runs, 0, MOST_RUNS)?;
        within("retention.max_bytes", self.max_bytes, 0, MOST_BYTES)
    }

    pub fn changed(self, patch: &RetentionPatch) -> Result<Self, OutOfBounds> {
        let changed = Self {
            max_age_days: patch.max_age_days.unwrap_or(self.max_age_days),
            max_runs: patch.max_runs.unwrap_or(self.max_runs),
            max_bytes: patch.max_bytes.unwrap_or(self.max_bytes),
        };
        changed.check()?;
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_is_what_others_say_and_zero_is_no_bound() {
        let settings = Retention {
            max_bytes: Some(7),
            ..Retention::built_in()
        };
        let nothing = RetentionWish::default();
        assert_eq!(nothing.over(&settings), settings);
        let own = nothing.of_script(&settings);
        assert_eq!((own.max_runs, own.max_bytes), (settings.max_runs, None));
        let wish = RetentionWish {
            max_age_days: Some(0),
            max_runs: Some(5),
            max_bytes: Some(9),
        };
        let expected = Retention {
            max_age_days: None,
            max_runs: Some(5),
            max_bytes: Some(9),
        };
        assert_eq!(wish.of_script(&settings), expected);
    }

    #[test]
    fn a_patch_changes_what_it_names() {
        let patch: RetentionPatch =
            serde_json::from_str(r#"{"max_runs": 3, "max_bytes": null}"#).expect("a patch");
        let before = RetentionWish {
            max_age_days: Some(1),
            max_runs: None,
            max_bytes: Some(2),
        };
        let after = RetentionWish {
            max_age_days: Some(1),
            max_runs: Some(3),
            max_bytes: None,
        };
        assert_eq!(before.changed(&patch), Ok(after));
        let patch: RetentionPatch = serde_json::from_str(r#"{"max_age_days": 40000}"#).expect("a patch");
        let refused = before.changed(&patch).expect_err("too long");
        assert_eq!(refused.field, "retention.max_age_days");
    }
}
