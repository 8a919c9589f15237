//! Who may ask, and as whom: tokens, browsers, whoever holds the data folder; on loopback and beyond it.

use jiff::{SignedDuration, Timestamp};
use pytask_manager::app::Surroundings;
use pytask_manager::clock::Clock;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, http::HeaderValue};

use crate::harness::{TestApp, expect, text};

const WIDE: [&str; 3] = ["--published", "0.0.0.0", "--allow-lan"];

/// What a request shows.
#[derive(Debug, Clone)]
enum Shows {
    Nothing,
    Bearer(String),
    Cookie(String),
}

impl Shows {
    fn on(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Nothing => request,
            Self::Bearer(token) => request.bearer_auth(token),
            Self::Cookie(cookie) => request.header("cookie", cookie),
        }
    }
}

impl TestApp {
    fn owner(&self) -> Shows {
        Shows::Bearer(std::fs::read_to_string(self.data.join("local.key")).expect("a local key"))
    }

    async fn as_(&self, shows: &Shows, method: Method, path: &str, body: Option<Value>) -> Response {
        let mut request = shows.on(self.request(method, &format!("/api/v1{path}")));
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.expect("an answer")
    }

    async fn token(&self, wish: Value) -> (String, String) {
        let made = self.as_(&self.owner(), Method::POST, "/tokens", Some(wish)).await;
        let made = expect(201, made).await;
        (text(&made["id"]), text(&made["token"]))
    }

    async fn show_token(&self, token: &str) -> Response {
        let request = self.request(Method::POST, "/api/v1/session");
        let request = request.json(&json!({ "token": token }));
        request.send().await.expect("an answer")
    }

    /// Signed in, as a browser keeps it.
    async fn browser(&self, token: &str) -> Shows {
        Shows::Cookie(kept(&self.show_token(token).await))
    }

    /// The status of a WebSocket's handshake.
    async fn socket(&self, path: &str, shows: &Shows, origin: Option<&str>) -> u16 {
        let url = format!("ws://{}/api/v1{path}", self.host());
        let mut request = url.into_client_request().expect("a request");
        let headers = request.headers_mut();
        let value = |text: &str| HeaderValue::from_str(text).expect("a header's value");
        match shows {
            Shows::Nothing => {}
            Shows::Bearer(token) => drop(headers.insert("authorization", value(&format!("Bearer {token}")))),
            Shows::Cookie(cookie) => drop(headers.insert("cookie", value(cookie))),
        }
        if let Some(origin) = origin {
            headers.insert("origin", value(origin));
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((_, answer)) => answer.status().as_u16(),
            Err(Error::Http(answer)) => answer.status().as_u16(),
            Err(e) => panic!("{e}"),
        }
    }

    async fn scripts_there(&self) -> usize {
        let all = self.as_(&self.owner(), Method::GET, "/scripts", None).await;
        expect(200, all).await["items"].as_array().map_or(0, Vec::len)
    }
}

fn set_cookie(answer: &Response) -> String {
    assert!(answer.status().is_success(), "{}", answer.status());
    let set = answer.headers()["set-cookie"].to_str().expect("text");
    set.to_owned()
}

