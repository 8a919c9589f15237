use std::collections::HashMap;
use std::io;

use super::*;

/// Names with their addresses; others are unknown.
struct Names(HashMap<&'static str, Vec<&'static str>>);

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, host: &str, _: u16) -> io::Result<Vec<IpAddr>> {
        match self.0.get(host) {
            Some(ips) => Ok(ips.iter().map(|ip| ip.parse().expect("an address")).collect()),
            None => Err(io::Error::other("no such host")),
        }
    }
}

fn names() -> Names {
    Names(HashMap::from([
        (
            "example.com",
            vec!["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
        ),
        ("mixed.example", vec!["93.184.215.14", "10.0.0.5"]),
        ("mixed6.example", vec!["2606:2800::1", "::1"]),
        ("localhost", vec!["127.0.0.1", "::1"]),
        ("rebind.example", vec!["127.0.0.1"]),
        ("nas.lan", vec!["192.168.1.20"]),
        ("metadata.google.internal", vec!["169.254.169.254"]),
        ("linked.example", vec!["169.254.7.7"]),
        ("zero.example", vec!["0.0.0.0"]),
        ("mapped.example", vec!["::ffff:127.0.0.1"]),
        ("nothing.example", vec![]),
    ]))
}

async fn judged(url: &str, allowed: &[&str]) -> Result<usize, String> {
    let allowed: Vec<_> = allowed
        .iter()
        .map(|text| Target::parse(text).expect("a target"))
        .collect();
    let address = Address::parse(url).map_err(|e| format!("malformed: {e}"))?;
    match vet(&address, &allowed, &names()).await {
        Ok(ips) => Ok(ips.len()),
        Err(Refused::Forbidden { kind, .. }) => Err(format!("{kind:?}")),
        Err(Refused::Unresolved { .. }) => Err("unresolved".to_owned()),
        Err(Refused::Malformed(why)) => Err(why.to_owned()),
    }
}

#[tokio::test]
async fn what_is_not_on_the_internet_is_refused_however_it_is_written() {
    let table = [
        // This machine, in every way of writing it that some reader of URLs takes.
        ("http://127.0.0.1/", "Loopback"),
        ("http://127.0.0.1:8420/api/v1/scripts", "Loopback"),
        ("https://127.255.255.254/", "Loopback"),
        ("http://127.1/", "Loopback"),
        ("http://127.0.1/", "Loopback"),
        ("http://127.0.0.1./", "Loopback"),
        ("http://2130706433/", "Loopback"),
        ("http://017700000001/", "Loopback"),
        ("http://0177.0.0.1/", "Loopback"),
        ("http://0x7f000001/", "Loopback"),
        ("http://0x7f.1/", "Loopback"),
        ("http://0x7F.0x0.0x0.0x1/", "Loopback"),
        ("http://%31%32%37.0.0.1/", "Loopback"),
        ("http://①②⑦.0.0.1/", "Loopback"),
        ("http://127。0。0。1/", "Loopback"),
        ("http://user:word@127.0.0.1/", "Loopback"),
        ("http://example.com@127.0.0.1/", "Loopback"),
        ("http://localhost/", "Loopback"),
        ("http://LOCALHOST/", "Loopback"),
        ("http://rebind.example/", "Loopback"),
        ("http://[::1]/", "Loopback"),
        ("http://[0:0:0:0:0:0:0:1]/", "Loopback"),
        ("http://[::ffff:127.0.0.1]/", "Loopback"),
        ("http://[::ffff:7f00:1]/", "Loopback"),
        ("http://[64:ff9b::127.0.0.1]/", "Loopback"),
        ("http://[2002:7f00:1::]/", "Loopback"),
        ("http://mapped.example/", "Loopback"),
        // Networks of one's own.
        ("http://10.0.0.1/", "Private"),
        ("http://10.255.255.255/", "Private"),
        ("http://167772161/", "Private"),
        ("http://172.16.0.1/", "Private"),
        ("http://172.31.255.255/", "Private"),
        ("http://192.168.0.1/", "Private"),
        ("http://0xc0a80001/", "Private"),
        ("http://[fc00::1]/", "Private"),
        ("http://[fd12:3456:789a::1]/", "Private"),
        ("http://[fec0::1]/", "Private"),
        ("http://[::ffff:192.168.0.1]/", "Private"),
        ("http://[64:ff9b::10.0.0.1]/", "Private"),
        ("http://[64:ff9b:1::1]/", "Private"),
        ("http://[2002:c0a8:1::1]/", "Private"),
        ("http://nas.lan/", "Private"),
        // Good and bad at once is bad.
        ("http://mixed.example/", "Private"),
        ("http://mixed6.example/", "Loopback"),
        ("http://100.64.0.1/", "Shared"),
        ("http://100.127.255.255/", "Shared"),
        // Clouds.
        ("http://169.254.169.254/latest/meta-data/", "Metadata"),
        ("http://2852039166/", "Metadata"),
        ("http://0xa9fea9fe/", "Metadata"),
        ("http://0251.0376.0251.0376/", "Metadata"),
        ("http://[::ffff:169.254.169.254]/", "Metadata"),
        ("http://[64:ff9b::a9fe:a9fe]/", "Metadata"),
        ("http://[fd00:ec2::254]/", "Metadata"),
        ("http://100.100.100.200/", "Metadata"),
        ("http://168.63.129.16/", "Metadata"),
        ("http://192.0.0.192/", "Metadata"),
        ("http://metadata.google.internal/", "Metadata"),
        ("http://169.254.0.1/", "LinkLocal"),
        ("http://[fe80::1]/", "LinkLocal"),
        ("http://[febf::1]/", "LinkLocal"),
        ("http://linked.example/", "LinkLocal"),
        // What nobody has.
        ("http://0.0.0.0/", "Unspecified"),
        ("http://0/", "Unspecified"),
        ("http://0.1.2.3/", "Unspecified"),
        ("http://[::]/", "Unspecified"),
        ("http://[::ffff:0.0.0.0]/", "Unspecified"),
        ("http://zero.example/", "Unspecified"),
        ("http://224.0.0.1/", "Multicast"),
        ("http://239.255.255.255/", "Multicast"),
        ("http://[ff02::1]/", "Multicast"),
        ("http://255.255.255.255/", "Reserved"),
        ("http://240.0.0.1/", "Reserved"),
        ("http://192.0.0.1/", "Reserved"),
        ("http://192.88.99.1/", "Reserved"),
        ("http://198.18.0.1/", "Reserved"),
        ("http://198.19.255.255/", "Reserved"),
        ("http://[::127.0.0.1]/", "Reserved"),
        ("http://[::2]/", "Reserved"),
        ("http://[100::1]/", "Reserved"),
        ("http://[2001::1]/", "Reserved"),
        ("http://[2001:0:7f00:1::]/", "Reserved"),
        ("http://[4000::1]/", "Reserved"),
        ("http://[5f00::1]/", "Reserved"),
        ("http://192.0.2.1/", "Documentation"),
        ("http://198.51.100.1/", "Documentation"),
        ("http://203.0.113.1/", "Documentation"),
        ("http://[2001:db8::1]/", "Documentation"),
        ("http://[3fff::1]/", "Documentation"),
        ("http://nothing.example/", "unresolved"),
        ("http://unknown.example/", "unresolved"),
    ];
    for (url, why) in table {
        assert_eq!(judged(url, &[]).await, Err(why.to_owned()), "{url}");
    }
    assert!(table.len() >= 60);
}

#[tokio::test]
async fn what_is_no_address_of_a_receiver_is_refused() {
    for url in [
        "",
        "example.com",
        "//example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "javascript:alert(1)",
        "unix:///var/run/docker.sock",
        "http://",
        "http://./",
        "http://exa mple.com/",
        "http://example.com/\r\nX-Evil: 1",
        "http://exa\tmple.com/",
        "http://example.com\\@127.0.0.1/",
        "http://[::1",
        "http://[fe80::1%25eth0]/",
        "http://256.1.1.1/",
        "http://1.2.3.4.5/",
        "http://example.com:99999/",
        "http://example.com:0/",
        "http://a%3Ab:c@example.com/",
        &format!("http://example.com/{}", "x".repeat(2_048)),
    ] {
        let refused = judged(url, &[]).await.expect_err(url);
        assert!(!matches!(refused.as_str(), "unresolved"), "{url}: {refused}");
    }
}

#[tokio::test]
async fn what_is_on_the_internet_is_sent_to() {
    for (url, addresses) in [
        ("https://example.com/hook", 2),
        ("http://EXAMPLE.com:8080/hook?x=1#part", 2),
        ("https://user:word@example.com/", 2),
        ("https://1.1.1.1/", 1),
        ("https://[2606:4700::1111]/", 1),
        ("https://[::ffff:1.1.1.1]/", 1),
        ("https://[64:ff9b::1.1.1.1]/", 1),
        ("https://172.32.0.1/", 1),
        ("https://100.128.0.1/", 1),
        ("https://169.253.0.1/", 1),
    ] {
        assert_eq!(judged(url, &[]).await, Ok(addresses), "{url}");
    }
}

#[tokio::test]
async fn settings_open_what_they_name_and_nothing_else() {
    let table: [(&str, &[&str], Result<usize, &str>); 16] = [
        ("http://nas.lan/", &["nas.lan"], Ok(1)),
        ("http://NAS.lan/", &["nas.lan"], Ok(1)),
        ("http://nas.lan/", &["192.168.0.0/16"], Ok(1)),
        ("http://nas.lan/", &["192.168.1.21"], Err("Private")),
        ("http://nas.lan/", &["lan"], Err("Private")),
        ("http://localhost/", &["localhost"], Ok(2)),
        ("http://localhost/", &["127.0.0.0/8"], Err("Loopback")),
        ("http://localhost/", &["127.0.0.0/8", "::1"], Ok(2)),
        ("http://[::ffff:192.168.1.20]/", &["192.168.1.20"], Ok(1)),
        ("http://mixed.example/", &["10.0.0.0/8"], Ok(2)),
        // A name may lead anywhere tomorrow: it opens no way to a cloud's keys.
        (
            "http://metadata.google.internal/",
            &["metadata.google.internal"],
            Err("Metadata"),
        ),
        ("http://metadata.google.internal/", &["169.254.169.254"], Ok(1)),
        ("http://linked.example/", &["linked.example"], Err("LinkLocal")),
        (
            "http://zero.example/",
            &["zero.example", "0.0.0.0/0", "::/0"],
            Err("Unspecified"),
        ),
        ("http://224.0.0.1/", &["0.0.0.0/0"], Err("Multicast")),
        ("http://255.255.255.255/", &["0.0.0.0/0"], Err("Reserved")),
    ];
    for (url, allowed, expected) in table {
        assert_eq!(
            judged(url, allowed).await,
            expected.map_err(str::to_owned),
            "{url} {allowed:?}"
        );
    }
}

#[test]
fn nothing_secret_is_shown() {
    for (url, shown) in [
        (
            "https://hooks.slack.com/services/T0001/B0001/abcdefghijklmnopWXYZ",
            "https://hooks.slack.com/…WXYZ",
        ),
        ("https://ntfy.sh/topic", "https://ntfy.sh/…"),
        ("https://ntfy.sh/", "https://ntfy.sh/"),
        ("https://ntfy.sh", "https://ntfy.sh/"),
        (
            "http://ann:word@nas.lan:8080/x?token=abcdefghijklmnopqrstuv",
            "http://…@nas.lan:8080/…stuv",
        ),
        (
            "https://[2606:4700::1111]:8443/a",
            "https://[2606:4700::1111]:8443/…",
        ),
    ] {
        let address = Address::parse(url).expect(url);
        assert_eq!(address.shown(), shown);
    }
    let address = Address::parse("http://ann:w%20rd@nas.lan/x").expect("an address");
    assert_eq!(address.url.as_str(), "http://nas.lan/x");
    let (user, word) = address.login.as_ref().expect("a login");
    assert_eq!((user.as_str(), word.reveal()), ("ann", "w rd"));
    assert!(!format!("{address:?}").contains("w rd"));
}
