//! What removing candidates frees: pure.
//!
//! They are gone through in the order in which they go: a file with several names is free once the last of them goes, so
//! a package in the cache is unused if all its other names went before. What is chosen is accounted first, so its bytes
//! are exact whatever else there is. Knows nothing of what the candidates are.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::plan::{Candidate, LeftAlone};
use crate::files::Weight;
use crate::model::cleanup::Kind;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub kind: Kind,
    pub key: String,
    pub what: String,
    pub mark: String,
    pub bytes: u64,
}

/// What goes if these kinds go.
#[derive(Debug, Clone)]
pub struct Plan {
    pub chosen: BTreeSet<Kind>,
    /// Chosen or not, in the order in which they were accounted.
    pub items: Vec<Item>,
    pub left_alone: Vec<LeftAlone>,
    pub computed_at: Timestamp,
    pub trash_days: Option<u32>,
}

impl Plan {
    pub fn goes(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| self.chosen.contains(&item.kind))
    }

    pub fn bytes(&self) -> u64 {
        self.goes().map(|item| item.bytes).sum()
    }

    /// Names exactly what goes, each as it stands.
    pub fn fingerprint(&self) -> String {
        let mut hasher = Sha256::new();
        for item in self.goes() {
            let line = (item.kind, &item.key, &item.mark, item.bytes);
            hasher.update(format!("{line:?}\n"));
        }
        let hash = hasher.finalize();
        hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The whole of a kind goes only with what it is the rest of.
pub fn with_parts(mut kinds: BTreeSet<Kind>) -> BTreeSet<Kind> {
    if kinds.contains(&Kind::PackageCache) {
        kinds.insert(Kind::UnusedPackages);
    }
    kinds
}

/// Names of files that have gone so far.
#[derive(Default)]
struct Ledger {
    gone: HashMap<u64, u64>,
}

impl Ledger {
    fn is_used_elsewhere(&self, weight: &Weight) -> bool {
        let gone = |inode| self.gone.get(&inode).copied().unwrap_or(0);
        weight.truncated
            || weight
                .shared
                .iter()
                .any(|file| gone(file.inode) + file.names < file.links)
    }

    /// Bytes that are free once it has gone, too.
    fn take(&mut self, weight: &Weight) -> u64 {
        let mut bytes = weight.bytes;
        for file in &weight.shared {
            let gone = self.gone.entry(file.inode).or_default();
            *gone += file.names;
            if *gone >= file.links {
                bytes = bytes.saturating_add(file.bytes);
            }
        }
        bytes
    }
}

/// What removing the weighed candidates frees. `only`: nothing else goes, by kind, key and mark.
pub fn account(
    candidates: &[Candidate],
    chosen: &BTreeSet<Kind>,
    only: Option<&HashSet<(Kind, String, String)>>,
) -> Vec<Item> {
    let mut ledger = Ledger::default();
    let mut items = Vec::new();
    let mut purged: HashSet<&str> = HashSet::new();
    let (first, last): (Vec<Kind>, Vec<Kind>) = Kind::ALL.into_iter().partition(|kind| chosen.contains(kind));
    let may_go = |kind: Kind, candidate: &Candidate| {
        only.is_none_or(|only| only.contains(&(kind, candidate.key.clone(), candidate.mark.clone())))
    };
    // The unused packages come before the rest of their cache, whichever is chosen ([`with_parts`]).
    let mut unused: HashSet<&str> = HashSet::new();
    for kind in first.into_iter().chain(last) {
        for candidate in candidates {
            let is_archive = candidate.kind == Kind::UnusedPackages;
            let fits = match kind {
                // Of the packages, what is left once the unused ones have gone.
                Kind::PackageCache => candidate.kind == kind || is_archive,
                _ => candidate.kind == kind,
            };
            if !fits || !may_go(kind, candidate) {
                continue;
            }
            let key = candidate.key.as_str();
            if is_archive {
                let goes = match kind {
                    Kind::UnusedPackages => !ledger.is_used_elsewhere(&candidate.weight),
                    _ => !unused.contains(key),
                };
                if !goes {
                    continue;
                }
                unused.insert(key);
            }
            if candidate
                .of
                .as_ref()
                .is_some_and(|script| purged.contains(script.as_str()))
            {
                continue;
            }
            if kind == Kind::Trash {
                purged.insert(key);
            }
            let bytes = ledger
                .take(&candidate.weight)
                .saturating_add(candidate.engine_bytes);
            items.push(Item {
                kind,
                key: candidate.key.clone(),
                what: candidate.what.clone(),
                mark: candidate.mark.clone(),
                bytes,
            });
        }
    }
    items
}
