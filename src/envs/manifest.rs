//! The files of an environment as they were when it was made: what it is held against later. Pure.
//!
//! Size and time of each file, which is cheap to look at and tells an accident from the truth. It proves nothing against
//! somebody who means to deceive; runs cannot write to their environment anyway.

use serde::{Deserialize, Serialize};

/// By path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Manifest(Vec<File>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct File {
    /// Relative to the venv.
    pub path: String,
    pub size: u64,
    pub modified_at_ms: i64,
}

impl Manifest {
    pub fn new(mut files: Vec<File>) -> Self {
        files.sort_unstable();
        Self(files)
    }

    pub fn from_json(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json)
            .ok()
            .map(|Self(files)| Self::new(files))
    }

    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What is wrong with the first file that is not as it was, for people. What came in addition harms nobody.
    pub fn damage(&self, now: &Self) -> Option<String> {
        self.0.iter().find_map(|made| {
            let found = now.0.binary_search_by(|file| file.path.cmp(&made.path));
            match found.map(|at| &now.0[at]) {
                Err(_) => Some(format!("{} is missing", made.path)),
                Ok(file) if file != made => Some(format!("{} was changed", made.path)),
                Ok(_) => None,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(files: &[(&str, u64, i64)]) -> Manifest {
        let file = |&(path, size, modified_at_ms): &(&str, u64, i64)| File {
            path: path.to_owned(),
            size,
            modified_at_ms,
        };
        Manifest::new(files.iter().map(file).collect())
    }

    #[test]
    fn the_first_file_that_is_not_as_it_was_is_named() {
        let made = manifest(&[("b.py", 2, 20), ("a.py", 1, 10), ("lib/c.so", 3, 30)]);
        type Case<'a> = (&'a [(&'a str, u64, i64)], Option<&'a str>);
        let table: [Case<'_>; 6] = [
            (&[("a.py", 1, 10), ("b.py", 2, 20), ("lib/c.so", 3, 30)], None),
            (
                &[
                    ("a.py", 1, 10),
                    ("b.py", 2, 20),
                    ("lib/c.so", 3, 30),
                    ("new", 0, 0),
                ],
                None,
            ),
            (&[("a.py", 1, 10), ("lib/c.so", 3, 30)], Some("b.py is missing")),
            (
                &[("a.py", 1, 11), ("b.py", 2, 20), ("lib/c.so", 3, 30)],
                Some("a.py was changed"),
            ),
            (
                &[("a.py", 1, 10), ("b.py", 2, 20), ("lib/c.so", 4, 30)],
                Some("lib/c.so was changed"),
            ),
            (&[], Some("a.py is missing")),
        ];
        for (now, expected) in table {
            assert_eq!(made.damage(&manifest(now)).as_deref(), expected, "{now:?}");
        }
        assert_eq!(Manifest::from_json(&made.to_json()), Some(made));
        assert_eq!(Manifest::from_json(b"{"), None);
    }
}
