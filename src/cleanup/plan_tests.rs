//! The plan against random worlds: nothing that is needed is ever in it, and its bytes are those that would be free.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::super::account::{Item, account, with_parts};
use super::*;
use crate::files::Shared;
use crate::model::ids::ScriptId;

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).expect("a time")
}

fn hours_ago(hours: i64) -> Timestamp {
    now() - SignedDuration::from_hours(hours)
}

fn standing(age_hours: i64, is_folder: bool) -> Standing {
    Standing {
        inode: 1,
        modified_at_ms: hours_ago(age_hours).as_millisecond(),
        is_folder,
    }
}

fn found(name: &str, age_hours: i64) -> Found {
    Found {
        name: name.to_owned(),
        standing: standing(age_hours, true),
    }
}

fn file(name: &str, age_hours: i64) -> Found {
    Found {
        name: name.to_owned(),
        standing: standing(age_hours, false),
    }
}

fn nothing() -> Facts {
    Facts {
        now: now(),
        trash_days: Some(30),
        scripts: vec![],
        script_folders: vec![],
        strays: HashSet::new(),
        environments: vec![],
        expired: vec![],
        run_directories: vec![],
        staging: vec![],
        probe: vec![],
        builds: vec![],
        backups: vec![],
        supervisors: vec![],
        supervisor: "bin/00000000000000aa".to_owned(),
        old_containers: false,
        archives: vec![],
        cache: vec![],
        images: Ok(vec![]),
        containers: Ok(vec![]),
        top: vec![],
        raw_logs: (0, 0),
    }
}

fn script(slug: &str, deleted_hours_ago: Option<i64>) -> ScriptFact {
    ScriptFact {
        id: ScriptId::generate(),
        name: format!("Script {slug}"),
        slug: slug.to_owned(),
        deleted_at: deleted_hours_ago.map(hours_ago),
        runs: 0,
        kept: 0,
        unfinished: false,
    }
}

fn keys(facts: &Facts, kind: Kind) -> Vec<String> {
    let (candidates, _) = candidates(facts);
    let mine = candidates.into_iter().filter(|candidate| candidate.kind == kind);
    mine.map(|candidate| candidate.key).collect()
}

fn left(facts: &Facts) -> Vec<String> {
    candidates(facts).1.into_iter().map(|left| left.what).collect()
}

#[test]
fn the_trash_goes_by_its_date_and_not_what_somebody_keeps() {
    let month = 30 * 24;
    let mut facts = nothing();
    facts.scripts = vec![
        script("alive", None),
        script("young", Some(month - 1)),
        script("old", Some(month)),
        ScriptFact {
            kept: 1,
            ..script("kept", Some(month + 1))
        },
        ScriptFact {
            unfinished: true,
            ..script("busy", Some(month + 1))
        },
    ];
    facts.script_folders = facts
        .scripts
        .iter()
        .map(|script| found(&script.slug, 1))
        .collect();
    assert_eq!(keys(&facts, Kind::Trash), [facts.scripts[2].id.to_string()]);
    assert_eq!(left(&facts), ["Script kept", "Script busy"]);
    facts.trash_days = None;
    assert!(keys(&facts, Kind::Trash).is_empty());
}

#[test]
fn folders_that_look_like_ours_go_once_nobody_can_be_making_them() {
    let mut facts = nothing();
    facts.scripts = vec![script("mine-00000001", None), script("gone-00000002", None)];
    facts.script_folders = vec![
        found("mine-00000001", 99),
        found("lost-0123abcd", 99),
        found("being-made-0123abcd", 1),
        found("Somebody's", 99),
        found("no-hash-here", 99),
        file("file-0123abcd", 99),
        file("noted", 99),
    ];
    facts.strays = ["noted".to_owned()].into();
    assert_eq!(
        keys(&facts, Kind::Folders),
        ["scripts/lost-0123abcd", "scripts/noted"]
    );
    let left = left(&facts);
    for stranger in [
        "scripts/Somebody's",
        "scripts/no-hash-here",
        "scripts/file-0123abcd",
        "Script gone-00000002",
    ] {
        assert!(left.contains(&stranger.to_owned()), "{stranger}: {left:?}");
    }
    assert_eq!(left.len(), 4);
}

