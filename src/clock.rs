//! The only door to the clocks: to the wall's, so that tests can set the time, and to the machine's own, which nobody can
//! set and which containers share with us.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// Cheap to clone; all clones show the same time.
#[derive(Clone)]
pub struct Clock {
    wall: Source,
    boot: Arc<str>,
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

#[derive(Clone, Default)]
enum Source {
    #[default]
    System,
    /// Unix milliseconds, set by a test.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    pub fn system() -> Self {
        Self::with(Source::System)
    }

    /// A clock that stands still until it is moved with [`Clock::set`].
    pub fn manual(start: Timestamp) -> Self {
        Self::with(Source::Manual(Arc::new(AtomicI64::new(start.as_millisecond()))))
    }

    fn with(wall: Source) -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Self {
            wall,
            boot: boot.trim().into(),
        }
    }

    /// Names the time between two starts of the machine; empty if it cannot be known.
    pub fn boot_id(&self) -> &str {
        &self.boot
    }

    /// Microseconds of `CLOCK_MONOTONIC`, to be compared within one boot only.
    pub fn monotonic_us(&self) -> u64 {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        now.tv_sec.unsigned_abs() * 1_000_000 + now.tv_nsec.unsigned_abs() / 1_000
    }

    /// Now, to the millisecond: what is stored is what was compared.
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub fn now(&self) -> Timestamp {
        let ms = match &self.wall {
            Source::System => Timestamp::now().as_millisecond(),
            Source::Manual(ms) => ms.load(Ordering::SeqCst),
        };
        Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves a manual clock; a system clock is not ours to move.
    pub fn set(&self, to: Timestamp) {
        if let Source::Manual(ms) = &self.wall {
            ms.store(to.as_millisecond(), Ordering::SeqCst);
        }
    }
}
