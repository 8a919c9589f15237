//! Zip archives. The central directory counts, entry by entry, so that one that claims a million costs nothing.

use std::fs::File;
use std::io::BufReader;

use zip::CompressionMethod;
use zip::ZipReadOptions;
use zip::read::Config;
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;

use super::names::{Kind, shown};
use super::unpack::{Sink, damaged};
use super::{Error, Refused};

const FILE_TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;
const LINK: u32 = 0o120_000;

pub(super) fn unpack(file: File, sink: &mut Sink<'_>) -> Result<(), Error> {
    let unreadable = |e: ZipError| Refused::Unreadable(".zip", e.to_string());
    let mut archive = ZipIterable::try_new(BufReader::new(file), Config::default()).map_err(unreadable)?;
    if archive.len() > sink.bounds.entries {
        return Err(Refused::TooManyEntries(sink.bounds.entries).into());
    }
    let files = archive.files().map_err(unreadable)?;
    while let Some(entry) = files.next() {
        sink.count()?;
        let entry = entry.map_err(unreadable)?;
        let raw = entry.name_raw().to_vec();
        let mode = entry.unix_mode().unwrap_or(0);
        let kind = match mode & FILE_TYPE {
            FOLDER => Kind::Folder,
            0 | REGULAR if entry.is_dir() => Kind::Folder,
            0 | REGULAR => Kind::File,
            LINK => return Err(Refused::Link(shown(&raw)).into()),
            _ => return Err(Refused::Special(shown(&raw)).into()),
        };
        let Some((path, kind)) = sink.place(&raw, kind)? else {
            continue;
        };
        if kind == Kind::Folder {
            sink.folder(&path)?;
            continue;
        }
        if entry.encrypted() {
            return Err(Refused::Encrypted(shown(&raw)).into());
        }
        if !matches!(
            entry.compression(),
            CompressionMethod::Stored | CompressionMethod::Deflated
        ) {
            return Err(Refused::Method(shown(&raw)).into());
        }
        sink.announced(&path, entry.size())?;
        let announced = entry.size();
        let mut contents = entry
            .with_reader(files.reader_mut(), ZipReadOptions::new())
            .map_err(|e| damaged(&raw, &e))?;
        let size = sink.file(&path, mode & 0o111 != 0, &mut contents)?;
        if size != announced {
            let why = std::io::Error::other(format!("it has {size} bytes and should have {announced}"));
            return Err(damaged(&raw, &why).into());
        }
    }
    Ok(())
}
