//! Reading a run's log: while it is written, at its end, and afterwards.
//!
//! The supervisor writes framed records (`docs/log-format.md`) to `<run directory>/log`; [`LogFile`] reads them,
//! [`Follower`] as they come, [`tail`] from the end, [`Export`] as a download; [`window`] reads lines from anywhere,
//! [`EndFollower`] the last ones as they come. `files::Watcher` wakes whoever waits for something in a run directory. [`seal`]
//! is called once, after the run's end. [`pack`] makes `log.zst` of it later; whoever reads does not notice, because all
//! offsets are those of the log that was packed.
//!
//! Invariants: the file is untrusted (any bytes are answered, a damaged part costs only itself); memory is bounded
//! whatever the log's size and however slow a reader; wake-ups are hints, so everything also polls; readers share
//! nothing but wake-ups, so none disturbs another. Knows run directories, and no run.
//!
//! What takes a `&Path` is synchronous: call it from `spawn_blocking`.

mod blocks;
mod ends;
mod export;
#[cfg(test)]
mod fixture;
mod follow;
mod index;
mod lines;
mod pack;
mod packed;
#[cfg(test)]
mod packed_tests;
mod pieces;
mod reader;
mod seal;
mod search;
mod source;
mod tail;
mod text;

pub use ends::EndFollower;
pub use export::{Export, Format, render};
pub use follow::Follower;
pub use lines::{From as WindowFrom, LogLine, Window, window};
pub use pack::{PackStep, Packing, SMALLEST as SMALLEST_PACKED, pack};
pub use pieces::{Gzip, Pieces, Whole, stream};
pub use pytask_protocol::frame::{OwnedRecord, Record, Stream};
pub use reader::{Item, LogFile, Records};
pub use seal::{Summary, seal, summary};
pub use search::{Match, Order, Progress, Search, search};
pub use tail::{last_stderr_lines, tail};
pub use text::{LogRecord, LogStream};

use std::io;

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The run has written nothing (yet), or its log is gone.
    #[error("there is no log")]
    NotFound,
    /// Something else has the log's name: never followed, never read.
    #[error("the log is not a regular file of its own")]
    Unsafe,
    #[error("the log cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// [`Error`] without its particulars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    NotFound,
    Unsafe,
    Io,
}

impl Error {
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Unsafe => ErrorKind::Unsafe,
            Self::Io(_) => ErrorKind::Io,
        }
    }
}

/// Which records are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Filter {
    #[default]
    All,
    /// The script's output to one stream. [`Stream::System`] includes the markers of missing output.
    Only(Stream),
}

impl Filter {
    pub fn takes(self, stream: Stream) -> bool {
        match self {
            Self::All => true,
            Self::Only(Stream::System) => matches!(stream, Stream::System | Stream::Truncated),
            Self::Only(wanted) => stream == wanted,
        }
    }
}
