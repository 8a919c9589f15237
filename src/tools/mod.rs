//! The editor's tools: a language server, a linter, a formatter, and the sources of packages, for one script each.
//!
//! They run in a *tools container* of their own image, which sees the script's folder and environment read-only and has no
//! network; the controller reaches it over a socket in a folder of the data volume. `keeper` has the containers, `plan`
//! decides about them, `table` names the programs, `wire` speaks to the supervisor inside, `framing`, `messages` and
//! `language` are the bridge to a language server, which knows none by name. *Invariants:* the product works without any
//! of it; whatever a program does costs a bounded amount and ends with a reason. *Absent:* HTTP, WebSockets, editors.

mod allowance;
mod container;
pub mod framing;
mod keeper;
mod language;
mod messages;
mod plan;
mod ruff;
mod source;
mod table;
mod wire;

use std::sync::Arc;
use std::time::Duration;

pub use container::TOOLS_DIRECTORY;
pub use language::{Closed, Session};
pub use plan::{Phase, Why};
pub use ruff::{Fix, Place, Problem, Severity, TextEdit};

use crate::engine::Engine;
use crate::events::Events;
use crate::files::{DataDir, RelPath};
use crate::model::ids::ScriptId;
use crate::runs::{Runs, keep_alive};
use crate::store::{self, Store};
use keeper::Keeper;
use table::Program;
use wire::{Connection, Finished};

/// No larger text is linted or formatted.
pub const MOST_TEXT_BYTES: usize = 4 * 1024 * 1024;
/// For a short program, from the connection to its end.
const SHORT: Duration = Duration::from_secs(15);
/// What one may answer.
const MOST_ANSWER_BYTES: usize = 16 * 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such script")]
    NotFound,
    /// Why there are none just now, and what to do.
    #[error("{0}")]
    Unavailable(String),
    /// A program has refused, and says why: such as a configuration in the script's folder that it cannot read.
    #[error("{0}")]
    Failed(String),
    #[error("{message}")]
    Invalid { field: &'static str, message: String },
    /// The text is no Python; from 1.
    #[error("{message}")]
    Syntax { line: u32, column: u32, message: String },
    #[error("there is no such source")]
    NoSuchSource,
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What they work with.
pub struct Parts {
    pub store: Store,
    pub engine: Arc<dyn Engine>,
    pub data: DataDir,
    pub events: Events,
    pub runs: Runs,
    /// Name of the image with the programs.
    pub image: String,
    /// A container that nobody uses for so long is stopped.
    pub idle: Duration,
}

/// How it stands with the tools of a script.
#[derive(Debug, Clone)]
pub struct Status {
    /// Why there are none.
    pub unavailable: Option<String>,
    /// Names and versions.
    pub programs: Vec<(String, String)>,
    pub phase: Phase,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Tools(Arc<Keeper>);

impl Tools {
    /// Removes what an earlier controller left, and looks after what is started.
    pub fn start(parts: Parts) -> Self {
        let keeper = Keeper::new(parts);
        let kept = Arc::clone(&keeper);
        keep_alive("tools", move || Arc::clone(&kept).keep());
        Self(keeper)
    }

    /// Ends all tools containers.
    pub async fn stop(&self) {
        self.0.stop().await;
    }

    pub async fn status(&self, script: &ScriptId) -> Result<Status, Error> {
        let id = script.clone();
        let found = self
            .0
            .parts
            .store
            .read(move |c| store::scripts::get(c, &id))
            .await?;
        found
            .filter(|script| script.deleted_at.is_none())
            .ok_or(Error::NotFound)?;
        let (unavailable, programs) = match self.0.image().await {
            Ok(image) => {
                let known = table::BROUGHT.iter().filter_map(|(name, variable)| {
                    Some(((*name).to_owned(), image.env.get(*variable)?.clone()))
                });
                (None, known.collect())
            }
            Err(Error::Unavailable(why)) => (Some(why), Vec::new()),
            Err(e) => return Err(e),
        };
        Ok(Status {
            unavailable,
            programs,
            phase: self.0.phase(script),
        })
    }

    /// A language server for one editor.
    pub async fn language(&self, script: &ScriptId) -> Result<Session, Error> {
        let used = self.0.acquire(script).await?;
        let opened = Connection::open(&used.socket(), Program::Language, Vec::new(), Duration::ZERO).await;
        let connection = opened.map_err(gone)?;
        let initialization = table::initialization(used.has_environment());
        Ok(Session::new(connection, Arc::new(used), initialization))
    }

    /// What the linter says of this text, were it the file of that name.
    pub async fn lint(&self, script: &ScriptId, path: &RelPath, text: String) -> Result<Vec<Problem>, Error> {
        let done = self.check_text(script, Program::Lint, path, &text).await?;
        match done.ended.code {
            Some(0 | 1) => ruff::problems(&done.stdout, &text),
            _ => Err(ended_badly(&done)),
        }
    }

    /// The text as the formatter would have it, were it the file of that name.
    pub async fn format(&self, script: &ScriptId, path: &RelPath, text: String) -> Result<String, Error> {
        let done = self.check_text(script, Program::Format, path, &text).await?;
        match done.ended.code {
            Some(0) => String::from_utf8(done.stdout)
                .map_err(|_| Error::Failed("the formatter's answer is not UTF-8".to_owned())),
            Some(2) => Err(ruff::not_formatted(&done.stderr, path.as_str())),
            _ => Err(ended_badly(&done)),
        }
    }

    async fn check_text(
        &self,
        script: &ScriptId,
        program: Program,
        path: &RelPath,
        text: &str,
    ) -> Result<Finished, Error> {
        if text.len() > MOST_TEXT_BYTES {
            return Err(Error::Invalid {
                field: "text",
                message: format!("The text may have at most {MOST_TEXT_BYTES} bytes"),
            });
        }
        let name = format!("{}/{path}", container::SCRIPT);
        let args = vec!["--stdin-filename".to_owned(), name, "-".to_owned()];
        self.run(script, program, args, text.as_bytes()).await
    }

    /// A source of a package or of Python, where a definition leads.
    pub async fn source(&self, script: &ScriptId, path: &str) -> Result<Vec<u8>, Error> {
        let path = source::check(path)?;
        let args = vec!["--".to_owned(), path.to_owned()];
        let done = self.run(script, Program::Source, args, b"").await?;
        match done.ended.code {
            Some(0) => Ok(done.stdout),
            Some(1) => Err(Error::NoSuchSource),
            _ => Err(ended_badly(&done)),
        }
    }

    async fn run(
        &self,
        script: &ScriptId,
        program: Program,
        args: Vec<String>,
        input: &[u8],
    ) -> Result<Finished, Error> {
        let used = self.0.acquire(script).await?;
        let work = async {
            let connection = Connection::open(&used.socket(), program, args, SHORT).await;
            wire::run(connection.map_err(gone)?, input, MOST_ANSWER_BYTES).await
        };
        tokio::time::timeout(SHORT, work).await.unwrap_or_else(|_| {
            Err(Error::Failed(format!(
                "it took longer than {} s",
                SHORT.as_secs()
            )))
        })
    }
}

fn gone(error: std::io::Error) -> Error {
    Error::Unavailable(format!("the tools container does not answer: {error}"))
}

fn ended_badly(done: &Finished) -> Error {
    match &done.ended.error {
        Some(why) => Error::Unavailable(why.clone()),
        None => ruff::failed(&done.stderr),
    }
}
