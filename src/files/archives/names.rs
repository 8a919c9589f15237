//! Names of entries: what they may be, what is left out, and that none stands for two things. Pure.

use std::collections::HashMap;

use super::{Bounds, Refused};
use crate::files::path::{PathError, RelPath};

/// What is shown of a name.
const SHOWN: usize = 160;
/// What tools leave behind and no script is made of; left out wherever it stands.
const NOISE: [&str; 4] = ["__MACOSX", ".DS_Store", "__pycache__", ".venv"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    File,
    Folder,
}

/// An entry as it is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// The archive's own root, or noise.
    Nothing {
        noise: bool,
    },
    Entry {
        path: RelPath,
        kind: Kind,
    },
}

/// What the archive calls it, as a path; a slash at the end says that it is a folder.
pub fn read(raw: &[u8], kind: Kind, bounds: &Bounds) -> Result<Named, Refused> {
    let Ok(name) = std::str::from_utf8(raw) else {
        return Err(Refused::NotUtf8(shown(raw)));
    };
    let refuse = |why: PathError| Refused::Name {
        name: shown(raw),
        why: why.to_string(),
    };
    if name.starts_with('/') {
        return Err(refuse(PathError::Absolute));
    }
    let mut rest = name;
    while let Some(inner) = rest.strip_prefix("./") {
        rest = inner.trim_start_matches('/');
    }
    let kind = if name.ends_with('/') { Kind::Folder } else { kind };
    let rest = rest.trim_end_matches('/');
    if matches!(rest, "" | ".") {
        return match kind {
            Kind::Folder => Ok(Named::Nothing { noise: false }),
            Kind::File => Err(refuse(PathError::Empty)),
        };
    }
    // A path on another system: a drive, or steps upwards behind other slashes.
    if rest.split(['/', '\\']).any(|part| part == "..") {
        return Err(refuse(PathError::Dots("..".to_owned())));
    }
    let path = RelPath::parse(rest).map_err(|error| match error {
        PathError::TooDeep(_) => Refused::TooDeep {
            name: shown(raw),
            most: bounds.depth,
        },
        other => refuse(other),
    })?;
    if path.components().any(|part| NOISE.contains(&part)) {
        return Ok(Named::Nothing { noise: true });
    }
    if path.components().count() > bounds.depth {
        return Err(Refused::TooDeep {
            name: shown(raw),
            most: bounds.depth,
        });
    }
    Ok(Named::Entry { path, kind })
}

/// Every name that is taken, folders on the way to a file included.
#[derive(Debug, Default)]
pub struct Taken(HashMap<RelPath, Kind>);

impl Taken {
    /// The same folder may be named any number of times, a file once.
    pub fn take(&mut self, path: &RelPath, kind: Kind) -> Result<(), Refused> {
        let twice = || Refused::Twice(shown(path.as_str().as_bytes()));
        let mut above = path.parent();
        while let Some(folder) = above {
            match self.0.get(&folder) {
                Some(Kind::File) => return Err(twice()),
                Some(Kind::Folder) => break,
                None => {}
            }
            above = folder.parent();
            self.0.insert(folder, Kind::Folder);
        }
        match self.0.insert(path.clone(), kind) {
            Some(there) if (there, kind) != (Kind::Folder, Kind::Folder) => Err(twice()),
            _ => Ok(()),
        }
    }
}

/// A name that may hold anything, for people.
pub fn shown(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    format!("\"{shown}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        entries: 10,
        total_bytes: 10,
        file_bytes: 10,
        depth: 4,
    };

    #[test]
    fn names_become_paths_or_are_refused() {
        let entry = |path: &str, kind| {
            let path = RelPath::parse(path).expect("a path");
            Ok(Named::Entry { path, kind })
        };
        type Case<'a> = (&'a [u8], Result<Named, &'a str>);
        let table: [Case<'_>; 20] = [
            (b"main.py", entry("main.py", Kind::File)),
            (b"./a/main.py", entry("a/main.py", Kind::File)),
            (b".//a/", entry("a", Kind::Folder)),
            ("späße.txt".as_bytes(), entry("späße.txt", Kind::File)),
            (b"a\\b.py", entry("a\\b.py", Kind::File)),
            (b"./", Ok(Named::Nothing { noise: false })),
            (b"__MACOSX/x/._main.py", Ok(Named::Nothing { noise: true })),
            (b"x/__pycache__/a.pyc", Ok(Named::Nothing { noise: true })),
            (b"", Err("Name")),
            (b".", Err("Name")),
            (b"/etc/passwd", Err("Name")),
            (b"//x", Err("Name")),
            (b"../x", Err("Name")),
            (b"a/../../x", Err("Name")),
            (b"..\\..\\x", Err("Name")),
            (b"a//b", Err("Name")),
            (b"a\nb", Err("Name")),
            (b"a\0b", Err("Name")),
            (b"caf\xe9.py", Err("NotUtf8")),
            (b"a/b/c/d/e", Err("TooDeep")),
        ];
        for (raw, expected) in table {
            let got = read(raw, Kind::File, &BOUNDS);
            match (&got, &expected) {
                (Ok(got), Ok(expected)) => assert_eq!(got, expected),
                (Err(error), Err(kind)) => {
                    let debug = format!("{error:?}");
                    assert!(debug.starts_with(kind), "{raw:?}: {debug}");
                }
                _ => panic!("{raw:?}: {got:?}"),
            }
        }
    }

    #[test]
    fn a_name_stands_for_one_thing() {
        let take = |names: &[(&str, Kind)]| {
            let mut taken = Taken::default();
            names
                .iter()
                .try_for_each(|(name, kind)| taken.take(&RelPath::parse(name).expect("a path"), *kind))
        };
        use Kind::{File, Folder};
        assert!(take(&[("a", Folder), ("a/b", File), ("a", Folder), ("A", File)]).is_ok());
        for twice in [
            [("a", File), ("a", File)],
            [("a", File), ("a", Folder)],
            [("a", Folder), ("a", File)],
            [("a/b", File), ("a", File)],
            [("a", File), ("a/b/c", File)],
        ] {
            assert!(matches!(take(&twice), Err(Refused::Twice(_))), "{twice:?}");
        }
    }

    #[test]
    fn shown_names_are_printable_and_short() {
        assert_eq!(shown(b"a\n\x1b[31m\xff"), "\"a\\n\\u{1b}[31m\u{fffd}\"");
        assert!(shown(&[b'x'; 5000]).chars().count() < 200);
    }
}
