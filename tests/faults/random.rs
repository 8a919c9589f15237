//! Moments by chance that can be had again: the seed is printed, and `PYTASK_FAULTS_SEED` sets it.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use crate::machine;

const VARIABLE: &str = "PYTASK_FAULTS_SEED";

/// SplitMix64 (Steele, Lea, Flood 2014): eight lines, and good enough to pick moments.
pub(crate) struct Random {
    pub(crate) seed: u64,
    state: u64,
}

impl Random {
    pub(crate) fn new() -> Self {
        let named = machine::variable(VARIABLE).map(|seed| seed.parse().expect("a number as seed"));
        let seed = named.unwrap_or_else(|| RandomState::new().hash_one(0) >> 32);
        Self { seed, state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn moment(&mut self, longest: Duration) -> Duration {
        Duration::from_micros(self.below(longest.as_micros() as u64))
    }
}
