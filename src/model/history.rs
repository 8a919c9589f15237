//! Looking back over runs: what there is of them in numbers.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

/// Of script runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RunTotals)]
pub struct Totals {
    /// Unfinished ones included.
    pub total: u64,
    /// By the kind of outcome; kinds without runs are absent.
    pub by_outcome: BTreeMap<String, u64>,
    pub unfinished: u64,
    /// Marked "keep".
    pub kept: u64,
    /// What their scripts have written.
    pub log_bytes: u64,
    pub artifact_bytes: u64,
}
