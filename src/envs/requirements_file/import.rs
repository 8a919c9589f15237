//! How the lines of a file come into a script's list: what is new, what replaces what, what stays out and why. Pure.
//!
//! A package of the file replaces the whole of what the list says of it; the rest of the list stays, unless the file is
//! to be all there is. Nothing is stored here: whoever confirms saves [`Import::requirements`] like any other list.

use std::collections::{HashMap, HashSet};

use pep508_rs::{Requirement, VerbatimUrl};

use super::{Asked, Line, Reading, TooMuch};
use crate::envs::{policy, requirements};
use crate::model::packages::Packages;

/// What becomes of packages in the list that the file does not name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Others {
    #[default]
    Keep,
    Remove,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// One for each line that was read.
    pub fates: Vec<Fate>,
    /// The list as it would be.
    pub requirements: Vec<String>,
    /// Of the list as it is: what would go with nothing of the same package in its place.
    pub removed: Vec<String>,
}

/// What comes of a line, and what there is to say of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    Comment,
    Added {
        note: Option<String>,
    },
    AlreadyThere {
        note: Option<String>,
    },
    Replaces {
        replaced: Vec<String>,
        note: Option<String>,
    },
    /// Another line of the file says the same.
    Merged {
        why: String,
    },
    /// It needs nothing here.
    Ignored {
        why: String,
    },
    NotTaken {
        why: String,
    },
}

pub fn import(
    lines: &[Line],
    list: &[String],
    others: Others,
    packages: &Packages,
) -> Result<Import, TooMuch> {
    let list = List::read(list);
    let mut taken = Taken::default();
    let verdicts: Vec<_> = lines
        .iter()
        .map(|line| verdict(line, &mut taken, packages))
        .collect();
    let fates = verdicts
        .into_iter()
        .map(|verdict| match verdict {
            Verdict::Take(asked) => list.fate(asked, &taken),
            Verdict::Leave(fate) => fate,
        })
        .collect();
    let (requirements, removed) = list.with(&taken, others);
    if requirements.len() > requirements::MOST {
        return Err(TooMuch::Requirements(requirements.len()));
    }
    Ok(Import {
        fates,
        requirements,
        removed,
    })
}

/// What is taken of the file.
#[derive(Default)]
struct Taken<'a> {
    /// With the number of its line; each package has at least one.
    by_name: HashMap<String, Vec<(usize, &'a Asked)>>,
    /// Packages as they come.
    order: Vec<String>,
}

enum Verdict<'a> {
    Take(&'a Asked),
    Leave(Fate),
}

/// The line by itself and against those before it; it is noted if it is taken.
fn verdict<'a>(line: &'a Line, taken: &mut Taken<'a>, packages: &Packages) -> Verdict<'a> {
    let asked = match &line.reading {
        Reading::Asked(asked) => asked,
        other => return Verdict::Leave(unasked(other, packages)),
    };
    let not_taken = |why| Verdict::Leave(Fate::NotTaken { why });
    if let Err(refused) = policy::admit(std::slice::from_ref(&asked.text), packages) {
        return not_taken(format!("{refused}."));
    }
    let name = asked.requirement.name.to_string();
    let before = taken.by_name.entry(name.clone()).or_default();
    for (number, other) in before.iter() {
        let other = &other.requirement;
        if *other == asked.requirement {
            let why = format!("Line {number} says the same.");
            return Verdict::Leave(Fate::Merged { why });
        }
        // Both may stand if there is no machine for which both hold.
        if !other.marker.is_disjoint(&asked.requirement.marker) {
            let why = format!("Line {number} asks for {name} in another way. Make one line of the two.");
            return not_taken(why);
        }
    }
    if before.is_empty() {
        taken.order.push(name);
    }
    before.push((line.first, asked));
    Verdict::Take(asked)
}

fn unasked(reading: &Reading, packages: &Packages) -> Fate {
    match reading {
        Reading::Nothing | Reading::Asked(_) => Fate::Comment,
        Reading::Needless(why) => Fate::Ignored { why: why.clone() },
        Reading::Refused(why) => Fate::NotTaken { why: why.clone() },
        Reading::Indexes(urls) => {
            let same = |a: &str, b: &str| a.trim_end_matches('/') == b.trim_end_matches('/');
            let known = |url: &String| packages.extra_index_urls.iter().any(|known| same(known, url));
            if urls.iter().all(known) {
                let why = "Settings, Packages, has this index already.".to_owned();
                Fate::Ignored { why }
            } else {
                let why =
                    "Indexes are the same for all scripts. Add this one in Settings, Packages.".to_owned();
                Fate::NotTaken { why }
            }
        }
    }
}

