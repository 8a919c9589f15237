//! Judgements of what is around the engine: indexes, clocks, disk, database, key, reach, backups. Pure.

use super::check::{About, Check, CheckState};
use super::facts::{
    Answer, BackupFacts, ClockFacts, DatabaseFacts, DiskFacts, IndexAnswer, IndexesFact, KeyFacts, KeyFile,
    ReachFacts,
};
use crate::model::evidence::bytes;
use crate::store::examination::Integrity;

/// Clocks that differ by more make logs hard to read; certificates and tokens mind minutes.
const SKEW_WARNING_MS: i64 = 5_000;
const SKEW_PROBLEM_MS: i64 = 120_000;
const FEW_INODES: u64 = 1_000;
const SOME_INODES: u64 = 20_000;
const OLD_BACKUP_DAYS: i64 = 8;

pub(super) fn indexes(fact: &IndexesFact) -> Check {
    let about = About {
        id: "index",
        title: "Package index",
    };
    let answers = match fact {
        IndexesFact::NotAsked(why) => return about.unknown(format!("It could not be asked: {why}.")),
        IndexesFact::Asked(answers) => answers,
    };
    let wrong: Vec<(&IndexAnswer, CheckState, String)> = answers
        .iter()
        .filter_map(|each| judged(each).map(|(state, why)| (each, state, why)))
        .collect();
    let lines = |check: Check| {
        answers.iter().fold(check, |check, each| {
            let how = judged(each).map_or("answers".to_owned(), |(_, why)| why);
            check.detail(format!("{}: {how}", each.address))
        })
    };
    let Some((first, state, why)) = wrong.iter().max_by_key(|(_, state, _)| *state) else {
        let check = match answers.as_slice() {
            [one] => about.ok(format!("{} answers a container like a build's.", one.address)),
            _ => lines(about.ok("All answer a container like a build's.")),
        };
        return check;
    };
    let check = Check::new(
        about.id,
        about.title,
        *state,
        format!("{}, asked from a container like a build's: {why}.", first.address),
    );
    let check = if answers.len() > 1 { lines(check) } else { check };
    match &first.answer {
        Answer::Certificate(_) => check.mend(
            "Give the certificate of your company's authority to builds: PYTASK_EXTRA_CA names a PEM file.",
        ),
        Answer::NoSuchName(_) => {
            check.mend("See that containers can look up names: the engine's setting `dns`, or the host's resolver.")
        }
        Answer::Unreachable(_) => check.mend(
            "See that containers get out: the host's firewall and forwarding. An index of your own is named by \
             PYTASK_INDEX_URL.",
        ),
        Answer::Status(401 | 403) => check.mend("Store who signs in there in Settings, Packages."),
        _ => check.mend("See whether the address is that of a package index (PEP 503)."),
    }
}

/// What is wrong with an answer, if anything is.
fn judged(each: &IndexAnswer) -> Option<(CheckState, String)> {
    use CheckState::{Problem, Warning};
    match &each.answer {
        // Not every index has the package that was asked for.
        Answer::Status(200..=399 | 404) => None,
        Answer::Status(status @ (401 | 403)) if each.signs_in => {
            Some((Problem, format!("who signs in is refused ({status})")))
        }
        Answer::Status(status @ (401 | 403)) => {
            Some((Warning, format!("it wants somebody to sign in ({status})")))
        }
        Answer::Status(status) => Some((Warning, format!("it answers with status {status}"))),
        Answer::NoSuchName(why) => Some((Problem, format!("its name leads nowhere ({why})"))),
        Answer::Unreachable(why) => Some((Problem, format!("it cannot be reached ({why})"))),
        Answer::Certificate(why) => Some((Problem, format!("its certificate is not trusted ({why})"))),
        Answer::Other(why) => Some((Problem, format!("it could not be asked ({why})"))),
    }
}

