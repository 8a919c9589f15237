//! A controller that lives in a container and is left with the socket of an engine that is gone: it leaves with code 70,
//! which has its restart policy mount the new one. Its run goes on meanwhile, and the next controller knows it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use crate::figures::Tally;
use crate::machine;
use crate::product::{Product, Setup};
use crate::writers::{End, Writers};

const CODE: i32 = 70;
/// What the product waits for, and what it may need to notice beyond that.
const LEAVES_AFTER: Duration = Duration::from_secs(30);
const LEAVES_WITHIN: Duration = Duration::from_secs(50);

/// A socket before the engine's, in the place that the container mounts.
struct Socket {
    place: PathBuf,
    carrier: JoinHandle<()>,
}

impl Socket {
    fn open(place: &Path) -> Self {
        let listener = UnixListener::bind(place).expect("a socket");
        // Ends with everything that it carries: the connections are its own.
        let carrier = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                connections.spawn(async move {
                    let mut engine = UnixStream::connect(machine::socket()).await?;
                    tokio::io::copy_bidirectional(&mut client, &mut engine).await
                });
            }
        });
        Self {
            place: place.to_owned(),
            carrier,
        }
    }

    /// As a daemon that restarts does: another socket of the same name, which nobody sees who has mounted this one.
    async fn replaced(self) -> Self {
        self.carrier.abort();
        let _ = self.carrier.await;
        std::fs::remove_file(&self.place).expect("the old socket");
        Self::open(&self.place)
    }
}

/// The container that the controller lives in; gone with this.
struct Home(String);

impl Drop for Home {
    fn drop(&mut self) {
        let _ = machine::try_docker(&["rm", "-fv", &self.0]);
    }
}

/// As in the Compose file, but for the network, which is the host's, so that the address is the same on both sides.
fn in_a_container(name: &str, data: &Path, socket: &Path) -> Vec<String> {
    let same = |path: &Path| format!("--volume={0}:{0}", path.display());
    let mut words = [
        "docker",
        "run",
        "--rm",
        "--network=host",
        "--user=0:0",
        "--read-only",
        "--cap-drop=ALL",
    ]
    .map(str::to_owned)
    .to_vec();
    words.extend(["CHOWN", "DAC_OVERRIDE", "FOWNER"].map(|power| format!("--cap-add={power}")));
    words.extend(
        [
            "LISTEN",
            "DATA_DIR",
            "SUPERVISOR",
            "LOG_FORMAT",
            "EXAMINE_AT_START",
        ]
        .map(|name| format!("--env=PYTASK_{name}")),
    );
    words.extend([
        format!("--name={name}"),
        "--env=DOCKER_HOST=unix:///engine.sock".to_owned(),
        format!("--volume={}:/engine.sock", socket.display()),
        format!(
            "--volume={}:/pytask-manager:ro",
            env!("CARGO_BIN_EXE_pytask-manager")
        ),
        same(data),
        same(&machine::supervisor()),
        "--entrypoint=/pytask-manager".to_owned(),
        machine::runner_image(),
        "serve".to_owned(),
    ]);
    words
}

pub(super) async fn for_good() {
    let mut tally = Tally::new(2, "engine's socket replaced under a controller in a container");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a data folder");
    let socket = Socket::open(&folder.path().join("engine.sock"));
    let name = format!("pytask-faults-{}", uuid::Uuid::now_v7().simple());
    let mut setup = Setup::default();
    setup.command = in_a_container(&name, &data, &socket.place);
    setup.data = Some(data);
    setup.forgiven = vec!["gone for good"];
    let mut product = Product::new(setup);
    let _home = Home(name);
    product.boot().await;
    product.engine_ready().await;
    let mut writers = Writers::new(&product).await;
    let writer = writers.wish(900, 0.05, End::Whole);
    writers.deliver(&product.client()).await;
    product
        .until("the script writes", async || {
            (writers.begun(writer) > 0).then_some(()).ok_or("not yet")
        })
        .await;

    let lost = Instant::now();
    let _socket = socket.replaced().await;
    tally.figures.injected = 1;
    let ended = product.ended().await;
    let took = lost.elapsed();
    tally.check(ended.code() == Some(CODE), || {
        format!("the controller ended with {ended}")
    });
    tally.check((LEAVES_AFTER..=LEAVES_WITHIN).contains(&took), || {
        format!("it left after {took:?}")
    });
    tally.figures.note = format!("left with code {:?} after {} s", ended.code(), took.as_secs());
    let before = writers.begun(writer);
    product
        .until("the run goes on", async || {
            (writers.begun(writer) > before).then_some(()).ok_or(before)
        })
        .await;

    product.boot().await;
    product.engine_ready().await;
    tally.back_after(product.since().elapsed());
    writers.settle(&product, &mut tally).await;
    product.no_container_stays().await;
    tally.close();
}
