//! Who signs in to which index: what a wish changes, what is shown, what a build gets. Decides; stores nothing.
//!
//! Credentials belong to an address: they are sent to no other, and go with the index that has it.

use crate::envs::index;
use crate::model::indexes::{
    CredentialsPatch, CredentialsView, CredentialsWish, Index, IndexRole, IndexView, Indexes, Login, SetBy,
};
use crate::model::secret::{Sealed, Secret};
use crate::store::index_credentials::{IndexCredentials, place};
use crate::vault::{self, Vault};

const USERNAME_CHARS: usize = 256;
const PASSWORD_CHARS: usize = 4096;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{address} {why}")]
pub struct Invalid {
    pub address: String,
    why: &'static str,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    Put {
        address: String,
        username: String,
        password: Password,
    },
    Remove {
        address: String,
    },
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Password {
    Kept(Sealed),
    New(Secret),
}

/// What becomes of what is stored when these are the indexes and that is wished for.
pub(super) fn changes(
    stored: &[IndexCredentials],
    wish: CredentialsWish,
    indexes: &[String],
) -> Result<Vec<Change>, Invalid> {
    let is_index = |address: &String| indexes.contains(address);
    let gone = stored.iter().filter(|stored| !is_index(&stored.address));
    let mut changes: Vec<_> = gone
        .map(|stored| Change::Remove {
            address: stored.address.clone(),
        })
        .collect();
    for (given, patch) in wish.0 {
        let address = index::address(&given).unwrap_or(given);
        let Some(patch) = patch else {
            changes.push(Change::Remove { address });
            continue;
        };
        let there = stored.iter().find(|stored| stored.address == address);
        let refused = if !is_index(&address) {
            Some("is not one of the indexes; add it to them first")
        } else if !address.starts_with("https://") {
            Some("is not asked over https://, so a password could be read on its way")
        } else {
            None
        };
        match refused {
            Some(why) => return Err(Invalid { address, why }),
            None => changes.push(put(address, patch, there)?),
        }
    }
    Ok(changes)
}

fn put(
    address: String,
    patch: CredentialsPatch,
    there: Option<&IndexCredentials>,
) -> Result<Change, Invalid> {
    let username = patch
        .username
        .or_else(|| there.map(|there| there.username.clone()));
    let password = match patch.password {
        Some(password) => Some(Password::New(password)),
        None => there.map(|there| Password::Kept(there.password.clone())),
    };
    let (Some(username), Some(password)) = (username, password) else {
        let why = "needs both, a user name and a password";
        return Err(Invalid { address, why });
    };
    let is_text = |text: &str, most: usize| {
        (1..=most).contains(&text.chars().count()) && !text.contains(|c: char| c.is_control())
    };
    if !is_text(&username, USERNAME_CHARS) || username.contains(':') {
        let why = "needs a user name of 1 to 256 characters, without a colon or a line break";
        return Err(Invalid { address, why });
    }
    if let Password::New(password) = &password
        && !is_text(password.reveal(), PASSWORD_CHARS)
    {
        let why = "needs a password of 1 to 4096 characters, without a line break";
        return Err(Invalid { address, why });
    }
    Ok(Change::Put {
        address,
        username,
        password,
    })
}

/// What there is to know of who signs in where.
pub(super) struct Known<'a> {
    pub stored: &'a [IndexCredentials],
    /// The instance's own index; what is stored for it goes before what its configuration says.
    pub main: Option<&'a Index>,
    pub vault: &'a Vault,
}

