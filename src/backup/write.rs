//! Writing a backup, entry by entry, into whatever takes bytes: nothing is held but what is being copied.
//!
//! The manifest grows in a file without a name and goes in at the end. A file that becomes shorter while it is copied is
//! filled up with zeros, because its length was announced; it is counted among those that somebody was writing.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use tar::{Builder, EntryType};
use zstd::stream::write::Encoder;

use super::contents::{About, Account, HEADER, Header, LastLine, Line, MANIFEST};
use super::seal::{Hashing, Sealing};
use crate::files::archives::is_executable;
use crate::files::{ContentHash, OpenFile};

/// Beyond it, two to five times the time saves a twentieth.
const LEVEL: i32 = 3;

/// Is told of bytes that have gone by; an error ends it all.
pub type Tick<'a> = &'a mut dyn FnMut(u64) -> io::Result<()>;

pub struct Writer<'t, W: Write> {
    tar: Builder<Encoder<'static, Sealing<W>>>,
    index: BufWriter<File>,
    pub account: Account,
    tick: Tick<'t>,
}

impl<'t, W: Write> Writer<'t, W> {
    /// `index` is an empty file for the manifest.
    pub fn begin(into: W, index: File, header: &Header, tick: Tick<'t>) -> io::Result<Self> {
        let mut encoder = Encoder::new(Sealing::new(into), LEVEL)?;
        encoder.include_checksum(true)?;
        let mut writer = Self {
            tar: Builder::new(encoder),
            index: BufWriter::new(index),
            account: Account::default(),
            tick,
        };
        let json = serde_json::to_vec_pretty(header).map_err(io::Error::other)?;
        let about = About::modified(header.made_at.as_millisecond());
        writer.bytes(HEADER, &json, about)?;
        Ok(writer)
    }

    pub fn folder(&mut self, name: &str, about: About) -> io::Result<()> {
        let mut header = header(EntryType::Directory, 0, about);
        self.tar
            .append_data(&mut header, format!("{name}/"), io::empty())?;
        self.list(Line {
            path: name.to_owned(),
            size: 0,
            sha256: None,
            executable: false,
            modified_at: about.modified_at,
        })
    }

    pub fn bytes(&mut self, name: &str, bytes: &[u8], about: About) -> io::Result<ContentHash> {
        let (hash, _) = self.copy(name, bytes, bytes.len() as u64, about)?;
        Ok(hash)
    }

    /// As long as it was when it was opened. Answers what went in, and whether somebody wrote meanwhile.
    pub fn file(&mut self, name: &str, open: OpenFile) -> io::Result<(ContentHash, bool)> {
        let about = About {
            executable: is_executable(&open.file)?,
            ..About::modified(open.modified_at_ms)
        };
        let before = state_of(&open.file)?;
        let (hash, cut) = self.copy(name, &open.file, open.size, about)?;
        Ok((hash, cut || state_of(&open.file)? != before))
    }

    fn copy(
        &mut self,
        name: &str,
        from: impl Read,
        size: u64,
        about: About,
    ) -> io::Result<(ContentHash, bool)> {
        let mut contents = Hashing::new(Exactly {
            inner: from,
            left: size,
            ended: false,
            tick: &mut *self.tick,
        });
        let mut header = header(EntryType::Regular, size, about);
        self.tar.append_data(&mut header, name, &mut contents)?;
        let cut = contents.inner().ended;
        let hash = ContentHash::from_bytes(contents.finish());
        self.account.bytes += size;
        self.list(Line {
            path: name.to_owned(),
            size,
            sha256: Some(hash),
            executable: about.executable,
            modified_at: about.modified_at,
        })?;
        Ok((hash, cut))
    }

    fn list(&mut self, line: Line) -> io::Result<()> {
        self.account.entries += 1;
        serde_json::to_writer(&mut self.index, &line)?;
        self.index.write_all(b"\n")
    }

    /// Writes what has to follow the last entry.
    pub fn finish(mut self) -> io::Result<(W, Account)> {
        let last = LastLine {
            account: self.account.clone(),
        };
        serde_json::to_writer(&mut self.index, &last)?;
        self.index.write_all(b"\n")?;
        let mut index = self.index.into_inner().map_err(|e| e.into_error())?;
        let size = index.stream_position()?;
        index.rewind()?;
        let mut header = header(EntryType::Regular, size, About::default());
        let lines = BufReader::new(index).take(size);
        self.tar.append_data(&mut header, MANIFEST, lines)?;
        let into = self.tar.into_inner()?.finish()?.finish()?;
        Ok((into, last.account))
    }
}

fn header(kind: EntryType, size: u64, about: About) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(about.modified_at);
    header.set_mode(match (kind, about.executable) {
        (EntryType::Directory, _) | (_, true) => 0o755,
        _ => 0o644,
    });
    header
}

/// What changes when somebody writes.
fn state_of(file: &File) -> io::Result<(u64, Option<std::time::SystemTime>)> {
    let meta = file.metadata()?;
    Ok((meta.len(), meta.modified().ok()))
}

/// So many bytes: no more than were announced, and zeros where they end early.
struct Exactly<'t, R> {
    inner: R,
    left: u64,
    ended: bool,
    tick: &'t mut dyn FnMut(u64) -> io::Result<()>,
}

impl<R: Read> Read for Exactly<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let mut read = if self.ended {
            0
        } else {
            self.inner.read(&mut buffer[..most])?
        };
        if read == 0 {
            self.ended = true;
            buffer[..most].fill(0);
            read = most;
        }
        self.left -= read as u64;
        (self.tick)(read as u64)?;
        Ok(read)
    }
}
