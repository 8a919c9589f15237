//! How long writes take to become durable: a witness of the store.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use rusqlite::Connection;

use super::{Metrics, catalog};
use crate::store::Witness;

/// There is one writer, so what is about to become durable is one transaction.
pub struct Commits {
    metrics: Metrics,
    seconds: ::metrics::Histogram,
    began: Mutex<Option<Instant>>,
}

impl Commits {
    pub fn new(metrics: Metrics) -> Self {
        Self {
            seconds: metrics.histogram(catalog::COMMIT_SECONDS, &[]),
            metrics,
            began: Mutex::default(),
        }
    }

    fn take(&self) -> Option<Instant> {
        self.began.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Witness for Commits {
    fn committing(&self, _: &Connection) {
        *self.began.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn committed(&self, _: &Connection) {
        if let Some(began) = self.take() {
            self.seconds.record(began.elapsed().as_secs_f64());
        }
    }

    fn rolled_back(&self) {
        self.take();
        self.metrics.count(catalog::ROLLBACKS, &[], 1);
    }
}
