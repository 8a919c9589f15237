//! Making an archive, entry by entry, into whatever takes bytes: nothing is held but what is being packed.
//!
//! Same entries, same bytes: times are the files' own, owners and everything else of the machine are left out.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::Format;
use crate::files::folder::OpenFile;

/// From here on a zip entry needs the longer fields.
const LARGE: u64 = 3 * 1024 * 1024 * 1024;

pub enum Packer<W: Write> {
    Zip(Box<ZipWriter<StreamWriter<W>>>),
    TarGz(Box<tar::Builder<GzEncoder<W>>>),
}

/// What is said of an entry.
struct About {
    size: u64,
    executable: bool,
    modified_at_ms: i64,
}

impl<W: Write> Packer<W> {
    pub fn new(format: Format, into: W) -> Self {
        match format {
            Format::Zip => Self::Zip(Box::new(ZipWriter::new_stream(into))),
            Format::TarGz => {
                let encoder = GzEncoder::new(into, Compression::default());
                Self::TarGz(Box::new(tar::Builder::new(encoder)))
            }
        }
    }

    pub fn folder(&mut self, name: &str, modified_at_ms: i64) -> io::Result<()> {
        match self {
            Self::Zip(zip) => {
                let options = SimpleFileOptions::default()
                    .last_modified_time(dos_time(modified_at_ms))
                    .unix_permissions(0o755);
                Ok(zip.add_directory(name, options)?)
            }
            Self::TarGz(tar) => {
                let mut header = header(modified_at_ms);
                header.set_entry_type(tar::EntryType::Directory);
                header.set_mode(0o755);
                header.set_size(0);
                tar.append_data(&mut header, format!("{name}/"), io::empty())
            }
        }
    }

    /// What is at hand.
    pub fn bytes(
        &mut self,
        name: &str,
        bytes: &[u8],
        (executable, modified_at_ms): (bool, i64),
    ) -> io::Result<()> {
        let about = About {
            size: bytes.len() as u64,
            executable,
            modified_at_ms,
        };
        self.entry(name, &about, bytes)
    }

    /// As long as it was when it was opened; one that has become shorter meanwhile is an error.
    pub fn file(&mut self, name: &str, open: OpenFile) -> io::Result<()> {
        let about = About {
            size: open.size,
            executable: is_executable(&open.file)?,
            modified_at_ms: open.modified_at_ms,
        };
        let contents = Exactly {
            inner: open.file,
            left: open.size,
        };
        self.entry(name, &about, contents)
    }

    fn entry(&mut self, name: &str, about: &About, mut contents: impl Read) -> io::Result<()> {
        let mode = if about.executable { 0o755 } else { 0o644 };
        match self {
            Self::Zip(zip) => {
                let options = SimpleFileOptions::default()
                    .compression_method(CompressionMethod::Deflated)
                    .last_modified_time(dos_time(about.modified_at_ms))
                    .unix_permissions(mode)
                    .large_file(about.size >= LARGE);
                zip.start_file(name, options)?;
                io::copy(&mut contents, zip)?;
                Ok(())
            }
            Self::TarGz(tar) => {
                let mut header = header(about.modified_at_ms);
                header.set_entry_type(tar::EntryType::Regular);
                header.set_mode(mode);
                header.set_size(about.size);
                tar.append_data(&mut header, name, contents)
            }
        }
    }

    /// Writes what has to follow the last entry.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Self::Zip(zip) => zip.finish()?.into_inner().flush(),
            Self::TarGz(tar) => tar.into_inner()?.finish()?.flush(),
        }
    }
}

pub fn is_executable(file: &File) -> io::Result<bool> {
    Ok(file.metadata()?.permissions().mode() & 0o111 != 0)
}

fn header(modified_at_ms: i64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(u64::try_from(modified_at_ms / 1000).unwrap_or(0));
    header
}

/// Zip knows the years 1980 to 2107, in UTC here, and a script may have set any time.
fn dos_time(ms: i64) -> DateTime {
    let at = Timestamp::from_millisecond(ms)
        .unwrap_or_default()
        .to_zoned(TimeZone::UTC);
    let small = |part: i8| u8::try_from(part).unwrap_or(0);
    let date = (
        u16::try_from(at.year()).unwrap_or(0),
        small(at.month()),
        small(at.day()),
    );
    DateTime::from_date_and_time(
        date.0,
        date.1,
        date.2,
        small(at.hour()),
        small(at.minute()),
        small(at.second()),
    )
    .unwrap_or_default()
}

/// So many bytes, no fewer.
struct Exactly<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Exactly<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let read = self.inner.read(&mut buffer[..most])?;
        if read == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "a file has become shorter while it was packed",
            ));
        }
        self.left -= read as u64;
        Ok(read)
    }
}
