//! What was different when the script last succeeded: pure.
//!
//! The first question about a failure. Only what is settled before a script starts is compared; values of variables are
//! not shown, for they may be secrets, only their names.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::environment::Package;
use super::run::Run;
use super::variable::Used;

/// One difference between the run that succeeded and this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Change {
    /// The script's files.
    Revision {
        from: Option<i64>,
        to: Option<i64>,
    },
    /// The lock of its packages.
    Lock {
        from: Option<String>,
        to: Option<String>,
    },
    /// One package; absent on the side where it is not installed.
    Package {
        name: String,
        from: Option<String>,
        to: Option<String>,
    },
    /// The image's content.
    Image {
        from: String,
        to: String,
    },
    Arguments {
        from: Vec<String>,
        to: Vec<String>,
    },
    /// Variables that were added, removed, have another value, or were set anew.
    Variables {
        names: Vec<String>,
    },
    Limit {
        name: String,
        from: serde_json::Value,
        to: serde_json::Value,
    },
}

/// From the run that succeeded to the later one.
pub fn between(success: &Run, run: &Run) -> Vec<Change> {
    let mut changes = Vec::new();
    let (before, now) = (&success.launch, &run.launch);
    if before.revision != now.revision {
        changes.push(Change::Revision {
            from: before.revision,
            to: now.revision,
        });
    }
    if before.lock_hash != now.lock_hash {
        changes.push(Change::Lock {
            from: before.lock_hash.clone(),
            to: now.lock_hash.clone(),
        });
    }
    if success.image_to_start() != run.image_to_start() {
        changes.push(Change::Image {
            from: success.image_to_start().to_owned(),
            to: run.image_to_start().to_owned(),
        });
    }
    if success.args != run.args {
        changes.push(Change::Arguments {
            from: success.args.clone(),
            to: run.args.clone(),
        });
    }
    let names = variables(success, run);
    if !names.is_empty() {
        changes.push(Change::Variables { names });
    }
    changes.extend(limits(success, run));
    changes
}

/// A run's own by their values; the others by when they were set, for their values are not known. Of runs that do not
/// say which they had, those that they had of their own.
fn variables(success: &Run, run: &Run) -> Vec<String> {
    #[derive(PartialEq)]
    enum Had<'a> {
        Own(&'a str),
        Given(&'a Used),
    }
    let known = success.launch.variables.is_some() && run.launch.variables.is_some();
    fn all(run: &Run, known: bool) -> BTreeMap<&str, Had<'_>> {
        let given = run.launch.variables.iter().flatten().filter(|_| known);
        let given = given.map(|used| (used.name.as_str(), Had::Given(used)));
        let own = run
            .env
            .iter()
            .map(|(name, value)| (name.as_str(), Had::Own(value)));
        given.chain(own).collect()
    }
    let (before, now) = (all(success, known), all(run, known));
    let names: BTreeSet<&str> = before.keys().chain(now.keys()).copied().collect();
    names
        .into_iter()
        .filter(|name| before.get(name) != now.get(name))
        .map(str::to_owned)
        .collect()
}

