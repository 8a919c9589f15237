//! uv as somebody uses it by hand: `uv venv`, then `uv pip install`. The uv is the runner image's, its cache is its own,
//! beside the venvs, and files are linked out of it as our builds link them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::machine;

/// Where builds find the system's certificates.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

pub(crate) struct Uv {
    folder: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bytecode {
    Left,
    Compiled,
}

impl Uv {
    /// Works in this folder, which is on the product's file system.
    pub(crate) fn working_in(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// Everything that was downloaded is forgotten.
    pub(crate) fn forget(&self) {
        let cache = self.folder.join("cache");
        if cache.exists() {
            std::fs::remove_dir_all(cache).expect("the cache can be removed");
        }
    }

    /// A new environment with this in it, and how long it took; releases of after `before` do not count.
    pub(crate) fn install(&self, wish: &[&str], before: &str, bytecode: Bytecode) -> Duration {
        let venv = self.folder.join("venv");
        if venv.exists() {
            std::fs::remove_dir_all(&venv).expect("the venv can be removed");
        }
        let begun = Instant::now();
        self.run(|uv| {
            uv.arg("venv").arg("--python").arg(super::python()).arg(&venv);
        });
        self.run(|uv| {
            uv.args(["pip", "install", "--exclude-newer", before, "--python"])
                .arg(&venv);
            if bytecode == Bytecode::Compiled {
                uv.arg("--compile-bytecode");
            }
            uv.args(wish);
        });
        begun.elapsed()
    }

    fn run(&self, tell: impl FnOnce(&mut Command)) {
        let mut uv = Command::new(super::uv());
        uv.env("UV_CACHE_DIR", self.folder.join("cache"))
            .env("UV_LINK_MODE", "hardlink")
            .env("UV_NO_CONFIG", "1")
            .env("UV_PYTHON_DOWNLOADS", "never")
            .env("UV_NO_PROGRESS", "1")
            .envs(machine::variable("PYTASK_INDEX_URL").map(|url| ("UV_DEFAULT_INDEX", url)))
            .envs(
                Path::new(CERTIFICATES)
                    .exists()
                    .then_some(("SSL_CERT_FILE", CERTIFICATES)),
            );
        tell(&mut uv);
        let output = uv.output().expect("uv");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{uv:?}: {said}");
    }
}
