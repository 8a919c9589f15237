//! Environments that cannot be had, and those that change: what the user is told, and what runs use meanwhile.

use serde_json::json;

use crate::product::{Product, expect, words};

/// A name that nobody has: the index is asked, and says no.
const NOBODYS: &str = "pytask-manager-no-such-package-0123456789";

#[tokio::test]
async fn an_unknown_package_fails_the_build_in_the_installers_own_words() {
    let product = Product::start().await;
    let script = product.script("Wishful", "print('never')").await;
    product.require(&script, &[NOBODYS]).await;

    // A run needs the environment, so it is tried for it.
    let run = product.submit(&script).await;
    let finished = product.finished(&run).await;
    let outcome = &finished["outcome"];
    assert_eq!(outcome["kind"], "environment_failed", "{finished:#}");
    let build = words(&outcome["build_run_id"]);
    assert_eq!(finished["build_run_id"], json!(build));
    assert!(words(&outcome["message"]).contains(NOBODYS), "{outcome}");
    assert_eq!(product.raw(&run, None).await, b"");

    let built = product.get(&format!("/runs/{build}")).await;
    assert_eq!(
        (&built["kind"], &built["outcome"]["kind"]),
        (&json!("build"), &json!("failed")),
        "{built:#}"
    );
    let said = product.stderr(&build).await;
    assert!(
        said.contains("No solution found") && said.contains("not found in the package registry"),
        "{said}"
    );
    let environment = product.get(&format!("/scripts/{script}")).await["environment"].take();
    assert_eq!(environment["state"], "failed", "{environment:#}");
    assert_eq!(environment["build_run_id"], json!(build));
    assert!(
        words(&environment["message"]).contains(NOBODYS),
        "{environment:#}"
    );

    // Asked for directly, it is tried again; without the wish the script runs.
    let install = format!("/scripts/{script}/dependencies/install");
    let again = words(&product.post(202, &install, json!({})).await["run"]["id"]);
    assert_ne!(again, build);
    assert_eq!(product.finished(&again).await["outcome"]["kind"], "failed");
    product.require(&script, &[]).await;
    let run = product.outcome(&script).await;
    assert_eq!(run["outcome"]["kind"], "succeeded", "{run:#}");
    assert!(
        crate::product::folders(&product.data.join("cache/builds")).is_empty(),
        "failed builds leave nothing"
    );
    product.no_container_stays().await;
}

#[tokio::test]
async fn a_requirement_that_is_none_is_pointed_at() {
    let product = Product::start().await;
    let script = product.script("Typo", "").await;
    product.require(&script, &["six"]).await;
    let put = product.request(reqwest::Method::PUT, &format!("/scripts/{script}/dependencies"));
    let refused = expect(
        422,
        put.json(&json!({ "requirements": ["six", "requests>=two"] })),
    )
    .await;
    assert_eq!(refused["code"], "invalid_requirement");
    assert_eq!(
        refused["details"],
        json!({ "field": "requirements", "line": 1, "column": 8 })
    );
    assert!(
        words(&refused["message"]).starts_with("Line 2, column 9: "),
        "{refused}"
    );
    let kept = product.get(&format!("/scripts/{script}/dependencies")).await;
    assert_eq!(kept["requirements"], json!(["six"]), "nothing was changed");
}

/// A new wish builds aside: until it is whole, and if it never is, runs have what they had.
#[tokio::test]
async fn runs_keep_their_environment_until_the_new_one_is_whole() {
    let product = Product::start().await;
    let script = product
        .script("Versions", "import six; print(six.__version__)")
        .await;
    let install = format!("/scripts/{script}/dependencies/install");
    let installed = async |requirement: &str| {
        product.require(&script, &[requirement]).await;
        let build = words(&product.post(202, &install, json!({})).await["run"]["id"]);
        product.finished(&build).await["outcome"]["kind"].take()
    };
    let printed = async || {
        let run = product.outcome(&script).await;
        assert_eq!(run["outcome"]["kind"], "succeeded", "{run:#}");
        product.stdout(&words(&run["id"])).await
    };
    assert_eq!(installed("six==1.16.0").await, "succeeded");
    assert_eq!(printed().await, "1.16.0\n");

    assert_eq!(installed("six==0.0.1").await, "failed");
    assert_eq!(printed().await, "1.16.0\n");
    let environment = product.get(&format!("/scripts/{script}")).await["environment"].take();
    assert_eq!(environment["state"], "failed", "{environment:#}");

    assert_eq!(installed("six==1.17.0").await, "succeeded");
    assert_eq!(printed().await, "1.17.0\n");
    let environment = product.get(&format!("/scripts/{script}")).await["environment"].take();
    assert_eq!(
        (&environment["state"], &environment["packages"]),
        (&json!("in_step"), &json!(1))
    );
}

