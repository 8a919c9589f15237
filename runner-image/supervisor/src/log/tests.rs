//! The log against disks that are well, full, or full for a while.

use pytask_protocol::frame::{Decoded, OwnedRecord, decode};

use super::*;

/// A file in memory on a disk with so much room; writes are cut short like the kernel does.
struct Disk {
    file: Vec<u8>,
    room: usize,
    marks: Vec<Mark>,
}

impl Disk {
    fn with_room(room: usize) -> Self {
        Self {
            file: Vec::new(),
            room,
            marks: Vec::new(),
        }
    }
}

impl Sink for &mut Disk {
    fn append(&mut self, header: &[u8], payload: &[u8]) -> io::Result<usize> {
        let count = self.room.min(header.len() + payload.len());
        if count == 0 {
            return Err(io::Error::from_raw_os_error(libc::ENOSPC));
        }
        self.room -= count;
        self.file.extend(header.iter().chain(payload).take(count));
        Ok(count)
    }

    fn cut(&mut self, length: u64) {
        self.file.truncate(length as usize);
    }

    fn mark(&mut self, mark: &Mark) {
        self.marks.push(*mark);
    }
}

const NOW: Moment = Moment {
    wall_us: 5,
    mono_us: 6,
};
const ROOMY: usize = usize::MAX;

fn read(file: &[u8]) -> Vec<OwnedRecord> {
    let (mut records, mut rest) = (Vec::new(), file);
    while let Decoded::Record { record, consumed } = decode(rest) {
        records.push(record.to_owned());
        rest = &rest[consumed..];
    }
    assert!(rest.is_empty(), "the file ends with a whole record");
    assert!(
        records
            .iter()
            .map(|record| record.seq)
            .eq(1..=records.len() as u64),
        "no gaps in the sequence"
    );
    records
}

fn bytes_of(records: &[OwnedRecord], stream: Stream) -> Vec<u8> {
    records
        .iter()
        .filter(|record| record.stream == stream)
        .flat_map(|record| record.payload.clone())
        .collect()
}

fn dropped_in(records: &[OwnedRecord]) -> u64 {
    records
        .iter()
        .filter_map(|record| record.as_record().dropped_bytes())
        .sum()
}

#[test]
fn below_the_limit_everything_is_kept() {
    let mut disk = Disk::with_room(ROOMY);
    let mut log = Log::new(&mut disk, 10);
    log.output(Stream::Stdout, NOW, b"hello");
    log.output(Stream::Stderr, NOW, b"world");
    log.note(NOW, "done");
    let (_, totals) = log.finish(NOW);
    let expected = Totals {
        stdout_bytes: 5,
        stderr_bytes: 5,
        dropped_bytes: 0,
        last_seq: 3,
        write_error: None,
    };
    assert_eq!(totals, expected);
    let records = read(&disk.file);
    assert_eq!(records[0].payload, b"hello");
    assert_eq!((records[1].wall_us, records[1].mono_us), (5, 6));
    assert_eq!(
        (records[2].stream, &records[2].payload[..]),
        (Stream::System, &b"done"[..])
    );
}

#[test]
fn what_fits_into_the_tail_is_not_missing() {
    let mut disk = Disk::with_room(ROOMY);
    let mut log = Log::new(&mut disk, 4);
    log.output(Stream::Stdout, NOW, b"abcdefgh");
    let (_, totals) = log.finish(NOW);
    assert_eq!(totals.dropped_bytes, 0);
    let records = read(&disk.file);
    assert_eq!(bytes_of(&records, Stream::Stdout), b"abcdefgh");
    assert_eq!(dropped_in(&records), 0);
    assert_eq!(
        records[1].stream,
        Stream::System,
        "the head's end is announced at once"
    );
}

#[test]
fn head_marker_and_tail_account_for_every_byte() {
    let mut disk = Disk::with_room(ROOMY);
    let mut log = Log::new(&mut disk, 1000);
    let all: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    for (n, piece) in all.chunks(777).enumerate() {
        let stream = if n % 2 == 0 {
            Stream::Stdout
        } else {
            Stream::Stderr
        };
        log.output(stream, NOW, piece);
    }
    let (_, totals) = log.finish(NOW);
    let missing = all.len() - 1000 - TAIL_BYTES;
    assert_eq!(totals.dropped_bytes, missing as u64);
    assert_eq!(totals.stdout_bytes + totals.stderr_bytes, all.len() as u64);
    let records = read(&disk.file);
    assert_eq!(totals.last_seq, records.len() as u64);
    assert_eq!(dropped_in(&records), missing as u64);
    let marker = records
        .iter()
        .position(|record| record.stream == Stream::Truncated)
        .expect("a marker");
    let script = |records: &[OwnedRecord]| -> Vec<u8> {
        let of_script = |record: &&OwnedRecord| matches!(record.stream, Stream::Stdout | Stream::Stderr);
        records
            .iter()
            .filter(of_script)
            .flat_map(|record| record.payload.clone())
            .collect()
    };
    assert_eq!(script(&records[..marker]), all[..1000]);
    assert_eq!(script(&records[marker..]), all[all.len() - TAIL_BYTES..]);
}

