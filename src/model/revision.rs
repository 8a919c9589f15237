//! Revisions of a script's files: who made one, and what it may be called. What is in them is kept by `files`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// In characters.
pub const LONGEST_LABEL: usize = 80;

/// Who, or what, made a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MadeBy {
    /// With the script.
    Created,
    /// Somebody in a browser.
    Editor,
    /// A program, through the API.
    Api,
    /// Going back to an earlier revision.
    Restore,
    /// An archive or a file.
    Import,
    /// The list of packages, written into the entry file.
    Dependencies,
    /// The script itself, or somebody at the volume.
    Outside,
    Template,
    Duplicate,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLabel {
    #[error("a label has at most {LONGEST_LABEL} characters")]
    TooLong,
    #[error("a label is one line without control characters")]
    Unprintable,
}

/// As it is kept: trimmed; `None` where nothing is left.
pub fn label(text: &str) -> Result<Option<String>, InvalidLabel> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err(InvalidLabel::Unprintable);
    }
    if text.chars().count() > LONGEST_LABEL {
        return Err(InvalidLabel::TooLong);
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_one_short_line() {
        assert_eq!(
            label("  before the move "),
            Ok(Some("before the move".to_owned()))
        );
        assert_eq!(label(" \u{a0}"), Ok(None));
        assert_eq!(label(&"é".repeat(LONGEST_LABEL)).map(|l| l.is_some()), Ok(true));
        assert_eq!(label(&"é".repeat(LONGEST_LABEL + 1)), Err(InvalidLabel::TooLong));
        for bad in ["a\nb", "\u{1b}[31m", "a\0"] {
            assert_eq!(label(bad), Err(InvalidLabel::Unprintable), "{bad:?}");
        }
    }
}
