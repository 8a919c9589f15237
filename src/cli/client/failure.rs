//! What can go wrong for a client, in sentences that say what to do about it.

use std::io;

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Something that the parser of the command line cannot know.
    #[error("{0}")]
    Usage(String),
    #[error(
        "PyTask-Manager does not answer at {url}: {why}. Is it running there? Another address is named with --url or PYTASK_URL"
    )]
    Unreachable { url: String, why: String },
    /// Somebody else answers, or something is between us.
    #[error(
        "What answers at {url} does not do so as PyTask-Manager would: {why}. Another address is named with --url or PYTASK_URL"
    )]
    Stranger { url: String, why: String },
    #[error(
        "PyTask-Manager at {url} is version {theirs} and this command line is {ours}: {why}. Use the command line of that version"
    )]
    OtherVersion {
        url: String,
        theirs: String,
        ours: &'static str,
        why: String,
    },
    #[error("PyTask-Manager at {url} fails: {message}{}", request(.request_id))]
    Server {
        url: String,
        message: String,
        request_id: String,
    },
    /// The connection went while a run was followed, and did not come back.
    #[error(
        "The connection to {url} is lost and does not come back ({why}). The run goes on; `{again}` follows it again"
    )]
    Lost { url: String, why: String, again: String },
    #[error("{message}. A token is named with PYTASK_TOKEN or --token")]
    TokenNeeded { message: String },
    #[error("{message}")]
    NotAllowed { message: String },
    #[error("{0}")]
    NotFound(String),
    #[error("{message}")]
    Refused {
        code: String,
        message: String,
        details: serde_json::Value,
    },
    /// Some of several changes were made.
    #[error("{done} of {of} changes were made, then: {because}. The same command goes on from there")]
    Partly {
        done: usize,
        of: usize,
        because: Box<Failure>,
    },
    #[error("{path}: {why}")]
    File { path: String, why: String },
    #[error("the output cannot be written: {0}")]
    Output(io::Error),
    #[error("{0}")]
    Interrupted(String),
}

fn request(id: &str) -> String {
    if id.is_empty() {
        String::new()
    } else {
        format!(" (request {id})")
    }
}

impl Failure {
    /// Whoever read our output has enough of it.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(e) if e.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Whether the same request may do better in a moment.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Server { .. })
    }

    pub fn file(path: &std::path::Path, error: &io::Error) -> Self {
        Self::File {
            path: path.display().to_string(),
            why: error.to_string(),
        }
    }
}
