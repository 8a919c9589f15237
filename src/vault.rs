//! Seals secrets, so that the database holds them and does not give them away.
//!
//! A key of 32 bytes, in a file outside the database: on the volume, made at the first start, or wherever whoever runs
//! this has put it. XChaCha20-Poly1305 with a random nonce. What is sealed carries the id of its key, and is bound to the
//! place that it is stored at: moved to another, it does not open.
//!
//! Sealed is always with one key, the current one. While a key is being replaced there are two, each of which opens what
//! it has sealed: the new one lies beside the old one, whole and on disk, until [`Vault::finish_rotation`] moves it over
//! the old one in one step. So at no moment is there something sealed whose key is not there. Whoever stores something
//! sealed seals it inside the transaction that stores it, so that none is sealed with a key that goes meanwhile.
//!
//! A key is never made where something is sealed already: what is sealed could be opened by no new one, and the old one
//! may come back. Until it does the vault is without a key; it seals and opens nothing and says why.
//!
//! Knows neither what the secrets are for nor where they are stored.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, Generate, Key, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rustix::fs::{CWD, RenameFlags};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::model::secret::{Sealed, Secret};

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
/// First part of everything sealed.
const FORMAT: &str = "v1";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the key {path} cannot be read: {source}")]
    Unreadable { path: PathBuf, source: io::Error },
    #[error(
        "{path} is not a key: it has {found} bytes, and a key has 32. Put the right file there; if it is lost, \
         move this one away, and a start without it says what to do"
    )]
    WrongSize { path: PathBuf, found: u64 },
    #[error("the key {path} cannot be made: {source}")]
    Unmakeable { path: PathBuf, source: io::Error },
    #[error(
        "the key to the stored secrets, {path}, is gone. Put it back and restart; if it is lost for good, so are they: \
         remove them, restart, and a new key is made"
    )]
    NoKey { path: PathBuf },
    #[error(
        "the key {path} is looked after by whoever gave it. To replace it: put a new one, 32 random bytes, into another \
         file, let PYTASK_SECRETS_KEY_FILE name that one and PYTASK_SECRETS_OLD_KEY_FILE the one used now, and restart; \
         then everything is sealed with the new key, and the old one can go"
    )]
    Given { path: PathBuf },
    #[error("it was sealed with another key (its id is {id}); put that one back, or enter the secret anew")]
    OtherKey { id: String },
    #[error("what is stored is damaged, or was stored for something else; enter the secret anew")]
    Damaged,
}

/// Where the key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFile {
    /// Ours: made where there is none.
    OnVolume(PathBuf),
    /// Somebody's who looks after it: has to be there.
    Given {
        path: PathBuf,
        /// The one before it, whose secrets are to be sealed with this one.
        old: Option<PathBuf>,
    },
}

impl KeyFile {
    fn path(&self) -> &Path {
        match self {
            Self::OnVolume(path) | Self::Given { path, .. } => path,
        }
    }
}

/// Whether the database holds something that was sealed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    Empty,
    Sealed,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<Inside>);

struct Inside {
    file: KeyFile,
    keys: RwLock<Keys>,
}

#[derive(Clone)]
struct Keys {
    current: Option<OneKey>,
    /// Opens what was sealed before there was the current one.
    old: Option<OneKey>,
}

#[derive(Clone)]
struct OneKey {
    id: String,
    cipher: XChaCha20Poly1305,
    made_at: Option<SystemTime>,
}

/// What may be known of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub id: Option<String>,
    /// By its file.
    pub made_at: Option<SystemTime>,
    pub is_given: bool,
}

impl Vault {
    pub fn open(file: &KeyFile, contents: Contents) -> Result<Self, Error> {
        let keys = match file {
            KeyFile::Given { path, old } => Keys {
                current: Some(read(path)?),
                old: old.as_deref().map(read).transpose()?,
            },
            KeyFile::OnVolume(path) => on_volume(path, contents)?,
        };
        Ok(Self(Arc::new(Inside {
            file: file.clone(),
            keys: RwLock::new(keys),
        })))
    }

    /// What is wrong with it, if it cannot be used.
    pub fn trouble(&self) -> Option<Error> {
        self.current().err()
    }

    pub fn about(&self) -> About {
        let current = self.keys().current;
        About {
            id: current.as_ref().map(|key| key.id.clone()),
            made_at: current.and_then(|key| key.made_at),
            is_given: matches!(self.0.file, KeyFile::Given { .. }),
        }
    }

