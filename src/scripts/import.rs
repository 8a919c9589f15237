//! A script of what somebody sends: a Python file, or an archive of a folder.
//!
//! What it is to run, what it needs and, if it was a script here, what was decided about it are read out of it. What
//! cannot be used is told in notes; what would leave the folder or is too much refuses the whole. A schedule that cannot
//! be kept costs only itself: it is told of by its name, and the script comes without it.

use std::fs::File;
use std::io::{Read, Seek};

use jiff::Timestamp;

use super::birth::{Birth, Born, Cradle, Name, hash_of};
use super::passport;
use super::{Result, Scripts};
use crate::envs::requirements_file::{self, Reading};
use crate::envs::{inline, policy, requirements};
use crate::files::archives::{Bounds, Format, Unpacked, unpack};
use crate::files::{self, EntryKind, Folder, ListLimits, MAX_FILE_BYTES, RelPath};
use crate::model::packages::Packages;
use crate::model::revision::MadeBy;
use crate::model::schedule::{Terms, When};
use crate::model::script::{self, InlineState, Invalid, NAME_CHARS, Script};

const MIB: u64 = 1024 * 1024;
pub const MOST_SENT: u64 = 64 * MIB;
const BOUNDS: Bounds = Bounds {
    entries: 10_000,
    total_bytes: 256 * MIB,
    file_bytes: MAX_FILE_BYTES,
    depth: 16,
};
const MOST_SCHEDULES: usize = 100;
const REQUIREMENTS: &str = "requirements.txt";
/// Where an archive is unpacked before it is known where its top is.
const ROOM: &str = "unpacked";

/// What is sent, as its name says.
#[derive(Debug, Clone)]
pub struct Sent {
    kind: Kind,
    /// What the script is called, if somebody has said so; else after the file.
    name: std::result::Result<String, String>,
}

#[derive(Debug, Clone)]
enum Kind {
    Program(RelPath),
    Archive(Format),
}

impl Sent {
    pub fn new(filename: &str, name: Option<&str>) -> Result<Self> {
        let name = name.map(script::check_name).transpose()?;
        let base = filename.rsplit(['/', '\\']).next().unwrap_or(filename);
        let lower = base.to_lowercase();
        let invalid = |message: String| Invalid {
            field: "filename",
            message,
        };
        let kind = match Format::of(base) {
            Some(format) => Kind::Archive(format),
            None if lower.ends_with(".py") => {
                Kind::Program(RelPath::parse(base).map_err(|e| invalid(e.to_string()))?)
            }
            None => {
                let message = "A script is made of a .py file, a .zip, a .tar.gz or a .tgz";
                return Err(invalid(message.to_owned()).into());
            }
        };
        let endings = [".tar.gz", ".tgz", ".zip", ".py"];
        let ending = endings
            .iter()
            .find(|ending| lower.ends_with(*ending))
            .map_or(0, |e| e.len());
        let stem: String = base[..base.len() - ending].chars().take(NAME_CHARS).collect();
        let stem = script::check_name(&stem).unwrap_or_else(|_| "Imported".to_owned());
        Ok(Self {
            kind,
            name: name.ok_or(stem),
        })
    }
}

/// What becomes of the schedules in an archive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Schedules {
    /// They stay behind.
    Leave,
    /// They come along, switched off.
    #[default]
    Pause,
    /// They come along, switched on or off as they were.
    Keep,
}

/// A schedule of an archive, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BroughtSchedule {
    /// As the archive calls it; may be empty.
    pub name: String,
    /// `None` if it cannot be read.
    pub when: Option<When>,
    pub fate: Fate,
    /// Why it was left out, or what else there is to know of it.
    pub why: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    On,
    Paused,
    LeftOut,
}

/// How schedules are dealt with.
#[derive(Clone, Copy)]
pub struct Taking {
    pub schedules: Schedules,
    /// Says of a schedule why it cannot be kept, if so.
    pub usable: fn(&Terms) -> std::result::Result<(), String>,
}

