//! What a runtime tells an agent.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::frames;
use super::{Malformed, NONCE_LENGTH};
use crate::codec::{Reader, Writer};

/// A frame from the runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Who is there; must come first.
    Hello(Hello),
    /// Run a step. Its spool file is there already.
    Start(StartStep),
    /// Signal the process group of a step.
    Signal {
        /// Which step.
        step: u32,
        /// Which signal.
        signal: StepSignal,
    },
    /// Have a port of `localhost` lead to a service; [`super::Report::Forwarding`] answers.
    Forward {
        /// The port.
        port: u16,
        /// Where the service listens.
        to: SocketAddrV4,
    },
    /// Go on with the next job: to an agent that was started to stay and has closed a job in order;
    /// [`super::Report::Welcome`] answers.
    Next(NextJob),
    /// End everything, hand over files, say what was left, exit.
    Close {
        /// Whether files in the workspace that became another's go to the caller, who is the owner of the job's
        /// directory.
        give: bool,
    },
}

/// The first frame of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// [`super::PROTOCOL`] of the sender.
    pub protocol: u16,
    /// Rises with every connection; a newer one evicts the older.
    pub epoch: u64,
    /// Proof that the sender may read the job's directory.
    pub nonce: [u8; NONCE_LENGTH],
}

/// A job that an agent takes after another one. All paths are absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextJob {
    /// The job's directory.
    pub directory: String,
    /// What the paths of script files begin with.
    pub script_paths: String,
    /// Where steps run.
    pub workspace: String,
    /// Where the command files of steps go.
    pub files: String,
}

/// A step to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartStep {
    /// Names the spool file; never used twice in a job.
    pub step: u32,
    /// What the runtime calls it: written at the beginning of the spool, where another runtime finds it.
    pub name: String,
    /// What to run.
    pub program: StepProgram,
    /// Set beside the agent's own environment; later wins.
    pub env: Vec<(String, String)>,
    /// Folders to put before the `PATH` that the step has otherwise, first one first.
    pub path: Vec<String>,
    /// Where to run, relative to the workspace.
    pub directory: Option<String>,
    /// Run as this user (`name`, `uid`, `name:group`, `uid:gid`), looked up where the agent runs. Without one the
    /// step runs as the agent does and keeps its `HOME`.
    pub user: Option<String>,
}

/// What a step runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepProgram {
    /// A script.
    Script {
        /// Its text.
        text: String,
        /// Shells by preference.
        shells: Vec<ShellChoice>,
    },
    /// A program.
    Exec {
        /// By preference; looked up in the step's `PATH`.
        programs: Vec<String>,
        /// Its arguments.
        arguments: Vec<String>,
    },
}

/// A shell that can run the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellChoice {
    /// Looked up in the step's `PATH`.
    pub program: String,
    /// `{0}` stands for the script's file.
    pub arguments: Vec<String>,
    /// The script file's ending, with its dot.
    pub extension: String,
}

/// The signals a step can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepSignal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGKILL.
    Kill,
}

const HELLO: u8 = 1;
const START: u8 = 2;
const SIGNAL: u8 = 3;
const CLOSE: u8 = 4;
const FORWARD: u8 = 5;
const NEXT: u8 = 6;

