//! Scripts from templates, copies, imports; and archives of them.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::harness::{TestApp, expect, text};

async fn import(app: &TestApp, query: &str, bytes: Vec<u8>) -> Response {
    app.request(Method::POST, &format!("/api/v1/scripts/import?{query}"))
        .header("content-type", "application/octet-stream")
        .body(bytes)
        .send()
        .await
        .expect("an answer")
}

async fn download(app: &TestApp, path: &str) -> Vec<u8> {
    let answer = app.request(Method::GET, &format!("/api/v1{path}")).send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), 200, "{path}");
    answer.bytes().await.expect("a body").to_vec()
}

async fn save(app: &TestApp, script: &str, path: &str, content: &[u8]) {
    let put = app.request(Method::PUT, &format!("/api/v1/scripts/{script}/files/{path}"));
    let put = put.body(content.to_vec());
    expect(200, put.send().await.expect("an answer")).await;
}

fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .expect("an entry");
        zip.write_all(bytes).expect("written");
    }
    zip.finish().expect("an end").into_inner()
}

fn unzipped(bytes: Vec<u8>) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("a zip");
    (0..zip.len())
        .map(|n| {
            let mut entry = zip.by_index(n).expect("an entry");
            let name = entry.name().expect("a name").into_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("content");
            (name, content)
        })
        .collect()
}

/// Paths and contents of everything that is a file.
async fn files(app: &TestApp, script: &str) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let list = app.get(&format!("/scripts/{script}/files")).await;
    for item in list["items"].as_array().expect("a list") {
        if item["kind"] == "file" {
            let path = text(&item["path"]);
            let content = download(app, &format!("/scripts/{script}/files/{path}")).await;
            all.insert(path, content);
        }
    }
    all
}

#[tokio::test]
async fn scripts_start_from_templates() {
    let app = TestApp::start().await;
    let templates = app.get("/templates").await;
    let items = templates["items"].as_array().expect("a list");
    assert!(items.len() >= 6);
    for template in items {
        let new = json!({ "name": template["name"], "template": template["id"] });
        let script = expect(201, app.post("/scripts", new).await).await;
        let id = text(&script["id"]);
        let paths: Vec<String> = files(&app, &id).await.into_keys().collect();
        let mut expected: Vec<String> = serde_json::from_value(template["files"].clone()).expect("paths");
        expected.sort();
        assert_eq!(paths, expected);
        let dependencies = app.get(&format!("/scripts/{id}/dependencies")).await;
        assert_eq!(dependencies["requirements"], template["requirements"]);
        if !dependencies["inline"].is_null() {
            assert_eq!(dependencies["inline"]["state"], "in_step");
        }
    }
    let unknown = json!({ "name": "x", "template": "nothing" });
    expect(422, app.post("/scripts", unknown).await).await;
}

