//! ripgrep on a file of text, as it comes: what it finds, read to the end.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// How many lines it found, and how long it took from before its start.
pub(crate) fn search(arguments: &[&str], file: &Path) -> (Duration, usize) {
    let begun = Instant::now();
    let mut rg = Command::new("rg");
    rg.args(["--no-config", "--line-number"])
        .args(arguments)
        .arg(file);
    let output = rg.output().expect("rg; scripts/bench.sh installs it");
    let took = begun.elapsed();
    assert!(output.status.success(), "{rg:?} ended with {}", output.status);
    (took, memchr::memchr_iter(b'\n', &output.stdout).count())
}

/// In words.
pub(crate) fn version() -> String {
    let said = Command::new("rg").arg("--version").output().expect("rg");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    said.lines().next().unwrap_or_default().to_owned()
}
