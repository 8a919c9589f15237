//! Judgements of the engine and what it gives to runs. Pure.

use super::check::{About, Check};
use super::facts::{EngineFacts, ImageFact, ImageFound, Socket};
use crate::engine::{Capabilities, RunNetwork, Storage, UnenforcedLimit};
use crate::runs::EngineStatus;

/// Engines of this version can mount a part of a volume.
const SUBPATHS: (u32, u32) = (1, 45);

pub(super) fn engine(facts: &EngineFacts) -> Vec<Check> {
    vec![
        socket(facts),
        version(facts),
        image(
            &About {
                id: "runner_image",
                title: "Image of runs",
            },
            &facts.runner_image,
            "runner-image",
            "no script runs without it",
        ),
        mounts(facts),
        control_groups(facts),
        limits(facts),
        network(facts),
        image(
            &About {
                id: "tools_image",
                title: "Image of the editor's tools",
            },
            &facts.tools_image,
            "tools-image",
            "the editor knows less without it, everything else works",
        ),
    ]
}

fn socket(facts: &EngineFacts) -> Check {
    let about = About {
        id: "socket",
        title: "Way to the engine",
    };
    let address = &facts.address;
    match &facts.socket {
        Socket::Elsewhere => match &facts.status {
            EngineStatus::Away(why) => about
                .problem(format!("The engine at {address} does not answer: {why}."))
                .mend("Start it, or correct DOCKER_HOST."),
            _ => about.ok(format!("The engine answers at {address}.")),
        },
        Socket::Answers => about.ok(format!("{address} is there, and may be used.")),
        Socket::Missing => about
            .problem(format!("There is no socket at {address}."))
            .mend(
                "Start the engine. In a container its socket has to be mounted there; PYTASK_DOCKER_SOCKET names it \
                 for docker compose.",
            )
            .by("sudo systemctl start docker"),
        Socket::Denied => about
            .problem(format!("{address} may not be used by this user."))
            .mend("Run PyTask-Manager as root, or put its user into the socket's group and sign in anew.")
            .by("sudo usermod -aG docker \"$USER\""),
        Socket::Refused => about
            .problem(format!("Nobody listens at {address}."))
            .mend("Start the engine.")
            .by("sudo systemctl start docker"),
        Socket::Broken(why) => about
            .problem(format!("{address} cannot be used: {why}."))
            .mend("Correct DOCKER_HOST, or start the engine."),
    }
}

fn version(facts: &EngineFacts) -> Check {
    let about = About {
        id: "engine",
        title: "Engine",
    };
    let Some(said) = &facts.description else {
        return match &facts.status {
            EngineStatus::Connecting => about.unknown("The engine has not been asked yet."),
            EngineStatus::Away(why) | EngineStatus::Unfit(why) => about
                .problem(format!("The engine says nothing of itself: {why}."))
                .mend("See whether it works at all.")
                .by("docker info"),
            EngineStatus::Ready(_) => about.unknown("The engine works and says nothing of itself."),
        };
    };
    let words = format!("{} {}, API {}", said.product, said.version, said.api_version);
    let check = if parsed(&said.api_version).is_some_and(|api| api < SUBPATHS) {
        about
            .warning(format!(
                "{words}: older than API 1.45, so a run's folder cannot be mounted out of a volume, only out of a \
                 folder of the host."
            ))
            .mend("Update the engine to Docker 26 or later.")
    } else {
        about.ok(format!("{words}."))
    };
    let machine = [said.operating_system.as_deref(), said.kernel.as_deref()];
    let machine: Vec<&str> = machine.into_iter().flatten().collect();
    let check = match machine.is_empty() {
        true => check,
        false => check.detail(format!("On {}", machine.join(", kernel "))),
    };
    if said.rootless {
        check.detail("It runs as an ordinary user")
    } else {
        check
    }
}