/// A script that was imported, and what there is to know of it.
#[derive(Debug)]
pub struct Imported {
    pub script: Script,
    pub notes: Vec<String>,
    pub schedules: Vec<BroughtSchedule>,
}

impl Scripts {
    /// A new script of what was sent.
    pub async fn import(&self, sent: Sent, file: File, taking: Taking) -> Result<Imported> {
        let (name, exactly) = match &sent.name {
            Ok(name) => (name.clone(), Name::Exactly),
            Err(stem) => (stem.clone(), Name::Numbered),
        };
        let birth = Birth {
            script: self.blank(name),
            name: exactly,
            message: "Imported",
            made_by: MadeBy::Import,
        };
        let settings = self.settings.in_force();
        let now = self.clock.now();
        let born = self.bear(birth, move |cradle, mut born| {
            let files = lay_out(cradle, &sent.kind, file, &mut born.told.notes)?;
            let passport = take_passport(&files, &mut born.told.notes)?;
            let given = passport
                .as_ref()
                .and_then(|passport| passport.entry_point.clone());
            born.script.entry_point = entry_point(&files, given.as_deref())?;
            let mut listed = None;
            if let Some(passport) = passport {
                take_out_block(&files, &born.script.entry_point, passport.added_block.as_ref())?;
                listed = passport.requirements.clone();
                let brought = bring(&passport.schedules, taking, now);
                apply(passport, &mut born);
                (born.schedules, born.told.schedules) = brought;
                if let Err(e) = born.script.limits.over(&settings.default_limits).check() {
                    let note = format!("The limits do not fit those of this instance and were left out: {e}");
                    born.told.notes.push(note);
                    born.script.limits = Default::default();
                }
            }
            take_requirements(&files, listed, &settings.packages, &mut born)?;
            Ok(born)
        });
        let (script, told) = born.await?;
        Ok(Imported {
            script,
            notes: told.notes,
            schedules: told.schedules,
        })
    }
}

/// The schedules to be made, and what is told of all there are. Pure.
fn bring(
    read: &[std::result::Result<Terms, passport::UnreadableSchedule>],
    taking: Taking,
    now: Timestamp,
) -> (Vec<Terms>, Vec<BroughtSchedule>) {
    let mut made = Vec::new();
    let mut told = Vec::new();
    for schedule in read {
        let kept = match (schedule, taking.schedules) {
            (Err(unreadable), _) => Err(unreadable.why.clone()),
            (Ok(_), Schedules::Leave) => Err("schedules were not wanted".to_owned()),
            (Ok(_), _) if made.len() >= MOST_SCHEDULES => Err(format!("a script may have {MOST_SCHEDULES}")),
            (Ok(terms), _) => (taking.usable)(terms).map(|()| terms.clone()),
        };
        let (name, when) = match schedule {
            Ok(terms) => (terms.name.clone(), Some(terms.when.clone())),
            Err(unreadable) => (unreadable.name.clone(), None),
        };
        let (fate, why) = match kept {
            Err(why) => (Fate::LeftOut, Some(why)),
            Ok(terms) => {
                let enabled = terms.enabled && taking.schedules == Schedules::Keep;
                let over = matches!(terms.when, When::Once { at } if at <= now);
                made.push(Terms { enabled, ..terms });
                let fate = if enabled { Fate::On } else { Fate::Paused };
                (
                    fate,
                    over.then(|| "its time has passed, so it never fires".to_owned()),
                )
            }
        };
        told.push(BroughtSchedule {
            name,
            when,
            fate,
            why,
        });
    }
    (made, told)
}

