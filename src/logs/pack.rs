//! Packing: a finished log becomes `log.zst`, which is proved to be the same before `log` goes.
//!
//! Blocks end where records do, so a block that is damaged costs its own records, and reading goes on behind it at a
//! record and not somewhere in a script's output. The order of the steps makes a kill at any moment harmless: the packed log
//! is whole, on disk and read back before it has its name, and has its name durably before `log` loses its own. What a
//! killed attempt leaves is taken up, or written over, by the next. On a full disk the log stays as it is.
//!
//! Knows no runs: that nobody writes the log any more is the caller's promise. A log that changes nevertheless is kept.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use pytask_protocol::LOG_FILE;
use pytask_protocol::frame::{Decoded, decode};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;
use sha2::{Digest, Sha256};
use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

use super::blocks::{BLOCK, Blocks, LONGEST_FRAME};
use super::packed::Packed;
use super::source::{Got, PACKED_FILE, open_plain};
use super::{Error, Result};

/// A shorter log is not worth a file system's trouble.
pub const SMALLEST: u64 = 64 * 1024;

/// Beyond it, two to five times the time saves a twentieth.
const LEVEL: i32 = 3;
const UNFINISHED_FILE: &str = ".log.zst.tmp";

/// What has come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// It is packed, now or since an earlier attempt.
    Packed { before: u64, after: u64 },
    /// There is none, or it is too short; it will never be packed.
    NotWorthIt,
    /// Somebody has written it meanwhile. It is as it was.
    StillWritten,
    /// The caller wanted no more.
    Stopped,
}

/// What is done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackStep {
    Block,
    Table,
    Sync,
    ReadBack,
    Rename,
    SyncName,
    Remove,
    SyncRemoval,
}

/// Packs the log in a run directory. `go_on` is asked before each step. Safe to repeat.
pub fn pack(run_dir: &Path, mut go_on: impl FnMut(PackStep) -> bool) -> Result<Packing> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = match rustix::fs::open(run_dir, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(Packing::NotWorthIt),
        other => other.map_err(io::Error::from)?,
    };
    let log = match open_in(&folder, LOG_FILE) {
        Err(Error::NotFound) => return what_is_packed(&folder),
        other => other?,
    };
    let before = Mark::of(&log)?;
    if before.length < SMALLEST {
        return Ok(Packing::NotWorthIt);
    }
    let Some(is_packed) = is_packed_already(&folder, &log, before, &mut go_on)? else {
        return Ok(Packing::Stopped);
    };
    if !is_packed {
        let written = write(&folder, &log, &mut go_on);
        if !matches!(written, Ok(true)) {
            remove(&folder, UNFINISHED_FILE)?;
            return written.map(|_| Packing::Stopped);
        }
        rustix::fs::renameat(&folder, UNFINISHED_FILE, &folder, PACKED_FILE).map_err(io::Error::from)?;
    }
    if !go_on(PackStep::SyncName) {
        return Ok(Packing::Stopped);
    }
    // Also if the name was there before: who gave it may not have come to this.
    rustix::fs::fsync(&folder).map_err(io::Error::from)?;
    if !go_on(PackStep::Remove) {
        return Ok(Packing::Stopped);
    }
    if Mark::of(&open_in(&folder, LOG_FILE)?)? != before {
        // Whoever reads takes the log. What was packed of it would not be it.
        remove(&folder, PACKED_FILE)?;
        return Ok(Packing::StillWritten);
    }
    remove(&folder, LOG_FILE)?;
    if go_on(PackStep::SyncRemoval) {
        rustix::fs::fsync(&folder).map_err(io::Error::from)?;
    }
    what_is_packed(&folder)
}

/// What tells a log that was written to from one that was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl Mark {
    fn of(file: &File) -> io::Result<Self> {
        let stat = file.metadata()?;
        Ok(Self {
            inode: stat.ino(),
            length: stat.len(),
            modified: (stat.mtime(), stat.mtime_nsec()),
        })
    }
}

fn open_in(folder: &OwnedFd, name: &str) -> Result<File> {
    open_plain(folder, Path::new(name), OFlags::RDONLY)
}

fn what_is_packed(folder: &OwnedFd) -> Result<Packing> {
    match open_in(folder, PACKED_FILE) {
        Err(Error::NotFound) => Ok(Packing::NotWorthIt),
        file => {
            let file = file?;
            Ok(Packing::Packed {
                after: file.metadata()?.len(),
                before: Packed::open(file)?.length(),
            })
        }
    }
}

/// Whether an earlier attempt came as far as the name; `None` if it was not let find out.
fn is_packed_already(
    folder: &OwnedFd,
    log: &File,
    mark: Mark,
    go_on: &mut impl FnMut(PackStep) -> bool,
) -> Result<Option<bool>> {
    let packed = match open_in(folder, PACKED_FILE) {
        Err(Error::NotFound) => return Ok(Some(false)),
        other => Packed::open(other?)?,
    };
    if packed.length() != mark.length {
        return Ok(Some(false));
    }
    let mut hash = Sha256::new();
    let mut blocks = RecordBlocks::of(log);
    while let Some(block) = blocks.next()? {
        if !go_on(PackStep::ReadBack) {
            return Ok(None);
        }
        hash.update(block);
    }
    let log_hash: Hash = hash.finalize().into();
    let packed_hash = hash_of(packed, go_on)?;
    let is_unchanged = Mark::of(log)? == mark;
    Ok(packed_hash.map(|packed_hash| packed_hash == log_hash && is_unchanged))
}

