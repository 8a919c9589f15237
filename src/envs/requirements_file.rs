//! Files of requirements as pip reads them (`requirements.txt`), line by line. Pure.
//!
//! <https://pip.pypa.io/en/stable/reference/requirements-file-format/>. Lines are joined at `\` first and comments cut
//! afterwards, as pip does. Every line that is not blank belongs to exactly one [`Line`], and what cannot be had here is
//! told in whole sentences, with what to do instead. Other files are never opened and variables never filled in: what is
//! read here was written by anybody. How the lines stand to a script's list is for [`import`].

pub mod import;
mod options;

use pep508_rs::{Requirement, VerbatimUrl, VersionOrUrl};

use super::requirements;

/// A lock of five hundred packages with all their hashes is half of it.
pub const LARGEST: usize = 1024 * 1024;
/// Of lines that ask for something, joined.
pub const MOST: usize = 1_000;

/// What is too much of a file to be one of requirements, or too much for a script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TooMuch {
    #[error("A file of requirements may have at most 1 MiB")]
    Bytes,
    #[error("A file of requirements may have at most {MOST} lines besides comments")]
    Lines,
    #[error(
        "With this file the script would have {0} requirements; it may have at most {most}",
        most = requirements::MOST
    )]
    Requirements(usize),
}

/// A line, and what it was joined with.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Numbers of the lines in the file, from 1: people see them.
    pub first: usize,
    pub last: usize,
    /// Joined, without comment.
    pub text: String,
    pub reading: Reading,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// A comment, or an empty line that was joined.
    Nothing,
    Asked(Box<Asked>),
    /// It needs nothing here; why.
    Needless(String),
    /// Addresses of indexes besides the usual one.
    Indexes(Vec<String>),
    /// It cannot be had; why, and what to do.
    Refused(String),
}

/// A requirement as a script's list may hold it.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub text: String,
    pub requirement: Requirement<VerbatimUrl>,
    /// What of the line is left out, or what to think of.
    pub note: Option<String>,
}

pub fn read(text: &str) -> Result<Vec<Line>, TooMuch> {
    if text.len() > LARGEST {
        return Err(TooMuch::Bytes);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines = Vec::new();
    let mut asking = 0;
    for (first, last, joined) in joined(&text) {
        let text = requirements::without_comment(&joined).to_owned();
        let reading = reading(&text);
        asking += usize::from(reading != Reading::Nothing);
        if asking > MOST {
            return Err(TooMuch::Lines);
        }
        lines.push(Line {
            first,
            last,
            text,
            reading,
        });
    }
    Ok(lines)
}

/// Lines that end in `\` together with what follows; blank ones are left out. A comment ends what it continues.
fn joined(text: &str) -> Vec<(usize, usize, String)> {
    let mut all = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in (1..).zip(text.split('\n')) {
        let (first, mut joined) = match open.take() {
            Some(open) => open,
            None if line.trim().is_empty() => continue,
            None => (number, String::new()),
        };
        let comment = line.trim_start().starts_with('#');
        if comment {
            // What it is joined to would hide that it is one.
            joined.push(' ');
        }
        if line.ends_with('\\') && !comment {
            joined.push_str(line.trim_end_matches('\\'));
            open = Some((first, joined));
        } else {
            joined.push_str(line);
            all.push((first, number, joined));
        }
    }
    if let Some((first, joined)) = open {
        all.push((first, text.split('\n').count(), joined));
    }
    all
}

fn reading(line: &str) -> Reading {
    if line.is_empty() {
        return Reading::Nothing;
    }
    let (asked, rest) = apart(line);
    let options = options::read(rest);
    if asked.is_empty() {
        return options::reading(&options);
    }
    // Before anything looks at it more than once.
    if asked.len() > requirements::LONGEST {
        let most = requirements::LONGEST;
        return Reading::Refused(format!("A requirement may have at most {most} characters."));
    }
    if let Some(name) = variable(asked) {
        return Reading::Refused(format!(
            "Variables such as {} are not filled in here. Write the line with its value.",
            short(name)
        ));
    }
    match requirement(asked) {
        Ok(mut found) => {
            let left_out = options::left_out(&options);
            let notes = [found.note.take(), left_out];
            let notes: Vec<String> = notes.into_iter().flatten().collect();
            found.note = (!notes.is_empty()).then(|| notes.join(" "));
            Reading::Asked(Box::new(found))
        }
        Err(why) => Reading::Refused(why),
    }
}

/// The requirement and the options behind it, which begin with the first word that begins with `-`.
fn apart(line: &str) -> (&str, &str) {
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        if c == '-' && before.is_whitespace() {
            return (line[..at].trim_end(), &line[at..]);
        }
        before = c;
    }
    (line, "")
}