    /// For this place and no other.
    pub fn seal(&self, place: &str, secret: &Secret) -> Result<Sealed, Error> {
        let key = self.current()?;
        let nonce = XNonce::generate();
        let bound = bound(&key.id, place);
        let payload = Payload {
            msg: secret.reveal().as_bytes(),
            aad: bound.as_bytes(),
        };
        // It fails only beyond 256 GiB.
        let sealed = key.cipher.encrypt(&nonce, payload).map_err(|_| Error::Damaged)?;
        let bytes = [nonce.as_slice(), &sealed].concat();
        Ok(Sealed::new(format!(
            "{FORMAT}.{}.{}",
            key.id,
            STANDARD_NO_PAD.encode(bytes)
        )))
    }

    pub fn unseal(&self, place: &str, sealed: &Sealed) -> Result<Secret, Error> {
        let current = self.current()?;
        let (id, text) = parts(sealed).ok_or(Error::Damaged)?;
        let key = [Some(current), self.keys().old]
            .into_iter()
            .flatten()
            .find(|key| key.id == id)
            .ok_or_else(|| Error::OtherKey { id: id.to_owned() })?;
        let bytes = STANDARD_NO_PAD.decode(text).map_err(|_| Error::Damaged)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(Error::Damaged)?;
        let bound = bound(&key.id, place);
        let payload = Payload {
            msg: sealed,
            aad: bound.as_bytes(),
        };
        let opened = key
            .cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| Error::Damaged)?;
        String::from_utf8(opened)
            .map(Secret::new)
            .map_err(|_| Error::Damaged)
    }

    /// Whether it was sealed with the key that everything is sealed with now.
    pub fn is_current(&self, sealed: &Sealed) -> bool {
        let current = self.keys().current;
        parts(sealed).is_some_and(|(id, _)| current.is_some_and(|key| key.id == id))
    }

    /// Whether there is an old key still, which something may need.
    pub fn has_old_key(&self) -> bool {
        self.keys().old.is_some()
    }

    /// Makes a new key, on disk beside the old one, and seals with it from now on. One that was begun is gone on with.
    pub fn begin_rotation(&self) -> Result<(), Error> {
        let KeyFile::OnVolume(path) = &self.0.file else {
            return Err(Error::Given {
                path: self.0.file.path().to_owned(),
            });
        };
        let before = self.current()?;
        if self.has_old_key() {
            return Ok(());
        }
        let next = next(path);
        make(&next).map_err(|source| Error::Unmakeable {
            path: next.clone(),
            source,
        })?;
        let made = read(&next)?;
        *self.0.keys.write().unwrap_or_else(PoisonError::into_inner) = Keys {
            current: Some(made),
            old: Some(before),
        };
        Ok(())
    }

    /// The old key goes: nothing is sealed with it any more.
    pub fn finish_rotation(&self) -> Result<(), Error> {
        if let KeyFile::OnVolume(path) = &self.0.file {
            let next = next(path);
            let moved = std::fs::rename(&next, path).and_then(|()| sync_folder(path));
            moved.map_err(|source| Error::Unmakeable {
                path: path.clone(),
                source,
            })?;
        }
        self.0.keys.write().unwrap_or_else(PoisonError::into_inner).old = None;
        Ok(())
    }

    fn keys(&self) -> Keys {
        self.0.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn current(&self) -> Result<OneKey, Error> {
        self.keys().current.ok_or_else(|| Error::NoKey {
            path: self.0.file.path().to_owned(),
        })
    }
}

/// How many bytes a secret has, by what it is sealed in.
pub fn length(sealed: &Sealed) -> usize {
    let letters = parts(sealed).map_or(0, |(_, text)| text.len());
    (letters * 3 / 4).saturating_sub(NONCE_BYTES + TAG_BYTES)
}

/// The id of the key, and what only that opens.
fn parts(sealed: &Sealed) -> Option<(&str, &str)> {
    let mut parts = sealed.as_str().splitn(3, '.');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(FORMAT), Some(id), Some(text)) => Some((id, text)),
        _ => None,
    }
}

/// What is authenticated with a secret and not stored with it: format and key stand before it, the place is where it is.
fn bound(key_id: &str, place: &str) -> String {
    format!("{FORMAT}.{key_id}.{place}")
}

fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

/// Where a key is that is to take the place of the one at `path`.
fn next(path: &Path) -> PathBuf {
    path.with_extension("next")
}

/// `None` where there is none.
fn read_if_there(path: &Path) -> Result<Option<OneKey>, Error> {
    match read(path) {
        Ok(key) => Ok(Some(key)),
        Err(Error::Unreadable { source, .. }) if is_absent(&source) => Ok(None),
        Err(other) => Err(other),
    }
}