/// Its code would run while it is built, so that has to be wished for; and then it runs where nobody else's files are.
#[tokio::test]
async fn a_package_without_wheels_is_built_only_when_that_is_wished_for() {
    let product = Product::start().await;
    let script = product
        .script("Sources", "import docopt; print(docopt.__version__)")
        .await;
    product.require(&script, &["docopt"]).await;
    let install = format!("/scripts/{script}/dependencies/install");
    let build = words(&product.post(202, &install, json!({})).await["run"]["id"]);
    assert_eq!(product.finished(&build).await["outcome"]["kind"], "failed");
    let said = product.stderr(&build).await;
    assert!(
        said.contains("docopt") && said.contains("built from source"),
        "{said}"
    );

    let put = product.request(reqwest::Method::PUT, &format!("/scripts/{script}/dependencies"));
    let wish = json!({ "requirements": ["docopt"], "build_from_source": ["docopt"] });
    expect(200, put.json(&wish)).await;
    let build = words(&product.post(202, &install, json!({})).await["run"]["id"]);
    let built = product.finished(&build).await;
    assert_eq!(built["outcome"]["kind"], "succeeded", "{built:#}");
    let run = product.outcome(&script).await;
    assert_eq!(product.stdout(&words(&run["id"])).await, "0.6.2\n", "{run:#}");
    let slug = words(&product.get(&format!("/scripts/{script}")).await["slug"]);
    let environments = crate::product::folders(&product.data.join("scripts").join(slug).join("envs"));
    assert_eq!(environments.len(), 1);
    assert!(!environments[0].join("uv-cache").exists(), "its cache is gone");
}

/// What nobody asked for and something needs is held against the lists, too, before anything is installed.
#[tokio::test]
async fn a_denied_package_is_refused_wherever_it_comes_from() {
    let product = Product::start().await;
    let script = product.script("Denied", "import requests").await;
    product.require(&script, &["requests"]).await;
    let install = format!("/scripts/{script}/dependencies/install");
    for (policy, refused) in [
        (
            json!({ "deny": ["urllib3"], "allow": [] }),
            "error: urllib3 is on the list of denied packages (needed by requests); Settings, Packages, says",
        ),
        (
            json!({ "deny": [], "allow": ["requests", "urllib3", "certifi", "charset-normalizer"] }),
            "error: idna is not on the list of allowed packages (needed by requests); Settings, Packages, says",
        ),
    ] {
        let settings = product.request(reqwest::Method::PATCH, "/settings");
        expect(200, settings.json(&json!({ "packages": policy }))).await;
        let build = words(&product.post(202, &install, json!({})).await["run"]["id"]);
        assert_eq!(product.finished(&build).await["outcome"]["kind"], "failed");
        let said = product.stderr(&build).await;
        assert!(said.contains(refused) && said.lines().count() == 1, "{said}");
        let log = product.text(&build).await;
        assert!(!log.contains("[2/3]"), "nothing was installed: {log}");
    }
    let environment = product.get(&format!("/scripts/{script}")).await["environment"].take();
    assert!(
        words(&environment["message"]).contains("idna is not on"),
        "{environment:#}"
    );
}

/// A release that is too young is as good as absent.
#[tokio::test]
async fn the_cool_down_reaches_the_installer() {
    let product = Product::start().await;
    let script = product
        .script("Patient", "import six; print(six.__version__)")
        .await;
    product.require(&script, &["six"]).await;
    let settings = product.request(reqwest::Method::PATCH, "/settings");
    expect(
        200,
        settings.json(&json!({ "packages": { "cool_down_days": 365 } })),
    )
    .await;
    let install = format!("/scripts/{script}/dependencies/install");
    let build = words(&product.post(202, &install, json!({})).await["run"]["id"]);
    let built = product.finished(&build).await;
    assert_eq!(built["outcome"]["kind"], "succeeded", "{built:#}");
    let instant = words(&built["build"]["exclude_newer"]);
    assert!(
        product
            .text(&build)
            .await
            .contains(&format!("releases of before {instant} only"))
    );
}

