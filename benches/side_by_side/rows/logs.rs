//! Rows 7 to 11: logs, while they are written and afterwards.

pub(super) mod flood;
pub(super) mod latency;
mod long;
mod plain;
pub(super) mod search;
pub(super) mod windows;
