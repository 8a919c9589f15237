//! The only door to the wall clock, so that tests can set the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// Cheap to clone; all clones show the same time.
#[derive(Clone, Default)]
pub struct Clock(Source);

#[derive(Clone, Default)]
enum Source {
    #[default]
    System,
    /// Unix milliseconds, set by a test.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until it is moved with [`Clock::set`].
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(start.as_millisecond()))))
    }

    /// Now, to the millisecond: what is stored is what was compared.
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub fn now(&self) -> Timestamp {
        let ms = match &self.0 {
            Source::System => Timestamp::now().as_millisecond(),
            Source::Manual(ms) => ms.load(Ordering::SeqCst),
        };
        Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves a manual clock; a system clock is not ours to move.
    pub fn set(&self, to: Timestamp) {
        if let Source::Manual(ms) = &self.0 {
            ms.store(to.as_millisecond(), Ordering::SeqCst);
        }
    }
}
