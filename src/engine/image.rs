//! Images as an engine has them, and what can be done about them.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Bytes, Error};

/// An image as the engine has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    pub reference: String,
    /// The image's content id (`sha256:…`), stable for equal content. Itself a reference to the image.
    pub id: String,
    /// The variables that the image sets for its processes.
    pub env: BTreeMap<String, String>,
    pub size: Bytes,
}

/// An image that carries this instance's label: it was built here, or somebody has built on one that was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelledImage {
    pub id: String,
    /// None if another image has its name now.
    pub names: Vec<String>,
    /// Of its layers that no other image has: what removing it frees at least.
    pub unshared: Bytes,
    /// Unix seconds.
    pub created_at: i64,
}

/// What an image brings to run scripts and build environments with: versions, none where there is no such program or
/// it does not run there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interpreter {
    pub python: Option<String>,
    pub uv: Option<String>,
}

/// What an image is built from: a Dockerfile that needs no files beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The name that the image gets.
    pub tag: String,
    pub dockerfile: &'static str,
    /// Values of the Dockerfile's `ARG`s.
    pub args: BTreeMap<String, String>,
}

/// How far a pull or a build is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// A line of what the engine says. The words of build steps are a stranger's.
    Said(String),
    /// Of a pull, in bytes as far as they are known yet; of a build, in steps.
    Done { part: u64, whole: u64 },
}

/// Who is told of it, in order. Called often; must not block.
pub type Listener<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// All methods may be repeated. A caller that drops one of the long ones ends it.
#[async_trait]
pub trait Images: Send + Sync {
    /// The image, if it is here.
    async fn find_image(&self, reference: &str) -> Result<Option<Image>, Error>;

    /// Makes sure the image is here, pulling it if it is not.
    async fn ensure_image(&self, reference: &str) -> Result<Image, Error>;

    /// Asks the registry for what has this name now; what is here already is not fetched again.
    async fn pull_image(&self, reference: &str, listener: Listener<'_>) -> Result<Image, Error>;

    /// Builds it; what has its tag by then is nameless afterwards.
    async fn build_image(&self, recipe: &Recipe, listener: Listener<'_>) -> Result<Image, Error>;

    /// Looks into an image that is here, with a container like a job's: one that is unfit for jobs, because it declares
    /// a volume for instance, is refused.
    async fn examine_image(&self, reference: &str) -> Result<Interpreter, Error>;

    /// All images with this instance's label.
    async fn labelled_images(&self) -> Result<Vec<LabelledImage>, Error>;

    /// Removes the name, and the image if that was its last one and no container needs it. One that is not here is
    /// no error.
    async fn remove_image(&self, reference: &str) -> Result<(), Error>;
}
