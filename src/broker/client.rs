//! The engine as the process with the web server sees it: calls over a socket.
//!
//! Holds nothing between calls, so a broker that was restarted is simply called again.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use tokio::net::UnixStream;

use super::order::Order;
use super::wire::{BuildOrder, Call, Greeting, PROMPTLY, Reply, VERSION, Wire};
use crate::engine::{
    Capabilities, Description, Engine, Error, Image, Images, Interpreter, JobName, JobSpec, JobState,
    LabelledImage, ListedJob, Listener, Recipe,
};

/// Beyond the server's own patience with an engine, which answers in any case.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Client {
    socket: PathBuf,
    greeting: Greeting,
}

impl Client {
    /// Opens nothing yet: the broker may be away, and come later.
    pub fn new(socket: PathBuf, instance: String, supervisor_folder: &Path) -> Self {
        let supervisor = supervisor_folder.file_name().unwrap_or_default();
        Self {
            socket,
            greeting: Greeting {
                version: VERSION,
                instance,
                supervisor: supervisor.to_string_lossy().into_owned(),
            },
        }
    }

    async fn begin(&self, call: &Call) -> Result<Wire, Error> {
        let opening = async {
            let mut wire = Wire::new(UnixStream::connect(&self.socket).await?);
            wire.send(&self.greeting).await?;
            wire.send(call).await?;
            Ok::<_, std::io::Error>(wire)
        };
        tokio::time::timeout(PROMPTLY, opening)
            .await
            .map_err(|_| Error::Away("the broker does not take calls".to_owned()))?
            .map_err(|e| {
                Error::Away(format!(
                    "the broker at {} cannot be reached: {e}",
                    self.socket.display()
                ))
            })
    }

    /// For as long as it takes.
    async fn ask_patiently(&self, call: Call, listener: Listener<'_>) -> Result<Reply, Error> {
        let mut wire = self.begin(&call).await?;
        loop {
            match wire.receive().await {
                Ok(Some(Reply::Progress(progress))) => listener(progress),
                Ok(Some(Reply::Failed(error))) => return Err(error),
                Ok(Some(reply)) => return Ok(reply),
                Ok(None) => return Err(Error::Away("the broker hung up".to_owned())),
                Err(e) => return Err(Error::Away(format!("the broker cannot be understood: {e}"))),
            }
        }
    }

    async fn ask(&self, call: Call) -> Result<Reply, Error> {
        self.ask_within(PATIENCE, call).await
    }

    async fn ask_within(&self, patience: Duration, call: Call) -> Result<Reply, Error> {
        tokio::time::timeout(patience, self.ask_patiently(call, &|_| {}))
            .await
            .map_err(|_| Error::Away("the broker does not answer".to_owned()))?
    }

    async fn state(&self, call: Call) -> Result<JobState, Error> {
        match self.ask_patiently(call, &|_| {}).await? {
            Reply::State(state) => Ok(state),
            other => Err(unexpected(&other)),
        }
    }

    async fn image(&self, call: Call, listener: Listener<'_>) -> Result<Image, Error> {
        match self.ask_patiently(call, listener).await? {
            Reply::Image(Some(image)) => Ok(image),
            other => Err(unexpected(&other)),
        }
    }
}

fn done(reply: &Reply) -> Result<(), Error> {
    match reply {
        Reply::Done => Ok(()),
        other => Err(unexpected(other)),
    }
}

fn unexpected(reply: &Reply) -> Error {
    Error::Away(format!(
        "the broker answers something else than was asked: {reply:?}"
    ))
}

#[async_trait]
impl Engine for Client {
    async fn probe(&self, image: &str) -> Result<Capabilities, Error> {
        let image = image.to_owned();
        // It may have to fetch the image first.
        match self.ask_patiently(Call::Probe { image }, &|_| {}).await? {
            Reply::Capabilities(capabilities) => Ok(capabilities),
            other => Err(unexpected(&other)),
        }
    }

    async fn describe(&self) -> Result<Description, Error> {
        match self.ask(Call::Describe).await? {
            Reply::Description(description) => Ok(description),
            other => Err(unexpected(&other)),
        }
    }

    async fn remove_network(&self) -> Result<(), Error> {
        done(&self.ask(Call::RemoveNetwork).await?)
    }

    async fn ping(&self) -> Result<(), Error> {
        done(&self.ask_within(PROMPTLY, Call::Ping).await?)
    }

    async fn launch(&self, spec: &JobSpec) -> Result<(), Error> {
        let order = Order::read(&self.greeting.instance, spec)
            .map_err(|refusal| Error::Refused(format!("job {}: {refusal}", spec.name)))?;
        // Creating and starting are two calls to the engine.
        done(&self.ask_within(2 * PATIENCE, Call::Launch { order }).await?)
    }

    async fn inspect(&self, name: &JobName) -> Result<JobState, Error> {
        match self.ask(Call::Inspect { name: name.clone() }).await? {
            Reply::State(state) => Ok(state),
            other => Err(unexpected(&other)),
        }
    }

    async fn wait(&self, name: &JobName) -> Result<JobState, Error> {
        self.state(Call::Wait { name: name.clone() }).await
    }

    async fn stop(&self, name: &JobName, grace: Duration) -> Result<(), Error> {
        let call = Call::Stop {
            name: name.clone(),
            grace_ms: u64::try_from(grace.as_millis()).unwrap_or(u64::MAX),
        };
        done(&self.ask_patiently(call, &|_| {}).await?)
    }

    async fn remove(&self, name: &JobName) -> Result<(), Error> {
        done(&self.ask(Call::Remove { name: name.clone() }).await?)
    }

    async fn list(&self) -> Result<Vec<ListedJob>, Error> {
        match self.ask(Call::List).await? {
            Reply::Jobs(jobs) => Ok(jobs),
            other => Err(unexpected(&other)),
        }
    }
}

#[async_trait]
impl Images for Client {
    async fn labelled_images(&self) -> Result<Vec<LabelledImage>, Error> {
        match self.ask(Call::LabelledImages).await? {
            Reply::LabelledImages(images) => Ok(images),
            other => Err(unexpected(&other)),
        }
    }

    async fn find_image(&self, reference: &str) -> Result<Option<Image>, Error> {
        let reference = reference.to_owned();
        match self.ask(Call::FindImage { reference }).await? {
            Reply::Image(image) => Ok(image),
            other => Err(unexpected(&other)),
        }
    }

    async fn ensure_image(&self, reference: &str) -> Result<Image, Error> {
        let reference = reference.to_owned();
        self.image(Call::EnsureImage { reference }, &|_| {}).await
    }

    async fn pull_image(&self, reference: &str, listener: Listener<'_>) -> Result<Image, Error> {
        let reference = reference.to_owned();
        self.image(Call::PullImage { reference }, listener).await
    }

    async fn build_image(&self, recipe: &Recipe, listener: Listener<'_>) -> Result<Image, Error> {
        let build = BuildOrder {
            tag: recipe.tag.clone(),
            args: recipe.args.clone(),
        };
        self.image(Call::BuildImage { build }, listener).await
    }

    async fn examine_image(&self, reference: &str) -> Result<Interpreter, Error> {
        let reference = reference.to_owned();
        match self
            .ask_patiently(Call::ExamineImage { reference }, &|_| {})
            .await?
        {
            Reply::Interpreter(found) => Ok(found),
            other => Err(unexpected(&other)),
        }
    }

    async fn remove_image(&self, reference: &str) -> Result<(), Error> {
        let reference = reference.to_owned();
        done(&self.ask(Call::RemoveImage { reference }).await?)
    }
}
