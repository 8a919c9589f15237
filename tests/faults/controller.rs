//! The controller under fault: the product, wired as `serve` wires it, that kills itself at a point of its way.
//!
//! `FAULT_AT=<point>:<before|after>:<nth>` names the point: `engine.launch:after:1` dies when the engine has answered
//! the first launch and nobody has been told; `commit.running:before:1` when everything of the first transaction that
//! makes a run *running* is written and nothing of it is durable yet. Dying is SIGKILL to itself. Without the variable
//! it is the product and nothing else.

mod calls;
mod commits;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;
use pytask_manager::app::{self, EngineWiring, Surroundings};
use pytask_manager::cli::serve::serve_on;
use pytask_manager::config::ServeConfig;

use crate::machine;

/// `faults controller`
pub(crate) const VERB: &str = "controller";
pub(crate) const FAULT_AT: &str = "FAULT_AT";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Before,
    After,
}

impl When {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// Where to die, and how often to pass there unharmed.
struct Fault {
    point: String,
    when: When,
    left: AtomicU64,
}

impl Fault {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (point, when, nth) = (parts.next()?, parts.next()?, parts.next()?.parse().ok()?);
        let when = [When::Before, When::After]
            .into_iter()
            .find(|known| known.word() == when)?;
        let left = AtomicU64::new(nth);
        Some(Self {
            point: point.to_owned(),
            when,
            left,
        })
    }

    /// The controller has come by here.
    fn pass(&self, point: &str, when: When) {
        if self.point == point && self.when == when && self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            unreachable!("SIGKILL lets nobody go on");
        }
    }
}

#[derive(Debug, Parser)]
struct Flags {
    #[command(flatten)]
    serve: ServeConfig,
}

pub(crate) fn main() -> ExitCode {
    let flags = Flags::parse_from(std::env::args().skip(1));
    let fault =
        machine::variable(FAULT_AT).map(|text| Arc::new(Fault::parse(&text).expect("point:when:nth")));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    match runtime.block_on(serve(&flags.serve, fault)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => complain(&e),
    }
}

#[expect(clippy::print_stderr, reason = "as the product's own main does")]
fn complain(error: &anyhow::Error) -> ExitCode {
    eprintln!("Error: {error:?}");
    ExitCode::FAILURE
}

async fn serve(config: &ServeConfig, fault: Option<Arc<Fault>>) -> anyhow::Result<()> {
    let Some(fault) = fault else {
        return serve_on(config, Surroundings::default(), app::engine(config)).await;
    };
    let docker = app::engine(config);
    let watched = Arc::clone(&fault);
    let make = move |wiring: EngineWiring| -> Arc<dyn pytask_manager::engine::Engine> {
        Arc::new(calls::Calls {
            engine: docker(wiring),
            fault: watched,
        })
    };
    let surroundings = Surroundings {
        witnesses: vec![Arc::new(commits::Commits::new(fault))],
        ..Surroundings::default()
    };
    serve_on(config, surroundings, Box::new(make)).await
}
