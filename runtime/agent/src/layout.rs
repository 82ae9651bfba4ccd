//! The files of a job's directory, as both ends name them.
//!
//! The runtime makes the directory (0700) and everything in it but the socket, as the caller; so the caller can always
//! remove it again. The scripts' directory is the one place that a step's user must reach, and a step may run as
//! neither root nor the caller: it is 0711 and lies, or is mounted, at a place of its own, since nobody else can
//! walk through the 0700 directory above it.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// The socket, bound by the agent; reachable through the directory only.
pub const SOCKET: &str = "agent.sock";
/// [`crate::wire::NONCE_LENGTH`] random bytes, 0600, that a client must know. Its change time is when the job began.
pub const NONCE: &str = "nonce";
/// The directory of spool files.
pub const SPOOL: &str = "spool";
/// The directory of script files.
pub const SCRIPTS: &str = "scripts";
/// The agent's process id and start time (`/proc/PID/stat`, field 22), in decimal, separated by a space.
pub const PROCESS: &str = "agent.pid";
/// Why the agent could not start or had to stop, in a sentence.
pub const TROUBLE: &str = "agent.trouble";

/// As [`PROCESS`], of the process that watches over an agent on the host.
pub const GUARD: &str = "agent.guard";
/// What steps had left running when their agent was killed, and what was ended then: a line `pid name` each.
pub const LEFT: &str = "agent.left";
/// Is there when the job is over and its container was started again for people who look into it: no runtime leads the agent.
/// Each line, `PORT ADDRESS:PORT`, is a port of `localhost` and where it leads to.
pub const KEPT: &str = "agent.kept";
/// Counts connections to the agent, in decimal: each is newer than the one before, whatever the clock says.
pub const EPOCH: &str = "epoch";

/// The name of a step's spool file in [`SPOOL`].
pub fn spool_name(step: u32) -> String {
    format!("{step}.spool")
}

/// Writes a file anew: never through something that lies there already.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = create_new(path)?;
    io::Write::write_all(&mut file, content)
}

/// Makes a file in place of what lies there, which seldom is anything.
fn create_new(path: &Path) -> io::Result<File> {
    match File::create_new(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            forget(path)?;
            File::create_new(path)
        }
        made => made,
    }
}

pub(crate) fn forget(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
