//! A packed log against the log that was packed: the same through every reader, and what damage, a cut or a kill costs.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;
use pytask_protocol::LOG_FILE;

use super::fixture::{Log, read_all};
use super::source::PACKED_FILE;
use super::*;
use crate::files::Watcher;

fn pack_all(dir: &Path) -> Packing {
    pack(dir, |_| true).expect("packs")
}

fn names(dir: &Path) -> BTreeSet<String> {
    let name = |entry: io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
    std::fs::read_dir(dir)
        .expect("a folder")
        .map(|entry| name(entry).into_string().expect("a name"))
        .collect()
}

/// Everything that any reader says about a log.
#[derive(Debug, PartialEq)]
struct Told {
    length: u64,
    items: Vec<(u64, std::result::Result<OwnedRecord, u64>)>,
    from_within: Vec<Vec<(u64, u64)>>,
    tails: Vec<Vec<OwnedRecord>>,
    exports: Vec<Vec<u8>>,
    summary: Summary,
    last_words: Vec<String>,
    followed: Vec<u64>,
}

const FILTERS: [Filter; 3] = [
    Filter::All,
    Filter::Only(Stream::Stdout),
    Filter::Only(Stream::System),
];

fn told(dir: &Path, offsets: &[u64]) -> Told {
    let log = LogFile::open(dir).expect("a log");
    let length = log.len().expect("a length");
    let mut records = log.records_from(0);
    let mut items = Vec::new();
    while let Some(item) = records.next().expect("reads") {
        items.push(match item {
            Item::Record { offset, record } => (offset, Ok(record.to_owned())),
            Item::Damaged { offset, bytes } => (offset, Err(bytes)),
        });
    }
    let from = |offset: &u64| {
        let log = LogFile::open(dir).expect("a log");
        let mut records = log.records_from(*offset);
        let mut seen = Vec::new();
        while let Some(item) = records.next().expect("reads") {
            seen.push(match item {
                Item::Record { offset, record } => (offset, record.seq),
                Item::Damaged { offset, bytes } => (offset, bytes),
            });
        }
        seen
    };
    let mut exports = Vec::new();
    for (format, filters) in [
        (Format::Raw, &FILTERS[..]),
        (Format::Text, &FILTERS[..2]),
        (Format::Ndjson, &FILTERS[..1]),
    ] {
        for filter in filters {
            let mut export = Export::open(dir, format, *filter).expect("opens");
            let mut all = Vec::new();
            while let Some(piece) = export.next_piece().expect("reads") {
                all.extend(piece);
            }
            exports.push(all);
        }
    }
    let tail_of = |filter| [0, 1, 7, 500].map(|lines| tail(dir, filter, lines).expect("a tail"));
    Told {
        length,
        items,
        from_within: offsets.iter().map(from).collect(),
        tails: FILTERS.into_iter().flat_map(tail_of).collect(),
        exports,
        summary: summary(dir).expect("counts"),
        last_words: last_stderr_lines(dir, 3).expect("reads"),
        followed: followed(dir),
    }
}

fn followed(dir: &Path) -> Vec<u64> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let watcher = Watcher::start().expect("a watcher");
        let mut follower = Follower::new(&watcher, dir, 3);
        follower.complete();
        let mut seqs = Vec::new();
        while let Some(batch) = follower.next().await.expect("reads") {
            seqs.extend(batch.into_iter().map(|record| record.seq));
        }
        seqs
    })
}

#[derive(Debug, Clone)]
enum Part {
    Lines {
        stream: Stream,
        count: usize,
        each: usize,
    },
    Noise(Vec<u8>),
    Garbage(Vec<u8>),
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let stream = prop_oneof![Just(Stream::Stdout), Just(Stream::Stderr), Just(Stream::System)];
    let bytes = |most| prop::collection::vec(any::<u8>(), 0..most);
    let part = prop_oneof![
        4 => (stream, 1..80_usize, 0..3_000_usize)
            .prop_map(|(stream, count, each)| Part::Lines { stream, count, each }),
        2 => bytes(65_536_usize).prop_map(Part::Noise),
        // Long, so that blocks also end within it.
        1 => (bytes(64), 1..6_000_usize).prop_map(|(bytes, times)| Part::Garbage(bytes.repeat(times))),
    ];
    prop::collection::vec(part, 1..7)
}