/// Whether it is noticed while it grows or when it is done; files that it shares with the package cache count as well.
#[tokio::test]
async fn an_environment_beyond_its_limit_leaves_the_live_one_as_it_is() {
    let product = Product::start().await;
    let script = product
        .script("Bounded", "import six; print(six.__version__)")
        .await;
    let install = format!("/scripts/{script}/dependencies/install");
    let built = async |requirements: &[&str]| {
        product.require(&script, requirements).await;
        let build = words(&product.post(202, &install, json!({})).await["run"]["id"]);
        product.finished(&build).await
    };
    assert_eq!(built(&["six==1.17.0"]).await["outcome"]["kind"], "succeeded");
    // In the cache by now, as in an environment that is small enough.
    let other = product.script("Unbounded", "import yaml").await;
    product.require(&other, &["pyyaml"]).await;
    assert_eq!(product.outcome(&other).await["outcome"]["kind"], "succeeded");

    let settings = product.request(reqwest::Method::PATCH, "/settings");
    let limit = json!({ "packages": { "max_environment_bytes": 1 << 20 } });
    expect(200, settings.json(&limit)).await;
    let large = built(&["six==1.17.0", "pyyaml"]).await;
    let outcome = &large["outcome"];
    assert_eq!(
        (&outcome["kind"], &outcome["limits_hit"][0]["limit"]),
        (&json!("failed"), &json!("environment_bytes")),
        "{large:#}"
    );
    assert!(
        words(&outcome["message"]).contains(" Environment: it took"),
        "{outcome}"
    );
    let run = product.outcome(&script).await;
    assert_eq!(product.stdout(&words(&run["id"])).await, "1.17.0\n", "{run:#}");
    let slug = words(&product.get(&format!("/scripts/{script}")).await["slug"]);
    let environments = crate::product::folders(&product.data.join("scripts").join(slug).join("envs"));
    assert_eq!(environments.len(), 1, "{environments:?}");
    assert!(
        crate::product::folders(&product.data.join("cache/builds")).is_empty(),
        "what was too large is gone"
    );
}

/// What fits stays, what is named moves, and a check only says so.
#[tokio::test]
async fn only_what_is_named_moves() {
    let product = Product::start().await;
    let script = product
        .script(
            "Movers",
            "import six, idna; print(six.__version__, idna.__version__)",
        )
        .await;
    let act = async |action: &str, body: serde_json::Value| {
        let path = format!("/scripts/{script}/dependencies/{action}");
        let build = words(&product.post(202, &path, body).await["run"]["id"]);
        let built = product.finished(&build).await;
        assert_eq!(built["outcome"]["kind"], "succeeded", "{built:#}");
        built
    };
    let printed = async || {
        let run = product.outcome(&script).await;
        product.stdout(&words(&run["id"])).await.trim().to_owned()
    };
    product.require(&script, &["six==1.16.0", "idna==3.6"]).await;
    act("install", json!({})).await;
    product.require(&script, &["six", "idna"]).await;
    act("install", json!({})).await;
    assert_eq!(printed().await, "1.16.0 3.6", "both still fit");

    let checked = act("check", json!({})).await;
    let found = &checked["build"]["found"];
    let moved: Vec<_> = found["changes"]["changed"]
        .as_array()
        .expect("changes")
        .iter()
        .collect();
    assert_eq!(
        moved.iter().map(|change| &change["name"]).collect::<Vec<_>>(),
        ["idna", "six"],
        "{found:#}"
    );
    assert_eq!(found["newest"].as_array().map(Vec::len), Some(2), "{found:#}");
    assert_eq!(printed().await, "1.16.0 3.6", "a check changes nothing");

    act("update", json!({ "packages": ["six"] })).await;
    assert_eq!(printed().await, format!("{} 3.6", words(&moved[1]["to"])));
    act("update", json!({})).await;
    assert_eq!(
        printed().await,
        format!("{} {}", words(&moved[1]["to"]), words(&moved[0]["to"]))
    );
    let before = product.get(&format!("/scripts/{script}/dependencies")).await;
    act("rebuild", json!({})).await;
    let after = product.get(&format!("/scripts/{script}/dependencies")).await;
    assert_eq!(
        (&after["lock"], &after["environment"]["state"]),
        (&before["lock"], &json!("in_step"))
    );
}