#[tokio::test]
async fn a_duplicate_is_the_same_and_another() {
    let app = TestApp::start().await;
    let new = json!({ "name": "x", "tags": ["etl"], "description": "d" });
    let script = text(&expect(201, app.post("/scripts", new).await).await["id"]);
    save(&app, &script, "lib/a.py", b"x = 1\n").await;
    let limits = json!({ "memory_bytes": 134_217_728 });
    app.patch(
        &format!("/scripts/{script}"),
        json!({ "limits": limits, "overlap": "queue" }),
    )
    .await;
    let put = app.request(Method::PUT, &format!("/api/v1/scripts/{script}/dependencies"));
    let put = put.json(&json!({ "requirements": ["six"] }));
    expect(200, put.send().await.expect("an answer")).await;
    let when = json!({ "kind": "cron", "expression": "0 6 * * *", "zone": "UTC" });
    let schedule = app
        .post(&format!("/scripts/{script}/schedules"), json!({ "when": when }))
        .await;
    expect(201, schedule).await;
    // Not in any revision, and there all the same.
    let slug = text(&app.get(&format!("/scripts/{script}")).await["slug"]);
    let folder = app.data.join("scripts").join(slug).join("files");
    std::fs::write(folder.join("data.bin"), [7; 1000]).expect("written");
    std::os::unix::fs::symlink("/etc/passwd", folder.join("link")).expect("linked");

    let duplicate = async |body: Value| app.post(&format!("/scripts/{script}/duplicate"), body).await;
    let first = expect(201, duplicate(json!({})).await).await;
    assert_eq!(
        (&first["name"], &first["revision"]),
        (&json!("x copy"), &json!(1))
    );
    for field in ["description", "tags", "limits", "overlap", "entry_point"] {
        let original = app.get(&format!("/scripts/{script}")).await;
        assert_eq!(first[field], original[field], "{field}");
    }
    let copy = text(&first["id"]);
    assert_eq!(files(&app, &copy).await, files(&app, &script).await);
    assert_eq!(
        app.get(&format!("/scripts/{copy}/dependencies")).await["requirements"],
        json!(["six"])
    );
    assert_eq!(first["schedules"], 0);
    let second = expect(201, duplicate(json!({ "schedules": true })).await).await;
    assert_eq!(second["name"], "x copy 2");
    let schedules = app
        .get(&format!("/scripts/{}/schedules", text(&second["id"])))
        .await;
    assert_eq!(schedules["items"][0]["enabled"], false);
    assert_eq!(schedules["items"][0]["when"], when);
    let taken = expect(409, duplicate(json!({ "name": "X" })).await).await;
    assert_eq!(taken["code"], "name_taken");
    let put = app.request(Method::PUT, &format!("/api/v1/scripts/{copy}/dependencies"));
    let put = put.json(&json!({ "requirements": [] }));
    expect(200, put.send().await.expect("an answer")).await;
    let run = app.finished(&app.run(&copy).await).await;
    assert_eq!(
        run["revision"], 1,
        "what is copied is what its first revision says"
    );
}

