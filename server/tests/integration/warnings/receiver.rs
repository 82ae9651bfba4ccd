//! A receiver of webhooks on a real socket, that answers as it is asked to.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::support::LIMIT;

/// What is done with a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Does {
    /// It is answered with this status.
    Answer(u16),
    /// It is sent elsewhere.
    Redirect,
    /// It is answered with more than anybody wants to read.
    Talk,
    /// It is never answered.
    Wait,
    /// The connection ends.
    Close,
}

/// What came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned())
    }
}

/// The receiver; it ends with this.
pub(crate) struct Receiver {
    pub(crate) addr: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    came: mpsc::UnboundedReceiver<Request>,
    serving: JoinHandle<()>,
}

impl Receiver {
    /// Does one after the other, and the last one for ever.
    pub(crate) async fn doing(script: &[Does]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let (kept, mut script) = (requests.clone(), VecDeque::from(script.to_vec()));
        let (comes, came) = mpsc::unbounded_channel();
        let serving = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = read(&mut stream).await;
                kept.lock().unwrap().push(request.clone());
                let _nobody_waits = comes.send(request);
                let does = if script.len() > 1 {
                    script.pop_front()
                } else {
                    script.front().copied()
                };
                if answer(&mut stream, does.unwrap()).await {
                    held.push(stream);
                }
            }
        });
        Self {
            addr,
            requests,
            came,
            serving,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook/SECRET-PATH?key=SECRET-QUERY", self.addr)
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Request {
        timeout(LIMIT, self.came.recv())
            .await
            .expect("it comes in time")
            .unwrap()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Whether the connection is to be held.
async fn answer(stream: &mut TcpStream, does: Does) -> bool {
    let head = |status: u16, more: &str| format!("HTTP/1.1 {status} X\r\n{more}Content-Length: 0\r\n\r\n");
    let text = match does {
        Does::Answer(status) => head(status, ""),
        Does::Redirect => head(302, "Location: http://127.0.0.1:1/elsewhere\r\n"),
        Does::Talk => {
            let _gone = stream
                .write_all(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n")
                .await;
            while stream.write_all(b"1000\r\n").await.is_ok()
                && stream.write_all(&[b'x'; 4_098]).await.is_ok()
            {}
            return false;
        }
        Does::Wait => return true,
        Does::Close => return false,
    };
    stream.write_all(text.as_bytes()).await.unwrap();
    false
}

async fn read(stream: &mut TcpStream) -> Request {
    let mut bytes = Vec::new();
    loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let request = Request {
                head,
                body: Vec::new(),
            };
            let length: usize = request.header("content-length").unwrap().parse().unwrap();
            while bytes.len() < end + 4 + length {
                assert!(
                    stream.read_buf(&mut bytes).await.unwrap() > 0,
                    "the request is whole"
                );
            }
            let body = bytes[end + 4..].to_vec();
            return Request { body, ..request };
        }
        assert!(
            stream.read_buf(&mut bytes).await.unwrap() > 0,
            "the head is whole"
        );
    }
}
