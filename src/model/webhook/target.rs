//! Where messages may go although it is not on the internet: a host by its name, an address, a network. Pure text and
//! numbers; what an address is otherwise is `webhooks::address`'.

use std::fmt;
use std::net::IpAddr;

const NAME_CHARS: usize = 253;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// In lower case, without a dot at its end.
    Host(String),
    Net {
        /// The network's first address.
        first: IpAddr,
        bits: u8,
    },
}

/// An address as bits, the first one highest.
fn bits_of(ip: IpAddr) -> (u128, u8) {
    match ip {
        IpAddr::V4(ip) => (u128::from(u32::from(ip)) << 96, 32),
        IpAddr::V6(ip) => (u128::from(ip), 128),
    }
}

fn mask(bits: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)
}

fn first_of(ip: IpAddr, bits: u8) -> IpAddr {
    let first = bits_of(ip).0 & mask(bits);
    match ip {
        IpAddr::V4(_) => IpAddr::V4(((first >> 96) as u32).into()),
        IpAddr::V6(_) => IpAddr::V6(first.into()),
    }
}

impl Target {
    /// Otherwise a sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let refused = || {
            let shown: String = text.chars().take(60).collect();
            format!(
                "{shown:?} is neither a host's name, like ntfy.lan, nor an address or network, like 10.0.0.0/8"
            )
        };
        if let Some((ip, bits)) = text.split_once('/') {
            let (ip, bits): (IpAddr, u8) = match (ip.parse(), bits.parse()) {
                (Ok(ip), Ok(bits)) => (ip, bits),
                _ => return Err(refused()),
            };
            if bits > bits_of(ip).1 {
                return Err(refused());
            }
            let first = first_of(ip, bits);
            return Ok(Self::Net { first, bits });
        }
        if let Ok(ip) = text.parse::<IpAddr>() {
            let bits = bits_of(ip).1;
            return Ok(Self::Net { first: ip, bits });
        }
        let name = text.trim_end_matches('.').to_ascii_lowercase();
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        // What ends in a number is read as an address everywhere, in one form or another.
        let numeric = name
            .rsplit('.')
            .next()
            .is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x"));
        if name.len() > NAME_CHARS || numeric || !name.split('.').all(label) {
            return Err(refused());
        }
        Ok(Self::Host(name))
    }

    pub fn has_name(&self, host: &str) -> bool {
        matches!(self, Self::Host(name) if *name == host.trim_end_matches('.').to_ascii_lowercase())
    }

    pub fn has_address(&self, ip: IpAddr) -> bool {
        let Self::Net { first, bits } = self else {
            return false;
        };
        first.is_ipv4() == ip.is_ipv4() && first_of(ip, *bits) == *first
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(name) => f.write_str(name),
            Self::Net { first, bits } if *bits == bits_of(*first).1 => write!(f, "{first}"),
            Self::Net { first, bits } => write!(f, "{first}/{bits}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_as_they_are_meant() {
        for (text, shown) in [
            ("ntfy.lan", "ntfy.lan"),
            (" NAS. ", "nas"),
            ("my_host-1.internal", "my_host-1.internal"),
            ("192.168.1.20", "192.168.1.20"),
            ("192.168.1.20/24", "192.168.1.0/24"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("fd00::5", "fd00::5"),
            ("fd00::5/8", "fd00::/8"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(Target::parse(text).expect(text).to_string(), shown);
        }
        for text in [
            "",
            "/",
            "10.0.0.0/33",
            "fd00::/129",
            "10.0.0/8",
            "http://nas",
            "a..b",
            "nas:80",
            "0x7f.1",
            "127.1",
            "[::1]",
            "two words",
            "ä.example",
        ] {
            assert!(Target::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_network_has_its_addresses_and_no_others() {
        let has = |net: &str, ip: &str| {
            let target = Target::parse(net).expect(net);
            target.has_address(ip.parse().expect(ip))
        };
        for (net, inside, outside) in [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
            ("192.168.1.20", "192.168.1.20", "192.168.1.21"),
            ("0.0.0.0/0", "127.0.0.1", "::1"),
            ("fd00::/8", "fdff::1", "fe80::1"),
            ("::/0", "::1", "127.0.0.1"),
        ] {
            assert!(has(net, inside) && !has(net, outside), "{net}");
        }
        let host = Target::parse("nas.lan").expect("a host");
        assert!(host.has_name("NAS.lan.") && !host.has_name("lan") && !host.has_name("evil-nas.lan"));
        assert!(!host.has_address("10.0.0.1".parse().expect("an address")));
    }
}