/// A variable that pip would fill in: `${NAME}`.
fn variable(text: &str) -> Option<&str> {
    text.match_indices("${").find_map(|(at, _)| {
        let end = at + text[at..].find('}')?;
        let name = &text[at + 2..end];
        let good = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        (!name.is_empty() && name.chars().all(good)).then(|| &text[at..=end])
    })
}

fn requirement(text: &str) -> Result<Asked, String> {
    let address = text.split_whitespace().next().unwrap_or(text);
    let named = if address.starts_with("http://") {
        return Err(INSECURE.to_owned());
    } else if is_web(address) {
        format!("{} @ {text}", wheel_name(address).ok_or(NAMELESS)?)
    } else if is_repository(address) {
        return Err(REPOSITORY.to_owned());
    } else if is_path(address) {
        return Err(PATH.to_owned());
    } else {
        text.to_owned()
    };
    if let Some((name, address)) = named.split_once('@').map(|(name, at)| (name.trim(), at.trim())) {
        if is_repository(address) {
            return Err(REPOSITORY.to_owned());
        }
        if !is_web(address) && is_path(address) {
            return Err(format!(
                "It was installed from a folder of the machine that this list is from. Ask for {}, if need be with \
                 its version.",
                short(name)
            ));
        }
    }
    let requirement = requirements::read(&named).map_err(|wrong| {
        format!(
            "Column {}: {}.",
            wrong.column + 1,
            wrong.message.trim_end_matches('.')
        )
    })?;
    let note = match &requirement.version_or_url {
        Some(VersionOrUrl::Url(url)) if !url.path().ends_with(".whl") => Some(format!(
            "It is no wheel: name {} under “Build from source” as well, which runs its code.",
            requirement.name
        )),
        _ => None,
    };
    Ok(Asked {
        text: named,
        requirement,
        note,
    })
}

const NAMELESS: &str =
    "An address without a name. Write it as NAME @ https://…, with the name of the package.";
const INSECURE: &str = "A package's address must begin with https://.";
const REPOSITORY: &str = "Repositories are not installed from. Ask for a release, or write NAME @ https://… for an \
     archive of it.";
const PATH: &str = "Files and folders of your own machine cannot be installed from here. Put modules beside the entry \
     file, and ask for what they need.";

/// What was written, as far as a sentence has room for it.
fn short(written: &str) -> String {
    const MOST: usize = 60;
    match written.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &written[..at]),
        None => written.to_owned(),
    }
}

fn is_web(address: &str) -> bool {
    address.starts_with("https://") || address.starts_with("http://")
}

fn is_repository(address: &str) -> bool {
    ["git", "hg", "svn", "bzr"].iter().any(|kind| {
        address
            .strip_prefix(kind)
            .is_some_and(|rest| rest.starts_with('+') || rest.starts_with("://"))
    })
}

fn is_path(address: &str) -> bool {
    let drive = address
        .get(1..3)
        .is_some_and(|colon| colon == ":\\" || colon == ":/");
    let archive = [".whl", ".zip", ".tar.gz", ".tar.bz2"];
    let name = address.split(['@', '[', ';']).next().unwrap_or(address);
    drive
        || address.starts_with(['.', '/', '~', '\\'])
        || address.starts_with("file:")
        || name.contains(['/', '\\'])
        || archive.iter().any(|end| name.ends_with(end))
}

/// A wheel says in its name which package it is.
fn wheel_name(address: &str) -> Option<&str> {
    let path = address.split(['?', '#']).next()?;
    let (name, _) = path.rsplit('/').next()?.strip_suffix(".whl")?.split_once('-')?;
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
#[path = "requirements_file_tests.rs"]
mod tests;
