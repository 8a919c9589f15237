//! A script: its settings. Its files live on the volume, its revisions beside them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::ScriptId;
use super::limits::LimitsPatch;
use super::retention::RetentionWish;
use super::run::Overlap;

#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    pub id: ScriptId,
    pub name: String,
    /// The folder's name on the volume; given once, never changed, never used again.
    pub slug: String,
    pub description: String,
    pub tags: Vec<String>,
    /// The file that is run, relative to the script's folder.
    pub entry_point: String,
    pub paused: bool,
    pub limits: LimitsPatch,
    /// Name of the runner image; `None`: the instance's own.
    pub image: Option<String>,
    /// What a new run does about unfinished ones, unless it says otherwise.
    pub overlap: Overlap,
    /// With [`Overlap::Allow`]: how many may be active at once, if there is a bound.
    pub parallel_limit: Option<u32>,
    /// How long its runs are kept, where it says otherwise than the settings.
    pub retention: RetentionWish,
    /// PEP 508, one package each, as the user asked for them.
    pub requirements: Vec<String>,
    /// Names of packages that are built from their source, which runs their code.
    pub build_from_source: Vec<String>,
    /// What this list and the metadata block of the entry file were when they last were the same; `None` while there is
    /// no block.
    pub inline_agreed: Option<Vec<String>>,
    /// The latest revision; 0 before the first save.
    pub revision: i64,
    /// Of the environment its runs use.
    pub environment_key: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
}

/// How the list of requirements and the metadata block of the entry file stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InlineState {
    InStep,
    /// Only the file was changed.
    FileNewer,
    /// Only the list was changed.
    ListNewer,
    /// Both were.
    Conflict,
    /// There is a block, and it cannot be read.
    Unreadable,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    pub field: &'static str,
    pub message: String,
}

fn invalid<T>(field: &'static str, message: impl Into<String>) -> Result<T, Invalid> {
    Err(Invalid {
        field,
        message: message.into(),
    })
}

pub const NAME_CHARS: usize = 100;
pub const DESCRIPTION_CHARS: usize = 4_000;
pub const TAG_CHARS: usize = 40;
pub const TAGS: usize = 20;

/// The name as it is stored: trimmed, bounded, without control characters.
pub fn check_name(name: &str) -> Result<String, Invalid> {
    let name = name.trim();
    if name.is_empty() {
        return invalid("name", "A script needs a name");
    }
    if name.chars().count() > NAME_CHARS {
        return invalid("name", format!("A name may have at most {NAME_CHARS} characters"));
    }
    if name.chars().any(char::is_control) {
        return invalid("name", "A name may not contain control characters");
    }
    Ok(name.to_owned())
}

pub fn check_description(description: &str) -> Result<String, Invalid> {
    if description.chars().count() > DESCRIPTION_CHARS {
        return invalid(
            "description",
            format!("A description may have at most {DESCRIPTION_CHARS} characters"),
        );
    }
    Ok(description.trim().to_owned())
}

/// Tags are lower-cased and unique, in the order in which they were given.
pub fn check_tags(tags: &[String]) -> Result<Vec<String>, Invalid> {
    let mut checked: Vec<String> = Vec::with_capacity(tags.len());
    for tag in tags {
        let tag = tag.trim().to_lowercase();
        if tag.is_empty() || tag.chars().count() > TAG_CHARS {
            return invalid("tags", format!("A tag has 1 to {TAG_CHARS} characters"));
        }
        if tag.chars().any(|c| c.is_control() || c == ',') {
            return invalid(
                "tags",
                format!("The tag {tag:?} may not contain commas or control characters"),
            );
        }
        if !checked.contains(&tag) {
            checked.push(tag);
        }
    }
    if checked.len() > TAGS {
        return invalid("tags", format!("A script may have at most {TAGS} tags"));
    }
    Ok(checked)
}

/// How many runs of a script may be active at once.
pub fn check_parallel_limit(limit: Option<u32>) -> Result<Option<u32>, Invalid> {
    match limit {
        Some(0 | 1_001..) => invalid("parallel_limit", "Between 1 and 1000 runs may go side by side"),
        _ => Ok(limit),
    }
}

/// A folder name for this script: readable, safe on every file system, unique by the id's end.
pub fn slug(name: &str, id: &ScriptId) -> String {
    let mut readable = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => readable.push(c),
            _ if !readable.ends_with('-') && !readable.is_empty() => readable.push('-'),
            _ => {}
        }
        if readable.len() == 40 {
            break;
        }
    }
    let tail = &id.as_str()[id.as_str().len().saturating_sub(8)..];
    match readable.trim_end_matches('-') {
        "" => format!("script-{tail}"),
        readable => format!("{readable}-{tail}"),
    }
}

/// Values that tests start from.
#[cfg(test)]
pub(crate) mod tests_support {
    use super::*;

    pub(crate) fn script(name: &str) -> Script {
        let id = ScriptId::generate();
        Script {
            slug: slug(name, &id),
            id,
            name: name.to_owned(),
            description: String::new(),
            tags: vec![],
            entry_point: "main.py".to_owned(),
            paused: false,
            limits: LimitsPatch::default(),
            image: None,
            overlap: Overlap::default(),
            parallel_limit: None,
            retention: RetentionWish::default(),
            requirements: vec![],
            build_from_source: vec![],
            inline_agreed: None,
            revision: 0,
            environment_key: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            deleted_at: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_and_plain() {
        assert_eq!(check_name("  Nightly report ").as_deref(), Ok("Nightly report"));
        for bad in ["", "   ", "a\nb", &"x".repeat(101)] {
            assert_eq!(check_name(bad).expect_err(bad).field, "name");
        }
    }

    #[test]
    fn tags_are_folded_once() {
        let tags = ["ETL", "etl ", "prod"].map(str::to_owned);
        assert_eq!(check_tags(&tags), Ok(vec!["etl".to_owned(), "prod".to_owned()]));
        assert!(check_tags(&["a,b".to_owned()]).is_err());
    }

    #[test]
    fn slugs_are_safe_folder_names() {
        let id = ScriptId::generate();
        for name in [
            "Nightly report",
            "../../etc",
            "日本語",
            "a".repeat(200).as_str(),
            "--",
            ".",
        ] {
            let slug = slug(name, &id);
            assert!(slug.len() <= 60 && !slug.starts_with(['-', '.']), "{slug}");
            assert!(
                slug.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{slug}"
            );
        }
    }
}
