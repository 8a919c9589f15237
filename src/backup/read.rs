//! Reading a backup: everything in it is held against its manifest and its seal, whoever takes the contents.
//!
//! The file is untrusted. Names are places or refused, links and devices are refused, a newer version's is refused at
//! its header, and whatever was taken is only to be believed once [`read`] has returned: the manifest comes last.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use zstd::stream::read::Decoder;

use super::contents::{
    About, Account, AnyHeader, FORMAT, Header, LastLine, Line, MANIFEST, PRODUCT, Place, printable,
};
use super::error::{Error, Refused, Result};
use super::seal::{self, Hashing};
use crate::files::ContentHash;
use crate::files::archives::{self, Bounds, Kind, TarEntry};
use crate::store;

/// Far above any real one.
const BOUNDS: Bounds = Bounds {
    entries: 100_000_000,
    total_bytes: 1 << 50,
    file_bytes: 1 << 50,
    depth: 64,
};
const LARGEST_HEADER: u64 = 64 * 1024;
/// A path, escaped, and what is said of it.
const LONGEST_LINE: u64 = 64 * 1024;
/// How every zstd frame begins.
const ZSTD: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();

/// Who gets what is read.
pub trait Taker {
    /// Before anything else; the header may be believed as far as versions go.
    fn begin(&mut self, header: &Header) -> Result<()>;
    fn folder(&mut self, place: &Place, about: About) -> Result<()>;
    fn file(&mut self, place: &Place, about: About, contents: &mut dyn Read) -> Result<()>;
}

/// For whoever only wants to know that it is whole.
pub struct Nobody;

impl Taker for Nobody {
    fn begin(&mut self, _: &Header) -> Result<()> {
        Ok(())
    }

    fn folder(&mut self, _: &Place, _: About) -> Result<()> {
        Ok(())
    }

