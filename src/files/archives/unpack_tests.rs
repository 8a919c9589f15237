//! Hostile archives: each is refused by name, nothing of it is outside its folder, and no bytes at all make it panic.

use std::fs::File;
use std::io::{Cursor, Seek, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use tar::{EntryType, Header};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;
use crate::files::{DataDir, ListLimits, Nursery, Owner, RelPath};

const BOUNDS: Bounds = Bounds {
    entries: 100,
    total_bytes: 3 * MIB,
    file_bytes: MIB,
    depth: 6,
};

struct Place {
    temp: tempfile::TempDir,
    data: DataDir,
}

impl Place {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let data = DataDir::open(&temp.path().join("data")).unwrap();
        data.create_all(Owner::Controller).unwrap();
        Self { temp, data }
    }

    /// What comes of it, and the paths there are then.
    fn unpack(&self, format: Format, bytes: &[u8]) -> (Result<Unpacked, Error>, Vec<String>) {
        let nursery = Nursery::open(&self.data).unwrap();
        let room = RelPath::parse("room").unwrap();
        let folder = nursery.root().create_folder(&room, Owner::Controller).unwrap();
        let mut file = File::options()
            .create(true)
            .truncate(true)
            .read(true)
            .write(true)
            .open(self.temp.path().join("sent"))
            .unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        let done = unpack(file, format, &folder, BOUNDS);
        let listing = folder.list(&ListLimits::default()).unwrap();
        let only_room = nursery.root().list(&ListLimits {
            entries: 10,
            depth: 1,
        });
        assert_eq!(only_room.unwrap().entries.len(), 1);
        drop(nursery);
        // Nothing beside what was there before.
        let names = |path: &Path| {
            let mut names: Vec<_> = std::fs::read_dir(path)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        assert_eq!(names(self.temp.path()), ["data", "sent"]);
        assert_eq!(
            names(&self.temp.path().join("data/staging")),
            Vec::<String>::new()
        );
        (
            done,
            listing.entries.into_iter().map(|entry| entry.path).collect(),
        )
    }

    fn refused(&self, format: Format, bytes: &[u8]) -> String {
        match self.unpack(format, bytes).0 {
            Err(Error::Refused(refused)) => format!("{refused:?}"),
            other => panic!("{other:?}"),
        }
    }
}

fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in entries {
        if name.ends_with('/') {
            zip.add_directory(*name, options).unwrap();
        } else {
            zip.start_file(*name, options).unwrap();
            zip.write_all(bytes).unwrap();
        }
    }
    zip.finish().unwrap().into_inner()
}

/// Replaces bytes of the same length, as whoever forges does.
fn forged(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut at = 0;
    let mut found = 0;
    while let Some(next) = bytes[at..].windows(from.len()).position(|window| window == from) {
        bytes[at + next..at + next + to.len()].copy_from_slice(to);
        at += next + to.len();
        found += 1;
    }
    assert!(found > 0);
    bytes
}

/// The header as it is, whatever the library would say to it.
fn raw_entry(kind: EntryType, name: &[u8], size: u64, content: &[u8]) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    if matches!(kind, EntryType::Symlink | EntryType::Link) {
        header.set_link_name("/etc/passwd").unwrap();
    }
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn file_entry(name: &[u8], content: &[u8]) -> Vec<u8> {
    raw_entry(EntryType::Regular, name, content.len() as u64, content)
}

