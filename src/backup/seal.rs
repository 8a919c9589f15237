//! The end of a backup: the SHA-256 of everything before it, in a skippable frame, which any zstd passes over.
//!
//! By it a file that was cut short is told at once, and a changed byte wherever it is, be it one that zstd itself ignores.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

/// RFC 8878, 3.1.2: one of the sixteen numbers that begin a skippable frame, then the length of what follows.
const MAGIC: [u8; 4] = 0x184D_2A5B_u32.to_le_bytes();
const MARK: &[u8; 8] = b"PyTaskBk";
const HASH: usize = 32;
pub const LENGTH: usize = MAGIC.len() + 4 + MARK.len() + HASH;

fn seal(hash: [u8; HASH]) -> [u8; LENGTH] {
    let mut seal = [0; LENGTH];
    seal[..4].copy_from_slice(&MAGIC);
    seal[4..8].copy_from_slice(&((MARK.len() + HASH) as u32).to_le_bytes());
    seal[8..16].copy_from_slice(MARK);
    seal[16..].copy_from_slice(&hash);
    seal
}

/// The hash in a seal, if it is one.
pub fn hash_in(bytes: &[u8; LENGTH]) -> Option<[u8; HASH]> {
    let hash: [u8; HASH] = bytes[16..].try_into().ok()?;
    (seal(hash) == *bytes).then_some(hash)
}

/// Passes bytes on and seals them at the end.
pub struct Sealing<W> {
    inner: W,
    hasher: Sha256,
}

impl<W: Write> Sealing<W> {
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            hasher: Sha256::new(),
        }
    }

    pub fn finish(mut self) -> io::Result<W> {
        self.inner.write_all(&seal(self.hasher.finalize().into()))?;
        self.inner.flush()?;
        Ok(self.inner)
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Hashes what is read through it.
pub struct Hashing<R> {
    inner: R,
    hasher: Sha256,
    pub bytes: u64,
}

impl<R: Read> Hashing<R> {
    pub fn new(inner: R) -> Self {
        Self {
            inner,
            hasher: Sha256::new(),
            bytes: 0,
        }
    }

    pub fn inner(&self) -> &R {
        &self.inner
    }

    pub fn finish(self) -> [u8; HASH] {
        self.hasher.finalize().into()
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}