fn kept(answer: &Response) -> String {
    let set = set_cookie(answer);
    set.split(';').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn everybody_may_do_what_their_token_lets_them() {
    let clock = Clock::manual("2026-11-25T12:00:00Z".parse().expect("a time"));
    for wide in [true, false] {
        let surroundings = Surroundings {
            clock: clock.clone(),
            ..Surroundings::default()
        };
        let app = TestApp::start_in(surroundings, if wide { &WIDE } else { &[] }).await;
        let (_, full) = app.token(json!({ "name": "full" })).await;
        let (_, read) = app.token(json!({ "name": "read", "scope": "read" })).await;
        let soon = clock.now() + SignedDuration::from_secs(60);
        let (_, short) = app.token(json!({ "name": "short", "expires_at": soon })).await;
        let (gone_id, gone) = app.token(json!({ "name": "gone" })).await;
        let browsers = [
            app.browser(&full).await,
            app.browser(&read).await,
            app.browser(&short).await,
            app.browser(&gone).await,
        ];
        let removed = app
            .as_(&app.owner(), Method::DELETE, &format!("/tokens/{gone_id}"), None)
            .await;
        expect(204, removed).await;
        clock.set(soon);

        // Looking, changing, a socket that tells, one that does; nothing: what is required.
        type Answers = [u16; 4];
        const ALL: Answers = [200, 201, 101, 404];
        const LOOKS: Answers = [200, 403, 101, 403];
        const NOTHING: Answers = [401, 401, 401, 401];
        let nobody = if wide { NOTHING } else { ALL };
        let [browser, looking_browser, late_browser, lost_browser] = browsers;
        let bearer = |token: &str| Shows::Bearer(token.to_owned());
        let table = [
            (Shows::Nothing, nobody),
            (bearer("pytask_wrong"), NOTHING),
            (bearer(&short), NOTHING),
            (bearer(&gone), NOTHING),
            (bearer(&read), LOOKS),
            (bearer(&full), ALL),
            (app.owner(), ALL),
            (browser, ALL),
            (looking_browser, LOOKS),
            // Browsers send it by themselves, so it counts as none.
            (late_browser, nobody),
            (lost_browser, nobody),
            (Shows::Cookie("pytask_session_x=wrong".to_owned()), nobody),
        ];
        let own = format!("http://{}", app.host());
        for (number, (shows, [look, change, listen, act])) in table.iter().enumerate() {
            let at = format!("wide: {wide}, {shows:?}");
            let before = app.scripts_there().await;
            let looked = app.as_(shows, Method::GET, "/scripts", None).await;
            assert_eq!(looked.status(), *look, "{at}");
            let body = json!({ "name": format!("by {number}") });
            let changed = app.as_(shows, Method::POST, "/scripts", Some(body)).await;
            assert_eq!(changed.status(), *change, "{at}");
            let made = usize::from(*change == 201);
            assert_eq!(app.scripts_there().await, before + made, "{at}: refused and done");
            assert_eq!(app.socket("/events", shows, Some(&own)).await, *listen, "{at}");
            let language = format!("/scripts/{}/tools/language", "0".repeat(32));
            assert_eq!(app.socket(&language, shows, Some(&own)).await, *act, "{at}");
            // A program has no origin to tell; a page always has, and a foreign one gets nowhere with anything.
            let program = match shows {
                Shows::Bearer(_) => *listen,
                _ => 403,
            };
            assert_eq!(app.socket("/events", shows, None).await, program, "{at}");
            let foreign = Some("http://evil.example");
            assert_eq!(app.socket("/events", shows, foreign).await, 403, "{at}");
        }
    }
}

#[tokio::test]
async fn beyond_loopback_nothing_but_what_has_to_be_is_open() {
    let app = TestApp::start_with(&WIDE).await;
    for (path, status) in [
        ("/", 200),
        ("/scripts", 200),
        ("/healthz", 200),
        ("/api/v1/session", 200),
        ("/api/v1/openapi.json", 401),
        ("/api/v1/system", 401),
        ("/api/v1/nothing", 401),
        ("/api/nothing", 401),
        ("/api", 401),
    ] {
        let answer = app.request(Method::GET, path).send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{path}");
        if status == 401 {
            assert_eq!(answer.headers()["www-authenticate"], "Bearer", "{path}");
        }
    }
    let refused = app.request(Method::GET, "/api/v1/scripts").send().await;
    let refused = expect(401, refused.expect("an answer")).await;
    assert_eq!(refused["code"], "token_required");
    assert!(
        text(&refused["message"]).contains("pytask-manager token create"),
        "{refused}"
    );
    let (_, token) = app.token(json!({ "name": "first" })).await;
    let refused = app.request(Method::GET, "/api/v1/scripts").send().await;
    let refused = expect(401, refused.expect("an answer")).await;
    assert!(!text(&refused["message"]).contains("token create"), "{refused}");

    let system = app.as_(&Shows::Bearer(token), Method::GET, "/system", None).await;
    let access = expect(200, system).await["access"].take();
    assert_eq!(
        (&access["wide"], &access["token_required"], &access["address"]),
        (&json!(true), &json!(true), &json!("0.0.0.0"))
    );
    assert!(text(&access["warning"]).contains("Other machines"), "{access}");
}

#[tokio::test]
async fn on_loopback_nobody_is_asked_unless_the_configuration_wants_it() {
    let app = TestApp::start().await;
    let session = app.get("/session").await;
    assert_eq!(
        (&session["token_required"], &session["who"]["kind"]),
        (&json!(false), &json!("anybody"))
    );
    assert_eq!(app.get("/system").await["access"]["warning"], json!(null));
    drop(app);
    let app = TestApp::start_with(&["--require-token"]).await;
    let session = app.get("/session").await;
    assert_eq!(
        (
            &session["token_required"],
            &session["has_tokens"],
            &session["who"]
        ),
        (&json!(true), &json!(false), &json!(null))
    );
    let refused = app.request(Method::GET, "/api/v1/scripts").send().await;
    expect(401, refused.expect("an answer")).await;
    assert_eq!(app.scripts_there().await, 0, "the owner may");
}

#[tokio::test]
async fn a_browser_signs_in_with_a_token_and_out_again() {
    let mut app = TestApp::start_with(&WIDE).await;
    let (id, token) = app.token(json!({ "name": "laptop", "scope": "read" })).await;
    let set = set_cookie(&app.show_token(&token).await);
    for part in [
        "pytask_session_",
        "; Path=/;",
        "; HttpOnly",
        "; SameSite=Strict",
        "; Max-Age=",
    ] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!set.contains("Secure") && !set.contains(&token), "{set}");
    let encrypted = app
        .request(Method::POST, "/api/v1/session")
        .header("origin", format!("https://{}", app.host()))
        .json(&json!({ "token": token }));
    let set = set_cookie(&encrypted.send().await.expect("an answer"));
    assert!(set.ends_with("; Secure"), "{set}");

    let first = app.browser(&token).await;
    let second = app.browser(&token).await;
    let who = expect(200, app.as_(&first, Method::GET, "/session", None).await).await["who"].take();
    assert_eq!(
        (&who["kind"], &who["name"], &who["scope"], &who["token_id"]),
        (&json!("browser"), &json!("laptop"), &json!("read"), &json!(id))
    );
    // It is still signed in after a restart, and the local key is another one.
    let Shows::Bearer(old_key) = app.owner() else {
        unreachable!("a local key is shown as a token")
    };
    app.restart().await;
    expect(200, app.as_(&first, Method::GET, "/scripts", None).await).await;
    let old = app
        .as_(&Shows::Bearer(old_key), Method::GET, "/scripts", None)
        .await;
    expect(401, old).await;

    let out = app.as_(&first, Method::DELETE, "/session", None).await;
    assert!(set_cookie(&out).contains("Max-Age=0"));
    expect(401, app.as_(&first, Method::GET, "/scripts", None).await).await;
    expect(200, app.as_(&second, Method::GET, "/scripts", None).await).await;
    app.restart().await;
    expect(401, app.as_(&first, Method::GET, "/scripts", None).await).await;
    let path = format!("/tokens/{id}");
    expect(204, app.as_(&app.owner(), Method::DELETE, &path, None).await).await;
    expect(401, app.as_(&second, Method::GET, "/scripts", None).await).await;
    expect(404, app.as_(&app.owner(), Method::DELETE, &path, None).await).await;
    let refused = expect(401, app.show_token(&token).await).await;
    assert_eq!(refused["code"], "wrong_token");
}

