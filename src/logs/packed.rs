//! A packed log, read by offsets of the log that went into it.
//!
//! One block is unpacked at a time and kept until another is wanted, so memory is bounded and reading on is cheap. A
//! block that is not what was written (its frame has a checksum) is answered as lost, never in part: what is in it
//! begins and ends with its records, so nothing else is lost with it. The file is untrusted and never changes.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use zstd::bulk::Decompressor;

use super::blocks::{Block, Blocks, LONGEST_FRAME, unpack};
use super::source::Got;

pub(super) struct Packed {
    file: File,
    blocks: Blocks,
    held: Option<Held>,
}

/// The block that was wanted last.
struct Held {
    index: usize,
    /// Empty if it is lost.
    bytes: Vec<u8>,
}

impl std::fmt::Debug for Packed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packed")
            .field("file", &self.file)
            .field("blocks", &self.blocks.count())
            .finish_non_exhaustive()
    }
}

impl Packed {
    pub(super) fn open(file: File) -> io::Result<Self> {
        Ok(Self {
            blocks: Blocks::of(&file)?,
            file,
            held: None,
        })
    }

    /// Bytes of the log.
    pub(super) fn length(&self) -> u64 {
        self.blocks.length()
    }

    /// Fills the buffer, but for the log's end and what is lost.
    pub(super) fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<Got> {
        let mut filled = 0;
        while filled < buffer.len() {
            let at = offset + filled as u64;
            let Some((index, block)) = self.blocks.at(at) else {
                break;
            };
            let within = (at - block.at) as usize;
            let bytes = self.block(index, block)?;
            let Some(wanted) = bytes.get(within..).filter(|wanted| !wanted.is_empty()) else {
                if filled > 0 {
                    break;
                }
                return Ok(Got::Lost(u64::from(block.length) - within as u64));
            };
            let take = wanted.len().min(buffer.len() - filled);
            buffer[filled..filled + take].copy_from_slice(&wanted[..take]);
            filled += take;
        }
        if filled == 0 {
            // Who waits at the end holds no memory.
            self.held = None;
        }
        Ok(Got::Bytes(filled))
    }

    fn block(&mut self, index: usize, block: Block) -> io::Result<&[u8]> {
        let held = match self.held.take() {
            Some(held) if held.index == index => held,
            other => {
                let mut bytes = other.map_or_else(Vec::new, |other| other.bytes);
                self.load(block, &mut bytes)?;
                Held { index, bytes }
            }
        };
        Ok(&self.held.insert(held).bytes)
    }

    fn load(&self, block: Block, to: &mut Vec<u8>) -> io::Result<()> {
        to.clear();
        if block.packed > LONGEST_FRAME as u64 {
            return Ok(());
        }
        let mut packed = vec![0; block.packed as usize];
        match self.file.read_exact_at(&mut packed, block.packed_at) {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            other => other?,
        }
        if !unpack(&mut Decompressor::new()?, &packed, to) || to.len() != block.length as usize {
            to.clear();
        }
        Ok(())
    }
}
