//! One connection: a request, a program, bytes both ways, an end.
//!
//! Invariants: whatever happens, the program is killed and reaped before this returns; nothing is kept beyond one piece
//! in each direction. An answer that nobody takes is the end of the program.

use std::io::{self, PipeWriter, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use pytask_protocol::tools::{Ended, MAX_PIECE_BYTES, MAX_REQUEST_BYTES, Reply, Request};

use super::children::Number;
use super::{Tools, thread};
use crate::child::{Child, Command, Program, StartFailure};
use crate::sys;

/// For the first line.
const REQUEST_PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks whether a program has ended whose output somebody else holds open.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// For a program that has closed its output to end.
const LAST_PATIENCE: Duration = Duration::from_secs(1);
/// For the kernel to end what was killed.
const REAP_PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn serve(tools: &Arc<Tools>, connection: &UnixStream) {
    let running = match begin(tools, connection) {
        Ok(running) => running,
        Err(why) => return refuse(connection, &why),
    };
    match running.tell_output(tools, connection) {
        Ok(()) => {
            let _ = tell(connection, &Reply::Ended(running.end(tools)));
        }
        // Nobody listens any more.
        Err(_) => {
            tools.children.kill(running.number);
            running.end(tools);
        }
    }
    // Ends the other thread's reading, too.
    let _ = connection.shutdown(Shutdown::Both);
    let _ = running.feeder.join();
    tools.children.forget(running.number);
}

pub(super) fn refuse(connection: &UnixStream, why: &str) {
    let error = Some(why.to_owned());
    let _ = tell(
        connection,
        &Reply::Ended(Ended {
            error,
            ..Ended::default()
        }),
    );
    let _ = connection.shutdown(Shutdown::Both);
}

fn tell(mut connection: &UnixStream, reply: &Reply) -> io::Result<()> {
    let mut frame = Vec::new();
    reply.encode_into(&mut frame);
    connection.write_all(&frame)
}

struct Running {
    number: Number,
    stdout: OwnedFd,
    stderr: OwnedFd,
    feeder: std::thread::JoinHandle<()>,
}

/// Why nothing was started, for people.
type Refusal = String;

fn begin(tools: &Arc<Tools>, connection: &UnixStream) -> Result<Running, Refusal> {
    let (request, rest) = read_request(connection)?;
    let spec = &tools.spec;
    let Some(first) = spec.programs.get(&request.program) else {
        return Err(format!("there is no program {:?} here", request.program));
    };
    let argv: Vec<String> = first.iter().chain(&request.args).cloned().collect();
    let command = Command {
        argv: &argv,
        env: &spec.env,
        cwd: &spec.cwd,
        uid: spec.uid,
        gid: spec.gid,
    };
    let program = Program::new(&command).map_err(|error| error.to_string())?;
    let reason = |error: io::Error| format!("cannot start a program: {}", sys::reason(&error));
    let input = connection.try_clone().map_err(reason)?;
    let (stdin, feed) = io::pipe().map_err(reason)?;
    let (number, child) = tools.children.spawn(&program, stdin.into()).map_err(reason)?;
    if let Err(failure) = started(&child) {
        give_up(tools, number);
        return Err(failure.explain(&command));
    }
    let Child { stdout, stderr, .. } = child;
    let patience = Duration::from_millis(request.after_input_ms);
    let feeding = Arc::clone(tools);
    let feeder = thread(move || {
        pour(&rest, input, feed);
        if feeding.children.wait(number, patience).is_none() {
            feeding.children.kill(number);
        }
    });
    match feeder {
        Ok(feeder) => Ok(Running {
            number,
            stdout,
            stderr,
            feeder,
        }),
        Err(error) => {
            give_up(tools, number);
            Err(reason(error))
        }
    }
}

fn give_up(tools: &Tools, number: Number) {
    tools.children.kill(number);
    let _ = tools.children.wait(number, REAP_PATIENCE);
    tools.children.forget(number);
}

/// The line, and what came behind it.
fn read_request(mut connection: &UnixStream) -> Result<(Request, Vec<u8>), Refusal> {
    let reason = |error: io::Error| format!("no request came: {}", sys::reason(&error));
    connection
        .set_read_timeout(Some(REQUEST_PATIENCE))
        .map_err(reason)?;
    let mut bytes = Vec::new();
    let line = loop {
        if let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            break end;
        }
        if bytes.len() >= MAX_REQUEST_BYTES {
            return Err("the request is too long".to_owned());
        }
        let mut piece = [0; 1024];
        match connection.read(&mut piece).map_err(reason)? {
            0 => return Err("no request came".to_owned()),
            length => bytes.extend_from_slice(&piece[..length]),
        }
    };
    connection.set_read_timeout(None).map_err(reason)?;
    let rest = bytes.split_off(line + 1);
    let request = serde_json::from_slice(&bytes).map_err(|error| format!("the request is none: {error}"))?;
    Ok((request, rest))
}

fn started(child: &Child) -> Result<(), StartFailure> {
    loop {
        // Readable once the program runs or has failed to; the kernel answers for that.
        let _ = sys::wait_readable([Some(child.report.as_fd())], None);
        if let Some(known) = StartFailure::read(&child.report) {
            return known;
        }
    }
}

/// Until either side ends.
fn pour(first: &[u8], mut input: UnixStream, mut feed: PipeWriter) {
    if feed.write_all(first).is_err() {
        return;
    }
    let mut piece = vec![0; MAX_PIECE_BYTES];
    loop {
        match input.read(&mut piece) {
            Ok(0) | Err(_) => return,
            Ok(length) => {
                if feed.write_all(&piece[..length]).is_err() {
                    return;
                }
            }
        }
    }
}

impl Running {
    /// Until the program has nothing more to say.
    fn tell_output(&self, tools: &Tools, connection: &UnixStream) -> io::Result<()> {
        let mut piece = vec![0; MAX_PIECE_BYTES];
        let mut open = [true, true];
        while open != [false, false] {
            // Before the look at the output, so that what was written before the end is seen.
            let ended = tools.children.has_ended(self.number);
            let fds = [&self.stdout, &self.stderr];
            let waited = [open[0].then(|| fds[0].as_fd()), open[1].then(|| fds[1].as_fd())];
            let patience = if ended { Duration::ZERO } else { LOOK_EVERY };
            let ready = sys::wait_readable(waited, Some(patience))?;
            if ended && ready == [false, false] {
                return Ok(());
            }
            for (index, _) in ready.iter().enumerate().filter(|(_, ready)| **ready) {
                let length = match sys::read(fds[index].as_fd(), &mut piece) {
                    Ok(length) => length,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                    Err(error) => return Err(error),
                };
                if length == 0 {
                    open[index] = false;
                    continue;
                }
                let bytes = piece[..length].to_vec();
                tell(
                    connection,
                    &if index == 0 {
                        Reply::Stdout(bytes)
                    } else {
                        Reply::Stderr(bytes)
                    },
                )?;
            }
        }
        Ok(())
    }

    fn end(&self, tools: &Tools) -> Ended {
        let status = tools.children.wait(self.number, LAST_PATIENCE).or_else(|| {
            tools.children.kill(self.number);
            tools.children.wait(self.number, REAP_PATIENCE)
        });
        match status {
            Some(status) if libc::WIFEXITED(status) => Ended {
                code: Some(libc::WEXITSTATUS(status)),
                ..Ended::default()
            },
            Some(status) => Ended {
                signal: Some(libc::WTERMSIG(status)),
                ..Ended::default()
            },
            None => Ended {
                error: Some("the program does not end".to_owned()),
                ..Ended::default()
            },
        }
    }
}
