//! What stands where pip would be in a run: it says where packages are added.
//!
//! A run's environment is read-only and shared by all runs of its script, so installing into it can only fail, and pip
//! would say something about permissions. The commands come first on `PATH`, and a package of that name first on
//! `PYTHONPATH`, so that `python -m pip` and the image's own `pip`, which imports it, say it as well. No hook is run when
//! an interpreter starts.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What is said instead. No word of it means anything to a shell or to Python.
const SENTENCE: &str = "Packages cannot be installed from within a run. Add them on the Dependencies tab of the script \
     and install them there; the next run will have them.";

/// Paths in the folder, modes, contents.
pub(super) fn files() -> Vec<(&'static str, u32, String)> {
    let command = format!("#!/bin/sh\necho \"{SENTENCE}\" >&2\nexit 1\n");
    let package = format!("def main(*args, **kwargs):\n    raise SystemExit(\"{SENTENCE}\")\n");
    let same = "from pip import main\n".to_owned();
    vec![
        ("shims/pip", 0o755, command.clone()),
        ("shims/pip3", 0o755, command),
        ("shims/python/pip/__init__.py", 0o644, package),
        (
            "shims/python/pip/__main__.py",
            0o644,
            "from pip import main\n\nmain()\n".to_owned(),
        ),
        // Where pip's own commands look for it.
        ("shims/python/pip/_internal/__init__.py", 0o644, same.clone()),
        ("shims/python/pip/_internal/cli/__init__.py", 0o644, String::new()),
        ("shims/python/pip/_internal/cli/main.py", 0o644, same),
    ]
}

/// Writes them; safe to repeat.
pub(super) fn install(folder: &Path) -> std::io::Result<()> {
    for (path, mode, content) in files() {
        let place = folder.join(path);
        if let Some(parent) = place.parent() {
            std::fs::create_dir_all(parent)?;
            std::fs::set_permissions(parent, std::fs::Permissions::from_mode(0o755))?;
        }
        std::fs::write(&place, content)?;
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(mode))?;
    }
    // Folders between them are made on the way, with whatever mask this process has.
    for parent in [
        "shims",
        "shims/python",
        "shims/python/pip",
        "shims/python/pip/_internal",
    ] {
        std::fs::set_permissions(folder.join(parent), std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_can_be_quoted_anywhere() {
        assert!(!SENTENCE.contains(['"', '$', '`', '\\', '\n']));
        let folder = tempfile::tempdir().expect("a temporary folder");
        install(folder.path()).expect("writes");
        install(folder.path()).expect("writes again");
        let mode = |path: &str| {
            let meta = std::fs::metadata(folder.path().join(path)).expect(path);
            meta.permissions().mode() & 0o777
        };
        assert_eq!(
            (
                mode("shims/pip"),
                mode("shims/python/pip"),
                mode("shims/python/pip/__main__.py")
            ),
            (0o755, 0o755, 0o644)
        );
    }
}
