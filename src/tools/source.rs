//! Which files of packages may be shown: where a definition leads that is not in the script's folder. Pure.
//!
//! They are read by a program in the tools container, so a link that lies leads no further than that container.

use super::Error;
use super::container::ENVIRONMENT;

/// No more is shown of one.
pub(super) const MOST_BYTES: usize = 4 * 1024 * 1024;

/// The path as it is read; refused if it is not a source of the environment, of the image's Python, or of what a language
/// server has unpacked.
pub(super) fn check(path: &str) -> Result<&str, Error> {
    let refuse = |message: &str| {
        Err(Error::Invalid {
            field: "path",
            message: message.to_owned(),
        })
    };
    let plain = path.len() <= 4096
        && !path.chars().any(char::is_control)
        && path.starts_with('/')
        && path
            .split('/')
            .skip(1)
            .all(|part| !matches!(part, "" | "." | ".."));
    if !plain {
        return refuse("The path must be absolute and without detours");
    }
    let below = |folder: &str| {
        path.strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    let pythons = [
        "/usr/lib/python3",
        "/usr/local/lib/python3",
        "/tmp/.cache/ty/vendored",
    ];
    if !below(ENVIRONMENT) && !pythons.iter().any(|start| path.starts_with(start)) {
        return refuse("Only sources of the script's packages and of Python itself are shown here");
    }
    if !(path.ends_with(".py") || path.ends_with(".pyi")) {
        return refuse("Only Python sources (.py, .pyi) are shown here");
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sources_of_packages_are_shown() {
        for path in [
            "/env/lib/python3.13/site-packages/attr/__init__.pyi",
            "/usr/lib/python3.13/json/decoder.py",
            "/usr/local/lib/python3.13/os.py",
            "/tmp/.cache/ty/vendored/typeshed/stdlib/os/__init__.pyi",
        ] {
            assert!(check(path).is_ok(), "{path}");
        }
        for path in [
            "",
            "/",
            "env/a.py",
            "/env",
            "/env/../etc/a.py",
            "/env//a.py",
            "/env/./a.py",
            "/environment/a.py",
            "/etc/passwd",
            "/env/a.txt",
            "/env/a\n.py",
            "/script/main.py",
            "/usr/bin/a.py",
            "/proc/self/environ",
            "/tmp/a.py",
        ] {
            assert!(check(path).is_err(), "{path}");
        }
    }
}
