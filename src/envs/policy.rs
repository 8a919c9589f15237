//! The policy for packages: what is refused of what is asked for, what a script gets besides, and the rules of a build.
//! Pure.
//!
//! What nobody asks for and something else needs is known only when there is a lock; that the build itself holds
//! against the same two lists, which it finds beside its requirements.

use jiff::{SignedDuration, Timestamp};
use pep508_rs::PackageName;
use std::str::FromStr;

use super::index;
use super::requirements::{self, Unreadable};
use crate::model::build::Policy;
use crate::model::packages::{PackagePatch, Packages};

/// Where the lists can be changed, for people.
const WHERE: &str = "Settings, Packages, says what may be installed";

/// A package that is asked for and may not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{package} {}; {WHERE}", .rule.words())]
pub struct Refused {
    /// Index into the list that was given.
    pub line: usize,
    pub package: String,
    pub rule: Rule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    Denied,
    NotAllowed,
}

impl Rule {
    pub fn code(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::NotAllowed => "not_allowed",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Denied => "is on the list of denied packages",
            Self::NotAllowed => "is not on the list of allowed packages",
        }
    }
}

/// A name or an address in a list that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    #[error("{message}")]
    Entry { field: &'static str, message: String },
    #[error(transparent)]
    Requirement(#[from] Unreadable),
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// The first of these requirements that the policy refuses. Lines that are none are somebody else's to refuse.
pub fn admit(lines: &[String], packages: &Packages) -> Result<(), Refused> {
    for (line, text) in lines.iter().enumerate() {
        let Some(package) = requirements::package_name(text) else {
            continue;
        };
        if let Some(rule) = rule_against(&package, packages) {
            return Err(Refused { line, package, rule });
        }
    }
    Ok(())
}

fn rule_against(package: &str, packages: &Packages) -> Option<Rule> {
    let listed = |list: &[String]| list.iter().any(|name| name == package);
    if listed(&packages.deny) {
        Some(Rule::Denied)
    } else if !packages.allow.is_empty() && !listed(&packages.allow) {
        Some(Rule::NotAllowed)
    } else {
        None
    }
}

/// The defaults that a script with these requirements gets: those whose package it does not name itself.
pub fn defaults_for(own: &[String], defaults: &[String]) -> Vec<String> {
    let names = |lines: &[String]| -> Vec<_> {
        lines
            .iter()
            .filter_map(|line| requirements::package_name(line))
            .collect()
    };
    let own = names(own);
    let missing = |line: &&String| requirements::package_name(line).is_none_or(|name| !own.contains(&name));
    defaults.iter().filter(missing).cloned().collect()
}

/// What is installed for a script that asks for `own`: that, and the defaults.
pub fn effective(own: &[String], defaults: &[String]) -> Vec<String> {
    let mut all = own.to_vec();
    all.extend(defaults_for(own, defaults));
    all
}

/// The rules of a build that is submitted now.
pub fn of_build(packages: &Packages, build_from_source: &[String], now: Timestamp) -> Policy {
    let days = packages.cool_down_days;
    Policy {
        exclude_newer: (days > 0).then(|| {
            // Whole minutes: the index knows no better, and people read it.
            let at = now
                .saturating_sub(SignedDuration::from_hours(24 * i64::from(days)))
                .unwrap_or(now);
            Timestamp::from_second(at.as_second() / 60 * 60).unwrap_or(at)
        }),
        allow: packages.allow.clone(),
        deny: packages.deny.clone(),
        extra_index_urls: packages.extra_index_urls.clone(),
        build_from_source: build_from_source.to_vec(),
    }
}

/// The wish with its names normalised and its requirements checked, as it is stored. `now_in_force` is what it changes.
pub fn check(patch: PackagePatch, now_in_force: &Packages) -> Result<PackagePatch, Invalid> {
    let defaults = patch
        .default_requirements
        .as_deref()
        .map(requirements::check)
        .transpose()?;
    let checked = PackagePatch {
        default_requirements: defaults,
        cool_down_days: patch.cool_down_days,
        allow: patch
            .allow
            .as_deref()
            .map(|list| names("packages.allow", list))
            .transpose()?,
        deny: patch
            .deny
            .as_deref()
            .map(|list| names("packages.deny", list))
            .transpose()?,
        extra_index_urls: patch.extra_index_urls.as_deref().map(index_urls).transpose()?,
        max_environment_bytes: patch.max_environment_bytes,
        max_build_seconds: patch.max_build_seconds,
    };
    let mut after = now_in_force.clone();
    after.allow = checked.allow.clone().unwrap_or(after.allow);
    after.deny = checked.deny.clone().unwrap_or(after.deny);
    let defaults = checked
        .default_requirements
        .as_ref()
        .unwrap_or(&after.default_requirements);
    admit(defaults, &after)?;
    Ok(checked)
}

/// Names of packages, normalised, sorted, each once.
pub fn names(field: &'static str, list: &[String]) -> Result<Vec<String>, Invalid> {
    let mut names = Vec::with_capacity(list.len());
    for name in list
        .iter()
        .map(|name| name.trim())
        .filter(|name| !name.is_empty())
    {
        let name = PackageName::from_str(name).map_err(|_| Invalid::Entry {
            field,
            message: format!("{name:?} is not the name of a package"),
        })?;
        names.push(name.to_string());
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

fn index_urls(list: &[String]) -> Result<Vec<String>, Invalid> {
    let mut urls = Vec::with_capacity(list.len());
    for (line, text) in list.iter().map(|text| text.trim()).enumerate() {
        if text.is_empty() {
            continue;
        }
        let url = index::address(text).map_err(|bad| Invalid::Entry {
            field: "packages.extra_index_urls",
            message: format!("Line {}: {bad}", line + 1),
        })?;
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    Ok(urls)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(list: &[&str]) -> Vec<String> {
        list.iter().map(|&line| line.to_owned()).collect()
    }

    #[test]
    fn the_lists_decide_by_normalised_name() {
        let policy = |allow: &[&str], deny: &[&str]| Packages {
            allow: lines(allow),
            deny: lines(deny),
            ..Packages::built_in()
        };
        let asked = lines(&["# mine", "requests>=2", "Flask_Login[all]; python_version > '3'"]);
        type Case<'a> = (Packages, Option<(usize, &'a str, Rule)>);
        let table: [Case<'_>; 6] = [
            (policy(&[], &[]), None),
            (
                policy(&[], &["flask-login"]),
                Some((2, "flask-login", Rule::Denied)),
            ),
            (
                policy(&["requests"], &[]),
                Some((2, "flask-login", Rule::NotAllowed)),
            ),
            (policy(&["flask-login", "requests"], &[]), None),
            (
                policy(&["flask-login", "requests"], &["requests"]),
                Some((1, "requests", Rule::Denied)),
            ),
            (policy(&[], &["flask"]), None),
        ];
        for (number, (policy, expected)) in table.into_iter().enumerate() {
            let got = admit(&asked, &policy)
                .err()
                .map(|refused| (refused.line, refused.package, refused.rule));
            let expected = expected.map(|(line, package, rule)| (line, package.to_owned(), rule));
            assert_eq!(got, expected, "case {number}");
        }
    }

    #[test]
    fn a_refusal_says_which_why_and_where() {
        let refused = Refused {
            line: 0,
            package: "evil".into(),
            rule: Rule::Denied,
        };
        let said = refused.to_string();
        assert!(
            said.contains("evil is on the list of denied") && said.contains("Settings, Packages"),
            "{said}"
        );
    }

    #[test]
    fn defaults_give_way_to_what_a_script_names_itself() {
        let defaults = lines(&["Requests>=2", "rich"]);
        assert_eq!(
            effective(&lines(&["requests==2.1"]), &defaults),
            ["requests==2.1", "rich"]
        );
        assert_eq!(effective(&[], &defaults), defaults);
        assert_eq!(effective(&lines(&["six"]), &[]), ["six"]);
    }

    #[test]
    fn the_cool_down_is_an_instant() {
        let now: Timestamp = "2026-11-24T10:11:12.5Z".parse().expect("a time");
        let mut packages = Packages::built_in();
        let instant = |packages: &Packages| {
            of_build(packages, &[], now)
                .exclude_newer
                .map(|at| at.to_string())
        };
        assert_eq!(instant(&packages).as_deref(), Some("2026-11-17T10:11:00Z"));
        packages.cool_down_days = 0;
        assert_eq!(instant(&packages), None);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let now = Packages {
            deny: lines(&["evil"]),
            ..Packages::built_in()
        };
        let patch = |json: &str| serde_json::from_str::<PackagePatch>(json).expect("a patch");
        for bad in [
            r#"{"allow": ["not a name"]}"#,
            r#"{"deny": ["-x"]}"#,
            r#"{"extra_index_urls": ["http://index.example.org/simple"]}"#,
            r#"{"extra_index_urls": ["corp=https://index.example.org/simple"]}"#,
            r#"{"extra_index_urls": ["https://me:secret@index.example.org/simple"]}"#,
            r#"{"extra_index_urls": ["http://me:secret@index.example.org/simple"]}"#,
            r#"{"extra_index_urls": ["me:secret@index.example.org/simple"]}"#,
            r#"{"default_requirements": ["requests>=two"]}"#,
            r#"{"default_requirements": ["evil"]}"#,
        ] {
            let refused = check(patch(bad), &now).expect_err(bad).to_string();
            assert!(!refused.contains("secret"), "{refused}");
        }
        let good =
            r#"{"allow": ["B_c", " a ", "b.c"], "extra_index_urls": ["https://index.example.org/a b"]}"#;
        let checked = check(patch(good), &now).expect("fine");
        assert_eq!(checked.allow.as_deref(), Some(lines(&["a", "b-c"]).as_slice()));
        assert_eq!(
            checked.extra_index_urls.as_deref(),
            Some(lines(&["https://index.example.org/a%20b"]).as_slice())
        );
    }
}
