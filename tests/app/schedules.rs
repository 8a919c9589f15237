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

#[tokio::test]
async fn the_calendar_has_what_was_and_what_will_be_and_sums_up_what_is_frequent() {
    let timed = Timed::start().await;
    let (often, daily) = (timed.app.script("often").await, timed.app.script("daily").await);
    let berlin = |expression: &str| json!({ "when": { "kind": "cron", "expression": expression, "zone": "Europe/Berlin" } });
    timed.schedule(&often, every("*/5 * * * *")).await;
    timed
        .schedule(&daily, with(berlin("0 12 * * *"), json!({ "name": "noon" })))
        .await;
    for count in 1..=14 {
        timed.pass(SignedDuration::from_mins(5));
        timed.until_fires(&often, count).await;
    }
    timed.until_fires(&daily, 1).await;
    let day = "/calendar?from=2026-11-24T00:00:00Z&to=2026-11-26T00:00:00Z";
    let calendar = timed.app.get(day).await;
    let items = calendar["items"].as_array().expect("a list");
    let of = |kind: &str, name: &str| -> Vec<&Value> {
        items
            .iter()
            .filter(|item| item["kind"] == kind && item["script_name"] == name)
            .collect()
    };
    let bands = of("band", "often");
    assert_eq!(
        bands[0]["past"],
        json!({ "succeeded": 14, "failed": 0, "skipped": 0, "other": 0 })
    );
    assert_eq!(
        (&bands[0]["count"], &bands[0]["description"]),
        (&json!(14), &json!("Every 5 minutes"))
    );
    // From 11:15 to midnight, then a day.
    let coming: Vec<_> = bands[1..].iter().map(|band| band["count"].as_u64()).collect();
    assert_eq!(coming, [Some(153), Some(288)]);
    let runs = of("run", "daily");
    assert_eq!(
        (&runs[0]["at"], &runs[0]["outcome_kind"]),
        (&json!("2026-11-24T11:00:00Z"), &json!("succeeded"))
    );
    assert_eq!(of("upcoming", "daily")[0]["at"], "2026-11-25T11:00:00Z");
    let eleven = &calendar["by_hour"]
        .as_array()
        .expect("hours")
        .iter()
        .find(|hour| hour["at"] == "2026-11-24T11:00:00Z");
    let eleven = eleven.expect("there is one");
    assert_eq!((&eleven["past"], &eleven["upcoming"]), (&json!(4), &json!(9)));
    assert_eq!(
        (&calendar["changes"], &calendar["truncated"]),
        (&json!([]), &json!(false))
    );

    let spring = timed
        .app
        .get("/calendar?from=2027-03-20T00:00:00Z&to=2027-04-20T00:00:00Z&zone=Europe/Berlin")
        .await;
    assert_eq!(spring["changes"][0]["at"], "2027-03-28T01:00:00Z");
    let too_long = timed.app.request(
        Method::GET,
        "/api/v1/calendar?from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z",
    );
    expect(422, too_long.send().await.expect("an answer")).await;
}

#[tokio::test]
async fn a_crontab_is_read_line_by_line_and_what_is_chosen_is_taken() {
    let app = TestApp::start().await;
    let known = app.script("Report").await;
    let text = "# mine\nMAILTO=root\nCRON_TZ=Europe/Berlin\n0 2 * * 1 python3 /opt/report.py --all\n\
                @hourly /opt/sync.py\n@reboot python x.py\n61 * * * * y\n";
    let read = expect(
        200,
        app.post("/crontab/preview", json!({ "text": text, "zone": "UTC" }))
            .await,
    )
    .await;
    let kinds: Vec<_> = read["lines"]
        .as_array()
        .expect("lines")
        .iter()
        .map(|line| line["kind"].clone())
        .collect();
    assert_eq!(
        kinds,
        [
            "comment",
            "variable",
            "variable",
            "job",
            "job",
            "unsupported",
            "unsupported"
        ]
    );
    let (report, sync) = (&read["lines"][3], &read["lines"][4]);
    assert_eq!(
        (&report["script_id"], &report["zone"], &report["args"]),
        (&json!(known), &json!("Europe/Berlin"), &json!(["--all"]))
    );
    assert_eq!(sync["suggested_name"], "sync");

    let job = |line: &Value, more: Value| {
        let mut job = json!({});
        for field in ["line", "expression", "zone", "command"] {
            job[field] = line[field].clone();
        }
        with(job, more)
    };
    let jobs = json!([
        job(report, json!({ "script_id": known })),
        job(sync, json!({ "new_script": { "name": "sync" } }))
    ]);
    let bad = json!({ "jobs": [jobs[0], with(jobs[1].clone(), json!({ "expression": "99 * * * *" }))] });
    assert_eq!(
        expect(422, app.post("/crontab/import", bad).await).await["code"],
        "invalid_expression"
    );
    assert_eq!(app.get("/schedules").await["items"], json!([]), "all or nothing");
    let twice = json!({ "jobs": [jobs[1], jobs[1]] });
    assert_eq!(
        expect(409, app.post("/crontab/import", twice).await).await["code"],
        "name_taken"
    );

    let made = expect(201, app.post("/crontab/import", json!({ "jobs": jobs })).await).await;
    let schedules = made["schedules"].as_array().expect("schedules");
    assert_eq!(
        (&schedules[0]["enabled"], &schedules[0]["args"]),
        (&json!(true), &json!(["--all"]))
    );
    assert_eq!(schedules[1]["enabled"], false, "its program is not there yet");
    assert_eq!(made["scripts"].as_array().map(Vec::len), Some(1));
    assert_eq!(schedules[1]["script_name"], "sync");
}
