//! The metadata block of the entry file (PEP 723) and the list of requirements: in step, both ways, or visibly not.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{TestApp, expect, text};

impl TestApp {
    async fn save_main(&self, script: &str, program: &str) -> Value {
        let put = self.request(Method::PUT, &format!("/api/v1/scripts/{script}/files/main.py"));
        expect(200, put.body(program.to_owned()).send().await.expect("an answer")).await
    }

    async fn main(&self, script: &str) -> String {
        let read = self.request(Method::GET, &format!("/api/v1/scripts/{script}/files/main.py"));
        read.send().await.expect("an answer").text().await.expect("text")
    }
}

fn with_block(dependencies: &str) -> String {
    format!(
        "# /// script\n# requires-python = \">=3.11\"\n# dependencies = {dependencies}\n# ///\nprint(1)\n"
    )
}

#[tokio::test]
async fn list_and_metadata_block_follow_each_other() {
    let app = TestApp::start().await;
    let script = app.script("Inline").await;
    assert_eq!(app.dependencies(&script).await["inline"], json!(null));
    app.save_main(&script, &with_block("[\"six\"]")).await;
    let seen = app.dependencies(&script).await;
    assert_eq!(seen["requirements"], json!(["six"]), "the list follows the file");
    assert_eq!(seen["inline"]["state"], "in_step");

    let seen = app
        .require(200, &script, json!({ "requirements": ["six", "rich"] }))
        .await;
    assert_eq!(seen["inline"]["state"], "in_step", "{seen:#}");
    assert_eq!(
        app.main(&script).await,
        with_block("[\"six\", \"rich\"]"),
        "the file follows the list"
    );
    let revisions = app.get(&format!("/scripts/{script}/revisions?limit=1")).await;
    assert_eq!(revisions["items"][0]["number"], 3, "as a revision");

    app.save_main(&script, &with_block("[\"rich\"]")).await;
    assert_eq!(app.dependencies(&script).await["requirements"], json!(["rich"]));
    // An older revision brings its block along.
    let restore = format!("/scripts/{script}/revisions/3/restore");
    expect(200, app.post(&restore, json!({})).await).await;
    assert_eq!(
        app.dependencies(&script).await["requirements"],
        json!(["six", "rich"])
    );

    // Without a block the list is alone, and stays.
    app.save_main(&script, "print(1)\n").await;
    let seen = app.dependencies(&script).await;
    assert_eq!(
        (&seen["requirements"], &seen["inline"]),
        (&json!(["six", "rich"]), &json!(null))
    );
    let resolve = format!("/scripts/{script}/dependencies/resolve");
    let none = app.post(&resolve, json!({ "use": "file" })).await;
    assert_eq!(expect(409, none).await["code"], "nothing_to_resolve");
}

#[tokio::test]
async fn a_conflict_is_shown_and_somebody_decides() {
    let app = TestApp::start().await;
    let resolve = async |script: &str, winner: &str| {
        let path = format!("/scripts/{script}/dependencies/resolve");
        expect(200, app.post(&path, json!({ "use": winner })).await).await
    };
    for (winner, expected) in [("file", "rich"), ("list", "idna")] {
        let script = app.script(&format!("Conflict {winner}")).await;
        app.save_main(&script, &with_block("[\"six\"]")).await;
        // By hand on the volume, so that nobody has noticed when the list is changed.
        let slug = text(&app.get(&format!("/scripts/{script}")).await["slug"]);
        let place = app.data.join("scripts").join(slug).join("files/main.py");
        std::fs::write(&place, with_block("[\"rich\"]")).expect("written");
        assert_eq!(app.dependencies(&script).await["inline"]["state"], "file_newer");
        let seen = app
            .require(200, &script, json!({ "requirements": ["idna"] }))
            .await;
        assert_eq!(
            (
                &seen["inline"]["state"],
                &seen["inline"]["in_file"],
                &seen["inline"]["in_list"]
            ),
            (&json!("conflict"), &json!(["rich"]), &json!(["idna"]))
        );
        assert_eq!(
            app.main(&script).await,
            with_block("[\"rich\"]"),
            "nothing was overwritten"
        );
        let seen = resolve(&script, winner).await;
        assert_eq!(
            (&seen["inline"]["state"], &seen["requirements"]),
            (&json!("in_step"), &json!([expected]))
        );
        assert_eq!(app.main(&script).await, with_block(&format!("[\"{expected}\"]")));
    }
}

#[tokio::test]
async fn a_block_that_cannot_be_read_or_may_not_be_had_changes_nothing() {
    let app = TestApp::start().await;
    let script = app.script("Unreadable").await;
    app.require(200, &script, json!({ "requirements": ["six"] }))
        .await;
    app.save_main(&script, &with_block("[\"six\", \"num py\"]")).await;
    let seen = app.dependencies(&script).await;
    assert_eq!(
        (
            &seen["inline"]["state"],
            &seen["inline"]["line"],
            &seen["requirements"]
        ),
        (&json!("unreadable"), &json!(2), &json!(["six"]))
    );
    let path = format!("/scripts/{script}/dependencies/resolve");
    let refused = expect(422, app.post(&path, json!({ "use": "list" })).await).await;
    assert_eq!(
        (&refused["code"], &refused["details"]["line"]),
        (&json!("invalid_metadata"), &json!(2))
    );

    app.save_main(&script, &with_block("[\"six\"]")).await;
    app.set_packages(200, json!({ "deny": ["evil"] })).await;
    app.save_main(&script, &with_block("[\"six\", \"evil\"]")).await;
    let seen = app.dependencies(&script).await;
    assert_eq!(
        (&seen["inline"]["state"], &seen["requirements"]),
        (&json!("file_newer"), &json!(["six"]))
    );
    let refused = expect(422, app.post(&path, json!({ "use": "file" })).await).await;
    assert_eq!(refused["code"], "package_refused");
}
