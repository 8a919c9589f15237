//! A run from the inside: what the kernel grants to a script, what it can see, and that its limits hold. The suite
//! `faults` counts the same.

use serde_json::{Value, json};

use crate::machine;
use crate::product::{PATIENCE, Product, words};

/// Tells, as one JSON object, what it is and what it can reach.
const LOOK_AROUND: &str = r#"
import errno, json, os, socket, sys

def attempt(what):
    try:
        return repr(what())
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))

def connect(host, port):
    with socket.create_connection((host, port), 2):
        return "open"

status = dict(line.rstrip("\n").split(":\t", 1) for line in open("/proc/self/status") if ":\t" in line)
found = []
for root, folders, files in os.walk("/"):
    if root == "/":
        folders[:] = [name for name in folders if name not in ("proc", "sys")]
    found += [os.path.join(root, name) for name in folders + files]
gateway = next((line.split()[2] for line in open("/proc/net/route") if line.split()[1] == "00000000"), None)
gateway = socket.inet_ntoa(bytes.fromhex(gateway)[::-1])
files = ["spec.json", "started", "log", "samples", "exit.json"]
mounts = [line.split() for line in open("/proc/self/mountinfo")]
print(json.dumps({
    "status": {name: status[name].strip() for name in
        ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapAmb", "NoNewPrivs", "Seccomp")},
    "run_directory": {name: attempt(lambda: open("/pytask/run/" + name).read()) for name in files},
    "run_directory_list": attempt(lambda: os.listdir("/pytask/run")),
    "run_directory_write": attempt(lambda: open("/pytask/run/forged", "w")),
    "supervisor_memory": attempt(lambda: open("/proc/1/mem", "rb")),
    "supervisor_environment": attempt(lambda: open("/proc/1/environ", "rb")),
    "own_folder": sorted(os.listdir("/script")),
    "cwd": os.getcwd(),
    "own_folder_write": attempt(lambda: open("/script/mine", "w").write("x")),
    "tmp_write": attempt(lambda: open("/tmp/mine", "w").write("x")),
    "artifacts_write": attempt(lambda: open(os.environ["PYTASK_ARTIFACTS"] + "/mine", "w").write("x")),
    "environment_write": attempt(lambda: open("/env/forged", "w")),
    "supervisor_write": attempt(lambda: open("/pytask/bin/supervisor", "r+")),
    "read_only": {path: bool(os.statvfs(path).f_flag & os.ST_RDONLY) for path in ("/", "/artifacts", "/env", "/pytask/bin", "/script")},
    "sockets": [path for path in found if path.endswith(".sock")],
    "neighbours": [path for path in found if "neighbour" in path],
    "mounted": [[mount[3], mount[4]] for mount in mounts],
    "controller": attempt(lambda: connect(gateway, int(sys.argv[1]))),
    "controller_at_home": attempt(lambda: connect("127.0.0.1", int(sys.argv[1]))),
    "other_run": attempt(lambda: connect(sys.argv[2], 8000)),
    "variables": dict(os.environ),
    "user_id": os.getuid(),
    "become_root": attempt(lambda: os.setuid(0)),
}))
"#;

/// A run that everybody on its network could talk to.
const LISTEN: &str = "\
import os, socket, time
listener = socket.create_server(('', 8000))
print('listening', flush=True)
while not os.path.exists('/script/go'):
    time.sleep(0.05)
";

#[tokio::test]
async fn a_script_has_no_powers_and_sees_only_what_is_its_own() {
    assert_confined(&Product::start().await).await;
}

/// What the script tried in vain, and what the kernel says of it.
#[allow(dead_code, reason = "the suite `faults` counts with them")]
pub(crate) struct Confined {
    pub(crate) refused: u64,
    pub(crate) status_fields: u64,
}

pub(crate) async fn assert_confined(product: &Product) -> Confined {
    let neighbour = product.script("Neighbour", LISTEN).await;
    product
        .put_file(&neighbour, "neighbour.txt", "not for others")
        .await;
    let listening = product.submit(&neighbour).await;
    product.until_written(&listening, "listening").await;
    let networks = &machine::described(&product.container(&listening))["NetworkSettings"]["Networks"];
    let network = networks
        .as_object()
        .and_then(|all| all.values().next())
        .expect("a network");
    let beside = words(&network["IPAddress"]);
    let script = product.script("Curious", LOOK_AROUND).await;
    product.require(&script, &["six"]).await;
    let wishes = json!({ "args": [product.port(), beside], "env": { "WISH": "granted" } });
    let run = words(
        &product
            .post(201, &format!("/scripts/{script}/runs"), wishes)
            .await["id"],
    );
    let finished = product.finished(&run).await;
    assert_eq!(finished["outcome"]["kind"], "succeeded", "{finished:#}");
    let told: Value = serde_json::from_str(&product.stdout(&run).await).expect("JSON");
    let told = |field: &str| told[field].clone();

    let none = "0000000000000000";
    let own = "1000\t1000\t1000\t1000";
    let status = json!({
        "Uid": own, "Gid": own, "Groups": "", "CapInh": none, "CapPrm": none, "CapEff": none, "CapAmb": none,
        "NoNewPrivs": "1", "Seccomp": "2",
    });
    assert_eq!(told("status"), status);
    assert_eq!(
        (told("user_id"), told("become_root")),
        (json!(1000), json!("EPERM"))
    );

    let hidden = json!({ "spec.json": "EACCES", "started": "EACCES", "log": "EACCES", "samples": "EACCES", "exit.json": "EACCES" });
    assert_eq!(told("run_directory"), hidden);
    for closed in [
        "run_directory_list",
        "run_directory_write",
        "supervisor_memory",
        "supervisor_environment",
    ] {
        assert_eq!(told(closed), "EACCES", "{closed}");
    }

    assert_eq!(
        (told("cwd"), told("own_folder")),
        (json!("/script"), json!(["main.py"]))
    );
    assert_eq!(
        (told("own_folder_write"), told("tmp_write")),
        (json!("1"), json!("1"))
    );
    assert_eq!(told("artifacts_write"), json!("1"));
    for fixed in ["environment_write", "supervisor_write"] {
        assert!(
            [json!("EROFS"), json!("EACCES")].contains(&told(fixed)),
            "{fixed}: {}",
            told(fixed)
        );
    }
    let read_only =
        json!({ "/": true, "/artifacts": false, "/env": true, "/pytask/bin": true, "/script": false });
    assert_eq!(told("read_only"), read_only);
    assert_eq!((told("sockets"), told("neighbours")), (json!([]), json!([])));

    // Of the data directory five folders are there, and no parent of any but of the one for artifacts, whose parent is closed.
    let mounted = told("mounted");
    let mounted: Vec<(String, String)> = serde_json::from_value(mounted).expect("pairs");
    let data = product.data.to_str().expect("text");
    let mut ours: Vec<_> = mounted
        .iter()
        .filter_map(|(root, target)| Some((root.split_once(data)?.1, target.as_str())))
        .collect();
    ours.sort_by_key(|(_, target)| target.to_owned());
    let targets: Vec<_> = ours.iter().map(|(_, target)| *target).collect();
    let expected = ["/artifacts", "/env", "/pytask/bin", "/pytask/run", "/script"];
    assert_eq!(targets, expected);
    assert!(
        ours.iter().all(|(root, _)| root.split('/').count() >= 3),
        "{ours:?}"
    );

    for way in ["controller", "controller_at_home", "other_run"] {
        assert!(told(way) != json!("'open'"), "{way}");
    }
    // Ours, the wish, what the image sets for everybody, and nothing of the controller's.
    let variables = told("variables");
    let mut names: Vec<_> = variables
        .as_object()
        .expect("variables")
        .keys()
        .cloned()
        .collect();
    let image = machine::docker(&[
        "image",
        "inspect",
        "--format",
        "{{json .Config.Env}}",
        &machine::runner_image(),
    ]);
    let image: Vec<String> = serde_json::from_str::<Option<_>>(&image)
        .expect("a list")
        .unwrap_or_default();
    let of_image = |name: &str| image.iter().any(|set| set.split('=').next() == Some(name));
    // Python sets the last itself where it finds no other locale.
    let ours = [
        "HOME",
        "LANG",
        "PATH",
        "PYTASK_ARTIFACTS",
        "PYTASK_RUN_ID",
        "PYTASK_SCRIPT_ID",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONPATH",
        "PYTHONUNBUFFERED",
        "VIRTUAL_ENV",
        "WISH",
        "LC_CTYPE",
    ];
    names.retain(|name| !ours.contains(&name.as_str()) && !of_image(name));
    assert!(names.is_empty(), "{names:?}");
    assert_eq!(
        (&variables["WISH"], &variables["PYTASK_RUN_ID"]),
        (&json!("granted"), &json!(run))
    );
    product.put_file(&neighbour, "go", "").await;
    assert_eq!(product.finished(&listening).await["outcome"]["kind"], "succeeded");
    let hidden = hidden.as_object().expect("files").len();
    // To become root, sockets and neighbours' files in sight, four that are closed, two that are fixed, three ways out.
    Confined {
        refused: (1 + 2 + 4 + 2 + 3 + hidden) as u64,
        status_fields: status.as_object().expect("fields").len() as u64,
    }
}

/// In its own process, and in one that it starts.
#[tokio::test]
async fn memory_has_an_end_and_the_outcome_says_which() {
    let limit = 64 << 20;
    let product = Product::start().await;
    let eat = "hoard = []\nprint('eating', flush=True)\nwhile True:\n    hoard.append(b'x' * (4 << 20))\n";
    let by_child = "\
import subprocess, sys
child = subprocess.run([sys.executable, '-c', \"hoard = []\\nwhile True: hoard.append(b'x' * (4 << 20))\"])
sys.exit(1 if child.returncode else 0)
";
    for (name, program) in [("Eater", eat), ("Feeder", by_child)] {
        let script = product
            .limited(
                name,
                json!({ "memory_bytes": limit, "tmp_bytes": 1 << 20 }),
                program,
            )
            .await;
        let run = product.outcome(&script).await;
        let outcome = &run["outcome"];
        assert_eq!(outcome["kind"], "out_of_memory", "{name}: {run:#}");
        assert_eq!(outcome["limit_bytes"], limit, "{run:#}");
        let peak = run["peak_memory_bytes"].as_u64().expect("measured");
        assert!((limit / 2..=limit).contains(&peak), "{name} had {peak}");
        assert!(words(&outcome["message"]).contains("64 MiB"), "{outcome}");
    }
    product.no_container_stays().await;
}

#[tokio::test]
async fn a_fork_bomb_stays_within_its_limit_and_is_ended() {
    let product = Product::start().await;
    let bomb = "\
import os
print('lit', flush=True)
while True:
    try:
        os.fork()
    except OSError:
        pass
";
    let limits = json!({ "pids": 24, "cpus": 0.5, "run_seconds": 4, "stop_grace_seconds": 1 });
    let script = product.limited("Bomb", limits, bomb).await;
    let run = product.submit(&script).await;
    product.until_written(&run, "lit").await;
    // It fills its limit, and never gets beyond it. Some of what counts is not listed: the dead, say, that nobody
    // has reaped yet.
    let container = product.container(&run);
    product
        .until("the bomb is full", async || {
            let listed = machine::docker(&["top", &container, "-eo", "pid"]);
            let processes = listed.lines().count().saturating_sub(1);
            assert!(processes <= 24, "{processes} processes");
            if processes > 20 { Ok(()) } else { Err(processes) }
        })
        .await;
    // The product answers meanwhile.
    let asked = std::time::Instant::now();
    product.get("/dashboard").await;
    assert!(
        asked.elapsed() < PATIENCE / 10,
        "an answer took {:?}",
        asked.elapsed()
    );

    let finished = product.finished(&run).await;
    assert_eq!(finished["outcome"]["kind"], "timed_out", "{finished:#}");
    product.no_container_stays().await;
}

#[tokio::test]
async fn without_a_network_there_is_none() {
    let product = Product::start().await;
    let program = "\
import os, socket
print(os.listdir('/sys/class/net'))
for address in ('1.1.1.1', '172.17.0.1'):
    try:
        socket.create_connection((address, 53), 3)
        print('open')
    except OSError as error:
        print(error.strerror)
try:
    socket.getaddrinfo('pypi.org', 443)
    print('known')
except socket.gaierror:
    print('unknown')
";
    let script = product
        .limited("Hermit", json!({ "network": "none" }), program)
        .await;
    let run = product.outcome(&script).await;
    assert_eq!(run["outcome"]["kind"], "succeeded", "{run:#}");
    let told = product.stdout(&words(&run["id"])).await;
    assert_eq!(
        told,
        "['lo']\nNetwork is unreachable\nNetwork is unreachable\nunknown\n"
    );
}
