//! The script's process: prepared in the parent, then made by fork, privilege drop and exec.
//!
//! Invariants: between fork and exec the child calls only raw kernel calls and touches only memory prepared
//! before (another thread may have held the allocator's lock at the fork). It either becomes the program, as
//! the given user, without capabilities, with exactly the spec's environment, or reports why not through a
//! close-on-exec pipe and ends. Does not know what becomes of it afterwards.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, NulError, c_char};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::{fs, ptr};

use pytask_protocol::Spec;

use crate::sys;

/// Where a program without a slash is looked for if the spec's environment has no PATH.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What is to be started, and as whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Command<'a> {
    /// Looked up in `PATH` of `env` unless it has a slash.
    pub argv: &'a [String],
    /// The whole of it; nothing is inherited.
    pub env: &'a BTreeMap<String, String>,
    pub cwd: &'a str,
    pub uid: u32,
    pub gid: u32,
}

impl<'a> From<&'a Spec> for Command<'a> {
    fn from(spec: &'a Spec) -> Self {
        Self {
            argv: &spec.argv,
            env: &spec.env,
            cwd: &spec.cwd,
            uid: spec.uid,
            gid: spec.gid,
        }
    }
}

/// Everything that exec needs, in the form in which the kernel wants it.
pub(crate) struct Program {
    candidates: Vec<CString>,
    argv: Vec<CString>,
    env: Vec<CString>,
    cwd: CString,
    uid: u32,
    gid: u32,
}

impl Program {
    /// Fails if a string has a NUL in it, which no process can be given.
    pub(crate) fn new(command: &Command) -> Result<Program, NulError> {
        let name = command.argv.first().map_or("", String::as_str);
        let candidates = if name.contains('/') {
            vec![CString::new(name)?]
        } else {
            let path = command.env.get("PATH").map_or(DEFAULT_PATH, String::as_str);
            path.split(':')
                .map(|folder| {
                    if folder.is_empty() {
                        CString::new(name)
                    } else {
                        CString::new(format!("{folder}/{name}"))
                    }
                })
                .collect::<Result<_, _>>()?
        };
        Ok(Program {
            candidates,
            argv: command
                .argv
                .iter()
                .map(|arg| CString::new(arg.as_str()))
                .collect::<Result<_, _>>()?,
            env: command
                .env
                .iter()
                .map(|(name, value)| CString::new(format!("{name}={value}")))
                .collect::<Result<_, _>>()?,
            cwd: CString::new(command.cwd)?,
            uid: command.uid,
            gid: command.gid,
        })
    }
}

/// A forked child, perhaps not yet past its exec.
pub(crate) struct Child {
    pub pid: i32,
    pub stdout: OwnedFd,
    pub stderr: OwnedFd,
    /// Ends without a byte once the program runs; carries a [`StartFailure`] otherwise.
    pub report: OwnedFd,
}

/// The step at which a child failed, and the errno.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StartFailure {
    step: u8,
    errno: i32,
}

mod step {
    pub(crate) const STDIO: u8 = 1;
    pub(crate) const SESSION: u8 = 2;
    pub(crate) const USER: u8 = 3;
    pub(crate) const CAPABILITIES: u8 = 4;
    pub(crate) const CWD: u8 = 5;
    pub(crate) const EXEC: u8 = 6;
}

impl StartFailure {
    fn encode(self) -> [u8; 5] {
        let [a, b, c, d] = self.errno.to_le_bytes();
        [self.step, a, b, c, d]
    }

    /// What the report pipe says by now: `Some(Ok(()))` the program runs, `Some(Err)` it failed, `None` not known yet.
    pub(crate) fn read(report: &OwnedFd) -> Option<Result<(), StartFailure>> {
        let mut bytes = [0; 5];
        match sys::read(report.as_fd(), &mut bytes) {
            Ok(0) => Some(Ok(())),
            Ok(_) => {
                let [step, errno @ ..] = bytes;
                Some(Err(StartFailure {
                    step,
                    errno: i32::from_le_bytes(errno),
                }))
            }
            Err(_) => None,
        }
    }

