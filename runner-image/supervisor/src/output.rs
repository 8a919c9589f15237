//! The script's two pipes, read into the log.
//!
//! Invariants: the log gets the bytes in the order of reading, nothing added to them, and if there are secrets, masked;
//! what was on stdout before something appeared on stderr stands before it; a read is bounded by what is there, so a
//! flood on one pipe starves neither the other nor the loop. Knows no processes and no deadlines.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use pytask_protocol::frame::{MAX_PAYLOAD, Stream};

use crate::log::{Log, Moment, Sink};
use crate::mask::{Mask, Masker};
use crate::pace::Pace;
use crate::sys;

/// How long the next piece of an unfinished line is waited for, and how many pieces at most.
const PIECE_GAP: Duration = Duration::from_micros(100);
const MOST_PIECES: usize = 8;

pub(crate) struct Output {
    stdout: Pipe,
    stderr: Pipe,
    pace: Pace,
    buffer: Vec<u8>,
}

struct Pipe {
    stream: Stream,
    fd: Option<OwnedFd>,
    masker: Option<Masker>,
}

impl Pipe {
    fn new(stream: Stream, fd: OwnedFd, mask: Option<&Mask>) -> Pipe {
        Pipe {
            stream,
            fd: Some(fd),
            masker: mask.map(Mask::masker),
        }
    }

    fn store<S: Sink>(&mut self, at: Moment, bytes: &[u8], log: &mut Log<S>) {
        match &mut self.masker {
            None => log.output(self.stream, at, bytes),
            Some(masker) => {
                let masked = masker.pass(bytes);
                store_all(self.stream, at, &masked, log);
            }
        }
    }

    /// Nothing more comes, so nothing is held back any more.
    fn close<S: Sink>(&mut self, log: &mut Log<S>) {
        self.fd = None;
        if let Some(mut masker) = self.masker.take() {
            store_all(self.stream, Moment::now(), &masker.finish(), log);
        }
    }
}

/// With what was held back before, it may be more than one record takes.
fn store_all<S: Sink>(stream: Stream, at: Moment, bytes: &[u8], log: &mut Log<S>) {
    for piece in bytes.chunks(MAX_PAYLOAD) {
        log.output(stream, at, piece);
    }
}

impl Output {
    pub(crate) fn new(stdout: OwnedFd, stderr: OwnedFd, mask: Option<&Mask>) -> Output {
        Output {
            stdout: Pipe::new(Stream::Stdout, stdout, mask),
            stderr: Pipe::new(Stream::Stderr, stderr, mask),
            pace: Pace::new(),
            buffer: vec![0; MAX_PAYLOAD],
        }
    }

    /// Stdout and stderr as far as they are open: what to wait for.
    pub(crate) fn pipes(&self) -> [Option<BorrowedFd<'_>>; 2] {
        [&self.stdout, &self.stderr].map(|pipe| pipe.fd.as_ref().map(AsFd::as_fd))
    }

    /// Until when to leave the pipes alone, if at all.
    pub(crate) fn pause_until(&self, now: u64) -> Option<u64> {
        self.pace.pause_until(now)
    }

    /// Nobody can write any more, and everything is read.
    pub(crate) fn is_over(&self) -> bool {
        self.stdout.fd.is_none() && self.stderr.fd.is_none()
    }

    /// Reads no more, whoever may still write.
    pub(crate) fn close<S: Sink>(&mut self, log: &mut Log<S>) {
        self.stdout.close(log);
        self.stderr.close(log);
    }

    /// Reads the pipes that are ready.
    pub(crate) fn read<S: Sink>(&mut self, [out, err]: [bool; 2], log: &mut Log<S>) {
        // What was written to stdout before something appeared on stderr goes first: the traceback after its
        // output. Bounded by what is there now, so that a flood cannot starve stderr.
        let mut ahead = if err {
            self.stdout.fd.as_ref().map_or(0, sys::bytes_waiting)
        } else {
            0
        };
        if out || ahead > 0 {
            loop {
                let count = pump(&mut self.stdout, &mut self.buffer, &mut self.pace, log);
                ahead = ahead.saturating_sub(count);
                if count == 0 || ahead == 0 {
                    break;
                }
            }
        }
        if err {
            pump(&mut self.stderr, &mut self.buffer, &mut self.pace, log);
        }
    }
}

/// Reads once and writes what was read; tells its length. At the end of the pipe its descriptor is closed.
fn pump<S: Sink>(pipe: &mut Pipe, buffer: &mut [u8], pace: &mut Pace, log: &mut Log<S>) -> usize {
    let Some(fd) = &pipe.fd else { return 0 };
    match sys::read(fd.as_fd(), buffer) {
        Ok(count) if count > 0 => {
            let at = Moment::now();
            let count = gather(fd.as_fd(), buffer, count);
            pipe.store(at, &buffer[..count], log);
            pace.has_read(at.mono_us, count);
            return count;
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        // The end, or nothing can be read from here any more.
        _ => pipe.close(log),
    }
    0
}

/// An unbuffered Python writes a line in several pieces, its end by itself. They make one record if they follow
/// each other closely; a prompt without a line end is held back by no more than [`PIECE_GAP`].
fn gather(pipe: BorrowedFd, buffer: &mut [u8], mut count: usize) -> usize {
    for _ in 0..MOST_PIECES {
        let small = count < buffer.len() / 16;
        if !small || buffer[count - 1] == b'\n' {
            break;
        }
        match sys::wait_readable([Some(pipe)], Some(PIECE_GAP)) {
            Ok([true]) => {}
            _ => break,
        }
        match sys::read(pipe, &mut buffer[count..]) {
            Ok(more) if more > 0 => count += more,
            // The end is seen again, and dealt with, by the next read.
            _ => break,
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use super::*;

    /// A buffer that begins with `read`, and a pipe in which `waiting` is still to be read.
    fn gathered(read: &[u8], waiting: &[u8]) -> Vec<u8> {
        let (from, to) = sys::pipe().expect("a pipe");
        File::from(to).write_all(waiting).expect("it fits into the pipe");
        let mut buffer = vec![0; MAX_PAYLOAD];
        buffer[..read.len()].copy_from_slice(read);
        let count = gather(from.as_fd(), &mut buffer, read.len());
        buffer.truncate(count);
        buffer
    }

    #[test]
    fn the_pieces_of_a_line_are_gathered_and_nothing_more() {
        assert_eq!(gathered(b"line", b"\n"), b"line\n");
        assert_eq!(gathered(b"line\n", b"next"), b"line\n");
        assert_eq!(gathered(b"prompt: ", b""), b"prompt: ");
        assert_eq!(
            gathered(&[b'x'; 10_000], b"\n"),
            [b'x'; 10_000],
            "a flood needs no gathering"
        );
    }
}
