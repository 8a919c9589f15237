//! What must be survived: the faults of docs/testing.md, each brought about on purpose against the real engine, and
//! what came of it as figures.
//!
//! A binary with its own harness, because it is three things. Called by a test runner it runs trials; called as
//! `faults controller` it is the product with faults built in, which the trials start as their controller; called as
//! `faults table FOLDER` it prints the figures that trials have left there.
//!
//! Fails, never skips, where something is missing that the suite `real` needs as well; beyond that it needs `dockerd`,
//! `unshare` and `nsenter`.

#[allow(
    dead_code,
    unused_imports,
    reason = "shared with the suite `real`, whose tests it holds"
)]
#[path = "../real/container.rs"]
mod container;
mod controller;
mod figures;
mod form;
mod gauge;
#[allow(
    dead_code,
    unused_imports,
    reason = "shared with the suite `real`, whose tests it holds"
)]
#[path = "../real/inside.rs"]
mod inside;
#[allow(dead_code, reason = "shared with the suite `real`, which uses the rest")]
#[path = "../real/machine.rs"]
mod machine;
mod percentile;
mod private_engine;
#[allow(dead_code, reason = "shared with the suite `real`, which uses the rest")]
#[path = "../real/product.rs"]
mod product;
mod random;
mod readers;
#[path = "../real/small_disk.rs"]
mod small_disk;
#[path = "../real/template.rs"]
mod template;
mod trials;
mod writers;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    match words.get(1).map(String::as_str) {
        Some(controller::VERB) => controller::main(),
        Some(figures::VERB) => {
            figures::print(words.get(2).expect("a folder of figures").as_ref());
            ExitCode::SUCCESS
        }
        _ => run_trials(),
    }
}

fn run_trials() -> ExitCode {
    let trials = trials::all().into_iter().map(|(name, act)| {
        Trial::test(name, move || {
            // One thread for the test; what must not wait for it has threads of its own.
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?
                .block_on(act());
            Ok(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}
