use super::*;

pub(in crate::broker) fn script() -> Order {
    Order {
        work: Work::Script {
            run: RunPlace {
                id: "01900000000070008000000000000002".into(),
                year: 2026,
                month: 3,
            },
            slug: "nightly-0000001a".into(),
            environment: Some("0123456789abcdef01234567".into()),
            called: false,
        },
        script: "01900000000070008000000000000001".into(),
        supervisor: "0123456789abcdef".into(),
        image: "pytask-runner:3.13".into(),
        caps: ResourceCaps {
            memory: 512 << 20,
            cpus: 1.0,
            pids: 128,
            nofile: 1024,
            fsize: 1 << 30,
            tmp: 256 << 20,
        },
        network: Network::Bridge,
        stop_grace_ms: 20_000,
    }
}

/// One of each kind.
pub(in crate::broker) fn all() -> Vec<Order> {
    let Work::Script {
        run,
        slug,
        environment,
        ..
    } = script().work
    else {
        unreachable!("it is one")
    };
    let key = environment.clone().expect("it has one");
    [
        script().work,
        Work::Script {
            run: run.clone(),
            slug: slug.clone(),
            environment: None,
            called: true,
        },
        Work::Build {
            run: run.clone(),
            apart: false,
        },
        Work::Build {
            run: run.clone(),
            apart: true,
        },
        Work::Compile {
            run,
            slug: slug.clone(),
            environment: key,
        },
        Work::Tools { slug, environment },
    ]
    .map(|work| Order { work, ..script() })
    .into()
}

#[test]
fn what_an_order_makes_is_read_as_that_order() {
    for order in all() {
        let job = order.job("abc").expect("a job");
        assert_eq!(Order::read("abc", &job), Ok(order));
        assert!(
            Order::read("abd", &job).is_err(),
            "it is named after another instance"
        );
    }
}

#[test]
fn a_job_that_differs_anywhere_is_none_of_ours() {
    type Change = fn(&mut JobSpec);
    let changes: [(&str, Change); 12] = [
        ("the name", |job| job.name.0.push('x')),
        ("another label", |job| {
            job.labels.insert("a".into(), "b".into());
        }),
        ("no label", |job| job.labels.clear()),
        ("the command", |job| job.command.push("--privileged".into())),
        ("the program", |job| job.command[0] = "/bin/sh".into()),
        ("a mount more", |job| {
            job.mounts.push(Mount {
                source: "db".into(),
                target: "/db".into(),
                read_only: true,
            });
        }),
        ("a mount less", |job| {
            job.mounts.remove(1);
        }),
        ("a source", |job| job.mounts[0].source = "secrets.key".into()),
        ("a parent", |job| job.mounts[2].source = "scripts".into()),
        ("a target", |job| job.mounts[0].target = "/etc".into()),
        ("may write", |job| {
            for mount in &mut job.mounts {
                mount.read_only = !mount.read_only;
            }
        }),
        ("who goes first", |job| {
            job.priority = match job.priority {
                Priority::Normal => Priority::Low,
                Priority::Low => Priority::Normal,
            };
        }),
    ];
    for order in all() {
        for (what, change) in changes {
            let mut job = order.job("abc").expect("a job");
            change(&mut job);
            let read = Order::read("abc", &job);
            assert!(read.is_err(), "{what} of {:?}: {read:?}", order.work);
        }
    }
}

#[test]
fn ids_and_limits_are_looked_at() {
    let nasty = [
        "", "..", "../../db", "/etc", "a/b", "A", "a\0", "0190", "-x", "x ", "{}", "é",
    ];
    for bad in nasty {
        let fields: [fn(&mut Order, String); 5] = [
            |order, bad| order.script = bad,
            |order, bad| order.supervisor = bad,
            |order, bad| {
                if let Work::Script { slug, .. } = &mut order.work {
                    *slug = bad;
                }
            },
            |order, bad| {
                if let Work::Script { environment, .. } = &mut order.work {
                    *environment = Some(bad);
                }
            },
            |order, bad| {
                if let Work::Script { run, .. } = &mut order.work {
                    run.id = bad;
                }
            },
        ];
        for change in fields {
            let mut order = script();
            change(&mut order, bad.to_owned());
            // What begins like a slug may be one.
            let is_slug =
                matches!(&order.work, Work::Script { slug, .. } if slug == bad) && super::is_slug(bad);
            assert!(is_slug || order.job("abc").is_err(), "{order:?}");
        }
    }
    for bad in ["", "a b", "-privileged", "../x", "a//b", "a\nb", "$(id)", "a'b"] {
        assert!(!is_reference(bad), "{bad:?}");
    }
    for good in [
        "python:3.13-slim",
        "registry.example.org:5000/a/b_c:1.2@sha256:0123",
        "sha256:0123456789abcdef",
    ] {
        assert!(is_reference(good), "{good:?}");
    }
    let limits: [fn(&mut Order); 8] = [
        |order| order.caps.memory = 0,
        |order| order.caps.memory = u64::MAX,
        |order| order.caps.cpus = f64::NAN,
        |order| order.caps.cpus = 1e9,
        |order| order.caps.pids = 0,
        |order| order.caps.nofile = 0,
        |order| order.caps.tmp = 0,
        |order| order.stop_grace_ms = u64::MAX,
    ];
    for change in limits {
        let mut order = script();
        change(&mut order);
        assert!(
            matches!(order.job("abc"), Err(Refusal::OutOfBounds(_))),
            "{order:?}"
        );
    }
}
