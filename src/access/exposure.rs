//! Who can reach the port: this machine alone, or others as well.
//!
//! Outside a container the address that is listened on says it. Inside one it is always a wide one, and who publishes the
//! port decides; the Compose file uses one variable both for the mapping and to tell us, so that the two cannot differ.
//! Where nothing is told, what is listened on counts: the careful answer.

use std::net::IpAddr;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exposure {
    /// At which the port can be reached.
    pub address: IpAddr,
}

impl Exposure {
    pub fn of(listen: IpAddr, published: Option<IpAddr>) -> Self {
        Self {
            address: published.unwrap_or(listen),
        }
    }

    /// Whether other machines can reach it.
    pub fn is_wide(self) -> bool {
        match self.address {
            IpAddr::V4(address) => !address.is_loopback(),
            // `::ffff:127.0.0.1` is 127.0.0.1.
            IpAddr::V6(address) => !address.to_canonical().is_loopback(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_published_counts_and_else_what_is_listened_on() {
        let table = [
            ("127.0.0.1", None, false),
            ("::1", None, false),
            ("::ffff:127.0.0.1", None, false),
            ("127.8.8.8", None, false),
            ("0.0.0.0", None, true),
            ("::", None, true),
            ("192.168.1.5", None, true),
            ("0.0.0.0", Some("127.0.0.1"), false),
            ("0.0.0.0", Some("::1"), false),
            ("0.0.0.0", Some("0.0.0.0"), true),
            ("127.0.0.1", Some("10.0.0.1"), true),
        ];
        for (listen, published, wide) in table {
            let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
            let exposure = Exposure::of(ip(listen), published.map(ip));
            assert_eq!(exposure.is_wide(), wide, "{listen} {published:?}");
        }
    }
}
