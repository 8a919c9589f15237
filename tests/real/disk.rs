//! The data disk on a real machine: what runs leave, what they may take, and a disk that is full.

use std::io::Write;

use reqwest::Method;
use serde_json::{Value, json};

use crate::product::{Product, bytes, expect, words};
use crate::small_disk::{Kind, MIB, SmallDisk};

/// It was ended at this limit, which its outcome names.
fn assert_ended_at(run: &Value, limit: &str, allowed: u64) {
    assert_eq!(run["outcome"]["kind"], "failed", "{run:#}");
    let hits = run["outcome"]["limits_hit"].as_array().expect("limits");
    let hit = hits.iter().find(|hit| hit["limit"] == limit);
    let hit = hit.unwrap_or_else(|| panic!("{limit} is not named: {run:#}"));
    assert_eq!(hit["allowed"], allowed, "{run:#}");
    assert!(hit["found"].as_u64() > Some(allowed), "{run:#}");
}

#[tokio::test]
async fn artifacts_come_back_byte_for_byte() {
    let product = Product::start().await;
    let program = "\
import os
place = os.environ['PYTASK_ARTIFACTS']
os.makedirs(place + '/charts')
with open(place + '/charts/growth.png', 'wb') as chart:
    chart.write(bytes(range(256)) * 4000)
with open(place + '/rows.csv', 'w') as rows:
    rows.write('a,b\\n' * 3)
os.symlink('/etc/passwd', place + '/passwd.txt')
print('left', flush=True)
";
    let script = product.script("Reporter", program).await;
    let run = words(&product.outcome(&script).await["id"]);
    let finished = product.get(&format!("/runs/{run}")).await;
    assert_eq!(finished["outcome"]["kind"], "succeeded", "{finished:#}");
    assert_eq!(finished["artifacts"], json!({ "files": 2, "bytes": 1_024_012 }));

    let list = product.get(&format!("/runs/{run}/artifacts")).await;
    let items: Vec<_> = list["items"].as_array().expect("items").iter().collect();
    let seen: Vec<_> = items
        .iter()
        .map(|item| (words(&item["path"]), item["size"].as_u64(), words(&item["kind"])))
        .collect();
    let expected = [("charts/growth.png", 1_024_000, "image"), ("rows.csv", 12, "csv")];
    assert_eq!(
        seen,
        expected.map(|(path, size, kind)| (path.to_owned(), Some(size), kind.to_owned()))
    );
    let fetch = |path: &str| product.request(Method::GET, &format!("/runs/{run}/artifacts/{path}"));
    let chart: Vec<u8> = (0..4000).flat_map(|_| 0..=255).collect();
    assert!(bytes(fetch("charts/growth.png")).await == chart);
    assert_eq!(bytes(fetch("rows.csv?view=true")).await, b"a,b\n".repeat(3));
    assert_eq!(expect(409, fetch("passwd.txt")).await["code"], "unsafe_file");

    // Who leaves nothing has no folder.
    let script = product.script("Tidy", "print('nothing')").await;
    let run = words(&product.outcome(&script).await["id"]);
    let folder = product
        .run_directory(&run)
        .expect("a run directory")
        .join("artifacts");
    product
        .until("no empty folder", async || {
            if folder.exists() {
                Err("still there")
            } else {
                Ok(())
            }
        })
        .await;
    product.no_container_stays().await;
}

/// Few and large, or many and empty: both take space.
#[tokio::test]
async fn a_run_that_takes_too_much_of_the_disk_is_ended() {
    let product = Product::start().await;
    let large = "\
import os, time
with open('/script/large', 'wb') as file:
    while os.path.getsize('/script/large') < 48 << 20:
        file.write(bytes(1 << 20))
        file.flush()
print('written', flush=True)
time.sleep(600)
";
    let many = "\
import time
for n in range(20_000):
    open(f'/script/{n}', 'w').close()
print('written', flush=True)
time.sleep(600)
";
    for (name, program) in [("Large", large), ("Many", many)] {
        let limits = json!({ "disk_bytes": 16 * MIB, "stop_grace_seconds": 1 });
        let script = product.limited(name, limits, program).await;
        let run = product.outcome(&script).await;
        assert_ended_at(&run, "disk_bytes", 16 * MIB);
        let message = words(&run["outcome"]["message"]);
        assert!(
            message.contains("the script's folder took") && message.contains("the limit is 16 MiB"),
            "{message}"
        );
    }
    product.no_container_stays().await;
}

#[tokio::test]
async fn a_run_that_leaves_too_much_is_ended_and_what_it_left_is_kept() {
    let product = Product::start().await;
    let program = "\
import os, time
place = os.environ['PYTASK_ARTIFACTS']
for n in range(32):
    with open(f'{place}/{n}', 'wb') as file:
        file.write(bytes(1 << 20))
time.sleep(600)
";
    let limits = json!({ "artifacts_bytes": 8 * MIB, "stop_grace_seconds": 1 });
    let script = product.limited("Generous", limits, program).await;
    let run = product.outcome(&script).await;
    assert_ended_at(&run, "artifacts_bytes", 8 * MIB);
    assert!(run["artifacts"]["files"].as_u64() > Some(7), "{run:#}");
    product.no_container_stays().await;
}

