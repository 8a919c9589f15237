//! Thin, safe faces of the kernel calls that std does not offer: signals by file descriptor, `ppoll`, pipes,
//! `writev`, process control, clocks, limits and room.
//!
//! Invariants: every descriptor made here is close-on-exec; every function that can be interrupted retries;
//! errors are `io::Error` with the errno. Decides nothing.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::path::Path;
use std::ptr;
use std::time::Duration;

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

fn check_len(result: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// An error as people read it: "No space left on device", without the number.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// Microseconds of a clock; both clocks used here cannot fail on Linux.
fn clock_us(clock: libc::clockid_t) -> i64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid timespec to write to; on failure it stays zero.
    unsafe { libc::clock_gettime(clock, &mut time) };
    time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
}

/// Microseconds of `CLOCK_MONOTONIC`.
pub(crate) fn monotonic_us() -> u64 {
    clock_us(libc::CLOCK_MONOTONIC).unsigned_abs()
}

/// Microseconds since the Unix epoch.
pub(crate) fn wall_us() -> i64 {
    clock_us(libc::CLOCK_REALTIME)
}

/// The signals that the supervisor listens to, blocked and read from the returned descriptor. As PID 1 a signal
/// without a handler is dropped by the kernel unless it is blocked.
///
/// SIGPIPE and SIGXFSZ are ignored, so that a log that may not grow is an error of the write, not our death.
pub(crate) fn listen_to_signals() -> io::Result<OwnedFd> {
    // SAFETY: `signal` with SIG_IGN touches no memory; the set is initialised by sigemptyset before use and lives
    // through the calls; signalfd returns a new descriptor that nobody else owns.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGCHLD] {
            libc::sigaddset(&mut set, signal);
        }
        check(libc::sigprocmask(libc::SIG_BLOCK, &set, ptr::null_mut()))?;
        let fd = check(libc::signalfd(-1, &set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK))?;
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

/// Takes one waiting signal's number, if there is one.
pub(crate) fn next_signal(signals: BorrowedFd) -> Option<i32> {
    let mut info = [0_u8; size_of::<libc::signalfd_siginfo>()];
    let length = read(signals, &mut info).ok()?;
    // The number is the structure's first field (signalfd(2)).
    let number = u32::from_ne_bytes(*info.get(..length)?.first_chunk()?);
    i32::try_from(number).ok()
}

/// Room for a script's bursts. Not more: the kernel counts all pipes of a user that has no privileges, and
/// beyond 64 MiB in all it hands out pipes of two pages.
const PIPE_BYTES: libc::c_int = 256 * 1024;

/// A pipe whose read end does not block.
pub(crate) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut fds = [-1; 2];
    // SAFETY: `fds` has room for two descriptors, which on success are new and owned by nobody else; fcntl with
    // these commands takes integers only.
    unsafe {
        check(libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC))?;
        let (read, write) = (OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1]));
        check(libc::fcntl(fds[0], libc::F_SETFL, libc::O_NONBLOCK))?;
        Ok((read, write))
    }
}

/// Enlarges a pipe as far as is allowed.
pub(crate) fn widen(pipe: BorrowedFd) {
    // SAFETY: fcntl with this command takes an integer. A refusal leaves the default of 64 KiB.
    unsafe { libc::fcntl(pipe.as_raw_fd(), libc::F_SETPIPE_SZ, PIPE_BYTES) };
}

/// Reads what is there. `Ok(0)` is the end; `WouldBlock` means nothing yet.
pub(crate) fn read(fd: BorrowedFd, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the pointer and length are those of one live, writable buffer.
    retry(|| check_len(unsafe { libc::read(fd.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len()) }))
}

/// How many bytes can be read from a pipe at once.
pub(crate) fn bytes_waiting(pipe: &OwnedFd) -> usize {
    let mut count: libc::c_int = 0;
    // SAFETY: FIONREAD writes one int, to a live one.
    let done = unsafe { libc::ioctl(pipe.as_raw_fd(), libc::FIONREAD, &mut count) };
    if done < 0 {
        0
    } else {
        usize::try_from(count).unwrap_or(0)
    }
}

/// Writes two buffers in one call; may write less than all.
pub(crate) fn write_both(fd: BorrowedFd, first: &[u8], second: &[u8]) -> io::Result<usize> {
    let part = |bytes: &[u8]| libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast(),
        iov_len: bytes.len(),
    };
    let parts = [part(first), part(second)];
    // SAFETY: both iovecs point to live buffers of their stated lengths, which writev only reads.
    retry(|| check_len(unsafe { libc::writev(fd.as_raw_fd(), parts.as_ptr(), 2) }))
}

