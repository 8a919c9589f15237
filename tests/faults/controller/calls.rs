//! The arrows between controller and engine: every call is a point, before it is made and after it was answered.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pytask_manager::engine::{
    Capabilities, Description, Engine, Error, Image, Images, Interpreter, JobName, JobSpec, JobState,
    LabelledImage, ListedJob, Listener, Recipe,
};

use super::{Fault, When};

pub(super) struct Calls {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) fault: Arc<Fault>,
}

impl Calls {
    async fn pass<T: Send>(&self, point: &str, call: impl Future<Output = T> + Send) -> T {
        self.fault.pass(point, When::Before);
        let answer = call.await;
        self.fault.pass(point, When::After);
        answer
    }
}

#[async_trait]
impl Engine for Calls {
    async fn probe(&self, image: &str) -> Result<Capabilities, Error> {
        self.pass("engine.probe", self.engine.probe(image)).await
    }

    async fn describe(&self) -> Result<Description, Error> {
        self.pass("engine.describe", self.engine.describe()).await
    }

    async fn remove_network(&self) -> Result<(), Error> {
        self.pass("engine.remove_network", self.engine.remove_network())
            .await
    }

    async fn ping(&self) -> Result<(), Error> {
        self.pass("engine.ping", self.engine.ping()).await
    }

    async fn launch(&self, spec: &JobSpec) -> Result<(), Error> {
        self.pass("engine.launch", self.engine.launch(spec)).await
    }

    async fn inspect(&self, name: &JobName) -> Result<JobState, Error> {
        self.pass("engine.inspect", self.engine.inspect(name)).await
    }

    async fn wait(&self, name: &JobName) -> Result<JobState, Error> {
        self.pass("engine.wait", self.engine.wait(name)).await
    }

    async fn stop(&self, name: &JobName, grace: Duration) -> Result<(), Error> {
        self.pass("engine.stop", self.engine.stop(name, grace)).await
    }

    async fn remove(&self, name: &JobName) -> Result<(), Error> {
        self.pass("engine.remove", self.engine.remove(name)).await
    }

    async fn list(&self) -> Result<Vec<ListedJob>, Error> {
        self.pass("engine.list", self.engine.list()).await
    }
}

#[async_trait]
impl Images for Calls {
    async fn labelled_images(&self) -> Result<Vec<LabelledImage>, Error> {
        self.pass("engine.labelled_images", self.engine.labelled_images())
            .await
    }

    async fn find_image(&self, reference: &str) -> Result<Option<Image>, Error> {
        self.pass("engine.find_image", self.engine.find_image(reference))
            .await
    }

    async fn ensure_image(&self, reference: &str) -> Result<Image, Error> {
        self.pass("engine.ensure_image", self.engine.ensure_image(reference))
            .await
    }

    async fn pull_image(&self, reference: &str, listener: Listener<'_>) -> Result<Image, Error> {
        self.pass("engine.pull_image", self.engine.pull_image(reference, listener))
            .await
    }

    async fn build_image(&self, recipe: &Recipe, listener: Listener<'_>) -> Result<Image, Error> {
        self.pass("engine.build_image", self.engine.build_image(recipe, listener))
            .await
    }

    async fn examine_image(&self, reference: &str) -> Result<Interpreter, Error> {
        self.pass("engine.examine_image", self.engine.examine_image(reference))
            .await
    }

    async fn remove_image(&self, reference: &str) -> Result<(), Error> {
        self.pass("engine.remove_image", self.engine.remove_image(reference))
            .await
    }
}
