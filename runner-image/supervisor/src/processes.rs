//! The run's processes: whom we signal, whom we reap, what became of the main one.
//!
//! Invariants: as PID 1 "everything" is the container, and the kernel spares us from our own `kill(-1)`. Anywhere
//! else `kill(-1)` would be everything on the machine, so only our own unreaped children are killed: their ids
//! cannot have been reused, because nobody but this thread reaps them; what they leave behind becomes our child
//! (`adopt_orphans`) and is killed in the next round. The process group is signalled only while its leader is unreaped.

use std::fs;
use std::io;

use crate::sys;

pub(crate) struct Processes {
    is_init: bool,
    own_pid: i32,
    /// The script's process, leader of its own session and group.
    main: i32,
    main_status: Option<i32>,
    children_left: bool,
    left_behind: u64,
}

impl Processes {
    pub(crate) fn new(main: i32) -> Processes {
        let own_pid = std::process::id().cast_signed();
        let is_init = own_pid == 1;
        Processes {
            is_init,
            own_pid,
            main,
            main_status: None,
            children_left: true,
            left_behind: 0,
        }
    }

    /// SIGTERM to the script's group; SIGCONT so that a stopped process hears it.
    pub(crate) fn ask_to_stop(&self) {
        if self.main_status.is_some() {
            return;
        }
        for signal in [libc::SIGTERM, libc::SIGCONT] {
            // Before it has made its session the group does not exist.
            if sys::kill(-self.main, signal).is_err() {
                let _ = sys::kill(self.main, signal);
            }
        }
    }

    /// SIGKILL to everything that belongs to the run. Errors mean that nobody is left.
    pub(crate) fn kill_all(&self) {
        if self.is_init {
            let _ = sys::kill(-1, libc::SIGKILL);
            return;
        }
        if self.main_status.is_none() {
            let _ = sys::kill(-self.main, libc::SIGKILL);
        }
        for child in children_of(self.own_pid) {
            let _ = sys::kill(child, libc::SIGKILL);
        }
    }

    /// Reaps all that have ended.
    pub(crate) fn reap(&mut self) {
        loop {
            match sys::reap_one() {
                Ok(Some((pid, status))) if pid == self.main => self.main_status = Some(status),
                Ok(Some((_, status))) => {
                    if self.main_status.is_some() && libc::WIFSIGNALED(status) {
                        self.left_behind += 1;
                    }
                }
                Ok(None) => return,
                Err(_) => {
                    self.children_left = false;
                    return;
                }
            }
        }
    }

    /// The raw wait status of the main process once it has ended.
    pub(crate) fn main_status(&self) -> Option<i32> {
        self.main_status
    }

    /// `false` once the last child is reaped.
    pub(crate) fn any_left(&self) -> bool {
        self.children_left
    }

    /// How many processes the script left behind for us to kill.
    pub(crate) fn left_behind(&self) -> u64 {
        self.left_behind
    }
}

/// The direct, unreaped children of a process.
fn children_of(parent: i32) -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| parent_of(*pid).is_ok_and(|found| found == Some(parent)))
        .collect()
}

fn parent_of(pid: i32) -> io::Result<Option<i32>> {
    Ok(parent_in_stat(&fs::read(format!("/proc/{pid}/stat"))?))
}

/// proc(5): `pid (name) state ppid …`; the name may hold anything, so count from the last parenthesis.
fn parent_in_stat(stat: &[u8]) -> Option<i32> {
    let name_end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = str::from_utf8(&stat[name_end + 1..]).ok()?;
    rest.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_found_whatever_the_name() {
        assert_eq!(parent_in_stat(b"12 (python3) S 7 12 12 0"), Some(7));
        assert_eq!(parent_in_stat(b"12 (a) R 1 (b\xff) S 9 12"), Some(9));
        assert_eq!(parent_in_stat(b"garbage"), None);
        assert_eq!(parent_in_stat(b"12 (x)"), None);
    }
}