#[tokio::test]
async fn a_foreign_page_signs_nobody_in_or_out_and_does_nothing_with_a_cookie() {
    let app = TestApp::start_with(&WIDE).await;
    let (_, token) = app.token(json!({ "name": "laptop" })).await;
    let browser = app.browser(&token).await;
    for (method, path, body) in [
        (Method::POST, "/session", Some(json!({ "token": token }))),
        (Method::DELETE, "/session", None),
        (Method::POST, "/scripts", Some(json!({ "name": "planted" }))),
    ] {
        let mut request = browser.on(app.request(method, &format!("/api/v1{path}")));
        request = request.header("origin", "http://evil.example");
        if let Some(body) = body {
            request = request.json(&body);
        }
        let refused = expect(403, request.send().await.expect("an answer")).await;
        assert_eq!(refused["code"], "foreign_origin", "{path}");
    }
    expect(200, app.as_(&browser, Method::GET, "/scripts", None).await).await;
    assert_eq!(app.scripts_there().await, 0);
}

#[tokio::test]
async fn wrong_tokens_are_counted_and_right_ones_not_held_up() {
    let app = TestApp::start_with(&WIDE).await;
    let (_, token) = app.token(json!({ "name": "right" })).await;
    let (right, wrong) = (Shows::Bearer(token.clone()), Shows::Bearer("pytask_x".to_owned()));
    let mut statuses = Vec::new();
    for _ in 0..25 {
        let refused = app.as_(&wrong, Method::GET, "/scripts", None).await;
        let status = refused.status().as_u16();
        if status == 429 {
            assert!(refused.headers().contains_key("retry-after"));
            assert_eq!(expect(429, refused).await["code"], "too_many_attempts");
        }
        statuses.push(status);
    }
    assert_eq!(statuses[..20], [401; 20]);
    assert!(statuses[20..].contains(&429), "{statuses:?}");
    expect(200, app.as_(&right, Method::GET, "/scripts", None).await).await;
    assert!(app.show_token(&token).await.status().is_success());
}

