//! What the broker remembers over restarts, in a folder that the other end cannot write to: whose it is, and which images
//! it has fetched.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Facts {
    /// The first that called.
    instance: Option<String>,
    /// By reference; they were not here before.
    fetched: BTreeSet<String>,
}

#[derive(Debug)]
pub(super) struct Ledger {
    place: PathBuf,
    facts: Facts,
}

impl Ledger {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let place = folder.join("ledger.json");
        let facts = match std::fs::read(&place) {
            Ok(text) => serde_json::from_slice(&text)?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => Facts::default(),
            Err(e) => return Err(e),
        };
        Ok(Self { place, facts })
    }

    /// Whether this is the instance that is served; the first to ask becomes it, for ever.
    pub(super) fn serves(&mut self, instance: &str) -> io::Result<bool> {
        if self.facts.instance.is_none() {
            self.facts.instance = Some(instance.to_owned());
            self.write()?;
        }
        Ok(self.facts.instance.as_deref() == Some(instance))
    }

    pub(super) fn has_fetched(&self, reference: &str) -> bool {
        self.facts.fetched.contains(reference)
    }

    /// Before it is fetched: a fetch that is cut short is ours all the same.
    pub(super) fn will_fetch(&mut self, reference: &str) -> io::Result<()> {
        if self.facts.fetched.insert(reference.to_owned()) {
            self.write()?;
        }
        Ok(())
    }

    fn write(&self) -> io::Result<()> {
        let staged = self.place.with_extension("new");
        let mut file = File::create(&staged)?;
        file.write_all(&serde_json::to_vec(&self.facts)?)?;
        file.sync_all()?;
        std::fs::rename(&staged, &self.place)?;
        File::open(self.place.parent().unwrap_or(Path::new(".")))?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_instance_is_the_only_one_and_over_restarts() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut ledger = Ledger::open(folder.path()).expect("opens");
        assert!(ledger.serves("a").expect("stores"));
        assert!(!ledger.serves("b").expect("reads"));
        ledger.will_fetch("python:3.13").expect("stores");
        let mut again = Ledger::open(folder.path()).expect("opens");
        assert!(!again.serves("b").expect("reads") && again.serves("a").expect("reads"));
        assert!(again.has_fetched("python:3.13") && !again.has_fetched("postgres:17"));
    }
}
