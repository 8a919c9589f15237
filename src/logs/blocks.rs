//! Where each block of a packed log is: its seek table, and the way back to it if that is damaged.
//!
//! The file is described in `docs/log-format.md` ("Packed logs"). The table is that of the "zstd seekable format" (zstd's
//! `contrib/seekable_format`), and the frame before it is ours: a checksum of the table, which the format has none of, because
//! one wrong size in it would move every block behind. A table that is missing or is not what was written is not
//! believed; then the frames are walked.
//!
//! Invariants: bounded by what is in the file, never by what it says; a table that is believed covers the file without gaps.
//! Unpacks nothing but what it needs to know a frame again behind a damaged one. The table is read and written here
//! because the libraries for it reserve memory for as many entries as a damaged count says, and end where a frame is bad.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use zstd::bulk::Decompressor;
use zstd::zstd_safe;

/// Bytes of the log in one block, at most.
pub(super) const BLOCK: usize = 256 * 1024;
/// No frame of a block is longer: what zstd may add to bytes that cannot be packed, and its own.
pub(super) const LONGEST_FRAME: usize = BLOCK + BLOCK / 128 + 64;
/// A log of at least 768 GiB.
const MOST_BLOCKS: usize = 1 << 22;

/// RFC 8878, 3.1.1.
const FRAME_MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];
/// RFC 8878, 3.1.2: the first of sixteen for whoever wants one.
const SUM_MAGIC: u32 = 0x184D_2A50;
const TABLE_MAGIC: u32 = 0x184D_2A5E;
const FOOTER_MAGIC: u32 = 0x8F92_EAB1;
/// Tells our sum from another's skippable frame.
const SUM_TAG: [u8; 4] = *b"PTLS";

const SKIPPABLE_HEADER: usize = 8;
const SUM_LEN: usize = SKIPPABLE_HEADER + 8;
const FOOTER_LEN: usize = 9;
const ENTRY_LEN: usize = 8;
/// The longest header that a frame can have.
const FRAME_HEADER: usize = 18;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    /// Where in the file its frame is, and how long. Of a damaged stretch: that.
    pub packed_at: u64,
    pub packed: u64,
    /// Where in the log its bytes are, and how many.
    pub at: u64,
    pub length: u32,
}

/// In the order of the log, without gaps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Blocks(Vec<Block>);

impl Blocks {
    pub(super) fn push(&mut self, packed: u64, length: u32) {
        let (packed_at, at) = self.ends();
        self.0.push(Block {
            packed_at,
            packed,
            at,
            length,
        });
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MOST_BLOCKS
    }

    /// Bytes of the log.
    pub(super) fn length(&self) -> u64 {
        self.ends().1
    }

    /// The block that has this byte of the log, and its index.
    pub(super) fn at(&self, offset: u64) -> Option<(usize, Block)> {
        let behind = self.0.partition_point(|block| block.at <= offset);
        let index = behind.checked_sub(1)?;
        let block = *self.0.get(index)?;
        (offset < block.at + u64::from(block.length)).then_some((index, block))
    }

    fn ends(&self) -> (u64, u64) {
        self.0.last().map_or((0, 0), |last| {
            (last.packed_at + last.packed, last.at + u64::from(last.length))
        })
    }

    /// What stands behind the blocks in the file.
    pub(super) fn table(&self) -> Vec<u8> {
        let entry = |packed: u32, length: u32| [packed.to_le_bytes(), length.to_le_bytes()];
        let sum = entry(SUM_LEN as u32, 0);
        let blocks = self
            .0
            .iter()
            .map(|block| entry(block.packed as u32, block.length));
        let mut table = Vec::new();
        table.extend_from_slice(&TABLE_MAGIC.to_le_bytes());
        let contents = (self.0.len() + 1) * ENTRY_LEN + FOOTER_LEN;
        table.extend_from_slice(&(contents as u32).to_le_bytes());
        table.extend(blocks.chain([sum]).flatten().flatten());
        table.extend_from_slice(&(self.0.len() as u32 + 1).to_le_bytes());
        table.push(0);
        table.extend_from_slice(&FOOTER_MAGIC.to_le_bytes());

        let mut all = Vec::with_capacity(SUM_LEN + table.len());
        all.extend_from_slice(&SUM_MAGIC.to_le_bytes());
        all.extend_from_slice(&8_u32.to_le_bytes());
        all.extend_from_slice(&SUM_TAG);
        all.extend_from_slice(&crc32fast::hash(&table).to_le_bytes());
        all.extend(table);
        all
    }

