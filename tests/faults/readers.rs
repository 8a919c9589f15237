//! Readers of a live log, each in its manner: steady, slow, or over ever new connections. A reader goes on after the last
//! record it has, whatever becomes of connection and controller, and notices what is missing or comes twice.

use std::time::{Duration, Instant};

use tokio::net::TcpSocket;

use crate::product::{Client, Frame, LOOK_EVERY, Live, PATIENCE, Record};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Manner {
    Steady,
    /// A new connection after so many records.
    InPieces(usize),
    /// So long for each record, for so many records; then as fast as it can.
    Slow(Duration, usize),
}

pub(crate) struct Reader {
    client: Client,
    run: String,
    manner: Manner,
    /// The last sequence number it has.
    after: u64,
    /// What it has read, by stream.
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) connections: usize,
    /// Sequence numbers that were not the next.
    pub(crate) jumps: usize,
}

impl Reader {
    pub(crate) fn new(client: Client, run: &str, manner: Manner) -> Self {
        Self {
            client,
            run: run.to_owned(),
            manner,
            after: 0,
            stdout: Vec::new(),
            stderr: Vec::new(),
            connections: 0,
            jumps: 0,
        }
    }

    /// To the finished state. `seen` is shown every record.
    pub(crate) async fn read(mut self, mut seen: impl FnMut(&Record)) -> Self {
        let mut lived = Instant::now();
        loop {
            let socket = self.socket().expect("a socket");
            let Some(live) = self
                .client
                .try_live_over(socket, &self.run, &format!("after={}", self.after))
                .await
            else {
                assert!(lived.elapsed() < PATIENCE, "no controller came to read from");
                tokio::time::sleep(LOOK_EVERY).await;
                continue;
            };
            self.connections += 1;
            lived = Instant::now();
            if self.read_over(live, &mut seen).await {
                return self;
            }
        }
    }

    fn socket(&self) -> std::io::Result<TcpSocket> {
        let socket = TcpSocket::new_v4()?;
        if let Manner::Slow(..) = self.manner {
            // Or the kernel would read for it.
            socket.set_recv_buffer_size(4096)?;
        }
        Ok(socket)
    }

    /// Whether that was all: the finished state came last, and then a close. It comes first as well, to those who come late.
    async fn read_over(&mut self, mut live: Live, seen: &mut impl FnMut(&Record)) -> bool {
        let (mut records, mut is_finished) = (0, false);
        loop {
            match live.try_next().await {
                Ok(Some(Frame::Record(record))) => {
                    seen(&record);
                    self.take(record);
                    records += 1;
                    is_finished = false;
                }
                Ok(Some(Frame::State(run))) => is_finished = run["state"] == "finished",
                Ok(Some(Frame::Samples(_))) => {}
                Ok(None) => return is_finished,
                Err(_) => return false,
            }
            match self.manner {
                Manner::InPieces(most) if records >= most => return false,
                Manner::Slow(pause, most) if records < most => tokio::time::sleep(pause).await,
                _ => {}
            }
        }
    }

    fn take(&mut self, record: Record) {
        self.jumps += usize::from(record.seq != self.after + 1);
        self.after = record.seq;
        match record.stream.as_str() {
            "stdout" => self.stdout.extend(record.bytes),
            "stderr" => self.stderr.extend(record.bytes),
            _ => {}
        }
    }
}

/// On a thread of its own, so that nothing else in the test delays it.
pub(crate) fn on_a_thread(
    client: Client,
    run: &str,
    seen: impl FnMut(&Record) + Send + 'static,
) -> std::thread::JoinHandle<Reader> {
    let reader = Reader::new(client.elsewhere(), run, Manner::Steady);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(reader.read(seen))
    })
}
