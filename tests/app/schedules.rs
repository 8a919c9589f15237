//! Schedules: their rows, their fires, what is skipped and why; on the fake engine and a clock that the tests set.

use jiff::{SignedDuration, Timestamp, ToSpan};
use pytask_manager::app::Surroundings;
use pytask_manager::clock::Clock;
use pytask_manager::engine::fake::Script;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{TestApp, expect, text};

/// On a minute, in winter.
const BEGIN: &str = "2026-11-24T10:00:30Z";

struct Timed {
    app: TestApp,
    clock: Clock,
}

impl Timed {
    async fn start() -> Self {
        let clock = Clock::manual(BEGIN.parse().expect("a time"));
        let surroundings = Surroundings {
            clock: clock.clone(),
            ..Surroundings::default()
        };
        Self {
            app: TestApp::start_in(surroundings, &[]).await,
            clock,
        }
    }

    fn pass(&self, time: SignedDuration) {
        self.clock.set(self.clock.now() + time);
        self.app.scheduler().look();
    }

    async fn schedule(&self, script: &str, body: Value) -> String {
        let path = format!("/scripts/{script}/schedules");
        text(&expect(201, self.app.post(&path, body).await).await["id"])
    }

    /// Runs of a schedule, the earliest slot first: slot, outcome, reason.
    async fn fires(&self, script: &str) -> Vec<(String, String, String)> {
        let runs = self.app.get(&format!("/runs?script={script}&limit=500")).await["items"].take();
        let mut fires: Vec<_> = runs
            .as_array()
            .expect("a list")
            .iter()
            .filter(|run| run["trigger"]["kind"] == "schedule")
            .map(|run| {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let outcome = &run["outcome"];
                (
                    text(&run["trigger"]["slot"]),
                    text(&outcome["kind"]),
                    text(&outcome["reason"]),
                )
            })
            .collect();
        fires.sort();
        fires
    }

    async fn until_fires(&self, script: &str, count: usize) -> Vec<(String, String, String)> {
        self.app
            .until(&format!("{count} fires are done"), async |_| {
                let fires = self.fires(script).await;
                fires.len() == count && fires.iter().all(|(_, outcome, _)| !outcome.is_empty())
            })
            .await;
        self.fires(script).await
    }

    async fn patch_schedule(&self, id: &str, body: Value) -> Value {
        self.app.patch(&format!("/schedules/{id}"), body).await
    }
}

fn every(expression: &str) -> Value {
    json!({ "when": { "kind": "cron", "expression": expression, "zone": "UTC" } })
}

fn with(mut body: Value, more: Value) -> Value {
    let more = more.as_object().expect("an object").clone();
    body.as_object_mut().expect("an object").extend(more);
    body
}

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

#[tokio::test]
async fn a_fire_becomes_a_run_with_what_the_schedule_says() {
    let timed = Timed::start().await;
    let script = timed.app.script("nightly").await;
    let terms = json!({ "name": "often", "args": ["--all"], "env": { "MODE": "fast" } });
    let id = timed.schedule(&script, with(every("* * * * *"), terms)).await;
    let view = timed.app.get(&format!("/schedules/{id}")).await;
    assert_eq!(
        (
            &view["description"],
            &view["overlap"],
            &view["next"][0]["at"],
            &view["last"]
        ),
        (
            &json!("Every minute"),
            &json!("skip"),
            &json!("2026-11-24T10:01:00Z"),
            &Value::Null
        )
    );
    // Nothing of the time before it was made is due, and nothing before its time.
    assert!(timed.fires(&script).await.is_empty());
    timed.pass(MINUTE);
    let fires = timed.until_fires(&script, 1).await;
    assert_eq!(fires[0].0, "2026-11-24T10:01:00Z");
    assert_eq!(fires[0].1, "succeeded");
    let runs = timed.app.get(&format!("/runs?script={script}")).await["items"].take();
    assert_eq!(
        (
            &runs[0]["args"],
            &runs[0]["env"]["MODE"],
            &runs[0]["trigger"]["schedule_id"]
        ),
        (&json!(["--all"]), &json!("fast"), &json!(id))
    );
    assert_eq!(runs[0]["trigger"]["attempt"], 1);
    let view = timed.app.get(&format!("/schedules/{id}")).await;
    assert_eq!(view["last"]["run_id"], runs[0]["id"]);
    assert_eq!(view["next"][0]["at"], "2026-11-24T10:02:00Z");
}