#[test]
fn what_was_cut_short_goes_after_a_day_and_foreign_names_never() {
    let mut facts = nothing();
    facts.staging = vec![found("old", 25), found("young", 23)];
    facts.probe = vec![found("p", 25)];
    facts.builds = vec![
        (found("a", 99), RunKnown::Needed),
        (found("b", 1), RunKnown::Finished),
        (found("c", 99), RunKnown::Unknown),
        (found("d", 1), RunKnown::Unknown),
        (found("e", 99), RunKnown::NoRun),
    ];
    facts.backups = vec![
        file("before-schema-4.new", 25),
        file("before-schema-x.new", 25),
        file("own.new", 99),
    ];
    let expected = [
        "staging/old",
        "probe/p",
        "cache/builds/b",
        "cache/builds/c",
        "backups/before-schema-4.new",
    ];
    assert_eq!(keys(&facts, Kind::Leftovers), expected);
    assert_eq!(left(&facts), ["cache/builds/e"]);
}

#[test]
fn the_newest_copies_and_the_supervisor_in_use_stay() {
    let mut facts = nothing();
    let names = ["9", "10", "2", "11", "x"].map(|n| format!("before-schema-{n}.sqlite"));
    facts.backups = names.iter().map(|name| file(name, 1)).collect();
    facts.backups.push(file("pytask-2026.tar", 1));
    assert_eq!(
        keys(&facts, Kind::DatabaseCopies),
        ["backups/before-schema-2.sqlite"]
    );
    facts.supervisors = vec![
        found("00000000000000aa", 1),
        found("00000000000000bb", 1),
        found("tools", 1),
    ];
    assert_eq!(keys(&facts, Kind::Supervisors), ["bin/00000000000000bb"]);
    assert_eq!(left(&facts), ["bin/tools"]);
    facts.old_containers = true;
    assert!(keys(&facts, Kind::Supervisors).is_empty());
}

#[test]
fn an_engine_that_is_away_is_told_and_nothing_of_it_goes() {
    let mut facts = nothing();
    facts.images = Err("it is away".to_owned());
    facts.containers = Err("it is away".to_owned());
    assert_eq!(left(&facts), ["Images", "Containers"]);
    assert!(candidates(&facts).0.is_empty());
}

#[test]
fn uvs_parts_are_told_from_strangers() {
    for (name, ours) in [
        ("wheels-v8", true),
        ("built-wheels-v3", true),
        ("archive-v0", true),
        ("wheels-v", false),
        ("-v1", false),
        ("Wheels-v1", false),
        ("backup", false),
        ("mine-v1.2", false),
    ] {
        assert_eq!(is_bucket(name), ours, "{name}");
    }
}

/// A world of trees whose files have names in several of them.
#[derive(Debug, Clone)]
struct Trees {
    /// Kind of each, and which files it has names of.
    trees: Vec<(Kind, Vec<usize>)>,
    /// Names that nobody weighs.
    elsewhere: Vec<usize>,
}

const FILES: usize = 6;
const TREES: [Kind; 5] = [
    Kind::Environments,
    Kind::UnusedPackages,
    Kind::UnusedPackages,
    Kind::PackageCache,
    Kind::Leftovers,
];

fn worlds() -> impl Strategy<Value = Trees> {
    let names = || prop::collection::vec(0..FILES, 0..5);
    let tree = (prop::sample::select(TREES.to_vec()), names());
    (prop::collection::vec(tree, 0..8), names()).prop_map(|(trees, elsewhere)| Trees { trees, elsewhere })
}

const fn bytes_of(file: usize) -> u64 {
    1 << file
}

