//! Imports go one way. This test reads every `crate::…` path of the source and holds it against the list below.
//!
//! Add a line here only together with the reason in `docs/ARCHITECTURE.md`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What each module may use besides itself.
const ALLOWED: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("clock", &[]),
    ("config", &[]),
    ("engine", &[]),
    ("files", &[]),
    ("pattern", &[]),
    ("rate", &[]),
    ("logs", &["files", "pattern"]),
    ("store", &["model"]),
    ("vault", &["model"]),
    ("envs", &["model"]),
    ("events", &["model"]),
    ("stats", &["files"]),
    ("metrics", &["engine", "model", "store"]),
    ("keys", &["model", "store", "vault"]),
    ("variables", &["clock", "events", "model", "store", "vault"]),
    (
        "settings",
        &["clock", "envs", "events", "model", "store", "vault"],
    ),
    ("images", &["clock", "engine", "events", "model", "store"]),
    (
        "scripts",
        &[
            "clock",
            "envs",
            "events",
            "files",
            "model",
            "pattern",
            "settings",
            "store",
            "variables",
        ],
    ),
    (
        "runs",
        &[
            "clock",
            "engine",
            "envs",
            "events",
            "files",
            "logs",
            "metrics",
            "model",
            "scripts",
            "settings",
            "store",
            "clock",
            "engine",
            "envs",
            "events",
            "files",
            "logs",
            "model",
            "scripts",
            "settings",
            "store",
            "variables",
        ],
    ),
    (
        "scheduler",
        &["clock", "events", "model", "runs", "settings", "store"],
    ),
    // What it is told comes through the store; of `runs` it has the way in which loops are kept alive.
    (
        "webhooks",
        &[
            "clock", "events", "metrics", "model", "runs", "settings", "store", "vault",
        ],
    ),
    (
        "backup",
        &[
            "clock",
            "events",
            "files",
            "model",
            "runs",
            "scheduler",
            "scripts",
            "settings",
            "store",
        ],
    ),
    (
        "tools",
        &["engine", "envs", "events", "files", "model", "runs", "store"],
    ),
    // What a job of ours looks like is said by who makes them.
    (
        "broker",
        &["engine", "envs", "files", "images", "model", "runs", "tools"],
    ),
    (
        "doctor",
        &[
            "clock", "engine", "events", "files", "keys", "metrics", "model", "runs", "settings", "store",
        ],
    ),
    ("access", &["clock", "model", "rate", "store"]),
    ("triggers", &["clock", "model", "rate", "runs", "store", "vault"]),
    (
        "cleanup",
        &[
            "clock",
            "events",
            "files",
            "images",
            "model",
            "runs",
            "scheduler",
            "settings",
            "store",
        ],
    ),
    // Everything but the engine: what may be known of it comes through `runs`.
    (
        "api",
        &[
            "access",
            "backup",
            "cleanup",
            "clock",
            "doctor",
            "envs",
            "events",
            "files",
            "images",
            "keys",
            "logs",
            "metrics",
            "model",
            "pattern",
            "runs",
            "scheduler",
            "scripts",
            "settings",
            "stats",
            "store",
            "tools",
            "triggers",
            "variables",
            "vault",
            "webhooks",
        ],
    ),
    (
        "cli",
        &[
            "api", "app", "backup", "broker", "clock", "config", "doctor", "engine", "files", "runs",
        ],
    ),
    (
        "app",
        &[
            "access",
            "api",
            "broker",
            "backup",
            "cleanup",
            "clock",
            "config",
            "doctor",
            "engine",
            "envs",
            "events",
            "files",
            "images",
            "keys",
            "logs",
            "metrics",
            "model",
            "runs",
            "scheduler",
            "scripts",
            "settings",
            "store",
            "tools",
            "triggers",
            "variables",
            "vault",
            "webhooks",
        ],
    ),
];

fn sources() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found.sort();
    found
}

/// `src/runs/driver.rs` and `src/runs.rs` both belong to `runs`.
fn module_of(path: &Path) -> String {
    let inside = path
        .strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
        .expect("below src");
    let first = inside.components().next().expect("not empty").as_os_str();
    Path::new(first)
        .file_stem()
        .expect("a name")
        .to_string_lossy()
        .into_owned()
}

/// The modules that a source names, by `crate::name` or `use crate::{a, b}`; comments do not count.
fn named(source: &str) -> Vec<String> {
    let code: String = source
        .lines()
        .map(|line| line.split("//").next().unwrap_or(""))
        .collect::<Vec<_>>()
        .join("\n");
    let mut names = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let whole_word = code[..at]
            .chars()
            .next_back()
            .is_none_or(|c| !c.is_alphanumeric() && c != '_');
        if !whole_word {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' => word.clear(),
                    c if depth == 0 && (c.is_alphanumeric() || c == '_') => word.push(c),
                    _ => {}
                }
                if depth == 0 && matches!(c, ':' | ',') && !word.is_empty() {
                    names.push(std::mem::take(&mut word));
                }
            }
            names.extend((!word.is_empty()).then_some(word));
        } else {
            names.push(
                rest.chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect(),
            );
        }
    }
    names
}

#[test]
fn imports_go_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let mut wrong = Vec::new();
    for path in sources() {
        let module = module_of(&path);
        if module == "lib" || module == "main" {
            continue;
        }
        let Some(may_use) = allowed.get(module.as_str()) else {
            wrong.push(format!("{}: module {module} is not in the list", path.display()));
            continue;
        };
        let source = std::fs::read_to_string(&path).expect("readable");
        for name in named(&source) {
            if name != module && !may_use.contains(&name.as_str()) {
                wrong.push(format!("{}: {module} may not use {name}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_list_itself_has_no_circles() {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    fn visit<'a>(name: &'a str, allowed: &BTreeMap<&str, &'a [&'a str]>, trail: &mut Vec<&'a str>) {
        assert!(!trail.contains(&name), "{trail:?} → {name}");
        trail.push(name);
        for next in allowed[name] {
            visit(next, allowed, trail);
        }
        trail.pop();
    }
    for (name, _) in ALLOWED {
        visit(name, &allowed, &mut Vec::new());
    }
}

#[test]
fn the_reader_sees_what_there_is_to_see() {
    let source = "use crate::{files::{a, b}, logs};\nlet x = crate::store::y; // crate::engine\nmy_crate::z";
    assert_eq!(named(source), ["files", "logs", "store"]);
}

/// Libraries that are known in one place only, so that what is ours stays between them and the rest: the engine's
/// interface before the Docker client, our calendar before a library whose cron is not Unix's.
#[test]
fn some_libraries_stay_in_their_places() {
    let places = [
        ("bollard::", "src/engine/docker/"),
        ("cron::Schedule", "src/scheduler/calendar.rs"),
        ("chrono::", "src/scheduler/calendar.rs"),
    ];
    for path in sources() {
        let source = std::fs::read_to_string(&path).expect("readable");
        let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            for (library, home) in places {
                let at_home = path.to_string_lossy().contains(home);
                assert!(
                    at_home || !line.contains(library),
                    "{} names {library}",
                    path.display()
                );
            }
        }
    }
}