#[tokio::test]
async fn what_was_missed_while_nobody_was_there_has_its_rows_and_one_run() {
    let mut timed = Timed::start().await;
    let (latest, none) = (timed.app.script("latest").await, timed.app.script("none").await);
    timed.schedule(&latest, every("*/10 * * * *")).await;
    timed
        .schedule(&none, with(every("*/10 * * * *"), json!({ "missed": "none" })))
        .await;
    timed.app.kill();
    timed.clock.set(timed.clock.now() + SignedDuration::from_mins(35));
    timed.app.restart().await;
    let fires = timed.until_fires(&latest, 3).await;
    let outcomes: Vec<_> = fires.iter().map(|(_, outcome, _)| outcome.as_str()).collect();
    assert_eq!(outcomes, ["skipped", "skipped", "succeeded"]);
    assert!(fires[0].2.contains("a later fire runs for it"), "{fires:?}");
    assert_eq!(fires[2].0, "2026-11-24T10:30:00Z");
    let fires = timed.until_fires(&none, 3).await;
    assert!(
        fires
            .iter()
            .all(|(_, outcome, reason)| outcome == "skipped" && reason.contains("does not make up"))
    );
    // Once more, nothing new.
    timed.app.restart().await;
    timed.app.scheduler().look();
    timed.pass(SignedDuration::from_mins(10));
    timed.until_fires(&latest, 4).await;
    timed.until_fires(&none, 4).await;
}

#[tokio::test]
async fn a_fire_that_meets_an_unfinished_run_is_skipped_and_says_so() {
    let timed = Timed::start().await;
    timed.app.fake.script_others(Script::hangs());
    let script = timed.app.script("slow").await;
    let id = timed.schedule(&script, every("* * * * *")).await;
    timed.pass(MINUTE);
    timed
        .app
        .until("the first one runs", async |_| {
            timed.fires(&script).await.len() == 1
        })
        .await;
    for _ in 0..5 {
        let before = timed.fires(&script).await.len();
        timed.pass(MINUTE);
        timed
            .app
            .until("the next one is skipped", async |_| {
                timed.fires(&script).await.len() > before
            })
            .await;
    }
    let fires = timed.fires(&script).await;
    assert_eq!(fires[0].1, "", "the first one goes on");
    timed
        .app
        .until("the others are skipped", async |_| {
            timed.fires(&script).await[1..]
                .iter()
                .all(|(_, outcome, _)| outcome == "skipped")
        })
        .await;
    let view = timed.app.get(&format!("/schedules/{id}")).await;
    assert!(text(&view["remark"]).starts_with("Every 1 min"), "{view:#}");
}

#[tokio::test]
async fn pauses_of_a_script_a_schedule_and_everything_are_not_made_up_for() {
    let timed = Timed::start().await;
    let script = timed.app.script("paused").await;
    let id = timed.schedule(&script, every("* * * * *")).await;
    timed
        .app
        .patch(&format!("/scripts/{script}"), json!({ "paused": true }))
        .await;
    timed.pass(MINUTE);
    let fires = timed.until_fires(&script, 1).await;
    assert!(fires[0].2.contains("the script was paused"), "{fires:?}");
    assert_eq!(
        timed.app.get(&format!("/schedules/{id}")).await["next"],
        json!([])
    );
    timed
        .app
        .patch(&format!("/scripts/{script}"), json!({ "paused": false }))
        .await;

    timed
        .app
        .patch("/settings", json!({ "schedules_paused": true }))
        .await;
    timed.pass(MINUTE);
    let fires = timed.until_fires(&script, 2).await;
    assert!(fires[1].2.contains("all schedules were paused"), "{fires:?}");
    assert_eq!(timed.app.get("/schedules").await["paused"], true);
    timed
        .app
        .patch("/settings", json!({ "schedules_paused": false }))
        .await;

    // One that is switched off has no fires at all.
    timed.patch_schedule(&id, json!({ "enabled": false })).await;
    timed.pass(MINUTE * 5);
    timed.patch_schedule(&id, json!({ "enabled": true })).await;
    timed.pass(MINUTE);
    let fires = timed.until_fires(&script, 3).await;
    assert_eq!(
        (fires[2].0.as_str(), fires[2].1.as_str()),
        ("2026-11-24T10:08:00Z", "succeeded")
    );

    // Neither has one whose script was in the trash.
    let delete = timed
        .app
        .request(Method::DELETE, &format!("/api/v1/scripts/{script}"));
    expect(204, delete.send().await.expect("an answer")).await;
    timed.pass(MINUTE * 5);
    expect(
        200,
        timed
            .app
            .post(&format!("/scripts/{script}/restore"), json!({}))
            .await,
    )
    .await;
    timed.pass(MINUTE);
    assert_eq!(timed.until_fires(&script, 4).await[3].0, "2026-11-24T10:14:00Z");
}

