//! The hostile folder: everything a script may plant, against every operation. Nothing outside may be read or
//! touched, nothing may hang.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, Mode};

use super::*;

const SECRET: &str = "outside\n";

struct Hostile {
    temp: tempfile::TempDir,
    folder: Folder,
}

impl Hostile {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        fs::create_dir(temp.path().join("outside")).unwrap();
        fs::write(temp.path().join("outside/secret"), SECRET).unwrap();
        let data = DataDir::open(&temp.path().join("data")).unwrap();
        data.create_all(Owner::Controller).unwrap();
        let folder = data.create_script("s", Owner::Controller).unwrap();
        Self { temp, folder }
    }

    fn inside(&self, name: &str) -> PathBuf {
        self.temp.path().join("data/scripts/s/files").join(name)
    }

    fn outside(&self, name: &str) -> PathBuf {
        self.temp.path().join("outside").join(name)
    }

    /// Everything outside is as it was: names, content, owner, mode.
    fn assert_outside_untouched(&self) {
        let names: Vec<_> = fs::read_dir(self.outside(""))
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        assert_eq!(names, ["secret"]);
        assert_eq!(fs::read_to_string(self.outside("secret")).unwrap(), SECRET);
        let meta = fs::metadata(self.outside("secret")).unwrap();
        assert_eq!(meta.uid(), rustix::process::geteuid().as_raw());
    }
}

fn path(text: &str) -> RelPath {
    RelPath::parse(text).unwrap()
}

fn within<T>(limit: Duration, act: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = act();
    assert!(start.elapsed() < limit, "took {:?}", start.elapsed());
    result
}

