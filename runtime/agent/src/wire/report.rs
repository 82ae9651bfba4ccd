//! What an agent tells its runtime.

use super::Malformed;
use super::frames;
use crate::codec::{Reader, Writer};

/// A frame from the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// The answer to a hello that was accepted.
    Welcome {
        /// The agent's process id, seen from where it runs.
        pid: u32,
        /// Steps that run.
        running: Vec<u32>,
    },
    /// The connection ends; nothing else follows.
    Refused(Refusal),
    /// A step's spool has at least this many bytes now.
    Grew {
        /// Which step.
        step: u32,
        /// The spool's length.
        length: u64,
    },
    /// A step is over and its spool complete.
    Exited {
        /// Which step.
        step: u32,
        /// The spool's length.
        length: u64,
        /// Why the spool does not end with an exit record, where it does not.
        trouble: Option<String>,
    },
    /// What a step's spool has next. The agent itself never says this: whoever passes its reports on to a machine that
    /// does not see its files does.
    Spooled {
        /// Which step.
        step: u32,
        /// Behind all that was said of it before.
        bytes: Vec<u8>,
    },
    /// Nothing is new, but the way here is open. As [`Report::Spooled`], said by whoever passes reports on.
    Alive,
    /// Whether a port leads to a service now.
    Forwarding {
        /// The port.
        port: u16,
        /// Why it does not.
        trouble: Option<String>,
    },
    /// The command to close has been heard; its end may take a while.
    Closing,
    /// Everything has ended; the agent exits now.
    Closed {
        /// Processes that steps had left running.
        killed: Vec<LeftOver>,
        /// How many files were given to the caller.
        given: u64,
        /// What could not be done, in sentences.
        troubles: Vec<String>,
    },
}

/// Why a connection ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Another version: the agent's.
    Protocol(u16),
    /// A wrong nonce.
    Nonce,
    /// The epoch is not newer than this one.
    Epoch(u64),
    /// A client with this newer epoch took over.
    Evicted(u64),
    /// What was sent made no sense.
    Malformed(String),
}

/// A process that a step left running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOver {
    /// Its id, seen from where the agent runs.
    pub pid: u32,
    /// Its name, as the kernel has it.
    pub name: String,
}

const WELCOME: u8 = 129;
const REFUSED: u8 = 130;
const GREW: u8 = 131;
const EXITED: u8 = 132;
const CLOSED: u8 = 133;
const CLOSING: u8 = 134;
const SPOOLED: u8 = 135;
const FORWARDING: u8 = 136;
const ALIVE: u8 = 137;

impl Report {
    /// Appends the frame to `out`.
    ///
    /// # Errors
    /// When it is larger than a frame may be; nothing is appended then.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), Malformed> {
        frames::write(out, |out| {
            let mut w = Writer(out);
            match self {
                Self::Welcome { pid, running } => {
                    w.u8(WELCOME);
                    w.u32(*pid);
                    w.list(running, |w, step| w.u32(*step));
                }
                Self::Refused(refusal) => {
                    w.u8(REFUSED);
                    refusal.encode(&mut w);
                }
                Self::Grew { step, length } => {
                    w.u8(GREW);
                    w.u32(*step);
                    w.u64(*length);
                }
                Self::Exited {
                    step,
                    length,
                    trouble,
                } => {
                    w.u8(EXITED);
                    w.u32(*step);
                    w.u64(*length);
                    w.optional(trouble.as_deref(), Writer::text);
                }
                Self::Spooled { step, bytes } => {
                    w.u8(SPOOLED);
                    w.u32(*step);
                    w.raw(bytes);
                }
                Self::Forwarding { port, trouble } => {
                    w.u8(FORWARDING);
                    w.u16(*port);
                    w.optional(trouble.as_deref(), Writer::text);
                }
                Self::Closing => w.u8(CLOSING),
                Self::Alive => w.u8(ALIVE),
                Self::Closed {
                    killed,
                    given,
                    troubles,
                } => {
                    w.u8(CLOSED);
                    w.list(killed, |w, left| {
                        w.u32(left.pid);
                        w.text(&left.name);
                    });
                    w.u64(*given);
                    w.list(troubles, |w, trouble| w.text(trouble));
                }
            }
        })
    }

    /// Reads a frame's kind and body.
    ///
    /// # Errors
    /// When the bytes are no report.
    pub fn decode(frame: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(frame);
        let report = match r.u8()? {
            WELCOME => Self::Welcome {
                pid: r.u32()?,
                running: r.list(Reader::u32)?,
            },
            REFUSED => Self::Refused(Refusal::decode(&mut r)?),
            GREW => Self::Grew {
                step: r.u32()?,
                length: r.u64()?,
            },
            EXITED => Self::Exited {
                step: r.u32()?,
                length: r.u64()?,
                trouble: r.optional(Reader::text)?,
            },
            SPOOLED => Self::Spooled {
                step: r.u32()?,
                bytes: r.rest().to_vec(),
            },
            FORWARDING => Self::Forwarding {
                port: r.u16()?,
                trouble: r.optional(Reader::text)?,
            },
            CLOSING => Self::Closing,
            ALIVE => Self::Alive,
            CLOSED => Self::Closed {
                killed: r.list(|r| {
                    Ok(LeftOver {
                        pid: r.u32()?,
                        name: r.text()?,
                    })
                })?,
                given: r.u64()?,
                troubles: r.list(Reader::text)?,
            },
            _ => return Err(Malformed::new("its kind is unknown")),
        };
        r.end()?;
        Ok(report)
    }
}

impl Refusal {
    fn encode(&self, w: &mut Writer<'_>) {
        match self {
            Self::Protocol(version) => {
                w.u8(1);
                w.u16(*version);
            }
            Self::Nonce => w.u8(2),
            Self::Epoch(epoch) => {
                w.u8(3);
                w.u64(*epoch);
            }
            Self::Evicted(epoch) => {
                w.u8(4);
                w.u64(*epoch);
            }
            Self::Malformed(why) => {
                w.u8(5);
                w.text(why);
            }
        }
    }

    fn decode(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(match r.u8()? {
            1 => Self::Protocol(r.u16()?),
            2 => Self::Nonce,
            3 => Self::Epoch(r.u64()?),
            4 => Self::Evicted(r.u64()?),
            5 => Self::Malformed(r.text()?),
            _ => return Err(Malformed::new("its reason is unknown")),
        })
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Protocol(version) => {
                write!(
                    f,
                    "the agent speaks version {version} of the protocol, this Loom version {}",
                    super::PROTOCOL
                )
            }
            Self::Nonce => f.write_str("the agent belongs to another job: the nonce is not its own"),
            Self::Epoch(epoch) => write!(
                f,
                "a client of epoch {epoch} was here already, and this one is not newer"
            ),
            Self::Evicted(epoch) => write!(f, "another Loom (epoch {epoch}) has taken over the job"),
            Self::Malformed(why) => write!(f, "the agent did not understand a command: {why}"),
        }
    }
}