    fn file(&mut self, _: &Place, _: About, contents: &mut dyn Read) -> Result<()> {
        io::copy(contents, &mut io::sink())
            .map(drop)
            .map_err(|e| damaged(&e.to_string()))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub header: Header,
    pub account: Account,
}

fn damaged(why: &str) -> Error {
    Refused::Damaged(why.to_owned()).into()
}

/// Reads all of it. `index` is an empty file, which afterwards holds a [`Line`] for each entry. `tick` is told of bytes
/// of the file as they go by.
pub fn read(
    mut from: File,
    index: &mut File,
    taker: &mut dyn Taker,
    tick: &mut dyn FnMut(u64) -> io::Result<()>,
) -> Result<Found> {
    let (length, sealed) = seal_of(&mut from)?;
    let mut stopped = None;
    let mut hashing = Hashing::new(Ticking {
        inner: from.take(length),
        tick,
        stopped: &mut stopped,
    });
    let taken = take_apart(&mut hashing, index, taker);
    // Whatever a reader in between has made of it.
    let (read, hash) = (hashing.bytes, hashing.finish());
    if let Some(error) = stopped {
        return Err(Error::io("the backup", error));
    }
    let found = taken?;
    if read != length || hash != sealed {
        return Err(damaged("it is not what its seal says"));
    }
    Ok(found)
}

/// The header alone, which nothing vouches for.
pub fn header(file: &mut File) -> Result<Header> {
    begins_like_ours(file)?;
    let tar = Decoder::new(file).map_err(|e| damaged(&e.to_string()))?;
    let mut archive = tar::Archive::new(tar);
    let entries = archive.entries().map_err(|e| damaged(&e.to_string()))?;
    let first = entries.raw(true).next();
    let Some(Ok(mut entry)) = first else {
        return Err(Refused::NotOurs("it does not begin with a header".to_owned()).into());
    };
    if &*entry.path_bytes() != super::contents::HEADER.as_bytes() {
        return Err(Refused::NotOurs("it does not begin with a header".to_owned()).into());
    }
    read_header(&mut entry)
}

fn begins_like_ours(file: &mut File) -> Result<()> {
    let mut begin = [0; ZSTD.len()];
    let begins = file.rewind().and_then(|()| file.read_exact(&mut begin));
    match begins {
        Ok(()) if begin == ZSTD => {}
        Err(e) if e.kind() != io::ErrorKind::UnexpectedEof => return Err(Error::io("the backup", e)),
        _ => {
            return Err(Refused::NotOurs("it does not begin like a .tar.zst file".to_owned()).into());
        }
    }
    file.rewind().map_err(|e| Error::io("the backup", e))
}

/// Where the seal begins, and the hash in it.
fn seal_of(file: &mut File) -> Result<(u64, [u8; 32])> {
    begins_like_ours(file)?;
    let failed = |e| Error::io("the backup", e);
    let whole = file.seek(SeekFrom::End(0)).map_err(failed)?;
    let Some(length) = whole.checked_sub(seal::LENGTH as u64) else {
        return Err(Refused::CutShort.into());
    };
    let mut bytes = [0; seal::LENGTH];
    file.seek(SeekFrom::Start(length)).map_err(failed)?;
    file.read_exact(&mut bytes).map_err(failed)?;
    file.rewind().map_err(failed)?;
    match seal::hash_in(&bytes) {
        Some(hash) => Ok((length, hash)),
        // Somebody else's archive has a header of its own, or none.
        None => match header(file) {
            Err(Error::Refused(refused @ (Refused::NotOurs(_) | Refused::Newer { .. }))) => {
                Err(refused.into())
            }
            _ => Err(Refused::CutShort.into()),
        },
    }
}

fn take_apart(from: &mut dyn Read, index: &mut File, taker: &mut dyn Taker) -> Result<Found> {
    let mut from = BufReader::new(from);
    let decoder = Decoder::with_buffer(&mut from).map_err(|e| damaged(&e.to_string()))?;
    let mut reading = Reading {
        index: BufWriter::new(index),
        taker,
        header: None,
        account: None,
        entries: 0,
        bytes: 0,
    };
    archives::walk(decoder, &BOUNDS, ".tar.zst", |entry| reading.entry(entry))?;
    let (header, account) = (reading.header.take(), reading.account.take());
    drop(reading);
    // What follows the archive, so that all of it is hashed.
    io::copy(&mut from, &mut io::sink()).map_err(|e| damaged(&e.to_string()))?;
    match (header, account) {
        (Some(header), Some(account)) => Ok(Found { header, account }),
        _ => Err(Refused::CutShort.into()),
    }
}

struct Reading<'a> {
    index: BufWriter<&'a mut File>,
    taker: &'a mut dyn Taker,
    header: Option<Header>,
    account: Option<Account>,
    entries: u64,
    bytes: u64,
}

