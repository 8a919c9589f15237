//! The folder that is pushed: its plain files. Links are not followed, and what tools leave behind is passed over.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::cli::client::failure::Failure;

/// What the application makes of an export, and takes out of an import.
pub const PASSPORT: &str = "pytask.json";
/// Wherever they stand.
const PASSED_OVER: [&str; 11] = [
    ".git",
    ".hg",
    ".svn",
    ".venv",
    "venv",
    "__pycache__",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "node_modules",
    ".DS_Store",
];
/// As many as the application takes.
const MOST_FILES: usize = 10_000;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Relative, with slashes, in order.
    pub files: Vec<String>,
    /// With the reason.
    pub passed_over: Vec<String>,
}

/// Whether a file is none of a script, by its path.
pub fn is_passed_over(path: &str) -> bool {
    path.split('/').any(|part| PASSED_OVER.contains(&part)) || path.ends_with(".pyc")
}

/// What a script of it is called.
pub fn name(folder: &Path) -> Result<String, Failure> {
    let whole = fs::canonicalize(folder).map_err(|e| Failure::file(folder, &e))?;
    match whole.file_name().and_then(|name| name.to_str()) {
        Some(name) => Ok(name.to_owned()),
        None => Err(Failure::Usage(
            "the folder has no name; give one with --name".to_owned(),
        )),
    }
}

pub fn walk(folder: &Path) -> Result<Found, Failure> {
    let mut found = Found::default();
    walk_into(folder, "", &mut found)?;
    found.files.sort();
    found.passed_over.sort();
    if found.files.is_empty() {
        return Err(Failure::Usage(format!(
            "there are no files in {}",
            folder.display()
        )));
    }
    Ok(found)
}

fn walk_into(folder: &Path, prefix: &str, found: &mut Found) -> Result<(), Failure> {
    let failed = |e: io::Error| Failure::file(folder, &e);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            return Err(Failure::File {
                path: entry.path().display().to_string(),
                why: "the name is not UTF-8, which no script's folder can have".to_owned(),
            });
        };
        let path = format!("{prefix}{name}");
        if is_passed_over(&path) {
            continue;
        }
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            walk_into(&entry.path(), &format!("{path}/"), found)?;
        } else if kind.is_file() {
            found.files.push(path);
        } else if kind.is_symlink() {
            found.passed_over.push(format!("{path}: links are not followed"));
        } else {
            found.passed_over.push(format!("{path}: it is no file"));
        }
        if found.files.len() > MOST_FILES {
            return Err(Failure::Usage(format!(
                "there are more than {MOST_FILES} files in the folder, which is more than a script is made of"
            )));
        }
    }
    Ok(())
}

/// As one archive, in memory: an import is 64 MiB at most.
pub fn zip(folder: &Path, files: &[String]) -> Result<Vec<u8>, Failure> {
    let mut archive = ZipWriter::new_stream(Vec::new());
    for path in files {
        let place = folder.join(path);
        add(&mut archive, path, &place).map_err(|e| Failure::file(&place, &e))?;
    }
    let finished = archive.finish().map_err(io::Error::from);
    Ok(finished.map_err(|e| Failure::file(folder, &e))?.into_inner())
}

fn add(
    archive: &mut ZipWriter<zip::write::StreamWriter<Vec<u8>>>,
    path: &str,
    place: &Path,
) -> io::Result<()> {
    let mut file = fs::File::open(place)?;
    let executable = file.metadata()?.permissions().mode() & 0o100 != 0;
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .unix_permissions(if executable { 0o755 } else { 0o644 });
    archive.start_file(path, options)?;
    io::copy(&mut file, archive)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_and_what_tools_leave_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        for path in [
            "main.py",
            "lib/a.py",
            "lib/__pycache__/a.pyc",
            "b.pyc",
            ".git/HEAD",
            ".venv/x",
            "lib/.env",
        ] {
            let place = root.join(path);
            fs::create_dir_all(place.parent().expect("a parent")).expect("made");
            fs::write(place, path).expect("written");
        }
        std::os::unix::fs::symlink("/etc/passwd", root.join("link")).expect("linked");
        let found = walk(root).expect("walked");
        assert_eq!(found.files, ["lib/.env", "lib/a.py", "main.py"]);
        assert_eq!(found.passed_over, ["link: links are not followed"]);
        let archive = zip(root, &found.files).expect("packed");
        let mut read = zip::ZipArchive::new(io::Cursor::new(archive)).expect("an archive");
        let mut text = String::new();
        io::Read::read_to_string(&mut read.by_name("lib/a.py").expect("there"), &mut text).expect("read");
        assert_eq!(text, "lib/a.py");
    }

    #[test]
    fn no_folder_and_an_empty_one_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(matches!(walk(folder.path()), Err(Failure::Usage(_))));
        assert!(matches!(
            walk(&folder.path().join("none")),
            Err(Failure::File { .. })
        ));
        assert!(name(Path::new("/")).is_err());
    }
}
