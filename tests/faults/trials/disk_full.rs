//! Row 7: the data disk is full, at a save, at a commit, while a log is written, during an install. Nothing is damaged,
//! what cannot be done is said, and once there is room everything goes on without a restart.

use reqwest::Method;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::figures::Tally;
use crate::form::is_full;
use crate::product::{Product, Setup, expect, words};
use crate::small_disk::{Kind, MIB, SmallDisk};

const SIZE: u64 = 300 * MIB;

/// Numbered lines, sixteen bytes each, about twenty million bytes in two seconds. Ends with 7 if a write ever took a
/// second: its log is all it could complain to, and that is what is full.
const STEADY: &str = "\
import os, sys, time
longest, written = 0.0, 0
for piece in range(400):
    data = memoryview(b''.join(b'%015d\\n' % number for number in range(piece * 3125, (piece + 1) * 3125)))
    while data:
        began = time.monotonic()
        data = data[os.write(1, data):]
        longest = max(longest, time.monotonic() - began)
    time.sleep(0.005)
sys.exit(7 if longest > 1 else 0)
";
const STEADY_BYTES: usize = 400 * 3125 * 16;

pub(super) async fn everywhere() {
    let mut tally = Tally::new(7, "data disk full");
    everything_on(Kind::Tmpfs, &mut tally).await;
    if is_full() {
        everything_on(Kind::Ext4, &mut tally).await;
    }
    tally.close();
}

async fn everything_on(kind: Kind, tally: &mut Tally) {
    let disk = SmallDisk::new(kind, SIZE);
    let mut setup = Setup::default();
    setup.data = Some(disk.data());
    // It says what it cannot record, and tries again.
    setup.forgiven = vec!["full", "No space left", "answered with an error"];
    let mut product = Product::new(setup);
    product.boot().await;
    product.engine_ready().await;
    // The disk is smaller than what is asked to be free on it by default.
    let floor = product
        .request(Method::PATCH, "/settings")
        .json(&json!({ "min_free_bytes": 16 * MIB }));
    expect(200, floor).await;
    at_a_save(&product, &disk, tally).await;
    at_a_commit(&product, &disk, tally).await;
    for meanwhile in [Meanwhile::StaysFull, Meanwhile::HasRoomAgain] {
        while_a_log_is_written(&product, &disk, meanwhile, tally).await;
    }
    during_an_install(&product, &disk, tally).await;
    nothing_is_damaged(&product, tally);
    product.no_container_stays().await;
    // And the next start has nothing to object to.
    product.kill();
    product.boot().await;
    product.engine_ready().await;
    still_runs(&product, tally).await;
}

async fn still_runs(product: &Product, tally: &mut Tally) {
    let name = uuid::Uuid::now_v7().to_string();
    let script = product.script(&name, "print('there is room')").await;
    let run = product.outcome(&script).await;
    tally.figures.runs += 1;
    tally.check(run["outcome"]["kind"] == "succeeded", || {
        format!("with room again: {run:#}")
    });
    let logged = product.stdout(&words(&run["id"])).await;
    tally.check(logged == "there is room\n", || {
        format!("with room again: {logged:?}")
    });
}

/// Status and body of a write.
async fn write(product: &Product, method: Method, path: &str, body: Value) -> (u16, Value) {
    let response = product
        .request(method, path)
        .json(&body)
        .send()
        .await
        .expect("an answer");
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or_default())
}

fn check_refusal(tally: &mut Tally, what: &str, (status, body): &(u16, Value)) {
    let says_why = *status == 507 && body["code"] == "disk_full";
    tally.check(says_why, || format!("{what} on a full disk: {status} {body}"));
}