/// One of each, with how reading it is refused.
fn plant(h: &Hostile) -> Vec<(&'static str, ErrorKind)> {
    symlink(h.outside("secret"), h.inside("file-link")).unwrap();
    symlink("/etc/passwd", h.inside("passwd")).unwrap();
    symlink(h.outside(""), h.inside("dir-link")).unwrap();
    symlink("../../../../outside/secret", h.inside("relative-link")).unwrap();
    symlink("real", h.inside("inner-link")).unwrap();
    symlink("loop", h.inside("loop")).unwrap();
    symlink("/proc/self/root", h.inside("magic")).unwrap();
    fs::write(h.inside("real"), "mine").unwrap();
    fs::hard_link(h.outside("secret"), h.inside("hard-link")).unwrap();
    rustix::fs::mknodat(CWD, h.inside("fifo"), rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
    drop(UnixListener::bind(h.inside("socket")).unwrap());
    fs::File::create(h.inside("sparse"))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    fs::create_dir(h.inside("dir")).unwrap();
    vec![
        ("file-link", ErrorKind::Unsafe),
        ("passwd", ErrorKind::Unsafe),
        ("dir-link", ErrorKind::Unsafe),
        ("dir-link/secret", ErrorKind::Unsafe),
        ("relative-link", ErrorKind::Unsafe),
        ("inner-link", ErrorKind::Unsafe),
        ("loop", ErrorKind::Unsafe),
        ("magic", ErrorKind::Unsafe),
        ("magic/etc/passwd", ErrorKind::Unsafe),
        ("hard-link", ErrorKind::Unsafe),
        ("fifo", ErrorKind::Unsafe),
        ("socket", ErrorKind::Unsafe),
        ("sparse", ErrorKind::TooLarge),
        ("dir", ErrorKind::NotAFile),
        ("real/below", ErrorKind::NotAFile),
        ("none", ErrorKind::NotFound),
    ]
}

#[test]
fn a_linked_tree_is_the_same_files_and_follows_nothing() {
    let h = Hostile::new();
    fs::create_dir_all(h.inside("lib/deep")).unwrap();
    fs::write(h.inside("lib/deep/module.py"), "x = 1\n").unwrap();
    symlink("/etc/passwd", h.inside("lib/passwd")).unwrap();
    symlink(h.outside(""), h.inside("lib/away")).unwrap();
    let copy = h.folder.create_folder(&path("copy"), Owner::Controller).unwrap();
    let lib = h.folder.open_folder(&path("lib"), Owner::Controller).unwrap();
    copy.link_all_of(&lib, 100).unwrap();
    let ino = |name: &str| fs::symlink_metadata(h.inside(name)).unwrap().ino();
    assert_eq!(ino("copy/deep/module.py"), ino("lib/deep/module.py"));
    assert_eq!(
        fs::read_link(h.inside("copy/passwd")).unwrap(),
        PathBuf::from("/etc/passwd")
    );
    assert_ne!(ino("copy/deep"), ino("lib/deep"));
    // Beyond the bound it stops, and what is no file is refused.
    let bounded = h
        .folder
        .create_folder(&path("bounded"), Owner::Controller)
        .unwrap();
    assert!(bounded.link_all_of(&lib, 1).is_err());
    rustix::fs::mknodat(
        CWD,
        h.inside("lib/fifo"),
        rustix::fs::FileType::Fifo,
        Mode::RUSR,
        0,
    )
    .unwrap();
    let refused = h
        .folder
        .create_folder(&path("refused"), Owner::Controller)
        .unwrap();
    assert_eq!(
        refused.link_all_of(&lib, 100).unwrap_err().kind(),
        ErrorKind::Unsafe
    );
    h.assert_outside_untouched();
}

#[test]
fn nothing_planted_is_read() {
    let h = Hostile::new();
    for (name, kind) in plant(&h) {
        let read = within(Duration::from_secs(1), || {
            h.folder.read(&path(name), MAX_FILE_BYTES)
        });
        assert_eq!(read.unwrap_err().kind(), kind, "{name}");
        let hashed = within(Duration::from_secs(1), || {
            h.folder.hash(&path(name), MAX_FILE_BYTES)
        });
        assert_eq!(hashed.unwrap_err().kind(), kind, "{name}");
    }
    assert_eq!(h.folder.read(&path("real"), 4).unwrap().bytes, b"mine");
    assert_eq!(
        h.folder.read(&path("real"), 3).unwrap_err().kind(),
        ErrorKind::TooLarge
    );
}

#[test]
fn listing_shows_what_is_odd_and_enters_none_of_it() {
    let h = Hostile::new();
    plant(&h);
    for name in [&b"new\nline"[..], b"bad\xff", b"\x1b[31m", b" "] {
        fs::create_dir(h.inside("").join(OsStr::from_bytes(name))).unwrap();
        fs::write(h.inside("").join(OsStr::from_bytes(name)).join("x"), "").unwrap();
    }
    let listing = within(Duration::from_secs(1), || {
        h.folder.list(&ListLimits::default()).unwrap()
    });
    let shown: Vec<_> = listing
        .entries
        .iter()
        .map(|e| (e.path.as_str(), e.kind, e.text))
        .collect();
    use EntryKind::{Directory, File, Other};
    let expected = [
        (" ", Directory, false),
        (" /x", File, true),
        ("\\u{1b}[31m", Other, false),
        ("bad\u{fffd}", Other, false),
        ("dir", Directory, false),
        ("dir-link", Other, false),
        ("fifo", Other, false),
        ("file-link", Other, false),
        ("hard-link", Other, false),
        ("inner-link", Other, false),
        ("loop", Other, false),
        ("magic", Other, false),
        ("new\\nline", Other, false),
        ("passwd", Other, false),
        ("real", File, true),
        ("relative-link", Other, false),
        ("socket", Other, false),
        ("sparse", File, false),
    ];
    assert_eq!(shown, expected);
    assert!(!listing.truncated);
}

#[test]
fn writing_moving_and_removing_touch_only_the_folder() {
    for act in [
        "write",
        "write_new",
        "write_if",
        "remove",
        "remove_tree",
        "rename",
        "rename_onto",
        "create",
    ] {
        let h = Hostile::new();
        for (name, _) in plant(&h) {
            let at = path(name);
            within(Duration::from_secs(5), || {
                // Refused or done: what counts is what happened outside.
                let _ = match act {
                    "write" => h.folder.write(&at, b"evil").map(drop),
                    "write_new" => h.folder.write_new(&at, b"evil").map(drop),
                    "write_if" => {
                        let expected = Expected::Content(ContentHash::of(SECRET.as_bytes()));
                        h.folder.write_if(&at, b"evil", expected).map(drop)
                    }
                    "remove" => h.folder.remove(&at),
                    "remove_tree" => h.folder.remove_tree(&at),
                    "rename" => h.folder.rename(&at, &path(&format!("moved/{}", at.name()))),
                    "rename_onto" => h.folder.rename(&path("real"), &at),
                    _ => h
                        .folder
                        .create_folder(&at, Owner::Script { uid: 1000, gid: 1000 })
                        .map(drop),
                };
            });
            h.assert_outside_untouched();
        }
    }
}

#[test]
fn a_write_replaces_a_link_and_not_its_target() {
    let h = Hostile::new();
    plant(&h);
    for name in ["file-link", "hard-link", "fifo", "socket", "loop"] {
        h.folder.write(&path(name), b"new").unwrap();
        assert_eq!(h.folder.read(&path(name), 10).unwrap().bytes, b"new", "{name}");
    }
    for name in ["dir-link/secret", "dir-link/new", "magic/tmp/x"] {
        assert_eq!(
            h.folder.write(&path(name), b"new").unwrap_err().kind(),
            ErrorKind::Unsafe,
            "{name}"
        );
    }
    assert_eq!(
        h.folder.write(&path("dir"), b"new").unwrap_err().kind(),
        ErrorKind::NotAFile
    );
    h.assert_outside_untouched();
}

/// A script swaps a folder with a link to the outside as fast as it can while we use paths through it.
#[test]
fn a_parent_swapped_in_a_race_leads_nowhere() {
    let h = Hostile::new();
    fs::create_dir(h.inside("p")).unwrap();
    fs::write(h.inside("p/secret"), "inside\n").unwrap();
    symlink(h.outside(""), h.inside("evil")).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (p, evil) = (h.inside("p"), h.inside("evil"));
            while !stop.load(Ordering::Relaxed) {
                let flags = rustix::fs::RenameFlags::EXCHANGE;
                rustix::fs::renameat_with(CWD, &p, CWD, &evil, flags).unwrap();
            }
        });
        let start = Instant::now();
        let (mut read, mut refused) = (0, 0);
        while start.elapsed() < Duration::from_millis(1500) {
            match h.folder.read(&path("p/secret"), 100) {
                Ok(contents) => {
                    assert_ne!(contents.bytes, SECRET.as_bytes());
                    read += 1;
                }
                Err(_) => refused += 1,
            }
            let _ = h.folder.write(&path("p/new"), b"new");
            let _ = h.folder.create_folder(&path("p/sub/deep"), Owner::Controller);
            let _ = h.folder.rename(&path("p/new"), &path("p/newer"));
            let _ = h.folder.remove(&path("p/newer"));
            let _ = h.folder.remove_tree(&path("p/sub"));
            let listing = h.folder.list(&ListLimits::default()).unwrap();
            let size = |e: &&Entry| e.path == "p/secret" && e.size == SECRET.len() as u64;
            assert!(listing.entries.iter().find(size).is_none());
        }
        stop.store(true, Ordering::Relaxed);
        assert!(
            read > 0 && refused > 0,
            "the race was not run: {read} read, {refused} refused"
        );
    });
    h.assert_outside_untouched();
}

