//! Ports of this machine that lead to a service: who connects to `localhost` here speaks with the service's container.
//!
//! On GitHub a job without a container of its own runs on a virtual machine, where the ports that its services publish are on
//! `localhost`. In Loom such a job is in a container, and its agent makes the same ports there. Part of the agent's one loop:
//! nothing here waits, and what a slow reader leaves is bounded by one chunk a direction.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;
use std::time::{Duration, Instant};

use crate::sys;

/// More connections than these wait outside. Each takes two descriptors, of which a container may have no more than 1024 in
/// all: steps and ports need theirs too.
const MAX_LINKS: usize = 384;

/// How long nobody is let in after the system had no room for one more.
const REST: Duration = Duration::from_millis(100);

/// How often a connection moves something in one turn of the loop: the others get theirs too.
const TURNS: usize = 4;

/// How much of a direction is moved at once, and held when the reader is slow.
const PIECE: usize = 64 * 1024;

/// What a descriptor belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Door(usize),
    Link(usize),
}

/// All ports that lead to services, and the connections through them.
#[derive(Default)]
pub(crate) struct Forwards {
    doors: Vec<Door>,
    links: Vec<Link>,
    rests_until: Option<Instant>,
}

struct Door {
    port: u16,
    listener: TcpListener,
    to: SocketAddrV4,
}

/// A connection: one that came, and the one that was made for it.
struct Link {
    near: TcpStream,
    far: TcpStream,
    /// The far end has not answered yet.
    connecting: bool,
    out: Way,
    back: Way,
    broken: bool,
}

/// One direction of a connection.
#[derive(Default)]
struct Way {
    /// What was read and not yet taken.
    held: Vec<u8>,
    /// Nothing more comes.
    ended: bool,
    /// The reader knows that.
    end_sent: bool,
}

impl Forwards {
    /// Opens a port of `localhost` that leads to `to`. One that leads somewhere already leads there from now on: a second
    /// runtime may ask for what the first has asked for.
    ///
    /// # Errors
    /// In a sentence, when something else listens there.
    pub(crate) fn open(&mut self, port: u16, to: SocketAddrV4) -> Result<(), String> {
        let mut known = false;
        for door in self.doors.iter_mut().filter(|door| door.port == port) {
            door.to = to;
            known = true;
        }
        if known {
            return Ok(());
        }
        let listen = |address: SocketAddr| {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            Ok::<_, io::Error>(listener)
        };
        let listener = listen((Ipv4Addr::LOCALHOST, port).into())
            .map_err(|error| format!("localhost:{port} cannot be listened on: {error}"))?;
        self.doors.push(Door { port, listener, to });
        // Many a machine has no IPv6, and then nobody asks for it.
        if let Ok(listener) = listen((Ipv6Addr::LOCALHOST, port).into()) {
            self.doors.push(Door { port, listener, to });
        }
        Ok(())
    }

    /// What to wait for.
    pub(crate) fn interests(&self) -> impl Iterator<Item = (Part, libc::pollfd)> {
        let open = self.links.len() < MAX_LINKS && self.rests_until.is_none();
        let doors = self.doors.iter().enumerate().filter(move |_| open);
        let doors = doors.map(|(i, door)| (Part::Door(i), sys::readable(door.listener.as_raw_fd())));
        let links = self.links.iter().enumerate().flat_map(|(i, link)| {
            let fds = link.interests().into_iter().filter(|fd| fd.events != 0);
            fds.map(move |fd| (Part::Link(i), fd))
        });
        doors.chain(links)
    }

