//! `supervisor tools <tools-dir>`: the editor's helpers. Listens on a socket in the folder and starts one of the programs
//! that the spec allows for each connection, until it is told to end ([`pytask_protocol::tools`]).
//!
//! One thread listens, hears signals and reaps; each connection has two ([`connection`]): input goes to the program in
//! one, output comes back in the other, so that neither waits for the other and a slow reader slows only its program.
//! Invariants: the programs run as the spec's user without capabilities, like scripts; no more of them than the spec
//! allows; none outlives its connection for longer than was asked. Nothing is written but the socket.

mod children;
mod connection;

use std::fs;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use pytask_protocol::tools::{TOOLS_SOCKET, TOOLS_SPEC_FILE, ToolsSpec};
use pytask_protocol::{MAX_SPEC_BYTES, VERSION, exit_code};

use crate::sys;
use children::Children;

/// What the threads here need; a buffer of a piece's size is on the heap.
const STACK_BYTES: usize = 256 * 1024;

struct Tools {
    spec: ToolsSpec,
    children: Children,
    connections: AtomicU32,
}

/// The supervisor's exit code.
pub(crate) fn serve(dir: &Path) -> i32 {
    let spec = match read_spec(dir) {
        Ok(spec) => spec,
        Err(reason) => {
            eprintln!("supervisor: the tools' spec is refused: {reason}");
            return exit_code::SPEC_REFUSED;
        }
    };
    match listen(dir, spec) {
        Ok(()) => exit_code::DONE,
        Err(error) => {
            eprintln!("supervisor: tools cannot be offered: {error}");
            exit_code::CANNOT_RECORD
        }
    }
}

fn read_spec(dir: &Path) -> Result<ToolsSpec, String> {
    let mut bytes = Vec::new();
    fs::File::open(dir.join(TOOLS_SPEC_FILE))
        .and_then(|file| file.take(MAX_SPEC_BYTES).read_to_end(&mut bytes))
        .map_err(|error| sys::reason(&error))?;
    let spec: ToolsSpec = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    if spec.version != VERSION {
        return Err(format!("its version is {}", spec.version));
    }
    Ok(spec)
}

fn listen(dir: &Path, spec: ToolsSpec) -> io::Result<()> {
    let signals = sys::listen_to_signals()?;
    sys::adopt_orphans()?;
    let place = dir.join(TOOLS_SOCKET);
    let _ = fs::remove_file(&place);
    let listener = UnixListener::bind(&place)?;
    fs::set_permissions(&place, fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    let tools = Arc::new(Tools {
        spec,
        children: Children::default(),
        connections: AtomicU32::new(0),
    });
    loop {
        let [signalled, called] = sys::wait_readable([Some(signals.as_fd()), Some(listener.as_fd())], None)?;
        if signalled {
            while let Some(signal) = sys::next_signal(signals.as_fd()) {
                if signal != libc::SIGCHLD {
                    tools.children.kill_all();
                    let _ = fs::remove_file(&place);
                    return Ok(());
                }
            }
            tools.children.reap();
        }
        if called && let Ok((connection, _)) = listener.accept() {
            tools.admit(connection);
        }
    }
}

impl Tools {
    fn admit(self: &Arc<Self>, connection: UnixStream) {
        let taken = self.connections.fetch_add(1, Ordering::SeqCst);
        let place = Place(Arc::clone(self));
        // The listener's mode is not inherited everywhere.
        let ready = connection.set_nonblocking(false);
        if taken >= self.spec.connections {
            connection::refuse(&connection, "too many programs are running already");
            return;
        }
        if ready.is_ok() {
            let serve = move || connection::serve(&place.0, &connection);
            if let Err(error) = thread(serve) {
                eprintln!("supervisor: no thread for a connection: {error}");
            }
        }
    }
}

/// A connection's place among those that are allowed; given back when it is dropped.
struct Place(Arc<Tools>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::SeqCst);
    }
}

fn thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<thread::JoinHandle<T>> {
    thread::Builder::new().stack_size(STACK_BYTES).spawn(work)
}
