//! The programs of all connections: made, killed and reaped under one lock, so that no id is signalled that may be
//! somebody else's by now.
//!
//! Invariant: whoever is in the table has not been reaped, or its status stands there; the kernel may give its id to
//! another then, so connections know theirs by a number of our own. Orphans of programs are ours to reap and nobody's to
//! ask for.

use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::child::{self, Child, Program};
use crate::sys;

#[derive(Default)]
pub(super) struct Children {
    table: Mutex<Table>,
    ended: Condvar,
}

#[derive(Default)]
struct Table {
    next: u64,
    entries: HashMap<u64, Entry>,
}

struct Entry {
    pid: i32,
    /// Raw wait status.
    ended: Option<i32>,
}

/// Names one child for as long as its connection knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Number(u64);

impl Children {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn spawn(&self, program: &Program, stdin: OwnedFd) -> io::Result<(Number, Child)> {
        // Held over the fork: a child that ends at once must be in the table when it is reaped.
        let mut table = self.table();
        let child = child::spawn_reading(program, stdin)?;
        table.next += 1;
        let number = table.next;
        let entry = Entry {
            pid: child.pid,
            ended: None,
        };
        table.entries.insert(number, entry);
        Ok((Number(number), child))
    }

    /// Takes note of all that have ended.
    pub(super) fn reap(&self) {
        let mut table = self.table();
        while let Ok(Some((pid, status))) = sys::reap_one() {
            let mut entries = table.entries.values_mut();
            if let Some(entry) = entries.find(|entry| entry.pid == pid && entry.ended.is_none()) {
                entry.ended = Some(status);
            }
        }
        self.ended.notify_all();
    }

    pub(super) fn has_ended(&self, number: Number) -> bool {
        let table = self.table();
        table
            .entries
            .get(&number.0)
            .is_none_or(|entry| entry.ended.is_some())
    }

    /// Its status; `None` if it still runs after that time.
    pub(super) fn wait(&self, number: Number, patience: Duration) -> Option<i32> {
        let deadline = Instant::now() + patience;
        let mut table = self.table();
        loop {
            if let Some(status) = table.entries.get(&number.0)?.ended {
                return Some(status);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            table = self
                .ended
                .wait_timeout(table, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Kills it with what it has started, if it has not ended.
    pub(super) fn kill(&self, number: Number) {
        let table = self.table();
        if let Some(Entry { pid, ended: None }) = table.entries.get(&number.0) {
            kill_group(*pid);
        }
    }

    /// Nobody asks for it any more.
    pub(super) fn forget(&self, number: Number) {
        self.table().entries.remove(&number.0);
    }

    pub(super) fn kill_all(&self) {
        let table = self.table();
        for entry in table.entries.values().filter(|entry| entry.ended.is_none()) {
            kill_group(entry.pid);
        }
    }
}

/// Its own session's, or itself where it has not come to make one. Errors mean that nobody is left.
fn kill_group(pid: i32) {
    if sys::kill(-pid, libc::SIGKILL).is_err() {
        let _ = sys::kill(pid, libc::SIGKILL);
    }
}
