//! A small HTTP/1.1 client over TCP or a unix socket: one request a connection. It sends exactly what a test says, a
//! foreign `Host` or `Origin` included, which ready-made clients do not like to do.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use serde_json::Value;

use super::poll::LIMIT;

/// Where a server listens.
#[derive(Clone, Debug)]
pub(crate) enum Address {
    /// `host:port`.
    Tcp(String),
    /// A socket's path.
    Unix(PathBuf),
}

impl Address {
    /// A server of this machine.
    pub(crate) fn local(port: u16) -> Self {
        Self::Tcp(format!("127.0.0.1:{port}"))
    }

    /// As `DOCKER_HOST` has it.
    pub(crate) fn of_engine(host: &str) -> Self {
        if let Some(path) = host.strip_prefix("unix://") {
            return Self::Unix(path.into());
        }
        let tcp = host
            .strip_prefix("tcp://")
            .or_else(|| host.strip_prefix("http://"));
        Self::Tcp(
            tcp.unwrap_or_else(|| panic!("an engine at {host}: only unix:// and tcp:// are known here"))
                .to_owned(),
        )
    }

    fn host(&self) -> String {
        match self {
            Self::Tcp(host) => host.clone(),
            Self::Unix(_) => "localhost".to_owned(),
        }
    }

    /// A connection, bounded in time; none when nobody listens.
    fn connect(&self) -> std::io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Tcp(host) => {
                let stream = TcpStream::connect(host.as_str())?;
                stream.set_read_timeout(Some(LIMIT))?;
                Box::new(stream)
            }
            Self::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(LIMIT))?;
                Box::new(stream)
            }
        })
    }

    pub(crate) fn get(&self, path: &str) -> Request {
        Request::new(self.clone(), "GET", path)
    }

    pub(crate) fn post(&self, path: &str) -> Request {
        Request::new(self.clone(), "POST", path)
    }

    pub(crate) fn delete(&self, path: &str) -> Request {
        Request::new(self.clone(), "DELETE", path)
    }
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// A request that is about to be sent.
pub(crate) struct Request {
    address: Address,
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn new(address: Address, method: &'static str, path: &str) -> Self {
        let headers = vec![
            ("Host".to_owned(), address.host()),
            ("Connection".to_owned(), "close".to_owned()),
        ];
        Self {
            address,
            method,
            path: path.to_owned(),
            headers,
            body: Vec::new(),
        }
    }

    /// Sets a header, in place of one of that name.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A body as it is.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// A JSON body and its content type.
    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        self.header("Content-Type", "application/json")
    }

    /// Sends it; fails the test when there is no answer.
    #[track_caller]
    pub(crate) fn send(self) -> Answer {
        let shown = format!("{} {:?}{}", self.method, self.address, self.path);
        self.try_send().unwrap_or_else(|e| panic!("{shown}: {e}"))
    }

    /// Sends it.
    pub(crate) fn try_send(self) -> std::io::Result<Answer> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.method != "GET" || !self.body.is_empty() {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        let mut stream = self.address.connect()?;
        stream.write_all(head.as_bytes())?;
        stream.write_all(&self.body)?;
        stream.flush()?;
        Answer::read(&mut BufReader::new(stream))
    }
}

/// What a server answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn read(stream: &mut impl BufRead) -> std::io::Result<Self> {
        let bad = |what: &str| std::io::Error::new(std::io::ErrorKind::InvalidData, what.to_owned());
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .ok_or_else(|| bad("no status line"))?;
        let mut headers = Vec::new();
        loop {
            line.clear();
            stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Self {
            status,
            headers,
            body: Vec::new(),
        };
        if answer
            .header("transfer-encoding")
            .is_some_and(|v| v.eq_ignore_ascii_case("chunked"))
        {
            loop {
                line.clear();
                stream.read_line(&mut line)?;
                let size = usize::from_str_radix(line.trim(), 16).map_err(|_| bad("no chunk size"))?;
                let mut chunk = vec![0; size + 2];
                stream.read_exact(&mut chunk)?;
                if size == 0 {
                    break;
                }
                answer.body.extend_from_slice(&chunk[..size]);
            }
        } else if let Some(length) = answer.header("content-length") {
            answer.body = vec![0; length.parse().map_err(|_| bad("no length"))?];
            stream.read_exact(&mut answer.body)?;
        } else if status != 204 && status != 101 {
            stream.read_to_end(&mut answer.body)?;
        }
        Ok(answer)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Insists on a status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "status; the body is: {}", self.text());
        self
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("no JSON ({e}): {}", self.text()))
    }
}