fn parsed(version: &str) -> Option<(u32, u32)> {
    let (major, minor) = version.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn image(about: &About, fact: &ImageFact, service: &str, without: &str) -> Check {
    let name = &fact.name;
    match &fact.found {
        ImageFound::Here => about.ok(format!("{name} is here.")),
        ImageFound::Unknown(why) => {
            about.unknown(format!("Whether {name} is here could not be asked: {why}."))
        }
        ImageFound::Missing => {
            let what = format!("{name} is not here: {without}.");
            let check = if service == "tools-image" {
                about.warning(what)
            } else {
                about.problem(what)
            };
            check
                .mend("Build it where PyTask-Manager's sources are.")
                .by(format!("docker compose build {service}"))
        }
    }
}

fn proved(facts: &EngineFacts) -> Option<&Capabilities> {
    match &facts.status {
        EngineStatus::Ready(ready) => Some(&ready.capabilities),
        _ => None,
    }
}

fn mounts(facts: &EngineFacts) -> Check {
    let about = About {
        id: "mounts",
        title: "Folders of runs",
    };
    match &facts.status {
        EngineStatus::Ready(ready) => about.ok(match ready.capabilities.storage {
            Storage::Subpath => "A test container saw its own folder of the data volume, and nothing beside it.",
            Storage::HostPath => "A test container saw its own folder by the host's path, and nothing beside it.",
        }),
        EngineStatus::Connecting => about.unknown("No test container has been started yet."),
        EngineStatus::Away(_) => about.unknown("No test container can be started while the engine is away."),
        EngineStatus::Unfit(_) if facts.runner_image.found == ImageFound::Missing => {
            about.unknown("No test container can be started without the image of runs.")
        }
        EngineStatus::Unfit(why) if is_elsewhere(why) => about
            .problem(format!("The engine sees the data folder somewhere else: {why}."))
            .mend(
                "Name the volume that holds the data by PYTASK_DATA_VOLUME; or, with a folder of the host, mount it \
                 into PyTask-Manager's container at the very path it has on the host.",
            )
            .by("docker volume ls"),
        EngineStatus::Unfit(why) => about
            .problem(format!("The engine cannot be used: {why}."))
            .mend("Nothing is run on it until a test container is found to be confined."),
    }
}

/// How the proof says that mounts lead to another place than they should.
fn is_elsewhere(why: &str) -> bool {
    [
        "another folder than",
        "more than its own folder",
        "somewhere else",
        "cannot read its own folder",
    ]
    .iter()
    .any(|sign| why.contains(sign))
}

fn control_groups(facts: &EngineFacts) -> Check {
    let about = About {
        id: "cgroups",
        title: "Control groups",
    };
    let seen = proved(facts).map(|found| found.cgroup_version.to_string());
    let said = facts.description.as_ref();
    let version = seen.or_else(|| said.and_then(|said| said.cgroup_version.clone()));
    let driver = said.and_then(|said| said.cgroup_driver.as_deref());
    let Some(version) = version else {
        return about.unknown("Their version is not known while the engine is away.");
    };
    let words = match driver {
        Some(driver) => format!("Version {version}, by the driver {driver}"),
        None => format!("Version {version}"),
    };
    match (version.as_str(), driver) {
        ("2", Some("none")) => about
            .warning(format!("{words}: the engine may not set limits."))
            .mend("Let systemd delegate control groups to the engine's user.")
            .by("sudo systemctl set-property \"user@$(id -u).service\" Delegate=yes"),
        ("2", _) => about.ok(format!("{words}.")),
        ("1", _) => about
            .warning(format!(
                "{words}: kernels of today count better with version 2, and some figures of runs are missing."
            ))
            .mend("Start the machine with version 2: this on the kernel's command line.")
            .by("systemd.unified_cgroup_hierarchy=1"),
        _ => about.warning(format!("{words} is not known to PyTask-Manager.")),
    }
}

fn limits(facts: &EngineFacts) -> Check {
    let about = About {
        id: "limits",
        title: "Limits of runs",
    };
    let Some(found) = proved(facts) else {
        return about.unknown("Which limits hold is seen in a test container only.");
    };
    if found.unenforced.is_empty() {
        let check = about.ok(
            "All hold: memory, swap, processors, processes, open files, size of a file, /tmp, core dumps.",
        );
        return match (found.cpus, found.memory_bytes) {
            (Some(cpus), Some(memory)) => check.detail(format!(
                "The engine's machine has {cpus} processors and {} MiB of memory",
                memory >> 20
            )),
            _ => check,
        };
    }
    let names: Vec<&str> = found
        .unenforced
        .iter()
        .map(|broken| broken.limit.as_ref())
        .collect();
    let check = about.problem(format!(
        "Not in force, so runs are refused: {}.",
        names.join(", ")
    ));
    let check = found.unenforced.iter().fold(check, |check, broken| {
        check.detail(format!("{}: {}", broken.limit, broken.reason))
    });
    let is = |name: &str| {
        found
            .unenforced
            .iter()
            .any(|broken: &UnenforcedLimit| broken.limit == name)
    };
    if is("memory_swap") && !is("memory") {
        check
            .mend("Switch on the accounting of swap (this on the kernel's command line), or switch swap off.")
            .by("swapaccount=1")
    } else if is("memory") || is("cpus") || is("pids") {
        check
            .mend("Let systemd delegate the controllers of control groups to the engine's user, then restart the engine.")
            .by("sudo systemctl set-property \"user@$(id -u).service\" Delegate=\"cpu memory pids\"")
    } else {
        check.mend("Look how the engine is configured; its own defaults may go before what it is asked for.")
    }
}

fn network(facts: &EngineFacts) -> Check {
    let about = About {
        id: "network",
        title: "Network of runs",
    };
    let name = format!("pytask-{}-runs", facts.instance);
    match facts.description.as_ref().map(|said| &said.run_network) {
        None => about.unknown("It cannot be looked at while the engine is away."),
        Some(RunNetwork::NotMade) => about.ok("The first run that needs it makes it."),
        Some(RunNetwork::Fit) => about.ok(format!("{name} lets runs out, and not to each other.")),
        Some(RunNetwork::Unfit(why)) => about
            .problem(format!("Runs with a network are refused: {why}."))
            .mend("Remove the network; the next run makes it anew.")
            .by(format!("docker network rm {name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::CheckState;
    use super::*;
    use crate::engine::Description;
    use crate::runs::Ready;

    fn capabilities() -> Capabilities {
        Capabilities {
            engine_version: "29.0".into(),
            api_version: "1.52".into(),
            storage: Storage::Subpath,
            cgroup_version: 2,
            cpus: Some(2),
            memory_bytes: Some(4 << 30),
            unenforced: vec![],
        }
    }

    fn well() -> EngineFacts {
        let here = |name: &str| ImageFact {
            name: name.into(),
            found: ImageFound::Here,
        };
        EngineFacts {
            address: "unix:///var/run/docker.sock".into(),
            instance: "a1".into(),
            socket: Socket::Answers,
            status: EngineStatus::Ready(Ready {
                capabilities: capabilities(),
                image_id: "sha256:1".into(),
            }),
            description: Some(Description {
                product: "Docker Engine - Community".into(),
                version: "29.0".into(),
                api_version: "1.52".into(),
                cgroup_driver: Some("systemd".into()),
                run_network: RunNetwork::Fit,
                ..Description::default()
            }),
            runner_image: here("pytask-runner:3.13"),
            tools_image: here("pytask-tools:1"),
        }
    }

    /// What is not well, as id and state, after a change.
    fn found(change: impl FnOnce(&mut EngineFacts)) -> Vec<(String, CheckState)> {
        let mut facts = well();
        change(&mut facts);
        let checks = engine(&facts);
        for check in &checks {
            assert!(check.what.ends_with('.'), "{check:?}");
            assert_eq!(
                check.mend.is_some(),
                matches!(check.state, CheckState::Problem) || check.mend.is_some(),
                "{check:?}"
            );
        }
        let wrong = checks.into_iter().filter(|check| check.state != CheckState::Ok);
        wrong.map(|check| (check.id, check.state)).collect()
    }

    fn only(id: &str, state: CheckState) -> Vec<(String, CheckState)> {
        vec![(id.to_owned(), state)]
    }

    fn ready(change: impl FnOnce(&mut Capabilities)) -> EngineStatus {
        let mut capabilities = capabilities();
        change(&mut capabilities);
        EngineStatus::Ready(Ready {
            capabilities,
            image_id: "sha256:1".into(),
        })
    }

    #[test]
    fn a_fit_engine_is_all_well() {
        assert_eq!(found(|_| {}), []);
        assert_eq!(
            found(|facts| {
                if let Some(said) = &mut facts.description {
                    said.run_network = RunNetwork::NotMade;
                }
            }),
            []
        );
    }

    #[test]
    fn each_trouble_is_told_where_it_is() {
        use CheckState::{Problem, Warning};
        let broken = |limit: &'static str| UnenforcedLimit {
            limit: limit.into(),
            reason: "a test container was found to have no such limit".into(),
        };
        assert_eq!(found(|f| f.socket = Socket::Denied), only("socket", Problem));
        assert_eq!(
            found(|f| f.status = ready(|c| c.unenforced = vec![broken("memory_swap")])),
            only("limits", Problem)
        );
        assert_eq!(
            found(|f| f.status = ready(|c| c.cgroup_version = 1)),
            only("cgroups", Warning)
        );
        assert_eq!(
            found(|f| f.tools_image.found = ImageFound::Missing),
            only("tools_image", Warning)
        );
        assert_eq!(
            found(|f| {
                if let Some(said) = &mut f.description {
                    said.run_network = RunNetwork::Unfit("it lets containers talk to each other".into());
                }
            }),
            only("network", Problem)
        );
        assert_eq!(
            found(|f| {
                if let Some(said) = &mut f.description {
                    said.api_version = "1.44".into();
                }
            }),
            only("engine", Warning)
        );
    }

    #[test]
    fn a_folder_that_is_elsewhere_is_told_from_an_engine_that_is_unfit() {
        let mend = |why: &str| {
            let mut facts = well();
            facts.status = EngineStatus::Unfit(why.to_owned());
            let check = mounts(&facts);
            assert_eq!(check.state, CheckState::Problem);
            check.mend.expect("a mend").what
        };
        let elsewhere = "the test container shows that a container is given another folder than its own";
        assert!(mend(elsewhere).contains("PYTASK_DATA_VOLUME"));
        assert!(!mend("no seccomp filter is in force").contains("PYTASK_DATA_VOLUME"));
    }

    #[test]
    fn an_engine_that_is_away_is_one_problem_and_the_rest_is_not_known() {
        let wrong = found(|facts| {
            facts.socket = Socket::Refused;
            facts.status = EngineStatus::Away("nobody listens".into());
            facts.description = None;
            for image in [&mut facts.runner_image, &mut facts.tools_image] {
                image.found = ImageFound::Unknown("it is away".into());
            }
        });
        let problems = wrong.iter().filter(|(_, state)| *state == CheckState::Problem);
        assert_eq!(
            problems.map(|(id, _)| id.as_str()).collect::<Vec<_>>(),
            ["socket", "engine"]
        );
        assert_eq!(wrong.len(), 8);
    }
}