impl Trees {
    fn links(&self, file: usize) -> u64 {
        let names = self
            .trees
            .iter()
            .flat_map(|(_, names)| names)
            .chain(&self.elsewhere);
        names.filter(|name| **name == file).count() as u64
    }

    fn candidates(&self) -> Vec<Candidate> {
        let each = self.trees.iter().enumerate().map(|(number, (kind, names))| {
            let mut weight = Weight::default();
            let mut counted: HashMap<usize, u64> = HashMap::new();
            for name in names {
                *counted.entry(*name).or_default() += 1;
            }
            for (file, names) in counted {
                let links = self.links(file);
                if links == 1 {
                    weight.bytes += bytes_of(file);
                } else {
                    weight.shared.push(Shared {
                        inode: file as u64,
                        names,
                        links,
                        bytes: bytes_of(file),
                    });
                }
            }
            Candidate {
                kind: *kind,
                key: number.to_string(),
                what: String::new(),
                mark: String::new(),
                paths: vec![],
                engine_bytes: 0,
                of: None,
                weight,
            }
        });
        each.collect()
    }

    /// What is really free once these have gone.
    fn freed(&self, gone: &HashSet<usize>) -> u64 {
        let left: HashSet<usize> = self
            .trees
            .iter()
            .enumerate()
            .filter(|(number, _)| !gone.contains(number))
            .flat_map(|(_, (_, names))| names)
            .chain(&self.elsewhere)
            .copied()
            .collect();
        let there = (0..FILES).filter(|file| self.links(*file) > 0);
        there.filter(|file| !left.contains(file)).map(bytes_of).sum()
    }
}

fn chosen() -> impl Strategy<Value = BTreeSet<Kind>> {
    prop::collection::btree_set(prop::sample::select(TREES.to_vec()), 0..4).prop_map(with_parts)
}

fn gone(items: &[Item], chosen: &BTreeSet<Kind>) -> HashSet<usize> {
    let going = items.iter().filter(|item| chosen.contains(&item.kind));
    going.map(|item| item.key.parse().expect("a number")).collect()
}

