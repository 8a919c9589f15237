//! A run's directory, from the controller's side: the spec into it, the facts out of it.
//!
//! What is read here was written inside a container, so it is bounded and checked like anything hostile.

use jiff::Timestamp;
use pytask_protocol::frame::{Record, Stream};
use pytask_protocol::{EXIT_FILE, Exit, ExitCause, LOG_FILE, SPEC_FILE, STARTED_FILE, Spec, StartMark};

use super::recovery::{Directory, ExitFile};
use crate::files::{self, DataDir, ErrorKind, Folder, Owner, RelPath};
use crate::model::run::Run;

/// Far above what a supervisor writes.
const LARGEST_EXIT: u64 = 64 * 1024;

/// Relative to the data directory.
pub(super) fn place(run: &Run) -> String {
    files::layout::run(run.queued_at, run.id.as_str())
}

/// What the supervisor has left so far. A directory that was never made holds nothing.
pub(super) fn look(data: &DataDir, run: &Run) -> files::Result<Directory> {
    let folder = match data.folder(&place(run), Owner::Controller) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Directory::default()),
        other => other?,
    };
    // In this order: facts that appear between the two looks are found, and say that it was started.
    let exit = exit_facts(&folder)?;
    let (started, mark) = start_mark(&folder)?;
    Ok(Directory {
        started: started || exit != ExitFile::Absent,
        mark,
        exit,
    })
}

/// Whether it was started, and when, if that can be read.
fn start_mark(folder: &Folder) -> files::Result<(bool, Option<StartMark>)> {
    match folder.read(&RelPath::parse(STARTED_FILE)?, StartMark::MOST_BYTES as u64) {
        Ok(contents) => Ok((true, StartMark::parse(&contents.bytes))),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok((false, None)),
        // Something is there, if not what we expected: enough to never start again.
        Err(e)
            if matches!(
                e.kind(),
                ErrorKind::Unsafe | ErrorKind::NotAFile | ErrorKind::TooLarge
            ) =>
        {
            Ok((true, None))
        }
        Err(e) => Err(e),
    }
}

fn exit_facts(folder: &Folder) -> files::Result<ExitFile> {
    let contents = match folder.read(&RelPath::parse(EXIT_FILE)?, LARGEST_EXIT) {
        Ok(contents) => contents,
        Err(e) => match e.kind() {
            ErrorKind::NotFound => return Ok(ExitFile::Absent),
            ErrorKind::Unsafe | ErrorKind::NotAFile | ErrorKind::TooLarge => {
                return Ok(ExitFile::Unreadable(e.to_string()));
            }
            _ => return Err(e),
        },
    };
    Ok(match serde_json::from_slice::<Exit>(&contents.bytes) {
        Ok(exit) if exit.version == pytask_protocol::VERSION => ExitFile::Facts(Box::new(exit)),
        Ok(exit) => ExitFile::Unreadable(format!("their format is version {}", exit.version)),
        Err(e) => ExitFile::Unreadable(e.to_string()),
    })
}

/// Makes the directory and puts the spec into it, complete or not at all.
pub(super) fn write_spec(data: &DataDir, run: &Run, spec: &Spec) -> files::Result<()> {
    let folder = data.create_run(run.queued_at, run.id.as_str())?;
    let json = serde_json::to_vec(spec).expect("a spec is plain data");
    folder.write(&RelPath::parse(SPEC_FILE)?, &json)?;
    Ok(())
}

/// What a run did that needed no container.
pub(super) struct Facts {
    /// Lines for its log.
    pub said: Vec<String>,
    pub begun: Timestamp,
    pub ended: Timestamp,
}

/// Leaves what a supervisor would have left after a success: the log, then the facts, which are what counts.
pub(super) fn leave_facts(data: &DataDir, run: &Run, facts: &Facts) -> files::Result<()> {
    let folder = data.create_run(run.queued_at, run.id.as_str())?;
    let (mut log, mut bytes, mut seq) = (Vec::new(), 0, 0);
    for line in &facts.said {
        let payload = format!("{line}\n").into_bytes();
        seq += 1;
        bytes += payload.len() as u64;
        Record {
            seq,
            wall_us: facts.ended.as_microsecond(),
            mono_us: seq,
            stream: Stream::Stdout,
            payload: &payload,
        }
        .encode_into(&mut log);
    }
    folder.write(&RelPath::parse(LOG_FILE)?, &log)?;
    let exit = Exit {
        code: Some(0),
        started_at_ms: facts.begun.as_millisecond(),
        finished_at_ms: facts.ended.as_millisecond(),
        stdout_bytes: bytes,
        last_seq: seq,
        ..Exit::bare(run.id.as_str(), ExitCause::Own)
    };
    let json = serde_json::to_vec(&exit).expect("facts are plain data");
    folder.write(&RelPath::parse(EXIT_FILE)?, &json)?;
    Ok(())
}

/// A spec that no supervisor came to read must not stay.
pub(super) fn remove_spec(data: &DataDir, run: &Run) -> files::Result<()> {
    match data.folder(&place(run), Owner::Controller) {
        Ok(folder) => folder.remove_tree(&RelPath::parse(SPEC_FILE)?),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
    }
}
