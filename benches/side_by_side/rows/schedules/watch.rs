//! Sees when rows of fires can be read: a thread with a read-only connection that looks every fraction of a millisecond
//! whether anybody has committed (`PRAGMA data_version`, which reads a counter in shared memory and takes no lock that a
//! writer waits for), and reads what is new only then.
//!
//! It looks so often around the full minute alone. A committed row is never stamped too early, and too late by at most the
//! time since the look before, of which the longest is told.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use pytask_manager::files::layout;
use rusqlite::{Connection, OpenFlags};
use rustix::time::{ClockId, clock_gettime};

/// Around the full minute, and else.
const LOOK_CLOSELY: Duration = Duration::from_micros(100);
const LOOK: Duration = Duration::from_millis(20);
/// How long before and after the full minute it looks closely.
const BEFORE: Duration = Duration::from_millis(500);
const AFTER: Duration = Duration::from_secs(2);
const MINUTE: Duration = Duration::from_secs(60);

pub(crate) struct Watch {
    thread: JoinHandle<Sight>,
    enough: Arc<AtomicBool>,
}

pub(crate) struct Sight {
    pub(crate) rows: Vec<Seen>,
    /// The longest time between the look that found rows and the one before.
    pub(crate) longest_gap: Duration,
}

/// A row of a fire.
pub(crate) struct Seen {
    /// The second, in Unix time, at which it was due.
    pub(crate) slot: i64,
    /// By the row itself, since then.
    pub(crate) planned: Duration,
    /// By whoever looked, since then.
    pub(crate) readable: Duration,
}

impl Watch {
    /// Counts what is due from this second on.
    pub(crate) fn start(data: &Path, from: i64) -> Self {
        let connection =
            Connection::open_with_flags(data.join(layout::DATABASE), OpenFlags::SQLITE_OPEN_READ_ONLY)
                .expect("the database");
        let enough = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&enough);
        let thread = std::thread::spawn(move || watch(&connection, from, &told));
        Self { thread, enough }
    }

    pub(crate) fn end(self) -> Sight {
        self.enough.store(true, Ordering::Relaxed);
        self.thread.join().expect("it watched to the end")
    }
}

fn watch(connection: &Connection, from: i64, enough: &AtomicBool) -> Sight {
    let mut version = connection.prepare("PRAGMA data_version").expect("a statement");
    let mut news = connection
        .prepare("SELECT number, slot, queued_at FROM runs WHERE number > ?1 AND slot >= ?2 ORDER BY number")
        .expect("a statement");
    let mut sight = Sight {
        rows: Vec::new(),
        longest_gap: Duration::ZERO,
    };
    let (mut seen_version, mut seen_row) = (0_i64, 0_i64);
    let mut last_look = unix_now();
    while !enough.load(Ordering::Relaxed) {
        let found = version.query_row([], |row| row.get(0)).expect("a version");
        let now = unix_now();
        if found != seen_version {
            seen_version = found;
            let rows = news.query_map([seen_row, from * 1000], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            });
            for row in rows.expect("rows") {
                let (number, slot, planned): (i64, i64, i64) = row.expect("a row");
                seen_row = number;
                sight.longest_gap = sight.longest_gap.max(now.saturating_sub(last_look));
                sight.rows.push(Seen {
                    slot: slot / 1000,
                    planned: Duration::from_millis((planned - slot).unsigned_abs()),
                    readable: now.saturating_sub(Duration::from_millis(slot.unsigned_abs())),
                });
            }
        }
        let since_minute = Duration::from_nanos((unix_now().as_nanos() % MINUTE.as_nanos()) as u64);
        let close = since_minute < AFTER || since_minute > MINUTE - BEFORE;
        last_look = now;
        std::thread::sleep(if close { LOOK_CLOSELY } else { LOOK });
    }
    sight
}

/// To the microsecond and better, which the product's clock does not need.
pub(crate) fn unix_now() -> Duration {
    let now = clock_gettime(ClockId::Realtime);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}