pub(super) fn clock(facts: &ClockFacts) -> Vec<Check> {
    let about = About {
        id: "clock",
        title: "Clock",
    };
    let seen: Vec<(&str, i64)> = [
        ("the engine's", facts.engine_ms),
        ("the package index's", facts.index_ms),
    ]
    .into_iter()
    .filter_map(|(whose, ahead)| Some((whose, ahead?)))
    .collect();
    let worst = seen.iter().max_by_key(|(_, ahead)| ahead.abs());
    let clock = match worst {
        None => about.unknown("There was no other clock to compare it with."),
        Some((whose, ahead)) if ahead.abs() > SKEW_WARNING_MS => {
            let way = if *ahead > 0 { "behind" } else { "ahead of" };
            let what = format!("It is {} {way} {whose}.", duration(ahead.abs()));
            let check = if ahead.abs() > SKEW_PROBLEM_MS {
                about.problem(what)
            } else {
                about.warning(what)
            };
            check
                .mend("Let the machine keep its clock by the network.")
                .by("sudo timedatectl set-ntp true")
        }
        Some(_) => {
            let whose: Vec<&str> = seen.iter().map(|(whose, _)| *whose).collect();
            about.ok(format!("It agrees with {}.", whose.join(" and ")))
        }
    };
    let zone = About {
        id: "zone",
        title: "Time zone",
    };
    let offered = match &facts.zone {
        Some(zone) => format!("New schedules are offered {zone}"),
        None => "New schedules are offered the zone of whoever makes them".to_owned(),
    };
    vec![
        clock,
        zone.ok(format!(
            "{offered}; zones come with the program, whatever the machine has."
        )),
    ]
}

fn duration(ms: i64) -> String {
    match ms / 1_000 {
        seconds @ 0..=119 => format!("{seconds} seconds"),
        seconds @ 120..=7_199 => format!("{} minutes", seconds / 60),
        seconds => format!("{} hours", seconds / 3_600),
    }
}

pub(super) fn disk(facts: &DiskFacts) -> Check {
    let about = About {
        id: "disk",
        title: "Data disk",
    };
    if let Some(kind) = facts.network_file_system {
        return about
            .problem(format!(
                "{} is on a network file system ({kind}), on which SQLite's locks cannot be trusted.",
                facts.folder
            ))
            .mend("Move the data to a local disk.");
    }
    let space = match &facts.space {
        Ok(space) => space,
        Err(why) => {
            return about
                .problem(format!("{} cannot be looked at: {why}.", facts.folder))
                .mend("See that the folder is there and belongs to the user of PyTask-Manager.");
        }
    };
    let (free, floor) = (space.free_bytes, facts.floor_bytes);
    let room = "Delete what is no longer needed, or make the disk larger.";
    let check = if free < floor {
        about
            .problem(format!("Only {} are free, so no run is started.", bytes(free)))
            .mend(format!(
                "{room} The floor of {} can be lowered in Settings.",
                bytes(floor)
            ))
    } else if space.free_inodes.is_some_and(|free| free < FEW_INODES) {
        about
            .problem("There is hardly room for more files, however small.")
            .mend("Remove scripts with many files, or use a file system with more inodes.")
            .by("df -i")
    } else if free < floor.saturating_mul(2) {
        about
            .warning(format!(
                "{} are free; below {} no run is started.",
                bytes(free),
                bytes(floor)
            ))
            .mend(room)
    } else if space.free_inodes.is_some_and(|free| free < SOME_INODES) {
        about
            .warning("There is room for few more files.")
            .mend("Remove scripts with many files, or use a file system with more inodes.")
            .by("df -i")
    } else {
        about.ok(format!(
            "{} of {} are free.",
            bytes(free),
            bytes(space.total_bytes)
        ))
    };
    match space.free_inodes {
        Some(inodes) => check.detail(format!("Room for {inodes} more files")),
        None => check,
    }
}

pub(super) fn database(facts: &DatabaseFacts) -> Check {
    let about = About {
        id: "database",
        title: "Database",
    };
    let found = match facts {
        Ok(None) => return about.ok("There is none yet; the first start makes it."),
        Err(why) => {
            return about
                .problem(format!("It cannot be read: {why}."))
                .mend("See that the folder db/ and its files belong to the user of PyTask-Manager.");
        }
        Ok(Some(found)) => found,
    };
    let check = match &found.integrity {
        Integrity::Damaged(what) => about
            .problem(format!("It is damaged: {what}."))
            .mend("Stop PyTask-Manager and restore a copy; those made before upgrades are in backups/."),
        _ if found.schema > found.known_schema => about
            .problem("A newer PyTask-Manager has used it.")
            .mend("Start that version again, or restore the copy that it made in backups/."),
        _ if found.journal_mode != "wal" => about
            .warning(format!(
                "It is whole, but in the journal mode {}.",
                found.journal_mode
            ))
            .mend("The next start brings it back to WAL."),
        Integrity::Whole => about.ok("It is whole."),
        Integrity::Unfinished => about.ok("It is whole, as far as could be seen in a moment; it is large."),
    };
    check.detail(format!(
        "SQLite {}, journal mode {}, schema {}",
        found.sqlite_version, found.journal_mode, found.schema
    ))
}