    /// Of a file, by its table or by its frames.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        match Self::from_table(file, length)? {
            Some(blocks) => Ok(blocks),
            None => Self::walk(file, length),
        }
    }

    fn from_table(file: &File, length: u64) -> io::Result<Option<Self>> {
        let Some(at) = begin_of_table(file, length)? else {
            return Ok(None);
        };
        let mut bytes = vec![0; (length - at) as usize];
        file.read_exact_at(&mut bytes, at)?;
        Ok(Self::parse(&bytes, at))
    }

    /// `bytes` as [`Blocks::table`] makes them, found behind `packed` bytes.
    fn parse(bytes: &[u8], packed: u64) -> Option<Self> {
        let (sum, table) = bytes.split_at_checked(SUM_LEN)?;
        let is_sum = le32(sum, 0) == SUM_MAGIC && le32(sum, 4) == 8 && sum[8..12] == SUM_TAG;
        if !is_sum || le32(sum, 12) != crc32fast::hash(table) || le32(table, 0) != TABLE_MAGIC {
            return None;
        }
        let entries = table.get(SKIPPABLE_HEADER..table.len().checked_sub(FOOTER_LEN)?)?;
        let (blocks, last) = entries.split_at_checked(entries.len().checked_sub(ENTRY_LEN)?)?;
        if (le32(last, 0), le32(last, 4)) != (SUM_LEN as u32, 0) {
            return None;
        }
        let mut found = Self(Vec::with_capacity(blocks.len() / ENTRY_LEN));
        for entry in blocks.chunks_exact(ENTRY_LEN) {
            let (packed, length) = (le32(entry, 0), le32(entry, 4));
            if packed as usize > LONGEST_FRAME || !(1..=BLOCK as u32).contains(&length) {
                return None;
            }
            found.push(u64::from(packed), length);
        }
        (found.ends().0 == packed).then_some(found)
    }

    /// Frame by frame. What is no frame, up to the next that is, is a block that cannot be unpacked.
    fn walk(file: &File, length: u64) -> io::Result<Self> {
        let mut blocks = Self::default();
        let mut window = vec![0; LONGEST_FRAME];
        let behind = begin_of_table(file, length)?;
        let mut at = 0;
        while at < length && !blocks.is_full() {
            let here = read_at_most(file, &mut window, at)?;
            if behind == Some(at) || is_sum(here) {
                break;
            }
            match frame(here) {
                Some((packed, bytes)) => {
                    blocks.push(packed as u64, bytes);
                    at += packed as u64;
                }
                None => {
                    // As it says itself, if it still does.
                    let lost = content_size(here).unwrap_or(BLOCK as u32);
                    let next = next_frame(file, at + 1, length)?;
                    blocks.push(next - at, lost);
                    at = next;
                }
            }
        }
        Ok(blocks)
    }
}

/// Where the next frame begins that is whole and right; the end of the file if none does.
fn next_frame(file: &File, from: u64, length: u64) -> io::Result<u64> {
    let mut window = vec![0; LONGEST_FRAME];
    let mut candidate = vec![0; LONGEST_FRAME];
    let mut unpacked = Vec::with_capacity(BLOCK);
    let mut decompressor = Decompressor::new()?;
    let mut at = from;
    while at < length {
        let here = read_at_most(file, &mut window, at)?;
        // So that a header is seen whole, but at the end of the file.
        let is_last = at + here.len() as u64 >= length;
        let searched = if is_last {
            here.len()
        } else {
            here.len() - FRAME_HEADER
        };
        for start in 0..searched {
            if !here[start..].starts_with(&FRAME_MAGIC) || content_size(&here[start..]).is_none() {
                continue;
            }
            let place = at + start as u64;
            let bytes = read_at_most(file, &mut candidate, place)?;
            if let Some((packed, _)) = frame(bytes)
                && unpack(&mut decompressor, &bytes[..packed], &mut unpacked)
            {
                return Ok(place);
            }
        }
        at += searched as u64;
    }
    Ok(length)
}

/// Whether a frame gives what it promises; that is then in `to`, which is as long as a block at most.
pub(super) fn unpack(decompressor: &mut Decompressor<'_>, packed: &[u8], to: &mut Vec<u8>) -> bool {
    to.clear();
    let Some((length, bytes)) = frame(packed) else {
        return false;
    };
    to.reserve_exact(BLOCK);
    length == packed.len()
        && decompressor
            .decompress_to_buffer(packed, to)
            .is_ok_and(|got| got == bytes as usize)
}

/// How long the block's frame is that `bytes` begin with, and how many bytes are in it.
fn frame(bytes: &[u8]) -> Option<(usize, u32)> {
    let content = content_size(bytes)?;
    let length = zstd_safe::find_frame_compressed_size(bytes).ok()?;
    (length <= LONGEST_FRAME.min(bytes.len())).then_some((length, content))
}

fn content_size(bytes: &[u8]) -> Option<u32> {
    if !bytes.starts_with(&FRAME_MAGIC) {
        return None;
    }
    let size = zstd_safe::get_frame_content_size(bytes).ok()??;
    u32::try_from(size)
        .ok()
        .filter(|size| (1..=BLOCK as u32).contains(size))
}

/// Where sum and table would begin, by what the footer says; it may be right where they are not.
fn begin_of_table(file: &File, length: u64) -> io::Result<Option<u64>> {
    let mut footer = [0; FOOTER_LEN];
    let Some(at) = length.checked_sub(FOOTER_LEN as u64) else {
        return Ok(None);
    };
    file.read_exact_at(&mut footer, at)?;
    let count = le32(&footer, 0) as usize;
    if footer[4] != 0 || le32(&footer, 5) != FOOTER_MAGIC || count == 0 || count > MOST_BLOCKS + 1 {
        return Ok(None);
    }
    Ok(length.checked_sub((SUM_LEN + SKIPPABLE_HEADER + count * ENTRY_LEN + FOOTER_LEN) as u64))
}

/// The blocks' sum, or what a cut has left of it: behind it are no more blocks.
fn is_sum(bytes: &[u8]) -> bool {
    let sum = SUM_MAGIC.to_le_bytes();
    let seen = bytes.len().min(sum.len());
    bytes[..seen] == sum[..seen]
}

fn read_at_most<'a>(file: &File, buffer: &'a mut [u8], at: u64) -> io::Result<&'a [u8]> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], at + filled as u64) {
            Ok(0) => break,
            Ok(got) => filled += got,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(&buffer[..filled])
}

/// The number at an offset; 0 behind the end, which is no number that anything here has.
fn le32(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..at + 4)
        .and_then(|four| four.try_into().ok())
        .map_or(0, u32::from_le_bytes)
}
