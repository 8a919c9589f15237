//! How much a program may say: a bucket that fills at a steady rate. Pure.
//!
//! A server that writes without end is held up by whoever reads it; this is for a reader that never tires.

use std::time::Duration;

#[derive(Debug, Clone)]
pub struct Allowance {
    left: u64,
    most: u64,
    per_second: u64,
    /// Since some beginning; never goes back.
    at: Duration,
}

impl Allowance {
    pub fn new(most: u64, per_second: u64) -> Self {
        Self {
            left: most,
            most,
            per_second,
            at: Duration::ZERO,
        }
    }

    /// Whether so many bytes more are all right.
    #[must_use]
    pub fn take(&mut self, bytes: u64, now: Duration) -> bool {
        let earned = now.saturating_sub(self.at).as_micros() * u128::from(self.per_second) / 1_000_000;
        // What is too little to count is not lost: it is earned later.
        if earned > 0 {
            self.at = self.at.max(now);
            let earned = u64::try_from(earned).unwrap_or(u64::MAX);
            self.left = self.left.saturating_add(earned).min(self.most);
        }
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_is_used_up_and_fills_again() {
        let mut allowance = Allowance::new(100, 10);
        assert!(allowance.take(100, Duration::ZERO));
        assert!(!allowance.take(1, Duration::from_millis(99)));
        assert!(allowance.take(10, Duration::from_secs(1)));
        assert!(
            !allowance.take(101, Duration::from_secs(1_000)),
            "never more than it holds"
        );
        assert!(allowance.take(100, Duration::from_secs(1_000)));
    }

    proptest! {
        #[test]
        fn no_more_is_allowed_than_it_holds_and_earns(takes in proptest::collection::vec((0_u64..50, 0_u64..500), 0..50)) {
            let mut allowance = Allowance::new(100, 10);
            let (mut taken, mut now) = (0, Duration::ZERO);
            for (bytes, later) in takes {
                now += Duration::from_millis(later);
                if allowance.take(bytes, now) {
                    taken += bytes;
                }
            }
            prop_assert!(taken <= 100 + 10 * (now.as_secs() + 1));
        }
    }
}
