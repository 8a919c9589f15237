//! `make bench`: what docs/performance.md claims, measured on the real product and the real engine, each row beside its
//! baseline in the same run, one sample of each after the other.
//!
//! A benchmark is no test: a bad figure fails nothing. What breaks while it is measured does, at once, because figures
//! of something broken are none. Called with the numbers of rows it measures these, otherwise all. scripts/bench.sh
//! prepares what the rows need beside the product.

mod baselines;
mod facts;
mod generate;
#[allow(
    dead_code,
    unused_imports,
    reason = "shared with the suite `real`, which uses the rest"
)]
#[path = "../../tests/real/machine.rs"]
mod machine;
#[path = "../../tests/faults/percentile.rs"]
mod percentile;
mod processes;
#[allow(
    dead_code,
    unused_imports,
    reason = "shared with the suite `real`, which uses the rest"
)]
#[path = "../../tests/real/product.rs"]
mod product;
mod report;
mod rows;

use std::process::ExitCode;

#[expect(clippy::print_stdout, reason = "printing is what a benchmark is for")]
#[expect(clippy::print_stderr, reason = "and so is saying what it could not be asked")]
fn main() -> ExitCode {
    // Cargo adds words of its own, which begin with dashes.
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let rows = match rows::chosen(&asked) {
        Ok(rows) => rows,
        Err(complaint) => {
            eprintln!("{complaint}");
            return ExitCode::FAILURE;
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    generate::forget();
    println!("{}", facts::now());
    for row in rows {
        println!("\n{}", runtime.block_on((row.measure)()).in_words(row.number));
    }
    generate::forget();
    ExitCode::SUCCESS
}
