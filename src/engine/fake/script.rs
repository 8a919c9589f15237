//! What a fake job does, and doing it the way the supervisor does: the spec is taken, `started` created once,
//! records appended to the log, the facts written at the end.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use pytask_protocol::frame::{Record, Stream};
use pytask_protocol::{EXIT_FILE, Exit, ExitCause, LOG_FILE, SPEC_FILE, STARTED_FILE, Spec, exit_code};
use tokio_util::sync::CancellationToken;

use crate::engine::JobState;

pub(super) const RUN_TARGET: &str = "/pytask/run";

/// The end of a job's life without steps: it ends well at once.
#[derive(Debug, Clone, Default)]
pub struct Script {
    pub launch: Launch,
    pub steps: Vec<Step>,
    pub end: End,
    pub on_stop: OnStop,
}

/// The engine's answer to the launch.
#[derive(Debug, Clone, Default)]
pub enum Launch {
    #[default]
    Start,
    /// Answered with success, and yet it stays created.
    NeverStart,
    /// Created, but the start is refused.
    Refuse(String),
    Unenforceable(String),
}

#[derive(Debug, Clone)]
pub enum Step {
    Write(Stream, Vec<u8>),
    /// A file with this content, its name relative to the process's working directory.
    Leave(String, Vec<u8>),
    /// Goes on once the test opens the gate.
    Pass(Gate),
    /// Goes on for ever: only a stop or a removal ends it.
    Hang,
}

#[derive(Debug, Clone)]
pub enum End {
    /// With facts, and the supervisor's own exit code 0.
    Facts {
        cause: ExitCause,
        code: Option<i32>,
        signal: Option<i32>,
        oom_kills: u64,
    },
    /// Without facts: the container ends, the supervisor did not get to write.
    Dies { code: i64, oom_killed: bool },
    /// Without facts and without a trace.
    Vanishes,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnStop {
    /// Ends with SIGTERM, and the facts say so.
    #[default]
    Ends,
    /// Lets the engine kill it when the grace is over: no facts.
    Ignores,
}

/// Shut until it is opened, then open for good. Clones are the same gate.
#[derive(Debug, Clone, Default)]
pub struct Gate(CancellationToken);

impl Gate {
    pub fn open(&self) {
        self.0.cancel();
    }

    pub(super) async fn opened(&self) {
        self.0.cancelled().await;
    }
}

impl Script {
    /// Prints the lines to stdout and ends with the code.
    pub fn prints(lines: &[&str], code: i32) -> Self {
        let write = |line: &&str| Step::Write(Stream::Stdout, format!("{line}\n").into_bytes());
        Self {
            steps: lines.iter().map(write).collect(),
            end: End::code(code),
            ..Default::default()
        }
    }

    /// Ends well once the test opens the gate.
    pub fn waits_for(gate: &Gate) -> Self {
        Self {
            steps: vec![Step::Pass(gate.clone())],
            ..Default::default()
        }
    }

    pub fn hangs() -> Self {
        Self {
            steps: vec![Step::Hang],
            ..Default::default()
        }
    }
}

impl End {
    pub fn code(code: i32) -> Self {
        Self::Facts {
            cause: ExitCause::Own,
            code: Some(code),
            signal: None,
            oom_kills: 0,
        }
    }

    pub fn signal(cause: ExitCause, signal: i32) -> Self {
        Self::Facts {
            cause,
            code: None,
            signal: Some(signal),
            oom_kills: 0,
        }
    }

