//! Where a message may go. Whoever can name an address would otherwise reach what only this machine can reach: itself, its
//! network, the cloud's metadata.
//!
//! A name is resolved here, **every** address it has is judged, and the connection is made to those and no others: what a
//! name says a moment later does not count. Redirects are not followed, proxies not asked. What is not on the internet is
//! reached if Settings name it; what no receiver can have is never reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use async_trait::async_trait;
use percent_encoding::percent_decode_str;
use reqwest::Url;

use crate::model::secret::Secret;
use crate::model::webhook::target::Target;

const URL_CHARS: usize = 2_048;
const PATIENCE: Duration = Duration::from_secs(5);
/// Of a long path or query so many of its last characters are shown, to tell one from another.
const HINT_CHARS: usize = 4;
const LONG_ENOUGH: usize = 24;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("{0}")]
    Malformed(&'static str),
    #[error("{host} cannot be resolved to an address: {why}")]
    Unresolved { host: String, why: String },
    #[error("{}", forbidden(host, *ip, *kind))]
    Forbidden { host: String, ip: IpAddr, kind: Kind },
}

fn forbidden(host: &str, ip: IpAddr, kind: Kind) -> String {
    let which = match host.parse::<IpAddr>() {
        Ok(_) => host.to_owned(),
        Err(_) => format!("{host} leads to {ip}, which"),
    };
    format!(
        "{which} is {}, not on the internet.{}",
        kind.words(),
        kind.way_out()
    )
}

/// What an address is that is not simply on the internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Loopback,
    Private,
    /// Carrier-grade NAT.
    Shared,
    LinkLocal,
    Metadata,
    Documentation,
    Multicast,
    Unspecified,
    /// Used for something else, or for nothing.
    Reserved,
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::Loopback => "this machine itself",
            Self::Private => "in a private network",
            Self::Shared => "in a provider's shared network",
            Self::LinkLocal => "link-local",
            Self::Metadata => "where clouds keep their metadata",
            Self::Documentation => "for documentation only",
            Self::Multicast => "for multicast",
            Self::Unspecified => "no address at all",
            Self::Reserved => "reserved",
        }
    }

    fn way_out(self) -> &'static str {
        match self {
            Self::Unspecified | Self::Multicast | Self::Reserved => "",
            _ => " If it is meant, add it to the private targets in Settings",
        }
    }

    /// Whether it may be reached if Settings name the host, whatever addresses that has; what is left has to be named by its
    /// address.
    fn can_be_named(self) -> bool {
        matches!(self, Self::Loopback | Self::Private | Self::Shared)
    }

    fn can_be_allowed(self) -> bool {
        !matches!(self, Self::Unspecified | Self::Multicast | Self::Reserved)
    }
}

/// What an address is; `None`: on the internet. One that only wraps another is what that is.
pub fn kind(ip: IpAddr) -> Option<Kind> {
    match unwrapped(ip) {
        IpAddr::V4(ip) => kind_of_v4(ip),
        IpAddr::V6(ip) => kind_of_v6(ip),
    }
}

/// The IPv4 address that an IPv6 one stands for: mapped, behind NAT64, or by 6to4.
fn unwrapped(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = ip else { return ip };
    let s = v6.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)).into();
    match s {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        [0x2002, high, low, ..] => v4(high, low),
        _ => ip,
    }
}

fn kind_of_v4(ip: Ipv4Addr) -> Option<Kind> {
    match ip.octets() {
        [0, ..] => Some(Kind::Unspecified),
        [127, ..] => Some(Kind::Loopback),
        // The host agent of Azure, although it looks like any other.
        [169, 254, 169, 254] | [168, 63, 129, 16] | [100, 100, 100, 200] | [192, 0, 0, 192] => {
            Some(Kind::Metadata)
        }
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Some(Kind::Private),
        [100, 64..=127, ..] => Some(Kind::Shared),
        [169, 254, ..] => Some(Kind::LinkLocal),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Some(Kind::Documentation),
        [192, 0, 0, _] | [192, 88, 99, _] | [198, 18 | 19, ..] | [240..=255, ..] => Some(Kind::Reserved),
        [224..=239, ..] => Some(Kind::Multicast),
        _ => None,
    }
}

fn kind_of_v6(ip: Ipv6Addr) -> Option<Kind> {
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some(Kind::Unspecified),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some(Kind::Loopback),
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => Some(Kind::Metadata),
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] | [0x64, 0xff9b, 1, ..] => Some(Kind::Private),
        [0xfe80..=0xfebf, ..] => Some(Kind::LinkLocal),
        [0xff00..=0xffff, ..] => Some(Kind::Multicast),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Some(Kind::Documentation),
        // Teredo and what else is no place on the network.
        [0x2001, 0..=0x1ff, ..] => Some(Kind::Reserved),
        [0x2000..=0x3fff, ..] => None,
        _ => Some(Kind::Reserved),
    }
}

