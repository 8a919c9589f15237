//! Upgrades that are killed: a database is as the old version left it, or as the new one has it, and never between.
//!
//! A process of its own, this very binary, opens a database of an early version and is sent SIGKILL at a moment by chance.
//! `PYTASK_UPGRADE_ROUNDS` says how often; 50 are the short form.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pytask_manager::store::{self, Place, Store};
use rusqlite::Connection;

/// Names the folder in which the child upgrades a database.
const CHILD: &str = "PYTASK_UPGRADE_CHILD";
/// The schema that databases have before.
const OLD: i64 = 7;
const SCRIPTS: i64 = 300;
const RUNS: i64 = 6_000;

fn place(folder: &Path) -> Place {
    Place {
        database: folder.join("db.sqlite"),
        backups: folder.to_owned(),
    }
}

/// Not a test by itself: what the others start.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a child of this test is told by its environment what to do"
)]
fn child() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime
        .block_on(Store::open(place(Path::new(&folder)), vec![]))
        .expect("it is upgraded");
}

fn upgrade(folder: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this binary"))
        .args(["upgrade::child", "--exact", "--test-threads=1"])
        .env(CHILD, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it is started")
}

fn seeded(folder: &Path) -> PathBuf {
    let place = folder.join("seed.sqlite");
    let db = Connection::open(&place).expect("opens");
    let mut migrations: Vec<PathBuf> =
        std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations"))
            .expect("the migrations")
            .map(|entry| entry.expect("an entry").path())
            .collect();
    migrations.sort();
    for migration in &migrations[..OLD as usize] {
        let sql = std::fs::read_to_string(migration).expect("reads");
        db.execute_batch(&sql).expect("applies");
    }
    db.pragma_update(None, "user_version", OLD).expect("sets");
    let rows = format!(
        r#"
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {SCRIPTS})
        INSERT INTO scripts (id, name, slug, description, entry_point, paused, limits, requirements, revision, created_at,
            updated_at)
        SELECT printf('019000000000700080000000000%05d', i), 'Script ' || i, 'script-' || i, '', 'main.py', 0, '{{}}', '[]', 1,
            0, 0 FROM n;
        INSERT INTO revisions (script_id, number, message, created_at) SELECT id, 1, 'Created', 0 FROM scripts;
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {RUNS})
        INSERT INTO runs (id, script_id, kind, state, outcome, state_json, version, trigger, overlap, queued_at, started_at,
            finished_at, args, env, limits, image, requirements, log)
        SELECT printf('019000000001700080000000000%05d', i), printf('019000000000700080000000000%05d', 1 + i % {SCRIPTS}),
            'script', 'finished', 'failed',
            '{{"state":"finished","outcome":{{"kind":"failed","message":"m' || i || '","exit_code":1,"stderr_tail":["last ' || i
            || '"]}}}}', 4, '{{"kind":"manual"}}', 'queue', i * 1000, i * 1000, i * 1000 + 500, '[]', '{{}}', '{{}}', 'python',
            '[]', '{{"stdout_bytes":100000,"stderr_bytes":7,"dropped_bytes":0,"records":9,"last_seq":9}}' FROM n;
        "#
    );
    db.execute_batch(&rows).expect("what an old version wrote");
    place
}

/// What upgrades do not change, as one text.
fn facts(db: &Connection) -> Vec<String> {
    let ask = |sql: &str| {
        let mut statement = db.prepare(sql).expect("reads");
        let rows = statement
            .query_map([], |row| row.get::<_, String>(0))
            .expect("reads");
        rows.collect::<Result<Vec<_>, _>>().expect("reads")
    };
    let mut facts = ask("SELECT id || name || slug || revision FROM scripts ORDER BY id");
    facts.extend(ask(
        "SELECT number || id || script_id || outcome || state_json || log FROM runs ORDER BY number",
    ));
    facts.extend(ask(
        "SELECT script_id || number || message FROM revisions ORDER BY 1",
    ));
    facts
}

fn version(db: &Connection) -> i64 {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
        .expect("reads")
}

fn quick_check(db: &Connection) -> String {
    db.pragma_query_value(None, "quick_check", |row| row.get(0))
        .expect("reads")
}

fn tables(db: &Connection) -> Vec<String> {
    let mut statement = db
        .prepare("SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1")
        .expect("reads");
    let rows = statement.query_map([], |row| row.get(0)).expect("reads");
    rows.collect::<Result<_, _>>().expect("reads")
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how long it goes on is said by who runs it"
)]
fn an_upgrade_that_is_killed_leaves_the_old_or_the_new() {
    let rounds: u32 = std::env::var("PYTASK_UPGRADE_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(50);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let seed = seeded(folder.path());
    let (before, old_tables) = {
        let db = Connection::open(&seed).expect("opens");
        (facts(&db), tables(&db))
    };
    let fresh = |number: u32| {
        let room = folder.path().join(format!("round-{number}"));
        std::fs::create_dir(&room).expect("creates");
        std::fs::copy(&seed, room.join("db.sqlite")).expect("copies");
        room
    };
    // How long it takes when nobody kills it, and what comes of it.
    let room = fresh(0);
    let begun = Instant::now();
    assert!(upgrade(&room).wait().expect("it ends").success());
    let takes = begun.elapsed();
    let new_tables = tables(&Connection::open(room.join("db.sqlite")).expect("opens"));
    let (mut old, mut new, mut copies) = (0, 0, 0);
    let mut chance = u64::from(std::process::id()) | 1;
    for round in 1..=rounds {
        let room = fresh(round);
        let mut child = upgrade(&room);
        // xorshift; the moment is printed when something fails.
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let moment = takes.mul_f64((chance % 1_000) as f64 / 1_000.0);
        std::thread::sleep(moment);
        child.kill().expect("SIGKILL");
        child.wait().expect("it ends");
        let said = format!("round {round}, killed after {moment:?} of {takes:?}");
        {
            let db = Connection::open(room.join("db.sqlite")).expect("opens");
            assert_eq!(quick_check(&db), "ok", "{said}");
            assert_eq!(facts(&db), before, "{said}");
            match version(&db) {
                OLD => {
                    old += 1;
                    assert_eq!(tables(&db), old_tables, "{said}");
                }
                found => {
                    new += 1;
                    assert_eq!(found, i64::from(store::schema()), "{said}");
                    assert_eq!(tables(&db), new_tables, "{said}");
                }
            }
        }
        // A copy that has its name is whole, and of the old one.
        let copy = room.join(format!("before-schema-{}.sqlite", OLD + 1));
        if copy.exists() {
            copies += 1;
            let db = Connection::open(&copy).expect("opens");
            assert_eq!((version(&db), quick_check(&db)), (OLD, "ok".to_owned()), "{said}");
            assert_eq!(facts(&db), before, "{said}");
        }
        assert!(upgrade(&room).wait().expect("it ends").success(), "{said}");
        let db = Connection::open(room.join("db.sqlite")).expect("opens");
        assert_eq!(version(&db), i64::from(store::schema()), "{said}");
        assert_eq!(facts(&db), before, "{said}");
        assert!(
            !room.join(format!("before-schema-{}.new", OLD + 1)).exists(),
            "{said}"
        );
        drop(db);
        std::fs::remove_dir_all(&room).expect("removes");
    }
    assert!(old > 0 && old + new == rounds, "{old} old, {new} new");
    assert!(
        copies > 0 || takes < Duration::from_millis(20),
        "no kill fell behind the copy"
    );
}