/// Filled to the last byte by a script: what happened is recorded all the same, and it can be cleaned up.
#[tokio::test]
async fn a_full_disk_is_lived_through() {
    let disk = SmallDisk::new(Kind::Tmpfs, 128 * MIB);
    let mut product = Product::start_in(disk.data()).await;
    // What cannot be recorded is said, and tried again.
    product.forgive("a run could not be taken further; trying again");
    product.forgive("the queue could not be looked at; trying again");
    let patch = |path: String, wish: Value| product.request(Method::PATCH, &path).json(&wish);
    expect(
        200,
        patch("/settings".to_owned(), json!({ "min_free_bytes": 16 * MIB })),
    )
    .await;
    // Whole, or not.
    let reserve = async |wanted: bool| {
        let look = async || {
            let disk = product.get("/system").await["disk"].take();
            let number = |field: &str| disk[field].as_u64().expect("a number");
            let whole = number("reserve_bytes") == number("total_bytes") / 16;
            if whole == wanted { Ok(()) } else { Err(disk) }
        };
        product.until("the reserve is as it should be", look).await;
    };
    reserve(true).await;

    let next = product.script("Next", "print('there is room')").await;
    let filler = "\
import sys
try:
    with open('/script/fill', 'wb', buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))
except OSError as error:
    sys.exit(error.errno)
";
    let filler = product.script("Filler", filler).await;
    let run = product.outcome(&filler).await;
    assert_eq!(
        (&run["outcome"]["kind"], &run["outcome"]["exit_code"]),
        (&json!("failed"), &json!(28)),
        "{run:#}"
    );

    // Nothing is started, and who waits knows why.
    let waiting = product.submit(&next).await;
    product
        .run_until(&waiting, "it waits for room", |run| {
            run["wait_reason"]["kind"] == "disk_full"
        })
        .await;
    // Some file systems keep a part for root, as whom the controller runs.
    let mut rest = std::fs::File::create(disk.place().join("rest")).expect("a file");
    while rest.write_all(&[1; 4096]).is_ok() {}
    // The database's log has some room of its own. Used up by runs that come and are skipped, it is followed by the
    // reserve: whoever met the end of the room, the next try of everybody succeeds.
    let mut refused = 0;
    let whole = async || {
        let disk = product.get("/system").await["disk"].take();
        disk["reserve_bytes"].as_u64() == disk["total_bytes"].as_u64().map(|total| total / 16)
    };
    for _ in 0..200 {
        if !whole().await {
            break;
        }
        for _ in 0..50 {
            let wish = product.request(Method::POST, &format!("/scripts/{next}/runs"));
            let answer = wish
                .json(&json!({ "overlap": "skip" }))
                .send()
                .await
                .expect("an answer");
            match answer.status().as_u16() {
                201 => {}
                507 => refused += 1,
                other => panic!("{other}: {}", answer.text().await.expect("a body")),
            }
        }
    }
    reserve(false).await;
    assert!(refused <= 4, "{refused} times refused");
    product.submit(&next).await;

    let fill = format!("/scripts/{filler}/files/fill");
    expect(200, product.request(Method::DELETE, &fill)).await;
    let finished = product.finished(&waiting).await;
    assert_eq!(finished["outcome"]["kind"], "succeeded", "{finished:#}");
    reserve(true).await;
    product.no_container_stays().await;
}

/// One that takes every byte that becomes free, the reserve's too.
#[tokio::test]
async fn a_run_that_fills_the_disk_again_and_again_can_be_stopped() {
    let disk = SmallDisk::new(Kind::Tmpfs, 128 * MIB);
    let mut product = Product::start_in(disk.data()).await;
    product.forgive("a run could not be taken further; trying again");
    let settings = product.request(Method::PATCH, "/settings");
    expect(200, settings.json(&json!({ "min_free_bytes": 16 * MIB }))).await;
    let greedy = "\
with open('/script/fill', 'wb', buffering=0) as file:
    while True:
        try:
            file.write(bytes(1 << 16))
        except OSError:
            pass
";
    let script = product.script("Greedy", greedy).await;
    let run = product.submit(&script).await;
    product
        .until("the disk is full", async || {
            let free = product.get("/system").await["free_bytes"].as_u64();
            if free == Some(0) { Ok(()) } else { Err(free) }
        })
        .await;
    // What has to be recorded has its room, and its way.
    for n in 0..300 {
        let wish = json!({ "description": format!("{n:04000}") });
        let patch = product.request(Method::PATCH, &format!("/scripts/{script}"));
        expect(200, patch.json(&wish)).await;
    }
    product.cancel(&run).await;
    let finished = product.finished(&run).await;
    assert_eq!(finished["outcome"]["kind"], "cancelled", "{finished:#}");
    let fill = format!("/scripts/{script}/files/fill");
    expect(200, product.request(Method::DELETE, &fill)).await;
    product.no_container_stays().await;
}
