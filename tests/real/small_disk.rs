//! A disk that is small enough to be filled: a file system of its own for a data folder, mounted and taken down again.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{FallocateFlags, fallocate, statvfs};
use rustix::io::Errno;

pub(crate) const MIB: u64 = 1 << 20;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// In memory: the same refusals, and everywhere to be had.
    Tmpfs,
    /// Ext4 in a file: allocates late, keeps a journal. Needs loop devices.
    Ext4,
}

pub(crate) struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    pub(crate) fn new(kind: Kind, size: u64) -> Self {
        let disk = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        let place = disk.place();
        std::fs::create_dir(&place).expect("a place to mount");
        let place = place.to_str().expect("text");
        match kind {
            Kind::Tmpfs => carry_out(
                "mount",
                &[
                    "-t",
                    "tmpfs",
                    "-o",
                    &format!("size={size}"),
                    "pytask-faults",
                    place,
                ],
            ),
            Kind::Ext4 => {
                let image = disk.folder.path().join("image");
                File::create(&image)
                    .and_then(|file| file.set_len(size))
                    .expect("a file for a disk");
                let image = image.to_str().expect("text");
                // Nothing is set aside for root, who is the one that fills it.
                carry_out("mkfs.ext4", &["-q", "-m", "0", image]);
                carry_out("mount", &["-o", "loop", image, place]);
            }
        }
        disk
    }

    /// Where it is mounted.
    pub(crate) fn place(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    /// For a data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.place().join("data")
    }

    fn filler(&self) -> PathBuf {
        self.place().join("filler")
    }

    /// Takes all room but this.
    pub(crate) fn fill(&self, leave: u64) {
        let filler = File::options()
            .create(true)
            .append(true)
            .open(self.filler())
            .expect("a filler");
        let mut size = filler.metadata().expect("a file").len();
        // In ever smaller pieces: the file system needs some room of its own.
        for piece in [16 * MIB, MIB, 64 << 10, 4 << 10] {
            while free(&self.place()) >= leave + piece {
                match fallocate(&filler, FallocateFlags::empty(), size, piece) {
                    Ok(()) => size += piece,
                    Err(Errno::NOSPC) => break,
                    Err(e) => panic!("the disk cannot be filled: {e}"),
                }
            }
        }
    }

    /// Gives it all back.
    pub(crate) fn free(&self) {
        std::fs::remove_file(self.filler()).expect("a filler");
    }
}

fn free(place: &Path) -> u64 {
    let stat = statvfs(place).expect("a file system");
    stat.f_bavail * stat.f_frsize
}

fn carry_out(program: &str, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: whatever still has a file open there keeps it until it closes it.
        let unmounted = Command::new("umount").arg("--lazy").arg(self.place()).status();
        assert!(
            unmounted.is_ok_and(|status| status.success()) || std::thread::panicking(),
            "{} stays mounted",
            self.place().display()
        );
    }
}