fn tar_of(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut plain = entries.concat();
    plain.extend_from_slice(&[0; 1024]);
    gzip(&plain)
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn plain_archives_are_unpacked() {
    let place = Place::new();
    let zip = zip_of(&[
        ("a/", b""),
        ("a/main.py", b"print()"),
        ("b/c/x.txt", b"x"),
        ("a/__pycache__/x", b""),
    ]);
    let long = format!("{}/{}", "d".repeat(150), "n".repeat(150));
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for name in ["./a/main.py", &long] {
        let mut header = Header::new_gnu();
        header.set_size(7);
        header.set_mode(0o755);
        builder.append_data(&mut header, name, &b"print()"[..]).unwrap();
    }
    let tar = builder.into_inner().unwrap().finish().unwrap();
    let (done, paths) = place.unpack(Format::Zip, &zip);
    let expected = Unpacked {
        files: 2,
        bytes: 8,
        left_out: 1,
    };
    assert_eq!(done.unwrap(), expected);
    assert_eq!(paths, ["a", "a/main.py", "b", "b/c", "b/c/x.txt"]);
    let (done, paths) = place.unpack(Format::TarGz, &tar);
    assert_eq!(done.unwrap().files, 2);
    assert_eq!(paths.len(), 4);
    assert!(paths.contains(&long));
    // As other tools write them: names and sizes in PAX records.
    let records = b"19 path=b/\xc3\xa9t\xc3\xa9.py\n10 size=7\n";
    let pax = tar_of(&[
        raw_entry(
            EntryType::XGlobalHeader,
            b"pax_global_header",
            16,
            b"16 comment=abcd\n",
        ),
        raw_entry(EntryType::XHeader, b"x", records.len() as u64, records),
        file_entry(b"ignored", b"print()"),
    ]);
    let (done, paths) = place.unpack(Format::TarGz, &pax);
    assert_eq!(done.unwrap().files, 1);
    assert_eq!(paths, ["b", "b/été.py"]);
}

#[test]
fn hostile_zips_are_refused_by_name() {
    let place = Place::new();
    let plain = |name: &str| zip_of(&[("main.py", b"x"), (name, b"y")]);
    let link = {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default();
        zip.add_symlink("evil", "/etc/passwd", options).unwrap();
        zip.finish().unwrap().into_inner()
    };
    // The type in the upper half of the external attributes: a device.
    let device = {
        let mut bytes = plain("dev");
        let central = bytes
            .windows(4)
            .rposition(|window| window == b"PK\x01\x02")
            .unwrap();
        bytes[central + 5] = 3;
        bytes[central + 38..central + 42].copy_from_slice(&(0o020_644_u32 << 16).to_le_bytes());
        bytes
    };
    let encrypted = {
        let mut bytes = plain("secret");
        let central = bytes
            .windows(4)
            .rposition(|window| window == b"PK\x01\x02")
            .unwrap();
        bytes[central + 8] |= 1;
        bytes
    };
    let method = {
        let mut bytes = plain("lzma");
        let central = bytes
            .windows(4)
            .rposition(|window| window == b"PK\x01\x02")
            .unwrap();
        bytes[central + 10] = 14;
        bytes
    };
    let many: Vec<(String, &[u8])> = (0..101).map(|n| (format!("{n}"), &b""[..])).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    // 65,535 entries in the end record, and none of them there.
    let lies = {
        let mut bytes = plain("x");
        let end = bytes
            .windows(4)
            .rposition(|window| window == b"PK\x05\x06")
            .unwrap();
        bytes[end + 8..end + 12].copy_from_slice(&[0xfe, 0xff, 0xfe, 0xff]);
        bytes
    };
    let zeros = vec![0; 2 * MIB as usize];
    let bomb = zip_of(&[("bomb", &zeros)]);
    // The header says that it is small.
    let lying_bomb = forged(
        bomb.clone(),
        &u32::try_from(zeros.len()).unwrap().to_le_bytes(),
        &10_u32.to_le_bytes(),
    );
    let million = &zeros[..MIB as usize];
    let many_bombs = zip_of(&[("1", million), ("2", million), ("3", million), ("4", million)]);
    let whole = plain("x");
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("absolute", forged(plain("_etc/x"), b"_etc/x", b"/etc/x"), "Name"),
        ("above", forged(plain("a_/__/x"), b"a_/__/x", b"a_/../x"), "Name"),
        ("windows", forged(plain("____x"), b"____x", b"..\\\\x"), "Name"),
        ("control", forged(plain("a_b"), b"a_b", b"a\nb"), "Name"),
        ("link", link, "Link"),
        ("device", device, "Special"),
        (
            "twice",
            forged(zip_of(&[("a1", b"x"), ("a2", b"y")]), b"a2", b"a1"),
            "Twice",
        ),
        ("file and folder", zip_of(&[("a", b"x"), ("a/b", b"y")]), "Twice"),
        ("not UTF-8", forged(plain("abc"), b"abc", b"a\xffc"), "NotUtf8"),
        ("deep", plain("a/b/c/d/e/f/g"), "TooDeep"),
        ("encrypted", encrypted, "Encrypted"),
        ("method", method, "Method"),
        ("many", zip_of(&many), "TooManyEntries"),
        ("lies", lies, "Unreadable"),
        ("bomb", bomb, "FileTooLarge"),
        ("lying bomb", lying_bomb, ""),
        ("many bombs", many_bombs, "TooMuch"),
        ("cut short", whole[..whole.len() - 30].to_vec(), "Unreadable"),
        ("cut before", whole[20..].to_vec(), ""),
        ("empty", Vec::new(), "Unreadable"),
        ("text", b"this is no archive".to_vec(), "Unreadable"),
    ];
    for (what, bytes, expected) in table {
        let refused = place.refused(Format::Zip, &bytes);
        assert!(refused.starts_with(expected), "{what}: {refused}");
    }
}

