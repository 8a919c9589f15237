//! Percentiles of what was counted or measured. The benchmarks take this file from here.

/// By the nearest rank; `None` of nothing.
pub(crate) fn percentile<T: Ord + Copy>(of: &[T], percent: usize) -> Option<T> {
    let mut sorted = of.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}