/// Puts what was sent where the script's own files are.
fn lay_out(cradle: &Cradle, kind: &Kind, mut file: File, notes: &mut Vec<String>) -> Result<Folder> {
    file.rewind()
        .map_err(|e| files::Error::from_io("the import", e))?;
    let format = match kind {
        Kind::Archive(format) => *format,
        Kind::Program(path) => {
            let mut program = Vec::new();
            file.take(MAX_FILE_BYTES + 1)
                .read_to_end(&mut program)
                .map_err(|e| files::Error::from_io("the import", e))?;
            if program.len() as u64 > MAX_FILE_BYTES {
                let path = path.to_string();
                let limit = MAX_FILE_BYTES;
                return Err(files::Error::TooLarge { path, limit }.into());
            }
            cradle.write(path, &program)?;
            return Ok(cradle.files()?);
        }
    };
    let room = cradle.room(ROOM)?;
    let unpacked = unpack(file, format, &room, BOUNDS).map_err(|e| match e {
        files::archives::Error::Refused(refused) => super::Error::Archive(refused),
        files::archives::Error::Files(error) => super::Error::Files(error),
    })?;
    let Unpacked { left_out, .. } = unpacked;
    if left_out > 0 {
        notes.push(format!(
            "{left_out} entries were left out: caches, environments and what macOS adds"
        ));
    }
    let top = room.list(&ListLimits { entries: 2, depth: 1 })?;
    let files = match &top.entries[..] {
        [only] if only.kind == EntryKind::Directory => {
            notes.push(format!("The folder {} was taken as the script's own", only.path));
            cradle.adopt(&format!("{ROOM}/{}", only.path))?
        }
        _ => return Ok(cradle.adopt(ROOM)?),
    };
    cradle.discard(ROOM)?;
    Ok(files)
}

fn take_passport(files: &Folder, notes: &mut Vec<String>) -> Result<Option<passport::Read>> {
    let path = RelPath::parse(passport::NAME).map_err(files::Error::from)?;
    let Ok(contents) = files.read(&path, MIB) else {
        return Ok(None);
    };
    let Some(mut read) = passport::read(&contents.bytes) else {
        return Ok(None);
    };
    notes.append(&mut read.notes);
    files.remove(&path)?;
    Ok(Some(read))
}

/// What is to be run: as it was, or else what the names on the top say.
fn entry_point(files: &Folder, given: Option<&str>) -> Result<String> {
    let is_file = |path: &str| {
        let path = RelPath::parse(path).ok().filter(|_| path.ends_with(".py"));
        path.is_some_and(|path| files.open_file(&path).is_ok())
    };
    if let Some(given) = given.filter(|given| is_file(given)) {
        return Ok(given.to_owned());
    }
    let top = files.list(&ListLimits {
        entries: BOUNDS.entries,
        depth: 1,
    })?;
    let names: Vec<&str> = top
        .entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::File)
        .map(|entry| entry.path.as_str())
        .collect();
    choose_entry(&names).map_err(|found| super::Error::NoEntry { found })
}

/// Of the names on the top. If none is the one, the Python files there are.
fn choose_entry(names: &[&str]) -> std::result::Result<String, Vec<String>> {
    let programs: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| name.ends_with(".py"))
        .collect();
    if let Some(main) = programs.iter().find(|name| **name == "main.py") {
        return Ok((*main).to_owned());
    }
    if let [only] = programs[..] {
        return Ok(only.to_owned());
    }
    let usual = ["__main__.py", "app.py", "run.py"];
    let found = usual.iter().find(|usual| programs.contains(usual));
    found
        .map(|name| (*name).to_owned())
        .ok_or_else(|| programs.iter().map(|&name| name.to_owned()).collect())
}

/// The entry file as it was before it was packed, if it is still what was packed.
fn take_out_block(files: &Folder, entry: &str, added: Option<&passport::AddedBlock>) -> Result<()> {
    let Some(added) = added else { return Ok(()) };
    let path = RelPath::parse(entry).map_err(files::Error::from)?;
    let contents = files.read(&path, MAX_FILE_BYTES)?;
    if hash_of(&contents.bytes) != added.sha256 {
        return Ok(());
    }
    let (Some(before), Some(after)) = (
        contents.bytes.get(..added.begin),
        contents.bytes.get(added.end.max(added.begin)..),
    ) else {
        return Ok(());
    };
    files.write(&path, &[before, after].concat())?;
    Ok(())
}