/// On the real installer: hard links, links and bytecode are no damage, a missing file is, and it is mended.
#[tokio::test]
async fn a_missing_file_breaks_an_environment_and_a_rebuild_mends_it() {
    let product = Product::start().await;
    let program = "import six; print(six.__file__)";
    let (script, other) = (
        product.script("Broken", program).await,
        product.script("Whole", program).await,
    );
    for script in [&script, &other] {
        product.require(script, &["six"]).await;
        assert_eq!(product.outcome(script).await["outcome"]["kind"], "succeeded");
    }
    let state = async |script: &str| {
        let seen = product
            .get(&format!("/scripts/{script}/dependencies?verify=true"))
            .await;
        (
            words(&seen["environment"]["state"]),
            seen["environment"]["message"].clone(),
        )
    };
    assert_eq!(state(&script).await.0, "in_step");
    let slug = words(&product.get(&format!("/scripts/{script}")).await["slug"]);
    let environment =
        crate::product::folders(&product.data.join("scripts").join(slug).join("envs")).remove(0);
    let file = "lib/python3.13/site-packages/six.py";
    std::fs::remove_file(environment.join("venv").join(file)).expect("removed");
    let (broken, message) = state(&script).await;
    assert_eq!(broken, "broken");
    assert!(
        words(&message).starts_with(&format!("{file} is missing")),
        "{message}"
    );
    assert_eq!(
        state(&other).await.0,
        "in_step",
        "the other has a name of its own for the file"
    );

    let rebuild = format!("/scripts/{script}/dependencies/rebuild");
    let build = words(&product.post(202, &rebuild, json!({})).await["run"]["id"]);
    assert_eq!(product.finished(&build).await["outcome"]["kind"], "succeeded");
    assert_eq!(state(&script).await.0, "in_step");
    assert_eq!(product.outcome(&script).await["outcome"]["kind"], "succeeded");
}

/// However pip is asked for, the answer says where packages are added; and nothing was installed.
#[tokio::test]
async fn a_run_cannot_install_and_says_where_to_add_a_package() {
    let product = Product::start().await;
    let program = "import os, subprocess, sys\n\
        for command in (['pip', 'install', 'six'], ['pip3', 'install', 'six'], [sys.executable, '-m', 'pip', 'install', 'six'],\n\
                        ['python3', '-m', 'pip', '--version'],\n\
                        [sys.executable, '-c', 'import pip; pip.main([\"install\", \"six\"])'],\n\
                        [sys.executable, '-c', 'from pip._internal.cli.main import main; main()']):\n\
        \x20   done = subprocess.run(command, capture_output=True, text=True)\n\
        \x20   print(done.returncode, done.stdout, done.stderr.strip())\n\
        print('six' in sys.modules, os.path.exists('/tmp/.local'))\n";
    let expected = "1  Packages cannot be installed from within a run. Add them on the Dependencies tab of the script and \
        install them there; the next run will have them.\n";
    for requirements in [&[][..], &["idna"]] {
        let script = product
            .script(&format!("Installs {}", requirements.len()), program)
            .await;
        product.require(&script, requirements).await;
        let run = product.outcome(&script).await;
        assert_eq!(run["outcome"]["kind"], "succeeded", "{run:#}");
        let printed = product.stdout(&words(&run["id"])).await;
        assert_eq!(
            printed,
            format!("{}False False\n", expected.repeat(6)),
            "{requirements:?}"
        );
    }
}

#[tokio::test]
async fn an_import_that_fails_is_explained_by_the_package_to_add() {
    let product = Product::start().await;
    let script = product.script("Imports", "import yaml").await;
    let run = product.outcome(&script).await;
    assert_eq!(
        run["outcome"]["missing_module"],
        json!({ "module": "yaml", "package": "pyyaml" }),
        "{run:#}"
    );
    product.require(&script, &["pyyaml"]).await;
    assert_eq!(product.outcome(&script).await["outcome"]["kind"], "succeeded");
}
