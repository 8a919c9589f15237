//! How a run comes in: the spec is waited for, read, removed; `started` is created at most once.
//!
//! Invariants: no user code unless `started` was created by this very process and is durable. A spec is read with
//! suspicion (bounded, regular file, one link, no symlink followed) and gone from the volume once read, because
//! it may hold secrets. Before `started` nothing of the run exists: whoever stops us then has cancelled nothing.

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::Duration;

use pytask_protocol::{MAX_SPEC_BYTES, SPEC_FILE, STARTED_FILE, Spec, StartMark, VERSION};

use crate::log::Moment;
use crate::sys;

/// A lost notification costs at most this.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(crate) enum Refusal {
    AlreadyStarted,
    NotASpec(String),
    Io(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Refusal {
        Refusal::Io(error)
    }
}

/// Waits until there is a spec and takes it. `None`: asked to stop before that.
pub(crate) fn await_spec(dir: &Path, signals: BorrowedFd) -> Result<Option<Spec>, Refusal> {
    let path = dir.join(SPEC_FILE);
    let mut watch = Watch::NotYet;
    loop {
        if dir.join(STARTED_FILE).symlink_metadata().is_ok() {
            return Err(Refusal::AlreadyStarted);
        }
        if let Some(bytes) = read_bounded(&path)? {
            watch.close_aside();
            let spec = parse(&bytes);
            match fs::remove_file(&path) {
                // Another supervisor took it too; who may start is decided by `claim`.
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                _ => return spec.map(Some),
            }
        }
        if let Watch::NotYet = watch {
            // Look again after this: the spec may have come in between.
            watch = Watch::begin(dir);
            continue;
        }
        sys::wait_readable([Some(signals), watch.fd()], Some(LOOK_AGAIN))?;
        while let Some(signal) = sys::next_signal(signals) {
            if signal != libc::SIGCHLD {
                return Ok(None);
            }
        }
        if let Some(watch) = watch.fd() {
            // What happened does not matter, only that it did.
            while sys::read(watch, &mut [0; 4096]).is_ok_and(|count| count > 0) {}
        }
    }
}

/// Notice of changes in the run directory; most specs are there before us and need none.
enum Watch {
    NotYet,
    On(OwnedFd),
    /// Without notifications (limits, odd file systems) the regular look remains.
    Impossible,
}

impl Watch {
    fn begin(dir: &Path) -> Watch {
        let path = CString::new(dir.as_os_str().as_bytes()).ok();
        path.and_then(|path| sys::watch_directory(&path).ok())
            .map_or(Watch::Impossible, Watch::On)
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Watch::On(fd) => Some(fd.as_fd()),
            Watch::NotYet | Watch::Impossible => None,
        }
    }

    /// Closing an inotify descriptor takes the kernel 10–20 ms, which a run need not wait for.
    fn close_aside(self) {
        if let Watch::On(fd) = self {
            // If there can be no thread, it is closed here and now.
            let _ = thread::Builder::new()
                .stack_size(16 * 1024)
                .spawn(move || drop(fd));
        }
    }
}

fn read_bounded(path: &Path) -> Result<Option<Vec<u8>>, Refusal> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(libc::ELOOP) => {
            return Err(Refusal::NotASpec("it is a symbolic link".to_owned()));
        }
        Err(error) => return Err(error.into()),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.nlink() != 1 {
        return Err(Refusal::NotASpec(
            "it is not a regular file with one name".to_owned(),
        ));
    }
    let mut bytes = Vec::new();
    file.take(MAX_SPEC_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_SPEC_BYTES {
        return Err(Refusal::NotASpec(format!(
            "it is larger than {MAX_SPEC_BYTES} bytes"
        )));
    }
    Ok(Some(bytes))
}

/// The reasons never quote the spec, which may hold secrets.
fn parse(bytes: &[u8]) -> Result<Spec, Refusal> {
    let refuse = |reason: &str| Err(Refusal::NotASpec(reason.to_owned()));
    let spec: Spec = match serde_json::from_slice(bytes) {
        Ok(spec) => spec,
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            return refuse(&format!("it is no valid spec (line {line}, column {column})"));
        }
    };
    if spec.version != VERSION {
        return refuse(&format!("its version is {}, not {VERSION}", spec.version));
    }
    if spec.argv.first().is_none_or(String::is_empty) {
        return refuse("it names no program");
    }
    if spec.env.keys().any(|name| name.is_empty() || name.contains('=')) {
        return refuse("a variable's name is empty or has '=' in it");
    }
    let strings = spec
        .argv
        .iter()
        .chain(spec.env.keys())
        .chain(spec.env.values())
        .chain([&spec.cwd]);
    if strings.into_iter().any(|string| string.contains('\0')) {
        return refuse("an argument, a variable or the working directory has a NUL in it");
    }
    if spec.uid == 0 && std::process::id() == 1 {
        return refuse("a script never runs as root");
    }
    Ok(spec)
}

/// Creates `started`; the caller makes the directory durable before it starts anything.
pub(crate) fn claim(dir: &Path) -> Result<(), Refusal> {
    match create_new(&dir.join(STARTED_FILE)) {
        Ok(mut started) => {
            // That the file is there is what counts. A full disk costs the mark in it, not the run; and a crash that
            // loses what is not synced ends the boot in which the mark means something.
            let _ = serde_json::to_vec(&mark()).map(|mark| started.write_all(&mark));
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Refusal::AlreadyStarted),
        Err(error) => Err(error.into()),
    }
}

fn mark() -> StartMark {
    let Moment { wall_us, mono_us } = Moment::now();
    let boot_id = sys::kernel_text(Path::new("/proc/sys/kernel/random/boot_id")).unwrap_or_default();
    StartMark {
        version: VERSION,
        boot_id: boot_id.trim().to_owned(),
        started_mono_us: mono_us,
        started_at_ms: wall_us / 1_000,
    }
}

/// A new file that only we can read; never one that was there.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(json: &str) -> String {
        match parse(json.as_bytes()) {
            Err(Refusal::NotASpec(reason)) => reason,
            other => panic!("not refused: {other:?}"),
        }
    }

    const GOOD: &str = r#"{"version":1,"run_id":"r","argv":["python3"],"env":{"A":"b"},"cwd":"/","uid":1,"gid":1,
        "limits":{"run_ms":0,"stop_grace_ms":0,"log_bytes":0}}"#;

    #[test]
    fn a_spec_is_exact_or_refused_without_being_quoted() {
        assert!(parse(GOOD.as_bytes()).is_ok());
        assert!(refused(&GOOD.replace(r#""version":1"#, r#""version":2"#)).contains("version is 2"));
        assert!(refused(&GOOD.replace(r#"["python3"]"#, "[]")).contains("no program"));
        assert!(refused(&GOOD.replace(r#""A""#, r#""A=""#)).contains("name"));
        assert!(refused(&GOOD.replace(r#""b""#, "\"b\\u0000\"")).contains("NUL"));
        let secret = refused(&GOOD.replace(r#""cwd""#, r#""hunter2""#));
        assert!(!secret.contains("hunter2"), "{secret}");
        assert!(refused("").contains("no valid spec"));
    }
}
