//! The end that holds the engine: looks at every call before the engine hears of it.
//!
//! What is refused here is refused whatever the engine would say: orders that are no job of ours, names of other
//! instances, images that it neither built nor fetched, an engine on which a folder could be another than it seems.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Mutex, Semaphore, mpsc};

use super::ledger::Ledger;
use super::order::is_reference;
use super::wire::{BuildOrder, Call, Greeting, PROMPTLY, Reply, VERSION, Wire};
use crate::engine::{Engine, Error, JobName, Listener, Progress, Recipe, Storage};
use crate::images;
use crate::model::image::check_system_packages;

/// A run that goes on is one open call; the most there can be, and as many again.
const MOST_CALLS: usize = 2_048;
const LONGEST_GRACE: Duration = Duration::from_secs(3_700);
const LONGEST_ARGUMENT: usize = 1024 * 1024;

pub struct Config {
    pub socket: PathBuf,
    /// What it remembers; not for the other end.
    pub state: PathBuf,
}

/// How an engine comes into being once it is known for which instance, and where below the data folder its supervisor is.
pub type MakeEngine = Box<dyn Fn(&str, &Path) -> Arc<dyn Engine> + Send + Sync>;

pub struct Server {
    listener: UnixListener,
    make_engine: MakeEngine,
    ledger: Mutex<Ledger>,
    served: Mutex<Option<Served>>,
    calls: Arc<Semaphore>,
}

#[derive(Clone)]
struct Served {
    greeting: Greeting,
    engine: Arc<dyn Engine>,
    /// An engine that resolves folders beyond our sight is not launched on.
    is_fit: bool,
}

impl Server {
    pub fn bind(config: &Config, make_engine: MakeEngine) -> io::Result<Arc<Self>> {
        let ledger = Ledger::open(&config.state)?;
        if let Some(folder) = config.socket.parent() {
            std::fs::create_dir_all(folder)?;
        }
        // Of a broker before this one.
        if std::fs::symlink_metadata(&config.socket).is_ok_and(|left| left.file_type().is_socket()) {
            std::fs::remove_file(&config.socket)?;
        }
        let listener = UnixListener::bind(&config.socket)?;
        std::fs::set_permissions(&config.socket, std::fs::Permissions::from_mode(0o600))?;
        Ok(Arc::new(Self {
            listener,
            make_engine,
            ledger: Mutex::new(ledger),
            served: Mutex::default(),
            calls: Arc::new(Semaphore::new(MOST_CALLS)),
        }))
    }

