//! What the product is measured against. scripts/bench.sh puts it in place and names it in the environment.

pub(crate) mod apscheduler;
pub(crate) mod pages;
pub(crate) mod prefect;
pub(crate) mod ripgrep;
pub(crate) mod uv;

use std::path::PathBuf;

use crate::machine;

/// A Python with the packages of benches/side_by_side/baselines/requirements.txt.
fn python() -> PathBuf {
    named("PYTASK_BENCH_PYTHON")
}

/// The uv of the runner image.
fn uv() -> PathBuf {
    named("PYTASK_BENCH_UV")
}

fn named(variable: &str) -> PathBuf {
    let place = machine::variable(variable);
    place
        .unwrap_or_else(|| panic!("{variable} names what scripts/bench.sh puts in place"))
        .into()
}
