//! How often something may happen, per whatever it is counted by: a peer's failures, a trigger's calls.
//!
//! The generic cell rate algorithm (ATM Forum, TM 4.0): one instant per key, of no key more than `burst` at once, then one
//! every `every`. Memory is bounded: keys whose time has come are forgotten, and when there are too many others, all are.
//! Pure: the time comes with the question.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// A key takes some tens of bytes.
const MOST_KEYS: usize = 10_000;

#[derive(Debug)]
pub struct Rate<K> {
    burst: u32,
    every: Duration,
    /// From when on a key is as if it had never been seen; in time since whatever instant the caller counts from.
    fresh_at: HashMap<K, Duration>,
}

impl<K: Hash + Eq> Rate<K> {
    pub fn new(burst: u32, every: Duration) -> Self {
        Self {
            burst,
            every,
            fresh_at: HashMap::new(),
        }
    }

    /// Counts one more, or answers how long to wait until one more may be.
    pub fn take(&mut self, key: K, now: Duration) -> Result<(), Duration> {
        if self.fresh_at.len() >= MOST_KEYS && !self.fresh_at.contains_key(&key) {
            self.fresh_at.retain(|_, fresh_at| *fresh_at > now);
            if self.fresh_at.len() >= MOST_KEYS {
                self.fresh_at.clear();
            }
        }
        let fresh_at = self.fresh_at.get(&key).copied().unwrap_or_default().max(now);
        let next = fresh_at + self.every;
        let allowed_at = next.saturating_sub(self.every * self.burst);
        if allowed_at > now {
            return Err(allowed_at - now);
        }
        self.fresh_at.insert(key, next);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn so_many_at_once_and_then_one_at_a_time() {
        let mut rate = Rate::new(3, SECOND);
        let now = SECOND * 1000;
        for _ in 0..3 {
            assert_eq!(rate.take("a", now), Ok(()));
        }
        assert_eq!(rate.take("a", now), Err(SECOND));
        assert_eq!(rate.take("a", now), Err(SECOND), "what is refused does not count");
        assert_eq!(rate.take("b", now), Ok(()), "each key for itself");
        assert_eq!(rate.take("a", now + SECOND), Ok(()));
        assert_eq!(rate.take("a", now + SECOND), Err(SECOND));
        for _ in 0..3 {
            assert_eq!(rate.take("a", now + SECOND * 10), Ok(()));
        }
        assert!(rate.take("a", now + SECOND * 10).is_err());
    }

    #[test]
    fn many_keys_take_no_more_than_so_much_memory() {
        let mut rate = Rate::new(1, SECOND);
        for key in 0..MOST_KEYS * 3 {
            assert_eq!(rate.take(key, SECOND), Ok(()));
            assert!(rate.fresh_at.len() <= MOST_KEYS);
        }
    }
}
