//! The way to an agent from a machine that does not see its files: what its runtime says comes in by standard input, and
//! what the agent reports goes out by standard output, with what steps wrote to their spools before each report that
//! tells of it. So the runtime's copy of a spool is always as long as a report says.
//!
//! It says from time to time that it is there: a network that has lost the connection without a word would else pass for a
//! step that is silent, and what stands between may drop connections that nothing goes over.
//!
//! It is a client like any other: when it goes, the agent carries on, and ends by itself when no other comes.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::net::Shutdown;
use std::os::fd::AsFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::layout;
use crate::wire::{Command, Frames, Malformed, Report};

/// How long the agent has to be there.
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two looks for its socket.
const LOOK: Duration = Duration::from_millis(2);

/// Between two words that the way is open; the other side gives up only after several have not come.
const PULSE: Duration = Duration::from_secs(5);

/// How much of a spool goes out in one piece.
const PIECE: usize = 256 * 1024;

/// Passes on what is said until one of the two hangs up.
pub(crate) fn run(directory: &Path) -> Result<u8, String> {
    // A socket's path has room for 108 bytes only.
    std::env::set_current_dir(directory)
        .map_err(|error| format!("enter `{}`: {error}", directory.display()))?;
    let agent = reach().map_err(|error| format!("reach the agent: {error}"))?;
    let own = |error: io::Error| format!("use its own streams: {error}");
    let commands = agent.try_clone().map_err(own)?;
    let input = File::from(io::stdin().as_fd().try_clone_to_owned().map_err(own)?);
    let output = File::from(io::stdout().as_fd().try_clone_to_owned().map_err(own)?);
    // Ends with the process.
    std::thread::spawn(move || {
        let _ = pass_commands(input, &commands);
        let _ = commands.shutdown(Shutdown::Both);
    });
    let output = Mutex::new(output);
    let passed = std::thread::scope(|threads| {
        let (over, wait) = std::sync::mpsc::channel::<()>();
        let pulse = &output;
        threads.spawn(move || {
            while wait.recv_timeout(PULSE) == Err(RecvTimeoutError::Timeout) {
                if send(&Report::Alive, pulse).is_err() {
                    return; // whoever passes reports on learns of it
                }
            }
        });
        let passed = pass_reports(agent, &output);
        drop(over);
        passed
    });
    passed
        .map(|()| 0)
        .map_err(|error| format!("pass on what the agent says: {error}"))
}

fn reach() -> io::Result<UnixStream> {
    let until = Instant::now() + PATIENCE;
    loop {
        match UnixStream::connect(layout::SOCKET) {
            Err(_) if Instant::now() < until => std::thread::sleep(LOOK),
            other => return other,
        }
    }
}

fn pass_commands(input: impl Read, mut agent: &UnixStream) -> io::Result<()> {
    each_frame(input, |frame| {
        let command = Command::decode(frame).map_err(strange)?;
        if let Command::Start(start) = &command {
            // The agent opens it and never makes it.
            fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(spool(start.step))?;
        }
        let mut bytes = Vec::new();
        command.encode(&mut bytes).map_err(strange)?;
        agent.write_all(&bytes)
    })
}

fn pass_reports(agent: impl Read, output: &Mutex<File>) -> io::Result<()> {
    let mut spools: HashMap<u32, Spool> = HashMap::new();
    each_frame(agent, |frame| {
        let report = Report::decode(frame).map_err(strange)?;
        if let Report::Grew { step, length } | Report::Exited { step, length, .. } = &report {
            let spool = match spools.entry(*step) {
                std::collections::hash_map::Entry::Occupied(open) => open.into_mut(),
                std::collections::hash_map::Entry::Vacant(place) => place.insert(Spool::open(*step)?),
            };
            spool.send(*step, *length, output)?;
        }
        if let Report::Exited { step, .. } = &report {
            // The other side has all of it.
            spools.remove(step);
            let _ = fs::remove_file(spool(*step));
        }
        send(&report, output)
    })
}

/// A spool on its way out.
struct Spool {
    file: File,
    sent: u64,
}

impl Spool {
    fn open(step: u32) -> io::Result<Self> {
        Ok(Self {
            file: File::open(spool(step))?,
            sent: 0,
        })
    }

    fn send(&mut self, step: u32, length: u64, output: &Mutex<File>) -> io::Result<()> {
        let mut piece = vec![0; PIECE];
        while self.sent < length {
            let left = usize::try_from(length - self.sent).unwrap_or(PIECE).min(PIECE);
            let read = self.file.read(piece.get_mut(..left).unwrap_or_default())?;
            if read == 0 {
                return Err(io::Error::other("a spool is shorter than its agent says"));
            }
            self.sent += u64::try_from(read).unwrap_or(0);
            let bytes = piece.get(..read).unwrap_or_default().to_vec();
            send(&Report::Spooled { step, bytes }, output)?;
        }
        Ok(())
    }
}

fn send(report: &Report, output: &Mutex<File>) -> io::Result<()> {
    let mut bytes = Vec::new();
    report.encode(&mut bytes).map_err(strange)?;
    // A frame at a time: nothing comes between its bytes.
    output
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .write_all(&bytes)
}

fn each_frame(mut from: impl Read, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut frames = Frames::default();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        while let Some(frame) = frames.next_frame().map_err(strange)? {
            each(frame)?;
        }
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => frames.push(buffer.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn spool(step: u32) -> std::path::PathBuf {
    Path::new(layout::SPOOL).join(layout::spool_name(step))
}

fn strange(error: Malformed) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}
