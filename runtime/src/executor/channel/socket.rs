//! The connection to an agent: reaching its socket without following what a job may have planted, and the hello.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use loom_agent::layout;
use loom_agent::wire::{Command, Frames, Hello, NextJob, PROTOCOL, Refusal, Report};
use thiserror::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::JobDirectory;

/// Between two looks for a socket that is not there yet.
const LOOK: Duration = Duration::from_millis(1);

/// Why there is no connection. Fits after "failed to …".
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Nothing answers at the socket, yet or any more.
    #[error("reach the agent: {0}")]
    Absent(io::Error),
    /// The agent says no.
    #[error("shake hands with the agent: {0}")]
    Refused(Refusal),
    /// Something answers that is no agent.
    #[error("shake hands with the agent: {0}")]
    Strange(String),
    /// The time was up.
    #[error("shake hands with the agent: it did not answer in {} s", .0.as_secs())]
    Silent(Duration),
}

/// Reports as they come.
#[derive(Debug)]
pub(super) struct Reports {
    half: OwnedReadHalf,
    frames: Frames,
    buffer: Vec<u8>,
}

impl Reports {
    /// The next report; `None` when the agent has hung up. May be dropped while it waits: nothing is lost then.
    pub(super) async fn next(&mut self) -> Result<Option<Report>, ConnectError> {
        loop {
            let strange = |error: loom_agent::wire::Malformed| ConnectError::Strange(error.to_string());
            if let Some(frame) = self.frames.next_frame().map_err(strange)? {
                return Report::decode(frame).map(Some).map_err(strange);
            }
            match self.half.read(&mut self.buffer).await {
                Ok(0) => return Ok(None),
                Ok(length) => self.frames.push(self.buffer.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(ConnectError::Absent(error)),
            }
        }
    }
}

/// The connection to an agent between two jobs.
#[derive(Debug)]
pub(in crate::executor) struct Idle {
    pub(super) reports: Reports,
    pub(super) writer: OwnedWriteHalf,
}

/// Has the agent of a job that was closed go on with another one.
pub(super) async fn again(
    mut idle: Idle,
    job: NextJob,
    patience: Duration,
) -> Result<(Reports, OwnedWriteHalf), ConnectError> {
    let mut bytes = Vec::new();
    Command::Next(job)
        .encode(&mut bytes)
        .map_err(|error| ConnectError::Strange(error.to_string()))?;
    let welcome = async {
        idle.writer
            .write_all(&bytes)
            .await
            .map_err(ConnectError::Absent)?;
        welcomed(&mut idle.reports).await
    };
    tokio::time::timeout(patience, welcome)
        .await
        .unwrap_or(Err(ConnectError::Silent(patience)))?;
    Ok((idle.reports, idle.writer))
}

/// Connects and shakes hands, waiting for the socket to appear until `patience` is over.
pub(super) async fn connect(
    directory: &Arc<JobDirectory>,
    patience: Duration,
) -> Result<(Reports, OwnedWriteHalf), ConnectError> {
    let attempt = async {
        let stream = loop {
            match reach(directory).await {
                Ok(stream) => break stream,
                // Not bound yet, or bound and not listening yet.
                Err(error) if may_still_come(&error) => tokio::time::sleep(LOOK).await,
                Err(error) => return Err(ConnectError::Absent(error)),
            }
        };
        greet(directory, stream).await
    };
    tokio::time::timeout(patience, attempt)
        .await
        .unwrap_or(Err(ConnectError::Silent(patience)))
}

/// As [`connect`], to an agent that is there and listens, or is gone; with the numbers of the steps that run.
pub(super) async fn attach(
    directory: &Arc<JobDirectory>,
    patience: Duration,
) -> Result<((Reports, OwnedWriteHalf), Vec<u32>), ConnectError> {
    let attempt = async {
        let stream = reach(directory).await.map_err(ConnectError::Absent)?;
        greet_running(directory, stream).await
    };
    tokio::time::timeout(patience, attempt)
        .await
        .unwrap_or(Err(ConnectError::Silent(patience)))
}

/// Shakes hands over a connection that is there already.
pub(super) async fn connect_over(
    directory: &Arc<JobDirectory>,
    stream: UnixStream,
    patience: Duration,
) -> Result<(Reports, OwnedWriteHalf), ConnectError> {
    tokio::time::timeout(patience, greet(directory, stream))
        .await
        .unwrap_or(Err(ConnectError::Silent(patience)))
}

async fn greet(
    directory: &Arc<JobDirectory>,
    stream: UnixStream,
) -> Result<(Reports, OwnedWriteHalf), ConnectError> {
    greet_running(directory, stream)
        .await
        .map(|(connected, _)| connected)
}

async fn greet_running(
    directory: &Arc<JobDirectory>,
    stream: UnixStream,
) -> Result<((Reports, OwnedWriteHalf), Vec<u32>), ConnectError> {
    let counter = Arc::clone(directory);
    let epoch = tokio::task::spawn_blocking(move || counter.next_epoch());
    let epoch = epoch
        .await
        .map_err(|broken| ConnectError::Strange(broken.to_string()))?
        .map_err(ConnectError::Absent)?;
    let (mut reports, mut writer) = parts(stream);
    let mut hello = Vec::new();
    Command::Hello(Hello {
        protocol: PROTOCOL,
        epoch,
        nonce: directory.nonce(),
    })
    .encode(&mut hello)
    .map_err(|error| ConnectError::Strange(error.to_string()))?;
    writer.write_all(&hello).await.map_err(ConnectError::Absent)?;
    let running = welcomed(&mut reports).await?;
    Ok(((reports, writer), running))
}

/// Waits for the welcome of an agent that was given the other end of this connection.
pub(super) async fn given(
    stream: std::os::unix::net::UnixStream,
    patience: Duration,
) -> Result<(Reports, OwnedWriteHalf), ConnectError> {
    stream.set_nonblocking(true).map_err(ConnectError::Absent)?;
    let (mut reports, writer) = parts(UnixStream::from_std(stream).map_err(ConnectError::Absent)?);
    tokio::time::timeout(patience, welcomed(&mut reports))
        .await
        .unwrap_or(Err(ConnectError::Silent(patience)))
        .map(|_| (reports, writer))
}

fn parts(stream: UnixStream) -> (Reports, OwnedWriteHalf) {
    let (half, writer) = stream.into_split();
    let reports = Reports {
        half,
        frames: Frames::default(),
        buffer: vec![0; 4 * 1024],
    };
    (reports, writer)
}

/// The numbers of the steps that run are the answer.
async fn welcomed(reports: &mut Reports) -> Result<Vec<u32>, ConnectError> {
    match reports.next().await? {
        Some(Report::Welcome { running, .. }) => Ok(running),
        Some(Report::Refused(refusal)) => Err(ConnectError::Refused(refusal)),
        Some(_) => Err(ConnectError::Strange(
            "it answered a hello with something else".to_owned(),
        )),
        None => Err(ConnectError::Strange("it hung up".to_owned())),
    }
}

fn may_still_come(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::WouldBlock
    )
}

/// Opens the socket by a handle that follows no link, and connects to just that.
#[cfg(target_os = "linux")]
async fn reach(directory: &JobDirectory) -> io::Result<UnixStream> {
    use std::os::fd::AsRawFd as _;

    use rustix::fs::{FileType, Mode, OFlags};

    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let handle = rustix::fs::openat(directory.top(), layout::SOCKET, flags, Mode::empty())?;
    if FileType::from_raw_mode(rustix::fs::fstat(&handle)?.st_mode) != FileType::Socket {
        return Err(io::Error::other("what is in its place is no socket"));
    }
    UnixStream::connect(format!("/proc/self/fd/{}", handle.as_raw_fd())).await
}

/// Without such handles the name has to do; a host job's steps run as the caller anyway.
#[cfg(not(target_os = "linux"))]
async fn reach(directory: &JobDirectory) -> io::Result<UnixStream> {
    UnixStream::connect(directory.path().join(layout::SOCKET)).await
}
