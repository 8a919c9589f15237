//! Framed log records: the format of `docs/log-format.md`, encoding for the supervisor and decoding for
//! the controller.
//!
//! Invariants: [`decode`] is pure, never panics and never allocates, whatever bytes it is given; it needs at
//! most [`MAX_RECORD`] bytes to decide; a skip is never zero, so a reader always gets on. A flipped bit costs
//! at most the record it is in. Knows nothing of files, offsets or lines.

/// Starts every record. The first byte never occurs in UTF-8, so text never looks like a header.
pub const MAGIC: [u8; 4] = [0xF5, b'P', b'T', b'L'];
pub const HEADER_LEN: usize = 40;
pub const MAX_PAYLOAD: usize = 64 * 1024;
/// The most bytes that [`decode`] can ask for.
pub const MAX_RECORD: usize = HEADER_LEN + MAX_PAYLOAD;

/// What a record carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Stream {
    Stdout = 1,
    Stderr = 2,
    /// A sentence of the supervisor, for people.
    System = 3,
    /// A marker: script output is missing here. The payload is the count of bytes, see [`Record::dropped_bytes`].
    Truncated = 4,
}

impl Stream {
    fn from_byte(byte: u8) -> Option<Stream> {
        match byte {
            1 => Some(Stream::Stdout),
            2 => Some(Stream::Stderr),
            3 => Some(Stream::System),
            4 => Some(Stream::Truncated),
            _ => None,
        }
    }
}

/// One record, borrowing its payload from the buffer it was decoded from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// From 1, each record one more.
    pub seq: u64,
    /// Microseconds since the Unix epoch.
    pub wall_us: i64,
    /// Microseconds of `CLOCK_MONOTONIC`.
    pub mono_us: u64,
    pub stream: Stream,
    /// At most [`MAX_PAYLOAD`] bytes.
    pub payload: &'a [u8],
}

/// A record that owns its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedRecord {
    pub seq: u64,
    pub wall_us: i64,
    pub mono_us: u64,
    pub stream: Stream,
    pub payload: Vec<u8>,
}

/// What stands at the start of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoded<'a> {
    /// A whole, checked record; the next one starts `consumed` bytes on.
    Record { record: Record<'a>, consumed: usize },
    /// A valid beginning. At the end of a finished log this is the torn tail.
    NeedMore,
    /// No record here; go on `skip` bytes later (at least 1, at most the buffer's length).
    Damaged { skip: usize },
}

impl<'a> Record<'a> {
    /// The header, to be written together with the payload in one `writev`.
    ///
    /// # Panics
    /// If the payload is longer than [`MAX_PAYLOAD`]: a writer's mistake that must not reach the disk.
    pub fn encode_header(&self) -> [u8; HEADER_LEN] {
        assert!(self.payload.len() <= MAX_PAYLOAD, "record payload too long");
        let length_and_stream = (self.payload.len() as u32) | (self.stream as u32) << 24;
        let mut header = [0; HEADER_LEN];
        header[..4].copy_from_slice(&MAGIC);
        header[8..12].copy_from_slice(&crc32fast::hash(self.payload).to_le_bytes());
        header[12..16].copy_from_slice(&length_and_stream.to_le_bytes());
        header[16..24].copy_from_slice(&self.seq.to_le_bytes());
        header[24..32].copy_from_slice(&self.wall_us.to_le_bytes());
        header[32..40].copy_from_slice(&self.mono_us.to_le_bytes());
        let check = crc32fast::hash(&header[8..]);
        header[4..8].copy_from_slice(&check.to_le_bytes());
        header
    }

    /// Appends the whole record. Panics like [`Record::encode_header`].
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.encode_header());
        out.extend_from_slice(self.payload);
    }

    /// Bytes that the record takes in the log.
    pub fn encoded_len(&self) -> usize {
        HEADER_LEN + self.payload.len()
    }

    /// For a [`Stream::Truncated`] marker: how many bytes of script output are missing at this place.
    pub fn dropped_bytes(&self) -> Option<u64> {
        match self.stream {
            Stream::Truncated => self.payload.try_into().ok().map(u64::from_le_bytes),
            _ => None,
        }
    }

    pub fn to_owned(&self) -> OwnedRecord {
        OwnedRecord {
            seq: self.seq,
            wall_us: self.wall_us,
            mono_us: self.mono_us,
            stream: self.stream,
            payload: self.payload.to_vec(),
        }
    }
}

impl OwnedRecord {
    pub fn as_record(&self) -> Record<'_> {
        Record {
            seq: self.seq,
            wall_us: self.wall_us,
            mono_us: self.mono_us,
            stream: self.stream,
            payload: &self.payload,
        }
    }
}

/// Looks at the start of `buf`. See [`Decoded`].
pub fn decode(buf: &[u8]) -> Decoded<'_> {
    if !begins_with_magic(buf) {
        return Decoded::Damaged {
            skip: next_candidate(buf),
        };
    }
    let Some((header, rest)) = buf.split_first_chunk::<HEADER_LEN>() else {
        return Decoded::NeedMore;
    };
    let Some(parsed) = parse_header(header) else {
        return Decoded::Damaged {
            skip: next_candidate(buf),
        };
    };
    // The header is sound, so its length can be trusted: to wait for the rest, and to skip all of it.
    let Some(payload) = rest.get(..parsed.length) else {
        return Decoded::NeedMore;
    };
    let consumed = HEADER_LEN + parsed.length;
    if crc32fast::hash(payload) != parsed.payload_check {
        return Decoded::Damaged { skip: consumed };
    }
    let Header {
        seq,
        wall_us,
        mono_us,
        stream,
        ..
    } = parsed;
    Decoded::Record {
        record: Record {
            seq,
            wall_us,
            mono_us,
            stream,
            payload,
        },
        consumed,
    }
}

