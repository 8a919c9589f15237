//! What rows are measured on and nobody has at hand: long histories and long logs, made from a seed, so that two machines
//! measure the same. Under target/bench, made when the first row asks for it, gone when the last has been measured.

pub(crate) mod history;
mod kinds;
pub(crate) mod log;
mod random;

use std::path::{Path, PathBuf};

pub(crate) use random::Random;

/// Where it is: on the disk that the product is built on, not in a temporary folder that may be memory.
pub(crate) fn place() -> PathBuf {
    all().join(std::process::id().to_string())
}

fn all() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .with_file_name("bench")
        .join("data")
}

/// What this process has made, and what others have left that are gone.
pub(crate) fn forget() {
    for made in std::fs::read_dir(all()).into_iter().flatten().flatten() {
        let maker = made.file_name().to_string_lossy().into_owned();
        let gone = !Path::new("/proc").join(&maker).exists();
        if gone || maker == std::process::id().to_string() {
            std::fs::remove_dir_all(made.path())
                .unwrap_or_else(|error| panic!("{}: {error}", made.path().display()));
        }
    }
}