impl Reading<'_> {
    fn entry(&mut self, entry: TarEntry<'_>) -> Result<()> {
        let name = printable(entry.name);
        if self.account.is_some() {
            return Err(damaged(&format!("{name} stands behind its manifest")));
        }
        let Some(place) = Place::parse(entry.name, entry.kind) else {
            return Err(match self.header {
                Some(_) => damaged(&format!("{name} does not belong into a backup")),
                None => Refused::NotOurs(format!("it begins with {name}")).into(),
            });
        };
        let about = About {
            executable: entry.executable && entry.kind == Kind::File,
            modified_at: entry.modified_at,
        };
        let mut contents = Hashing::new(entry.contents);
        match (&place, &self.header) {
            (Place::Header, None) => {
                let header = read_header(&mut contents)?;
                self.taker.begin(&header)?;
                self.header = Some(header);
            }
            (_, None) => return Err(Refused::NotOurs(format!("it begins with {name}")).into()),
            (Place::Header, Some(_)) => return Err(damaged("it has two headers")),
            (Place::Manifest, Some(_)) => {
                self.account = Some(self.compare(&mut contents)?);
                return Ok(());
            }
            _ if entry.kind == Kind::Folder => self.taker.folder(&place, about)?,
            _ => self.taker.file(&place, about, &mut contents)?,
        }
        let rest = io::copy(&mut contents, &mut io::sink());
        rest.map_err(|e| damaged(&format!("at {name}: {e}")))?;
        if contents.bytes != entry.size {
            return Err(damaged(&format!("{name} ends too early")));
        }
        let size = contents.bytes;
        let hash = ContentHash::from_bytes(contents.finish());
        let path = String::from_utf8_lossy(entry.name);
        let line = Line {
            path: path.strip_suffix('/').unwrap_or(&path).to_owned(),
            size,
            sha256: (entry.kind == Kind::File).then_some(hash),
            executable: about.executable,
            modified_at: about.modified_at,
        };
        self.entries += 1;
        self.bytes += size;
        let listed = serde_json::to_writer(&mut self.index, &line).map_err(io::Error::from);
        listed
            .and_then(|()| self.index.write_all(b"\n"))
            .map_err(|e| Error::io("a list of what is in the backup", e))
    }

    /// Line by line: what was read, and what the manifest says.
    fn compare(&mut self, manifest: &mut dyn Read) -> Result<Account> {
        let failed = |e| Error::io("a list of what is in the backup", e);
        self.index.flush().map_err(failed)?;
        let index = self.index.get_mut();
        let end = index.stream_position().map_err(failed)?;
        index.rewind().map_err(failed)?;
        let mut manifest = BufReader::new(manifest);
        let mut found = BufReader::new(&mut **index);
        let (mut is, mut should) = (Vec::new(), Vec::new());
        loop {
            line(&mut found, &mut is).map_err(failed)?;
            line(&mut manifest, &mut should).map_err(|e| damaged(&format!("at {MANIFEST}: {e}")))?;
            if is.is_empty() {
                break;
            }
            if is != should {
                let path =
                    serde_json::from_slice::<Line>(&is).map_or_else(|_| String::new(), |line| line.path);
                return Err(damaged(&format!(
                    "{} is not what the manifest says",
                    printable(path.as_bytes())
                )));
            }
        }
        index.seek(SeekFrom::Start(end)).map_err(failed)?;
        let last: LastLine = serde_json::from_slice(&should)
            .map_err(|_| damaged("files that its manifest names are missing"))?;
        let told = (last.account.entries, last.account.bytes);
        line(&mut manifest, &mut should).map_err(|e| damaged(&format!("at {MANIFEST}: {e}")))?;
        if told != (self.entries, self.bytes) || !should.is_empty() {
            return Err(damaged("its manifest contradicts itself"));
        }
        Ok(last.account)
    }
}

/// The next line with its end; nothing at the end of all.
fn line(from: &mut impl BufRead, into: &mut Vec<u8>) -> io::Result<()> {
    into.clear();
    from.take(LONGEST_LINE).read_until(b'\n', into)?;
    match into.last() {
        None | Some(b'\n') => Ok(()),
        Some(_) => Err(io::Error::other("a line without an end")),
    }
}

fn read_header(from: &mut dyn Read) -> Result<Header> {
    let not_ours = |why: String| Error::from(Refused::NotOurs(why));
    let mut json = Vec::new();
    let read = from.take(LARGEST_HEADER).read_to_end(&mut json);
    read.map_err(|e| damaged(&format!("at its header: {e}")))?;
    let any: AnyHeader = serde_json::from_slice(&json).map_err(|e| not_ours(format!("its header: {e}")))?;
    if any.product != PRODUCT {
        return Err(not_ours(format!(
            "it is of {}",
            printable(any.product.as_bytes())
        )));
    }
    let newer = |what, theirs, ours| Refused::Newer {
        version: any.version.chars().take(40).filter(|c| !c.is_control()).collect(),
        what,
        theirs,
        ours,
    };
    if any.format > FORMAT {
        return Err(newer("format", any.format, FORMAT).into());
    }
    let header: Header =
        serde_json::from_slice(&json).map_err(|e| damaged(&format!("its header cannot be read: {e}")))?;
    let ours = store::schema();
    if header.schema > ours {
        return Err(newer("schema", header.schema, ours).into());
    }
    Ok(header)
}

/// Tells of bytes; keeps the first error, which readers in between would make something else of.
struct Ticking<'a, R> {
    inner: R,
    tick: &'a mut dyn FnMut(u64) -> io::Result<()>,
    stopped: &'a mut Option<io::Error>,
}

impl<R: Read> Read for Ticking<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer).and_then(|read| {
            (self.tick)(read as u64)?;
            Ok(read)
        });
        read.map_err(|e| {
            let told = io::Error::from(e.kind());
            self.stopped.get_or_insert(e);
            told
        })
    }
}
