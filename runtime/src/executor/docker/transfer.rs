//! Files on their way between this machine and a container, through the engine's API.
//!
//! What comes from a container is a job's and not trusted: it is written beneath an open folder without following a link.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use bollard::query_parameters::{DownloadFromContainerOptionsBuilder, UploadToContainerOptionsBuilder};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::archive::{self, Owner};
use super::container::AGENT;
use super::engine::Connection;
use super::unpack::{self, Limits};
use super::{container, failure};
use crate::executor::{ExecutorError, Wanted, led};

/// How much waits for the other side at once, in pieces of [`PIECE`] bytes.
const PIECES: usize = 8;
const PIECE: usize = 256 * 1024;

/// How much of what a command of ours says is kept for its error.
const MOST_SAID: usize = 4096;

/// So many links one after the other are followed, as Linux does.
const MOST_LINKS: usize = 40;

/// How long the engine may take to say how a command of ours ended, once its output has.
const CODE: Duration = Duration::from_secs(2);

/// Something of this machine that goes into a container.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Where it is here.
    pub(super) from: PathBuf,
    /// Its path below the folder that everything goes to.
    pub(super) to: String,
    /// Whose it is to be there.
    pub(super) owner: Owner,
    /// What of it stays here.
    pub(super) left_out: Vec<PathBuf>,
}

/// Who runs Loom: whose files are his here are his there.
pub(super) fn caller() -> Owner {
    (
        rustix::process::geteuid().as_raw(),
        rustix::process::getegid().as_raw(),
    )
}

/// Puts items below a folder that the container has. It need not run.
///
/// # Errors
/// What the engine or the disk says, by itself: what was tried is the caller's to say.
pub(super) async fn send(
    connection: &Connection,
    container: &str,
    folder: &str,
    items: Vec<Item>,
) -> Result<(), TransferError> {
    let pack = move |out: &mut dyn Write| {
        for item in &items {
            archive::whole(&item.from, item.to.as_bytes(), item.owner, &item.left_out, out)?;
        }
        Ok(())
    };
    send_packed(connection, container, folder, pack).await
}

/// The same with what some work packs.
///
/// # Errors
/// As for [`send`].
pub(super) async fn send_packed(
    connection: &Connection,
    container: &str,
    folder: &str,
    pack: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
) -> Result<(), TransferError> {
    let (body, packing) = packed(move |out| {
        pack(out)?;
        archive::end(out)
    });
    let options = UploadToContainerOptionsBuilder::new().path(folder).build();
    let sent = connection
        .for_uploads()
        .upload_to_container(container, Some(options), bollard::body_try_stream(body))
        .await;
    // What could not be read broke the sending off; that is why.
    if let Ok(Err(error)) = packing.await
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        return Err(TransferError::Disk(error));
    }
    sent.map_err(TransferError::Engine)
}

/// Puts folders there without what is in them: for whose they are.
///
/// # Errors
/// As for [`send`].
pub(super) async fn send_tops(
    connection: &Connection,
    container: &str,
    folder: &str,
    mut items: Vec<Item>,
) -> Result<(), TransferError> {
    for item in &mut items {
        let listed = item.from.clone();
        let inside = tokio::task::spawn_blocking(move || {
            let entries = std::fs::read_dir(listed)?;
            entries
                .map(|entry| Ok(entry?.path()))
                .collect::<io::Result<Vec<_>>>()
        });
        let inside = inside
            .await
            .unwrap_or_else(|broken| Err(io::Error::other(broken)));
        item.left_out.extend(inside.map_err(TransferError::Disk)?);
    }
    send(connection, container, folder, items).await
}

/// Why files did not arrive.
#[derive(Debug)]
pub(super) enum TransferError {
    Engine(bollard::errors::Error),
    Disk(io::Error),
    /// The container is not there any more.
    Gone,
}

impl TransferError {
    /// As an error of what was tried.
    pub(super) fn of(self, what: &str, connection: &Connection) -> ExecutorError {
        match self {
            Self::Engine(error) if failure::is_circle(&error) => {
                ExecutorError::workflow(what, "its links lead round in a circle")
            }
            Self::Engine(error) => failure::setup(what, &connection.endpoint, &error),
            Self::Disk(error) if unpack::is_refusal(&error) => {
                ExecutorError::workflow(what, error.to_string())
            }
            Self::Disk(error) => ExecutorError::setup(what, &error),
            Self::Gone => ExecutorError::lost("the job's container is gone"),
        }
    }

    /// What was said.
    pub(super) fn said(&self) -> String {
        match self {
            Self::Engine(error) => failure::explain(error),
            Self::Disk(error) => error.to_string(),
            Self::Gone => "the container is gone".to_owned(),
        }
    }
}

