//! A connection of a runtime: bytes in, commands out; reports in, bytes out. Never waits.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, RawFd};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::layout::forget;
use crate::wire::{Command, Frames, Hello, Malformed, NONCE_LENGTH, PROTOCOL, Refusal, Report};
use crate::{layout, program, sys};

/// Before its hello, a stranger can make the agent hold no more than this.
const STRANGERS_FRAME: usize = 256;

/// A client that lets this much pile up is not there any more; what it misses is in the spool.
const MAX_UNSENT: usize = 1024 * 1024;

/// How long a stranger has to say hello.
pub(crate) const HELLO_TIME: Duration = Duration::from_secs(5);

/// Under its name the socket is there only when it can be connected to, by everybody who should.
pub(crate) fn listen() -> io::Result<UnixListener> {
    const DRAFT: &str = "agent.sock.new";
    let listener = match UnixListener::bind(DRAFT) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            forget(Path::new(DRAFT))?;
            UnixListener::bind(DRAFT)?
        }
        bound => bound?,
    };
    listener.set_nonblocking(true)?;
    // The runtime need not be this user. Who may connect is settled by the directory around it (0700) and the nonce.
    fs::set_permissions(DRAFT, fs::Permissions::from_mode(0o666))?;
    fs::rename(DRAFT, layout::SOCKET)?;
    Ok(listener)
}

/// A connection.
pub(crate) struct Client {
    stream: UnixStream,
    frames: Frames,
    unsent: Vec<u8>,
    /// Nothing more comes from it and nothing more goes to it.
    pub(crate) gone: bool,
    pub(crate) since: Instant,
}

impl Client {
    pub(crate) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            frames: Frames::with_limit(STRANGERS_FRAME),
            unsent: Vec::new(),
            gone: false,
            since: Instant::now(),
        })
    }

    /// From now on it may send whole scripts.
    pub(crate) fn trust(&mut self) {
        self.frames.lift_limit();
    }

    /// What to wait for.
    pub(crate) fn interest(&self) -> libc::pollfd {
        let out = if self.unsent.is_empty() { 0 } else { libc::POLLOUT };
        libc::pollfd {
            fd: self.raw_fd(),
            events: libc::POLLIN | out,
            revents: 0,
        }
    }

    fn raw_fd(&self) -> RawFd {
        self.stream.as_raw_fd()
    }

    /// Takes what has come, once; poll tells when there is more.
    pub(crate) fn receive(&mut self, buffer: &mut [u8]) {
        match self.stream.read(buffer) {
            Ok(0) => self.gone = true,
            Ok(length) => self.frames.push(buffer.get(..length).unwrap_or_default()),
            Err(error) if would_wait(&error) => {}
            Err(_) => self.gone = true,
        }
    }

    /// The next command that has come in full.
    pub(crate) fn next_command(&mut self) -> Result<Option<Command>, Malformed> {
        self.frames.next_frame()?.map(Command::decode).transpose()
    }

    /// Whether everything said so far is on its way: the time for another wake-up.
    pub(crate) fn is_caught_up(&self) -> bool {
        self.unsent.is_empty()
    }

    /// Says something, now or when the client reads again.
    pub(crate) fn send(&mut self, report: &Report) {
        self.send_soon(report);
        self.flush();
    }

    /// Says something with what comes next, or at the latest with the next flush.
    pub(crate) fn send_soon(&mut self, report: &Report) {
        if report.encode(&mut self.unsent).is_err() || self.unsent.len() > MAX_UNSENT {
            self.gone = true;
        }
    }

    /// Waits until the client has hung up, as it does when it has heard the last word: whoever passes that on from the
    /// same container ends with this process.
    pub(crate) fn take_leave(&mut self, patience: Duration) {
        let until = Instant::now() + patience;
        let mut rest = [0; 4096];
        while !self.gone && Instant::now() < until {
            let mut fds = [self.interest()];
            let _ = sys::poll(&mut fds, Some(until.saturating_duration_since(Instant::now())));
            self.flush();
            self.receive(&mut rest);
        }
    }

    pub(crate) fn flush(&mut self) {
        while !self.unsent.is_empty() && !self.gone {
            match self.stream.write(&self.unsent) {
                Ok(0) => self.gone = true,
                Ok(sent) => drop(self.unsent.drain(..sent)),
                Err(error) if would_wait(&error) => return,
                Err(_) => self.gone = true,
            }
        }
    }
}

/// Whether a hello is what it must be: the epoch that is the newest now.
pub(crate) fn check(hello: &Hello, nonce: &[u8; NONCE_LENGTH], newest: u64) -> Result<u64, Refusal> {
    if hello.protocol != PROTOCOL {
        return Err(Refusal::Protocol(PROTOCOL));
    }
    // All bytes are compared, so that the time tells nothing of the place of the first wrong one.
    let difference = hello
        .nonce
        .iter()
        .zip(nonce)
        .fold(0, |seen, (a, b)| seen | (a ^ b));
    if difference != 0 {
        return Err(Refusal::Nonce);
    }
    if hello.epoch <= newest {
        Err(Refusal::Epoch(newest))
    } else {
        Ok(hello.epoch)
    }
}

/// The job's secret, from its directory.
pub(crate) fn read_nonce() -> Result<[u8; NONCE_LENGTH], String> {
    let mut nonce = [0; NONCE_LENGTH];
    File::open(layout::NONCE)
        .and_then(|mut file| file.read_exact(&mut nonce))
        .map_err(|error| format!("read the job's nonce: {}", program::plain(&error)))?;
    Ok(nonce)
}

fn would_wait(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}
