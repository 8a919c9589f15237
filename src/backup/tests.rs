//! Backups that are damaged, hostile, cut short or of somebody else, and restores that are killed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Seek, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tar::EntryType;
use zstd::stream::write::Encoder;

use super::contents::{About, FORMAT, HEADER, LastLine, Line, MANIFEST, PRODUCT};
use super::seal::Sealing;
use super::*;
use crate::files::ContentHash;
use crate::model::ids::ScriptId;
use crate::model::script::{self, Script};

fn header() -> Header {
    Header {
        product: PRODUCT.to_owned(),
        format: FORMAT,
        version: "0.0.0-test".to_owned(),
        schema: store::schema(),
        instance: "test".to_owned(),
        made_at: Timestamp::UNIX_EPOCH,
        cause: Cause::Manual,
        logs: false,
        artifacts: false,
    }
}

/// A data folder with one script, and a backup of it.
struct Stage {
    temp: tempfile::TempDir,
    slug: String,
}

impl Stage {
    fn new() -> Self {
        let temp = tempfile::tempdir().expect("a temporary folder");
        let data = DataDir::open(&temp.path().join("source")).expect("opens");
        data.create_all(Owner::Controller).expect("creates");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let place = store::Place {
            database: data.path().join(layout::DATABASE),
            backups: data.path().join(layout::BACKUPS),
        };
        let mut script = script::tests_support::script("Nightly");
        script.id = ScriptId::generate();
        script.slug = "nightly-1".to_owned();
        script.revision = 0;
        let slug = script.slug.clone();
        let row: Script = script;
        runtime.expect("a runtime").block_on(async {
            let store = Store::open(place, vec![]).await.expect("opens");
            let stored = store.write(move |tx| {
                store::meta::get_or_set(tx, "instance", "source")?;
                store::scripts::insert(tx, &row)?;
                let revision = store::revisions::RevisionRow {
                    number: 1,
                    message: "Created".to_owned(),
                    made_by: crate::model::revision::MadeBy::Created,
                    label: None,
                    created_at: Timestamp::UNIX_EPOCH,
                };
                store::revisions::add(tx, &row.id, &revision)
            });
            stored.await.expect("stores");
        });
        let files = data.create_script(&slug, Owner::Controller).expect("creates");
        let revisions = data.revisions(&slug).expect("opens");
        let hash = revisions.put_object(b"print()\n").expect("stores");
        let path = |text| RelPath::parse(text).expect("a path");
        files.write(&path("main.py"), b"print()\n").expect("writes");
        files
            .write(&path("data/späße.bin"), &[0xFF; 700])
            .expect("writes");
        files
            .create_folder(&path("empty"), Owner::Controller)
            .expect("creates");
        let inside = data.path().join(layout::script_files(&slug));
        std::os::unix::fs::symlink("/etc/passwd", inside.join("evil")).expect("links");
        let manifest = files::Manifest::default().with(path("main.py"), hash, 8);
        revisions.store_manifest(1, &manifest).expect("stores");
        Self { temp, slug }
    }

    fn backup(&self) -> Vec<u8> {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        of_folder(
            &self.temp.path().join("source"),
            Wish::default(),
            &clock,
            Vec::new(),
        )
        .expect("a backup")
    }

    fn put(&self, bytes: &[u8]) -> PathBuf {
        let place = self.temp.path().join("backup.tar.zst");
        std::fs::write(&place, bytes).expect("writes");
        place
    }

    fn target(&self) -> PathBuf {
        self.temp.path().join("target")
    }

