//! What has to be done so that a script's folder is what another folder is. Pure.

use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    pub hash: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// `None` if it cannot be known.
    pub hash: Option<String>,
    /// It is part of the script's newest revision, rather than something that a run has left.
    pub tracked: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Add(String),
    /// With the hash of what is to be replaced.
    Change(String, Option<String>),
    Delete(String),
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In this order.
    pub steps: Vec<Step>,
    pub unchanged: usize,
    /// Files that only the script has, and that stay.
    pub left: Vec<String>,
}

/// Files are put before any is deleted, the entry file last of them.
pub fn plan(
    local: &BTreeMap<String, Local>,
    remote: &BTreeMap<String, Remote>,
    entry_point: &str,
    delete: bool,
) -> Plan {
    let mut plan = Plan::default();
    for (path, Local { hash }) in local {
        match remote.get(path) {
            None => plan.steps.push(Step::Add(path.clone())),
            Some(there) if there.hash.as_ref() == Some(hash) => plan.unchanged += 1,
            Some(there) => plan.steps.push(Step::Change(path.clone(), there.hash.clone())),
        }
    }
    plan.steps.sort_by_key(|step| {
        let (Step::Add(path) | Step::Change(path, _) | Step::Delete(path)) = step;
        path == entry_point
    });
    for (path, there) in remote {
        if local.contains_key(path) {
            continue;
        }
        if delete && there.tracked && path != entry_point {
            plan.steps.push(Step::Delete(path.clone()));
        } else {
            plan.left.push(path.clone());
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_sent_and_what_is_the_scripts_own_stays() {
        let local: BTreeMap<_, _> = [
            ("a.py", "1"),
            ("main.py", "2"),
            ("new.py", "3"),
            ("same.py", "4"),
            ("big", "5"),
        ]
        .map(|(path, hash)| {
            (
                path.to_owned(),
                Local {
                    hash: hash.to_owned(),
                },
            )
        })
        .into();
        let there = |hash: Option<&str>, tracked| Remote {
            hash: hash.map(str::to_owned),
            tracked,
        };
        let remote: BTreeMap<_, _> = [
            ("a.py", there(Some("0"), true)),
            ("main.py", there(Some("0"), true)),
            ("same.py", there(Some("4"), true)),
            ("big", there(None, false)),
            ("gone.py", there(None, true)),
            ("result.csv", there(None, false)),
        ]
        .map(|(path, remote)| (path.to_owned(), remote))
        .into();
        let kept = plan(&local, &remote, "main.py", false);
        let change = |path: &str| Step::Change(path.to_owned(), Some("0".to_owned()));
        assert_eq!(
            kept.steps,
            [
                change("a.py"),
                Step::Change("big".to_owned(), None),
                Step::Add("new.py".to_owned()),
                change("main.py")
            ]
        );
        assert_eq!((kept.unchanged, kept.left.len()), (1, 2));
        let deleting = plan(&local, &remote, "main.py", true);
        assert_eq!(deleting.steps.last(), Some(&Step::Delete("gone.py".to_owned())));
        assert_eq!(deleting.left, ["result.csv"]);
    }

    #[test]
    fn what_would_be_run_is_not_deleted() {
        let remote = BTreeMap::from([(
            "main.py".to_owned(),
            Remote {
                hash: None,
                tracked: true,
            },
        )]);
        let plan = plan(&BTreeMap::new(), &remote, "main.py", true);
        assert_eq!((plan.steps.len(), plan.left.len()), (0, 1));
    }
}
