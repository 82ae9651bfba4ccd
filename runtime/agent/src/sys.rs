//! The calls that std does not have, each behind a safe function. The only unsafe code of the project.
#![expect(
    unsafe_code,
    reason = "poll, wait4, sessions, users, signals, names beneath a directory, starting without a copy and connecting without \
              waiting have no safe interface in std"
)]

use std::io::{self, Write as _};
use std::mem::MaybeUninit;
use std::net::{SocketAddrV4, TcpStream};
use std::os::fd::{AsRawFd as _, FromRawFd as _, IntoRawFd as _, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::time::Duration;

use crate::spool::{Status, Usage};

mod beneath;
mod spawn;

pub(crate) use beneath::Beneath;
pub(crate) use spawn::{Start, Variables};

/// Who a step runs as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) groups: Vec<u32>,
}

/// Waits until one of `fds` is ready or the time is up. An interruption by a signal counts as ready.
pub(crate) fn poll(fds: &mut [libc::pollfd], timeout: Option<Duration>) -> io::Result<()> {
    // Rounded up: waking a little early would spin until the time has really come.
    let milliseconds = timeout.map_or(-1, |t| {
        i32::try_from(t.as_micros().div_ceil(1000)).unwrap_or(i32::MAX)
    });
    let count = libc::nfds_t::try_from(fds.len()).map_err(io::Error::other)?;
    // SAFETY: the pointer and the count describe one slice that lives through the call.
    let ready = unsafe { libc::poll(fds.as_mut_ptr(), count, milliseconds) };
    if ready < 0 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
        for fd in fds {
            fd.revents = 0;
        }
    }
    Ok(())
}

static SIGNAL_PIPE: AtomicI32 = AtomicI32::new(-1);

/// The signals that have a handler, a bit each.
static CAUGHT: AtomicU64 = AtomicU64::new(0);

extern "C" fn on_signal(signal: libc::c_int) {
    let fd = SIGNAL_PIPE.load(Ordering::Relaxed);
    let byte = signal.to_le_bytes();
    // SAFETY: `write` may be called in a handler; the byte lives on this stack; errno is put back, since the code that
    // was interrupted may be about to read it.
    unsafe {
        let errno = errno_place();
        let saved = *errno;
        libc::write(fd, byte.as_ptr().cast(), 1);
        *errno = saved;
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
unsafe fn errno_place() -> *mut libc::c_int {
    // SAFETY: always valid for the calling thread.
    unsafe { libc::__errno_location() }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
unsafe fn errno_place() -> *mut libc::c_int {
    // SAFETY: always valid for the calling thread.
    unsafe { libc::__error() }
}

/// Turns `signals` into bytes on the stream that is returned: one byte a signal, its number.
pub(crate) fn catch_signals(signals: &[i32]) -> io::Result<UnixStream> {
    let (reader, writer) = UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    writer.set_nonblocking(true)?;
    SIGNAL_PIPE.store(writer.into_raw_fd(), Ordering::Relaxed);
    for signal in signals {
        // SAFETY: a zeroed sigaction is a valid one, and the handler does only what a handler may.
        let outcome = unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_signal as *const () as libc::sighandler_t;
            action.sa_flags = libc::SA_RESTART;
            libc::sigemptyset(&raw mut action.sa_mask);
            libc::sigaction(*signal, &raw const action, std::ptr::null_mut())
        };
        if outcome != 0 {
            return Err(io::Error::last_os_error());
        }
        CAUGHT.fetch_or(1 << *signal, Ordering::Relaxed);
    }
    Ok(reader)
}

/// Leaves signals of a terminal to the runtime: the agent is in nobody's foreground.
pub(crate) fn own_session() {
    // SAFETY: no memory is involved. It fails when the process leads a group already (PID 1 does), which is as good.
    unsafe { libc::setsid() };
}

/// Orphans of steps become children of this process rather than of init, so that they can be found and reaped.
pub(crate) fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    // SAFETY: a plain number is set. Before Linux 3.4 it fails, and orphans are then found by their group only.
    unsafe {
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    }
}

/// Takes the socket that this process was given as its standard input; what it starts finds nothing there.
pub(crate) fn take_client() -> io::Result<UnixStream> {
    use std::os::fd::AsFd as _;

    let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    // Whatever else it is, it is no connection.
    stream.peer_addr()?;
    let nothing = std::fs::File::open("/dev/null")?;
    // SAFETY: plain numbers of descriptors; std holds none that is put in the place of standard input.
    if unsafe { libc::dup2(nothing.as_raw_fd(), libc::STDIN_FILENO) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(stream)
}

/// Makes a second process of this one, which must have one thread: `None` in the new one, its id in the old.
pub(crate) fn fork() -> io::Result<Option<i32>> {
    // SAFETY: this process has one thread, so nothing is left half done in the copy.
    match unsafe { libc::fork() } {
        0 => Ok(None),
        pid if pid > 0 => Ok(Some(pid)),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Has the kernel end this process when the one that made it ends.
pub(crate) fn die_with_parent() {
    #[cfg(target_os = "linux")]
    // SAFETY: plain numbers are passed.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0);
    }
}

/// A child that has ended.
pub(crate) struct Reaped {
    pub(crate) pid: i32,
    pub(crate) status: Status,
    pub(crate) usage: Usage,
}

/// Whether this process has a child, ended or not; its children stay as they are. One without a child has no descendant:
/// those whose parent has ended are its children.
pub(crate) fn has_children() -> bool {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: the place is valid for writing, and nobody reads it.
    let answer = unsafe { libc::waitid(libc::P_ALL, 0, info.as_mut_ptr(), options) };
    // Anything but the plain answer that there is none has to be looked at.
    answer == 0 || io::Error::last_os_error().raw_os_error() != Some(libc::ECHILD)
}

/// The next child that has ended, whoever started it; `None` when there is none now.
pub(crate) fn reap() -> Option<Reaped> {
    let mut raw = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both places are valid for writing; a zeroed rusage is a valid one.
    let (pid, usage) = unsafe {
        let pid = libc::wait4(-1, &raw mut raw, libc::WNOHANG, usage.as_mut_ptr());
        (pid, usage.assume_init())
    };
    if pid <= 0 {
        return None;
    }
    let status = if libc::WIFEXITED(raw) {
        Status::Code(libc::WEXITSTATUS(raw))
    } else {
        Status::Signal(libc::WTERMSIG(raw))
    };
    // Linux counts in kilobytes, macOS in bytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    Some(Reaped {
        pid,
        status,
        usage: Usage {
            user: duration(usage.ru_utime),
            system: duration(usage.ru_stime),
            max_resident: u64::try_from(usage.ru_maxrss).unwrap_or(0) * unit,
        },
    })
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let micros = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}

/// Begins to connect; the answer is there when the stream is writable, and [`TcpStream::take_error`] tells what it was.
pub(crate) fn connect_later(to: SocketAddrV4) -> io::Result<TcpStream> {
    // SAFETY: no memory is involved; the descriptor that comes of it is nobody else's.
    let stream = unsafe {
        let fd = libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0);
        check(fd)?;
        TcpStream::from(OwnedFd::from_raw_fd(fd))
    };
    stream.set_nonblocking(true)?;
    // SAFETY: the descriptor is open while `stream` lives, a zeroed address is a valid one, and the length is its own.
    let outcome = unsafe {
        // This process has one thread, so nothing is started before the mark is set.
        check(libc::fcntl(stream.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC))?;
        let mut address: libc::sockaddr_in = std::mem::zeroed();
        address.sin_family = libc::AF_INET as libc::sa_family_t;
        address.sin_port = to.port().to_be();
        address.sin_addr.s_addr = u32::from_ne_bytes(to.ip().octets());
        let length = size_of::<libc::sockaddr_in>() as libc::socklen_t;
        libc::connect(stream.as_raw_fd(), (&raw const address).cast(), length)
    };
    match check(outcome) {
        Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => Err(error),
        _ => Ok(stream),
    }
}

