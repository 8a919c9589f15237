//! Ctrl+C and SIGTERM, which are asked for instead of ending the process.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::failure::Failure;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    Interrupt,
    Terminate,
}

pub struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    /// From here on neither ends the process by itself.
    pub fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|e| Failure::File {
                path: "signals".to_owned(),
                why: e.to_string(),
            })
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// The next one. May be cancelled without loss.
    pub async fn pressed(&mut self) -> Press {
        tokio::select! {
            Some(()) = self.interrupt.recv() => Press::Interrupt,
            Some(()) = self.terminate.recv() => Press::Terminate,
            // Neither comes any more.
            else => std::future::pending().await,
        }
    }
}
