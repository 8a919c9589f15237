//! Options of pip in a file of requirements: which there are, and what each comes to here. Pure.
//!
//! Addresses are never repeated in a message: one may hold a password.

use super::{Reading, short};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Index,
    ExtraIndex,
    NoIndex,
    FindLinks,
    Constraints,
    Requirements,
    Editable,
    NoBinary,
    WheelsOnly,
    Hashes,
    Pre,
    TrustedHost,
    Building,
    Feature,
    Unknown,
}

/// Names, and whether a value follows.
const KNOWN: &[(&[&str], Kind, bool)] = &[
    (&["-i", "--index-url", "--pypi-url"], Kind::Index, true),
    (&["--extra-index-url"], Kind::ExtraIndex, true),
    (&["--no-index"], Kind::NoIndex, false),
    (&["-f", "--find-links"], Kind::FindLinks, true),
    (&["-c", "--constraint"], Kind::Constraints, true),
    (&["-r", "--requirement"], Kind::Requirements, true),
    (&["-e", "--editable"], Kind::Editable, true),
    (&["--no-binary"], Kind::NoBinary, true),
    (&["--only-binary"], Kind::WheelsOnly, true),
    (&["--prefer-binary"], Kind::WheelsOnly, false),
    (&["--hash"], Kind::Hashes, true),
    (&["--require-hashes"], Kind::Hashes, false),
    (&["--pre"], Kind::Pre, false),
    (&["--trusted-host"], Kind::TrustedHost, true),
    (
        &["-C", "--config-settings", "--config-setting"],
        Kind::Building,
        true,
    ),
    (
        &["--global-option", "--build-option", "--install-option"],
        Kind::Building,
        true,
    ),
    (&["--use-feature"], Kind::Feature, true),
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asks {
    kind: Kind,
    /// As it is written.
    name: String,
    value: String,
}

pub(super) fn read(text: &str) -> Vec<Asks> {
    let mut all = Vec::new();
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let (name, glued) = name_and_value(word);
        let known = KNOWN.iter().find(|(names, ..)| names.contains(&name));
        let (kind, valued) = known.map_or((Kind::Unknown, false), |(_, kind, valued)| (*kind, *valued));
        let value = match glued {
            Some(value) => value,
            None if valued => words.next().unwrap_or(""),
            None => "",
        };
        all.push(Asks {
            kind,
            name: name.to_owned(),
            value: value.trim_matches(['"', '\'']).to_owned(),
        });
    }
    all
}

/// `--name=value`, `-nvalue` or a name alone.
fn name_and_value(word: &str) -> (&str, Option<&str>) {
    if word.starts_with("--") || !word.starts_with('-') {
        return match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
    }
    let short = word.char_indices().nth(2).map_or(word.len(), |(at, _)| at);
    let (name, value) = word.split_at(short);
    let value = value.strip_prefix('=').unwrap_or(value);
    (name, (!value.is_empty()).then_some(value))
}

/// Of a line of nothing but options; what cannot be had outweighs the rest.
pub(super) fn reading(options: &[Asks]) -> Reading {
    let mut indexes = Vec::new();
    let mut needless = None;
    for option in options {
        match option.reading() {
            Reading::Indexes(more) => indexes.extend(more),
            Reading::Needless(why) => needless = needless.or(Some(why)),
            refused => return refused,
        }
    }
    match needless {
        _ if !indexes.is_empty() => Reading::Indexes(indexes),
        Some(why) => Reading::Needless(why),
        None => Reading::Nothing,
    }
}

/// What is not taken over of a requirement's own options, for people.
pub(super) fn left_out(options: &[Asks]) -> Option<String> {
    let hashes = options
        .iter()
        .filter(|option| option.kind == Kind::Hashes)
        .count();
    let mut others: Vec<String> = options
        .iter()
        .filter(|option| option.kind != Kind::Hashes)
        .map(|option| short(&option.name))
        .collect();
    others.dedup();
    others.truncate(5);
    let hashes = match hashes {
        0 => None,
        1 => Some("Its hash is left out: the lock has its own.".to_owned()),
        n => Some(format!("Its {n} hashes are left out: the lock has its own.")),
    };
    let others = (!others.is_empty()).then(|| format!("Left out: {}.", others.join(", ")));
    let notes: Vec<String> = [hashes, others].into_iter().flatten().collect();
    (!notes.is_empty()).then(|| notes.join(" "))
}

impl Asks {
    fn reading(&self) -> Reading {
        let refused = |why: &str| Reading::Refused(why.to_owned());
        let needless = |why: &str| Reading::Needless(why.to_owned());
        match self.kind {
            Kind::Index => refused(
                "The index is the same for all scripts: whoever runs PyTask-Manager sets it with PYTASK_INDEX_URL.",
            ),
            Kind::ExtraIndex => Reading::Indexes(vec![self.value.clone()]),
            Kind::NoIndex | Kind::FindLinks => {
                refused("Packages come from indexes only. Settings, Packages, says from which.")
            }
            Kind::Constraints => Reading::Refused(format!(
                "Files of constraints are not read. Add the lines of {} that matter to this list; the lock pins \
                 everything else.",
                self.file()
            )),
            Kind::Requirements => Reading::Refused(format!(
                "Other files are not read from here. Import {} as well.",
                self.file()
            )),
            Kind::Editable if super::is_repository(&self.value) => refused(super::REPOSITORY),
            Kind::Editable => refused(super::PATH),
            Kind::NoBinary if self.value == ":none:" => needless("Wheels are taken."),
            Kind::NoBinary if self.value.starts_with(':') || self.value.is_empty() => refused(
                "Wheels are taken wherever there are any. Name packages that have none under “Build from source”.",
            ),
            Kind::NoBinary => Reading::Refused(format!(
                "What is built from source is chosen apart from the list: name {} under “Build from source”.",
                short(&self.value)
            )),
            Kind::WheelsOnly => needless("Only wheels are taken anyway, unless a script says otherwise."),
            Kind::Hashes => needless("The lock always has hashes, and they are always checked."),
            Kind::Pre => refused(
                "Pre-releases are taken only of packages whose requirement names one, such as name>=2.0rc1.",
            ),
            Kind::TrustedHost => refused(
                "Certificates are always checked. One of your own authority is set with PYTASK_EXTRA_CA.",
            ),
            Kind::Building => refused("Options for building are not handed on."),
            Kind::Feature => needless("It is about pip, which is not used here."),
            Kind::Unknown => {
                Reading::Refused(format!("{} is no option that is known here.", short(&self.name)))
            }
        }
    }

    fn file(&self) -> String {
        if self.value.is_empty() || self.value.contains("://") {
            "that file".to_owned()
        } else {
            short(&self.value)
        }
    }
}
