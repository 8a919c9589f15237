//! Where a log's bytes come from: the file `log`, or `log.zst` once it is packed, by the same offsets.
//!
//! Which of the two is decided when it is opened: `log` is there first and goes last, so one of them is always found, and
//! while both are there they are the same. Neither is ever followed through a link, nor read if it is not a plain file of its
//! own: what is in a run directory was written inside a container.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use pytask_protocol::LOG_FILE;
use rustix::fd::AsFd;
use rustix::fs::{CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::packed::Packed;
use super::{Error, Result};

/// The name of a packed log.
pub(super) const PACKED_FILE: &str = "log.zst";

#[derive(Debug)]
pub(super) enum Source {
    /// As it was written; it may still grow.
    Plain(File),
    Packed(Box<Packed>),
}

/// What there is at an offset.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Got {
    /// So many bytes; 0 at the end.
    Bytes(usize),
    /// From here on so many bytes of the log cannot be read any more; what follows them can.
    Lost(u64),
}

impl Source {
    pub(super) fn open(run_dir: &Path) -> Result<Self> {
        match open_plain(CWD, &run_dir.join(LOG_FILE), OFlags::RDONLY) {
            Err(Error::NotFound) => {
                let file = open_plain(CWD, &run_dir.join(PACKED_FILE), OFlags::RDONLY)?;
                Ok(Self::Packed(Box::new(Packed::open(file)?)))
            }
            file => Ok(Self::Plain(file?)),
        }
    }

    /// Bytes of the log, now.
    pub(super) fn length(&self) -> Result<u64> {
        match self {
            Self::Plain(file) => Ok(file.metadata()?.len()),
            Self::Packed(packed) => Ok(packed.length()),
        }
    }

    pub(super) fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<Got> {
        match self {
            Self::Packed(packed) => packed.read_at(buffer, offset),
            Self::Plain(file) => loop {
                match file.read_at(buffer, offset) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => return other.map(Got::Bytes),
                }
            },
        }
    }
}

/// A regular file with one name.
pub(super) fn open_plain(folder: impl AsFd, name: &Path, access: OFlags) -> Result<File> {
    let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let fd = match rustix::fs::openat(folder, name, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Err(Error::NotFound),
        Err(Errno::LOOP | Errno::NXIO | Errno::ISDIR) => return Err(Error::Unsafe),
        other => other.map_err(io::Error::from)?,
    };
    let stat = rustix::fs::fstat(&fd).map_err(io::Error::from)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile || stat.st_nlink != 1 {
        return Err(Error::Unsafe);
    }
    Ok(File::from(fd))
}