/// Brings a file or folder of a container here, as `to`; `false` when there is no such thing.
pub(super) async fn bring(
    connection: &Connection,
    container: &str,
    from: &str,
    to: &Path,
    wanted: Wanted,
) -> Result<bool, ExecutorError> {
    let what = || format!("read `{from}` in the job's container");
    let limits = if wanted == Wanted::Small {
        unpack::SMALL
    } else {
        unpack::WHOLE
    };
    let mut at = PathBuf::from(from);
    for hop in 0..MOST_LINKS {
        // The engine gives a link as one.
        let folders = hop == 0 || wanted != Wanted::Itself;
        let arrived = arrived(connection, container, &at, to, (limits, folders)).await;
        match arrived.map_err(|error| error.of(&what(), connection))? {
            Arrived::Nothing => return Ok(false),
            Arrived::All => return Ok(true),
            Arrived::Link(target) => at = led(&at, &target),
        }
    }
    Err(ExecutorError::workflow(
        what(),
        format!("it is a link to a link, more than {MOST_LINKS} times"),
    ))
}

/// What came of a path.
enum Arrived {
    Nothing,
    All,
    /// It is a link that leads there.
    Link(PathBuf),
}

async fn arrived(
    connection: &Connection,
    container: &str,
    from: &Path,
    to: &Path,
    (limits, folders): (Limits, bool),
) -> Result<Arrived, TransferError> {
    let path = from.to_string_lossy();
    let options = DownloadFromContainerOptionsBuilder::new().path(&path).build();
    let mut stream = std::pin::pin!(
        connection
            .docker
            .download_from_container(container, Some(options))
    );
    let mut next = match stream.next().await {
        Some(Err(error)) if failure::is_missing(&error) => {
            // The engine says so of a container too.
            return match container::state(connection, container).await {
                Ok(Some(_)) => Ok(Arrived::Nothing),
                Ok(None) => Err(TransferError::Gone),
                Err(_) => Err(TransferError::Engine(error)),
            };
        }
        first => first,
    };
    let (sender, receiver) = mpsc::channel(PIECES);
    let to = to.to_owned();
    let unwanted = CancellationToken::new();
    let waiting = unwanted.clone().drop_guard();
    let unpacking = tokio::task::spawn_blocking(move || {
        let mut arriving = Arriving::new(receiver, unwanted);
        unpack::into(&to, &mut arriving, limits, folders)
    });
    let mut broke = None;
    while let Some(piece) = next {
        let piece = piece.map(Piece::Bytes).unwrap_or_else(|error| {
            broke = Some(error);
            Piece::BrokenOff
        });
        if sender.send(piece).await.is_err() || broke.is_some() {
            break;
        }
        next = stream.next().await;
    }
    if broke.is_none() {
        // Nobody may be there to take it: what was wanted has arrived.
        let _ = sender.send(Piece::End).await;
    }
    drop(sender);
    // Waited for whatever came: nothing is written to what its caller may remove now.
    let unpacked = unpacking
        .await
        .unwrap_or_else(|broken| Err(io::Error::other(broken)));
    drop(waiting.disarm());
    if let Some(error) = broke {
        return Err(TransferError::Engine(error));
    }
    match unpacked.map_err(TransferError::Disk)? {
        unpack::Top::Made => Ok(Arrived::All),
        unpack::Top::Link(target) => Ok(Arrived::Link(target)),
        unpack::Top::Other => Ok(Arrived::Nothing),
    }
}

/// Empties a folder of a container that runs, or removes a file of it.
const CLEAR: &str = "if [ -d \"$1\" ] && [ ! -L \"$1\" ]; then cd \"$1\" || exit 1; \
     for f in * .[!.]* ..?*; do rm -rf -- \"$f\" || exit 1; done; else rm -f -- \"$1\"; fi";