impl Command {
    /// Appends the frame to `out`.
    ///
    /// # Errors
    /// When it is larger than a frame may be; nothing is appended then.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), Malformed> {
        frames::write(out, |out| {
            let mut w = Writer(out);
            match self {
                Self::Hello(hello) => {
                    w.u8(HELLO);
                    w.u16(hello.protocol);
                    w.u64(hello.epoch);
                    w.raw(&hello.nonce);
                }
                Self::Start(start) => {
                    w.u8(START);
                    start.encode(&mut w);
                }
                Self::Signal { step, signal } => {
                    w.u8(SIGNAL);
                    w.u32(*step);
                    w.u8(signal.number());
                }
                Self::Forward { port, to } => {
                    w.u8(FORWARD);
                    w.u16(*port);
                    w.u32(to.ip().to_bits());
                    w.u16(to.port());
                }
                Self::Next(job) => {
                    w.u8(NEXT);
                    for path in [&job.directory, &job.script_paths, &job.workspace, &job.files] {
                        w.text(path);
                    }
                }
                Self::Close { give } => {
                    w.u8(CLOSE);
                    w.u8(u8::from(*give));
                }
            }
        })
    }

    /// Reads a frame's kind and body.
    ///
    /// # Errors
    /// When the bytes are no command.
    pub fn decode(frame: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(frame);
        let command = match r.u8()? {
            // Other versions may say hello at greater length: what comes after the version is read only if it is ours,
            // so that a stranger is told about the version and not about a malformed message.
            HELLO => {
                let protocol = r.u16()?;
                if protocol != super::PROTOCOL {
                    return Ok(Self::Hello(Hello {
                        protocol,
                        epoch: 0,
                        nonce: [0; NONCE_LENGTH],
                    }));
                }
                Self::Hello(Hello {
                    protocol,
                    epoch: r.u64()?,
                    nonce: r.array()?,
                })
            }
            START => Self::Start(StartStep::decode(&mut r)?),
            SIGNAL => Self::Signal {
                step: r.u32()?,
                signal: StepSignal::from_number(r.u8()?)?,
            },
            FORWARD => Self::Forward {
                port: r.u16()?,
                to: SocketAddrV4::new(Ipv4Addr::from_bits(r.u32()?), r.u16()?),
            },
            NEXT => Self::Next(NextJob {
                directory: r.text()?,
                script_paths: r.text()?,
                workspace: r.text()?,
                files: r.text()?,
            }),
            CLOSE => Self::Close { give: r.u8()? != 0 },
            _ => return Err(Malformed::new("its kind is unknown")),
        };
        r.end()?;
        Ok(command)
    }
}

impl StartStep {
    fn encode(&self, w: &mut Writer<'_>) {
        w.u32(self.step);
        w.text(&self.name);
        self.program.encode(w);
        w.list(&self.env, |w, (name, value)| {
            w.text(name);
            w.text(value);
        });
        w.list(&self.path, |w, folder| w.text(folder));
        w.optional(self.directory.as_deref(), Writer::text);
        w.optional(self.user.as_deref(), Writer::text);
    }

    fn decode(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            step: r.u32()?,
            name: r.text()?,
            program: StepProgram::decode(r)?,
            env: r.list(|r| Ok((r.text()?, r.text()?)))?,
            path: r.list(Reader::text)?,
            directory: r.optional(Reader::text)?,
            user: r.optional(Reader::text)?,
        })
    }
}

impl StepProgram {
    fn encode(&self, w: &mut Writer<'_>) {
        match self {
            Self::Script { text, shells } => {
                w.u8(1);
                w.text(text);
                w.list(shells, |w, shell| {
                    w.text(&shell.program);
                    w.list(&shell.arguments, |w, argument| w.text(argument));
                    w.text(&shell.extension);
                });
            }
            Self::Exec { programs, arguments } => {
                w.u8(2);
                w.list(programs, |w, program| w.text(program));
                w.list(arguments, |w, argument| w.text(argument));
            }
        }
    }

    fn decode(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        match r.u8()? {
            1 => Ok(Self::Script {
                text: r.text()?,
                shells: r.list(|r| {
                    Ok(ShellChoice {
                        program: r.text()?,
                        arguments: r.list(Reader::text)?,
                        extension: r.text()?,
                    })
                })?,
            }),
            2 => Ok(Self::Exec {
                programs: r.list(Reader::text)?,
                arguments: r.list(Reader::text)?,
            }),
            _ => Err(Malformed::new("its program is unknown")),
        }
    }
}

impl StepSignal {
    fn number(self) -> u8 {
        match self {
            Self::Interrupt => 1,
            Self::Terminate => 2,
            Self::Kill => 3,
        }
    }

    fn from_number(number: u8) -> Result<Self, Malformed> {
        match number {
            1 => Ok(Self::Interrupt),
            2 => Ok(Self::Terminate),
            3 => Ok(Self::Kill),
            _ => Err(Malformed::new("its signal is unknown")),
        }
    }
}
