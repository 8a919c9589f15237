//! A runner image: what scripts run in, and how far it is from being usable.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::script::Invalid;

const NAME_CHARS: usize = 128;
const REFERENCE_CHARS: usize = 255;
const SYSTEM_PACKAGES: usize = 50;
const PACKAGE_CHARS: usize = 100;

#[derive(Debug, Clone, PartialEq)]
pub struct RunnerImage {
    /// What scripts say; unique.
    pub name: String,
    /// The image it is made from, or is.
    pub base: String,
    /// Names of Debian packages that are installed on the base.
    pub system_packages: Vec<String>,
    pub state: ImageState,
    /// Why it is not usable, or could not be renewed.
    pub message: Option<String>,
    /// What the engine is asked for, once there is something.
    pub reference: Option<String>,
    pub origin: Option<ImageOrigin>,
    /// Whether the base was brought here for this image.
    pub base_pulled: bool,
    /// The content's id; equal ids are equal images.
    pub digest: Option<String>,
    /// Versions of what is in it.
    pub python: Option<String>,
    pub uv: Option<String>,
    pub size_bytes: Option<u64>,
    pub added_at: Timestamp,
    /// When its content last became what it is.
    pub prepared_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImageState {
    /// It is pulled, built or looked into; one that was usable before still is.
    Preparing,
    Ready,
    /// It could not be made usable; `message` says why.
    Failed,
    /// It was usable, and the engine no longer has it.
    Missing,
    /// It is on its way out.
    Removing,
}

/// Where it came from, which says what may be removed with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImageOrigin {
    /// It was here before.
    Found,
    /// It was pulled when it was added.
    Pulled,
    /// It was built on its base.
    Built,
}

impl RunnerImage {
    /// One that nothing is known of yet.
    pub fn new(name: String, base: String, now: Timestamp) -> Self {
        Self {
            name,
            base,
            system_packages: Vec::new(),
            state: ImageState::Preparing,
            message: None,
            reference: None,
            origin: None,
            base_pulled: false,
            digest: None,
            python: None,
            uv: None,
            size_bytes: None,
            added_at: now,
            prepared_at: None,
        }
    }

    /// What a run's engine is asked for.
    pub fn to_start(&self) -> &str {
        self.reference.as_deref().unwrap_or(&self.base)
    }
}

fn invalid<T>(field: &'static str, message: String) -> Result<T, Invalid> {
    Err(Invalid { field, message })
}

/// A reference as an engine takes it: `[host[:port]/]path[:tag][@digest]`. The engine judges the rest.
pub fn check_reference(text: &str) -> Result<String, Invalid> {
    let text = text.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if text.is_empty() || text.len() > REFERENCE_CHARS || !begins || !text.chars().all(fits) {
        return invalid(
            "base",
            format!("{text:?} is not the name of an image; write it as in \"python:3.12-slim-trixie\""),
        );
    }
    Ok(text.to_owned())
}

/// A name for people; it appears in addresses and lists.
pub fn check_name(text: &str) -> Result<String, Invalid> {
    let text = text.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-/:@+".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if text.is_empty() || text.len() > NAME_CHARS || !begins || !text.chars().all(fits) {
        return invalid(
            "name",
            format!("An image's name has 1 to {NAME_CHARS} of the characters A-Z a-z 0-9 . _ - / : @ +"),
        );
    }
    Ok(text.to_owned())
}

/// Names of Debian packages (Debian Policy 5.6.1), sorted, each once.
pub fn check_system_packages(list: &[String]) -> Result<Vec<String>, Invalid> {
    let mut packages = Vec::with_capacity(list.len());
    for name in list
        .iter()
        .map(|name| name.trim())
        .filter(|name| !name.is_empty())
    {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
        let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        if name.len() < 2 || name.len() > PACKAGE_CHARS || !begins || !name.chars().all(fits) {
            return invalid(
                "system_packages",
                format!("{name:?} is not the name of a Debian package, such as \"ffmpeg\""),
            );
        }
        packages.push(name.to_owned());
    }
    packages.sort_unstable();
    packages.dedup();
    if packages.len() > SYSTEM_PACKAGES {
        return invalid(
            "system_packages",
            format!("At most {SYSTEM_PACKAGES} packages can be added to an image"),
        );
    }
    Ok(packages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_and_names_are_plain() {
        for good in [
            "python:3.12-slim",
            "host:5000/team/python@sha256:00",
            " python ",
            "a",
        ] {
            assert_eq!(check_reference(good).as_deref(), Ok(good.trim()));
            assert_eq!(check_name(good).as_deref(), Ok(good.trim()));
        }
        for bad in [
            "",
            "-q",
            "--all",
            "a b",
            "a\nb",
            "../x",
            "a;b",
            "ä",
            &"x".repeat(256),
        ] {
            assert_eq!(check_reference(bad).expect_err(bad).field, "base");
            assert_eq!(check_name(bad).expect_err(bad).field, "name");
        }
    }

    #[test]
    fn debian_packages_are_names_and_nothing_else() {
        let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(
            check_system_packages(&list(&["libpq5", " ffmpeg", "g++", "ffmpeg", ""])),
            Ok(list(&["ffmpeg", "g++", "libpq5"]))
        );
        for bad in ["-y", "a", "curl;reboot", "$(id)", "Ffmpeg", "a b"] {
            let refused = check_system_packages(&list(&[bad])).expect_err(bad);
            assert_eq!(refused.field, "system_packages");
        }
        let many = (0..51).map(|n| format!("package{n}")).collect::<Vec<_>>();
        assert!(check_system_packages(&many).is_err());
    }
}