#[test]
fn a_disk_full_for_a_while_leaves_a_marked_gap() {
    let mut disk = Disk::with_room(40 + 5 + 20);
    let mut log = Log::new(&mut disk, 1 << 20);
    log.output(Stream::Stdout, NOW, b"first"); // whole
    log.output(Stream::Stdout, NOW, b"torn, then completed"); // its beginning only
    log.output(Stream::Stderr, NOW, b"lost!"); // nothing
    log.output(Stream::Stdout, NOW, b"lost too"); // nothing
    log.sink.room = ROOMY;
    log.output(Stream::Stdout, NOW, b"after");
    let (_, totals) = log.finish(NOW);
    assert_eq!(totals.dropped_bytes, 13);
    assert!(
        totals
            .write_error
            .as_deref()
            .is_some_and(|error| error.contains("No space left"))
    );
    let records = read(&disk.file);
    assert_eq!(
        bytes_of(&records, Stream::Stdout),
        b"firsttorn, then completedafter"
    );
    let streams: Vec<_> = records.iter().map(|record| record.stream).collect();
    let expected = [
        Stream::Stdout,
        Stream::Stdout,
        Stream::System,
        Stream::Truncated,
        Stream::Stdout,
    ];
    assert_eq!(streams, expected, "the marker stands where the bytes are missing");
    assert_eq!(dropped_in(&records), 13);
}

#[test]
fn a_disk_full_to_the_end_leaves_whole_records_and_an_exact_count() {
    // Every possible amount of room, so that the disk fills at every place of every record.
    for room in 0..700 {
        let mut disk = Disk::with_room(room);
        let mut log = Log::new(&mut disk, 60);
        for _ in 0..10 {
            log.output(Stream::Stdout, NOW, b"0123456789abcdef");
        }
        let (_, totals) = log.finish(NOW);
        let records = read(&disk.file);
        let kept = bytes_of(&records, Stream::Stdout).len() as u64;
        assert_eq!(totals.dropped_bytes, 160 - kept, "room {room}");
        assert_eq!(totals.last_seq, records.len() as u64, "room {room}");
    }
}

#[test]
fn a_disk_that_empties_and_fills_again_never_miscounts() {
    for period in 1..90 {
        let mut disk = Disk::with_room(0);
        let mut log = Log::new(&mut disk, 1 << 20);
        for n in 0..200 {
            log.sink.room = if n % 2 == 0 { period } else { log.sink.room };
            log.output(Stream::Stderr, NOW, b"0123456789");
        }
        log.sink.room = ROOMY;
        let (_, totals) = log.finish(NOW);
        let records = read(&disk.file);
        assert_eq!(
            bytes_of(&records, Stream::Stderr).len() as u64 + totals.dropped_bytes,
            2000
        );
        assert_eq!(dropped_in(&records), totals.dropped_bytes, "period {period}");
    }
}

#[test]
fn marks_stand_where_records_begin_and_know_what_is_before_them() {
    use pytask_protocol::lines::{Counts, MARK_EVERY};
    let mut disk = Disk::with_room(ROOMY);
    let mut log = Log::new(&mut disk, u64::MAX);
    for number in 0..3000 {
        let stream = if number % 7 == 0 {
            Stream::Stderr
        } else {
            Stream::Stdout
        };
        log.output(
            stream,
            NOW,
            format!("{number}\n{}", "x".repeat(number % 500)).as_bytes(),
        );
        if number % 100 == 0 {
            // The disk takes the next record only in part, and nothing for a while.
            log.sink.room = 50;
            log.output(Stream::Stdout, NOW, &[b'y'; 400]);
            log.output(Stream::Stdout, NOW, b"lost\n");
            log.sink.room = ROOMY;
        }
    }
    log.finish(NOW);
    assert!(disk.marks.len() as u64 >= disk.file.len() as u64 / (2 * MARK_EVERY));
    let (mut counts, mut offset) = (Counts::default(), 0);
    let mut marks = disk.marks.iter().peekable();
    for record in read(&disk.file) {
        if let Some(mark) = marks.next_if(|mark| mark.offset == offset) {
            assert_eq!((mark.seq, mark.before), (record.seq, counts));
        }
        counts.pass(record.stream, &record.payload);
        offset += record.as_record().encoded_len() as u64;
    }
    assert_eq!(marks.next(), None, "a mark where no record begins");
}