    /// A sentence for people.
    pub(crate) fn explain(self, command: &Command) -> String {
        let what = match self.step {
            step::STDIO => "cannot connect the script's input and output".to_owned(),
            step::SESSION => "cannot make a session for the script".to_owned(),
            step::USER => format!("cannot become user {} and group {}", command.uid, command.gid),
            step::CAPABILITIES => "cannot give up all capabilities".to_owned(),
            step::CWD => format!("cannot enter the working directory {}", command.cwd),
            _ => format!("cannot start {}", command.argv.first().map_or("", String::as_str)),
        };
        format!(
            "{what}: {}",
            sys::reason(&io::Error::from_raw_os_error(self.errno))
        )
    }
}

/// Forks, with nothing to read. An error means that there is no child.
pub(crate) fn spawn(program: &Program) -> io::Result<Child> {
    spawn_reading(program, fs::File::open("/dev/null")?.into())
}

/// Forks, with this as its input.
pub(crate) fn spawn_reading(program: &Program, stdin: OwnedFd) -> io::Result<Child> {
    let (stdout, stdout_write) = sys::pipe()?;
    let (stderr, stderr_write) = sys::pipe()?;
    let (report, report_write) = sys::pipe()?;
    sys::widen(stdout.as_fd());
    sys::widen(stderr.as_fd());
    let pointers = |strings: &[CString]| -> Vec<*const c_char> {
        strings.iter().map(|s| s.as_ptr()).chain([ptr::null()]).collect()
    };
    let plan = Plan {
        stdio: [
            stdin.as_raw_fd(),
            stdout_write.as_raw_fd(),
            stderr_write.as_raw_fd(),
        ],
        argv: pointers(&program.argv),
        env: pointers(&program.env),
        // Asking again what one already is needs no privilege only because it is not asked.
        become_user: program.uid != sys::effective_uid() || program.gid != sys::effective_gid(),
        program,
    };
    // SAFETY: the child's branch calls only `Plan::exec`, which keeps to raw kernel calls and prepared memory,
    // and never returns.
    let pid = unsafe { libc::fork() };
    match pid {
        0 => {
            let failure = plan.exec();
            let bytes = failure.encode();
            // SAFETY: the buffer is live; _exit does not return and runs no destructors or handlers.
            unsafe {
                libc::write(report_write.as_raw_fd(), bytes.as_ptr().cast(), bytes.len());
                libc::_exit(127)
            }
        }
        1.. => Ok(Child {
            pid,
            stdout,
            stderr,
            report,
        }),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The child's side; borrowed memory only.
struct Plan<'a> {
    stdio: [i32; 3],
    argv: Vec<*const c_char>,
    env: Vec<*const c_char>,
    become_user: bool,
    program: &'a Program,
}

impl Plan<'_> {
    /// Returns only if it failed.
    fn exec(&self) -> StartFailure {
        let fail = |step| StartFailure { step, errno: errno() };
        self.reset_signals();
        // SAFETY: integers only.
        if unsafe { libc::setsid() } < 0 {
            return fail(step::SESSION);
        }
        for (fd, target) in self.stdio.iter().zip(0..) {
            // SAFETY: integers only. std keeps 0–2 open, so the source is never itself the target, and the copy is
            // without close-on-exec.
            if unsafe { libc::dup2(*fd, target) } < 0 {
                return fail(step::STDIO);
            }
        }
        first_to_die_for_memory();
        // SAFETY: integers only.
        if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } < 0 {
            return fail(step::CAPABILITIES);
        }
        if self.become_user && !self.drop_user() {
            return fail(step::USER);
        }
        if self.program.uid != 0 && !without_capabilities() {
            return fail(step::CAPABILITIES);
        }
        // SAFETY: a C string that outlives the call.
        if unsafe { libc::chdir(self.program.cwd.as_ptr()) } < 0 {
            return fail(step::CWD);
        }
        // SAFETY: integers only. All our descriptors are close-on-exec already; this covers inherited ones. Older
        // kernels and seccomp profiles refuse it, which is no loss then.
        unsafe {
            libc::syscall(
                libc::SYS_close_range,
                3,
                libc::c_uint::MAX,
                libc::CLOSE_RANGE_CLOEXEC,
            )
        };
        self.exec_first_found()
    }

    /// As execvpe(3): a missing candidate is passed over, a forbidden one is remembered.
    fn exec_first_found(&self) -> StartFailure {
        let mut kept = libc::ENOENT;
        for candidate in &self.program.candidates {
            // SAFETY: null-terminated arrays of C strings which `program` owns.
            unsafe { libc::execve(candidate.as_ptr(), self.argv.as_ptr(), self.env.as_ptr()) };
            match errno() {
                libc::ENOENT | libc::ENOTDIR => {}
                libc::EACCES => kept = libc::EACCES,
                errno => {
                    return StartFailure {
                        step: step::EXEC,
                        errno,
                    };
                }
            }
        }
        StartFailure {
            step: step::EXEC,
            errno: kept,
        }
    }

    /// Nothing blocked, nothing ignored: both would outlive the exec, whoever set them before us. Raw calls, because
    /// glibc keeps two signals to itself.
    fn reset_signals(&self) {
        // The kernel's `sigaction` is at most this long; all zero it is SIG_DFL without flags or mask.
        const DEFAULT: [u64; 4] = [0; 4];
        const MASK_BYTES: usize = 8;
        for signal in 1..=64 {
            // SAFETY: reads one constant of at least the kernel's size; SIGKILL and SIGSTOP are refused without harm.
            unsafe {
                let old = ptr::null_mut::<u64>();
                libc::syscall(libc::SYS_rt_sigaction, signal, DEFAULT.as_ptr(), old, MASK_BYTES);
            }
        }
        // SAFETY: the set is initialised before use and lives through the call.
        unsafe {
            let mut none = std::mem::zeroed();
            libc::sigemptyset(&mut none);
            libc::sigprocmask(libc::SIG_SETMASK, &none, ptr::null_mut());
        }
    }

    /// Raw calls, because glibc's wrappers want to tell other threads, which a forked child has not.
    fn drop_user(&self) -> bool {
        let (uid, gid) = (self.program.uid, self.program.gid);
        // SAFETY: integers, and a null list of length 0.
        unsafe {
            libc::syscall(libc::SYS_setgroups, 0, ptr::null::<libc::gid_t>()) == 0
                && libc::syscall(libc::SYS_setresgid, gid, gid, gid) == 0
                && libc::syscall(libc::SYS_setresuid, uid, uid, uid) == 0
        }
    }
}