#[test]
fn many_entries_and_great_depth_take_bounded_time() {
    let h = Hostile::new();
    fs::create_dir(h.inside("many")).unwrap();
    for i in 0..10_000 {
        fs::write(h.inside(&format!("many/{i}")), "").unwrap();
    }
    fs::write(h.inside("main.py"), "").unwrap();
    fs::create_dir_all(h.inside(&["d"; 200].join("/"))).unwrap();
    let listing = within(Duration::from_secs(5), || {
        h.folder.list(&ListLimits::default()).unwrap()
    });
    assert_eq!(listing.entries.len(), 5_000);
    assert!(listing.truncated);
    assert!(listing.entries.iter().any(|entry| entry.path == "main.py"));

    h.folder.remove_tree(&path("many")).unwrap();
    let listing = within(Duration::from_secs(5), || {
        h.folder.list(&ListLimits::default()).unwrap()
    });
    assert_eq!(listing.entries.len(), 1 + 32);
    assert!(listing.truncated);
    let shallow = h
        .folder
        .list(&ListLimits {
            entries: 100,
            depth: 1,
        })
        .unwrap();
    assert_eq!(shallow.entries.len(), 2);
    within(Duration::from_secs(5), || {
        h.folder.remove_tree(&path("d")).unwrap()
    });
    assert!(!h.inside("d").exists());
}

