//! A connection to the supervisor of a tools container, for one program.
//!
//! Invariants: at most one frame and one read are held; what is no frame of a supervisor ends the connection. Dropping
//! both halves ends the program.

use std::io;
use std::path::Path;
use std::time::Duration;

use pytask_protocol::tools::{Ended, MAX_REQUEST_BYTES, Reply, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::Error;
use super::table::Program;

/// What is read at once.
const READ_BYTES: usize = 32 * 1024;
/// Kept of what a short program says about itself.
const STDERR_BYTES: usize = 16 * 1024;

pub(super) struct Connection {
    pub input: OwnedWriteHalf,
    pub output: Output,
}

pub(super) struct Output {
    half: OwnedReadHalf,
    held: Vec<u8>,
}

/// Whether somebody listens.
pub(super) async fn answers(socket: &Path) -> bool {
    UnixStream::connect(socket).await.is_ok()
}

impl Connection {
    pub async fn open(
        socket: &Path,
        program: Program,
        args: Vec<String>,
        after_input: Duration,
    ) -> io::Result<Self> {
        let mut connection = Self::over(UnixStream::connect(socket).await?);
        let request = Request {
            program: program.name().to_owned(),
            args,
            after_input_ms: after_input.as_millis().try_into().unwrap_or(u64::MAX),
        };
        let mut line = serde_json::to_vec(&request)?;
        line.push(b'\n');
        if line.len() > MAX_REQUEST_BYTES {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        connection.input.write_all(&line).await?;
        Ok(connection)
    }

    /// The request is the caller's to send.
    pub fn over(stream: UnixStream) -> Self {
        let (half, input) = stream.into_split();
        Self {
            input,
            output: Output {
                half,
                held: Vec::new(),
            },
        }
    }
}

impl Output {
    /// The next frame. May be cancelled without loss.
    pub async fn next(&mut self) -> io::Result<Reply> {
        loop {
            match Reply::decode(&self.held) {
                Ok(Some((reply, used))) => {
                    self.held.drain(..used);
                    return Ok(reply);
                }
                Ok(None) => {}
                Err(no_reply) => return Err(io::Error::new(io::ErrorKind::InvalidData, no_reply)),
            }
            self.held.reserve(READ_BYTES);
            if self.half.read_buf(&mut self.held).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// What a short program left.
#[derive(Debug)]
pub(super) struct Finished {
    pub stdout: Vec<u8>,
    pub stderr: String,
    pub ended: Ended,
}

/// A short program from its input to its end, within bounds.
pub(super) async fn run(connection: Connection, text: &[u8], most_output: usize) -> Result<Finished, Error> {
    let Connection {
        mut input,
        mut output,
    } = connection;
    let feed = async {
        // A program that ends early has its reasons, and tells them.
        let _ = input.write_all(text).await;
        let _ = input.shutdown().await;
    };
    let hear = async {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        loop {
            match output.next().await {
                Ok(Reply::Stdout(bytes)) => {
                    if stdout.len() + bytes.len() > most_output {
                        return Err(Error::Failed("it says too much".to_owned()));
                    }
                    stdout.extend_from_slice(&bytes);
                }
                Ok(Reply::Stderr(bytes)) => {
                    let room = STDERR_BYTES - stderr.len();
                    stderr.extend_from_slice(&bytes[..bytes.len().min(room)]);
                }
                Ok(Reply::Ended(ended)) => {
                    let stderr = String::from_utf8_lossy(&stderr).into_owned();
                    return Ok(Finished {
                        stdout,
                        stderr,
                        ended,
                    });
                }
                Err(e) => return Err(Error::Unavailable(format!("the tools container is gone: {e}"))),
            }
        }
    };
    tokio::pin!(feed);
    tokio::pin!(hear);
    let mut fed = false;
    loop {
        tokio::select! {
            () = &mut feed, if !fed => fed = true,
            heard = &mut hear => return heard,
        }
    }
}
