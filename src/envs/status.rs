//! How a script's environment stands to what the script asks for: pure.

use crate::model::environment::{Environment, EnvironmentState};
use crate::model::ids::RunId;
use crate::model::outcome::Outcome;
use crate::model::run::{Run, State};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub state: EnvironmentState,
    /// The build that is under way, or the one that failed.
    pub build: Option<RunId>,
    pub message: Option<String>,
}

/// `live` is the environment the script's runs use, `newest_build` the latest run of kind build.
pub fn status(requirements: &[String], live: Option<&Environment>, newest_build: Option<&Run>) -> Status {
    let plain = |state| Status {
        state,
        build: None,
        message: None,
    };
    if let Some(build) = newest_build
        && !build.is_finished()
    {
        return Status {
            state: EnvironmentState::Building,
            build: Some(build.id.clone()),
            message: None,
        };
    }
    if requirements.is_empty() {
        return plain(EnvironmentState::NotNeeded);
    }
    if live.is_some_and(|live| live.requirements == requirements) {
        return plain(EnvironmentState::InStep);
    }
    // A failure counts only against what is asked for now.
    if let Some(build) = newest_build
        && build.requirements == requirements
        && let State::Finished { outcome } = &build.state
        && !outcome.is_success()
    {
        return Status {
            state: EnvironmentState::Failed,
            build: Some(build.id.clone()),
            message: Some(reason(outcome)),
        };
    }
    plain(if live.is_some() {
        EnvironmentState::NeedsInstall
    } else {
        EnvironmentState::Missing
    })
}

/// Why a build failed, in uv's words where there are any.
pub fn reason(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed { stderr_tail, .. } if stderr_tail.iter().any(|line| !line.trim().is_empty()) => {
            stderr_tail.join("\n").trim().to_owned()
        }
        Outcome::Succeeded { message }
        | Outcome::Failed { message, .. }
        | Outcome::Signalled { message, .. }
        | Outcome::OutOfMemory { message, .. }
        | Outcome::TimedOut { message, .. }
        | Outcome::Cancelled { message, .. }
        | Outcome::Skipped { message, .. }
        | Outcome::EnvironmentFailed { message, .. }
        | Outcome::EngineError { message, .. }
        | Outcome::Lost { message, .. } => message.clone(),
    }
}