    /// Until it is dropped.
    pub async fn serve(self: Arc<Self>) -> io::Result<()> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            let Ok(permit) = Arc::clone(&self.calls).try_acquire_owned() else {
                tracing::warn!("too many calls at once; one is dropped");
                continue;
            };
            let server = Arc::clone(&self);
            tokio::spawn(async move {
                if let Err(e) = server.attend(stream).await {
                    tracing::debug!(error = %e, "a call ended early");
                }
                drop(permit);
            });
        }
    }

    /// Whether the engine answers, as far as there is one yet.
    pub async fn ping(&self) -> Result<(), Error> {
        let served = self.served.lock().await.clone();
        match served {
            Some(served) => served.engine.ping().await,
            None => Ok(()),
        }
    }

    async fn attend(&self, stream: UnixStream) -> io::Result<()> {
        let mut wire = Wire::new(stream);
        let hearing = async {
            let greeting: Option<Greeting> = wire.receive().await?;
            let call: Option<Call> = wire.receive().await?;
            Ok::<_, io::Error>(greeting.zip(call))
        };
        let heard = match tokio::time::timeout(PROMPTLY, hearing).await {
            Ok(Ok(Some(heard))) => heard,
            Ok(Ok(None)) | Err(_) => return Ok(()),
            Ok(Err(e)) => {
                let words = Error::Refused(format!("this is no call: {e}"));
                return wire.send(&Reply::Failed(words)).await;
            }
        };
        let (greeting, call) = heard;
        let (tell, mut told) = mpsc::unbounded_channel::<Progress>();
        let listener = move |progress| {
            let _ = tell.send(progress);
        };
        let mut work = std::pin::pin!(self.answer(greeting, call, &listener));
        loop {
            tokio::select! {
                biased;
                Some(progress) = told.recv() => wire.send(&Reply::Progress(progress)).await?,
                reply = &mut work => {
                    while let Ok(progress) = told.try_recv() {
                        wire.send(&Reply::Progress(progress)).await?;
                    }
                    return wire.send(&reply.unwrap_or_else(Reply::Failed)).await;
                }
                // Given up.
                () = wire.closed() => return Ok(()),
            }
        }
    }

    async fn answer(&self, greeting: Greeting, call: Call, listener: Listener<'_>) -> Result<Reply, Error> {
        let Served {
            greeting,
            engine,
            is_fit,
        } = self.served(greeting).await?;
        let instance = greeting.instance.as_str();
        Ok(match call {
            Call::Describe => Reply::Description(engine.describe().await?),
            Call::RemoveNetwork => {
                engine.remove_network().await?;
                Reply::Done
            }
            Call::Ping => {
                engine.ping().await?;
                Reply::Done
            }
            Call::Probe { image } => {
                let capabilities = engine.probe(reference(&image)?).await?;
                self.judge(&greeting, capabilities.storage).await?;
                Reply::Capabilities(capabilities)
            }
            Call::Launch { order } => {
                if !is_fit {
                    return Err(Error::Away("it has to be probed first".to_owned()));
                }
                let job = order.job(instance).map_err(|e| refused(&e.to_string()))?;
                engine.launch(&job).await?;
                Reply::Done
            }
            Call::Inspect { name } => Reply::State(engine.inspect(named(instance, &name)?).await?),
            Call::Wait { name } => Reply::State(engine.wait(named(instance, &name)?).await?),
            Call::Stop { name, grace_ms } => {
                let grace = Duration::from_millis(grace_ms).min(LONGEST_GRACE);
                engine.stop(named(instance, &name)?, grace).await?;
                Reply::Done
            }
            Call::Remove { name } => {
                engine.remove(named(instance, &name)?).await?;
                Reply::Done
            }
            Call::LabelledImages => Reply::LabelledImages(engine.labelled_images().await?),
            Call::List => Reply::Jobs(engine.list().await?),
            Call::FindImage { reference: name } => Reply::Image(engine.find_image(reference(&name)?).await?),
            // Every run asks for its image, which is here: one question is enough.
            Call::EnsureImage { reference: name } => {
                Reply::Image(Some(match engine.find_image(reference(&name)?).await? {
                    Some(image) => image,
                    None => {
                        self.note_fetch(&name).await?;
                        engine.ensure_image(&name).await?
                    }
                }))
            }
            Call::PullImage { reference: name } => {
                if engine.find_image(reference(&name)?).await?.is_none() {
                    self.note_fetch(&name).await?;
                }
                Reply::Image(Some(engine.pull_image(&name, listener).await?))
            }
            Call::BuildImage { build } => {
                let recipe = recipe(instance, build)?;
                Reply::Image(Some(engine.build_image(&recipe, listener).await?))
            }
            Call::ExamineImage { reference: name } => {
                Reply::Interpreter(engine.examine_image(reference(&name)?).await?)
            }
            Call::RemoveImage { reference: name } => {
                let name = reference(&name)?;
                let is_ours = name.starts_with(&images::tag_prefix(instance))
                    || self.ledger.lock().await.has_fetched(name)
                    || engine
                        .labelled_images()
                        .await?
                        .iter()
                        .any(|image| image.id == name);
                if !is_ours {
                    return Err(refused("only images that were built or fetched here are removed"));
                }
                engine.remove_image(name).await?;
                Reply::Done
            }
        })
    }

    /// The engine for whoever calls, if it is who has always called.
    async fn served(&self, greeting: Greeting) -> Result<Served, Error> {
        let hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if greeting.version != VERSION {
            return Err(refused(
                "the broker is of another release; bring both up from the same one",
            ));
        }
        if !(1..=32).contains(&greeting.instance.len()) || !hex(&greeting.instance) {
            return Err(refused("this is no instance's name"));
        }
        if greeting.supervisor.len() != 16 || !hex(&greeting.supervisor) {
            return Err(refused("this is no folder with a supervisor"));
        }
        let serves = self.ledger.lock().await.serves(&greeting.instance);
        if !serves.map_err(|e| Error::Away(format!("the broker cannot remember whose it is: {e}")))? {
            return Err(refused(
                "this broker serves another instance; remove its volume to have it serve this one",
            ));
        }
        let mut served = self.served.lock().await;
        match &*served {
            Some(served) if served.greeting == greeting => Ok(served.clone()),
            _ => {
                let folder = Path::new("bin").join(&greeting.supervisor);
                let engine = (self.make_engine)(&greeting.instance, &folder);
                let fresh = Served {
                    greeting,
                    engine,
                    is_fit: false,
                };
                *served = Some(fresh.clone());
                Ok(fresh)
            }
        }
    }

    /// Where an engine is given paths on its host, a link that is planted in the data folder decides what it mounts.
    async fn judge(&self, greeting: &Greeting, storage: Storage) -> Result<(), Error> {
        let is_fit = storage == Storage::Subpath;
        if let Some(served) = self.served.lock().await.as_mut()
            && served.greeting == *greeting
        {
            served.is_fit = is_fit;
        }
        if is_fit {
            return Ok(());
        }
        Err(Error::Unenforceable(
            "behind a broker, folders reach containers as parts of a volume only; that takes a named volume and an \
             engine with API 1.45 (Docker 26) or later"
                .to_owned(),
        ))
    }

    /// Of what is not here yet.
    async fn note_fetch(&self, name: &str) -> Result<(), Error> {
        let noted = self.ledger.lock().await.will_fetch(name);
        noted.map_err(|e| Error::Away(format!("the broker cannot remember what it fetches: {e}")))
    }
}

