//! The log of a script that said ten million things: as the supervisor writes it, with its index, and as the text file that
//! it would be without a product. What is in one is in the other, byte for byte.
//!
//! Records are cut where reads of a busy pipe end: mostly within a line, after up to 64 KiB; some are a single line.

use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::Path;

use pytask_protocol::frame::{MAX_PAYLOAD, Record, Stream};
use pytask_protocol::lines::Marker;
use pytask_protocol::{INDEX_FILE, LOG_FILE};

use super::Random;

pub(crate) const LINES: u64 = 10_000_000;
/// One line of ten thousand says it, in small letters.
pub(crate) const SELDOM: &str = "checksum mismatch";
/// One line, in the middle, says it.
pub(crate) const ONCE: &str = "nobody is watching the reactor";
const SEED: u64 = 11;
const SMALL_READS: u64 = 10;

/// Writes log and index into a run's directory and the text beside them, wherever that is wanted.
pub(crate) fn write(run_directory: &Path, text: &Path) -> Result<()> {
    let whole = 1 << 20;
    let mut log = Framed {
        log: BufWriter::with_capacity(whole, File::create(run_directory.join(LOG_FILE))?),
        index: BufWriter::new(File::create(run_directory.join(INDEX_FILE))?),
        marker: Marker::default(),
        seq: 0,
        offset: 0,
        bytes: Vec::new(),
    };
    let mut text = BufWriter::with_capacity(whole, File::create(text)?);
    let mut random = Random::from_seed(SEED);
    let (mut pending, mut wall_us) = (Vec::new(), 1_767_225_600_000_000);
    let mut read = 0;
    for number in 1..=LINES {
        wall_us += 50 + random.below(100) as i64;
        let before = pending.len();
        say(number, &mut random, &mut pending)?;
        text.write_all(&pending[before..])?;
        if pending.len() >= read {
            let cut = if read == 0 { pending.len() } else { read };
            log.record(wall_us, &pending[..cut])?;
            pending.drain(..cut);
            read = match random.below(SMALL_READS) {
                0 => 0,
                _ => 4_096 + random.below(MAX_PAYLOAD as u64 - 4_096) as usize,
            };
        }
    }
    for rest in pending.chunks(MAX_PAYLOAD) {
        log.record(wall_us, rest)?;
    }
    log.log.flush()?;
    log.index.flush()?;
    text.flush()
}

/// About a hundred bytes.
fn say(number: u64, random: &mut Random, into: &mut Vec<u8>) -> Result<()> {
    let (worker, item, ms) = (random.below(64), random.below(1 << 40), random.below(5_000));
    let said = if number == LINES / 2 + 1 {
        ONCE
    } else if random.below(10_000) == 0 {
        SELDOM
    } else {
        *random.one_of(&[
            "stored",
            "fetched from the upstream server",
            "skipped: nothing has changed since",
            "queued for another attempt",
        ])
    };
    writeln!(
        into,
        "{number:08} INFO worker-{worker:02} item {item:012x} {said} after {ms} ms, {} bytes, batch {:06}",
        item & 0xf_ffff,
        number / 1_000
    )
}

struct Framed {
    log: BufWriter<File>,
    index: BufWriter<File>,
    marker: Marker,
    seq: u64,
    offset: u64,
    bytes: Vec<u8>,
}

impl Framed {
    fn record(&mut self, wall_us: i64, payload: &[u8]) -> Result<()> {
        self.seq += 1;
        let record = Record {
            seq: self.seq,
            wall_us,
            mono_us: self.seq,
            stream: Stream::Stdout,
            payload,
        };
        if let Some(mark) = self.marker.due(self.offset, self.seq, wall_us) {
            self.index.write_all(&mark.encode())?;
        }
        self.bytes.clear();
        record.encode_into(&mut self.bytes);
        self.log.write_all(&self.bytes)?;
        self.marker.pass(Stream::Stdout, payload);
        self.offset += self.bytes.len() as u64;
        Ok(())
    }
}
