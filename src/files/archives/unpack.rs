//! Taking an archive apart, whatever its format: what comes out is counted and written as it comes.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};

use super::names::{self, Kind, Named, Taken};
use super::{Bounds, Error, Format, Refused, tarball, zipped};
use crate::files::error;
use crate::files::folder::Folder;
use crate::files::path::RelPath;

const PIECE: usize = 64 * 1024;

/// What was made of an archive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unpacked {
    pub files: usize,
    pub bytes: u64,
    /// Entries that were left out because no script is made of them.
    pub left_out: usize,
}

/// Unpacks into a folder of a nursery. What was written before something was refused stays there.
pub fn unpack(file: File, format: Format, into: &Folder, bounds: Bounds) -> Result<Unpacked, Error> {
    let mut sink = Sink {
        folder: into,
        bounds,
        taken: Taken::default(),
        entries: 0,
        done: Unpacked::default(),
    };
    match format {
        Format::Zip => zipped::unpack(file, &mut sink)?,
        Format::TarGz => tarball::unpack(file, &mut sink)?,
    }
    Ok(sink.done)
}

/// Where entries go.
pub(super) struct Sink<'a> {
    folder: &'a Folder,
    pub(super) bounds: Bounds,
    taken: Taken,
    entries: usize,
    done: Unpacked,
}

impl Sink<'_> {
    /// One more entry, of whatever kind.
    pub(super) fn count(&mut self) -> Result<(), Refused> {
        self.entries += 1;
        if self.entries > self.bounds.entries {
            return Err(Refused::TooManyEntries(self.bounds.entries));
        }
        Ok(())
    }

    /// The path of an entry, if anything is to be made of it.
    pub(super) fn place(&mut self, raw: &[u8], kind: Kind) -> Result<Option<(RelPath, Kind)>, Refused> {
        match names::read(raw, kind, &self.bounds)? {
            Named::Nothing { noise } => {
                self.done.left_out += usize::from(noise);
                Ok(None)
            }
            Named::Entry { path, kind } => {
                self.taken.take(&path, kind)?;
                Ok(Some((path, kind)))
            }
        }
    }

    pub(super) fn folder(&mut self, path: &RelPath) -> Result<(), Error> {
        Ok(self.folder.add_folder(path)?)
    }

    /// Before anything is read: what the archive says of its size. What comes out is counted all the same.
    pub(super) fn announced(&self, path: &RelPath, size: u64) -> Result<(), Refused> {
        if size > self.bounds.file_bytes {
            return Err(self.too_large(path));
        }
        if self.done.bytes.saturating_add(size) > self.bounds.total_bytes {
            return Err(Refused::TooMuch(self.bounds.total_bytes));
        }
        Ok(())
    }

    fn too_large(&self, path: &RelPath) -> Refused {
        Refused::FileTooLarge {
            name: names::shown(path.as_str().as_bytes()),
            most: self.bounds.file_bytes,
        }
    }

    /// Writes a file and answers how long it is.
    pub(super) fn file(
        &mut self,
        path: &RelPath,
        executable: bool,
        from: &mut impl Read,
    ) -> Result<u64, Error> {
        let mut file = self.folder.add_file(path, executable)?;
        let mut piece = vec![0; PIECE];
        let mut size = 0;
        loop {
            let read = match from.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => read,
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) => return Err(damaged(path.as_str().as_bytes(), &e).into()),
            };
            size += read as u64;
            self.done.bytes += read as u64;
            if size > self.bounds.file_bytes {
                return Err(self.too_large(path).into());
            }
            if self.done.bytes > self.bounds.total_bytes {
                return Err(Refused::TooMuch(self.bounds.total_bytes).into());
            }
            file.write_all(&piece[..read])
                .map_err(|e| error::Error::from_io(path.as_str(), e))?;
        }
        self.done.files += 1;
        Ok(size)
    }
}

/// An entry that cannot be read on.
pub(super) fn damaged(name: &[u8], why: &dyn std::error::Error) -> Refused {
    Refused::Damaged {
        name: names::shown(name),
        why: why.to_string(),
    }
}