fn refused(why: &str) -> Error {
    Error::Refused(why.to_owned())
}

fn reference(text: &str) -> Result<&str, Error> {
    if is_reference(text) {
        Ok(text)
    } else {
        Err(refused("this is no reference to an image"))
    }
}

fn named<'a>(instance: &str, name: &'a JobName) -> Result<&'a JobName, Error> {
    let rest = name.0.strip_prefix(&format!("pytask-{instance}-"));
    let is_ours = rest.is_some_and(|rest| {
        (1..=64).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    });
    if is_ours {
        Ok(name)
    } else {
        Err(refused("this is no job of this instance"))
    }
}

/// Our recipe, with what may differ.
fn recipe(instance: &str, build: BuildOrder) -> Result<Recipe, Error> {
    let rest = build.tag.strip_prefix(&images::tag_prefix(instance));
    let is_tag = rest.is_some_and(|tag| {
        (1..=100).contains(&tag.len())
            && tag
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_'))
    });
    if !is_tag {
        return Err(refused("this is no name for an image of ours"));
    }
    check_arguments(&build.args)?;
    Ok(Recipe {
        tag: build.tag,
        dockerfile: images::DOCKERFILE,
        args: build.args,
    })
}

/// Each is what it claims to be; the recipe quotes them, but for the packages, which are looked at one by one.
fn check_arguments(args: &BTreeMap<String, String>) -> Result<(), Error> {
    for (name, value) in args {
        let is_fine = value.len() <= LONGEST_ARGUMENT
            && match name.as_str() {
                "BASE" => is_reference(value),
                "SYSTEM_PACKAGES" => {
                    let packages: Vec<String> = value.split(' ').map(str::to_owned).collect();
                    check_system_packages(&packages).is_ok()
                }
                "INDEX_URL" => value.bytes().all(|b| b.is_ascii_graphic()),
                "EXTRA_CA_PEM" => !value.contains('\0'),
                _ => false,
            };
        if !is_fine {
            return Err(refused(&format!("the argument {name} is none of the recipe's")));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