    /// When something is to be looked at though nothing happened.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.rests_until
    }

    /// Does what a ready descriptor asks for. Positions hold until [`Forwards::tidy`].
    pub(crate) fn handle(&mut self, part: Part, buffer: &mut [u8]) {
        match part {
            Part::Door(index) => self.let_in(index),
            Part::Link(index) => {
                if let Some(link) = self.links.get_mut(index) {
                    link.proceed(buffer);
                }
            }
        }
    }

    /// Forgets connections that are over. After all descriptors of a turn.
    pub(crate) fn tidy(&mut self) {
        self.links.retain(|link| !link.is_over());
        if self.rests_until.is_some_and(|until| Instant::now() >= until) {
            self.rests_until = None;
        }
    }

    fn let_in(&mut self, index: usize) {
        let Some(door) = self.doors.get(index) else { return };
        match door.listener.accept() {
            // Whoever cannot be led anywhere is hung up on, as Docker's own proxy does it.
            Ok((near, _)) => self.links.extend(Link::new(near, door.to).ok()),
            Err(error) if would_wait(&error) || error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(_) => self.rests_until = Some(Instant::now() + REST),
        }
    }
}

impl Link {
    fn new(near: TcpStream, to: SocketAddrV4) -> io::Result<Self> {
        near.set_nonblocking(true)?;
        let far = sys::connect_later(to)?;
        // What is written in pieces is meant to arrive so; a refusal costs speed only.
        let _ = near.set_nodelay(true);
        let _ = far.set_nodelay(true);
        Ok(Self {
            near,
            far,
            connecting: true,
            out: Way::default(),
            back: Way::default(),
            broken: false,
        })
    }

    fn interests(&self) -> [libc::pollfd; 2] {
        let wanted = |reads: &Way, writes: &Way| {
            let read = if reads.ended || !reads.held.is_empty() {
                0
            } else {
                libc::POLLIN
            };
            let write = if writes.held.is_empty() { 0 } else { libc::POLLOUT };
            read | write
        };
        let (near, far) = if self.connecting {
            (0, libc::POLLOUT)
        } else {
            (wanted(&self.out, &self.back), wanted(&self.back, &self.out))
        };
        let poll = |stream: &TcpStream, events| libc::pollfd {
            fd: stream.as_raw_fd(),
            events,
            revents: 0,
        };
        [poll(&self.near, near), poll(&self.far, far)]
    }

    fn proceed(&mut self, buffer: &mut [u8]) {
        if self.connecting {
            match self.far.take_error() {
                Ok(None) if self.far.peer_addr().is_ok() => self.connecting = false,
                Ok(None) => return,
                Ok(Some(_)) | Err(_) => {
                    self.broken = true;
                    return;
                }
            }
        }
        let moved = self
            .out
            .proceed(&mut self.near, &mut self.far, buffer)
            .and_then(|()| self.back.proceed(&mut self.far, &mut self.near, buffer));
        self.broken |= moved.is_err();
    }

    fn is_over(&self) -> bool {
        self.broken || (self.out.end_sent && self.back.end_sent)
    }
}

impl Way {
    fn proceed(&mut self, from: &mut TcpStream, to: &mut TcpStream, buffer: &mut [u8]) -> io::Result<()> {
        for _ in 0..TURNS {
            if !self.held.is_empty() {
                match to.write(&self.held) {
                    Ok(taken) => drop(self.held.drain(..taken)),
                    Err(error) if would_wait(&error) => return Ok(()),
                    Err(error) => return Err(error),
                }
                if !self.held.is_empty() {
                    return Ok(());
                }
            }
            if self.ended {
                break;
            }
            let length = buffer.len().min(PIECE);
            let Some(piece) = buffer.get_mut(..length) else {
                break;
            };
            match from.read(piece) {
                Ok(0) => self.ended = true,
                Ok(length) => self.pass_on(piece.get(..length).unwrap_or_default(), to)?,
                Err(error) if would_wait(&error) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        if self.ended && self.held.is_empty() && !self.end_sent {
            self.end_sent = true;
            // One that has hung up in both directions need not be told.
            let _ = to.shutdown(Shutdown::Write);
        }
        Ok(())
    }

    /// Writes what can be written now, and holds the rest.
    fn pass_on(&mut self, piece: &[u8], to: &mut TcpStream) -> io::Result<()> {
        let taken = match to.write(piece) {
            Ok(taken) => taken,
            Err(error) if would_wait(&error) => 0,
            Err(error) => return Err(error),
        };
        self.held
            .extend_from_slice(piece.get(taken..).unwrap_or_default());
        Ok(())
    }
}

fn would_wait(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}