pub(super) fn key(facts: &KeyFacts) -> Check {
    let about = About {
        id: "secrets_key",
        title: "Key of secrets",
    };
    let path = &facts.path;
    match &facts.file {
        KeyFile::Missing if !facts.unreadable.is_empty() || facts.given => about
            .problem(format!("{path} is gone; stored secrets cannot be opened."))
            .mend("Put it back and restart. If it is lost for good, so are the secrets: enter them anew."),
        KeyFile::Missing => about.ok("There is none yet; the first start makes it."),
        KeyFile::Unreadable(why) => about
            .problem(format!("{path} cannot be read: {why}."))
            .mend("See that it belongs to the user of PyTask-Manager."),
        KeyFile::There { bytes, .. } if *bytes != 32 => about
            .problem(format!("{path} has {bytes} bytes, and a key has 32."))
            .mend("Put the right file there."),
        KeyFile::There { .. } if !facts.unreadable.is_empty() => about
            .problem(format!(
                "It opens not all that is stored: {}.",
                facts.unreadable.join(", ")
            ))
            .mend("Put the key back that they were sealed with, or enter them anew."),
        KeyFile::There { mode, .. } if mode & 0o077 != 0 && !facts.given => about
            .warning(format!("Others than its owner may read {path}."))
            .mend("Take that from them.")
            .by(format!("chmod 600 {path}")),
        KeyFile::There { .. } if facts.given => about.ok("It is there, and lies outside the data folder."),
        KeyFile::There { .. } => about
            .ok("It is there.")
            .detail("It lies in the data folder: who has a copy of the folder can open the secrets in it"),
    }
}

pub(super) fn reach(facts: &ReachFacts) -> Check {
    let about = About {
        id: "reach",
        title: "Who can reach it",
    };
    let is_near = |address: &str| {
        address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
    };
    let wide: Vec<String> = match &facts.published {
        Some(addresses) => addresses.iter().filter(|a| !is_near(a)).cloned().collect(),
        None if facts.listen.ip().is_loopback() => vec![],
        None if facts.in_container => {
            return about.unknown(
                "It listens on all addresses of its container; where those are published cannot be seen from here.",
            );
        }
        None => vec![facts.listen.ip().to_string()],
    };
    if wide.is_empty() {
        return about.ok("This machine only.");
    }
    let wide = wide.join(", ");
    if facts.guarded {
        return about.ok(format!("Other machines too ({wide}); they have to show a token."));
    }
    about
        .problem(format!(
            "Other machines too ({wide}): whoever reaches it can run code on this machine."
        ))
        .mend("Publish the port on this machine only, as the docker-compose.yml that comes with it does.")
        .by("ports: [\"127.0.0.1:8420:8420\"]")
}

/// What is sealed there, in words.
pub(super) fn sealed_at(place: &str) -> String {
    let parts: Vec<&str> = place.splitn(3, '/').collect();
    match parts.as_slice() {
        ["index_credentials", ..] => {
            format!(
                "the password for {}",
                place.trim_start_matches("index_credentials/")
            )
        }
        ["variables", "", name] => format!("the secret {name}"),
        ["variables", _, name] => format!("a script's secret {name}"),
        ["webhooks", ..] => "the address or secret of a webhook".to_owned(),
        ["triggers", ..] => "what calls to a script's address are signed with".to_owned(),
        _ => place.to_owned(),
    }
}

/// None, where nobody makes any.
pub(super) fn backups(facts: &BackupFacts) -> Option<Check> {
    let about = About {
        id: "backups",
        title: "Backups",
    };
    let newest = facts.newest?;
    // A clock may have been set back since.
    let days = (facts.now.duration_since(newest).as_hours() / 24).max(0);
    Some(match days {
        0 => about.ok("The newest is of today."),
        1..OLD_BACKUP_DAYS => about.ok(format!("The newest is {days} days old.")),
        _ => about
            .warning(format!("The newest is {days} days old."))
            .mend("Make one, or see in Settings whether they are made by themselves."),
    })
}

#[cfg(test)]
#[path = "judge_home_tests.rs"]
mod tests;
