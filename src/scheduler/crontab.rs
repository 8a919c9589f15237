//! A crontab, line by line: what each comes to, and why some come to nothing. Pure.
//!
//! The format is that of a user's crontab (crontab(5) of Debian): comments, variables, and jobs of a time and a command.
//! `CRON_TZ` counts for the lines after it, as in cronie. What a command does is not known; of one that starts a Python
//! program, the program's name and its arguments are taken.

use super::expression::Expression;
use super::words::describe;
use super::zone;

pub const LONGEST: usize = 256 * 1024;
pub const MOST_LINES: usize = 5_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    Blank,
    Comment,
    /// What it is for, or that it is for nothing here.
    Variable(String),
    Job(Job),
    /// Why it cannot be taken.
    Unsupported(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub expression: String,
    /// IANA name.
    pub zone: String,
    pub command: String,
    pub description: String,
    /// What it is called by its command.
    pub name: String,
    pub args: Vec<String>,
    /// Something to know about it.
    pub remark: Option<String>,
}

/// Every line of the text, in their order. `zone` counts until a line says otherwise.
pub fn read(text: &str, zone: &str) -> Vec<Line> {
    let mut zone = zone.to_owned();
    text.lines()
        .map(|line| {
            let line = line.trim();
            if line.is_empty() {
                return Line::Blank;
            }
            if line.starts_with('#') {
                return Line::Comment;
            }
            match variable(line) {
                Some((name, value)) => set(name, &value, &mut zone),
                None => job(line, &zone),
            }
        })
        .collect()
}

/// `NAME = value`, the value perhaps in quotes.
fn variable(line: &str) -> Option<(&str, String)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(fits) {
        return None;
    }
    Some((name, value.trim().trim_matches(['"', '\'']).to_owned()))
}

fn set(name: &str, value: &str, zone: &mut String) -> Line {
    match name {
        "CRON_TZ" | "TZ" => match zone::named(value) {
            Ok(_) => {
                value.clone_into(zone);
                Line::Variable(format!("The lines after it count by the clocks of {value}"))
            }
            Err(e) => Line::Unsupported(e.to_string()),
        },
        "MAILTO" | "MAILFROM" => {
            Line::Variable("Nothing is mailed; a script's page shows what it said".to_owned())
        }
        "SHELL" | "PATH" | "HOME" | "LOGNAME" | "USER" => {
            Line::Variable(format!("Runs have a {name} of their own"))
        }
        _ => Line::Variable(format!(
            "Add {name} to the variables of the schedules that need it"
        )),
    }
}

fn job(line: &str, zone: &str) -> Line {
    let unsupported = |why: &str| Line::Unsupported(why.to_owned());
    let fields = if line.starts_with('@') { 1 } else { 5 };
    let Some((expression, command)) = split_after(line, fields) else {
        return unsupported("A job is five fields of time, or a nickname such as @daily, and a command");
    };
    if expression.eq_ignore_ascii_case("@reboot") {
        return unsupported("There is no schedule for the start of the machine");
    }
    let parsed = match Expression::parse(&expression) {
        Ok(parsed) => parsed,
        Err(refused) => return Line::Unsupported(refused.message),
    };
    let (command, input) = match input_of(command) {
        Some((command, _)) => (command, true),
        None => (command, false),
    };
    let (name, args, python) = program(command);
    let remark = match (input, python) {
        (true, _) => Some("What stands behind % is not given to the program as its input".to_owned()),
        (false, false) => Some("This is no Python program; a script has to start it".to_owned()),
        (false, true) => None,
    };
    Line::Job(Job {
        expression,
        zone: zone.to_owned(),
        command: command.to_owned(),
        description: describe(parsed.fields()),
        name,
        args,
        remark,
    })
}