fn limits(success: &Run, run: &Run) -> Vec<Change> {
    let fields = |run: &Run| match serde_json::to_value(&run.limits) {
        Ok(serde_json::Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let before = fields(success);
    let differing = fields(run).into_iter().filter_map(|(name, to)| {
        let from = before.get(&name).cloned().unwrap_or_default();
        (from != to).then_some(Change::Limit { name, from, to })
    });
    differing.collect()
}

/// What another lock means in packages, by name.
pub fn packages(before: &[Package], now: &[Package]) -> Vec<Change> {
    let version = |of: &[Package], name: &str| {
        let found = of.iter().find(|package| package.name == name);
        found.map(|package| package.version.clone())
    };
    let names: BTreeSet<&str> = before
        .iter()
        .chain(now)
        .map(|package| package.name.as_str())
        .collect();
    let all = names.into_iter().map(|name| Change::Package {
        name: name.to_owned(),
        from: version(before, name),
        to: version(now, name),
    });
    all.filter(|change| !matches!(change, Change::Package { from, to, .. } if from == to))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::run::State;
    use crate::model::run::tests_support::run_in;
    use crate::model::variable::Origin;

    #[test]
    fn equal_runs_differ_in_nothing() {
        let success = run_in(State::Queued);
        let mut later = success.clone();
        later.number += 1;
        assert_eq!(between(&success, &later), []);
    }

    #[test]
    fn every_difference_is_named_and_no_value_of_a_variable() {
        let mut success = run_in(State::Queued);
        success.env = [("KEPT", "1"), ("CHANGED", "old secret"), ("GONE", "2")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let mut run = success.clone();
        run.launch.revision = Some(2);
        run.launch.lock_hash = Some("l2".into());
        run.launch.image_digest = Some("sha256:2".into());
        run.args = vec!["--all".into()];
        run.env.remove("GONE");
        run.env.insert("CHANGED".into(), "new secret".into());
        run.env.insert("NEW".into(), "3".into());
        run.limits.memory_bytes = 1 << 30;
        let changes = between(&success, &run);
        let json = serde_json::to_string(&changes).expect("serializes");
        assert!(!json.contains("secret"), "{json}");
        let expected = [
            Change::Revision {
                from: None,
                to: Some(2),
            },
            Change::Lock {
                from: None,
                to: Some("l2".into()),
            },
            Change::Image {
                from: success.image.clone(),
                to: "sha256:2".into(),
            },
            Change::Arguments {
                from: vec![],
                to: vec!["--all".into()],
            },
            Change::Variables {
                names: ["CHANGED", "GONE", "NEW"].map(str::to_owned).to_vec(),
            },
            Change::Limit {
                name: "memory_bytes".into(),
                from: (512u64 << 20).into(),
                to: (1u64 << 30).into(),
            },
        ];
        assert_eq!(changes, expected);
    }

    #[test]
    fn what_a_run_was_given_is_compared_by_when_it_was_set() {
        let used = |name: &str, second: i64| Used {
            name: name.into(),
            from: Origin::Script,
            secret: true,
            set_at: jiff::Timestamp::from_second(second).expect("a time"),
        };
        let mut success = run_in(State::Queued);
        success.launch.variables = Some(vec![
            used("GONE", 1),
            used("KEPT", 1),
            used("OWN", 1),
            used("SET", 1),
        ]);
        let mut run = success.clone();
        run.launch.variables = Some(vec![used("KEPT", 1), used("NEW", 1), used("SET", 2)]);
        run.env.insert("OWN".into(), "x".into());
        let names = |success: &Run, run: &Run| match between(success, run).as_slice() {
            [Change::Variables { names }] => names.join(" "),
            other => format!("{other:?}"),
        };
        assert_eq!(names(&success, &run), "GONE NEW OWN SET");
        // One of the time before that was remembered.
        success.launch.variables = None;
        assert_eq!(names(&success, &run), "OWN");
    }

    #[test]
    fn packages_come_go_and_change() {
        let package = |name: &str, version: &str| Package {
            name: name.into(),
            version: version.into(),
        };
        let before = [package("gone", "1"), package("kept", "1"), package("moved", "1")];
        let now = [package("kept", "1"), package("moved", "2"), package("new", "1")];
        let told: Vec<_> = packages(&before, &now)
            .into_iter()
            .map(|change| match change {
                Change::Package { name, from, to } => (name, from, to),
                other => panic!("{other:?}"),
            })
            .collect();
        let one = || Some("1".to_owned());
        let expected = [
            ("gone".to_owned(), one(), None),
            ("moved".to_owned(), one(), Some("2".to_owned())),
            ("new".to_owned(), None, one()),
        ];
        assert_eq!(told, expected);
    }
}