fn on_volume(path: &Path, contents: Contents) -> Result<Keys, Error> {
    let (old, next) = (read_if_there(path)?, read_if_there(&next(path))?);
    Ok(match (old, next, contents) {
        // A rotation was cut short. It does not matter where: each opens what it has sealed.
        (old, Some(next), _) => Keys {
            current: Some(next),
            old,
        },
        (Some(key), None, _) => Keys {
            current: Some(key),
            old: None,
        },
        (None, None, Contents::Empty) => {
            make(path).map_err(|source| Error::Unmakeable {
                path: path.to_owned(),
                source,
            })?;
            Keys {
                current: Some(read(path)?),
                old: None,
            }
        }
        (None, None, Contents::Sealed) => Keys {
            current: None,
            old: None,
        },
    })
}

fn read(path: &Path) -> Result<OneKey, Error> {
    let unreadable = |source| Error::Unreadable {
        path: path.to_owned(),
        source,
    };
    let bytes = Zeroizing::new(std::fs::read(path).map_err(unreadable)?);
    let key: &[u8; KEY_BYTES] = bytes.as_slice().try_into().map_err(|_| Error::WrongSize {
        path: path.to_owned(),
        found: bytes.len() as u64,
    })?;
    let mut digest = Sha256::new_with_prefix(b"the id of a key of PyTask-Manager");
    digest.update(key);
    let metadata = std::fs::metadata(path);
    Ok(OneKey {
        id: digest
            .finalize()
            .iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect(),
        cipher: XChaCha20Poly1305::new(key.into()),
        made_at: metadata.and_then(|metadata| metadata.modified()).ok(),
    })
}

/// A new key, whole and on disk before it has its name, and never in the place of another.
fn make(path: &Path) -> io::Result<()> {
    let key = Zeroizing::new(<[u8; KEY_BYTES]>::from(Key::<XChaCha20Poly1305>::generate()));
    let mut staged = path.as_os_str().to_owned();
    staged.push(".new");
    let staged = PathBuf::from(staged);
    // Of a start that was cut short; it was no key yet.
    match std::fs::remove_file(&staged) {
        Err(e) if !is_absent(&e) => return Err(e),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&staged)?;
    file.write_all(key.as_slice())?;
    file.sync_all()?;
    rustix::fs::renameat_with(CWD, &staged, CWD, path, RenameFlags::NOREPLACE)?;
    sync_folder(path)
}

