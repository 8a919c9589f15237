//! Names that look like another, in what is asked for and what is used here: on the fake engine.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{TestApp, text};
use crate::packages::built;

pub fn resembling(answer: &Value) -> Vec<(String, String)> {
    let warnings = answer["warnings"].as_array().expect("warnings");
    let pair = |warning: &Value| (text(&warning["package"]), text(&warning["resembles"]));
    warnings.iter().map(pair).collect()
}

#[tokio::test]
async fn a_name_one_slip_away_is_told_and_stands() {
    let app = TestApp::start().await;
    let script = app.script("Slips").await;
    let asked = json!({ "requirements": ["reqeusts", "numpy", "boto"] });
    let saved = app.require(200, &script, asked).await;
    let expected = [("reqeusts".to_owned(), "requests".to_owned())];
    assert_eq!(resembling(&saved), expected);
    assert_eq!(saved["requirements"], json!(["reqeusts", "numpy", "boto"]));
    assert_eq!(resembling(&app.dependencies(&script).await), expected);

    app.set_packages(200, json!({ "default_requirements": ["panbas"] }))
        .await;
    let with_default = resembling(&app.dependencies(&script).await);
    assert!(
        with_default.contains(&("panbas".to_owned(), "pandas".to_owned())),
        "{with_default:?}"
    );
}

#[tokio::test]
async fn what_is_used_by_other_scripts_counts_until_they_are_in_the_trash() {
    let app = TestApp::start().await;
    let (one, other) = (app.script("One").await, app.script("Other").await);
    // Brought along by what was asked for: it is used all the same.
    app.fake.script("build", built("acme-core==1\nacme-utils==2\n"));
    app.require(200, &one, json!({ "requirements": ["acme-core"] }))
        .await;
    assert_eq!(
        app.build(&one, "install", json!({})).await["outcome"]["kind"],
        "succeeded"
    );

    let slip = app
        .require(200, &other, json!({ "requirements": ["acme-utlis"] }))
        .await;
    assert_eq!(
        resembling(&slip),
        [("acme-utlis".to_owned(), "acme-utils".to_owned())]
    );
    let right = app
        .require(200, &other, json!({ "requirements": ["acme-utils"] }))
        .await;
    assert_eq!(resembling(&right), []);

    app.require(200, &other, json!({ "requirements": ["acme-utlis"] }))
        .await;
    // Once its bytecode is compiled: until then it has a run.
    app.until("the script can be deleted", async |app| {
        let gone = app.request(Method::DELETE, &format!("/api/v1/scripts/{one}"));
        gone.send().await.expect("an answer").status() == 204
    })
    .await;
    assert_eq!(resembling(&app.dependencies(&other).await), []);
}