proptest! {
    /// The bytes of what is chosen are exactly those that are free afterwards; nothing is there twice; and once it has
    /// gone, nothing more of the same kinds is free.
    #[test]
    fn bytes_are_what_is_free_afterwards(world in worlds(), chosen in chosen()) {
        let items = account(&world.candidates(), &chosen, None);
        let going = gone(&items, &chosen);
        let count = items.iter().filter(|item| chosen.contains(&item.kind)).count();
        prop_assert_eq!(going.len(), count);
        let bytes: u64 = items.iter().filter(|item| chosen.contains(&item.kind)).map(|item| item.bytes).sum();
        prop_assert_eq!(bytes, world.freed(&going));

        let after = Trees {
            trees: world.trees.iter().enumerate().map(|(number, tree)| {
                if going.contains(&number) { (Kind::Trash, vec![]) } else { tree.clone() }
            }).collect(),
            elsewhere: world.elsewhere.clone(),
        };
        let left: Vec<Candidate> = after.candidates().into_iter()
            .filter(|candidate| !going.contains(&candidate.key.parse().expect("a number")))
            .collect();
        let again = account(&left, &chosen, None);
        prop_assert!(again.iter().all(|item| !chosen.contains(&item.kind)), "{:?}", again);
    }

    /// A package that anything uses which stays is never taken for unused.
    #[test]
    fn a_package_in_use_is_not_unused(world in worlds(), chosen in chosen()) {
        let chosen: BTreeSet<Kind> = chosen.into_iter().filter(|kind| *kind != Kind::PackageCache).collect();
        let items = account(&world.candidates(), &chosen, None);
        let going = gone(&items, &chosen);
        for item in items.iter().filter(|item| item.kind == Kind::UnusedPackages && chosen.contains(&item.kind)) {
            let number: usize = item.key.parse().expect("a number");
            for file in &world.trees[number].1 {
                let mut users = world.trees.iter().enumerate().filter(|(_, (_, names))| names.contains(file));
                prop_assert!(users.all(|(user, _)| going.contains(&user)), "{item:?}");
                prop_assert!(!world.elsewhere.contains(file));
            }
        }
    }

    /// What was agreed to bounds what goes.
    #[test]
    fn nothing_goes_that_was_not_agreed_to(world in worlds(), chosen in chosen(), agreed in prop::collection::hash_set(0..8usize, 0..8)) {
        let only: HashSet<(Kind, String, String)> = Kind::ALL.into_iter()
            .flat_map(|kind| agreed.iter().map(move |number| (kind, number.to_string(), String::new())))
            .collect();
        let items = account(&world.candidates(), &chosen, Some(&only));
        let going = gone(&items, &chosen);
        prop_assert!(going.is_subset(&agreed));
        let bytes: u64 = items.iter().filter(|item| chosen.contains(&item.kind)).map(|item| item.bytes).sum();
        prop_assert_eq!(bytes, world.freed(&going));
    }

    /// Whatever lies about: nothing of a script that is there, of a run that is known, or of nobody's making goes.
    #[test]
    fn nothing_that_is_needed_is_ever_in_it(
        ages in prop::collection::vec(0i64..100, 12),
        deleted in prop::collection::vec(prop::option::of(0i64..1500), 6),
        kept in prop::collection::vec(0u64..2, 6),
        names in prop::collection::btree_set("[a-zA-Z0-9._-]{1,12}", 12),
        knowns in prop::collection::vec(0usize..4, 12),
        old_containers: bool,
    ) {
        let mut facts = nothing();
        facts.old_containers = old_containers;
        facts.scripts = deleted.iter().zip(&kept).enumerate()
            .map(|(number, (deleted, kept))| ScriptFact { kept: *kept, runs: *kept, ..script(&format!("script-0000000{number}"), *deleted) })
            .collect();
        let all: Vec<Found> = names.iter().zip(&ages).map(|(name, age)| found(name, *age)).collect();
        facts.script_folders = facts.scripts.iter().map(|script| found(&script.slug, 99)).chain(all.clone()).collect();
        let known = [RunKnown::Needed, RunKnown::Finished, RunKnown::Unknown, RunKnown::NoRun];
        let runs: Vec<(Found, RunKnown)> = all.iter().cloned().zip(knowns.iter().map(|at| known[*at])).collect();
        facts.run_directories = runs.iter().map(|(found, known)| (Found { name: format!("runs/2026/01/{}", found.name), ..found.clone() }, *known)).collect();
        facts.builds = runs.clone();
        facts.top = all.clone();
        facts.supervisors = all.clone();
        facts.backups = all.clone();
        facts.cache = all.clone();
        let (candidates, _) = candidates(&facts);
        let paths: HashSet<&str> = candidates.iter().flat_map(|candidate| &candidate.paths).map(String::as_str).collect();
        for script in &facts.scripts {
            let goes = paths.contains(layout::script(&script.slug).as_str());
            let may = script.kept == 0 && script.deleted_at.is_some_and(|at| at <= hours_ago(30 * 24));
            prop_assert_eq!(goes, may, "{:?}", script);
        }
        for (found, known) in &facts.run_directories {
            prop_assert_eq!(paths.contains(found.name.as_str()), *known == RunKnown::Unknown);
        }
        for (found, known) in &facts.builds {
            let goes = paths.contains(layout::build(&found.name).as_str());
            prop_assert!(!goes || matches!(known, RunKnown::Finished | RunKnown::Unknown));
        }
        for name in &names {
            let place = |folder: &str| format!("{folder}/{name}");
            let goes = |path: String| paths.contains(path.as_str());
            prop_assert!(!goes(name.clone()));
            // None of these is a hash of sixteen digits, or what we call a copy.
            prop_assert!(!goes(place("bin")));
            prop_assert!(is_bucket(name) || !goes(place("cache/uv")));
            prop_assert!(!goes(place("backups")));
        }
    }
}