fn write(parts: &[Part], torn: usize) -> Log {
    let mut log = Log::new();
    for part in parts {
        match part {
            Part::Lines { stream, count, each } => {
                for n in 0..*count {
                    let line = format!("{n} {}\n", "word ".repeat(each / 5));
                    log.write(*stream, line.as_bytes());
                }
            }
            Part::Noise(bytes) => log.write(Stream::Stdout, bytes),
            Part::Garbage(bytes) => log.append(bytes),
        }
    }
    log.write(Stream::Stdout, &vec![b'.'; SMALLEST_PACKED as usize - 40]);
    log.append(&Log::encode(9_999, Stream::Stdout, b"torn")[..torn]);
    log
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn nobody_notices_that_a_log_is_packed(
        parts in parts(), torn in 0..44_usize, places in prop::collection::vec(0.0..1.0_f64, 4)
    ) {
        let log = write(&parts, torn);
        let bytes = log.bytes();
        let offsets: Vec<u64> = places.iter().map(|place| (place * bytes.len() as f64) as u64).collect();
        let before = told(log.dir(), &offsets);
        let packing = pack_all(log.dir());
        let unpacked = match packing {
            Packing::Packed { before, .. } => before,
            other => panic!("{other:?}"),
        };
        prop_assert_eq!(unpacked, bytes.len() as u64);
        prop_assert_eq!(names(log.dir()), BTreeSet::from([PACKED_FILE.to_owned()]));
        prop_assert!(told(log.dir(), &offsets) == before);
        prop_assert_eq!(seal(log.dir()).unwrap(), before.summary);
        let file = std::fs::File::open(log.dir().join(PACKED_FILE)).unwrap();
        prop_assert!(zstd::decode_all(file).unwrap() == bytes, "any zstd gives the log back");
    }
}

/// Some blocks, and which records are in which.
struct Sample {
    dir: tempfile::TempDir,
    packed: Vec<u8>,
    records: Vec<(u64, Vec<u8>)>,
    blocks: Vec<SampleBlock>,
}

struct SampleBlock {
    /// Where its frame ends.
    end: usize,
    seqs: BTreeSet<u64>,
    bytes: u64,
}

impl Sample {
    fn of(payload: impl Fn(u64) -> Vec<u8>) -> Self {
        let mut log = Log::new();
        for seq in 1..=16 {
            log.write(Stream::Stdout, &payload(seq));
        }
        let (records, damaged) = read_all(log.dir());
        assert_eq!((records.len(), damaged), (16, 0));
        let mut items = LogFile::open(log.dir()).expect("a log").records_from(0);
        let mut starts = Vec::new();
        while let Some(Item::Record { offset, record }) = items.next().expect("reads") {
            starts.push((offset, record.seq));
        }
        pack_all(log.dir());
        let dir = tempfile::tempdir().expect("a folder");
        let packed = std::fs::read(log.dir().join(PACKED_FILE)).expect("packed");
        let file = std::fs::File::open(log.dir().join(PACKED_FILE)).expect("packed");
        let found = blocks::Blocks::of(&file).expect("blocks");
        let mut blocks: Vec<SampleBlock> = Vec::new();
        let mut at = 0;
        while let Some((_, block)) = found.at(at) {
            at += u64::from(block.length);
            let within = |(offset, seq): &(u64, u64)| (block.at..at).contains(offset).then_some(*seq);
            blocks.push(SampleBlock {
                end: (block.packed_at + block.packed) as usize,
                seqs: starts.iter().filter_map(within).collect(),
                bytes: u64::from(block.length),
            });
        }
        assert!(blocks.len() >= 4, "{}", blocks.len());
        Self {
            dir,
            packed,
            records,
            blocks,
        }
    }

