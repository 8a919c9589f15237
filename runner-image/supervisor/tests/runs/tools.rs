//! The verb `tools`: programs over a socket, one per connection.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use pytask_protocol::VERSION;
use pytask_protocol::tools::{Ended, Reply, Request, TOOLS_SOCKET, TOOLS_SPEC_FILE, ToolsSpec};
use tempfile::TempDir;

use crate::support::{PATIENCE, Supervisor, process, supervisor, wait_for};

struct Tools {
    folder: TempDir,
    supervisor: Supervisor,
}

impl Tools {
    fn start(programs: &[(&str, &[&str])]) -> Tools {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let me = fs::metadata("/proc/self").expect("our own process");
        let programs = programs.iter().map(|(name, argv)| {
            let argv = argv.iter().map(ToString::to_string).collect();
            ((*name).to_owned(), argv)
        });
        let spec = ToolsSpec {
            version: VERSION,
            programs: programs.collect(),
            env: BTreeMap::from([("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned())]),
            cwd: "/".to_owned(),
            uid: me.uid(),
            gid: me.gid(),
            connections: 3,
        };
        let json = serde_json::to_vec(&spec).expect("JSON");
        fs::write(folder.path().join(TOOLS_SPEC_FILE), json).expect("written");
        let supervisor = Supervisor::start(supervisor().arg("tools").arg(folder.path()));
        let tools = Tools { folder, supervisor };
        wait_for("the socket", || {
            fs::metadata(tools.socket())
                .ok()
                .filter(|meta| meta.mode() & 0o777 == 0o600)
        });
        tools
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join(TOOLS_SOCKET)
    }

    fn ask(&self, program: &str, after_input_ms: u64) -> UnixStream {
        let request = Request {
            program: program.to_owned(),
            args: vec![],
            after_input_ms,
        };
        let mut line = serde_json::to_vec(&request).expect("JSON");
        line.push(b'\n');
        self.say(&line)
    }

    fn say(&self, line: &[u8]) -> UnixStream {
        let mut stream = UnixStream::connect(self.socket()).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        // It may have refused already.
        let _ = stream.write_all(line);
        stream
    }
}

/// What the program wrote on both streams, and its end.
fn hear_out(stream: &mut UnixStream) -> (Vec<u8>, Vec<u8>, Option<Ended>) {
    let (mut out, mut err, mut held) = (vec![], vec![], vec![]);
    let mut piece = [0; 4096];
    loop {
        let length = stream.read(&mut piece).expect("in time");
        held.extend_from_slice(&piece[..length]);
        while let Some((reply, used)) = Reply::decode(&held).expect("replies") {
            held.drain(..used);
            match reply {
                Reply::Stdout(bytes) => out.extend(bytes),
                Reply::Stderr(bytes) => err.extend(bytes),
                Reply::Ended(end) => {
                    assert!(held.is_empty(), "the end is the last");
                    return (out, err, Some(end));
                }
            }
        }
        if length == 0 {
            return (out, err, None);
        }
    }
}

/// The first line that the program writes.
fn first_line(stream: &mut UnixStream) -> String {
    let (mut held, mut piece) = (vec![], [0; 256]);
    loop {
        let length = stream.read(&mut piece).expect("in time");
        assert!(length > 0, "it goes on");
        held.extend_from_slice(&piece[..length]);
        if let Some((Reply::Stdout(line), _)) = Reply::decode(&held).expect("replies") {
            return String::from_utf8(line).expect("text").trim().to_owned();
        }
    }
}

fn gone(pid: &str) -> Option<()> {
    let pid = pid.parse().expect("a process id");
    process(pid).is_none().then_some(())
}

#[test]
fn bytes_go_both_ways_and_the_end_is_told() {
    let tools = Tools::start(&[("echo", &["sh", "-c", "cat; echo bad >&2; exit 3"])]);
    let sent: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let mut stream = tools.ask("echo", 60_000);
    let mut sender = stream.try_clone().expect("a second handle");
    let feed = sent.clone();
    let sending = std::thread::spawn(move || {
        sender.write_all(&feed).expect("all is taken");
        sender.shutdown(Shutdown::Write).expect("closed");
    });
    let (out, err, ended) = hear_out(&mut stream);
    sending.join().expect("sent");
    assert!(out == sent, "{} bytes of {}", out.len(), sent.len());
    assert_eq!(err, b"bad\n");
    assert_eq!(ended.expect("an end").code, Some(3));
}

#[test]
fn what_is_no_request_is_refused_with_its_reason() {
    let tools = Tools::start(&[("missing", &["/no/such/program"]), ("cat", &["cat"])]);
    let refused = |stream: &mut UnixStream| {
        let (out, err, ended) = hear_out(stream);
        assert_eq!((out.len(), err.len()), (0, 0));
        ended.and_then(|end| end.error).expect("a reason")
    };
    let asking = |program: &str| format!("{{\"program\":\"{program}\"}}\n").into_bytes();
    let table = [
        (asking("python3"), "no program"),
        (asking("missing"), "cannot start /no/such/program"),
        (b"{}\n".to_vec(), "the request is none"),
        (b"\xff\n".to_vec(), "the request is none"),
        (br#"{"program":"cat"}"#.to_vec(), "no request came"),
        (
            br#"{"program":"cat","more":1}"#.iter().chain(b"\n").copied().collect(),
            "the request is none",
        ),
        (vec![b'x'; 17 * 1024], "too long"),
    ];
    for (line, reason) in table {
        let mut stream = tools.say(&line);
        let _ = stream.shutdown(Shutdown::Write);
        let said = refused(&mut stream);
        assert!(said.contains(reason), "{said}");
    }
}

#[test]
fn a_program_goes_with_its_connection() {
    // One that ignores everything but its death, and has started another.
    let stubborn = "trap '' TERM HUP PIPE; sleep 1000 & echo $!; while :; do sleep 1; done";
    let tools = Tools::start(&[("stubborn", &["sh", "-c", stubborn])]);
    let mut stream = tools.ask("stubborn", 0);
    let started = first_line(&mut stream);
    assert!(gone(&started).is_none());
    drop(stream);
    wait_for("the program is gone with what it started", || gone(&started));
}

#[test]
fn a_flood_that_nobody_reads_waits_and_then_ends() {
    let tools = Tools::start(&[("flood", &["sh", "-c", "echo $$; exec yes"])]);
    let mut stream = tools.ask("flood", 0);
    let pid = first_line(&mut stream);
    // Long enough to fill every buffer on the way many times, if there were no end to them.
    std::thread::sleep(Duration::from_millis(500));
    let rss = fs::read_to_string(format!("/proc/{}/statm", tools.supervisor.pid())).expect("it runs");
    let pages: u64 = rss
        .split(' ')
        .nth(1)
        .and_then(|n| n.parse().ok())
        .expect("a number");
    assert!(pages * 4096 < 16 << 20, "{pages} pages");
    drop(stream);
    wait_for("the flood is gone", || gone(&pid));
}

#[test]
fn there_are_no_more_programs_than_allowed_and_places_come_back() {
    let tools = Tools::start(&[("wait", &["sh", "-c", "echo $$; cat"])]);
    let mut held: Vec<_> = (0..3)
        .map(|_| {
            let mut stream = tools.ask("wait", 0);
            first_line(&mut stream);
            stream
        })
        .collect();
    let (.., ended) = hear_out(&mut tools.ask("wait", 0));
    assert!(
        ended
            .and_then(|end| end.error)
            .is_some_and(|why| why.contains("too many"))
    );
    drop(held.pop());
    wait_for("a place", || {
        let mut stream = tools.ask("wait", 60_000);
        stream.shutdown(Shutdown::Write).expect("closed");
        hear_out(&mut stream).2.filter(|end| end.code == Some(0))
    });
}

#[test]
fn a_stop_ends_everything() {
    let tools = Tools::start(&[(
        "wait",
        &["sh", "-c", "trap '' TERM; echo $$; while :; do sleep 1; done"],
    )]);
    let mut stream = tools.ask("wait", 0);
    let pid = first_line(&mut stream);
    tools.supervisor.signal("TERM");
    let Tools { supervisor, folder } = tools;
    assert_eq!(supervisor.wait().code(), Some(0));
    wait_for("the program is gone", || gone(&pid));
    assert!(!folder.path().join(TOOLS_SOCKET).exists());
}
