//! Seals secrets, so that the database holds them and does not give them away.
//!
//! One key of 32 bytes, in a file outside the database: on the volume, made at the first start, or wherever whoever runs
//! this has put it. XChaCha20-Poly1305 with a random nonce. What is sealed carries the id of its key, so that there can
//! be more than one some day, and is bound to the place that it is stored at: moved to another, it does not open.
//!
//! A key is never made where something is sealed already: what is sealed could be opened by no new one, and the old one
//! may come back. Until it does the vault is without a key; it seals and opens nothing and says why.
//!
//! Knows neither what the secrets are for nor where they are stored.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    Given(PathBuf),
}

/// Whether the database holds something that was sealed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    Empty,
    Sealed,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<Door>);

enum Door {
    Open {
        cipher: XChaCha20Poly1305,
        key_id: String,
    },
    WithoutKey {
        path: PathBuf,
    },
}

impl Vault {
    pub fn open(file: &KeyFile, contents: Contents) -> Result<Self, Error> {
        let door = match (file, contents) {
            (KeyFile::Given(path), _) => read(path)?,
            (KeyFile::OnVolume(path), contents) => match (read(path), contents) {
                (Err(Error::Unreadable { source, .. }), Contents::Empty) if is_absent(&source) => {
                    make(path).map_err(|source| Error::Unmakeable {
                        path: path.clone(),
                        source,
                    })?;
                    read(path)?
                }
                (Err(Error::Unreadable { source, .. }), Contents::Sealed) if is_absent(&source) => {
                    Door::WithoutKey { path: path.clone() }
                }
                (other, _) => other?,
            },
        };
        Ok(Self(Arc::new(door)))
    }

    /// What is wrong with it, if it cannot be used.
    pub fn trouble(&self) -> Option<Error> {
        self.key().err()
    }

    /// For this place and no other.
    pub fn seal(&self, place: &str, secret: &Secret) -> Result<Sealed, Error> {
        let (cipher, key_id) = self.key()?;
        let nonce = XNonce::generate();
        let bound = bound(key_id, place);
        let payload = Payload {
            msg: secret.reveal().as_bytes(),
            aad: bound.as_bytes(),
        };
        // It fails only beyond 256 GiB.
        let sealed = cipher.encrypt(&nonce, payload).map_err(|_| Error::Damaged)?;
        let bytes = [nonce.as_slice(), &sealed].concat();
        Ok(Sealed::new(format!(
            "{FORMAT}.{key_id}.{}",
            STANDARD_NO_PAD.encode(bytes)
        )))
    }

    pub fn unseal(&self, place: &str, sealed: &Sealed) -> Result<Secret, Error> {
        let (cipher, key_id) = self.key()?;
        let mut parts = sealed.as_str().splitn(3, '.');
        let (Some(FORMAT), Some(id), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Error::Damaged);
        };
        if id != key_id {
            return Err(Error::OtherKey { id: id.to_owned() });
        }
        let bytes = STANDARD_NO_PAD.decode(text).map_err(|_| Error::Damaged)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(Error::Damaged)?;
        let bound = bound(key_id, place);
        let payload = Payload {
            msg: sealed,
            aad: bound.as_bytes(),
        };
        let opened = cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| Error::Damaged)?;
        String::from_utf8(opened)
            .map(Secret::new)
            .map_err(|_| Error::Damaged)
    }

    fn key(&self) -> Result<(&XChaCha20Poly1305, &str), Error> {
        match &*self.0 {
            Door::Open { cipher, key_id } => Ok((cipher, key_id)),
            Door::WithoutKey { path } => Err(Error::NoKey { path: path.clone() }),
        }
    }
}

/// What is authenticated with a secret and not stored with it: format and key stand before it, the place is where it is.
fn bound(key_id: &str, place: &str) -> String {
    format!("{FORMAT}.{key_id}.{place}")
}

fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

fn read(path: &Path) -> Result<Door, Error> {
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
    Ok(Door::Open {
        key_id: digest
            .finalize()
            .iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect(),
        cipher: XChaCha20Poly1305::new(key.into()),
    })
}

/// A new key, whole and on disk before it has its name, and never in the place of another.
fn make(path: &Path) -> io::Result<()> {
    let key = Zeroizing::new(<[u8; KEY_BYTES]>::from(Key::<XChaCha20Poly1305>::generate()));
    let staged = path.with_extension("new");
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
        std::fs::write(path.with_extension("new"), "half").expect("a start that was cut short");
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
        let nowhere = KeyFile::Given(folder.path().join("nothing"));
        let refused = Vault::open(&nowhere, Contents::Empty).err().expect("not made");
        assert!(matches!(refused, Error::Unreadable { .. }), "{refused}");
    }
}