/// An address as it was written, in the parts that are treated differently.
#[derive(Clone)]
pub struct Address {
    /// Without user and password.
    pub url: Url,
    pub login: Option<(String, Secret)>,
    /// In lower case, without brackets.
    host: String,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Address {
    pub fn parse(text: &str) -> Result<Self, Refused> {
        if text.len() > URL_CHARS {
            return Err(Refused::Malformed("The address is longer than 2048 characters"));
        }
        // What a reader of URLs would silently leave out.
        if text
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '\\')
        {
            return Err(Refused::Malformed(
                "The address has white space, a backslash or a control character in it",
            ));
        }
        let mut url = Url::parse(text)
            .map_err(|_| Refused::Malformed("That is no address; one is like https://example.com/hook"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refused::Malformed("Only http:// and https:// are sent to"));
        }
        let host = match url.host_str() {
            Some(host) if !host.trim_matches('.').is_empty() => host,
            _ => return Err(Refused::Malformed("The address names no host")),
        };
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_ascii_lowercase();
        if url.port() == Some(0) {
            return Err(Refused::Malformed("Nobody listens on port 0"));
        }
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let login = (!url.username().is_empty() || url.password().is_some()).then(|| {
            let password = Secret::new(decoded(url.password().unwrap_or_default()));
            (decoded(url.username()), password)
        });
        if login.as_ref().is_some_and(|(user, _)| user.contains(':')) {
            return Err(Refused::Malformed("A user name cannot have a colon"));
        }
        let cleared = url.set_username("").and_then(|()| url.set_password(None));
        if cleared.is_err() {
            return Err(Refused::Malformed("The address names no host"));
        }
        url.set_fragment(None);
        Ok(Self { url, login, host })
    }

    pub fn host(&self) -> &str {
        &self.host
    }

    fn literal(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(443)
    }

    /// Without what could be a secret, which is everything but the host: with many receivers whoever knows the path can
    /// write there.
    pub fn shown(&self) -> String {
        let mut shown = format!("{}://", self.url.scheme());
        if self.login.is_some() {
            shown.push_str("…@");
        }
        shown.push_str(self.url.host_str().unwrap_or_default());
        if let Some(port) = self.url.port() {
            shown.push_str(&format!(":{port}"));
        }
        let secret = format!("{}?{}", self.url.path(), self.url.query().unwrap_or_default());
        let secret = secret.trim_end_matches('?');
        match secret {
            "/" => shown.push('/'),
            secret if secret.len() >= LONG_ENOUGH => {
                shown.push_str("/…");
                shown.push_str(&secret[secret.len() - HINT_CHARS..]);
            }
            _ => shown.push_str("/…"),
        }
        shown
    }
}

/// Who knows the addresses of names.
#[async_trait]
pub trait Resolve: Send + Sync {
    async fn resolve(&self, host: &str, port: u16) -> std::io::Result<Vec<IpAddr>>;
}

/// The machine's own way.
pub struct System;

#[async_trait]
impl Resolve for System {
    async fn resolve(&self, host: &str, port: u16) -> std::io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, port)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// The addresses that may be connected to: all that the host has, or a refusal because of one of them.
pub async fn vet(address: &Address, allowed: &[Target], names: &dyn Resolve) -> Result<Vec<IpAddr>, Refused> {
    let unresolved = |why: &str| Refused::Unresolved {
        host: address.host.clone(),
        why: why.to_owned(),
    };
    let mut ips = match address.literal() {
        Some(ip) => vec![ip],
        None => match tokio::time::timeout(PATIENCE, names.resolve(&address.host, address.port())).await {
            Err(_) => return Err(unresolved("the name server does not answer")),
            Ok(Err(e)) => return Err(unresolved(&e.to_string())),
            Ok(Ok(ips)) => ips,
        },
    };
    if ips.is_empty() {
        return Err(unresolved("it has none"));
    }
    ips.dedup();
    let named = allowed.iter().any(|target| target.has_name(&address.host));
    for ip in &ips {
        if let Some(kind) = refuse(*ip, named, allowed) {
            return Err(Refused::Forbidden {
                host: address.host.clone(),
                ip: *ip,
                kind,
            });
        }
    }
    Ok(ips)
}

fn refuse(ip: IpAddr, named: bool, allowed: &[Target]) -> Option<Kind> {
    let kind = kind(ip)?;
    let by_address = || {
        let meant = unwrapped(ip);
        allowed
            .iter()
            .any(|target| target.has_address(meant) || target.has_address(ip))
    };
    let may = (named && kind.can_be_named()) || (kind.can_be_allowed() && by_address());
    (!may).then_some(kind)
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
