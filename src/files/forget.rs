//! Removes what revisions that are no longer listed have left: their manifests, and contents that no manifest names.
//!
//! Safe to repeat when it was cut short: contents go before the manifests that named them, so what is left over can
//! still be told by them. The caller keeps saves away meanwhile.

use std::collections::HashSet;

use super::error::Result;
use super::hash::ContentHash;
use super::listing::ListLimits;
use super::path::RelPath;
use super::revisions::{Revisions, manifest_path, object_path};

/// Of either kind: more than any script has.
const MOST: ListLimits = ListLimits {
    entries: 1_000_000,
    depth: 1,
};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    pub manifests: usize,
    pub contents: usize,
    pub bytes: u64,
}

impl Revisions {
    /// Numbers of the manifests that are there.
    fn stored(&self) -> Result<Vec<u64>> {
        let listing = self.manifests().list(&MOST)?;
        let number = |path: &str| path.strip_suffix(".json")?.parse().ok();
        Ok(listing
            .entries
            .iter()
            .filter_map(|entry| number(&entry.path))
            .collect())
    }

    /// Forgets all but the revisions of these numbers, of which none is missing. Where nothing is to be forgotten, only
    /// names are looked at.
    pub fn forget_all_but(&self, kept: &[u64]) -> Result<Forgotten> {
        let kept: HashSet<u64> = kept.iter().copied().collect();
        let outdated: Vec<u64> = self
            .stored()?
            .into_iter()
            .filter(|number| !kept.contains(number))
            .collect();
        let mut forgotten = Forgotten::default();
        if outdated.is_empty() {
            return Ok(forgotten);
        }
        let mut named = HashSet::new();
        for number in &kept {
            named.extend(self.manifest(*number)?.files().map(|(_, file)| file.sha256));
        }
        for entry in self.objects().list(&MOST)?.entries {
            if let Some(hash) = ContentHash::parse(&entry.path)
                && !named.contains(&hash)
            {
                self.objects().remove(&object_path(hash)?)?;
                forgotten.contents += 1;
                forgotten.bytes += entry.size;
            }
        }
        for number in outdated {
            let path: RelPath = manifest_path(number)?;
            self.manifests().remove(&path)?;
            forgotten.manifests += 1;
        }
        Ok(forgotten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{DataDir, Manifest, Owner};

    fn revisions() -> (tempfile::TempDir, Revisions) {
        let temp = tempfile::tempdir().unwrap();
        let data = DataDir::open(temp.path()).unwrap();
        data.create_all(Owner::Controller).unwrap();
        data.create_script("s", Owner::Controller).unwrap();
        let revisions = data.revisions("s").unwrap();
        (temp, revisions)
    }

    fn store(revisions: &Revisions, number: u64, texts: &[&str]) {
        let manifest = texts.iter().fold(Manifest::default(), |manifest, text| {
            let hash = revisions.put_object(text.as_bytes()).unwrap();
            manifest.with(RelPath::parse(text).unwrap(), hash, text.len() as u64)
        });
        revisions.store_manifest(number, &manifest).unwrap();
    }

    fn has(revisions: &Revisions, text: &str) -> bool {
        revisions.object(ContentHash::of(text.as_bytes())).is_ok()
    }

    #[test]
    fn what_nobody_names_any_more_goes_and_the_rest_stays() {
        let (_temp, revisions) = revisions();
        store(&revisions, 1, &["only-first", "shared"]);
        store(&revisions, 2, &["only-second"]);
        store(&revisions, 3, &["shared", "third"]);
        let nothing = revisions.forget_all_but(&[1, 2, 3]).unwrap();
        assert_eq!(nothing, Forgotten::default());
        let expected = Forgotten {
            manifests: 2,
            contents: 2,
            bytes: ("only-first".len() + "only-second".len()) as u64,
        };
        assert_eq!(revisions.forget_all_but(&[3]).unwrap(), expected);
        assert!(has(&revisions, "shared") && has(&revisions, "third"));
        assert!(!has(&revisions, "only-first") && !has(&revisions, "only-second"));
        assert!(revisions.manifest(1).is_err() && revisions.manifest(3).is_ok());
        assert_eq!(revisions.forget_all_but(&[3]).unwrap(), Forgotten::default());
    }

    #[test]
    fn a_missing_revision_stops_it_before_anything_goes() {
        let (_temp, revisions) = revisions();
        store(&revisions, 1, &["a"]);
        assert!(revisions.forget_all_but(&[2]).is_err());
        assert!(has(&revisions, "a") && revisions.manifest(1).is_ok());
    }

    #[test]
    fn one_that_was_cut_short_is_finished_by_the_next() {
        let (_temp, revisions) = revisions();
        store(&revisions, 1, &["a"]);
        store(&revisions, 2, &["b"]);
        // Killed between the contents and the manifests.
        let gone = object_path(ContentHash::of(b"a")).unwrap();
        revisions.objects().remove(&gone).unwrap();
        let left = revisions.forget_all_but(&[2]).unwrap();
        assert_eq!((left.manifests, left.contents), (1, 0));
        assert!(has(&revisions, "b"));
    }
}