/// Signals one process.
pub(crate) fn kill(pid: i32, signal: i32) {
    if pid > 0 {
        // SAFETY: no memory is involved. A process that is gone already needs no signal.
        unsafe { libc::kill(pid, signal) };
    }
}

/// Signals a process group, named by its leader.
pub(crate) fn kill_group(leader: i32, signal: i32) {
    if leader > 1 {
        // SAFETY: as above.
        unsafe { libc::kill(-leader, signal) };
    }
}

/// Makes the process that `command` starts a session of its own that dies with the agent, and drops to `identity`.
fn prepare(command: &mut Command, identity: Option<Identity>) {
    let become_that = move || {
        // SAFETY: between fork and exec only calls that are safe there, on memory made before the fork.
        unsafe {
            check(libc::setsid())?;
            be_first_to_go();
            if let Some(identity) = &identity {
                let groups = check(libc::setgroups(
                    count(identity.groups.len())?,
                    identity.groups.as_ptr(),
                ));
                // A container without that right (`--cap-drop ALL`): who is this user already stays as it is.
                if libc::geteuid() != identity.uid || libc::getegid() != identity.gid {
                    groups?;
                }
                check(libc::setgid(identity.gid))?;
                check(libc::setuid(identity.uid))?;
            }
            // Last: changing the user clears it. A step must not outlive an agent that was killed.
            #[cfg(target_os = "linux")]
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0);
        }
        Ok(())
    };
    // SAFETY: see above.
    unsafe { command.pre_exec(become_that) };
}

/// When memory runs out, the kernel is to end a step rather than its agent; GitHub's runner uses the same number.
///
/// # Safety
/// Only between fork and exec, or with one thread: it makes system calls alone.
unsafe fn be_first_to_go() {
    #[cfg(target_os = "linux")]
    // SAFETY: the path ends with a zero, the text lives as long as the program, and all three calls are allowed here.
    unsafe {
        let file = libc::open(
            c"/proc/self/oom_score_adj".as_ptr(),
            libc::O_WRONLY | libc::O_CLOEXEC,
        );
        if file >= 0 {
            libc::write(file, c"500".as_ptr().cast(), 3);
            libc::close(file);
        }
    }
}

fn check(outcome: libc::c_int) -> io::Result<()> {
    if outcome < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

#[cfg(target_os = "macos")]
fn count(length: usize) -> io::Result<libc::c_int> {
    libc::c_int::try_from(length).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))
}

#[cfg(not(target_os = "macos"))]
fn count(length: usize) -> io::Result<libc::size_t> {
    Ok(length)
}

/// A larger pipe means fewer wake-ups for a step that writes much; what the system refuses stays as it is.
pub(crate) fn widen_pipe(pipe: &impl std::os::fd::AsFd, bytes: i32) {
    #[cfg(target_os = "linux")]
    // SAFETY: the descriptor is open while it is borrowed; a plain number is passed.
    unsafe {
        libc::fcntl(pipe.as_fd().as_raw_fd(), libc::F_SETPIPE_SZ, bytes);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (pipe, bytes);
}

/// The effective user.
pub(crate) fn effective_user() -> u32 {
    // SAFETY: cannot fail.
    unsafe { libc::geteuid() }
}

/// Something to read, as [`poll`] takes it.
pub(crate) fn readable(fd: RawFd) -> libc::pollfd {
    libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    }
}

/// Says something on standard error; there is nobody to tell when that fails.
pub(crate) fn complain(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
