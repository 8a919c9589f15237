//! Room that is kept for the controller: the file `ballast`, whose blocks are really taken, given away piece by piece
//! when the disk is full.
//!
//! On a full disk a database records nothing, not even that something is to be deleted. So this file lies there, and a
//! write that finds no room releases a piece of it: the next try succeeds. A piece and not all, because a program that
//! fills the disk takes what it finds, and there shall be another try.
//!
//! Invariants: what is said to be held takes blocks (a sparse or a compressed file would keep nothing); releasing needs
//! no room itself. When there is room enough to make it again is decided elsewhere.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::{FallocateFlags, Mode, OFlags};
use rustix::io::Errno;

use super::confined;
use super::error::{Error, Result};
use super::folder::size;
use super::layout::{BALLAST, DataDir};
use super::space::{self, Space};

const MIB: u64 = 1024 * 1024;
const LARGEST: u64 = 64 * MIB;
/// Of the file system, at most one part of so many.
const SHARE: u64 = 16;
/// Released at a time: one of so many.
const PIECES: u64 = 4;
/// A write that failed with more left than this did not fail for want of room.
const NEXT_TO_NOTHING: u64 = 4 * MIB;

/// Cheap to clone; clones are the same file.
#[derive(Debug, Clone)]
pub struct Reserve {
    data: DataDir,
    size: u64,
    /// Bytes that it takes now.
    held: Arc<Mutex<u64>>,
}

impl Reserve {
    /// What an earlier process left of it; nothing is allocated yet.
    pub fn open(data: &DataDir) -> Result<Self> {
        let size = (data.space()?.total_bytes / SHARE).min(LARGEST);
        Self::sized(data, size)
    }

    fn sized(data: &DataDir, size: u64) -> Result<Self> {
        let reserve = Self {
            data: data.clone(),
            size,
            held: Arc::default(),
        };
        match reserve.file(OFlags::empty()) {
            Ok(file) => *reserve.lock() = blocks(&file)?.min(size),
            Err(Error::NotFound(_)) => {}
            Err(other) => return Err(other),
        }
        Ok(reserve)
    }

    /// What it takes when it is whole.
    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn held(&self) -> u64 {
        *self.lock()
    }

    /// Takes what is missing, or nothing if there is not room for all of it.
    pub fn make(&self) -> Result<()> {
        let mut held = self.lock();
        if *held >= self.size {
            return Ok(());
        }
        let file = self.file(OFlags::CREATE)?;
        match take(&file, self.size) {
            Ok(()) => *held = self.size,
            Err(refused) => {
                rustix::fs::ftruncate(&file, *held).map_err(failed)?;
                return Err(Error::from_io(BALLAST, refused));
            }
        }
        Ok(())
    }

    /// After a write that failed: gives a piece away if next to nothing is left. Answers its size.
    pub fn release_if_full(&self) -> Result<u64> {
        let Space { free_bytes, .. } = self.data.space()?;
        self.release_with(free_bytes)
    }

    fn release_with(&self, free_bytes: u64) -> Result<u64> {
        let mut held = self.lock();
        if *held == 0 || free_bytes >= NEXT_TO_NOTHING {
            return Ok(0);
        }
        let left = held.saturating_sub(self.size.div_ceil(PIECES));
        rustix::fs::ftruncate(self.file(OFlags::empty())?, left).map_err(failed)?;
        Ok(std::mem::replace(&mut *held, left) - left)
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, flags: OFlags) -> Result<File> {
        let flags = flags | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file =
            rustix::fs::openat(self.data.root(), BALLAST, flags, Mode::RUSR | Mode::WUSR).map_err(failed)?;
        let stat = rustix::fs::fstat(&file).map_err(failed)?;
        if !confined::is_plain_file(&stat) {
            return Err(Error::Unsafe {
                path: BALLAST.to_owned(),
                reason: "is not a regular file",
            });
        }
        Ok(file.into())
    }
}

fn failed(errno: Errno) -> Error {
    Error::from_errno(BALLAST, errno)
}