/// Of this file.
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn secret() -> Secret {
        Secret::new("hunter2".to_owned())
    }

    fn in_folder(folder: &tempfile::TempDir) -> KeyFile {
        KeyFile::OnVolume(folder.path().join("secrets.key"))
    }

    #[test]
    fn what_is_sealed_opens_at_its_place_and_nowhere_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let vault = Vault::open(&in_folder(&folder), Contents::Empty).expect("a new key");
        let sealed = vault.seal("a", &secret()).expect("sealed");
        assert!(!sealed.as_str().contains("hunter2"), "{sealed:?}");
        assert_ne!(
            sealed,
            vault.seal("a", &secret()).expect("sealed"),
            "each has its nonce"
        );
        // Over a restart as well.
        let again = Vault::open(&in_folder(&folder), Contents::Sealed).expect("the same key");
        assert_eq!(again.unseal("a", &sealed).expect("opened").reveal(), "hunter2");
        assert!(matches!(again.unseal("b", &sealed), Err(Error::Damaged)));
    }

    #[test]
    fn whatever_is_stored_instead_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let vault = Vault::open(&in_folder(&folder), Contents::Empty).expect("a new key");
        let sealed = vault.seal("a", &secret()).expect("sealed").as_str().to_owned();
        let (head, body) = sealed.rsplit_once('.').expect("parts");
        let flipped = if body.starts_with('A') { "B" } else { "A" };
        for wrong in [
            String::new(),
            body.to_owned(),
            format!("v2{}", &sealed[2..]),
            format!("{head}."),
            format!("{head}.!"),
            format!("{head}.{}", &body[..20]),
            // The nonce's first bits, and more behind the tag.
            format!("{head}.{flipped}{}", &body[1..]),
            format!("{sealed}AAAA"),
        ] {
            let refused = vault.unseal("a", &Sealed::new(wrong.clone()));
            assert!(matches!(refused, Err(Error::Damaged)), "{wrong}: {refused:?}");
        }
        let other = tempfile::tempdir().expect("a folder");
        let other = Vault::open(&in_folder(&other), Contents::Empty).expect("another key");
        let refused = other.unseal("a", &Sealed::new(sealed));
        assert!(matches!(refused, Err(Error::OtherKey { .. })), "{refused:?}");
    }

    #[test]
    fn a_key_is_made_once_for_its_owner_alone_and_never_over_what_is_sealed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secrets.key");
        std::fs::write(folder.path().join("secrets.key.new"), "half").expect("a start that was cut short");
        Vault::open(&in_folder(&folder), Contents::Empty).expect("a new key");
        let key = std::fs::read(&path).expect("a key");
        let mode = std::fs::metadata(&path).expect("a key").permissions().mode();
        assert_eq!((key.len(), mode & 0o777), (32, 0o600));
        Vault::open(&in_folder(&folder), Contents::Empty).expect("the same key");
        assert_eq!(std::fs::read(&path).expect("a key"), key);

        std::fs::remove_file(&path).expect("lost");
        let vault = Vault::open(&in_folder(&folder), Contents::Sealed).expect("a start without it");
        assert!(!path.exists(), "the old one may come back");
        let said = vault.trouble().expect("no key").to_string();
        assert!(
            said.contains("secrets.key") && said.contains("new key is made"),
            "{said}"
        );
        assert!(matches!(vault.seal("a", &secret()), Err(Error::NoKey { .. })));
    }

    #[test]
    fn what_is_no_key_stops_the_start() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secrets.key");
        for wrong in ["", "short", "a line of 32 bytes and its end 567\n"] {
            std::fs::write(&path, wrong).expect("written");
            for contents in [Contents::Empty, Contents::Sealed] {
                let refused = Vault::open(&in_folder(&folder), contents).err().expect(wrong);
                assert!(matches!(refused, Error::WrongSize { .. }), "{refused}");
            }
            assert_eq!(std::fs::read_to_string(&path).expect("untouched"), wrong);
        }
        let nowhere = KeyFile::Given {
            path: folder.path().join("nothing"),
            old: None,
        };
        let refused = Vault::open(&nowhere, Contents::Empty).err().expect("not made");
        assert!(matches!(refused, Error::Unreadable { .. }), "{refused}");
    }

    #[test]
    fn a_key_is_replaced_and_everything_opens_wherever_that_is_cut_short() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = in_folder(&folder);
        let names = || {
            let mut names: Vec<_> = std::fs::read_dir(folder.path())
                .expect("a folder")
                .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
                .collect();
            names.sort();
            names
        };
        let vault = Vault::open(&file, Contents::Empty).expect("a new key");
        let first = vault.about();
        let old = vault.seal("a", &secret()).expect("sealed");
        assert_eq!(length(&old), "hunter2".len());
        // Cut short before the new key was one.
        std::fs::write(folder.path().join("secrets.next.new"), "half").expect("written");
        vault.begin_rotation().expect("begun");
        assert_eq!(names(), ["secrets.key", "secrets.next"]);
        let anew = vault.seal("a", &secret()).expect("sealed");
        let opens_both = |vault: &Vault| {
            for (sealed, current) in [(&old, false), (&anew, true)] {
                assert_eq!(vault.unseal("a", sealed).expect("opened"), secret());
                assert_eq!(vault.is_current(sealed), current);
            }
        };
        opens_both(&vault);
        // Killed here: the next start has both, and goes on with the same one.
        let again = Vault::open(&file, Contents::Sealed).expect("both keys");
        opens_both(&again);
        assert!(again.has_old_key());
        again.begin_rotation().expect("is begun already");
        assert_eq!(again.about(), vault.about());
        again.finish_rotation().expect("finished");
        assert_eq!(names(), ["secrets.key"]);
        for vault in [&again, &Vault::open(&file, Contents::Sealed).expect("one key")] {
            assert_eq!(vault.unseal("a", &anew).expect("opened"), secret());
            assert!(matches!(vault.unseal("a", &old), Err(Error::OtherKey { .. })));
            assert!(!vault.has_old_key());
        }
        assert_ne!(again.about().id, first.id);
        let mode = std::fs::metadata(folder.path().join("secrets.key"))
            .expect("a key")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_given_key_is_replaced_by_whoever_gave_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        std::fs::write(&old, [1; 32]).expect("written");
        std::fs::write(&new, [2; 32]).expect("written");
        let given = |path: &Path, old: Option<&Path>| KeyFile::Given {
            path: path.to_owned(),
            old: old.map(Path::to_owned),
        };
        let before = Vault::open(&given(&old, None), Contents::Empty).expect("given");
        let refused = before.begin_rotation().expect_err("not ours").to_string();
        assert!(refused.contains("PYTASK_SECRETS_OLD_KEY_FILE"), "{refused}");
        let sealed = before.seal("a", &secret()).expect("sealed");
        let after = Vault::open(&given(&new, Some(&old)), Contents::Sealed).expect("both");
        assert_eq!(after.unseal("a", &sealed).expect("opened"), secret());
        assert!(!after.is_current(&sealed));
        after.finish_rotation().expect("nothing to move");
        assert!(matches!(after.unseal("a", &sealed), Err(Error::OtherKey { .. })));
        assert_eq!(std::fs::read(&old).expect("untouched"), [1; 32]);
    }
}
