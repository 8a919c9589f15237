//! The arrows between controller and database: each transaction that takes runs to a state is a point, before it is
//! durable and after.
//!
//! A commit is named by the state that appears in it: `commit.queued`, `commit.starting`, …, and `commit.prepared` for
//! the one that settles what a starting run is started with. Found out by looking at the runs, not by asking the code.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pytask_manager::store::Witness;
use rusqlite::Connection;

use super::{Fault, When};

pub(super) struct Commits {
    fault: Arc<Fault>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// What each run is; `None` before the first look, which finds the runs of earlier controllers.
    runs: Option<HashMap<String, String>>,
    /// What each run will be once the transaction that is under way is durable.
    pending: HashMap<String, String>,
    /// The names of that transaction.
    names: Vec<String>,
}

impl Commits {
    pub(super) fn new(fault: Arc<Fault>) -> Self {
        Self {
            fault,
            known: Mutex::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Witness for Commits {
    fn committing(&self, connection: &Connection) {
        let mut known = self.known();
        known.pending = runs(connection).expect("the runs can be read");
        let before = known.runs.as_ref().unwrap_or(&known.pending);
        let changed = known
            .pending
            .iter()
            .filter(|(id, state)| before.get(*id) != Some(state));
        known.names = changed.map(|(_, state)| format!("commit.{state}")).collect();
        for name in &known.names {
            self.fault.pass(name, When::Before);
        }
    }

    fn committed(&self, _: &Connection) {
        let mut known = self.known();
        known.runs = Some(std::mem::take(&mut known.pending));
        for name in std::mem::take(&mut known.names) {
            self.fault.pass(&name, When::After);
        }
    }
}

fn runs(connection: &Connection) -> rusqlite::Result<HashMap<String, String>> {
    let mut statement = connection.prepare_cached("SELECT id, state, image_digest IS NOT NULL FROM runs")?;
    let rows = statement.query_map([], |row| {
        let (id, state, settled): (String, String, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let is_prepared = state == "starting" && settled;
        Ok((id, if is_prepared { "prepared".to_owned() } else { state }))
    })?;
    rows.collect()
}