/// The list as it is.
struct List<'a> {
    entries: Vec<Entry<'a>>,
    by_name: HashMap<String, Vec<usize>>,
}

struct Entry<'a> {
    text: &'a str,
    /// `None` for what is none: it may be that somebody is still typing.
    requirement: Option<Requirement<VerbatimUrl>>,
}

impl<'a> List<'a> {
    fn read(list: &'a [String]) -> Self {
        let read = |text: &'a String| Entry {
            text,
            requirement: requirements::read(requirements::without_comment(text)).ok(),
        };
        let entries: Vec<Entry<'a>> = list.iter().map(read).collect();
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, entry) in entries.iter().enumerate() {
            if let Some(name) = entry.name() {
                by_name.entry(name).or_default().push(at);
            }
        }
        Self { entries, by_name }
    }

    fn of(&self, name: &str) -> Vec<&Entry<'a>> {
        let places = self.by_name.get(name).into_iter().flatten();
        places.map(|at| &self.entries[*at]).collect()
    }

    /// Whether the file says of the package what the list says.
    fn agrees(&self, name: &str, taken: &Taken<'_>) -> bool {
        let (there, new) = (self.of(name), &taken.by_name[name]);
        let has = |wanted| {
            there
                .iter()
                .any(|entry| entry.requirement.as_ref() == Some(wanted))
        };
        there.len() == new.len() && new.iter().all(|(_, asked)| has(&asked.requirement))
    }

    /// What a requirement that is taken does to the list.
    fn fate(&self, asked: &Asked, taken: &Taken<'_>) -> Fate {
        let name = asked.requirement.name.to_string();
        let note = asked.note.clone();
        let there = self.of(&name);
        if there.is_empty() {
            Fate::Added { note }
        } else if self.agrees(&name, taken) {
            Fate::AlreadyThere { note }
        } else {
            let replaced = there.iter().map(|entry| entry.text.to_owned()).collect();
            Fate::Replaces { replaced, note }
        }
    }

    /// The list as it would be, and what would be gone from it. What is replaced keeps its place.
    fn with(&self, taken: &Taken<'_>, others: Others) -> (Vec<String>, Vec<String>) {
        let named = |entry: &Entry<'_>| entry.name().filter(|name| taken.by_name.contains_key(name));
        let left: Vec<String> = match others {
            Others::Keep => Vec::new(),
            Others::Remove => {
                let unnamed = self.entries.iter().filter(|entry| named(entry).is_none());
                let says = |text: &&str| !requirements::without_comment(text).is_empty();
                unnamed
                    .map(|entry| entry.text)
                    .filter(says)
                    .map(str::to_owned)
                    .collect()
            }
        };
        let mut requirements = Vec::new();
        let mut placed: HashSet<String> = HashSet::new();
        for entry in self.entries.iter().filter(|_| others == Others::Keep) {
            match named(entry) {
                None => requirements.push(entry.text.to_owned()),
                Some(name) if !placed.contains(&name) => {
                    requirements.extend(self.texts(&name, taken));
                    placed.insert(name);
                }
                Some(_) => {}
            }
        }
        for name in taken.order.iter().filter(|name| !placed.contains(*name)) {
            requirements.extend(self.texts(name, taken));
        }
        (requirements, left)
    }

    /// What the list says of the package afterwards: in its own words, if they mean the same.
    fn texts(&self, name: &str, taken: &Taken<'_>) -> Vec<String> {
        if self.agrees(name, taken) {
            self.of(name).iter().map(|entry| entry.text.to_owned()).collect()
        } else {
            taken.by_name[name]
                .iter()
                .map(|(_, asked)| asked.text.clone())
                .collect()
        }
    }
}

impl Entry<'_> {
    fn name(&self) -> Option<String> {
        Some(self.requirement.as_ref()?.name.to_string())
    }
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
