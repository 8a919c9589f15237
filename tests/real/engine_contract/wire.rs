//! The engine behind a wire that loses replies, forgets fields and breaks: what a network, a dying daemon and
//! an old API do at the worst moment.

use std::sync::{Arc, Mutex};

use pytask_manager::engine::docker::{Docker, DockerConfig};
use pytask_manager::engine::{Engine, Error, JobState};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use super::bench::{DockerBench, StorageMode, config};
use super::contract::{Behaviour, Bench, exited, in_time};
use crate::machine::{runner_image, socket};

/// A socket before the engine's. The client opens one connection for each request.
struct Wire {
    folder: tempfile::TempDir,
    lost: Arc<Mutex<Option<&'static str>>>,
    /// Carries on while true; all open connections break when it turns.
    whole: watch::Sender<bool>,
}

impl Wire {
    fn new(forgets: Option<(&'static str, &'static str)>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let listener = UnixListener::bind(folder.path().join("docker.sock")).expect("a socket");
        let wire = Self {
            folder,
            lost: Arc::default(),
            whole: watch::Sender::new(true),
        };
        let (lost, whole) = (wire.lost.clone(), wire.whole.subscribe());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (lost, mut whole) = (lost.clone(), whole.clone());
                tokio::spawn(async move {
                    if !*whole.borrow() {
                        return;
                    }
                    let broken = async move { whole.wait_for(|whole| !whole).await.map(drop) };
                    tokio::select! {
                        _ = carry(client, lost, forgets) => {}
                        _ = broken => {}
                    }
                });
            }
        });
        wire
    }

    fn docker(&self, bench: &DockerBench) -> Docker {
        let host = format!("unix://{}", self.folder.path().join("docker.sock").display());
        Docker::connect(DockerConfig {
            host,
            ..config(&bench.instance, &bench.data_dir, bench.volume.clone())
        })
    }

    /// The reply to the next request whose first line contains this is dropped, once the engine has given it.
    fn lose_reply_to(&self, request: &'static str) {
        *self.lost.lock().expect("a lock") = Some(request);
    }
}

async fn carry(
    mut client: UnixStream,
    lost: Arc<Mutex<Option<&'static str>>>,
    forgets: Option<(&str, &str)>,
) -> std::io::Result<()> {
    let mut engine = UnixStream::connect(socket()).await?;
    let mut request = vec![0; 64 * 1024];
    let mut loses = false;
    let mut reply = vec![0; 64 * 1024];
    loop {
        tokio::select! {
            read = client.read(&mut request) => {
                let mut text = match read? {
                    0 => return Ok(()),
                    read => String::from_utf8_lossy(&request[..read]).into_owned(),
                };
                let first = text.lines().next().unwrap_or_default();
                if lost.lock().expect("a lock").take_if(|wanted| first.contains(*wanted)).is_some() {
                    loses = true;
                }
                if let Some((field, unknown)) = forgets {
                    // Of one length, so that the request's own length stays true.
                    text = text.replace(field, unknown);
                }
                engine.write_all(text.as_bytes()).await?;
            }
            read = engine.read(&mut reply) => {
                let read = read?;
                if read == 0 || loses {
                    return Ok(());
                }
                client.write_all(&reply[..read]).await?;
            }
        }
    }
}

#[tokio::test]
async fn a_launch_whose_reply_was_lost_is_called_again() {
    let bench = DockerBench::unproved(StorageMode::HostPath);
    let wire = Wire::new(None);
    let docker = wire.docker(&bench);
    docker.probe(&runner_image()).await.expect("the engine is fit");
    for request in ["/containers/create", "/start", "/json"] {
        let job = bench.job(Behaviour::Hang);
        wire.lose_reply_to(request);
        let first = docker.launch(&job).await;
        assert!(matches!(first, Err(Error::Away(_))), "{request}: {first:?}");
        docker.launch(&job).await.expect(request);
        assert_eq!(docker.inspect(&job.name).await.expect("seen"), JobState::Running);
        wire.lose_reply_to("DELETE");
        assert!(matches!(docker.remove(&job.name).await, Err(Error::Away(_))));
        docker.remove(&job.name).await.expect("removed already");
        assert_eq!(docker.inspect(&job.name).await.expect("seen"), JobState::Absent);
    }
}

#[tokio::test]
async fn a_wait_on_a_broken_wire_is_an_error_and_never_an_end() {
    let bench = DockerBench::unproved(StorageMode::HostPath);
    let wire = Wire::new(None);
    let docker = wire.docker(&bench);
    docker.probe(&runner_image()).await.expect("the engine is fit");
    let job = bench.job(Behaviour::Hang);
    docker.launch(&job).await.expect("launched");
    let waited = in_time(async {
        tokio::join!(docker.wait(&job.name), async {
            // The wait has reached the engine once another question has been answered after it.
            docker.ping().await.expect("there");
            docker.ping().await.expect("there");
            wire.whole.send_replace(false);
        })
        .0
    })
    .await;
    assert!(matches!(waited, Err(Error::Away(_))), "{waited:?}");
    assert!(matches!(docker.inspect(&job.name).await, Err(Error::Away(_))));
    wire.whole.send_replace(true);
    assert_eq!(
        docker.inspect(&job.name).await.expect("seen"),
        JobState::Running,
        "the job went on"
    );
    docker.launch(&job).await.expect("the proof still holds");
    in_time(docker.stop(&job.name, std::time::Duration::from_secs(30)))
        .await
        .expect("stopped");
    assert_eq!(
        in_time(docker.wait(&job.name)).await.expect("waited"),
        exited(143)
    );
}

/// An API before 1.45 drops the subpath without a word and mounts the whole volume.
#[tokio::test]
async fn a_subpath_that_was_dropped_is_noticed_before_the_start() {
    let bench = DockerBench::unproved(StorageMode::Volume);
    let forgetful = Wire::new(Some(("\"Subpath\"", "\"Unknown\"")));
    let docker = forgetful.docker(&bench);
    match docker.probe(&runner_image()).await {
        Err(Error::Unenforceable(why)) => assert!(why.contains("Mounts"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert!(!bench.data_dir.join("probe.json").exists(), "nothing was started");
    assert!(matches!(
        docker.launch(&bench.job(Behaviour::Exit(0))).await,
        Err(Error::Unenforceable(_))
    ));
}
