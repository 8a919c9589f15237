//! Gzipped tar archives, read as one stream. Headers that only say something of the next entry (long names, PAX records)
//! are read here, within bounds, instead of being collected in memory by the library, however long they claim to be.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;
use tar::{Archive, Entry, EntryType, Header, PaxExtensions};

use super::names::{Kind, shown};
use super::unpack::{Sink, damaged};
use super::{Bounds, Error, Refused};

const LONGEST_NAME: u64 = 4 * 1024;
const MOST_RECORDS: u64 = 64 * 1024;
/// Headers, padding and records, per entry; and what may follow the last one.
const AROUND_AN_ENTRY: u64 = 4 * 1024;
const AROUND_ALL: u64 = 1024 * 1024;

/// What was said of the next entry.
#[derive(Default)]
struct Ahead {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
}

/// An entry, its header read and its contents still to come.
pub struct TarEntry<'a> {
    /// As the archive has it.
    pub name: &'a [u8],
    pub kind: Kind,
    /// That its header names.
    pub size: u64,
    pub executable: bool,
    /// Unix seconds.
    pub modified_at: u64,
    pub contents: &'a mut dyn Read,
}

pub(super) fn unpack(file: File, sink: &mut Sink<'_>) -> Result<(), Error> {
    let bounds = sink.bounds;
    let tar = MultiGzDecoder::new(BufReader::new(file));
    walk(tar, &bounds, ".tar.gz", |entry| {
        sink.count()?;
        one(entry, sink)
    })
}

/// Takes a tar archive apart, entry by entry, to the end of the stream. Plain files and folders; anything else is refused.
pub fn walk<E: From<Refused>>(
    tar: impl Read,
    bounds: &Bounds,
    what: &'static str,
    mut take: impl FnMut(TarEntry<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let around = AROUND_ALL.saturating_add(AROUND_AN_ENTRY.saturating_mul(bounds.entries as u64));
    let spent = Rc::new(Cell::new(false));
    let metered = Metered {
        inner: tar,
        left: bounds.total_bytes.saturating_add(around),
        spent: Rc::clone(&spent),
    };
    // Whatever the library makes of it: there was too much.
    let failed = |refused: Refused| {
        if spent.get() {
            Refused::TooMuch(bounds.total_bytes)
        } else {
            refused
        }
    };
    let mut archive = Archive::new(metered);
    let entries = archive
        .entries()
        .map_err(|e| Refused::Unreadable(what, e.to_string()))?;
    let mut ahead = Ahead::default();
    let mut first = true;
    let mut headers = 0;
    for entry in entries.raw(true) {
        let mut entry = entry.map_err(|e| {
            failed(match first {
                true => Refused::Unreadable(what, e.to_string()),
                false => damaged(b"a header", &e),
            })
        })?;
        first = false;
        headers += 1;
        // At most two headers speak of an entry, usually.
        if headers > bounds.entries.saturating_mul(3) {
            return Err(Refused::TooManyEntries(bounds.entries).into());
        }
        if look_ahead(&mut entry, &mut ahead).map_err(failed)? {
            continue;
        }
        let taken = plain(&mut entry, std::mem::take(&mut ahead), &mut take);
        if spent.get() {
            return Err(Refused::TooMuch(bounds.total_bytes).into());
        }
        taken?;
    }
    // To the end, where the checksum is.
    let mut rest = archive.into_inner();
    io::copy(&mut rest, &mut io::sink()).map_err(|e| failed(damaged(b"its end", &e)))?;
    Ok(())
}

/// Whether the header is about the next entry instead of being one.
fn look_ahead<R: Read>(entry: &mut Entry<'_, R>, ahead: &mut Ahead) -> Result<bool, Refused> {
    match entry.header().entry_type() {
        EntryType::GNULongName => {
            let mut name = whole(entry, LONGEST_NAME)?;
            name.truncate(name.iter().position(|&byte| byte == 0).unwrap_or(name.len()));
            ahead.name = Some(name);
        }
        EntryType::XHeader => {
            let records = whole(entry, MOST_RECORDS)?;
            for record in PaxExtensions::new(&records) {
                let record = record.map_err(|e| damaged(b"a PAX header", &e))?;
                match record.key_bytes() {
                    b"path" => ahead.name = Some(record.value_bytes().to_vec()),
                    b"size" => {
                        let size = std::str::from_utf8(record.value_bytes()).ok();
                        ahead.size = Some(size.and_then(|size| size.parse().ok()).unwrap_or(u64::MAX));
                    }
                    key => ahead.sparse |= key.starts_with(b"GNU.sparse."),
                }
            }
        }
        // Said of all entries, or of where a link leads: nothing that is needed.
        EntryType::XGlobalHeader | EntryType::GNULongLink => {}
        _ => return Ok(false),
    }
    Ok(true)
}

fn whole<R: Read>(entry: &mut Entry<'_, R>, most: u64) -> Result<Vec<u8>, Refused> {
    let mut bytes = Vec::new();
    let read = entry.take(most + 1).read_to_end(&mut bytes);
    read.map_err(|e| damaged(b"a header", &e))?;
    if bytes.len() as u64 > most {
        let why = io::Error::other(format!("a header of more than {most} bytes"));
        return Err(damaged(b"a header", &why));
    }
    Ok(bytes)
}

fn plain<R: Read, E: From<Refused>>(
    entry: &mut Entry<'_, R>,
    ahead: Ahead,
    take: &mut impl FnMut(TarEntry<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let header = entry.header();
    let name = ahead.name.unwrap_or_else(|| header.path_bytes().into_owned());
    let kind = match header.entry_type() {
        EntryType::Regular | EntryType::Continuous if !ahead.sparse => Kind::File,
        EntryType::Directory => Kind::Folder,
        EntryType::Link | EntryType::Symlink => return Err(Refused::Link(shown(&name)).into()),
        _ => return Err(Refused::Special(shown(&name)).into()),
    };
    let size = announced(header, &name)?;
    if ahead.size.is_some_and(|other| other != size) {
        let why = io::Error::other("its headers name two sizes");
        return Err(damaged(&name, &why).into());
    }
    let executable = header.mode().unwrap_or(0) & 0o111 != 0;
    let modified_at = header.mtime().unwrap_or(0);
    take(TarEntry {
        name: &name,
        kind,
        size,
        executable,
        modified_at,
        contents: entry,
    })
}

fn one(entry: TarEntry<'_>, sink: &mut Sink<'_>) -> Result<(), Error> {
    let Some((path, kind)) = sink.place(entry.name, entry.kind)? else {
        return Ok(());
    };
    if kind == Kind::Folder {
        return sink.folder(&path);
    }
    sink.announced(&path, entry.size)?;
    let mut contents = entry.contents;
    let written = sink.file(&path, entry.executable, &mut contents)?;
    if written != entry.size {
        let why = io::Error::other("it ends too early");
        return Err(damaged(entry.name, &why).into());
    }
    Ok(())
}

fn announced(header: &Header, raw: &[u8]) -> Result<u64, Refused> {
    header.entry_size().map_err(|e| damaged(raw, &e))
}

/// Ends in an error once more came out than may, whoever reads.
struct Metered<R> {
    inner: R,
    left: u64,
    spent: Rc<Cell<bool>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => {
                self.spent.set(true);
                return Err(io::Error::other("there is too much of it"));
            }
        }
        Ok(read)
    }
}
