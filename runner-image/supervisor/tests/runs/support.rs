//! A run directory, a supervisor on it, and the log read back.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use pytask_protocol::frame::{Decoded, MAX_RECORD, OwnedRecord, Stream, decode};
use pytask_protocol::lines::{Counts, MARK_EVERY, MARK_LEN, Mark};
use pytask_protocol::{
    EXIT_FILE, Exit, INDEX_FILE, LOG_FILE, SAMPLES_FILE, SPEC_FILE, STARTED_FILE, Sample, Spec, SpecLimits,
    VERSION,
};
use tempfile::TempDir;

/// Nothing here takes longer, on however busy a machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until the condition gives something; panics with `what` if it never does.
pub(crate) fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        sleep(Duration::from_millis(2));
    }
}

pub(crate) fn supervisor() -> Command {
    Command::new(env!("CARGO_BIN_EXE_supervisor"))
}

/// A run directory and a working directory for the script.
pub(crate) struct Run {
    root: TempDir,
}

impl Run {
    pub(crate) fn new() -> Run {
        Run::below(&std::env::temp_dir())
    }

    pub(crate) fn below(dir: &Path) -> Run {
        let root = tempfile::tempdir_in(dir).expect("a temporary directory");
        for name in ["run", "script"] {
            fs::create_dir(root.path().join(name)).expect("create a directory");
        }
        Run { root }
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.root.path().join("run")
    }

    pub(crate) fn script_dir(&self) -> PathBuf {
        self.root.path().join("script")
    }

    /// A spec for this directory: current user, unlimited time, a second's grace, 64 MiB of log.
    pub(crate) fn spec(&self, argv: &[&str]) -> Spec {
        let me = fs::metadata("/proc/self").expect("our own process");
        Spec {
            version: VERSION,
            run_id: "run-1".to_owned(),
            argv: argv.iter().map(ToString::to_string).collect(),
            env: BTreeMap::from([("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned())]),
            cwd: self.script_dir().to_string_lossy().into_owned(),
            uid: me.uid(),
            gid: me.gid(),
            limits: SpecLimits {
                run_ms: 0,
                stop_grace_ms: 1_000,
                log_bytes: 64 << 20,
            },
            secrets: Default::default(),
        }
    }

    /// The same for a script in shell.
    pub(crate) fn shell(&self, script: &str) -> Spec {
        self.spec(&["sh", "-c", script])
    }

    /// Puts the spec there as the controller does: by rename.
    pub(crate) fn give(&self, spec: &Spec) {
        let temporary = self.dir().join("spec.tmp");
        fs::write(&temporary, serde_json::to_vec(spec).expect("a spec is JSON")).expect("write the spec");
        fs::rename(temporary, self.dir().join(SPEC_FILE)).expect("rename the spec");
    }

    pub(crate) fn start(&self) -> Supervisor {
        Supervisor::start(supervisor().arg("run").arg(self.dir()))
    }

    /// A whole run.
    pub(crate) fn complete(&self, spec: &Spec) -> Seen {
        self.give(spec);
        let status = self.start().wait();
        assert_eq!(status.code(), Some(0), "{status}");
        self.seen()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.dir().join(name).exists()
    }

    pub(crate) fn was_started(&self) -> bool {
        self.has(STARTED_FILE)
    }

    /// What the log holds by now, without a torn end.
    pub(crate) fn log_so_far(&self) -> Vec<OwnedRecord> {
        let file = fs::read(self.dir().join(LOG_FILE)).unwrap_or_default();
        let (mut records, mut rest) = (Vec::new(), &file[..]);
        while let Decoded::Record { record, consumed } = decode(rest) {
            records.push(record.to_owned());
            rest = &rest[consumed..];
        }
        records
    }

    /// The samples so far.
    pub(crate) fn samples(&self) -> Vec<Sample> {
        let file = fs::read(self.dir().join(SAMPLES_FILE)).unwrap_or_default();
        Sample::all_in(&file).collect()
    }

    pub(crate) fn wait_for_output(&self, text: &str) {
        wait_for(text, || {
            let printed = bytes_of(&self.log_so_far(), Stream::Stdout);
            String::from_utf8_lossy(&printed).contains(text).then_some(())
        });
    }

    /// That marks stand where records begin, and say what is before them.
    fn check_marks(&self, records: &[OwnedRecord]) {
        let index = fs::read(self.dir().join(INDEX_FILE)).expect("the index is there");
        let (marks, rest) = index.as_chunks::<MARK_LEN>();
        assert!(rest.is_empty(), "whole marks only");
        let mut marks = marks
            .iter()
            .map(|mark| Mark::decode(mark).expect("a sound mark"))
            .peekable();
        let (mut counts, mut offset) = (Counts::default(), 0);
        for record in records {
            if let Some(mark) = marks.next_if(|mark| mark.offset == offset) {
                assert_eq!(
                    (mark.seq, mark.wall_us, mark.before),
                    (record.seq, record.wall_us, counts)
                );
            }
            counts.pass(record.stream, &record.payload);
            offset += record.as_record().encoded_len() as u64;
        }
        assert_eq!(marks.next(), None, "a mark where no record begins");
    }

    /// The finished run: facts and log, and that they agree.
    pub(crate) fn seen(&self) -> Seen {
        let exit = fs::read(self.dir().join(EXIT_FILE)).expect("the facts are there");
        let exit: Exit = serde_json::from_slice(&exit).expect("the facts can be read");
        let records = self.log_so_far();
        let length: usize = records
            .iter()
            .map(|record| record.as_record().encoded_len())
            .sum();
        let file = fs::metadata(self.dir().join(LOG_FILE)).expect("the log is there");
        assert_eq!(file.len(), length as u64, "the log is whole records only");
        assert_eq!(file.mode() & 0o777, 0o600);
        assert!(
            records.iter().map(|record| record.seq).eq(1..=exit.last_seq),
            "no gaps in the sequence"
        );
        let samples = self.samples();
        let file = fs::metadata(self.dir().join(SAMPLES_FILE)).expect("the samples are there");
        assert_eq!(
            file.len(),
            (samples.len() * Sample::LEN) as u64,
            "whole and sound samples only"
        );
        assert_eq!(file.mode() & 0o777, 0o600);
        let seen = Seen {
            exit,
            records,
            samples,
        };
        let kept = seen.stdout().len() + seen.stderr().len();
        let exit = &seen.exit;
        assert_eq!(
            exit.stdout_bytes + exit.stderr_bytes,
            kept as u64 + exit.dropped_bytes
        );
        let states =
            u8::from(exit.code.is_some()) + u8::from(exit.signal.is_some()) + u8::from(exit.error.is_some());
        assert_eq!(states, 1, "exactly one of code, signal, error: {exit:?}");
        assert!(!self.has(SPEC_FILE), "the spec is gone");
        let mut names: Vec<_> = fs::read_dir(self.dir())
            .expect("list")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("a plain name")
            })
            .collect();
        names.sort();
        // Only a long log has an index.
        let index = names.iter().position(|name| name == INDEX_FILE);
        match index {
            Some(at) => {
                names.remove(at);
                self.check_marks(&seen.records);
            }
            None => assert!(
                length as u64 <= MARK_EVERY + MAX_RECORD as u64,
                "there is no index"
            ),
        }
        assert_eq!(names, [EXIT_FILE, LOG_FILE, SAMPLES_FILE, STARTED_FILE]);
        seen
    }
}

pub(crate) fn bytes_of(records: &[OwnedRecord], stream: Stream) -> Vec<u8> {
    records
        .iter()
        .filter(|record| record.stream == stream)
        .flat_map(|record| record.payload.clone())
        .collect()
}

#[derive(Debug)]
pub(crate) struct Seen {
    pub exit: Exit,
    pub records: Vec<OwnedRecord>,
    pub samples: Vec<Sample>,
}

impl Seen {
    pub(crate) fn stdout(&self) -> Vec<u8> {
        bytes_of(&self.records, Stream::Stdout)
    }