#[tokio::test]
async fn an_edit_is_a_new_version_and_what_was_due_before_it_is_dealt_with_first() {
    let timed = Timed::start().await;
    let script = timed.app.script("edited").await;
    let id = timed.schedule(&script, every("*/5 * * * *")).await;
    // The clock is at 10:06, and nobody has looked at it yet.
    timed
        .clock
        .set(BEGIN.parse::<Timestamp>().expect("a time") + 330.seconds());
    let changed = timed
        .patch_schedule(&id, json!({ "when": every("* * * * *")["when"] }))
        .await;
    assert_eq!(changed["version"], 2);
    let fires = timed.until_fires(&script, 1).await;
    assert_eq!(fires[0].0, "2026-11-24T10:05:00Z");
    timed.pass(MINUTE);
    let fires = timed.until_fires(&script, 2).await;
    assert_eq!(fires[1].0, "2026-11-24T10:07:00Z");
    let delete = timed
        .app
        .request(Method::DELETE, &format!("/api/v1/schedules/{id}"));
    expect(204, delete.send().await.expect("an answer")).await;
    timed.pass(MINUTE * 3);
    assert_eq!(timed.fires(&script).await.len(), 2);
    assert_eq!(timed.app.get("/schedules").await["items"], json!([]));
}

#[tokio::test]
async fn once_is_once() {
    let timed = Timed::start().await;
    let script = timed.app.script("once").await;
    let past = json!({ "when": { "kind": "once", "at": "2026-11-24T10:00:00Z" } });
    let refused = expect(
        422,
        timed
            .app
            .post(&format!("/scripts/{script}/schedules"), past)
            .await,
    )
    .await;
    assert_eq!(refused["details"]["field"], "at");
    let id = timed
        .schedule(
            &script,
            json!({ "when": { "kind": "once", "at": "2026-11-24T10:03:00Z" } }),
        )
        .await;
    timed.pass(MINUTE * 10);
    let fires = timed.until_fires(&script, 1).await;
    assert_eq!(fires[0].1, "succeeded", "{fires:?}");
    timed.pass(MINUTE * 10);
    let view = timed.app.get(&format!("/schedules/{id}")).await;
    assert_eq!((&view["done"], &view["next"]), (&json!(true), &json!([])));
    assert_eq!(timed.fires(&script).await.len(), 1);
}