/// The first fields with one blank between them, and what follows.
fn split_after(line: &str, fields: usize) -> Option<(String, &str)> {
    let mut rest = line;
    let mut taken = Vec::with_capacity(fields);
    for _ in 0..fields {
        let end = rest.find(char::is_whitespace)?;
        taken.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    (!rest.is_empty()).then(|| (taken.join(" "), rest))
}

/// Cron gives a command what stands behind the first `%` that is not escaped.
fn input_of(command: &str) -> Option<(&str, &str)> {
    let at = command
        .match_indices('%')
        .map(|(at, _)| at)
        .find(|&at| !command[..at].ends_with('\\'))?;
    Some((command[..at].trim_end(), &command[at + 1..]))
}

/// What a command gives to the program that it starts.
pub fn arguments(command: &str) -> Vec<String> {
    program(command).1
}

/// What it is called, its arguments, and whether it is a Python program.
fn program(command: &str) -> (String, Vec<String>, bool) {
    // The first command of a line of several: `cd /x && python job.py >> log 2>&1`.
    let words =
        shlex::split(command).unwrap_or_else(|| command.split_whitespace().map(str::to_owned).collect());
    let ends =
        |word: &String| ["&&", "||", ";", "|", "&"].contains(&word.as_str()) || word.contains(['>', '<']);
    let stem = |word: &str| {
        let name = word.rsplit('/').next().unwrap_or(word);
        name.trim_end_matches(".py").chars().take(80).collect::<String>()
    };
    if let Some(at) = words.iter().position(|word| word.ends_with(".py")) {
        let args = words[at + 1..].iter().take_while(|word| !ends(word));
        // A redirection's number: `2>&1`.
        let args = args.cloned().collect();
        return (stem(&words[at]), args, true);
    }
    if let Some(at) = words.iter().position(|word| word == "-m")
        && at > 0
        && stem(&words[at - 1]).starts_with("python")
        && let Some(module) = words.get(at + 1)
    {
        let args = words[at + 2..]
            .iter()
            .take_while(|word| !ends(word))
            .cloned()
            .collect();
        return (module.chars().take(80).collect(), args, true);
    }
    let first = words
        .iter()
        .find(|word| !word.contains('='))
        .map_or("", String::as_str);
    (stem(first), Vec::new(), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(line: &str) -> Line {
        read(line, "UTC").remove(0)
    }

    fn taken(line: &str) -> Job {
        match only(line) {
            Line::Job(job) => job,
            other => panic!("{line:?}: {other:?}"),
        }
    }

    #[test]
    fn jobs_are_taken_apart() {
        let job = taken(
            "30  2 * * 1-5\t/usr/bin/python3 /opt/jobs/nightly_report.py --all 'a b' >> /var/log/x 2>&1",
        );
        assert_eq!(
            (job.expression.as_str(), job.name.as_str(), job.args.as_slice()),
            (
                "30 2 * * 1-5",
                "nightly_report",
                ["--all".to_owned(), "a b".to_owned()].as_slice()
            )
        );
        assert_eq!(
            (job.description.as_str(), job.remark),
            ("At 02:30 on Monday through Friday", None)
        );
        let job = taken("@daily cd /srv/app && .venv/bin/python -m tools.sync --fast");
        assert_eq!(
            (job.name.as_str(), job.args),
            ("tools.sync", vec!["--fast".to_owned()])
        );
        let job = taken("0 5 * * * LANG=C /usr/local/bin/backup.sh");
        assert_eq!(job.name, "backup.sh");
        assert!(job.remark.expect("a remark").contains("no Python"));
        let job = taken(r"0 5 * * * python job.py 50\% %hello%world");
        assert_eq!(job.command, r"python job.py 50\%");
        assert!(job.remark.expect("a remark").contains('%'));
    }

    #[test]
    fn what_is_no_job_says_what_it_is() {
        for (line, expected) in [(" \n", Line::Blank), ("  # nightly", Line::Comment)] {
            assert_eq!(only(line), expected);
        }
        for (line, words) in [
            ("MAILTO=root", "Nothing is mailed"),
            ("API_KEY = \"x\"", "Add API_KEY"),
            ("SHELL=/bin/bash", "SHELL of their own"),
        ] {
            assert!(
                matches!(only(line), Line::Variable(why) if why.contains(words)),
                "{line}"
            );
        }
        for (line, words) in [
            ("@reboot python x.py", "start of the machine"),
            ("0 25 * * * python x.py", "Hours go from 0 to 23"),
            ("0 2 * *", "five fields"),
            ("0 2 * * *", "five fields"),
            ("CRON_TZ=Mars/Base", "Mars/Base"),
            ("@weeky python x.py", "@weekly"),
        ] {
            assert!(
                matches!(only(line), Line::Unsupported(why) if why.contains(words)),
                "{line}: {:?}",
                only(line)
            );
        }
    }

    #[test]
    fn a_zone_counts_from_its_line_on() {
        let lines = read("0 1 * * * a.py\nCRON_TZ=Europe/Berlin\n0 1 * * * b.py", "UTC");
        let zones: Vec<_> = lines
            .iter()
            .filter_map(|line| match line {
                Line::Job(job) => Some(job.zone.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(zones, ["UTC", "Europe/Berlin"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_line_by_line(text in "(?s).{0,200}") {
            proptest::prop_assert_eq!(read(&text, "UTC").len(), text.lines().count());
        }
    }
}
