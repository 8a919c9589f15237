//! Names that look like the name of another package: one character more, less, other, or two exchanged. Pure.
//!
//! Who registers such a name waits for somebody's slip. A likeness is no proof, so it is told and blocks nothing. What
//! everybody uses is known from a list of the most downloaded packages; what is used here, from the scripts. A name that
//! everybody uses is never suspected, nor one that the settings allow by name, nor, beside another that is used here, one
//! that is installed already.

use std::cell::LazyCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use super::requirements;
use crate::model::packages::{InUse, Lookalike, Packages};

/// Names, the most downloaded first; `#` begins a comment.
const POPULAR: &str = include_str!("lookalike/popular.txt");

/// With fewer letters everything resembles something: `six` and `sox` are both packages.
const SHORTEST: usize = 4;

static WELL_KNOWN: LazyLock<Names> =
    LazyLock::new(|| Names::new(POPULAR.lines().filter(|line| !line.starts_with('#'))));

/// Names by their length: what is one character away is as long, or one longer or shorter.
struct Names {
    all: HashSet<String>,
    /// With their places in the order they came in.
    by_length: HashMap<usize, Vec<(usize, String)>>,
}

impl Names {
    fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let (mut all, mut by_length) = (HashSet::new(), HashMap::<_, Vec<_>>::new());
        for (place, name) in names.enumerate() {
            all.insert(name.to_owned());
            by_length
                .entry(name.len())
                .or_default()
                .push((place, name.to_owned()));
        }
        Self { all, by_length }
    }

    /// The first of those that are one character away from this one.
    fn near(&self, name: &str) -> Option<&str> {
        let ends = |name: &str| (name.bytes().next(), name.bytes().next_back());
        let (first, last) = ends(name);
        (SHORTEST.max(name.len().saturating_sub(1))..=name.len() + 1)
            .filter(|_| name.len() >= SHORTEST)
            .filter_map(|length| self.by_length.get(&length))
            .flatten()
            // One change is not at both ends.
            .filter(|(_, other)| ends(other).0 == first || ends(other).1 == last)
            .filter(|(_, other)| strsim::osa_distance(name, other) == 1)
            .min_by_key(|(place, _)| *place)
            .map(|(_, other)| other.as_str())
    }
}

/// What a name is by itself.
enum Known {
    Fine,
    Resembles(&'static str),
    /// Neither is it used by many nor like what is.
    Unfamiliar,
}

fn known(package: &str, packages: &Packages) -> Known {
    if WELL_KNOWN.all.contains(package) || packages.allow.iter().any(|allowed| allowed == package) {
        return Known::Fine;
    }
    WELL_KNOWN
        .near(package)
        .map_or(Known::Unfamiliar, Known::Resembles)
}

/// Whether it makes a difference to [`among`] what is used here, which takes looking at every script.
pub fn depends_on_use<'a>(asked: impl IntoIterator<Item = &'a String>, packages: &Packages) -> bool {
    names(asked)
        .iter()
        .any(|name| matches!(known(name, packages), Known::Unfamiliar))
}

/// Those of these requirements whose name is to be looked at twice, each package once.
pub fn among<'a>(
    asked: impl IntoIterator<Item = &'a String>,
    in_use: &InUse,
    packages: &Packages,
) -> Vec<Lookalike> {
    let here = LazyCell::new(|| used_here(in_use, packages));
    let suspect = |package: String| {
        let (resembles, which) = match known(&package, packages) {
            Known::Fine => return None,
            Known::Resembles(other) => (other, "one of the most downloaded packages"),
            Known::Unfamiliar if in_use.installed.contains(&package) => return None,
            Known::Unfamiliar => (here.near(&package)?, "which scripts here use"),
        };
        let message = format!(
            "{package} is one character away from {resembles}, {which}. Check that it is the one you mean."
        );
        Some(Lookalike {
            resembles: resembles.to_owned(),
            message,
            package,
        })
    };
    names(asked).into_iter().filter_map(suspect).collect()
}

fn names<'a>(asked: impl IntoIterator<Item = &'a String>) -> BTreeSet<String> {
    let names = asked
        .into_iter()
        .filter_map(|line| requirements::package_name(line));
    names.collect()
}

