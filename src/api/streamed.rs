//! A body that is made while it is taken, by whoever writes: at the client's pace, with a bounded part of it ahead.

use std::io::{self, Write};

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::mpsc;

/// Written at a time, and how many of these ahead of the client.
const PIECE: usize = 64 * 1024;
const AHEAD: usize = 8;

/// Takes bytes at the client's pace; fails once it has left. For threads that may wait.
pub(super) struct Pieces {
    sender: mpsc::Sender<io::Result<Bytes>>,
    piece: Vec<u8>,
}

/// Where to write, how to say that it cannot be made to its end, and the body that comes of it.
pub(super) fn body() -> (Pieces, Breaking, Body) {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let body = stream::unfold(receiver, |mut receiver| async {
        let piece: io::Result<Bytes> = receiver.recv().await?;
        Some((piece, receiver))
    });
    let pieces = Pieces {
        sender: sender.clone(),
        piece: Vec::with_capacity(PIECE),
    };
    (pieces, Breaking(sender), Body::from_stream(body))
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        self.sender
            .blocking_send(Ok(piece.into()))
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// A transfer that breaks off is the only way left to say that something went wrong.
pub(super) struct Breaking(mpsc::Sender<io::Result<Bytes>>);

impl Breaking {
    /// Whether there is still somebody to be told.
    pub fn is_heard(&self) -> bool {
        !self.0.is_closed()
    }

    /// For threads that may wait.
    pub fn break_off(&self, error: io::Error) {
        let _ = self.0.blocking_send(Err(error));
    }
}
