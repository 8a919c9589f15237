//! Archives of folders: `.zip` and `.tar.gz`, made by anybody and taken apart, and made of what a folder holds.
//!
//! What is taken apart is hostile: every entry's name is checked before anything of it is written, only plain files and
//! folders are made, and sizes are those that come out, whatever headers say. Unpacking writes into a folder that nobody
//! sees yet ([`super::Nursery`]); the first thing that is refused ends it. Knows no script.

mod names;
mod pack;
mod tarball;
mod unpack;
#[cfg(test)]
mod unpack_tests;
mod zipped;

pub use names::{Kind, shown};
pub use pack::{Packer, is_executable};
pub use tarball::{TarEntry, walk};
pub use unpack::{Unpacked, unpack};

use super::error;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Zip,
    TarGz,
}

impl Format {
    /// By a file's name.
    pub fn of(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        if name.ends_with(".zip") {
            Some(Self::Zip)
        } else if name.ends_with(".tar.gz") || name.ends_with(".tgz") {
            Some(Self::TarGz)
        } else {
            None
        }
    }
}

/// What an archive may hold at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub entries: usize,
    /// Of all files together, unpacked.
    pub total_bytes: u64,
    pub file_bytes: u64,
    /// Names on the way to a file, its own included.
    pub depth: usize,
}

/// Why an archive is not taken. Names are made printable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("this is no {0} archive that can be read: {1}")]
    Unreadable(&'static str, String),
    #[error("the archive is damaged or cut short at {name}: {why}")]
    Damaged { name: String, why: String },
    #[error("the archive has more than {0} entries")]
    TooManyEntries(usize),
    #[error("the archive is more than {} MiB unpacked", .0 / MIB)]
    TooMuch(u64),
    #[error("{name} is larger than {} MiB", .most / MIB)]
    FileTooLarge { name: String, most: u64 },
    #[error("{name} is more than {most} folders deep")]
    TooDeep { name: String, most: usize },
    #[error("{name} would leave the folder or has no usable name: {why}")]
    Name { name: String, why: String },
    #[error("the name {0} is not UTF-8")]
    NotUtf8(String),
    #[error("{0} is a link; put the file itself into the archive")]
    Link(String),
    #[error("{0} is neither a file nor a folder")]
    Special(String),
    #[error("{0} is encrypted; make an archive without a password")]
    Encrypted(String),
    #[error("{0} is packed in a way that cannot be read here; use the usual compression (deflate)")]
    Method(String),
    #[error("{0} is in the archive twice")]
    Twice(String),
}

const MIB: u64 = 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Files(#[from] error::Error),
}
