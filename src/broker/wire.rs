//! What goes over the socket: frames of JSON, each with its length before it.
//!
//! One connection is one call: a greeting, the call, then what is said about its progress, then its answer. Who closes the
//! connection has given the call up.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::net::UnixStream;
use tokio_util::codec::{Framed, LengthDelimitedCodec};

use super::order::Order;
use crate::engine::{
    Capabilities, Description, Error, Image, Interpreter, JobName, JobState, LabelledImage, ListedJob,
    Progress,
};

/// Both ends are of one release; another one is told so.
pub(super) const VERSION: u32 = 1;
/// A certificate bundle is the largest thing there is.
const LARGEST_FRAME: usize = 4 * 1024 * 1024;
/// For what the other end has at hand.
pub(super) const PROMPTLY: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Greeting {
    pub version: u32,
    pub instance: String,
    /// The folder below `bin` with the supervisor.
    pub supervisor: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Call {
    Probe { image: String },
    Describe,
    RemoveNetwork,
    Ping,
    Launch { order: Order },
    Inspect { name: JobName },
    Wait { name: JobName },
    Stop { name: JobName, grace_ms: u64 },
    Remove { name: JobName },
    List,
    LabelledImages,
    FindImage { reference: String },
    EnsureImage { reference: String },
    PullImage { reference: String },
    BuildImage { build: BuildOrder },
    ExamineImage { reference: String },
    RemoveImage { reference: String },
}

/// An image of ours on another base. The recipe is the server's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BuildOrder {
    pub tag: String,
    pub args: std::collections::BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reply {
    Progress(Progress),
    Failed(Error),
    Done,
    Capabilities(Capabilities),
    Description(Description),
    State(JobState),
    Jobs(Vec<ListedJob>),
    Image(Option<Image>),
    LabelledImages(Vec<LabelledImage>),
    Interpreter(Interpreter),
}

pub(super) struct Wire(Framed<UnixStream, LengthDelimitedCodec>);

impl Wire {
    pub(super) fn new(stream: UnixStream) -> Self {
        let codec = LengthDelimitedCodec::builder()
            .max_frame_length(LARGEST_FRAME)
            .new_codec();
        Self(Framed::new(stream, codec))
    }

    pub(super) async fn send(&mut self, message: &(impl Serialize + Sync)) -> io::Result<()> {
        let frame = serde_json::to_vec(message)?;
        self.0.send(Bytes::from(frame)).await
    }

    /// `None` once the other end has closed.
    pub(super) async fn receive<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        match self.0.next().await {
            None => Ok(None),
            Some(frame) => Ok(Some(serde_json::from_slice(&frame?)?)),
        }
    }

    /// Returns when the other end has closed, or said something that nobody asked for.
    pub(super) async fn closed(&mut self) {
        let _ = self.0.next().await;
    }
}