    /// What is read of a file like this: the sequence numbers that are missing, and damaged bytes. What is there is right.
    fn missing_of(&self, packed: &[u8]) -> (BTreeSet<u64>, u64) {
        std::fs::write(self.dir.path().join(PACKED_FILE), packed).expect("written");
        let (read, damaged) = read_all(self.dir.path());
        let mut left = self.records.iter();
        let mut missing = BTreeSet::new();
        for record in &read {
            loop {
                let expected = left.next().expect("nothing comes twice, out of order or changed");
                if expected == record {
                    break;
                }
                missing.insert(expected.0);
            }
        }
        missing.extend(left.map(|(seq, _)| *seq));
        (missing, damaged)
    }

    fn costs_a_block_at_most(&self, packed: &[u8], what: &str) {
        let (missing, damaged) = self.missing_of(packed);
        let one = |block: &SampleBlock| block.seqs == missing && block.bytes == damaged;
        let nothing = missing.is_empty() && damaged == 0;
        assert!(
            nothing || self.blocks.iter().any(one),
            "{what}: {missing:?} {damaged}"
        );
    }
}

/// Compressible to almost nothing, so that every byte can be tried; or not at all.
fn flat(seq: u64) -> Vec<u8> {
    vec![seq as u8; 50_000]
}

fn noise(seq: u64) -> Vec<u8> {
    let mut state = seq;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..50_000).map(|_| next()).collect()
}

#[test]
fn any_byte_that_changes_costs_its_block_only() {
    let sample = Sample::of(flat);
    for at in 0..sample.packed.len() {
        for change in [1 << (at % 8), 0x80 >> (at % 8), 0xFF] {
            let mut packed = sample.packed.clone();
            packed[at] ^= change;
            sample.costs_a_block_at_most(&packed, &format!("byte {at}, changed by {change:#x}"));
        }
    }
    let sample = Sample::of(noise);
    for at in (0..sample.packed.len()).step_by(7_919) {
        let mut packed = sample.packed.clone();
        packed[at] ^= 0x10;
        sample.costs_a_block_at_most(&packed, &format!("byte {at} of noise"));
    }
}

#[test]
fn any_cut_costs_what_is_behind_it_and_its_block() {
    for (sample, step) in [(Sample::of(flat), 1), (Sample::of(noise), 50_021)] {
        for cut in (0..sample.packed.len()).step_by(step) {
            let (missing, _) = sample.missing_of(&sample.packed[..cut]);
            let gone = sample.blocks.iter().filter(|block| block.end > cut);
            let expected: BTreeSet<u64> = gone.flat_map(|block| block.seqs.clone()).collect();
            assert_eq!(missing, expected, "cut at {cut}");
        }
    }
}

#[test]
fn without_a_table_a_damaged_frame_still_costs_its_block_only() {
    for (sample, step) in [(Sample::of(flat), 1), (Sample::of(noise), 3_989)] {
        let end = sample.blocks.last().expect("blocks").end;
        for at in (0..end).step_by(step) {
            let mut packed = sample.packed[..end].to_vec();
            packed[at] ^= 0x80;
            let (missing, _) = sample.missing_of(&packed);
            let hit = sample
                .blocks
                .iter()
                .find(|block| at < block.end)
                .expect("a block");
            assert!(
                missing.is_empty() || missing == hit.seqs,
                "byte {at}: {missing:?}"
            );
        }
    }
}

#[test]
fn what_a_script_printed_is_not_believed_behind_a_damaged_block() {
    let mut forged = Vec::new();
    for seq in 0..1_200 {
        Log::encode_into(900_000 + seq, Stream::System, b"forged", &mut forged);
    }
    let sample = Sample::of(|_| forged.clone());
    for (n, block) in sample.blocks.iter().enumerate() {
        let mut packed = sample.packed.clone();
        packed[block.end - 1] ^= 1;
        let (missing, damaged) = sample.missing_of(&packed);
        assert_eq!((&missing, damaged), (&block.seqs, block.bytes), "block {n}");
    }
}

#[test]
fn it_is_a_seekable_file_to_others() {
    let mut log = Log::new();
    for seq in 1..=40 {
        log.write(Stream::Stdout, &noise(seq));
    }
    let bytes = log.bytes();
    pack_all(log.dir());
    let file = std::fs::File::open(log.dir().join(PACKED_FILE)).expect("packed");
    let mut decoder = zeekstd::Decoder::new(file).expect("a seek table");
    let mut all = Vec::new();
    io::copy(&mut decoder, &mut all).expect("decodes");
    assert!(all == bytes);
}