/// Empties a folder of a container that runs, or removes a file of it: by the agent where one is there, else by a shell.
pub(super) async fn clear(
    connection: &Connection,
    container: &str,
    path: &str,
    by_agent: bool,
) -> Result<(), ExecutorError> {
    let what = format!("clear `{path}` in the job's container");
    let command = if by_agent {
        vec![AGENT, "clear", "--dir", path]
    } else {
        vec!["sh", "-c", CLEAR, "sh", path]
    };
    let options = CreateExecOptions {
        cmd: Some(command.into_iter().map(str::to_owned).collect()),
        user: Some("0:0".to_owned()),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        ..CreateExecOptions::default()
    };
    let failed = |error: bollard::errors::Error| failure::setup(&what, &connection.endpoint, &error);
    let docker = &connection.docker;
    let id = docker.create_exec(container, options).await.map_err(failed)?.id;
    let mut said = String::new();
    if let StartExecResults::Attached { mut output, .. } = docker
        .start_exec(&id, None::<StartExecOptions>)
        .await
        .map_err(failed)?
    {
        while let Some(piece) = output.next().await {
            let piece = piece.map_err(failed)?.to_string();
            if said.len() < MOST_SAID {
                said.push_str(&piece);
            }
        }
    }
    let deadline = Instant::now() + CODE;
    let code = loop {
        // Its output may end a moment before the engine knows the code.
        let state = docker.inspect_exec(&id).await.map_err(failed)?;
        let code = state.exit_code.filter(|_| state.running != Some(true));
        if code.is_some() || Instant::now() >= deadline {
            break code;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    match code {
        Some(0) => Ok(()),
        Some(_) => Err(ExecutorError::Setup {
            what,
            cause: said.trim().to_owned(),
        }),
        None => Err(ExecutorError::Setup {
            what,
            cause: format!("the engine does not say how it ended; {}", said.trim()),
        }),
    }
}

/// What is packed by this work, piece by piece: for the body of a request.
pub(super) fn packed(
    work: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
) -> (
    impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    JoinHandle<io::Result<()>>,
) {
    let (sender, receiver) = mpsc::channel(PIECES);
    let packing = tokio::task::spawn_blocking(move || {
        let mut pieces = Pieces {
            sender,
            buffer: Vec::with_capacity(PIECE),
        };
        let packed = work(&mut pieces).and_then(|()| pieces.flush());
        if let Err(error) = &packed {
            let cause = io::Error::new(error.kind(), error.to_string());
            let _ = pieces.sender.blocking_send(Err(cause));
        }
        packed
    });
    let body = futures_util::stream::unfold(receiver, |mut receiver| async move {
        let piece: io::Result<Bytes> = receiver.recv().await?;
        Some((piece, receiver))
    });
    (body, packing)
}

/// Pieces for as long as somebody takes them.
struct Pieces {
    sender: mpsc::Sender<io::Result<Bytes>>,
    buffer: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = Bytes::from(std::mem::take(&mut self.buffer));
        if piece.is_empty() {
            return Ok(());
        }
        self.sender
            .blocking_send(Ok(piece))
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// What comes of an archive.
enum Piece {
    Bytes(Bytes),
    /// That was all.
    End,
    /// There is more, and it does not come.
    BrokenOff,
}

/// Pieces that come, to be read on a thread that may block.
struct Arriving {
    receiver: mpsc::Receiver<Piece>,
    piece: Bytes,
    is_over: bool,
    /// Whoever wanted it has gone: what has arrived is of no use either.
    unwanted: CancellationToken,
}

impl Arriving {
    fn new(receiver: mpsc::Receiver<Piece>, unwanted: CancellationToken) -> Self {
        Self {
            receiver,
            piece: Bytes::new(),
            is_over: false,
            unwanted,
        }
    }
}

fn broke_off() -> io::Error {
    io::Error::other("what the engine sent broke off")
}

impl Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.unwanted.is_cancelled() {
            return Err(broke_off());
        }
        while self.piece.is_empty() {
            if self.is_over {
                return Ok(0);
            }
            match self.receiver.blocking_recv() {
                Some(Piece::Bytes(piece)) => self.piece = piece,
                Some(Piece::End) => self.is_over = true,
                Some(Piece::BrokenOff) | None => return Err(broke_off()),
            }
        }
        let length = self.piece.len().min(buffer.len());
        let taken = self.piece.split_to(length);
        if let Some(place) = buffer.get_mut(..length) {
            place.copy_from_slice(&taken);
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arriving: &mut Arriving) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        arriving.read_to_end(&mut all).map(|_| all)
    }

    #[test]
    fn what_breaks_off_is_not_taken_for_the_end() {
        let started = || {
            let (sender, receiver) = mpsc::channel(PIECES);
            let piece = Piece::Bytes(Bytes::from_static(b"abc"));
            sender.blocking_send(piece).unwrap();
            (sender, Arriving::new(receiver, CancellationToken::new()))
        };
        let (sender, mut whole) = started();
        sender.blocking_send(Piece::End).unwrap();
        assert_eq!(read(&mut whole).unwrap(), b"abc");
        let (sender, mut cause) = started();
        sender.blocking_send(Piece::BrokenOff).unwrap();
        assert!(read(&mut cause).is_err());
        let (sender, mut dropped) = started();
        drop(sender);
        assert!(read(&mut dropped).is_err());
        let (sender, mut unwanted) = started();
        sender.blocking_send(Piece::End).unwrap();
        unwanted.unwanted.cancel();
        assert!(
            read(&mut unwanted).is_err(),
            "what has arrived is not written any more"
        );
    }
}
