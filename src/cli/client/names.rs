//! Scripts and runs by what people call them.

use serde_json::Value;

use super::failure::Failure;
use super::http::Server;
use super::list::Pages;
use super::wire::{RunSeen, ScriptSeen};

/// Names that are this alike are offered.
const ALIKE: f64 = 0.75;
const MOST_OFFERED: usize = 3;

/// The script of this id, name or folder's name.
pub async fn script(server: &Server, wanted: &str) -> Result<ScriptSeen, Failure> {
    match find_script(server, wanted).await? {
        Some(script) => Ok(script),
        None => Err(no_script(server, wanted).await?),
    }
}

pub async fn find_script(server: &Server, wanted: &str) -> Result<Option<ScriptSeen>, Failure> {
    if is_id(wanted) {
        match server.get(server.path(&["scripts", wanted])).await {
            Ok(found) => return Ok(Some(server.read(&found).await?)),
            // Names can look like that, too.
            Err(Failure::NotFound(_)) => {}
            Err(other) => return Err(other),
        }
    }
    // A folder's name ends with a piece of the id behind the name; the list is narrowed by names.
    let mut seen = Vec::new();
    for query in [Some(wanted), None] {
        let mut pages = Pages::of(server, &["scripts"]).all();
        if let Some(query) = query {
            pages = pages.with("q", query);
        }
        while let Some(page) = pages.next().await? {
            for script in &page {
                seen.push(server.read::<ScriptSeen>(script).await?);
            }
            if let Some(found) = pick(wanted, &seen) {
                return Ok(Some(found.clone()));
            }
        }
        seen.clear();
    }
    Ok(None)
}

async fn no_script(server: &Server, wanted: &str) -> Result<Failure, Failure> {
    let mut names = Vec::new();
    let mut pages = Pages::of(server, &["scripts"]).all();
    while let Some(page) = pages.next().await? {
        names.extend(
            page.iter()
                .filter_map(|script| script["name"].as_str().map(str::to_owned)),
        );
    }
    Ok(Failure::NotFound(not_found(wanted, &names)))
}

/// The run of this id or number, or the last one of the script of this name.
pub async fn run(server: &Server, wanted: &str) -> Result<RunSeen, Failure> {
    let number = wanted.strip_prefix('#').unwrap_or(wanted);
    let is_number = !number.is_empty() && number.len() < 19 && number.bytes().all(|b| b.is_ascii_digit());
    if is_number || is_id(wanted) {
        match server.get(server.path(&["runs", number])).await {
            Ok(run) => return server.read(&run).await,
            Err(Failure::NotFound(_)) if wanted.starts_with('#') => {
                return Err(Failure::NotFound(format!("There is no run {wanted}")));
            }
            Err(Failure::NotFound(_)) => {}
            Err(other) => return Err(other),
        }
    }
    let Some(script) = find_script(server, wanted).await? else {
        return Err(if is_number || is_id(wanted) {
            Failure::NotFound(format!("There is neither a run nor a script {wanted:?}"))
        } else {
            no_script(server, wanted).await?
        });
    };
    last_run(server, &script).await
}

async fn last_run(server: &Server, script: &ScriptSeen) -> Result<RunSeen, Failure> {
    let mut pages = Pages::of(server, &["runs"])
        .with("script", &script.id)
        .with("kind", "script")
        .most(1);
    let page = pages.next().await?.unwrap_or_default();
    match page.first() {
        Some(run) => server.read::<RunSeen>(run).await,
        None => Err(Failure::NotFound(format!("{} has not run yet", script.name))),
    }
}

/// The schedule of this id, or the only one of this name.
pub async fn schedule(server: &Server, wanted: &str) -> Result<Value, Failure> {
    let mut pages = Pages::of(server, &["schedules"]).all();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await? {
        found.extend(page.into_iter().filter(|schedule| {
            schedule["id"] == wanted || (schedule["name"] == wanted && !wanted.is_empty())
        }));
    }
    match found.len() {
        0 => Err(Failure::NotFound(format!(
            "There is no schedule {wanted:?}; `pytask-manager schedule list` has the ids"
        ))),
        1 => Ok(found.swap_remove(0)),
        several => Err(Failure::Usage(format!(
            "{several} schedules are called {wanted:?}; name one by its id, which `pytask-manager schedule list` has"
        ))),
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Names differ by more than upper and lower case.
fn pick<'s>(wanted: &str, scripts: &'s [ScriptSeen]) -> Option<&'s ScriptSeen> {
    let folded = wanted.trim().to_lowercase();
    let exactly = scripts.iter().find(|script| script.name == wanted);
    exactly
        .or_else(|| scripts.iter().find(|script| script.name.to_lowercase() == folded))
        .or_else(|| scripts.iter().find(|script| script.slug == wanted))
}

fn not_found(wanted: &str, names: &[String]) -> String {
    let near = near(wanted, names);
    if near.is_empty() {
        format!("There is no script {wanted:?}; `pytask-manager list scripts` has those there are")
    } else {
        let near: Vec<String> = near.iter().map(|name| format!("{name:?}")).collect();
        format!(
            "There is no script {wanted:?}. Did you mean {}?",
            near.join(" or ")
        )
    }
}

/// The names that somebody may have meant, the likeliest first.
fn near<'n>(wanted: &str, names: &'n [String]) -> Vec<&'n str> {
    let wanted = wanted.trim().to_lowercase();
    let mut alike: Vec<(f64, &str)> = names
        .iter()
        .map(|name| {
            let folded = name.to_lowercase();
            let within = wanted.chars().count() >= 3 && folded.contains(&wanted);
            let alike = strsim::jaro_winkler(&wanted, &folded);
            (if within { alike.max(ALIKE) } else { alike }, name.as_str())
        })
        .filter(|(alike, _)| *alike >= ALIKE)
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    alike
        .into_iter()
        .take(MOST_OFFERED)
        .map(|(_, name)| name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(name: &str, slug: &str) -> ScriptSeen {
        let script = serde_json::json!({ "id": "x", "name": name, "slug": slug });
        serde_json::from_value(script).expect("a script")
    }

    #[test]
    fn a_script_is_found_by_its_name_before_its_folders() {
        let scripts = [
            script("Nightly report", "nightly-report-1a"),
            script("nightly", "x-2b"),
        ];
        let found = |wanted: &str| pick(wanted, &scripts).map(|script| script.name.as_str());
        assert_eq!(found("nightly"), Some("nightly"));
        assert_eq!(found("NIGHTLY REPORT"), Some("Nightly report"));
        assert_eq!(found("nightly-report-1a"), Some("Nightly report"));
        assert_eq!(found("night"), None);
        assert_eq!(found(""), None);
    }

    #[test]
    fn what_somebody_may_have_meant_is_offered() {
        let names = ["Nightly report", "Backup", "Weekly report", "Fetch prices"].map(str::to_owned);
        assert_eq!(near("nigthly report", &names)[0], "Nightly report");
        assert_eq!(near("bakcup", &names), ["Backup"]);
        assert!(near("prices", &names).contains(&"Fetch prices"));
        assert_eq!(near("zzz", &names), Vec::<&str>::new());
        assert!(not_found("bakcup", &names).contains("Did you mean \"Backup\"?"));
        assert!(not_found("zzz", &names).contains("list scripts"));
    }

    #[test]
    fn ids_are_told_from_names() {
        assert!(is_id(&"0a".repeat(16)));
        for name in ["", "12", "report", &"0g".repeat(16)] {
            assert!(!is_id(name), "{name}");
        }
    }
}