/// What was decided about the script. Its requirements are looked at with its files.
fn apply(read: passport::Read, born: &mut Born) {
    let script = &mut born.script;
    if let Some(name) = read.name.filter(|_| born.name == Name::Numbered) {
        script.name = name;
    }
    script.description = read.description.unwrap_or_default();
    script.tags = read.tags.unwrap_or_default();
    script.limits = read.limits.unwrap_or_default();
    script.image = read.image;
    script.overlap = read.overlap.unwrap_or_default();
    script.parallel_limit = read.parallel_limit;
    script.retention = read.retention.unwrap_or_default();
    if let Some(names) = read.build_from_source {
        match policy::names("build_from_source", &names) {
            Ok(names) => script.build_from_source = names,
            Err(e) => born
                .told
                .notes
                .push(format!("What is built from source was left out: {e}")),
        }
    }
    born.variables = read.variables;
    let mut open: Vec<&str> = born
        .variables
        .iter()
        .filter(|one| one.secret)
        .map(|one| one.name.as_str())
        .collect();
    open.sort_unstable();
    if !open.is_empty() {
        let open = open.join(", ");
        born.told.notes.push(format!(
            "Secrets never come along. Enter them in the script's settings before it runs: {open}"
        ));
    }
}

/// The list that came along, the block of the entry file, or `requirements.txt`: the first that there is.
fn take_requirements(
    files: &Folder,
    listed: Option<Vec<String>>,
    packages: &Packages,
    born: &mut Born,
) -> Result<()> {
    let entry = RelPath::parse(&born.script.entry_point).map_err(files::Error::from)?;
    let text = String::from_utf8(files.read(&entry, MAX_FILE_BYTES)?.bytes).ok();
    let block = match text.as_deref().map(inline::dependencies) {
        Some(Ok(block)) => block,
        Some(Err(e)) => {
            let note = format!(
                "The script block of {entry} cannot be read (line {}): {e}",
                e.line + 1
            );
            born.told.notes.push(note);
            None
        }
        None => None,
    };
    let path = RelPath::parse(REQUIREMENTS).map_err(files::Error::from)?;
    let (wanted, from) = match (listed, &block) {
        (Some(listed), _) => (listed, passport::NAME),
        (None, Some(block)) => (block.clone(), "the script block"),
        (None, None) => match files.read(&path, requirements_file::LARGEST as u64) {
            Ok(contents) => (of_file(&contents.bytes, &mut born.told.notes), REQUIREMENTS),
            Err(_) => return Ok(()),
        },
    };
    let checked = requirements::check(&wanted)
        .map_err(|e| e.to_string())
        .and_then(|wanted| {
            policy::admit(&wanted, packages)
                .map(|()| wanted)
                .map_err(|e| e.to_string())
        });
    match checked {
        Ok(wanted) => {
            if from != passport::NAME && !wanted.is_empty() {
                born.told
                    .notes
                    .push(format!("Its {} requirements are those of {from}", wanted.len()));
            }
            born.script.requirements = wanted;
        }
        Err(why) => born
            .told
            .notes
            .push(format!("What {from} asks for was not taken: {why}")),
    }
    if let Some(block) = block
        && inline::compare(&born.script.requirements, &block, None) == InlineState::InStep
    {
        born.script.inline_agreed = Some(block);
    }
    Ok(())
}

