//! An engine that is timed: every call goes through to the one behind it.
//!
//! `wait` is not among the calls: it lasts as long as a run. What a stop takes includes the run's grace.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::{Metrics, catalog};
use crate::engine::{
    Capabilities, Description, Engine, Error, Image, Images, Interpreter, JobName, JobSpec, JobState,
    LabelledImage, ListedJob, Listener, Recipe,
};

const CALLS: [&str; 16] = [
    "probe",
    "describe",
    "remove_network",
    "ping",
    "launch",
    "inspect",
    "stop",
    "remove",
    "list",
    "labelled_images",
    "find_image",
    "ensure_image",
    "pull_image",
    "build_image",
    "examine_image",
    "remove_image",
];
const REASONS: [&str; 4] = ["away", "refused", "image", "unenforceable"];

fn reason(error: &Error) -> &'static str {
    match error {
        Error::Away(_) => "away",
        Error::Refused(_) => "refused",
        Error::Image { .. } => "image",
        Error::Unenforceable(_) => "unenforceable",
    }
}

pub(super) fn begin_at_zero(metrics: &Metrics) {
    for call in CALLS {
        metrics.begin(catalog::ENGINE_SECONDS, &[("call", call)]);
        for reason in REASONS {
            metrics.count(catalog::ENGINE_ERRORS, &[("call", call), ("reason", reason)], 0);
        }
    }
}

pub struct Measured {
    engine: Arc<dyn Engine>,
    metrics: Metrics,
}

impl Measured {
    pub fn new(engine: Arc<dyn Engine>, metrics: Metrics) -> Self {
        Self { engine, metrics }
    }

    async fn timed<T>(
        &self,
        call: &'static str,
        answer: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        let began = Instant::now();
        let answer = answer.await;
        let took = began.elapsed().as_secs_f64();
        self.metrics
            .time(catalog::ENGINE_SECONDS, &[("call", call)], took);
        if let Err(error) = &answer {
            let labels = [("call", call), ("reason", reason(error))];
            self.metrics.count(catalog::ENGINE_ERRORS, &labels, 1);
        }
        answer
    }
}

#[async_trait]
impl Engine for Measured {
    async fn probe(&self, image: &str) -> Result<Capabilities, Error> {
        self.timed("probe", self.engine.probe(image)).await
    }

    async fn describe(&self) -> Result<Description, Error> {
        self.timed("describe", self.engine.describe()).await
    }

    async fn remove_network(&self) -> Result<(), Error> {
        self.timed("remove_network", self.engine.remove_network()).await
    }

    async fn ping(&self) -> Result<(), Error> {
        self.timed("ping", self.engine.ping()).await
    }

    async fn launch(&self, spec: &JobSpec) -> Result<(), Error> {
        self.timed("launch", self.engine.launch(spec)).await
    }

    async fn inspect(&self, name: &JobName) -> Result<JobState, Error> {
        self.timed("inspect", self.engine.inspect(name)).await
    }

    async fn wait(&self, name: &JobName) -> Result<JobState, Error> {
        self.engine.wait(name).await
    }

    async fn stop(&self, name: &JobName, grace: Duration) -> Result<(), Error> {
        self.timed("stop", self.engine.stop(name, grace)).await
    }

    async fn remove(&self, name: &JobName) -> Result<(), Error> {
        self.timed("remove", self.engine.remove(name)).await
    }

    async fn list(&self) -> Result<Vec<ListedJob>, Error> {
        self.timed("list", self.engine.list()).await
    }
}

#[async_trait]
impl Images for Measured {
    async fn labelled_images(&self) -> Result<Vec<LabelledImage>, Error> {
        self.timed("labelled_images", self.engine.labelled_images()).await
    }

    async fn find_image(&self, reference: &str) -> Result<Option<Image>, Error> {
        self.timed("find_image", self.engine.find_image(reference)).await
    }

    async fn ensure_image(&self, reference: &str) -> Result<Image, Error> {
        self.timed("ensure_image", self.engine.ensure_image(reference))
            .await
    }

    async fn pull_image(&self, reference: &str, listener: Listener<'_>) -> Result<Image, Error> {
        self.timed("pull_image", self.engine.pull_image(reference, listener))
            .await
    }

    async fn build_image(&self, recipe: &Recipe, listener: Listener<'_>) -> Result<Image, Error> {
        self.timed("build_image", self.engine.build_image(recipe, listener))
            .await
    }

    async fn examine_image(&self, reference: &str) -> Result<Interpreter, Error> {
        self.timed("examine_image", self.engine.examine_image(reference))
            .await
    }

    async fn remove_image(&self, reference: &str) -> Result<(), Error> {
        self.timed("remove_image", self.engine.remove_image(reference))
            .await
    }
}
