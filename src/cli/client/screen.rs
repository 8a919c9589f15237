//! What is on its way to stdout and stderr: written in order by a thread of its own, at the reader's pace.
//!
//! A reader that takes nothing holds up whoever has more to say, in [`Screen::room`], which can be given up without loss; it
//! never holds up a signal. Bytes of a script are written as they are; our own sentences begin a line.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::failure::Failure;
use super::print::{SELF, plain};

/// Batches on their way.
const AHEAD: usize = 4;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Out(Vec<u8>),
    Err(Vec<u8>),
    /// A sentence of our own, for stderr.
    Note(String),
}

pub struct Screen {
    sender: mpsc::Sender<Piece>,
    written: oneshot::Receiver<io::Result<()>>,
}

impl Screen {
    pub fn open() -> Self {
        let (sender, mut receiver) = mpsc::channel(AHEAD);
        let (done, written) = oneshot::channel();
        // Of our own, and no task's: the process ends without it, even if it is held up for ever.
        std::thread::spawn(move || {
            let (out, err) = (io::stdout(), io::stderr());
            let mut margin = Margin::new(out.is_terminal() && err.is_terminal());
            let mut write = |piece: Piece| match &piece {
                Piece::Out(bytes) => {
                    margin.out(bytes);
                    let mut out = out.lock();
                    out.write_all(bytes).and_then(|()| out.flush())
                }
                Piece::Err(bytes) => {
                    margin.err(bytes);
                    err.lock().write_all(bytes)
                }
                Piece::Note(note) => {
                    // That nobody takes it harms nothing.
                    let _ = err.lock().write_all(margin.note(note).as_bytes());
                    Ok(())
                }
            };
            let mut result = Ok(());
            while let Some(piece) = receiver.blocking_recv() {
                result = write(piece);
                if result.is_err() {
                    break;
                }
            }
            let _ = done.send(result);
        });
        Self { sender, written }
    }

    /// Waits until one more piece can be taken. May be given up without loss.
    pub async fn room(&mut self) -> Result<mpsc::OwnedPermit<Piece>, Failure> {
        match self.sender.clone().reserve_owned().await {
            Ok(room) => Ok(room),
            Err(_) => Err(self.why().await),
        }
    }

    /// A sentence of our own, unless nothing is taken.
    pub async fn note(&self, note: String) {
        let patience = Duration::from_millis(500);
        let _ = tokio::time::timeout(patience, self.sender.send(Piece::Note(note))).await;
    }

    /// Once everything is written.
    pub async fn finish(self) -> Result<(), Failure> {
        drop(self.sender);
        written(self.written.await)
    }

    /// Once everything is written, or the reader has had a moment for it.
    pub async fn leave(self) -> Result<(), Failure> {
        let patience = Duration::from_millis(500);
        tokio::time::timeout(patience, self.finish())
            .await
            .unwrap_or(Ok(()))
    }

    async fn why(&mut self) -> Failure {
        match written((&mut self.written).await) {
            Err(failure) => failure,
            Ok(()) => Failure::Output(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

fn written(result: Result<io::Result<()>, oneshot::error::RecvError>) -> Result<(), Failure> {
    match result {
        Ok(written) => written.map_err(Failure::Output),
        // Nobody asks twice, and the thread does not panic.
        Err(_) => Err(Failure::Output(io::ErrorKind::BrokenPipe.into())),
    }
}

/// Where the cursor is. Pure.
#[derive(Debug)]
struct Margin {
    /// What is written to stdout is seen in the same place.
    shared: bool,
    at_start: bool,
}

impl Margin {
    fn new(shared: bool) -> Self {
        Self {
            shared,
            at_start: true,
        }
    }

    fn out(&mut self, bytes: &[u8]) {
        if self.shared {
            self.err(bytes);
        }
    }

    fn err(&mut self, bytes: &[u8]) {
        self.at_start = bytes.last().map_or(self.at_start, |&last| last == b'\n');
    }

    fn note(&mut self, note: &str) -> String {
        let begin = if self.at_start { "" } else { "\n" };
        self.at_start = true;
        format!("{begin}{SELF}{}\n", plain(note))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_sentences_begin_a_line() {
        let mut apart = Margin::new(false);
        apart.out(b"no newline");
        assert_eq!(apart.note("a"), "pytask-manager: a\n");
        apart.err(b"torn");
        apart.err(b"");
        assert_eq!(apart.note("b"), "\npytask-manager: b\n");
        apart.err(b"whole\n");
        assert_eq!(apart.note("c"), "pytask-manager: c\n");
        let mut shared = Margin::new(true);
        shared.err(b"line\n");
        shared.out(b"torn");
        assert_eq!(shared.note("d"), "\npytask-manager: d\n");
    }
}