#[tokio::test]
async fn what_went_wrong_is_tried_again_as_often_and_as_late_as_it_is_told() {
    let mut timed = Timed::start().await;
    timed.app.fake.script_others(Script::prints(&["no"], 3));
    let script = timed.app.script("failing").await;
    let retry = json!({ "retry": { "attempts": 3, "delay_seconds": 60 } });
    timed.schedule(&script, with(every("0 11 * * *"), retry)).await;
    timed.pass(SignedDuration::from_mins(60));
    let attempts = async |timed: &Timed| {
        let runs = timed.app.get(&format!("/runs?script={script}")).await["items"].take();
        let mut all: Vec<_> = runs
            .as_array()
            .expect("a list")
            .iter()
            .map(|run| {
                (
                    run["trigger"]["attempt"].as_u64(),
                    run["state"] == "finished",
                    run["wait_reason"]["kind"].clone(),
                )
            })
            .collect();
        all.reverse();
        all
    };
    timed
        .app
        .until("the second attempt waits", async |_| {
            attempts(&timed)
                .await
                .get(1)
                .is_some_and(|(attempt, done, why)| *attempt == Some(2) && !done && why == "retry")
        })
        .await;
    // It waits through a restart.
    timed.app.restart().await;
    for (waited, finished) in [(60, 2), (120, 3)] {
        timed.pass(SignedDuration::from_secs(waited));
        timed
            .app
            .until("the next attempt is done", async |_| {
                attempts(&timed).await.iter().filter(|(_, done, _)| *done).count() == finished
            })
            .await;
    }
    timed.pass(SignedDuration::from_hours(1));
    let all: Vec<_> = attempts(&timed)
        .await
        .into_iter()
        .map(|(attempt, ..)| attempt)
        .collect();
    assert_eq!(all, [Some(1), Some(2), Some(3)]);
}

#[tokio::test]
async fn a_preview_is_told_by_the_code_that_fires_and_points_at_what_is_wrong() {
    let app = TestApp::start().await;
    let preview = |expression: &str, zone: &str| json!({ "expression": expression, "timezone": zone, "after": "2026-10-24T12:00:00Z", "count": 3 });
    let answer = expect(
        200,
        app.post("/cron/preview", preview("30 2 * * *", "Europe/Berlin"))
            .await,
    )
    .await;
    assert_eq!(answer["description"], "At 02:30 every day");
    assert_eq!(
        answer["fires"],
        json!([
            "2026-10-25T00:30:00Z",
            "2026-10-26T01:30:00Z",
            "2026-10-27T01:30:00Z"
        ])
    );
    assert_eq!(answer["marks"][0], "once_of_two");
    assert!(
        text(&answer["notes"][0]).contains("the first time only"),
        "{answer:#}"
    );
    for (expression, begin, end, part) in [
        ("0 25 * * *", 2, 4, json!("hour")),
        ("0 0 * * FRI-MON", 8, 15, json!("day of week")),
        ("0 0 31 2 *", 4, 8, Value::Null),
    ] {
        let refused = expect(422, app.post("/cron/preview", preview(expression, "UTC")).await).await;
        assert_eq!(refused["code"], "invalid_expression", "{expression}");
        let details = &refused["details"];
        assert_eq!(
            (&details["begin"], &details["end"]),
            (&json!(begin), &json!(end)),
            "{expression}: {refused:#}"
        );
        if !part.is_null() {
            assert_eq!(details["part"], part);
        }
    }
    let refused = expect(
        422,
        app.post("/cron/preview", preview("* * * * *", "Mars/Base")).await,
    )
    .await;
    assert_eq!(refused["details"]["field"], "timezone");
    assert!(app.get("/zones").await["items"].as_array().expect("a list").len() > 400);
}

#[tokio::test]
async fn a_simulation_says_what_would_fire_and_what_an_outage_would_cost() {
    let timed = Timed::start().await;
    let script = timed.app.script("simulated").await;
    timed
        .schedule(&script, with(every("*/10 * * * *"), json!({ "name": "often" })))
        .await;
    let body = json!({ "from": "2026-11-25T00:00:00Z", "to": "2026-11-25T03:00:00Z",
        "outage": { "from": "2026-11-25T01:00:00Z", "to": "2026-11-25T01:35:00Z" } });
    let answer = expect(200, timed.app.post("/schedules/simulate", body).await).await;
    let one = &answer["schedules"][0];
    assert_eq!(
        (&answer["total"], &one["would_run"]),
        (&json!(18), &json!(16)),
        "{answer:#}"
    );
    assert_eq!(one["skipped"], json!([{ "reason": "coalesced", "count": 2 }]));
    assert_eq!(answer["by_hour"], json!([6, 6, 6, 0]));
    let backwards = json!({ "from": "2026-11-25T00:00:00Z", "to": "2026-11-24T00:00:00Z" });
    expect(422, timed.app.post("/schedules/simulate", backwards).await).await;
}
