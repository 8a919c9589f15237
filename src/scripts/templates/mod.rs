//! Programs that new scripts can start from: small, useful, and compiled in.
//!
//! Each is a folder here. What a template needs is in the metadata block of its entry file and in its list, the same in
//! both, so that file and list are in step from the first revision on.

use super::{Error, Result};

#[derive(Debug, Clone, Copy)]
pub struct Template {
    pub id: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    /// Path and text; `main.py` is the first.
    pub files: &'static [(&'static str, &'static str)],
    pub requirements: &'static [&'static str],
}

/// The plainest comes first: it is what a script starts with that names none.
pub const TEMPLATES: &[Template] = &[
    Template {
        id: "blank",
        name: "Blank",
        description: "One line that says hello",
        files: &[("main.py", include_str!("blank/main.py"))],
        requirements: &[],
    },
    Template {
        id: "api-to-csv",
        name: "HTTP API to CSV",
        description: "Fetches all pages of a JSON API, with retries, and keeps the rows as a CSV file",
        files: &[("main.py", include_str!("api_to_csv/main.py"))],
        requirements: &["requests>=2.32"],
    },
    Template {
        id: "data-report",
        name: "Report with a chart",
        description: "Reads a CSV file with pandas and leaves a table and a chart with the run",
        files: &[
            ("main.py", include_str!("data_report/main.py")),
            ("data/sales.csv", include_str!("data_report/data/sales.csv")),
        ],
        requirements: &["pandas>=2.2", "matplotlib>=3.9"],
    },
    Template {
        id: "sqlite-backup",
        name: "SQLite backup",
        description: "Copies a database while it is in use, checks the copy, and keeps the newest ones",
        files: &[("main.py", include_str!("sqlite_backup/main.py"))],
        requirements: &[],
    },
    Template {
        id: "page-watcher",
        name: "Web page watcher",
        description: "Remembers what a page says, shows what has changed, and fails when it has, so that you are told",
        files: &[("main.py", include_str!("page_watcher/main.py"))],
        requirements: &["requests>=2.32", "beautifulsoup4>=4.12"],
    },
    Template {
        id: "folder-housekeeping",
        name: "Folder housekeeping",
        description: "Removes old files and packs large ones; says what it would do until it is told to do it",
        files: &[("main.py", include_str!("folder_housekeeping/main.py"))],
        requirements: &[],
    },
    Template {
        id: "message",
        name: "E-mail or webhook report",
        description: "Sends a short report by e-mail, to a webhook, or to both, as its variables say",
        files: &[
            ("main.py", include_str!("message/main.py")),
            ("report.py", include_str!("message/report.py")),
        ],
        requirements: &[],
    },
];

/// The template of this id; without one, the plainest.
pub fn find(id: Option<&str>) -> Result<&'static Template> {
    match id {
        None => Ok(&TEMPLATES[0]),
        Some(id) => TEMPLATES
            .iter()
            .find(|template| template.id == id)
            .ok_or(Error::TemplateNotFound),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envs::inline;
    use crate::files::RelPath;

    #[test]
    fn templates_are_whole_and_in_step() {
        let mut ids: Vec<_> = TEMPLATES.iter().map(|template| template.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), TEMPLATES.len());
        for template in TEMPLATES {
            let (entry, text) = template.files[0];
            assert_eq!(entry, "main.py", "{}", template.id);
            let block = inline::dependencies(text).unwrap_or_else(|e| panic!("{}: {e}", template.id));
            let wanted: Vec<String> = template
                .requirements
                .iter()
                .map(|&line| line.to_owned())
                .collect();
            assert_eq!(block, (!wanted.is_empty()).then_some(wanted), "{}", template.id);
            for (path, text) in template.files {
                assert!(RelPath::parse(path).is_ok() && text.ends_with('\n'), "{path}");
            }
            assert!(find(Some(template.id)).is_ok() && !template.description.is_empty());
        }
        assert!(matches!(find(Some("none")), Err(Error::TemplateNotFound)));
    }
}
