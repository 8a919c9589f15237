//! Which programs there are, how each is started, and what a language server is told before it begins. Nothing else in
//! this module knows one of them by name: another language server is another line here and in the image.

use std::collections::BTreeMap;

use pytask_protocol::VERSION;
use pytask_protocol::tools::ToolsSpec;
use serde_json::{Value, json};

use super::container::{ENVIRONMENT, SCRIPT};

/// A program, as requests name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    Language,
    Lint,
    Format,
    Source,
}

impl Program {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Language => "language",
            Self::Lint => "lint",
            Self::Format => "format",
            Self::Source => "source",
        }
    }
}

/// What the image brings, and the variable by which it says the version.
pub(super) const BROUGHT: [(&str, &str); 2] = [("ty", "PYTASK_TY_VERSION"), ("ruff", "PYTASK_RUFF_VERSION")];

/// Programs at once in one container: language servers of some windows, and short ones beside them.
pub(super) const CONNECTIONS: u32 = 12;

/// Nothing may be written but below `/tmp`, so there are no caches that would last.
pub(super) fn spec(uid: u32, has_environment: bool) -> ToolsSpec {
    let argv = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let programs = [
        (Program::Language, argv(&["ty", "server"])),
        (
            Program::Lint,
            argv(&[
                "ruff",
                "check",
                "--no-cache",
                "--exit-zero",
                "--output-format",
                "json",
            ]),
        ),
        (Program::Format, argv(&["ruff", "format", "--no-cache"])),
        (
            Program::Source,
            argv(&["head", "-c", &super::source::MOST_BYTES.to_string()]),
        ),
    ];
    let mut env: BTreeMap<String, String> = [
        ("HOME", "/tmp"),
        ("LANG", "C.UTF-8"),
        // A container has one CPU; more threads would only take memory.
        ("RAYON_NUM_THREADS", "2"),
        ("TY_MAX_PARALLELISM", "2"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    if has_environment {
        env.insert("VIRTUAL_ENV".to_owned(), ENVIRONMENT.to_owned());
    }
    ToolsSpec {
        version: VERSION,
        programs: programs
            .into_iter()
            .map(|(program, argv)| (program.name().to_owned(), argv))
            .collect(),
        env,
        cwd: SCRIPT.to_owned(),
        uid,
        gid: uid,
        connections: CONNECTIONS,
    }
}

/// The language server's `initializationOptions`.
pub(super) fn initialization(has_environment: bool) -> Value {
    if has_environment {
        json!({ "configuration": { "environment": { "python": ENVIRONMENT } } })
    } else {
        json!({})
    }
}