impl Known<'_> {
    fn stored_for(&self, address: &str) -> Option<&IndexCredentials> {
        self.stored.iter().find(|stored| stored.address == address)
    }

    fn opened(&self, stored: &IndexCredentials) -> Result<Secret, vault::Error> {
        self.vault.unseal(&place(&stored.address), &stored.password)
    }

    /// The indexes in the order in which they are asked.
    pub fn shown(&self, extra: &[String]) -> Vec<IndexView> {
        let mut shown: Vec<_> = extra
            .iter()
            .map(|address| IndexView {
                address: address.clone(),
                role: IndexRole::Extra,
                credentials: self.credentials(address),
            })
            .collect();
        shown.extend(self.main.map(|main| IndexView {
            address: main.address.clone(),
            role: IndexRole::Main,
            credentials: self.credentials(&main.address).or_else(|| {
                main.login.as_ref().map(|login| CredentialsView {
                    username: login.username.clone(),
                    has_password: true,
                    set_by: SetBy::Configuration,
                })
            }),
        }));
        shown
    }

    fn credentials(&self, address: &str) -> Option<CredentialsView> {
        self.stored_for(address).map(|stored| CredentialsView {
            username: stored.username.clone(),
            has_password: self.opened(stored).is_ok(),
            set_by: SetBy::Settings,
        })
    }

    /// The indexes of a build that asks these beside the instance's own. If a password cannot be read, its address.
    pub fn opened_for(&self, extra: &[String]) -> Result<Indexes, (String, vault::Error)> {
        let login = |address: &str| {
            let Some(stored) = self.stored_for(address) else {
                return Ok(None);
            };
            let password = self.opened(stored).map_err(|e| (address.to_owned(), e))?;
            Ok(Some(Login {
                username: stored.username.clone(),
                password,
            }))
        };
        let with_login = |address: &String| {
            Ok(Index {
                address: address.clone(),
                login: login(address)?,
            })
        };
        let main = match self.main {
            Some(main) => Some(Index {
                address: main.address.clone(),
                login: login(&main.address)?.or_else(|| main.login.clone()),
            }),
            None => None,
        };
        Ok(Indexes {
            extra: extra.iter().map(with_login).collect::<Result<_, _>>()?,
            main,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "https://a.example/simple";
    const B: &str = "https://b.example/simple";

    fn wish(json: &str) -> CredentialsWish {
        serde_json::from_str(json).expect("a wish")
    }

    fn stored(address: &str, username: &str) -> IndexCredentials {
        IndexCredentials {
            address: address.to_owned(),
            username: username.to_owned(),
            password: Sealed::new("sealed".to_owned()),
        }
    }

    fn put(address: &str, username: &str, password: Password) -> Change {
        Change::Put {
            address: address.to_owned(),
            username: username.to_owned(),
            password,
        }
    }

    fn removed(address: &str) -> Change {
        Change::Remove {
            address: address.to_owned(),
        }
    }

    #[test]
    fn a_wish_sets_keeps_replaces_and_removes() {
        let indexes = [A.to_owned(), B.to_owned()];
        let new = |text: &str| Password::New(Secret::new(text.to_owned()));
        let kept = || Password::Kept(Sealed::new("sealed".to_owned()));
        let table = [
            (r"{}", vec![]),
            (
                r#"{"https://b.example/simple": {"username": "bob", "password": "s3cret"}}"#,
                vec![put(B, "bob", new("s3cret"))],
            ),
            (
                r#"{"https://a.example/simple": {"username": "eve"}}"#,
                vec![put(A, "eve", kept())],
            ),
            (
                r#"{"https://a.example/simple": {"password": "n3w"}}"#,
                vec![put(A, "ann", new("n3w"))],
            ),
            (r#"{"https://a.example/simple": null}"#, vec![removed(A)]),
            // Nothing to remove is fine.
            (r#"{"https://b.example/simple": null}"#, vec![removed(B)]),
        ];
        for (json, expected) in table {
            assert_eq!(
                changes(&[stored(A, "ann")], wish(json), &indexes),
                Ok(expected),
                "{json}"
            );
        }
    }

    #[test]
    fn credentials_go_with_their_index() {
        let there = [stored(A, "ann"), stored(B, "bob")];
        assert_eq!(
            changes(&there, CredentialsWish::default(), &[B.to_owned()]),
            Ok(vec![removed(A)])
        );
    }

    #[test]
    fn what_cannot_be_used_is_refused_without_being_quoted() {
        let indexes = [A.to_owned(), "http://plain.example/simple".to_owned()];
        for (address, patch, why) in [
            (B, r#"{"username": "u", "password": "hunter2"}"#, "add it"),
            (A, r#"{"username": "u"}"#, "both"),
            (A, r#"{"password": "hunter2"}"#, "both"),
            (A, r#"{"username": "", "password": "hunter2"}"#, "user name"),
            (A, r#"{"username": "u:v", "password": "hunter2"}"#, "colon"),
            (A, r#"{"username": "u", "password": ""}"#, "password of 1"),
            (A, r#"{"username": "u", "password": "hunter2\nx"}"#, "line break"),
            (
                "http://plain.example/simple",
                r#"{"username": "u", "password": "hunter2"}"#,
                "https",
            ),
        ] {
            let wish = wish(&format!("{{\"{address}\": {patch}}}"));
            let refused = changes(&[], wish, &indexes).expect_err(patch);
            let said = refused.to_string();
            assert!(said.contains(why) && !said.contains("hunter2"), "{said}");
            assert_eq!(refused.address, address);
        }
    }

    #[test]
    fn what_is_stored_goes_before_the_configuration_and_is_bound_to_its_index() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = vault::KeyFile::OnVolume(folder.path().join("key"));
        let vault = Vault::open(&file, vault::Contents::Empty).expect("a key");
        let main = Index {
            address: B.to_owned(),
            login: Some(Login {
                username: "configured".to_owned(),
                password: Secret::new("c".to_owned()),
            }),
        };
        let sealed_for = |address: &str, at: &str| {
            let password = vault.seal(&place(at), &Secret::new("s".to_owned()));
            IndexCredentials {
                password: password.expect("sealed"),
                ..stored(address, "set")
            }
        };
        let extra = [A.to_owned()];
        // As each index is shown: who signs in, and whether the password can be read. And who signs in to the main one.
        let seen = |stored: &[IndexCredentials]| {
            let known = Known {
                stored,
                main: Some(&main),
                vault: &vault,
            };
            let shown: Vec<_> = known
                .shown(&extra)
                .into_iter()
                .map(|view| view.credentials.map(|shown| (shown.username, shown.has_password)))
                .collect();
            let opened = known.opened_for(&extra).map(|opened| {
                let login = opened.main.and_then(|main| main.login).expect("a login");
                (login.username, login.password.reveal().to_owned())
            });
            (shown, opened.map_err(|(address, _)| address))
        };
        let pair = |name: &str, word: &str| (name.to_owned(), word.to_owned());
        let (set, configured) = (
            Some(("set".to_owned(), true)),
            Some(("configured".to_owned(), true)),
        );
        let table = [
            (
                vec![],
                vec![None, configured.clone()],
                Ok(pair("configured", "c")),
            ),
            (
                vec![sealed_for(A, A)],
                vec![set.clone(), configured.clone()],
                Ok(pair("configured", "c")),
            ),
            (vec![sealed_for(B, B)], vec![None, set], Ok(pair("set", "s"))),
            (
                vec![sealed_for(A, B)],
                vec![Some(("set".to_owned(), false)), configured],
                Err(A.to_owned()),
            ),
        ];
        for (stored, shown, opened) in table {
            assert_eq!(seen(&stored), (shown, opened), "{stored:?}");
        }
    }
}
