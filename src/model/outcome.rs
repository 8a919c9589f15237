//! The verdict on a run as a value: a closed set of outcomes, each with its evidence and a sentence for people.
//! How it is come by is [`super::verdict`]'s.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::evidence::Evidence;

/// Our verdict, as it is stored and sent.
/// How the reason ends of a run that was skipped because another one was in its way.
pub const OVERLAPPED: &str = "of this script was not finished";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    Succeeded {
        message: String,
        #[serde(flatten)]
        evidence: Evidence,
    },
    Failed {
        message: String,
        /// `null` if it failed at a limit that `limits_hit` names.
        exit_code: Option<i32>,
        #[serde(flatten)]
        evidence: Evidence,
    },
    Signalled {
        message: String,
        signal: i32,
        #[serde(flatten)]
        evidence: Evidence,
    },
    OutOfMemory {
        message: String,
        limit_bytes: u64,
        peak_bytes: Option<u64>,
        #[serde(flatten)]
        evidence: Evidence,
    },
    TimedOut {
        message: String,
        limit_seconds: u64,
        #[serde(flatten)]
        evidence: Evidence,
    },
    Cancelled {
        message: String,
        /// Who wanted it: `user`, or what else stops runs.
        by: String,
        /// The run that took its place, if one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaced_by: Option<String>,
        #[serde(flatten)]
        evidence: Evidence,
    },
    Skipped {
        message: String,
        reason: String,
    },
    EnvironmentFailed {
        message: String,
        build_run_id: Option<String>,
    },
    EngineError {
        message: String,
        /// What the engine or the supervisor said.
        detail: String,
    },
    Lost {
        message: String,
        reason: String,
        #[serde(default)]
        cause: LostCause,
        #[serde(flatten)]
        evidence: Evidence,
    },
}

/// What kind of uncertainty it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LostCause {
    /// Somebody or something outside stopped it: a restart of the engine, `docker stop`.
    Interrupted,
    /// Its container is gone.
    Vanished,
    /// Its container ended and left no facts: killed from outside, or the machine went down.
    #[default]
    NoFacts,
    /// Facts are there, and not such that they can be believed.
    BadFacts,
}

impl Outcome {
    /// All there are.
    pub const KINDS: [&'static str; 10] = [
        "succeeded",
        "failed",
        "signalled",
        "out_of_memory",
        "timed_out",
        "cancelled",
        "skipped",
        "environment_failed",
        "engine_error",
        "lost",
    ];

    /// The outcome's name in filters and in the database; the same word as its serialized `kind`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Succeeded { .. } => "succeeded",
            Self::Failed { .. } => "failed",
            Self::Signalled { .. } => "signalled",
            Self::OutOfMemory { .. } => "out_of_memory",
            Self::TimedOut { .. } => "timed_out",
            Self::Cancelled { .. } => "cancelled",
            Self::Skipped { .. } => "skipped",
            Self::EnvironmentFailed { .. } => "environment_failed",
            Self::EngineError { .. } => "engine_error",
            Self::Lost { .. } => "lost",
        }
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        match self {
            Self::Succeeded { message, .. }
            | Self::Failed { message, .. }
            | Self::Signalled { message, .. }
            | Self::OutOfMemory { message, .. }
            | Self::TimedOut { message, .. }
            | Self::Cancelled { message, .. }
            | Self::Skipped { message, .. }
            | Self::EnvironmentFailed { message, .. }
            | Self::EngineError { message, .. }
            | Self::Lost { message, .. } => message,
        }
    }

    pub fn is_success(&self) -> bool {
        matches!(self, Self::Succeeded { .. })
    }

    /// What explains it; nothing for what was never started.
    pub fn evidence(&self) -> Option<&Evidence> {
        match self {
            Self::Succeeded { evidence, .. }
            | Self::Failed { evidence, .. }
            | Self::Signalled { evidence, .. }
            | Self::OutOfMemory { evidence, .. }
            | Self::TimedOut { evidence, .. }
            | Self::Cancelled { evidence, .. }
            | Self::Lost { evidence, .. } => Some(evidence),
            Self::Skipped { .. } | Self::EnvironmentFailed { .. } | Self::EngineError { .. } => None,
        }
    }

    /// Cut short; without evidence if nothing of it was started.
    pub fn cancelled(by: &str, replaced_by: Option<String>, evidence: Evidence) -> Self {
        Self::Cancelled {
            message: format!("Cancelled by {by}"),
            by: by.to_owned(),
            replaced_by,
            evidence,
        }
    }

    pub fn engine_error(detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self::EngineError {
            message: format!("The run could not be started: {detail}"),
            detail,
        }
    }

    pub(super) fn lost(reason: impl Into<String>, cause: LostCause, evidence: Evidence) -> Self {
        let reason = reason.into();
        Self::Lost {
            message: format!("Lost: {reason}"),
            reason,
            cause,
            evidence,
        }
    }
}

/// Values that the tests of the model start from.
#[cfg(test)]
pub(super) mod tests_support {
    use pytask_protocol::{Exit, ExitCause};

    pub(in crate::model) fn exit(
        cause: ExitCause,
        code: Option<i32>,
        signal: Option<i32>,
        oom_kills: Option<u64>,
    ) -> Exit {
        Exit {
            code,
            signal,
            finished_at_ms: 1,
            oom_kills,
            peak_memory_bytes: Some(7),
            ..Exit::bare("r", cause)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stored_before_there_was_evidence_can_be_read() {
        let failed = r#"{"kind":"failed","message":"m","exit_code":3,"stderr_tail":["last"]}"#;
        let read: Outcome = serde_json::from_str(failed).expect("parses");
        assert_eq!(
            read.evidence().map(|e| e.stderr_tail.as_slice()),
            Some(["last".to_owned()].as_slice())
        );
        for old in [
            r#"{"kind":"succeeded","message":"m"}"#,
            r#"{"kind":"cancelled","message":"m","by":"user"}"#,
            r#"{"kind":"lost","message":"m","reason":"r"}"#,
        ] {
            let read: Outcome = serde_json::from_str(old).expect(old);
            assert_eq!(read.evidence(), Some(&Evidence::default()), "{old}");
        }
    }
}
