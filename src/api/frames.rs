//! Answers of JSON lines that come while work goes on: made on a thread of its own, taken at the client's pace, ended when
//! the client leaves.

use std::convert::Infallible;
use std::ops::ControlFlow;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use serde::Serialize;
use tokio::sync::{Semaphore, mpsc};

/// Made ahead of the client.
const AHEAD: usize = 8;
/// Of the whole process: each keeps some cores busy, and there is other work. Whoever comes later waits.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// Where the work puts its lines.
pub struct Frames(mpsc::Sender<Bytes>);

impl Frames {
    /// Waits while the client is slow. Breaks when it has left.
    pub fn send(&self, frame: &impl Serialize) -> ControlFlow<()> {
        let Ok(mut line) = serde_json::to_vec(frame) else {
            return ControlFlow::Break(());
        };
        line.push(b'\n');
        match self.0.blocking_send(line.into()) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    /// Breaks when the client has left.
    pub fn wanted(&self) -> ControlFlow<()> {
        if self.0.is_closed() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// Starts the work and answers with its lines.
pub fn respond(work: impl FnOnce(&Frames) + Send + 'static) -> Response {
    let (sender, receiver) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let turn = tokio::select! {
            turn = AT_ONCE.acquire() => turn,
            () = sender.closed() => return,
        };
        let _ = tokio::task::spawn_blocking(move || work(&Frames(sender))).await;
        drop(turn);
    });
    let lines = stream::unfold(receiver, |mut receiver| async {
        let line = receiver.recv().await?;
        Some((Ok::<_, Infallible>(line), receiver))
    });
    let mut response = Body::from_stream(lines).into_response();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-ndjson"),
    );
    response
}
