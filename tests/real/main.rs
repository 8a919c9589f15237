//! Everything that only a real Docker Engine can prove, as one binary: the engine's contract, and the product as it is
//! shipped, as a process of its own.
//!
//! Fails, never skips, where an engine on this machine, the runner image (`PYTASK_RUNNER_IMAGE`) or the supervisor's
//! static binary (`PYTASK_SUPERVISOR`) is missing. Needs root, as the controller does, and a package index.

mod broker;
mod cleanup;
mod client;
mod container;
mod disk;
mod engine_away;
mod engine_contract;
mod environments;
mod fidelity;
mod images;
mod inside;
mod limits;
#[allow(dead_code, reason = "the suite `faults` uses the rest")]
mod machine;
mod newcomer;
mod outcomes;
mod packages;
mod private_index;
#[allow(dead_code, reason = "the suite `faults` uses the rest")]
mod product;
mod recovery;
mod schedules;
mod secrets;
#[allow(dead_code, reason = "the suite `faults` uses the rest")]
mod small_disk;
mod stopping;
mod template;
mod ten_lines;
mod tools;
mod triggers;
mod volume;
