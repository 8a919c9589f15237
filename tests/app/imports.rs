//! A `requirements.txt` before it is imported: over HTTP, on the fake engine.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{TestApp, expect, text};
use crate::lookalikes::resembling;

impl TestApp {
    async fn preview(&self, status: u16, script: &str, body: Value) -> Value {
        let path = format!("/scripts/{script}/dependencies/preview");
        expect(status, self.post(&path, body).await).await
    }
}

/// Of each line its place, its fate, and what it would be in the list.
fn fates(preview: &Value) -> Vec<(u64, String, Option<String>)> {
    let lines = preview["lines"].as_array().expect("lines");
    let fate = |line: &Value| {
        (
            line["first"].as_u64().expect("a place"),
            text(&line["fate"]),
            line["requirement"].as_str().map(str::to_owned),
        )
    };
    lines.iter().map(fate).collect()
}

#[tokio::test]
async fn a_file_is_shown_line_by_line_before_anything_changes_and_then_saved_as_any_list() {
    let app = TestApp::start().await;
    app.set_packages(200, json!({ "deny": ["evil"] })).await;
    let script = app.script("Imports").await;
    app.require(200, &script, json!({ "requirements": ["Requests>=2", "rich"] }))
        .await;
    let file = "\u{feff}# compiled\r\nrequests==2.32.3 \\\r\n    --hash=sha256:aa \\\r\n    --hash=sha256:bb\r\n    # via x\r\n\
                rich\r\nflask\r\nFlask\r\nevil\r\n-r base.txt\r\n--require-hashes\r\n";
    let preview = app.preview(200, &script, json!({ "text": file })).await;
    let line =
        |at, fate: &str, requirement: Option<&str>| (at, fate.to_owned(), requirement.map(str::to_owned));
    assert_eq!(
        fates(&preview),
        [
            line(1, "replaces", Some("requests==2.32.3")),
            line(5, "already_there", None),
            line(6, "added", Some("flask")),
            line(7, "merged", None),
            line(8, "not_taken", None),
            line(9, "not_taken", None),
            line(10, "ignored", None),
        ]
    );
    let first = &preview["lines"][0];
    assert_eq!(
        (&first["last"], &first["replaces"]),
        (&json!(3), &json!(["Requests>=2"]))
    );
    assert!(text(&first["message"]).contains("2 hashes"), "{first}");
    assert!(
        text(&preview["lines"][4]["message"]).contains("Settings, Packages"),
        "{preview}"
    );
    assert_eq!(
        (&preview["comments"], &preview["removed"]),
        (&json!(2), &json!([]))
    );

    let wanted = json!(["requests==2.32.3", "rich", "flask"]);
    assert_eq!(preview["requirements"], wanted);
    assert_eq!(
        app.dependencies(&script).await["requirements"],
        json!(["Requests>=2", "rich"])
    );
    let saved = app.require(200, &script, json!({ "requirements": wanted })).await;
    assert_eq!(saved["requirements"], wanted);
}

#[tokio::test]
async fn the_file_may_be_all_there_is_and_come_into_a_list_that_is_not_saved() {
    let app = TestApp::start().await;
    let script = app.script("Replaces").await;
    app.require(200, &script, json!({ "requirements": ["rich", "six"] }))
        .await;
    let all = app
        .preview(200, &script, json!({ "text": "six\nflask", "others": "remove" }))
        .await;
    assert_eq!(
        (&all["requirements"], &all["removed"]),
        (&json!(["six", "flask"]), &json!(["rich"]))
    );
    let typed = json!({ "text": "six", "requirements": ["# mine", "still typ", "six>1"] });
    let into = app.preview(200, &script, typed).await;
    assert_eq!(into["requirements"], json!(["# mine", "still typ", "six"]));
}

#[tokio::test]
async fn what_is_no_file_of_requirements_is_refused() {
    let app = TestApp::start().await;
    let script = app.script("Bad").await;
    let refused = [
        (json!({}), "", "text"),
        (json!({ "text": "six", "others": "maybe" }), "others", "maybe"),
        (json!({ "text": "six", "save": true }), "save", "save"),
        (json!({ "text": "#".repeat(1024 * 1024 + 1) }), "text", "1 MiB"),
        (json!({ "text": "six\n".repeat(1_001) }), "text", "1000 lines"),
    ];
    for (body, field, part) in refused {
        let answer = app.preview(422, &script, body).await;
        let message = text(&answer["message"]);
        assert_eq!(answer["code"], "invalid_field", "{answer}");
        assert!(message.contains(part), "{message}");
        assert!(
            field.is_empty() || answer["details"]["field"] == field,
            "{answer}"
        );
    }
    let nobody = "0".repeat(32);
    assert_eq!(
        app.preview(404, &nobody, json!({ "text": "six" })).await["code"],
        "not_found"
    );
    assert_eq!(app.dependencies(&script).await["requirements"], json!([]));
}

/// A parser that panics with its lock held would leave every marker after it unread.
#[tokio::test]
async fn what_the_parser_stumbles_over_is_refused_and_harms_nobody() {
    let app = TestApp::start().await;
    let script = app.script("Stumbles").await;
    for line in ["six-!", "six[a-]", "six; sys_platform ~= 'win'"] {
        let refused = app.require(422, &script, json!({ "requirements": [line] })).await;
        assert_eq!(refused["code"], "invalid_requirement", "{line}");
        let preview = app.preview(200, &script, json!({ "text": line })).await;
        assert_eq!(preview["lines"][0]["fate"], "not_taken", "{line}");
    }
    let good = json!(["six; sys_platform == 'linux'"]);
    assert_eq!(
        app.require(200, &script, json!({ "requirements": good })).await["requirements"],
        good
    );
}

#[tokio::test]
async fn a_name_to_look_at_twice_is_told_before_it_is_saved() {
    let app = TestApp::start().await;
    let script = app.script("Told").await;
    let preview = app
        .preview(200, &script, json!({ "text": "reqeusts\nnumpy" }))
        .await;
    let expected = [("reqeusts".to_owned(), "requests".to_owned())];
    assert_eq!(resembling(&preview), expected);
    assert_eq!(fates(&preview)[0].1, "added");
}

#[tokio::test]
async fn a_file_in_the_scripts_folder_is_a_file_like_any_other() {
    let app = TestApp::start().await;
    let script = app.script("Uploaded").await;
    let path = format!("/api/v1/scripts/{script}/files/requirements.txt");
    let put = app.request(Method::PUT, &path).body("six\n");
    assert!(put.send().await.expect("an answer").status().is_success());
    assert_eq!(app.dependencies(&script).await["requirements"], json!([]));
}