fn large_log() -> Log {
    let mut log = Log::new();
    for n in 0..9_000 {
        log.write(Stream::Stdout, format!("line {n} of a log\n").as_bytes());
    }
    log
}

/// As a kill would: no code runs after it.
struct Killed;

#[test]
fn a_kill_at_any_step_loses_nothing_and_can_be_repeated() {
    let mut steps = Vec::new();
    let log = large_log();
    let whole = read_all(log.dir());
    pack(log.dir(), |step| {
        steps.push(step);
        true
    })
    .expect("packs");
    assert!(
        steps.len() > 10 && steps.contains(&PackStep::SyncRemoval),
        "{steps:?}"
    );
    for (n, step) in steps.iter().enumerate() {
        for kill in [true, false] {
            let log = large_log();
            let mut left = n;
            let until = |_| {
                if left == 0 && kill {
                    // Without the hook that would print it.
                    std::panic::resume_unwind(Box::new(Killed));
                }
                left = left.wrapping_sub(1);
                left != usize::MAX
            };
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| pack(log.dir(), until)));
            assert_eq!(done.is_err(), kill);
            assert_eq!(read_all(log.dir()), whole, "after {n} steps, before {step:?}");
            if !kill {
                assert!(
                    names(log.dir()).iter().all(|name| !name.starts_with('.')),
                    "{step:?}"
                );
            }
            let again = pack_all(log.dir());
            assert!(matches!(again, Packing::Packed { .. }), "{step:?}: {again:?}");
            assert_eq!(names(log.dir()), BTreeSet::from([PACKED_FILE.to_owned()]));
            assert_eq!(read_all(log.dir()), whole);
            assert_eq!(pack_all(log.dir()), again);
        }
    }
}

#[test]
fn a_log_that_is_still_written_stays() {
    let log = large_log();
    let mut writer = Log::open(log.dir());
    let packing = pack(log.dir(), |step| {
        if step == PackStep::Sync {
            io::Write::write_all(&mut writer, b"more").expect("appended");
        }
        true
    });
    assert_eq!(packing.expect("no error"), Packing::StillWritten);
    assert_eq!(names(log.dir()), BTreeSet::from([LOG_FILE.to_owned()]));
}

#[test]
fn what_cannot_be_written_leaves_the_log_as_it_was() {
    let log = large_log();
    let in_the_way = log.dir().join(".log.zst.tmp");
    std::fs::create_dir(&in_the_way).expect("made");
    let whole = log.bytes();
    assert!(pack(log.dir(), |_| true).is_err());
    assert_eq!(log.bytes(), whole);
    std::fs::remove_dir(&in_the_way).expect("removed");
    // What another left under the name is not what is packed here.
    std::fs::write(log.dir().join(PACKED_FILE), &whole[..100]).expect("written");
    assert!(matches!(pack_all(log.dir()), Packing::Packed { before, .. } if before == whole.len() as u64));
}

#[test]
fn short_logs_and_none_stay_as_they_are() {
    let mut log = Log::new();
    assert_eq!(pack_all(&log.dir().join("none")), Packing::NotWorthIt);
    log.write(Stream::Stdout, &vec![b'x'; SMALLEST_PACKED as usize - 41]);
    assert_eq!(pack_all(log.dir()), Packing::NotWorthIt);
    assert_eq!(names(log.dir()), BTreeSet::from([LOG_FILE.to_owned()]));
}

#[test]
fn only_a_plain_file_is_a_packed_log() {
    let temp = tempfile::tempdir().expect("a folder");
    let place = temp.path().join(PACKED_FILE);
    let kind = || LogFile::open(temp.path()).expect_err("no log").kind();
    assert_eq!(kind(), ErrorKind::NotFound);
    std::fs::write(temp.path().join("other"), "").expect("written");
    std::os::unix::fs::symlink("other", &place).expect("a link");
    assert_eq!(kind(), ErrorKind::Unsafe);
    std::fs::remove_file(&place).expect("removed");
    std::fs::hard_link(temp.path().join("other"), &place).expect("a link");
    assert_eq!(kind(), ErrorKind::Unsafe);
}
