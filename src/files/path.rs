//! A path inside a folder, checked once: relative, plain, bounded, and printable.
//!
//! Being a [`RelPath`] says nothing about what is on disk; links are [`super::Folder`]'s concern.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const MAX_BYTES: usize = 1024;
const MAX_COMPONENT_BYTES: usize = 255;
pub(super) const MAX_DEPTH: usize = 32;

/// UTF-8, components separated by `/`, at most 1,024 bytes, 255 per component and 32 components; no empty, `.` or
/// `..` component; no control characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RelPath(String);

/// Why a text is no [`RelPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    #[error("the path is empty")]
    Empty,
    #[error("the path starts with a slash; paths are relative to the folder")]
    Absolute,
    #[error("the path has an empty part (two slashes in a row, or one at the end)")]
    EmptyPart,
    #[error("the path has a part {0:?}, which could lead elsewhere")]
    Dots(String),
    #[error("the path has a control character ({0:?})")]
    Control(char),
    #[error("the path is {0} bytes long; at most {MAX_BYTES} are allowed")]
    TooLong(usize),
    #[error("a part of the path is {0} bytes long; at most {MAX_COMPONENT_BYTES} are allowed")]
    PartTooLong(usize),
    #[error("the path is {0} folders deep; at most {MAX_DEPTH} are allowed")]
    TooDeep(usize),
    #[error("a folder cannot be moved into itself")]
    IntoItself,
}

impl RelPath {
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.is_empty() {
            return Err(PathError::Empty);
        }
        if text.len() > MAX_BYTES {
            return Err(PathError::TooLong(text.len()));
        }
        if let Some(c) = text.chars().find(|c| c.is_control()) {
            return Err(PathError::Control(c));
        }
        if text.starts_with('/') {
            return Err(PathError::Absolute);
        }
        let mut depth = 0;
        for part in text.split('/') {
            depth += 1;
            match part {
                "" => return Err(PathError::EmptyPart),
                "." | ".." => return Err(PathError::Dots(part.to_owned())),
                _ if part.len() > MAX_COMPONENT_BYTES => return Err(PathError::PartTooLong(part.len())),
                _ => {}
            }
        }
        if depth > MAX_DEPTH {
            return Err(PathError::TooDeep(depth));
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// The last component.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.to_owned()))
    }

    pub fn join(&self, component: &str) -> Result<Self, PathError> {
        Self::parse(&format!("{}/{component}", self.0))
    }

    /// What follows `folder/` in this path, if it is inside that folder.
    pub fn inside(&self, folder: &Self) -> Option<&str> {
        self.0.strip_prefix(folder.as_str())?.strip_prefix('/')
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RelPath {
    type Err = PathError;
    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for RelPath {
    type Error = PathError;
    fn try_from(text: String) -> Result<Self, PathError> {
        Self::parse(&text)
    }
}

impl From<RelPath> for String {
    fn from(path: RelPath) -> Self {
        path.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_paths_are_taken_as_they_are() {
        for text in [
            "main.py",
            "a/b/c.txt",
            "…",
            "with space",
            ".hidden",
            "...",
            "a/..b",
            "-rf",
            "a\\b",
            "~",
        ] {
            assert_eq!(RelPath::parse(text).map(String::from), Ok(text.to_owned()));
        }
        assert!(RelPath::parse(&"x".repeat(255)).is_ok());
        assert!(RelPath::parse(&["d"; 32].join("/")).is_ok());
    }

    #[test]
    fn what_is_wrong_with_a_path_is_said() {
        let long = "x".repeat(256);
        let cases: &[(&str, PathError)] = &[
            ("", PathError::Empty),
            ("/etc/passwd", PathError::Absolute),
            ("a//b", PathError::EmptyPart),
            ("a/", PathError::EmptyPart),
            (".", PathError::Dots(".".into())),
            ("../x", PathError::Dots("..".into())),
            ("a/../b", PathError::Dots("..".into())),
            ("a/..", PathError::Dots("..".into())),
            ("a\0b", PathError::Control('\0')),
            ("a\nb", PathError::Control('\n')),
            ("a\u{7f}", PathError::Control('\u{7f}')),
            ("a\u{9b}", PathError::Control('\u{9b}')),
            (&long, PathError::PartTooLong(256)),
        ];
        for (text, error) in cases {
            assert_eq!(RelPath::parse(text).as_ref(), Err(error), "{text:?}");
        }
        assert_eq!(RelPath::parse(&["d"; 33].join("/")), Err(PathError::TooDeep(33)));
        assert_eq!(
            RelPath::parse(&["dd"; 400].join("/")),
            Err(PathError::TooLong(1199))
        );
    }

    #[test]
    fn parts_of_a_path() {
        let path = RelPath::parse("a/b/c").unwrap();
        assert_eq!(path.name(), "c");
        assert_eq!(path.parent().unwrap().as_str(), "a/b");
        assert_eq!(path.inside(&RelPath::parse("a").unwrap()), Some("b/c"));
        assert_eq!(path.inside(&RelPath::parse("a/b/c").unwrap()), None);
        assert_eq!(
            RelPath::parse("ab")
                .unwrap()
                .inside(&RelPath::parse("a").unwrap()),
            None
        );
        assert!(path.join("..").is_err());
    }

    proptest! {
        #[test]
        fn no_accepted_path_can_lead_elsewhere(text in r"[a./\PC]{0,40}") {
            if let Ok(path) = RelPath::parse(&text) {
                prop_assert!(std::path::Path::new(path.as_str())
                    .components()
                    .all(|c| matches!(c, std::path::Component::Normal(_))));
            }
        }
    }
}
