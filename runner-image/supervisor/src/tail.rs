//! The last bytes of the script's output beyond the log's head: both streams together, order and times kept.
//!
//! Invariants: never holds more than its capacity of payload, and exactly the newest bytes; what it pushes out is
//! counted to the byte. Pure: no clock, no file.

use std::collections::VecDeque;

use pytask_protocol::frame::Stream;

/// A piece of output as it was read, or what is left of it.
pub(crate) struct Piece {
    pub stream: Stream,
    pub wall_us: i64,
    pub mono_us: u64,
    pub bytes: Vec<u8>,
}

pub(crate) struct Tail {
    pieces: VecDeque<Piece>,
    held: usize,
    capacity: usize,
    dropped: u64,
}

/// Neighbouring small pieces of one stream are kept as one up to this size, so that a flood of single bytes
/// costs memory for its bytes and not for its pieces. Their time is the first one's.
const MERGE_BELOW: usize = 512;

impl Tail {
    pub(crate) fn new(capacity: usize) -> Tail {
        Tail {
            pieces: VecDeque::new(),
            held: 0,
            capacity,
            dropped: 0,
        }
    }

    pub(crate) fn push(&mut self, stream: Stream, (wall_us, mono_us): (i64, u64), bytes: &[u8]) {
        // Of a piece larger than everything held, only the end can stay.
        let overlong = bytes.len().saturating_sub(self.capacity);
        self.dropped += overlong as u64;
        let bytes = &bytes[overlong..];
        self.held += bytes.len();
        match self.pieces.back_mut() {
            Some(last) if last.stream == stream && last.bytes.len() + bytes.len() <= MERGE_BELOW => {
                last.bytes.extend_from_slice(bytes);
            }
            _ => self.pieces.push_back(Piece {
                stream,
                wall_us,
                mono_us,
                bytes: bytes.to_vec(),
            }),
        }
        while self.held > self.capacity {
            self.drop_oldest(self.held - self.capacity);
        }
    }

    fn drop_oldest(&mut self, count: usize) {
        let Some(oldest) = self.pieces.front_mut() else {
            return;
        };
        let count = count.min(oldest.bytes.len());
        oldest.bytes.drain(..count);
        if oldest.bytes.is_empty() {
            self.pieces.pop_front();
        }
        self.held -= count;
        self.dropped += count as u64;
    }

    /// Bytes pushed out so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(crate) fn into_pieces(self) -> impl Iterator<Item = Piece> {
        self.pieces.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(tail: Tail) -> Vec<(Stream, Vec<u8>)> {
        tail.into_pieces()
            .map(|piece| (piece.stream, piece.bytes))
            .collect()
    }

    #[test]
    fn keeps_the_newest_bytes_and_counts_the_others() {
        let mut tail = Tail::new(10);
        tail.push(Stream::Stdout, (1, 1), b"abcdef");
        tail.push(Stream::Stderr, (2, 2), b"ghij");
        assert_eq!(tail.dropped(), 0);
        tail.push(Stream::Stdout, (3, 3), b"kl");
        assert_eq!(tail.dropped(), 2);
        let kept = joined(tail);
        let expected: [(Stream, &[u8]); 3] = [
            (Stream::Stdout, b"cdef"),
            (Stream::Stderr, b"ghij"),
            (Stream::Stdout, b"kl"),
        ];
        assert_eq!(kept, expected.map(|(stream, bytes)| (stream, bytes.to_vec())));
    }

    #[test]
    fn a_piece_larger_than_the_tail_leaves_its_end() {
        let mut tail = Tail::new(4);
        tail.push(Stream::Stderr, (0, 0), b"xyz");
        tail.push(Stream::Stdout, (0, 0), b"0123456789");
        assert_eq!(tail.dropped(), 3 + 6);
        assert_eq!(joined(tail), [(Stream::Stdout, b"6789".to_vec())]);
    }

    #[test]
    fn many_small_pieces_become_few() {
        let mut tail = Tail::new(64 * 1024);
        for n in 0..200_000_u32 {
            tail.push(Stream::Stdout, (0, 0), &[n as u8]);
        }
        assert_eq!(tail.dropped(), 200_000 - 64 * 1024);
        assert!(tail.pieces.len() <= 64 * 1024 / MERGE_BELOW + 1);
        let bytes: Vec<u8> = tail.into_pieces().flat_map(|piece| piece.bytes).collect();
        let expected: Vec<u8> = (200_000 - 64 * 1024..200_000_u32).map(|n| n as u8).collect();
        assert_eq!(bytes, expected);
    }
}