/// A new inotify descriptor that tells when a file is moved or written into `directory`.
pub(crate) fn watch_directory(directory: &CStr) -> io::Result<OwnedFd> {
    // SAFETY: the path is a C string that outlives the call; the new descriptor is owned by nobody else.
    unsafe {
        let fd = OwnedFd::from_raw_fd(check(libc::inotify_init1(libc::IN_CLOEXEC | libc::IN_NONBLOCK))?);
        let mask = libc::IN_MOVED_TO | libc::IN_CLOSE_WRITE;
        check(libc::inotify_add_watch(fd.as_raw_fd(), directory.as_ptr(), mask))?;
        Ok(fd)
    }
}

/// Waits until one of the descriptors can be read (or its other end is closed) or the time is over; tells which.
/// `None` entries are not waited for.
pub(crate) fn wait_readable<const N: usize>(
    fds: [Option<BorrowedFd>; N],
    timeout: Option<Duration>,
) -> io::Result<[bool; N]> {
    // poll(2) ignores negative descriptors.
    let mut polls = fds.map(|fd| libc::pollfd {
        fd: fd.map_or(-1, |fd| fd.as_raw_fd()),
        events: libc::POLLIN,
        revents: 0,
    });
    let timeout = timeout.map(|timeout| libc::timespec {
        tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(timeout.subsec_nanos()),
    });
    let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: `polls` is a live array of N entries; `timeout` is null or points to a timespec that lives until the
    // end of this function; a null mask leaves the signal mask alone.
    retry(|| check(unsafe { libc::ppoll(polls.as_mut_ptr(), N as libc::nfds_t, timeout, ptr::null()) }))?;
    Ok(polls.map(|poll| poll.revents != 0))
}

/// Makes orphaned descendants our children (as they are PID 1's anyway), so that they can be found and reaped.
pub(crate) fn adopt_orphans() -> io::Result<()> {
    // SAFETY: this prctl takes integers only.
    check(unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }).map(drop)
}

/// Sends a signal; `target` as for kill(2): a process, or the negative of a process group.
pub(crate) fn kill(target: i32, signal: i32) -> io::Result<()> {
    // SAFETY: kill takes integers only; the callers in `processes` answer for whom they name.
    check(unsafe { libc::kill(target, signal) }).map(drop)
}

/// One ended child, reaped: its id and its raw wait status. `Ok(None)`: no child has ended since.
/// An error (`ECHILD`) means that there are no children at all.
pub(crate) fn reap_one() -> io::Result<Option<(i32, i32)>> {
    let mut status = 0;
    // SAFETY: `status` is a valid integer to write to.
    let pid = retry(|| check(unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) }))?;
    Ok((pid > 0).then_some((pid, status)))
}

pub(crate) fn effective_uid() -> u32 {
    // SAFETY: geteuid has no preconditions and cannot fail.
    unsafe { libc::geteuid() }
}

pub(crate) fn effective_gid() -> u32 {
    // SAFETY: getegid has no preconditions and cannot fail.
    unsafe { libc::getegid() }
}

/// The longest that is read of the kernel's small files: one more byte, and nothing is believed.
const KERNEL_TEXT: usize = 4096;

/// What the kernel says in a small file of /proc or a cgroup. It is made at the read, hence one read is all of it, and
/// looking for its size or its end would only cost a run's start and end their time.
pub(crate) fn kernel_text(path: &Path) -> io::Result<String> {
    let mut text = vec![0; KERNEL_TEXT + 1];
    let length = read(File::open(path)?.as_fd(), &mut text)?;
    text.truncate(length);
    if length > KERNEL_TEXT {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    String::from_utf8(text).map_err(io::Error::other)
}

/// The hard limit for a resource of getrlimit(2), which a process without privileges cannot raise. `None`: no limit,
/// or none that could be read.
pub(crate) fn hard_limit(resource: libc::__rlimit_resource_t) -> Option<u64> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: `limit` is a valid rlimit to write to; on failure it stays without a limit.
    unsafe { libc::getrlimit(resource, &mut limit) };
    (limit.rlim_max != libc::RLIM_INFINITY).then_some(limit.rlim_max)
}

/// How large a file system is and how much of it is in use, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Space {
    pub size: u64,
    pub used: u64,
}

/// Of the file system that the path is on.
pub(crate) fn space_at(path: &CStr) -> io::Result<Space> {
    // SAFETY: statvfs is a structure of integers, for which zeros are valid.
    let mut found: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: the path is a C string that outlives the call; `found` is a valid statvfs to write to.
    retry(|| check(unsafe { libc::statvfs(path.as_ptr(), &mut found) }))?;
    Ok(Space {
        size: found.f_blocks.saturating_mul(found.f_frsize),
        used: found
            .f_blocks
            .saturating_sub(found.f_bfree)
            .saturating_mul(found.f_frsize),
    })
}
