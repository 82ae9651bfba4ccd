//! Opening the port: both loopback addresses where there are two, and clear words when it can't be had.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

use crate::StartError;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1024;
/// How often a free port is looked for that both loopback addresses have.
const TRIES: usize = 20;

/// Opens `bind`:`port`. The first listener is the one to show: its port is the port when 0 was asked for.
pub(crate) fn listen(bind: IpAddr, port: u16) -> Result<Vec<TcpListener>, StartError> {
    if !bind.is_loopback() {
        return Ok(vec![open(bind, port)?]);
    }
    let other = match bind {
        IpAddr::V4(Ipv4Addr::LOCALHOST) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        // 127.0.0.2 and its like were chosen on purpose.
        IpAddr::V4(_) => return Ok(vec![open(bind, port)?]),
    };
    let mut tries = 0;
    loop {
        let first = open(bind, port)?;
        let port_taken = first.local_addr().map_err(|source| StartError::Listen {
            address: SocketAddr::new(bind, port),
            source,
        })?;
        match open(other, port_taken.port()) {
            Ok(second) => return Ok(vec![first, second]),
            // A machine without IPv6 (or, seldom, without IPv4).
            Err(StartError::Listen { source, .. }) if is_missing_family(&source) => return Ok(vec![first]),
            // The free port of one address is taken on the other.
            Err(StartError::PortTaken { .. }) if port == 0 && tries < TRIES => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

fn open(bind: IpAddr, port: u16) -> Result<TcpListener, StartError> {
    let address = SocketAddr::new(bind, port);
    try_open(address).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken { address },
        _ => StartError::Listen { address, source },
    })
}

fn try_open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // A restart right after a stop must not wait for old connections to time out.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn is_missing_family(error: &io::Error) -> bool {
    /// `EAFNOSUPPORT`, which std has no name for (Linux; macOS has 47).
    const NO_FAMILY: [i32; 2] = [97, 47];
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error().is_some_and(|code| NO_FAMILY.contains(&code))
}
