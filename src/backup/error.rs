//! What can go wrong with backups, in terms a caller can act on.

use std::io;

use crate::files::{self, archives};
use crate::model::limits::OutOfBounds;
use crate::scheduler::timetable::Unusable;
use crate::store;

/// Why a file is not restored from.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this is no backup of PyTask-Manager ({0})")]
    NotOurs(String),
    #[error("the backup is cut short: its end is missing; copy or download it again")]
    CutShort,
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    #[error(
        "the backup was made by PyTask-Manager {version}, which is newer than this one: its {what} is {theirs}, and this \
         version knows {what} up to {ours}; restore it with that version or a later one"
    )]
    Newer {
        version: String,
        what: &'static str,
        theirs: u32,
        ours: u32,
    },
    #[error("the backup is damaged: {0}")]
    Archive(#[from] archives::Refused),
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such backup")]
    NotFound,
    #[error("a backup is being made or checked")]
    Busy,
    #[error("it was cancelled")]
    Cancelled,
    #[error(
        "there is not room enough: the backup may take {needed} bytes, and {free} are free, of which {floor} have to stay"
    )]
    NoRoom { needed: u64, free: u64, floor: u64 },
    #[error("the data disk is nearly full; nothing of the backup was kept")]
    DiskFull,
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Where something is to be restored to.
    #[error("{0}")]
    Target(String),
    #[error(transparent)]
    OutOfBounds(#[from] OutOfBounds),
    #[error(transparent)]
    Schedule(#[from] Unusable),
    #[error(transparent)]
    Files(#[from] files::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("{what}: {source}")]
    Io { what: String, source: io::Error },
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// What a failing read or write of `what` means. An error of ours that went through somebody's `io::Error` is ours again.
    pub fn io(what: impl Into<String>, error: io::Error) -> Self {
        if error.get_ref().is_some_and(|inner| inner.is::<Stopped>()) {
            return Self::Cancelled;
        }
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Io {
                what: what.into(),
                source: error,
            },
        }
    }
}

impl From<archives::Refused> for Error {
    fn from(refused: archives::Refused) -> Self {
        Self::Refused(refused.into())
    }
}

/// Goes through `io::Error` from where bytes pass to whoever asked for them.
#[derive(Debug, thiserror::Error)]
#[error("cancelled")]
pub struct Stopped;

impl From<Stopped> for io::Error {
    fn from(stopped: Stopped) -> Self {
        Self::other(stopped)
    }
}

/// A full disk stays one.
pub fn as_io(error: files::Error) -> io::Error {
    match error.kind() {
        files::ErrorKind::NoSpace => io::Error::new(io::ErrorKind::StorageFull, error),
        _ => io::Error::other(error),
    }
}