#[tokio::test]
async fn tokens_are_told_once_and_their_use_is_noted() {
    let clock = Clock::manual("2026-11-25T12:00:00Z".parse().expect("a time"));
    let surroundings = Surroundings {
        clock: clock.clone(),
        ..Surroundings::default()
    };
    let mut app = TestApp::start_in(surroundings, &[]).await;
    let (id, token) = app.token(json!({ "name": " CI " })).await;
    assert!(token.starts_with("pytask_") && token.len() == 50, "{token}");
    let listed = app.get("/tokens").await;
    assert_eq!(
        listed["items"],
        json!([{ "id": id, "name": "CI", "scope": "full", "hint": &token[7..11], "expired": false,
            "created_at": "2026-11-25T12:00:00Z", "last_used_at": null, "expires_at": null }])
    );
    for file in ["db/pytask.sqlite", "db/pytask.sqlite-wal"] {
        let bytes = std::fs::read(app.data.join(file)).expect("the database");
        let found = bytes
            .windows(token.len())
            .any(|window| window == token.as_bytes());
        assert!(!found, "{file} holds a token");
    }
    let used = |app: &TestApp| {
        let listed = app.request(Method::GET, "/api/v1/tokens").send();
        async { expect(200, listed.await.expect("an answer")).await["items"][0]["last_used_at"].take() }
    };
    let bearer = Shows::Bearer(token);
    for (second, noted) in [(5, 5), (30, 5), (64, 5), (65, 65)] {
        let at = |second: i64| {
            let begin: Timestamp = "2026-11-25T12:00:00Z".parse().expect("a time");
            begin + SignedDuration::from_secs(second)
        };
        clock.set(at(second));
        expect(200, app.as_(&bearer, Method::GET, "/scripts", None).await).await;
        assert_eq!(used(&app).await, json!(at(noted)), "after {second} s");
    }
    app.until("it is stored", async |app| {
        let stored = rusqlite::Connection::open(app.data.join("db/pytask.sqlite")).expect("opens");
        let at: Option<i64> = stored
            .query_row("SELECT last_used_at FROM access_tokens", [], |row| row.get(0))
            .expect("a row");
        at.is_some_and(|at| at % 100_000 == 65_000)
    })
    .await;
    app.restart().await;
    assert_eq!(used(&app).await, json!("2026-11-25T12:01:05Z"));
}

#[tokio::test]
async fn bad_wishes_make_no_token() {
    let app = TestApp::start().await;
    let (id, _) = app.token(json!({ "name": "Taken" })).await;
    for (wish, status, code) in [
        (json!({}), 422, "invalid_field"),
        (json!({ "name": " " }), 422, "invalid_field"),
        (json!({ "name": "a\nb" }), 422, "invalid_field"),
        (json!({ "name": "x".repeat(61) }), 422, "invalid_field"),
        (json!({ "name": "taken" }), 409, "taken"),
        (json!({ "name": "x", "scope": "root" }), 422, "invalid_field"),
        (
            json!({ "name": "x", "expires_at": "2020-01-01T00:00:00Z" }),
            422,
            "invalid_field",
        ),
        (
            json!({ "name": "x", "expires_at": "tomorrow" }),
            422,
            "invalid_field",
        ),
        (
            json!({ "name": "x", "token": "pytask_mine" }),
            422,
            "invalid_field",
        ),
    ] {
        let refused = expect(status, app.post("/tokens", wish.clone()).await).await;
        assert_eq!(refused["code"], code, "{wish}");
    }
    let listed = app.get("/tokens").await["items"].take();
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    assert_eq!(listed[0]["id"], json!(id));
    for wish in [
        json!({}),
        json!({ "token": 7 }),
        json!({ "token": "x", "name": "y" }),
    ] {
        let refused = expect(422, app.post("/session", wish).await).await;
        assert_eq!(refused["code"], "invalid_field");
    }
}

/// The verb, on the machine itself: with nothing but the data folder.
#[tokio::test]
async fn the_first_token_comes_from_whoever_holds_the_data_folder() {
    let app = TestApp::start_with(&WIDE).await;
    let (listen, data) = (app.host().to_owned(), app.data.display().to_string());
    let verb = |words: &[&str], data: &str| {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_pytask-manager"));
        command.arg("token").args(words);
        command.args(["--listen", &listen, "--data-dir", data]);
        for variable in ["PYTASK_URL", "PYTASK_TOKEN"] {
            command.env_remove(variable);
        }
        command.output()
    };
    let made = verb(&["create", "first", "--scope", "read"], &data)
        .await
        .expect("it runs");
    assert!(made.status.success(), "{made:?}");
    let token = String::from_utf8(made.stdout).expect("text");
    let bearer = Shows::Bearer(token.trim().to_owned());
    expect(200, app.as_(&bearer, Method::GET, "/scripts", None).await).await;

    let listed = verb(&["list"], &data).await.expect("it runs");
    let listed = String::from_utf8(listed.stdout).expect("text");
    assert!(listed.contains("first") && listed.contains("read"), "{listed}");
    let stranger = tempfile::tempdir().expect("a folder");
    let refused = verb(&["create", "second"], &stranger.path().display().to_string())
        .await
        .expect("it runs");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && said.contains("access token"),
        "{said}"
    );

    let removed = verb(&["remove", "FIRST"], &data).await.expect("it runs");
    assert!(removed.status.success(), "{removed:?}");
    expect(401, app.as_(&bearer, Method::GET, "/scripts", None).await).await;
}