fn errno() -> i32 {
    // SAFETY: glibc's errno location is always valid for the calling thread.
    unsafe { *libc::__errno_location() }
}

/// When memory runs out, the kernel shall take the script, never its supervisor. Best effort.
fn first_to_die_for_memory() {
    const PATH: &CStr = c"/proc/self/oom_score_adj";
    const WORST: &[u8] = b"1000";
    // SAFETY: constant C string and buffer; the descriptor is closed here and close-on-exec besides.
    unsafe {
        let fd = libc::open(PATH.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
        if fd >= 0 {
            libc::write(fd, WORST.as_ptr().cast(), WORST.len());
            libc::close(fd);
        }
    }
}

/// Whether the effective, permitted and inheritable sets are empty after having been emptied. Leaving uid 0 has
/// emptied the first two; a supervisor that was never root may have been given some.
fn without_capabilities() -> bool {
    #[repr(C)]
    struct Header {
        version: u32,
        pid: i32,
    }
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Sets {
        effective: u32,
        permitted: u32,
        inheritable: u32,
    }
    const VERSION_3: u32 = 0x2008_0522;
    let mut header = Header {
        version: VERSION_3,
        pid: 0,
    };
    let mut sets = [Sets {
        effective: 0,
        permitted: 0,
        inheritable: 0,
    }; 2];
    // SAFETY: version 3 of the interface reads and writes one header and two sets of this layout (capget(2)).
    let done = unsafe {
        libc::syscall(libc::SYS_capset, &mut header, sets.as_ptr()) == 0
            && libc::syscall(libc::SYS_capget, &mut header, sets.as_mut_ptr()) == 0
    };
    done && sets
        .iter()
        .all(|set| set.effective | set.permitted | set.inheritable == 0)
}