#[test]
fn hostile_tars_are_refused_by_name() {
    let place = Place::new();
    let one = |entry: Vec<u8>| tar_of(&[file_entry(b"main.py", b"x"), entry]);
    let of = |kind| one(raw_entry(kind, b"evil", 0, b""));
    let records = |text: &[u8]| {
        one([
            raw_entry(EntryType::XHeader, b"x", text.len() as u64, text),
            file_entry(b"y", b"print()"),
        ]
        .concat())
    };
    let zeros = vec![0; 2 * MIB as usize];
    let million = &zeros[..MIB as usize];
    let many: Vec<Vec<u8>> = (0..101)
        .map(|n| file_entry(format!("{n}").as_bytes(), b""))
        .collect();
    let whole = one(file_entry(b"data", &vec![7; 300_000]));
    let long_name = vec![b'a'; 100_000];
    // Ten gigabytes of a comment, as it says.
    let endless = tar_of(&[raw_entry(
        EntryType::XGlobalHeader,
        b"g",
        10 << 30,
        &vec![b'x'; 8 * MIB as usize],
    )]);
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("absolute", one(file_entry(b"/etc/x", b"")), "Name"),
        ("above", one(file_entry(b"a/../../x", b"")), "Name"),
        ("above by PAX", records(b"16 path=../x.py\n"), "Name"),
        ("two sizes", records(b"10 size=9\n"), "Damaged"),
        ("sparse", records(b"22 GNU.sparse.major=1\n"), "Special"),
        ("link", of(EntryType::Symlink), "Link"),
        ("hard link", of(EntryType::Link), "Link"),
        ("device", of(EntryType::Block), "Special"),
        ("character device", of(EntryType::Char), "Special"),
        ("pipe", of(EntryType::Fifo), "Special"),
        ("GNU sparse", of(EntryType::GNUSparse), "Special"),
        ("unknown", of(EntryType::new(b'Z')), "Special"),
        ("twice", one(file_entry(b"main.py", b"y")), "Twice"),
        ("not UTF-8", one(file_entry(b"a\xffb", b"")), "NotUtf8"),
        ("deep", one(file_entry(b"a/b/c/d/e/f/g", b"")), "TooDeep"),
        ("many", tar_of(&many), "TooManyEntries"),
        ("large", one(file_entry(b"bomb", &zeros)), "FileTooLarge"),
        (
            "says that it is large",
            one(raw_entry(EntryType::Regular, b"x", 1 << 40, b"x")),
            "FileTooLarge",
        ),
        (
            "many large",
            tar_of(&[b"1", b"2", b"3", b"4"].map(|name| file_entry(name, million))),
            "TooMuch",
        ),
        (
            "long name",
            one(raw_entry(
                EntryType::GNULongName,
                b"l",
                long_name.len() as u64,
                &long_name,
            )),
            "Damaged",
        ),
        ("endless header", endless, "TooMuch"),
        ("cut short", whole[..whole.len() / 2].to_vec(), "Damaged"),
        (
            "checksum",
            {
                let mut bytes = whole.clone();
                let end = bytes.len() - 6;
                bytes[end] ^= 1;
                bytes
            },
            "Damaged",
        ),
        ("no tar", gzip(b"hello, this is no tar"), "Unreadable"),
        ("no gzip", b"hello".to_vec(), "Unreadable"),
        (
            "shorter than it says",
            gzip(&raw_entry(EntryType::Regular, b"x", 5000, b"x")),
            "Damaged",
        ),
    ];
    for (what, bytes, expected) in table {
        let refused = place.refused(Format::TarGz, &bytes);
        assert!(refused.starts_with(expected), "{what}: {refused}");
    }
}

#[test]
fn an_archive_of_a_folder_has_it_again_and_always_the_same() {
    let place = Place::new();
    for format in [Format::Zip, Format::TarGz] {
        let pack = || {
            let mut bytes = Vec::new();
            let mut packer = Packer::new(format, &mut bytes);
            packer
                .bytes("s/main.py", b"print()", (true, 1_700_000_000_000))
                .unwrap();
            packer.folder("s/empty", i64::MAX).unwrap();
            packer.bytes("s/été.txt", &[7; 100_000], (false, -5)).unwrap();
            packer.finish().unwrap();
            bytes
        };
        let bytes = pack();
        assert!(bytes == pack(), "{format:?}");
        let (done, paths) = place.unpack(format, &bytes);
        assert_eq!(done.unwrap().bytes, 100_007, "{format:?}");
        assert_eq!(paths, ["s", "s/empty", "s/main.py", "s/été.txt"]);
    }
}

fn mutated(valid: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let length = valid.len();
    let changes = prop::collection::vec((0..length, any::<u8>()), 0..12);
    (changes, 0..=length, any::<bool>()).prop_map(move |(changes, cut, whole)| {
        let mut bytes = valid.clone();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        bytes.truncate(if whole { length } else { cut });
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    /// `Place::unpack` looks whether anything is outside.
    #[test]
    fn whatever_is_sent_is_answered(
        noise in prop::collection::vec(any::<u8>(), 0..2000),
        zip in mutated(zip_of(&[("a/main.py", b"print()"), ("b.txt", b"text text text text"), ("c/", b"")])),
        tar in mutated([file_entry(b"a/main.py", b"print()"), file_entry(b"b", b"x"), vec![0; 1024]].concat()),
        packed in mutated(tar_of(&[file_entry(b"a/main.py", b"print()")])),
    ) {
        let place = Place::new();
        for (format, bytes) in [
            (Format::Zip, noise.clone()),
            (Format::TarGz, noise.clone()),
            (Format::TarGz, gzip(&noise)),
            (Format::Zip, zip),
            (Format::TarGz, gzip(&tar)),
            (Format::TarGz, packed),
        ] {
            let _ = place.unpack(format, &bytes);
        }
    }
}