    pub(crate) fn stderr(&self) -> Vec<u8> {
        bytes_of(&self.records, Stream::Stderr)
    }

    /// The supervisor's own sentences, one a line.
    pub(crate) fn notes(&self) -> String {
        let notes = self
            .records
            .iter()
            .filter(|record| record.stream == Stream::System);
        notes
            .map(|record| String::from_utf8_lossy(&record.payload).into_owned())
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// A running supervisor; killed if a test fails half-way.
pub(crate) struct Supervisor {
    child: Child,
}

impl Supervisor {
    pub(crate) fn start(command: &mut Command) -> Supervisor {
        let child = command
            .stdin(Stdio::null())
            .spawn()
            .expect("the supervisor starts");
        Supervisor { child }
    }

    pub(crate) fn pid(&self) -> i32 {
        self.child.id().try_into().expect("a process id")
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill")
            .args(["-s", name, &pid])
            .status()
            .expect("kill runs");
        assert!(status.success());
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("ask for the status").is_none()
    }

    pub(crate) fn wait(mut self) -> ExitStatus {
        wait_for("the supervisor's end", || {
            self.child.try_wait().expect("ask for the status")
        })
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        if self.is_running() {
            // SIGTERM first, so that it takes its script along.
            self.signal("TERM");
            let start = Instant::now();
            while self.is_running() && start.elapsed() < Duration::from_secs(5) {
                sleep(Duration::from_millis(10));
            }
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// State letter and parent of a process, if it exists.
pub(crate) fn process(pid: i32) -> Option<(char, i32)> {
    let stat = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}
