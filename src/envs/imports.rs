//! From an import that failed to the package that brings the module: pure.
//!
//! Most packages are called like what they are imported as; the others are in a table of well-known ones. It is a
//! guess, offered to somebody who decides, and none is made for what the standard library or the script itself has.

use std::collections::HashMap;
use std::sync::LazyLock;

use pep508_rs::PackageName;
use std::str::FromStr;

use crate::model::environment::Package;
use crate::model::evidence::MissingModule;
use crate::model::traceback::Traceback;

/// `sys.stdlib_module_names` of CPython 3.13.
const STANDARD_LIBRARY: &str = include_str!("imports/stdlib.txt");
/// Module and package, where they have different names.
const OTHERWISE: &str = include_str!("imports/packages.txt");

const LONGEST: usize = 100;

static PACKAGES: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    OTHERWISE
        .lines()
        .filter_map(|line| line.split_once(' '))
        .collect()
});

/// The module that could not be imported, and the package to add. `own` are the paths of the script's files, `installed`
/// what its environment has.
pub fn missing(traceback: &Traceback, own: &[String], installed: &[Package]) -> Option<MissingModule> {
    if traceback.exception != "ModuleNotFoundError" {
        return None;
    }
    let module = module(&traceback.message)?;
    let first = module.split('.').next().unwrap_or(module);
    if STANDARD_LIBRARY.lines().any(|name| name == first) || own.iter().any(|path| provides(path, first)) {
        return None;
    }
    let package = package(module)?;
    let there = installed.iter().any(|installed| installed.name == package);
    (!there).then(|| MissingModule {
        module: module.to_owned(),
        package,
    })
}

/// The package of an imported module that nobody has found so far; `None` for what needs none or can be no module's name.
pub fn package_of(imported: &str) -> Option<MissingModule> {
    if !is_module(imported) {
        return None;
    }
    let first = imported.split('.').next().unwrap_or(imported);
    if STANDARD_LIBRARY.lines().any(|name| name == first) {
        return None;
    }
    // Of a dotted name not even the first part is there.
    package(imported)
        .or_else(|| package(first))
        .map(|package| MissingModule {
            module: imported.to_owned(),
            package,
        })
}

/// What Python says is missing. One that is no package is there.
fn module(message: &str) -> Option<&str> {
    let (module, rest) = message.strip_prefix("No module named '")?.split_once('\'')?;
    (rest.is_empty() && is_module(module)).then_some(module)
}

fn is_module(name: &str) -> bool {
    let identifier = |part: &str| {
        !part.is_empty()
            && !part.starts_with(|c: char| c.is_ascii_digit())
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    name.len() <= LONGEST && name.split('.').all(identifier)
}

/// The longest known beginning counts. Of a dotted name Python has found the first part, so without such a beginning the
/// package is there and has no such module.
fn package(module: &str) -> Option<String> {
    let mut beginning = module;
    loop {
        if let Some(package) = PACKAGES.get(beginning) {
            return Some((*package).to_owned());
        }
        match beginning.rsplit_once('.') {
            Some((shorter, _)) => beginning = shorter,
            None if module.contains('.') => return None,
            None => return PackageName::from_str(module).ok().map(|name| name.to_string()),
        }
    }
}

/// Whether a file could be that module, wherever it is: then it is the path that is wrong, and no package helps.
fn provides(path: &str, module: &str) -> bool {
    path.split('/')
        .any(|part| part.strip_suffix(".py").unwrap_or(part) == module)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_leads_to_its_package() {
        let package = |module| package_of(module).map(|missing| missing.package);
        for (module, expected) in [
            ("yaml", Some("pyyaml")),
            ("cv2", Some("opencv-python")),
            ("pandas", Some("pandas")),
            ("pandas.io.json", Some("pandas")),
            ("os.path", None),
            (".helpers", None),
            ("a b", None),
            ("", None),
        ] {
            assert_eq!(package(module).as_deref(), expected, "{module}");
        }
    }

    fn found(message: &str, own: &[&str], installed: &[&str]) -> Option<(String, String)> {
        let traceback = Traceback {
            exception: "ModuleNotFoundError".to_owned(),
            message: message.to_owned(),
            frames: vec![],
            location: None,
        };
        let own: Vec<String> = own.iter().map(|&path| path.to_owned()).collect();
        let installed: Vec<Package> = installed
            .iter()
            .map(|&name| Package {
                name: name.to_owned(),
                version: "1".to_owned(),
            })
            .collect();
        missing(&traceback, &own, &installed).map(|found| (found.module, found.package))
    }

    #[test]
    fn a_module_is_brought_by_a_package() {
        let table = [
            ("requests", Some("requests")),
            ("cv2", Some("opencv-python")),
            ("yaml", Some("pyyaml")),
            ("PIL", Some("pillow")),
            ("bs4", Some("beautifulsoup4")),
            ("sklearn", Some("scikit-learn")),
            ("dateutil", Some("python-dateutil")),
            ("dotenv", Some("python-dotenv")),
            ("google.protobuf", Some("protobuf")),
            ("google.cloud.storage", Some("google-cloud-storage")),
            ("Flask_Login", Some("flask-login")),
            // Found, but without that module in it.
            ("requests.nothing", None),
            ("tomllib", None),
            ("os.nothing", None),
            ("helpers", None),
            ("report", None),
            ("_private_", None),
        ];
        let own = ["main.py", "helpers/__init__.py", "lib/report.py"];
        for (module, package) in table {
            let found = found(&format!("No module named '{module}'"), &own, &[]);
            assert_eq!(found.as_ref().map(|found| found.1.as_str()), package, "{module}");
        }
    }

    #[test]
    fn what_is_said_otherwise_is_no_missing_module() {
        for message in [
            "",
            "No module named 'six.moves'; 'six' is not a package",
            "No module named 'a b'",
            "No module named 'six",
            "no luck",
        ] {
            assert_eq!(found(message, &[], &[]), None, "{message}");
        }
        assert_eq!(
            found("No module named 'yaml'", &[], &["pyyaml"]),
            None,
            "it is there already"
        );
        let other = Traceback {
            exception: "ImportError".to_owned(),
            message: "No module named 'six'".to_owned(),
            frames: vec![],
            location: None,
        };
        assert_eq!(missing(&other, &[], &[]), None);
    }

    #[test]
    fn the_table_is_well_formed() {
        for line in OTHERWISE.lines() {
            let (module, package) = line.split_once(' ').expect(line);
            let normalised = PackageName::from_str(package).expect(line).to_string();
            assert!(
                package == normalised && self::module(&format!("No module named '{module}'")).is_some(),
                "{line}"
            );
        }
        assert!(STANDARD_LIBRARY.lines().count() > 250);
    }
}
