//! A check as a value: what was looked at, how it came out, in one sentence, and what mends it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    Ok,
    /// It could not be looked at.
    Unknown,
    /// It works, and may not for long, or not as well as it could.
    Warning,
    /// Something does not work.
    Problem,
}

impl CheckState {
    pub const ALL: [Self; 4] = [Self::Ok, Self::Unknown, Self::Warning, Self::Problem];

    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// Stable, such as `limits`.
    pub id: String,
    /// What was looked at.
    pub title: String,
    pub state: CheckState,
    /// How it is, in a sentence.
    pub what: String,
    /// `null` where nothing is to be mended.
    pub mend: Option<Mend>,
    /// More to know, a line each.
    pub details: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mend {
    /// What to do.
    pub what: String,
    /// To be copied into a shell of the machine, as far as one command does it.
    pub command: Option<String>,
}

/// One examination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    pub ran_at: Timestamp,
    pub took_ms: u64,
    pub checks: Vec<Check>,
}

impl Report {
    pub fn count(&self, state: CheckState) -> usize {
        self.checks.iter().filter(|check| check.state == state).count()
    }

    /// The worst there is.
    pub fn worst(&self) -> CheckState {
        let states = self.checks.iter().map(|check| check.state);
        states.max().unwrap_or(CheckState::Unknown)
    }
}

impl Check {
    pub(super) fn new(id: &str, title: &str, state: CheckState, what: impl Into<String>) -> Self {
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            state,
            what: what.into(),
            mend: None,
            details: Vec::new(),
        }
    }

    pub(super) fn mend(mut self, what: impl Into<String>) -> Self {
        self.mend = Some(Mend {
            what: what.into(),
            command: None,
        });
        self
    }

    pub(super) fn by(mut self, command: impl Into<String>) -> Self {
        if let Some(mend) = &mut self.mend {
            mend.command = Some(command.into());
        }
        self
    }

    pub(super) fn detail(mut self, line: impl Into<String>) -> Self {
        self.details.push(line.into());
        self
    }
}

/// What a group of checks is called in front of each of its sentences.
pub(super) struct About {
    pub id: &'static str,
    pub title: &'static str,
}

impl About {
    pub fn ok(&self, what: impl Into<String>) -> Check {
        Check::new(self.id, self.title, CheckState::Ok, what)
    }

    pub fn unknown(&self, what: impl Into<String>) -> Check {
        Check::new(self.id, self.title, CheckState::Unknown, what)
    }

    pub fn warning(&self, what: impl Into<String>) -> Check {
        Check::new(self.id, self.title, CheckState::Warning, what)
    }

    pub fn problem(&self, what: impl Into<String>) -> Check {
        Check::new(self.id, self.title, CheckState::Problem, what)
    }
}