    fn restore(
        &self,
        bytes: &[u8],
        step: &mut dyn FnMut(&'static str) -> Result<()>,
    ) -> Result<restore::Done> {
        let (backup, target) = (self.put(bytes), self.target());
        let wish = restore::Wish {
            backup: &backup,
            data_dir: &target,
            owner: Owner::Controller,
            key: None,
        };
        restore::restore(&wish, &Clock::manual(Timestamp::UNIX_EPOCH), step)
    }

    /// Why it is refused; and nothing of it is left.
    fn refused(&self, bytes: &[u8]) -> String {
        let error = self.restore(bytes, &mut |_| Ok(())).expect_err("refused");
        let left: Vec<_> = tree(&self.target())
            .into_keys()
            .filter(|name| name != "lock")
            .collect();
        assert_eq!(left, ["staging/"; 1][..usize::from(!left.is_empty())], "{error}");
        match error {
            Error::Refused(refused) => refused.to_string(),
            other => panic!("{other:?}"),
        }
    }
}

/// Everything below a folder: folders with a slash, files with their bytes.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, prefix: &str, found: &mut BTreeMap<String, Vec<u8>>) {
        let Ok(entries) = std::fs::read_dir(folder) else {
            return;
        };
        for entry in entries {
            let entry = entry.expect("an entry");
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().expect("a kind");
            if kind.is_dir() {
                found.insert(format!("{name}/"), Vec::new());
                walk(&entry.path(), &format!("{name}/"), found);
            } else if kind.is_file() {
                found.insert(name, std::fs::read(entry.path()).expect("reads"));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, "", &mut found);
    found
}

fn check(bytes: &[u8]) -> Result<read::Found> {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(bytes).expect("writes");
    let mut index = tempfile::tempfile().expect("a file");
    read::read(file, &mut index, &mut read::Nobody, &mut |_| Ok(()))
}

#[test]
fn what_is_restored_is_what_there_was() {
    let stage = Stage::new();
    let done = stage.restore(&stage.backup(), &mut |_| Ok(())).expect("restores");
    assert!(!done.has_key);
    let account = &done.found.account;
    assert_eq!((account.left_out, account.changing, account.damaged), (1, 0, 0));
    assert!(account.examples[0].ends_with("files/evil"), "{account:?}");
    let (source, target) = (tree(&stage.temp.path().join("source")), tree(&stage.target()));
    let of_scripts = |tree: &BTreeMap<String, Vec<u8>>| {
        let mut tree = tree.clone();
        tree.retain(|name, _| name.starts_with("scripts/") && !name.ends_with("/envs/"));
        tree
    };
    assert_eq!(of_scripts(&source), of_scripts(&target));
    assert!(target.contains_key(&format!("scripts/{}/files/empty/", stage.slug)));
    assert!(!target.contains_key("restoring/"));
    let copy = copies::open(&stage.target().join(layout::DATABASE)).expect("opens");
    assert_eq!(store::scripts::all(&copy).expect("reads").len(), 1);
    assert!(copies::is_unsettled(&copy).expect("reads"));
    assert_eq!(store::meta::get(&copy, "instance").expect("reads"), None);
}

#[test]
fn damage_at_any_byte_is_found_and_so_is_an_end_that_is_missing() {
    let stage = Stage::new();
    // Small, so that every byte has its turn.
    let mut tick = |_| Ok(());
    let index = tempfile::tempfile().expect("a file");
    let mut writer = write::Writer::begin(Vec::new(), index, &header(), &mut tick).expect("begins");
    writer
        .bytes("db/pytask.sqlite", b"pages", About::default())
        .expect("writes");
    writer
        .folder("scripts/a/files", About::default())
        .expect("writes");
    writer
        .bytes("scripts/a/files/main.py", b"print()", About::default())
        .expect("writes");
    let bytes = writer.finish().expect("finishes").0;
    check(&bytes).expect("whole");
    for at in 0..bytes.len() {
        for flipped in [0x01, 0x80, 0xFF] {
            let mut bytes = bytes.clone();
            bytes[at] ^= flipped;
            assert!(check(&bytes).is_err(), "byte {at} of {}", bytes.len());
        }
    }
    for length in 0..bytes.len() {
        assert!(
            check(&bytes[..length]).is_err(),
            "cut at {length} of {}",
            bytes.len()
        );
    }
    let longer = [&bytes[..], b"x"].concat();
    assert!(check(&longer).is_err());
    // The same of a real one, here and there, when it is restored.
    let real = stage.backup();
    for part in 0..8 {
        let mut bytes = real.clone();
        bytes[real.len() * part / 8 + 5] ^= 0x10;
        stage.refused(&bytes);
    }
    assert!(stage.refused(&real[..real.len() - 1]).contains("cut short"));
}

/// What somebody who knows the format can make: entries as they like, sealed.
fn sealed(entries: &[(EntryType, &str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Encoder::new(Sealing::new(Vec::new()), 1).expect("an encoder"));
    for (kind, name, bytes) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        if matches!(kind, EntryType::Symlink | EntryType::Link) {
            header.set_link_name("/etc/passwd").expect("a name");
        }
        header.set_cksum();
        tar.append(&header, *bytes).expect("writes");
    }
    tar.into_inner()
        .and_then(|encoder| encoder.finish()?.finish())
        .expect("finishes")
}

/// With a manifest that says of these what they are.
fn with_manifest(entries: &[(EntryType, &str, &[u8])], alter: impl FnOnce(&mut Vec<Line>)) -> Vec<u8> {
    let mut lines: Vec<Line> = entries
        .iter()
        .map(|(kind, name, bytes)| Line {
            path: name.trim_end_matches('/').to_owned(),
            size: bytes.len() as u64,
            sha256: (*kind == EntryType::Regular).then(|| ContentHash::of(bytes)),
            executable: false,
            modified_at: 0,
        })
        .collect();
    let account = Account {
        entries: lines.len() as u64,
        bytes: lines.iter().map(|line| line.size).sum(),
        ..Account::default()
    };
    alter(&mut lines);
    let mut manifest = Vec::new();
    for line in &lines {
        serde_json::to_writer(&mut manifest, line).expect("plain data");
        manifest.push(b'\n');
    }
    serde_json::to_writer(&mut manifest, &LastLine { account }).expect("plain data");
    manifest.push(b'\n');
    let mut all = entries.to_vec();
    all.push((EntryType::Regular, MANIFEST, &manifest));
    sealed(&all)
}

#[test]
fn hostile_backups_are_refused_and_leave_nothing() {
    use EntryType::{Block, Directory, Fifo, Link, Regular, Symlink};
    let stage = Stage::new();
    let json = serde_json::to_vec(&header()).expect("plain data");
    let head = (Regular, HEADER, &json[..]);
    let refused = |entries: &[(EntryType, &str, &[u8])]| {
        let all = [&[head], entries].concat();
        stage.refused(&with_manifest(&all, |_| {}))
    };
    for (entry, why) in [
        ((Regular, "../escaped", &b"x"[..]), "does not belong"),
        ((Regular, "/etc/cron.d/x", b"x"), "does not belong"),
        ((Regular, "scripts/../../x", b"x"), "does not belong"),
        ((Regular, "scripts/a/files/../../../x", b"x"), "does not belong"),
        ((Regular, "secrets.key", b"x"), "does not belong"),
        (
            (Regular, "scripts/a/envs/k/venv/bin/python", b"x"),
            "does not belong",
        ),
        ((Directory, "db/", b""), "does not belong"),
        ((Symlink, "scripts/a/files/x", b""), "is a link"),
        ((Link, "scripts/a/files/x", b""), "is a link"),
        ((Fifo, "scripts/a/files/x", b""), "neither a file nor a folder"),
        ((Block, "scripts/a/files/x", b""), "neither a file nor a folder"),
    ] {
        let said = refused(&[entry]);
        assert!(said.contains(why), "{entry:?}: {said}");
    }
    let twice = (Regular, "scripts/a/files/x", &b"x"[..]);
    assert!(refused(&[twice, twice]).contains("twice"));
    let below = (Regular, "scripts/a/files/x/y", &b"y"[..]);
    assert!(refused(&[twice, below]).contains("twice"));
    assert!(refused(&[]).contains("no database"));
    assert!(refused(&[head]).contains("two headers"));

    let altered = with_manifest(&[head, twice], |lines| {
        lines[1].sha256 = Some(ContentHash::of(b"other"))
    });
    assert!(stage.refused(&altered).contains("not what the manifest says"));
    let missing = with_manifest(&[head, twice], |lines| lines.push(lines[1].clone()));
    assert!(stage.refused(&missing).contains("manifest names are missing"));
    let shorter = with_manifest(&[head, twice], |lines| drop(lines.pop()));
    assert!(stage.refused(&shorter).contains("not what the manifest says"));
    assert!(stage.refused(&sealed(&[head, twice])).contains("cut short"));
}

#[test]
fn what_is_not_ours_or_newer_is_refused_with_the_reason() {
    let stage = Stage::new();
    let with = |change: &dyn Fn(&mut Header)| {
        let mut header = header();
        change(&mut header);
        let json = serde_json::to_vec(&header).expect("plain data");
        stage.refused(&with_manifest(&[(EntryType::Regular, HEADER, &json)], |_| {}))
    };
    let newer = with(&|header| {
        header.format = FORMAT + 1;
        header.version = "9.1".to_owned();
    });
    assert!(newer.contains("9.1") && newer.contains("newer"), "{newer}");
    let newer = with(&|header| header.schema += 1);
    assert!(newer.contains("schema"), "{newer}");
    assert!(with(&|header| header.product = "other".to_owned()).contains("no backup of PyTask-Manager"));
    // A format of which nothing is known but its number.
    let json = br#"{"product":"pytask-manager","format":7,"version":"3","shape":[1]}"#;
    assert!(
        stage
            .refused(&sealed(&[(EntryType::Regular, HEADER, json)]))
            .contains("newer")
    );

    let zip = b"PK\x03\x04 and so on".to_vec();
    let text = b"hello".to_vec();
    let theirs = sealed(&[(EntryType::Regular, "holiday.jpg", b"x")]);
    let unsealed = zstd::encode_all(&b"something else"[..], 1).expect("packs");
    for bytes in [Vec::new(), text, zip, theirs, unsealed] {
        let said = stage.refused(&bytes);
        assert!(said.contains("no backup of PyTask-Manager"), "{said}");
    }
}

#[test]
fn only_an_empty_folder_is_restored_onto() {
    let stage = Stage::new();
    let bytes = stage.backup();
    stage.restore(&bytes, &mut |_| Ok(())).expect("restores");
    let before = tree(&stage.target());
    let again = stage.restore(&bytes, &mut |_| Ok(())).expect_err("not empty");
    assert!(again.to_string().contains("not empty"), "{again}");
    assert_eq!(tree(&stage.target()), before);
}

#[test]
fn a_restore_that_is_killed_anywhere_is_no_instance_and_can_be_done_again() {
    let stage = Stage::new();
    let bytes = stage.backup();
    let mut steps = Vec::new();
    stage
        .restore(&bytes, &mut |step| {
            steps.push(step);
            Ok(())
        })
        .expect("restores");
    let without_lock = |mut tree: BTreeMap<String, Vec<u8>>| {
        // It says when it was restored, and who it is.
        tree.retain(|name, _| !name.starts_with("db/"));
        tree
    };
    let whole = without_lock(tree(&stage.target()));
    assert!(
        steps.len() > 10 && steps.ends_with(&["scripts", "runs", "db", "end"]),
        "{steps:?}"
    );
    for (killed_at, step) in steps.iter().enumerate() {
        std::fs::remove_dir_all(stage.target()).expect("removes");
        let mut seen = 0;
        let killed = catch_unwind(AssertUnwindSafe(|| {
            stage.restore(&bytes, &mut |_| {
                assert!(seen < killed_at, "killed on purpose");
                seen += 1;
                Ok(())
            })
        }));
        assert!(killed.is_err());
        // What a start asks for: a database, and nobody who restores.
        let (there, database) = (
            stage.target().join(layout::RESTORING),
            stage.target().join(layout::DATABASE),
        );
        assert!(there.exists() || !database.exists(), "{step}");
        stage
            .restore(&bytes, &mut |_| Ok(()))
            .expect("restores after that");
        assert_eq!(without_lock(tree(&stage.target())), whole, "{}", steps[killed_at]);
    }
    // An error instead of a kill leaves nothing.
    for failing in ["unpack", "file", "read back", "database"] {
        std::fs::remove_dir_all(stage.target()).expect("removes");
        let failed = stage.restore(&bytes, &mut |step| match step == failing {
            true => Err(Error::DiskFull),
            false => Ok(()),
        });
        assert!(matches!(failed, Err(Error::DiskFull)), "{failing}");
        let mut left = tree(&stage.target());
        left.retain(|name, _| name != "lock" && name != "staging/");
        assert!(left.is_empty(), "{failing}: {left:?}");
    }
}

#[test]
fn a_folder_that_is_written_to_meanwhile_is_told_of() {
    let temp = tempfile::tempdir().expect("a temporary folder");
    let place = temp.path().join("growing");
    std::fs::write(&place, vec![1; 300_000]).expect("writes");
    let open = |path: &Path| OpenFile {
        file: File::open(path).expect("opens"),
        size: 300_000,
        modified_at_ms: 0,
    };
    let (opened, cut) = (open(&place), place.clone());
    let mut first = true;
    let mut tick = move |bytes: u64| {
        if std::mem::take(&mut first) {
            return Ok(());
        }
        // The header goes by first, then the file, which becomes shorter under our hands.
        if bytes > 1_000 {
            let file = File::options().write(true).open(&cut)?;
            if file.metadata()?.len() > 100_000 {
                file.set_len(100_000)?;
            }
        }
        Ok(())
    };
    let index = tempfile::tempfile().expect("a file");
    let mut writer = write::Writer::begin(Vec::new(), index, &header(), &mut tick).expect("begins");
    let (_, changing) = writer.file("scripts/a/files/growing", opened).expect("copies");
    assert!(changing);
    let (bytes, account) = writer.finish().expect("finishes");
    assert_eq!(
        account.bytes - 300_000,
        serde_json::to_vec_pretty(&header()).expect("JSON").len() as u64
    );
    check(&bytes).expect("whole all the same");
}

#[test]
fn no_bytes_at_all_make_it_panic() {
    use proptest::prelude::*;
    let stage = Stage::new();
    let real = stage.backup();
    proptest!(ProptestConfig::with_cases(60), |(bytes in proptest::collection::vec(any::<u8>(), 0..2000), at in 0usize..4000)| {
        prop_assert!(check(&bytes).is_err());
        let mut begun = real[..at.min(real.len())].to_vec();
        begun.extend_from_slice(&bytes);
        prop_assert!(check(&begun).is_err());
        let _ = read::header(&mut {
            let mut file = tempfile::tempfile().expect("a file");
            file.write_all(&begun).expect("writes");
            file.rewind().expect("rewinds");
            file
        });
    });
}
