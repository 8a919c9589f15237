//! Something between a client and the application that can tear what goes through it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::harness::PATIENCE;

pub struct Proxy {
    host: String,
    shared: Arc<Shared>,
}

struct Shared {
    target: Mutex<String>,
    /// Counts up with every tear; connections of before go.
    tears: watch::Sender<u64>,
    /// When something last went through.
    last: Mutex<Instant>,
    /// The method whose next answer is to be lost.
    swallow: Mutex<Option<&'static str>>,
}

impl Proxy {
    pub async fn start(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let host = listener.local_addr().expect("an address").to_string();
        let shared = Arc::new(Shared {
            target: Mutex::new(target.to_owned()),
            tears: watch::Sender::new(0),
            last: Mutex::new(Instant::now()),
            swallow: Mutex::default(),
        });
        let proxy = Self {
            host,
            shared: Arc::clone(&shared),
        };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, Arc::clone(&shared)));
            }
        });
        proxy
    }

    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn goes_to(&self, target: &str) {
        *self.shared.target.lock().expect("not poisoned") = target.to_owned();
    }

    /// Ends every connection that there is.
    pub fn tear(&self) {
        self.shared.tears.send_modify(|tears| *tears += 1);
    }

    pub fn swallow_next_answer_to(&self, method: &'static str) {
        *self.shared.swallow.lock().expect("not poisoned") = Some(method);
    }

    /// Once nothing has gone through for a moment.
    pub async fn until_quiet(&self) {
        let quiet = Duration::from_millis(300);
        let deadline = Instant::now() + PATIENCE;
        *self.shared.last.lock().expect("not poisoned") = Instant::now();
        while self.shared.last.lock().expect("not poisoned").elapsed() < quiet {
            assert!(Instant::now() < deadline, "it is never quiet");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn pass(mut client: TcpStream, shared: Arc<Shared>) {
    let target = shared.target.lock().expect("not poisoned").clone();
    let mut torn = shared.tears.subscribe();
    let Ok(mut server) = TcpStream::connect(target).await else {
        return;
    };
    let (mut up, mut down) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    let mut swallow = false;
    loop {
        tokio::select! {
            _ = torn.changed() => return,
            read = client.read(&mut up) => {
                let Ok(count @ 1..) = read else { return };
                {
                    let mut wanted = shared.swallow.lock().expect("not poisoned");
                    if wanted.is_some_and(|method| up.starts_with(method.as_bytes())) {
                        *wanted = None;
                        swallow = true;
                    }
                }
                if server.write_all(&up[..count]).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(count @ 1..) = read else { return };
                if swallow {
                    // It was done, and nobody hears of it.
                    return;
                }
                if client.write_all(&down[..count]).await.is_err() {
                    return;
                }
            }
        }
        *shared.last.lock().expect("not poisoned") = Instant::now();
    }
}