/// Writes the packed log beside the log, durably, and reads it back. Whether it was let finish.
fn write(folder: &OwnedFd, log: &File, go_on: &mut impl FnMut(PackStep) -> bool) -> Result<bool> {
    remove(folder, UNFINISHED_FILE)?;
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, UNFINISHED_FILE, flags, Mode::RUSR | Mode::WUSR)
        .map_err(io::Error::from)?;
    let mut file = File::from(file);
    let Some(hash) = write_packed(log, &mut file, go_on)? else {
        return Ok(false);
    };
    if !go_on(PackStep::Sync) {
        return Ok(false);
    }
    file.sync_all()?;
    // So that it is read from the disk, and what nobody reads soon does not stay in memory. Only a hint.
    let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
    let Some(read_back) = hash_of(Packed::open(file)?, go_on)? else {
        return Ok(false);
    };
    if read_back != hash {
        let what = "the packed log is not what was packed";
        return Err(io::Error::new(io::ErrorKind::InvalidData, what).into());
    }
    Ok(go_on(PackStep::Rename))
}

type Hash = [u8; 32];

/// Answers the hash of what went in; `None` if it was not let finish.
fn write_packed(
    log: &File,
    to: &mut impl Write,
    go_on: &mut impl FnMut(PackStep) -> bool,
) -> Result<Option<Hash>> {
    let mut compressor = Compressor::new(LEVEL)?;
    compressor.set_parameter(CParameter::ChecksumFlag(true))?;
    let mut packed = Vec::with_capacity(LONGEST_FRAME);
    let mut hash = Sha256::new();
    let mut blocks = Blocks::default();
    let mut source = RecordBlocks::of(log);
    while let Some(block) = source.next()? {
        if !go_on(PackStep::Block) {
            return Ok(None);
        }
        if blocks.is_full() {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge).into());
        }
        hash.update(block);
        packed.clear();
        compressor.compress_to_buffer(block, &mut packed)?;
        to.write_all(&packed)?;
        blocks.push(packed.len() as u64, block.len() as u32);
    }
    if !go_on(PackStep::Table) {
        return Ok(None);
    }
    to.write_all(&blocks.table())?;
    Ok(Some(hash.finalize().into()))
}

/// Of the log that comes out; of what is lost, nothing.
fn hash_of(mut packed: Packed, go_on: &mut impl FnMut(PackStep) -> bool) -> Result<Option<Hash>> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; BLOCK];
    let mut at = 0;
    loop {
        if !go_on(PackStep::ReadBack) {
            return Ok(None);
        }
        match packed.read_at(&mut buffer, at)? {
            Got::Bytes(0) => return Ok(Some(hash.finalize().into())),
            Got::Bytes(bytes) => {
                hash.update(&buffer[..bytes]);
                at += bytes as u64;
            }
            Got::Lost(bytes) => at += bytes,
        }
    }
}

/// A log in blocks that end where records do.
struct RecordBlocks<'a> {
    log: &'a File,
    /// In the log, of the buffer's beginning.
    at: u64,
    buffer: Vec<u8>,
    given: usize,
}

impl<'a> RecordBlocks<'a> {
    fn of(log: &'a File) -> Self {
        Self {
            log,
            at: 0,
            buffer: Vec::with_capacity(BLOCK),
            given: 0,
        }
    }

    fn next(&mut self) -> io::Result<Option<&[u8]>> {
        self.buffer.drain(..self.given);
        self.at += self.given as u64;
        let mut filled = self.buffer.len();
        self.buffer.resize(BLOCK, 0);
        while filled < BLOCK {
            match self
                .log
                .read_at(&mut self.buffer[filled..], self.at + filled as u64)
            {
                Ok(0) => break,
                Ok(got) => filled += got,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        self.buffer.truncate(filled);
        self.given = if filled < BLOCK {
            filled
        } else {
            whole_records(&self.buffer)
        };
        Ok((self.given > 0).then(|| &self.buffer[..self.given]))
    }
}

/// Up to where `bytes` are records, and damage between them; everything if that is nowhere.
fn whole_records(bytes: &[u8]) -> usize {
    let mut at = 0;
    while at < bytes.len() {
        match decode(&bytes[at..]) {
            Decoded::Record { consumed, .. } => at += consumed,
            Decoded::Damaged { skip } => at += skip,
            Decoded::NeedMore => break,
        }
    }
    if at == 0 { bytes.len() } else { at }
}

/// Nothing there is fine.
fn remove(folder: impl AsFd, name: &str) -> Result<()> {
    match rustix::fs::unlinkat(folder, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(io::Error::from(errno).into()),
    }
}
