//! How eagerly the pipes are read. A single line is passed on at once; a flood of small writes is read about a
//! thousand times a second, in larger pieces, because the supervisor shares the script's CPU limit.
//!
//! Pure: times are arguments, in microseconds of one monotonic clock.

/// Small reads in a row that are not held back.
const BURST: u64 = 64;
/// One more small read is earned in this time; also how long a flood is left to gather.
const REFILL_US: u64 = 1_000;
/// Reads of at least this size are worth their cost and never held back.
const LARGE: usize = 16 * 1024;

pub(crate) struct Pace {
    /// When the whole burst will have been earned again.
    full_at: u64,
}

impl Pace {
    pub(crate) fn new() -> Pace {
        Pace { full_at: 0 }
    }

    pub(crate) fn has_read(&mut self, now: u64, bytes: usize) {
        if bytes < LARGE {
            self.full_at = self.full_at.max(now) + REFILL_US;
        }
    }

    /// Until when to leave the pipes alone, if at all.
    pub(crate) fn pause_until(&self, now: u64) -> Option<u64> {
        let resume = self.full_at.saturating_sub((BURST - 1) * REFILL_US);
        (resume > now).then_some(resume)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_a_flood_is_gathered() {
        let mut pace = Pace::new();
        let mut now = 1_000_000;
        for _ in 0..BURST - 1 {
            pace.has_read(now, 20);
        }
        assert_eq!(pace.pause_until(now), None);
        pace.has_read(now, 20);
        assert_eq!(pace.pause_until(now), Some(now + REFILL_US));
        let mut reads = 0;
        let end = now + 1_000_000;
        while now < end {
            now = pace.pause_until(now).unwrap_or(now);
            pace.has_read(now, 20);
            reads += 1;
        }
        assert!((1_000..1_100).contains(&reads), "{reads} reads in a second");
    }

    #[test]
    fn large_reads_and_a_quiet_script_are_never_held_back() {
        let mut pace = Pace::new();
        for n in 0..10_000 {
            pace.has_read(n, 64 * 1024);
            assert_eq!(pace.pause_until(n), None);
        }
        for n in 0..10_000 {
            pace.has_read(n * 2_000, 20);
            assert_eq!(pace.pause_until(n * 2_000), None);
        }
    }
}
