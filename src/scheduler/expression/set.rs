//! Small sets of small numbers: which seconds, minutes, hours, days or months a field means.

use std::ops::RangeInclusive;

/// Numbers from 0 to 63.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Set(u64);

impl Set {
    pub fn range(range: RangeInclusive<u8>, step: u8) -> Self {
        range.step_by(usize::from(step.max(1))).collect()
    }

    pub fn insert(&mut self, value: u8) {
        self.0 |= bit(value);
    }

    pub fn remove(&mut self, value: u8) {
        self.0 &= !bit(value);
    }

    pub fn contains(self, value: u8) -> bool {
        self.0 & bit(value) != 0
    }

    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub fn len(self) -> u32 {
        self.0.count_ones()
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many are smaller.
    pub fn below(self, value: u8) -> u32 {
        (self.0 & (bit(value).wrapping_sub(1))).count_ones()
    }

    pub fn first(self) -> Option<u8> {
        (!self.is_empty()).then(|| self.0.trailing_zeros() as u8)
    }

    pub fn last(self) -> Option<u8> {
        (!self.is_empty()).then(|| (63 - self.0.leading_zeros()) as u8)
    }

    /// The only one.
    pub fn single(self) -> Option<u8> {
        self.first().filter(|_| self.len() == 1)
    }

    /// From small to great.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        let mut rest = self;
        std::iter::from_fn(move || {
            let least = rest.first()?;
            rest.remove(least);
            Some(least)
        })
    }

    /// Stretches without a hole, from small to great.
    pub fn stretches(self) -> Vec<RangeInclusive<u8>> {
        let mut found: Vec<RangeInclusive<u8>> = Vec::new();
        for value in self.iter() {
            match found.last_mut() {
                Some(last) if *last.end() + 1 == value => *last = *last.start()..=value,
                _ => found.push(value..=value),
            }
        }
        found
    }
}

fn bit(value: u8) -> u64 {
    1u64.checked_shl(value.into()).unwrap_or(0)
}

impl FromIterator<u8> for Set {
    fn from_iter<T: IntoIterator<Item = u8>>(values: T) -> Self {
        let mut set = Self::default();
        for value in values {
            set.insert(value);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_sorted_list_of_numbers(values in prop::collection::btree_set(0u8..64, 0..64), some in 0u8..64) {
            let set: Set = values.iter().copied().collect();
            prop_assert!(set.iter().eq(values.iter().copied()));
            prop_assert_eq!(set.first(), values.first().copied());
            prop_assert_eq!(set.last(), values.last().copied());
            prop_assert_eq!(set.below(some) as usize, values.range(..some).count());
            let stretches = set.stretches();
            prop_assert!(stretches.iter().cloned().flatten().eq(values.iter().copied()));
            prop_assert!(stretches.windows(2).all(|pair| *pair[0].end() + 1 < *pair[1].start()));
        }
    }
}