#[test]
fn ordinary_work_works() {
    let h = Hostile::new();
    let hash = h.folder.write(&path("lib/a.py"), b"one").unwrap();
    assert_eq!(h.folder.read(&path("lib/a.py"), 10).unwrap().hash, hash);
    assert_eq!(
        h.folder.write_new(&path("lib/a.py"), b"x").unwrap_err().kind(),
        ErrorKind::Exists
    );
    let absent = h.folder.write_if(&path("lib/a.py"), b"x", Expected::Absent);
    assert_eq!(absent.unwrap_err().kind(), ErrorKind::Changed);
    let two = h
        .folder
        .write_if(&path("lib/a.py"), b"two", Expected::Content(hash))
        .unwrap();
    let stale = h
        .folder
        .write_if(&path("lib/a.py"), b"three", Expected::Content(hash));
    assert_eq!(stale.unwrap_err().kind(), ErrorKind::Changed);
    let gone = h.folder.write_if(&path("none"), b"x", Expected::Content(hash));
    assert_eq!(gone.unwrap_err().kind(), ErrorKind::Changed);
    assert_eq!(h.folder.hash(&path("lib/a.py"), 10).unwrap(), (two, 3));

    h.folder.write(&path("b"), b"b").unwrap();
    assert_eq!(
        h.folder.rename(&path("b"), &path("lib/a.py")).unwrap_err().kind(),
        ErrorKind::Exists
    );
    assert_eq!(
        h.folder.rename(&path("lib"), &path("lib/x")).unwrap_err().kind(),
        ErrorKind::BadPath
    );
    assert_eq!(
        h.folder.rename(&path("none"), &path("x/y")).unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert!(!h.inside("x").exists());
    h.folder.rename(&path("lib"), &path("new/lib")).unwrap();
    assert_eq!(h.folder.read(&path("new/lib/a.py"), 10).unwrap().bytes, b"two");
    assert_eq!(
        h.folder.remove(&path("new")).unwrap_err().kind(),
        ErrorKind::NotEmpty
    );
    h.folder.remove(&path("new/lib/a.py")).unwrap();
    h.folder.remove(&path("new/lib")).unwrap();
    assert_eq!(
        h.folder.remove(&path("new/lib")).unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert!(h.folder.remove_folder_if_empty(&path("new")).unwrap());
}

#[test]
fn files_of_a_script_are_its_own_and_stay_executable() {
    use std::os::unix::fs::PermissionsExt;
    let h = Hostile::new();
    let user = Owner::Script { uid: 1000, gid: 1000 };
    let folder = h.folder.create_folder(&path("theirs"), user).unwrap();
    folder.write(&path("sub/run.sh"), b"1").unwrap();
    let us = rustix::process::geteuid();
    let uid = if us.is_root() { 1000 } else { us.as_raw() };
    for (name, mode) in [
        ("theirs", 0o755),
        ("theirs/sub", 0o755),
        ("theirs/sub/run.sh", 0o644),
    ] {
        let meta = fs::metadata(h.inside(name)).unwrap();
        assert_eq!((meta.mode() & 0o7777, meta.uid()), (mode, uid), "{name}");
    }
    let set = |mode| fs::set_permissions(h.inside("theirs/sub/run.sh"), fs::Permissions::from_mode(mode));
    set(0o4777).unwrap();
    folder.write(&path("sub/run.sh"), b"2").unwrap();
    assert_eq!(
        fs::metadata(h.inside("theirs/sub/run.sh")).unwrap().mode() & 0o7777,
        0o755
    );
}