struct Header {
    seq: u64,
    wall_us: i64,
    mono_us: u64,
    stream: Stream,
    length: usize,
    payload_check: u32,
}

/// `None` for a header whose check fails or whose fields no writer produces.
fn parse_header(header: &[u8; HEADER_LEN]) -> Option<Header> {
    let u32_at = |at: usize| Some(u32::from_le_bytes(*header.get(at..)?.first_chunk()?));
    let u64_at = |at: usize| Some(u64::from_le_bytes(*header.get(at..)?.first_chunk()?));
    if crc32fast::hash(&header[8..]) != u32_at(4)? {
        return None;
    }
    let length_and_stream = u32_at(12)?;
    let length = (length_and_stream & 0x00FF_FFFF) as usize;
    let stream = Stream::from_byte((length_and_stream >> 24) as u8)?;
    let seq = u64_at(16)?;
    let length_fits = if stream == Stream::Truncated {
        length == 8
    } else {
        length <= MAX_PAYLOAD
    };
    (length_fits && seq > 0).then_some(Header {
        seq,
        wall_us: u64_at(24)? as i64,
        mono_us: u64_at(32)?,
        stream,
        length,
        payload_check: u32_at(8)?,
    })
}

/// Whether `buf` agrees with the magic as far as it goes (an empty buffer does).
fn begins_with_magic(buf: &[u8]) -> bool {
    buf.iter().zip(MAGIC.iter()).all(|(a, b)| a == b)
}

/// The next place after the first byte at which a record may begin; the buffer's length if there is none.
fn next_candidate(buf: &[u8]) -> usize {
    (1..buf.len())
        .find(|&at| begins_with_magic(&buf[at..]))
        .unwrap_or(buf.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_document() {
        let record = Record {
            seq: 2,
            wall_us: -1,
            mono_us: 0x0102_0304,
            stream: Stream::Stderr,
            payload: b"hi\n",
        };
        let mut bytes = Vec::new();
        record.encode_into(&mut bytes);
        let mut expected = vec![0xF5, b'P', b'T', b'L'];
        expected.extend_from_slice(&bytes[4..8]); // header check, verified by hand below
        expected.extend_from_slice(&crc32fast::hash(b"hi\n").to_le_bytes());
        expected.extend_from_slice(&[3, 0, 0, 2]);
        expected.extend_from_slice(&[2, 0, 0, 0, 0, 0, 0, 0]);
        expected.extend_from_slice(&[0xFF; 8]);
        expected.extend_from_slice(&[4, 3, 2, 1, 0, 0, 0, 0]);
        expected.extend_from_slice(b"hi\n");
        assert_eq!(bytes, expected);
        assert_eq!(bytes[4..8], crc32fast::hash(&bytes[8..40]).to_le_bytes());
        assert_eq!(decode(&bytes), Decoded::Record { record, consumed: 43 });
        assert_eq!(record.encoded_len(), 43);
    }

    #[test]
    fn a_marker_tells_its_count_and_only_a_marker_does() {
        let count = 123_456_789_012_u64.to_le_bytes();
        let marker = Record {
            seq: 1,
            wall_us: 0,
            mono_us: 0,
            stream: Stream::Truncated,
            payload: &count,
        };
        assert_eq!(marker.dropped_bytes(), Some(123_456_789_012));
        assert_eq!(
            Record {
                stream: Stream::Stdout,
                ..marker
            }
            .dropped_bytes(),
            None
        );
    }

    #[test]
    fn sound_checks_do_not_excuse_impossible_fields() {
        let damaged = |bytes: &[u8]| assert_eq!(decode(bytes), Decoded::Damaged { skip: bytes.len() });
        let record = Record {
            seq: 1,
            wall_us: 0,
            mono_us: 0,
            stream: Stream::Stdout,
            payload: b"",
        };
        let with = |at: usize, value: u8| {
            let mut header = record.encode_header();
            header[at] = value;
            let check = crc32fast::hash(&header[8..]).to_le_bytes();
            header[4..8].copy_from_slice(&check);
            header
        };
        damaged(&with(15, 0)); // no such stream
        damaged(&with(15, 5));
        damaged(&with(15, 4)); // a marker without a count
        damaged(&with(16, 0)); // sequence 0
        damaged(&with(14, 2)); // longer than any payload: 128 KiB
        assert!(matches!(decode(&with(14, 1)), Decoded::NeedMore)); // exactly the longest: 64 KiB
    }

    #[test]
    #[should_panic(expected = "record payload too long")]
    fn an_oversized_payload_never_reaches_the_disk() {
        let payload = vec![0; MAX_PAYLOAD + 1];
        Record {
            seq: 1,
            wall_us: 0,
            mono_us: 0,
            stream: Stream::Stdout,
            payload: &payload,
        }
        .encode_header();
    }
}