fn of_file(bytes: &[u8], notes: &mut Vec<String>) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let lines = match requirements_file::read(&text) {
        Ok(lines) => lines,
        Err(e) => {
            notes.push(format!("{REQUIREMENTS} was not read: {e}"));
            return Vec::new();
        }
    };
    let mut wanted = Vec::new();
    for line in lines {
        let about = |why: String| format!("{REQUIREMENTS}, line {}: {why}", line.first);
        match line.reading {
            Reading::Asked(asked) => {
                notes.extend(asked.note.map(about));
                wanted.push(asked.text);
            }
            Reading::Refused(why) => notes.push(about(why)),
            Reading::Indexes(_) => notes.push(about("Settings, Packages say which indexes are used".into())),
            Reading::Nothing | Reading::Needless(_) => {}
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_come_along_as_they_are_wanted_and_bad_ones_by_name() {
        let cron = |expression: &str| Terms {
            name: expression.to_owned(),
            ..Terms::of(When::Cron {
                expression: expression.to_owned(),
                zone: "UTC".to_owned(),
            })
        };
        let past = Terms::of(When::Once {
            at: Timestamp::UNIX_EPOCH,
        });
        let off = Terms {
            enabled: false,
            ..cron("off")
        };
        let read = [
            Ok(cron("on")),
            Err(passport::UnreadableSchedule {
                name: "torn".to_owned(),
                why: "it cannot be read".to_owned(),
            }),
            Ok(off),
            Ok(cron("bad")),
            Ok(past),
        ];
        let usable = |terms: &Terms| match terms.name.as_str() {
            "bad" => Err("no such hour".to_owned()),
            _ => Ok(()),
        };
        let now = Timestamp::UNIX_EPOCH;
        let fates = |schedules| {
            let (made, told) = bring(&read, Taking { schedules, usable }, now);
            let on: Vec<bool> = made.iter().map(|terms| terms.enabled).collect();
            (on, told.iter().map(|told| told.fate).collect::<Vec<_>>())
        };
        use Fate::{LeftOut, On, Paused};
        assert_eq!(
            fates(Schedules::Keep),
            (vec![true, false, true], vec![On, LeftOut, Paused, LeftOut, On])
        );
        assert_eq!(
            fates(Schedules::Pause),
            (vec![false; 3], vec![Paused, LeftOut, Paused, LeftOut, Paused])
        );
        assert_eq!(fates(Schedules::Leave), (vec![], vec![LeftOut; 5]));
        let (_, told) = bring(
            &read,
            Taking {
                schedules: Schedules::Pause,
                usable,
            },
            now,
        );
        let why = |place: usize| told[place].why.as_deref().unwrap_or_default();
        assert_eq!((told[1].name.as_str(), why(1)), ("torn", "it cannot be read"));
        assert_eq!((told[3].name.as_str(), why(3)), ("bad", "no such hour"));
        assert!(why(4).contains("passed"));

        let many: Vec<_> = (0..MOST_SCHEDULES + 1).map(|_| Ok(cron("on"))).collect();
        let (made, told) = bring(
            &many,
            Taking {
                schedules: Schedules::Pause,
                usable,
            },
            now,
        );
        assert_eq!((made.len(), told.len()), (MOST_SCHEDULES, MOST_SCHEDULES + 1));
        assert_eq!(told[MOST_SCHEDULES].fate, LeftOut);
    }

    #[test]
    fn the_file_to_run_is_found_by_its_name() {
        let table: [(&[&str], Option<&str>); 8] = [
            (&["a.py", "main.py"], Some("main.py")),
            (&["a.py", "notes.txt"], Some("a.py")),
            (&["__main__.py", "a.py", "app.py"], Some("__main__.py")),
            (&["a.py", "app.py"], Some("app.py")),
            (&["a.py", "run.py"], Some("run.py")),
            (&["a.py", "b.py"], None),
            (&["data.csv"], None),
            (&[], None),
        ];
        for (names, expected) in table {
            assert_eq!(choose_entry(names).ok().as_deref(), expected, "{names:?}");
        }
        assert_eq!(
            choose_entry(&["b.py", "a.py", "x"]),
            Err(vec!["b.py".into(), "a.py".into()])
        );
    }

    #[test]
    fn a_file_s_name_says_what_it_is_and_what_it_is_called() {
        let sent =
            |filename: &str| Sent::new(filename, None).map(|sent| sent.name.unwrap_or_else(|stem| stem));
        assert_eq!(sent("Nightly report.tar.gz").expect("taken"), "Nightly report");
        assert_eq!(sent("C:\\x\\report.PY").expect("taken"), "report");
        assert_eq!(sent(".zip").expect("taken"), "Imported");
        for bad in ["report", "report.rar", "", "x.tar"] {
            assert!(sent(bad).is_err(), "{bad}");
        }
        let named = Sent::new("x.zip", Some(" y ")).expect("taken");
        assert_eq!(named.name, Ok("y".to_owned()));
    }
}