async fn at_a_save(product: &Product, disk: &SmallDisk, tally: &mut Tally) {
    let script = product.script("Saved", "print('before')").await;
    let place = format!("/scripts/{script}/files/main.py");
    let before = product.get(&format!("/scripts/{script}")).await;
    disk.fill(0);
    tally.figures.injected += 1;
    let new = "#".repeat(256 << 10);
    let save = product
        .request(Method::PUT, &place)
        .body(new.clone())
        .send()
        .await
        .expect("an answer");
    let refusal: (u16, Value) = (save.status().as_u16(), save.json().await.unwrap_or_default());
    tally.check(refusal.0 == 507, || format!("a save on a full disk: {refusal:?}"));
    let kept = product.file(&script, "main.py").await;
    tally.check(kept == b"print('before')", || {
        "a refused save changed the file".to_owned()
    });
    let after = product.get(&format!("/scripts/{script}")).await;
    tally.check(after == before, || {
        format!("a refused save left a trace: {after:#} was {before:#}")
    });
    disk.free();
    product.put_file(&script, "main.py", &new).await;
    let saved = product.file(&script, "main.py").await;
    tally.check(saved == new.as_bytes(), || {
        "a save with room again is not what was saved".to_owned()
    });
}

/// Every answer keeps its word: a run that was accepted is there and runs, one that was refused is not.
async fn at_a_commit(product: &Product, disk: &SmallDisk, tally: &mut Tally) {
    let script = product.script("Submitted", "print('there is room')").await;
    let place = format!("/scripts/{script}");
    disk.fill(0);
    tally.figures.injected += 1;
    // What the database has taken before it may use up first.
    for number in 0..300 {
        let body = json!({ "description": format!("{number} {}", "x".repeat(1000)) });
        let answer = write(product, Method::PATCH, &place, body).await;
        if answer.0 != 200 {
            check_refusal(tally, "a change", &answer);
            break;
        }
    }
    let mut accepted = Vec::new();
    for _ in 0..3 {
        let answer = write(
            product,
            Method::POST,
            &format!("{place}/runs"),
            json!({ "overlap": "allow" }),
        )
        .await;
        match answer.0 {
            201 => accepted.push(words(&answer.1["id"])),
            _ => check_refusal(tally, "a submission", &answer),
        }
    }
    for run in &accepted {
        waits_for_room(product, run).await;
    }
    // Whoever only looks is not concerned.
    product.get("/dashboard").await;
    disk.free();
    still_runs(product, tally).await;
    for run in &accepted {
        let finished = product.finished(run).await;
        tally.figures.runs += 1;
        tally.check(finished["outcome"]["kind"] == "succeeded", || {
            format!("accepted on a full disk: {finished:#}")
        });
    }
    let known = product.get(&format!("/runs?script={script}")).await;
    let known = known["items"].as_array().expect("runs").len();
    tally.check(known == accepted.len(), || {
        format!("{known} runs are known, {} were accepted", accepted.len())
    });
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    /// Until the script has ended.
    StaysFull,
    /// While it still writes.
    HasRoomAgain,
}

async fn while_a_log_is_written(
    product: &Product,
    disk: &SmallDisk,
    meanwhile: Meanwhile,
    tally: &mut Tally,
) {
    let script = product.script(&format!("Steady, {meanwhile:?}"), STEADY).await;
    let run = product.submit(&script).await;
    tally.figures.runs += 1;
    let directory = product
        .until("a run directory", async || {
            product.run_directory(&run).ok_or("none")
        })
        .await;
    let log_grows_beyond = |bytes: u64| {
        let log = directory.join("log");
        move || std::fs::metadata(&log).is_ok_and(|log| log.len() > bytes)
    };
    until(product, "the log grows", log_grows_beyond(2 * MIB)).await;
    disk.fill(0);
    tally.figures.injected += 1;
    let facts = directory.join("exit.json");
    match meanwhile {
        Meanwhile::StaysFull => until(product, "the script ends on a full disk", || facts.exists()).await,
        Meanwhile::HasRoomAgain => {
            let size = std::fs::metadata(directory.join("log")).expect("a log").len();
            // Not a wait for anything: for so long nothing can be written.
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            disk.free();
            until(product, "the log grows again", log_grows_beyond(size + MIB)).await;
        }
    }
    if meanwhile == Meanwhile::StaysFull {
        disk.free();
    }
    let finished = product.finished(&run).await;
    tally.check(finished["outcome"]["kind"] == "succeeded", || {
        format!("{meanwhile:?}: {finished:#}")
    });
    let logged = product.raw(&run, Some("stdout")).await;
    let dropped = finished["log"]["dropped_bytes"].as_u64().expect("a number");
    tally.check(dropped > 0, || format!("{meanwhile:?}: nothing was dropped"));
    let counted = logged.len() as u64 + dropped == STEADY_BYTES as u64;
    tally.check(counted, || {
        format!(
            "{meanwhile:?}: {} bytes and {dropped} dropped of {STEADY_BYTES}",
            logged.len()
        )
    });
    let wrong = wrong_but_for_one_gap(&logged);
    tally.figures.wrong_bytes += wrong;
    tally.check(wrong == 0, || {
        format!("{meanwhile:?}: {wrong} bytes of the log are wrong")
    });
    // On a disk that stays full not even the mark of it can be written; the facts know.
    if meanwhile == Meanwhile::HasRoomAgain {
        let marked = missing_by_its_marks(&product.text(&run).await);
        tally.check(marked == dropped, || {
            format!("{meanwhile:?}: {dropped} bytes are missing, the marks say {marked}")
        });
    }
}

