//! The arrows between controller and engine: every call is a point, before it is made and after it was answered.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pytask_manager::engine::{Capabilities, Engine, Error, Image, JobName, JobSpec, JobState, ListedJob};

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

    async fn ensure_image(&self, reference: &str) -> Result<Image, Error> {
        self.pass("engine.ensure_image", self.engine.ensure_image(reference))
            .await
    }
}