/// What it takes on disk, as far as it belongs to its contents.
fn blocks(file: &File) -> Result<u64> {
    let stat = rustix::fs::fstat(file).map_err(failed)?;
    Ok(space::taken(&stat).min(size(&stat)))
}

/// Takes the room for `bytes`, whatever the file system makes of the wish.
fn take(file: &File, bytes: u64) -> std::io::Result<()> {
    match rustix::fs::fallocate(file, FallocateFlags::empty(), 0, bytes) {
        Ok(()) => file.sync_all()?,
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => return fill(file, bytes),
        Err(errno) => return Err(errno.into()),
    }
    let stat = rustix::fs::fstat(file)?;
    // Some answer yes and take nothing.
    if space::taken(&stat) < bytes {
        return fill(file, bytes);
    }
    Ok(())
}

/// With what no file system can store in less.
fn fill(file: &File, bytes: u64) -> std::io::Result<()> {
    let mut noise = vec![0; MIB as usize];
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut at = 0;
    while at < bytes {
        for word in noise.chunks_exact_mut(8) {
            // Xorshift (Marsaglia 2003).
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_le_bytes());
        }
        let piece = (bytes - at).min(MIB);
        file.write_all_at(&noise[..piece as usize], at)?;
        at += piece;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    fn taken(data: &DataDir) -> u64 {
        std::fs::metadata(data.path().join(BALLAST)).map_or(0, |meta| meta.blocks() * 512)
    }

    #[test]
    fn it_takes_its_room_and_gives_it_away_piece_by_piece() {
        let temp = tempfile::tempdir().unwrap();
        let data = DataDir::open(temp.path()).unwrap();
        let reserve = Reserve::sized(&data, 8 * MIB).unwrap();
        assert_eq!((reserve.held(), taken(&data)), (0, 0));
        assert_eq!(reserve.release_with(0).unwrap(), 0, "there is nothing to release");

        reserve.make().unwrap();
        assert_eq!(reserve.held(), 8 * MIB);
        assert!(taken(&data) >= 8 * MIB, "{}", taken(&data));
        assert_eq!(reserve.release_with(NEXT_TO_NOTHING).unwrap(), 0);
        for left in [6, 4, 2, 0] {
            assert_eq!(reserve.release_with(0).unwrap(), 2 * MIB);
            assert_eq!(reserve.held(), left * MIB);
            assert!(taken(&data) <= left * MIB + 4096);
        }
        assert_eq!(reserve.release_with(0).unwrap(), 0);
        reserve.make().unwrap();
        assert!(taken(&data) >= 8 * MIB);
    }

    #[test]
    fn what_an_earlier_process_left_of_it_counts_if_it_is_no_hollow_file() {
        let temp = tempfile::tempdir().unwrap();
        let data = DataDir::open(temp.path()).unwrap();
        let hollow = File::create(data.path().join(BALLAST)).unwrap();
        hollow.set_len(8 * MIB).unwrap();
        let reserve = Reserve::sized(&data, 8 * MIB).unwrap();
        assert_eq!(reserve.held(), 0);
        reserve.make().unwrap();
        reserve.release_with(0).unwrap();
        assert_eq!(Reserve::sized(&data, 8 * MIB).unwrap().held(), 6 * MIB);
        let smaller = Reserve::sized(&data, 4 * MIB).unwrap();
        assert_eq!((smaller.held(), smaller.size()), (4 * MIB, 4 * MIB));
    }

    #[test]
    fn written_room_is_as_good_as_allocated_room() {
        let temp = tempfile::tempdir().unwrap();
        let file = File::create(temp.path().join("x")).unwrap();
        fill(&file, 2 * MIB + 5).unwrap();
        assert_eq!(file.metadata().unwrap().len(), 2 * MIB + 5);
        assert!(blocks(&file).unwrap() >= 2 * MIB);
    }

    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let temp = tempfile::tempdir().unwrap();
        let data = DataDir::open(&temp.path().join("data")).unwrap();
        std::fs::write(temp.path().join("victim"), "x").unwrap();
        std::os::unix::fs::symlink(temp.path().join("victim"), data.path().join(BALLAST)).unwrap();
        assert!(Reserve::sized(&data, MIB).is_err());
    }
}