/// A block that became free meanwhile makes two marks of one gap.
fn missing_by_its_marks(text: &str) -> u64 {
    let count = |line: &str| {
        let (before, _) = line.split_once(" bytes of output are missing here.")?;
        let digits = before.rsplit(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse::<u64>().ok()
    };
    text.lines().filter_map(count).sum()
}

/// The beginning of what was written, then its end.
fn wrong_but_for_one_gap(logged: &[u8]) -> u64 {
    let written: Vec<u8> = (0..STEADY_BYTES / 16)
        .flat_map(|number| format!("{number:015}\n").into_bytes())
        .collect();
    let head = logged.iter().zip(&written).take_while(|(a, b)| a == b).count();
    let rest = &logged[head..];
    let tail = rest
        .iter()
        .rev()
        .zip(written.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    (rest.len() - tail) as u64
}

async fn until(product: &Product, what: &str, condition: impl Fn() -> bool) {
    product
        .until(what, async || condition().then_some(()).ok_or("not yet"))
        .await;
}

async fn waits_for_room(product: &Product, run: &str) {
    let waits = |run: &Value| run["wait_reason"]["kind"] == "disk_full";
    product.run_until(run, "it waits for room", waits).await;
}

async fn during_an_install(product: &Product, disk: &SmallDisk, tally: &mut Tally) {
    let script = product
        .script("Installed", "import pip; print('there is room')")
        .await;
    product.require(&script, &["pip"]).await;
    let install = format!("/scripts/{script}/dependencies/install");
    let install = async || words(&product.post(202, &install, json!({})).await["run"]["id"]);
    let build = install().await;
    product
        .run_until(&build, "the build runs", |run| run["state"] == "running")
        .await;
    // It has yet to ask the index, and to keep two megabytes of what that says.
    disk.fill(0);
    tally.figures.injected += 1;
    let directory = product.run_directory(&build).expect("a run directory");
    let facts = directory.join("exit.json");
    until(product, "the build ends on a full disk", || facts.exists()).await;
    disk.free();
    let failed = product.finished(&build).await;
    let said = failed["outcome"].to_string();
    let says_why = failed["outcome"]["kind"] == "failed" && said.contains("No space left");
    tally.check(says_why, || format!("an install on a full disk: {failed:#}"));

    let again = install().await;
    tally.check(again != build, || {
        "an install that failed is no install under way".to_owned()
    });
    let run = product.outcome(&script).await;
    tally.figures.runs += 3;
    tally.check(run["outcome"]["kind"] == "succeeded", || {
        format!("installed with room again: {run:#}")
    });
}

/// By another process's eyes, as far as SQLite is concerned: a connection that only reads.
fn nothing_is_damaged(product: &Product, tally: &mut Tally) {
    let place = product.data.join("db").join("pytask.sqlite");
    let database = Connection::open_with_flags(place, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a database");
    for pragma in ["integrity_check", "foreign_key_check"] {
        let mut found = Vec::new();
        let asked = database.pragma_query(None, pragma, |row| {
            found.push(format!("{:?}", row.get_ref(0)?));
            Ok(())
        });
        asked.expect("an answer");
        let sound = found.is_empty() || found == [r#"Text([111, 107])"#];
        tally.check(sound, || format!("{pragma}: {found:?}"));
    }
}