#[tokio::test]
async fn an_export_that_is_imported_is_the_same_script() {
    let app = TestApp::start().await;
    let new = json!({ "name": "Nightly", "tags": ["etl"], "description": "d" });
    let script = text(&expect(201, app.post("/scripts", new).await).await["id"]);
    save(&app, &script, "main.py", b"#!/usr/bin/env python3\nprint('x')\n").await;
    save(&app, &script, "lib/data.bin", &[0, 255, 7]).await;
    let path = format!("/scripts/{script}");
    let limits = json!({ "memory_bytes": 134_217_728, "cpus": 0.5 });
    app.patch(
        &path,
        json!({ "limits": limits, "overlap": "allow", "parallel_limit": 2 }),
    )
    .await;
    let put = app.request(Method::PUT, &format!("/api/v1{path}/dependencies"));
    let put = put.json(&json!({ "requirements": ["six>=1", "rich; python_version > '3'"] }));
    expect(200, put.send().await.expect("an answer")).await;
    let when = json!({ "kind": "cron", "expression": "0 6 * * *", "zone": "Europe/Berlin" });
    let schedule = app
        .post(&format!("{path}/schedules"), json!({ "when": when }))
        .await;
    expect(201, schedule).await;
    let original = app.get(&path).await;
    let slug = text(&original["slug"]);

    for format in ["zip", "tar.gz"] {
        let bytes = download(&app, &format!("{path}/archive?format={format}")).await;
        let again = download(&app, &format!("{path}/archive?format={format}")).await;
        assert!(bytes == again, "the same folder is the same archive");
        if format == "zip" {
            let entries = unzipped(bytes.clone());
            let main = String::from_utf8(entries[&format!("{slug}/main.py")].clone()).expect("text");
            assert!(
                main.starts_with("#!/usr/bin/env python3\n# /// script\n"),
                "{main}"
            );
            assert!(entries.contains_key(&format!("{slug}/pytask.json")));
        }
        let answer = import(&app, &format!("filename=x.{format}"), bytes).await;
        let imported = expect(201, answer).await;
        let copy = &imported["script"];
        for field in [
            "description",
            "tags",
            "limits",
            "overlap",
            "parallel_limit",
            "entry_point",
        ] {
            assert_eq!(copy[field], original[field], "{field}");
        }
        let id = text(&copy["id"]);
        assert_eq!(files(&app, &id).await, files(&app, &script).await);
        let requirements = async |id: &str| app.get(&format!("/scripts/{id}/dependencies")).await;
        assert_eq!(
            requirements(&id).await["requirements"],
            requirements(&script).await["requirements"]
        );
        assert_eq!(requirements(&id).await["inline"], Value::Null);
        let schedules = app.get(&format!("/scripts/{id}/schedules")).await;
        assert_eq!(
            (&schedules["items"][0]["when"], &schedules["items"][0]["enabled"]),
            (&when, &json!(false))
        );
    }
    let names: Vec<String> = app.get("/scripts").await["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|script| text(&script["name"]))
        .collect();
    assert_eq!(names, ["Nightly", "Nightly 2", "Nightly 3"]);

    let answer = app.request(Method::GET, &format!("/api/v1{path}/archive"));
    let answer = answer.send().await.expect("an answer");
    let named = answer.headers()["content-disposition"].to_str().expect("text");
    assert!(
        named.starts_with(&format!("attachment; filename=\"{slug}.zip\"")),
        "{named}"
    );
    let part = unzipped(download(&app, &format!("{path}/archive?path=lib")).await);
    assert_eq!(
        part,
        BTreeMap::from([("lib/data.bin".to_owned(), vec![0, 255, 7])])
    );
    let one = unzipped(download(&app, &format!("{path}/archive?path=main.py")).await);
    assert_eq!(one["main.py"], b"#!/usr/bin/env python3\nprint('x')\n");
    for (query, status) in [("path=none", 404), ("path=../x", 422), ("format=rar", 400)] {
        let answer = app.request(Method::GET, &format!("/api/v1{path}/archive?{query}"));
        expect(status, answer.send().await.expect("an answer")).await;
    }
}

#[tokio::test]
async fn what_others_made_becomes_a_script() {
    let app = TestApp::start().await;
    let program = b"# /// script\n# dependencies = [\"six\"]\n# ///\nimport six\n".to_vec();
    let imported = expect(
        201,
        import(&app, "filename=my%20report.py", program.clone()).await,
    )
    .await;
    let script = &imported["script"];
    assert_eq!(
        (&script["name"], &script["entry_point"]),
        (&json!("my report"), &json!("my report.py"))
    );
    let id = text(&script["id"]);
    let dependencies = app.get(&format!("/scripts/{id}/dependencies")).await;
    assert_eq!(
        (&dependencies["requirements"], &dependencies["inline"]["state"]),
        (&json!(["six"]), &json!("in_step"))
    );
    assert_eq!(files(&app, &id).await["my report.py"], program);

    let project = zip_of(&[
        ("project-main/app.py", b"print()\n"),
        ("project-main/helper.py", b"\n"),
        (
            "project-main/requirements.txt",
            b"requests>=2  # http\n-r more.txt\n",
        ),
        ("project-main/.venv/lib/x.py", b""),
        ("__MACOSX/project-main/._app.py", b""),
    ]);
    let imported = expect(201, import(&app, "filename=p.zip&name=Project", project).await).await;
    let script = &imported["script"];
    assert_eq!(
        (&script["name"], &script["entry_point"]),
        (&json!("Project"), &json!("app.py"))
    );
    let id = text(&script["id"]);
    let paths: Vec<String> = files(&app, &id).await.into_keys().collect();
    assert_eq!(paths, ["app.py", "helper.py", "requirements.txt"]);
    assert_eq!(
        app.get(&format!("/scripts/{id}/dependencies")).await["requirements"],
        json!(["requests>=2"])
    );
    let notes = imported["notes"].to_string();
    for said in ["2 entries were left out", "project-main", "line 2"] {
        assert!(notes.contains(said), "{said}: {notes}");
    }
    let put = app.request(Method::PUT, &format!("/api/v1/scripts/{id}/dependencies"));
    let put = put.json(&json!({ "requirements": [] }));
    expect(200, put.send().await.expect("an answer")).await;
    let run = app.finished(&app.run(&id).await).await;
    assert_eq!(run["revision"], 1);
}

#[tokio::test]
async fn what_is_refused_leaves_nothing() {
    let mut app = TestApp::start().await;
    app.script("taken").await;
    let ok = zip_of(&[("main.py", b"print()\n")]);
    let two = zip_of(&[("a.py", b""), ("b.py", b"")]);
    let up = zip_of(&[("main.py", b""), ("../up.py", b"")]);
    let zeros = vec![0; 17 * 1024 * 1024];
    let large = zip_of(&[("main.py", b""), ("large.bin", &zeros)]);
    let table = [
        ("filename=x.rar", ok.clone(), 422, "invalid_field"),
        ("filename=x.zip&name=", ok.clone(), 422, "invalid_field"),
        ("filename=x.zip&name=TAKEN", ok.clone(), 409, "name_taken"),
        ("filename=x.zip", two, 422, "no_entry_point"),
        ("filename=x.zip", up, 422, "archive_refused"),
        ("filename=x.zip", large, 422, "archive_refused"),
        ("filename=x.zip", b"no zip".to_vec(), 422, "archive_refused"),
        ("filename=x.tgz", ok, 422, "archive_refused"),
        (
            "filename=x.zip",
            vec![0; 65 * 1024 * 1024],
            413,
            "import_too_large",
        ),
        ("filename=x.py", zeros, 413, "file_too_large"),
    ];
    for (query, bytes, status, code) in table {
        let refused = expect(status, import(&app, query, bytes).await).await;
        assert_eq!(refused["code"], code, "{refused}");
    }
    let folders =
        |app: &TestApp, name: &str| std::fs::read_dir(app.data.join(name)).expect("a folder").count();
    assert_eq!(folders(&app, "scripts"), 1);
    assert_eq!(folders(&app, "staging"), 0);
    assert_eq!(
        app.get("/scripts").await["items"].as_array().map(Vec::len),
        Some(1)
    );
    // As a process that was killed before the row was there has left it.
    std::fs::create_dir_all(app.data.join("scripts/half-made/files")).expect("made");
    std::fs::create_dir_all(app.data.join("staging/new-1-1/files")).expect("made");
    let database = app.data.join("db/pytask.sqlite");
    rusqlite::Connection::open(database)
        .expect("opens")
        .execute("INSERT INTO stray_folders VALUES ('half-made')", [])
        .expect("noted");
    app.restart().await;
    assert_eq!((folders(&app, "scripts"), folders(&app, "staging")), (1, 0));
}

/// Kills at arbitrary moments of an import: the script is there whole, or there is nothing of it.
#[tokio::test]
async fn killed_at_any_moment_an_import_is_whole_or_not_there() {
    let mut app = TestApp::start().await;
    let contents: Vec<(String, Vec<u8>)> = (0..60)
        .map(|n| (format!("data/{n}.txt"), vec![b'x'; 20_000]))
        .chain([("main.py".to_owned(), b"print()\n".to_vec())])
        .collect();
    let entries: Vec<(&str, &[u8])> = contents
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    let bytes = zip_of(&entries);
    for round in 0..8_u64 {
        let sent = app
            .request(Method::POST, "/api/v1/scripts/import?filename=x.zip")
            .header("content-type", "application/zip")
            .body(bytes.clone());
        let sent = tokio::spawn(async move { sent.send().await.is_ok() });
        tokio::time::sleep(std::time::Duration::from_millis(round * 15)).await;
        app.restart().await;
        // The answer, or that there was none.
        let _ = sent.await;
        let list = app.get("/scripts").await;
        let scripts = list["items"].as_array().expect("a list");
        // Files that an already dying process still stages may appear a moment later, out of sight.
        let folders = std::fs::read_dir(app.data.join("scripts"))
            .expect("a folder")
            .count();
        assert_eq!(folders, scripts.len(), "round {round}");
        for script in scripts {
            assert_eq!(files(&app, &text(&script["id"])).await.len(), 61, "round {round}");
        }
    }
}

/// With these schedules, as somebody may have written them.
fn with_schedules(schedules: Value) -> Vec<u8> {
    let passport = json!({ "format": "pytask-script", "version": 1, "name": "Kept", "schedules": schedules });
    zip_of(&[
        ("main.py", b"print()\n"),
        ("pytask.json", passport.to_string().as_bytes()),
    ])
}

#[tokio::test]
async fn schedules_come_along_as_they_are_wanted_and_bad_ones_are_named() {
    let app = TestApp::start().await;
    let cron =
        |expression: &str| json!({ "kind": "cron", "expression": expression, "zone": "Europe/Berlin" });
    let schedules = json!([
        { "name": "early", "when": cron("0 6 * * *"), "enabled": true, "args": ["-x"] },
        { "name": "rests", "when": cron("0 7 * * *"), "enabled": false },
        { "name": "odd", "when": cron("0 25 * * *"), "enabled": true },
        { "name": "torn", "when": 7, "enabled": true },
        { "name": "nowhere", "when": { "kind": "cron", "expression": "@daily", "zone": "Moon/Base" }, "enabled": true },
        { "name": "past", "when": { "kind": "once", "at": "2001-01-01T00:00:00Z" }, "enabled": true },
    ]);
    let table = [
        (
            "",
            ["paused", "paused", "left_out", "left_out", "left_out", "paused"],
        ),
        (
            "&schedules=as_they_were",
            ["on", "paused", "left_out", "left_out", "left_out", "on"],
        ),
        ("&schedules=none", ["left_out"; 6]),
    ];
    for (query, states) in table {
        let answer = import(
            &app,
            &format!("filename=x.zip{query}"),
            with_schedules(schedules.clone()),
        )
        .await;
        let imported = expect(201, answer).await;
        let told = imported["schedules"].as_array().expect("a list");
        let seen: Vec<&str> = told.iter().filter_map(|one| one["state"].as_str()).collect();
        assert_eq!(seen, states, "{query}");
        let reason = |place: usize| told[place]["reason"].as_str().unwrap_or_default();
        assert_eq!(
            (&told[3]["name"], &told[3]["when"]),
            (&json!("torn"), &Value::Null)
        );
        assert!(reason(3).contains("cannot be read"), "{told:?}");
        if query.is_empty() {
            assert!(
                reason(2).contains("25") && reason(4).contains("Moon/Base"),
                "{told:?}"
            );
            assert!(reason(5).contains("passed"), "{told:?}");
        }
        let id = text(&imported["script"]["id"]);
        let there = app.get(&format!("/scripts/{id}/schedules")).await;
        let there = there["items"].as_array().expect("a list").clone();
        let kept = states.iter().filter(|state| **state != "left_out").count();
        assert_eq!(there.len(), kept, "{query}");
        if let Some(early) = there.iter().find(|one| one["name"] == "early") {
            assert_eq!(
                (&early["when"], &early["args"]),
                (&cron("0 6 * * *"), &json!(["-x"]))
            );
            let on = query.ends_with("were");
            assert_eq!(early["enabled"], json!(on));
            assert_eq!(early["next"].as_array().is_some_and(|next| !next.is_empty()), on);
        }
    }
    let odd = import(&app, "filename=x.zip&schedules=maybe", with_schedules(json!([]))).await;
    expect(400, odd).await;
    let none = import(&app, "filename=x.zip", with_schedules(json!("none"))).await;
    let none = expect(201, none).await;
    assert_eq!(none["schedules"], json!([]));
    assert!(none["notes"].to_string().contains("schedules"), "{none}");
}
