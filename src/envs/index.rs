//! Addresses of package indexes, and how uv is told of them and of who signs in there. Pure.
//!
//! An address never holds a user name or a password: it is shown, stored with runs and written to logs. uv takes both by
//! variables that are named after the index, sends them to that index's scheme, host and port, and prints neither. A
//! process that executes code of packages is not told: what it knows, that code can read.

use pep508_rs::VerbatimUrl;
use percent_encoding::percent_decode_str;

use super::requirements;
use crate::model::indexes::{Index, Indexes, Login};
use crate::model::secret::Secret;

/// What is wrong with an address. It is not quoted: there may be a password in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    #[error("this is not the address of an index")]
    NotAnAddress,
    #[error("variables are not filled in; write the address of the index itself")]
    HasVariable,
    #[error("the address of an index must begin with https://")]
    NotHttps,
    #[error(
        "the address of an index cannot hold a user name or a password, because it is shown and logged. Give it without \
         them; they have fields of their own, which are not shown again"
    )]
    HasLogin,
}

/// An address as it is stored.
pub fn address(text: &str) -> Result<String, BadAddress> {
    let (url, login) = parsed(text)?;
    match login {
        Some(_) => Err(BadAddress::HasLogin),
        None if url.scheme() != "https" => Err(BadAddress::NotHttps),
        None => Ok(url.raw().to_string()),
    }
}

/// The instance's own index. Its configuration has no place for a login but the address.
pub fn configured(text: &str) -> Result<Index, BadAddress> {
    let (url, login) = parsed(text)?;
    let mut bare = url.to_url();
    // What has a host can have both taken from it.
    let _ = bare.set_username("").and(bare.set_password(None));
    Ok(Index {
        address: bare.to_string(),
        login,
    })
}

fn parsed(text: &str) -> Result<(VerbatimUrl, Option<Login>), BadAddress> {
    // The parser would fill in variables of the controller's own environment.
    if requirements::variable(text).is_some() {
        return Err(BadAddress::HasVariable);
    }
    let url = VerbatimUrl::parse_url(text).map_err(|_| BadAddress::NotAnAddress)?;
    if url.host_str().is_none() {
        return Err(BadAddress::NotAnAddress);
    }
    let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let there = !url.username().is_empty() || url.password().is_some();
    let login = there.then(|| Login {
        username: plain(url.username()),
        password: Secret::new(plain(url.password().unwrap_or_default())),
    });
    Ok((url, login))
}

/// Whether the process that is told of the indexes may know who signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logins {
    Told,
    Withheld,
}

/// How variables end that hold a password.
pub(super) const PASSWORD: &str = "_PASSWORD";

/// What uv, and the program around it, is told. Addresses hold no white space.
pub fn variables(indexes: &Indexes, logins: Logins) -> Vec<(String, String)> {
    let mut variables = Vec::new();
    let mut told = |index: &Index, name: &str| match &index.login {
        Some(login) if logins == Logins::Told => {
            let prefix = format!("UV_INDEX_{}", name.to_uppercase());
            variables.push((format!("{prefix}_USERNAME"), login.username.clone()));
            variables.push((format!("{prefix}{PASSWORD}"), login.password.reveal().to_owned()));
            format!("{name}={}", index.address)
        }
        _ => index.address.clone(),
    };
    let extra: Vec<_> = (1..)
        .zip(&indexes.extra)
        .map(|(number, index)| told(index, &format!("extra{number}")))
        .collect();
    let main = indexes.main.as_ref().map(|index| told(index, "main"));
    if !extra.is_empty() {
        variables.push(("UV_INDEX".to_owned(), extra.join(" ")));
    }
    variables.extend(main.map(|main| ("UV_DEFAULT_INDEX".to_owned(), main)));
    let with_login: Vec<_> = indexes
        .extra
        .iter()
        .chain(&indexes.main)
        .filter(|index| index.login.is_some())
        .map(|index| index.address.as_str())
        .collect();
    if !with_login.is_empty() {
        variables.push(("PYTASK_LOGINS".to_owned(), with_login.join(" ")));
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> Option<Login> {
        Some(Login {
            username: "ann".to_owned(),
            password: Secret::new("p@ss w/rd".to_owned()),
        })
    }

    fn index(address: &str, login: Option<Login>) -> Index {
        Index {
            address: address.to_owned(),
            login,
        }
    }

    #[test]
    fn an_address_holds_nothing_that_must_not_be_shown() {
        for (text, expected) in [
            ("https://a.example/simple", Ok("https://a.example/simple")),
            ("https://a.example/a b", Ok("https://a.example/a%20b")),
            ("https://a.example", Ok("https://a.example/")),
            ("http://a.example/simple", Err(BadAddress::NotHttps)),
            ("http://ann:hunter2@a.example/simple", Err(BadAddress::HasLogin)),
            ("https://ann@a.example/simple", Err(BadAddress::HasLogin)),
            ("https://:hunter2@a.example/simple", Err(BadAddress::HasLogin)),
            ("corp=https://a.example/simple", Err(BadAddress::NotAnAddress)),
            ("ann:hunter2@a.example", Err(BadAddress::NotAnAddress)),
            ("file:///srv/packages", Err(BadAddress::NotAnAddress)),
            ("https://a.example/${PATH}", Err(BadAddress::HasVariable)),
        ] {
            assert_eq!(address(text), expected.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn a_login_in_the_configuration_leaves_the_address() {
        let read = configured("https://ann:p%40ss%20w%2Frd@a.example/simple").expect("an index");
        assert_eq!(read, index("https://a.example/simple", login()));
        let read = configured("http://mirror.example/simple").expect("an index");
        assert_eq!(read, index("http://mirror.example/simple", None));
        assert_eq!(configured("mirror"), Err(BadAddress::NotAnAddress));
    }

    #[test]
    fn who_signs_in_is_told_beside_the_address_or_not_at_all() {
        let indexes = Indexes {
            extra: vec![
                index("https://a.example/", None),
                index("https://b.example/", login()),
            ],
            main: Some(index("https://c.example/", login())),
        };
        let pairs = |list: &[(&str, &str)]| -> Vec<_> {
            let mut list: Vec<_> = list
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            list.sort();
            list
        };
        let sorted = |logins| {
            let mut all = variables(&indexes, logins);
            all.sort();
            all
        };
        assert_eq!(
            sorted(Logins::Told),
            pairs(&[
                ("UV_INDEX", "https://a.example/ extra2=https://b.example/"),
                ("UV_INDEX_EXTRA2_USERNAME", "ann"),
                ("UV_INDEX_EXTRA2_PASSWORD", "p@ss w/rd"),
                ("UV_DEFAULT_INDEX", "main=https://c.example/"),
                ("UV_INDEX_MAIN_USERNAME", "ann"),
                ("UV_INDEX_MAIN_PASSWORD", "p@ss w/rd"),
                ("PYTASK_LOGINS", "https://b.example/ https://c.example/"),
            ])
        );
        assert_eq!(
            sorted(Logins::Withheld),
            pairs(&[
                ("UV_INDEX", "https://a.example/ https://b.example/"),
                ("UV_DEFAULT_INDEX", "https://c.example/"),
                ("PYTASK_LOGINS", "https://b.example/ https://c.example/"),
            ])
        );
        assert_eq!(variables(&Indexes::default(), Logins::Told), []);
    }
}
