//! What can go wrong with a file, in terms a caller can act on.
//!
//! Messages name paths as the user knows them (relative to the folder), never the volume's own.

use std::io;

use rustix::io::Errno;

use super::path::PathError;

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}: there is no such file or folder")]
    NotFound(String),
    /// A folder where a file was wanted, or a file where a folder was wanted.
    #[error("{path}: {reason}")]
    NotAFile { path: String, reason: &'static str },
    #[error("{path}: larger than {limit} bytes")]
    TooLarge { path: String, limit: u64 },
    #[error(transparent)]
    BadPath(#[from] PathError),
    #[error("{0}: something of that name exists already")]
    Exists(String),
    #[error("{0}: the folder is not empty")]
    NotEmpty(String),
    /// The content is not the one the caller expected to replace.
    #[error("{0}: changed since it was read")]
    Changed(String),
    /// A link, a device, a pipe, a second name of some other file: never followed, never read.
    #[error("{path}: {reason}")]
    Unsafe { path: String, reason: &'static str },
    /// Something only we write does not read back as written.
    #[error("{path}: damaged: {reason}")]
    Damaged { path: String, reason: String },
    #[error("{0}: no space left")]
    NoSpace(String),
    #[error("{path}: {source}")]
    Io { path: String, source: io::Error },
}

/// [`Error`] without its particulars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    NotFound,
    NotAFile,
    TooLarge,
    BadPath,
    Exists,
    NotEmpty,
    Changed,
    Unsafe,
    Damaged,
    NoSpace,
    Io,
}

impl Error {
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::NotAFile { .. } => ErrorKind::NotAFile,
            Self::TooLarge { .. } => ErrorKind::TooLarge,
            Self::BadPath(_) => ErrorKind::BadPath,
            Self::Exists(_) => ErrorKind::Exists,
            Self::NotEmpty(_) => ErrorKind::NotEmpty,
            Self::Changed(_) => ErrorKind::Changed,
            Self::Unsafe { .. } => ErrorKind::Unsafe,
            Self::Damaged { .. } => ErrorKind::Damaged,
            Self::NoSpace(_) => ErrorKind::NoSpace,
            Self::Io { .. } => ErrorKind::Io,
        }
    }

    /// What the kernel's answer means for `path`.
    pub(super) fn from_errno(path: &str, errno: Errno) -> Self {
        let path = path.to_owned();
        let unsafe_because = |path, reason| Self::Unsafe { path, reason };
        match errno {
            Errno::NOENT => Self::NotFound(path),
            Errno::EXIST => Self::Exists(path),
            Errno::NOTEMPTY => Self::NotEmpty(path),
            Errno::ISDIR => Self::NotAFile {
                path,
                reason: "is a folder",
            },
            Errno::NOTDIR => Self::NotAFile {
                path,
                reason: "part of the path is not a folder",
            },
            Errno::LOOP => unsafe_because(path, "symbolic links are not followed"),
            Errno::XDEV => unsafe_because(path, "leads out of its folder"),
            Errno::NXIO | Errno::NODEV => unsafe_because(path, "is not a regular file"),
            Errno::WOULDBLOCK => unsafe_because(path, "is held by a running program"),
            Errno::NOSPC | Errno::DQUOT => Self::NoSpace(path),
            other => Self::Io {
                path,
                source: other.into(),
            },
        }
    }

    pub(crate) fn from_io(path: &str, error: io::Error) -> Self {
        match Errno::from_io_error(&error) {
            Some(errno) => Self::from_errno(path, errno),
            None => Self::Io {
                path: path.to_owned(),
                source: error,
            },
        }
    }
}