    pub fn out_of_memory() -> Self {
        Self::Facts {
            cause: ExitCause::Own,
            code: None,
            signal: Some(9),
            oom_kills: 1,
        }
    }
}

impl Default for End {
    fn default() -> Self {
        Self::code(0)
    }
}

/// What is mounted where in the job: targets, and the folders behind them.
pub(super) struct Places(pub(super) Vec<(PathBuf, PathBuf)>);

impl Places {
    /// The path behind one in the job.
    fn behind(&self, path: &Path) -> Option<PathBuf> {
        let (target, source) = self.0.iter().find(|(target, _)| path.starts_with(target))?;
        path.strip_prefix(target).ok().map(|rest| source.join(rest))
    }
}

/// The job's state in the end; `None` if nothing of it is left.
pub(super) async fn perform(script: &Script, places: &Places, stop: &Gate) -> Option<JobState> {
    let run_directory = places.behind(Path::new(RUN_TARGET));
    let exited = |code| {
        Some(JobState::Exited {
            code,
            oom_killed: false,
            error: None,
        })
    };
    let begun = match &run_directory {
        None => None,
        Some(directory) => match begin(directory, places, stop).await {
            Ok(Begun::Running(record)) => Some(record),
            Ok(Begun::Not(code)) => return exited(i64::from(code)),
            Err(_) => return exited(i64::from(exit_code::CANNOT_RECORD)),
        },
    };
    match live(script, begun, stop).await {
        Ok(End::Facts { code, signal, .. }) if run_directory.is_none() => {
            exited(i64::from(code.unwrap_or(128 + signal.unwrap_or(0))))
        }
        Ok(End::Facts { .. }) => exited(i64::from(exit_code::DONE)),
        Ok(End::Dies { code, oom_killed }) => Some(JobState::Exited {
            code,
            oom_killed,
            error: None,
        }),
        Ok(End::Vanishes) => None,
        Err(_) => exited(i64::from(exit_code::CANNOT_RECORD)),
    }
}

enum Begun {
    Running(Recorder),
    /// Nothing was started; the supervisor's exit code.
    Not(i32),
}

/// Waits for the spec, as a supervisor that was started early does.
async fn begin(directory: &Path, places: &Places, stop: &Gate) -> io::Result<Begun> {
    let path = directory.join(SPEC_FILE);
    while !path.exists() {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(5)) => {}
            () = stop.opened() => return Ok(Begun::Not(exit_code::DONE)),
        }
    }
    let Ok(spec) = serde_json::from_slice::<Spec>(&fs::read(&path)?) else {
        return Ok(Begun::Not(exit_code::SPEC_REFUSED));
    };
    match File::create_new(directory.join(STARTED_FILE)) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Ok(Begun::Not(exit_code::ALREADY_STARTED));
        }
        Err(error) => return Err(error),
    }
    fs::remove_file(path)?;
    Ok(Begun::Running(Recorder {
        directory: directory.to_owned(),
        log: File::options()
            .create(true)
            .append(true)
            .open(directory.join(LOG_FILE))?,
        working_directory: places.behind(Path::new(&spec.cwd)),
        run_id: spec.run_id,
        started_at: wall_time(),
        written: [0, 0],
        last_seq: 0,
    }))
}

async fn live(script: &Script, mut recorder: Option<Recorder>, stop: &Gate) -> io::Result<End> {
    let mut end = script.end.clone();
    for step in &script.steps {
        let waited = async {
            match step {
                Step::Write(..) | Step::Leave(..) => {}
                Step::Pass(gate) => gate.opened().await,
                Step::Hang => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = stop.opened(), if script.on_stop == OnStop::Ends => {
                end = End::signal(ExitCause::StopRequested, 15);
                break;
            }
            () = waited => {}
        }
        match (step, &mut recorder) {
            (Step::Write(stream, bytes), Some(recorder)) => recorder.write(*stream, bytes)?,
            (Step::Leave(name, bytes), Some(recorder)) => recorder.leave(name, bytes)?,
            _ => {}
        }
    }
    if let Some(recorder) = recorder {
        recorder.finish(&end)?;
    }
    Ok(end)
}

struct Recorder {
    directory: std::path::PathBuf,
    log: File,
    working_directory: Option<PathBuf>,
    run_id: String,
    started_at: Duration,
    /// Bytes of stdout and stderr.
    written: [u64; 2],
    last_seq: u64,
}

impl Recorder {
    fn write(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        match stream {
            Stream::Stdout => self.written[0] += bytes.len() as u64,
            Stream::Stderr => self.written[1] += bytes.len() as u64,
            Stream::System | Stream::Truncated => {}
        }
        for payload in bytes.chunks(pytask_protocol::frame::MAX_PAYLOAD) {
            self.last_seq += 1;
            let now = wall_time().as_micros();
            let record = Record {
                seq: self.last_seq,
                wall_us: now as i64,
                mono_us: now as u64,
                stream,
                payload,
            };
            let mut encoded = Vec::with_capacity(record.encoded_len());
            record.encode_into(&mut encoded);
            self.log.write_all(&encoded)?;
        }
        Ok(())
    }

    fn leave(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let Some(folder) = &self.working_directory else {
            return Ok(());
        };
        let place = folder.join(name);
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(place, bytes)
    }

    fn finish(self, end: &End) -> io::Result<()> {
        let End::Facts {
            cause,
            code,
            signal,
            oom_kills,
        } = end
        else {
            return Ok(());
        };
        let [stdout_bytes, stderr_bytes] = self.written;
        let exit = Exit {
            code: *code,
            signal: *signal,
            error: (*cause == ExitCause::StartFailed).then(|| "no such program".to_owned()),
            started_at_ms: self.started_at.as_millis() as i64,
            finished_at_ms: wall_time().as_millis() as i64,
            oom_kills: Some(*oom_kills),
            peak_memory_bytes: Some(16 << 20),
            cpu_ms: Some(1),
            stdout_bytes,
            stderr_bytes,
            last_seq: self.last_seq,
            ..Exit::bare(&self.run_id, *cause)
        };
        let temporary = self.directory.join(format!("{EXIT_FILE}.tmp"));
        fs::write(&temporary, serde_json::to_vec(&exit)?)?;
        fs::rename(temporary, self.directory.join(EXIT_FILE))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "stands in for the supervisor, which has the container's clock"
)]
fn wall_time() -> Duration {
    std::time::SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}