/// By name, so that the answer is always the same.
fn used_here(in_use: &InUse, packages: &Packages) -> Names {
    let mut used = names(in_use.asked.iter().chain(&packages.default_requirements));
    used.extend(in_use.installed.iter().cloned());
    Names::new(used.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    /// What the name of this requirement is taken for.
    fn taken_for(requirement: &str, in_use: &InUse, packages: &Packages) -> Option<String> {
        if !depends_on_use(&owned(&[requirement]), packages) {
            let alone = among(&owned(&[requirement]), &InUse::default(), packages);
            assert_eq!(
                among(&owned(&[requirement]), in_use, packages),
                alone,
                "{requirement}"
            );
        }
        let found = among(&owned(&[requirement]), in_use, packages);
        assert!(found.len() < 2, "{found:?}");
        found.into_iter().next().map(|found| found.resembles)
    }

    #[test]
    fn one_slip_from_what_everybody_uses() {
        let table = [
            // Exchanged, left out, added, other.
            ("reqeusts>=2", Some("requests")),
            ("request", Some("requests")),
            ("Flasks[async]", Some("flask")),
            ("nunpy", Some("numpy")),
            ("scikitlearn==1", Some("scikit-learn")),
            ("python_dateutl; python_version > '3'", Some("python-dateutil")),
            ("urlib3", Some("urllib3")),
            ("beautifulsoup5", Some("beautifulsoup4")),
            ("ppandas", Some("pandas")),
            ("pandass", Some("pandas")),
            // Two slips.
            ("reqeust", None),
            ("rekwests", None),
            // Both are packages that many use.
            ("boto", None),
            ("boto3", None),
            ("psycopg", None),
            ("psycopg2", None),
            ("motor", None),
            ("dash", None),
            ("scapy", None),
            ("markdown2", None),
            // Too short to say.
            ("sox", None),
            ("sis", None),
            ("sixx", None),
            ("tqd", None),
            ("tqdn", Some("tqdm")),
            // Nothing like it.
            ("an-internal-package", None),
            ("requests", None),
            ("not a requirement", None),
        ];
        let (nothing, packages) = (InUse::default(), Packages::built_in());
        for (requirement, expected) in table {
            let got = taken_for(requirement, &nothing, &packages);
            assert_eq!(got.as_deref(), expected, "{requirement}");
        }
    }

    #[test]
    fn one_slip_from_what_is_used_here() {
        let in_use = |installed: &[&str], asked: &[&str]| InUse {
            installed: installed.iter().map(|&name| name.to_owned()).collect(),
            asked: owned(asked),
        };
        let with = |defaults: &[&str], allow: &[&str]| Packages {
            default_requirements: owned(defaults),
            allow: owned(allow),
            ..Packages::built_in()
        };
        type Case<'a> = (&'a str, InUse, Packages, Option<&'a str>);
        let none = || with(&[], &[]);
        let table: [Case<'_>; 9] = [
            (
                "acme-utlis",
                in_use(&["acme-utils"], &[]),
                none(),
                Some("acme-utils"),
            ),
            (
                "acme-utlis",
                in_use(&[], &["Acme_Utils>=2"]),
                none(),
                Some("acme-utils"),
            ),
            (
                "acme-utlis",
                in_use(&[], &[]),
                with(&["acme-utils"], &[]),
                Some("acme-utils"),
            ),
            (
                "acme-utils",
                in_use(&["acme-utils"], &["acme-utils"]),
                none(),
                None,
            ),
            // Which was there first is not suspected beside the other.
            (
                "acme-utlis",
                in_use(&["acme-utlis"], &["acme-utils"]),
                none(),
                None,
            ),
            (
                "acme-utils",
                in_use(&["acme-utlis"], &["acme-utils"]),
                none(),
                Some("acme-utlis"),
            ),
            // It is beside what everybody uses, and may be what it looks like, installed or not.
            ("reqeusts", in_use(&["reqeusts"], &[]), none(), Some("requests")),
            // Somebody has allowed it by name.
            ("reqeusts", in_use(&[], &[]), with(&[], &["reqeusts"]), None),
            (
                "acme-utlis",
                in_use(&["acme-utils"], &[]),
                with(&[], &["acme-utlis"]),
                None,
            ),
        ];
        for (number, (asked, in_use, packages, expected)) in table.into_iter().enumerate() {
            let got = taken_for(asked, &in_use, &packages);
            assert_eq!(got.as_deref(), expected, "case {number}");
        }
    }

    #[test]
    fn each_package_is_told_once_with_what_it_may_be() {
        let asked = owned(&[
            "six",
            "reqeusts; python_version < '3'",
            "reqeusts>2; python_version > '3'",
        ]);
        let found = among(&asked, &InUse::default(), &Packages::built_in());
        let told: Vec<_> = found.iter().map(|found| found.message.as_str()).collect();
        assert_eq!(
            told,
            [
                "reqeusts is one character away from requests, one of the most downloaded packages. Check that it is the \
              one you mean."
            ]
        );
    }

    #[test]
    fn the_list_is_of_normalised_names_each_once() {
        assert_eq!(WELL_KNOWN.all.len(), 3_000);
        let listed = WELL_KNOWN.by_length.values().flatten().count();
        assert_eq!(listed, WELL_KNOWN.all.len());
        for name in &WELL_KNOWN.all {
            assert_eq!(requirements::package_name(name).as_ref(), Some(name));
        }
    }
}
