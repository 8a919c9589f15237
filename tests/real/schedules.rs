//! A schedule through the death of its controller, by the real clock and on the real engine.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::product::{Product, words};

const EVERY: SignedDuration = SignedDuration::from_secs(15);
/// What is later than this was missed.
const NORMAL: SignedDuration = SignedDuration::from_secs(60);
/// How long nobody is there.
const AWAY: std::time::Duration = std::time::Duration::from_secs(90);

fn time(value: &Value) -> Timestamp {
    words(value).parse().expect("a time")
}

/// The fires of a script, earliest first.
async fn fires(product: &Product, script: &str) -> Vec<Value> {
    let mut runs = product
        .get(&format!("/runs?script={script}&kind=script&limit=200"))
        .await["items"]
        .take();
    let mut runs: Vec<Value> = runs.as_array_mut().expect("a list").drain(..).collect();
    runs.sort_by_key(|run| time(&run["trigger"]["slot"]));
    runs
}

#[tokio::test]
async fn every_due_instant_has_one_row_whoever_dies() {
    let mut product = Product::start().await;
    let script = product.script("Every quarter of a minute", "print('here')").await;
    let when = json!({ "kind": "cron", "expression": "*/15 * * * * *", "zone": "Europe/Berlin" });
    let schedule = json!({ "when": when, "overlap": "queue" });
    let made = product
        .post(201, &format!("/scripts/{script}/schedules"), schedule)
        .await;
    let succeeded = async |product: &Product, least: usize| {
        product
            .until("fires have run", async || {
                let fires = fires(product, &script).await;
                let done = fires
                    .iter()
                    .filter(|run| run["outcome"]["kind"] == "succeeded")
                    .count();
                if done >= least { Ok(()) } else { Err(fires) }
            })
            .await;
    };
    succeeded(&product, 1).await;
    product.kill();
    // Nothing can be waited for: what is tried is that time passes.
    tokio::time::sleep(AWAY).await;
    let back = crate::product::now();
    product.boot().await;
    // Those of the last minute, and two in their time.
    succeeded(&product, 1 + 3 + 2).await;

    let seen = fires(&product, &script).await;
    let slots: Vec<Timestamp> = seen.iter().map(|run| time(&run["trigger"]["slot"])).collect();
    for pair in slots.windows(2) {
        assert_eq!(pair[1].duration_since(pair[0]), EVERY, "{slots:?}");
    }
    assert!(slots[0].duration_since(time(&made["created_at"])) <= EVERY);
    let mut skipped = 0;
    for run in &seen {
        let (slot, queued) = (time(&run["trigger"]["slot"]), time(&run["queued_at"]));
        let lateness = queued.duration_since(slot);
        let outcome = &run["outcome"];
        if lateness > NORMAL {
            assert_eq!(outcome["kind"], "skipped", "{run:#}");
            assert!(
                words(&outcome["reason"]).contains("a later fire runs for it"),
                "{run:#}"
            );
            skipped += 1;
        } else if !outcome.is_null() {
            assert_eq!(outcome["kind"], "succeeded", "{run:#}");
        }
        // In its time, or as soon as somebody was there.
        let expected = if slot < back && queued >= back { back } else { slot };
        assert!(
            queued.duration_since(expected) < SignedDuration::from_secs(5),
            "{run:#}"
        );
    }
    assert!((1..=3).contains(&skipped), "{skipped} of {}", seen.len());
    let deleted = product.request(
        reqwest::Method::DELETE,
        &format!("/schedules/{}", words(&made["id"])),
    );
    crate::product::expect(204, deleted).await;
    product.no_container_stays().await;
}
