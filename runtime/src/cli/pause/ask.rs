//! Asks the person at the terminal how a paused step goes on.

use std::io::{BufRead, IsTerminal};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::relay::this_program;
use super::waiting::Waiting;
use crate::cli::args::Format;
use crate::cli::talk;
use crate::engine::Engine;
use crate::event::PauseAnswer;
use crate::id::RunId;

/// Whether somebody sits at a terminal who can be asked, and reads what is printed.
pub(in crate::cli) fn is_anybody_there(format: Option<Format>) -> bool {
    let at_terminal = std::io::stdin().is_terminal() && talk::is_watched();
    at_terminal && format != Some(Format::Json)
}

/// What a person chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Choice {
    Answer(PauseAnswer),
    /// A shell first.
    Shell,
    /// It is no answer: ask again.
    Unknown,
    /// Nobody is there any more.
    Gone,
}

/// Reads the lines that are typed: one for all workflows, since one that waits in `read` has the next line, whoever asks.
struct Reader {
    /// Whether a line is being read, or waits to be taken.
    reads: AtomicBool,
    wanted: std::sync::mpsc::Sender<()>,
    typed: tokio::sync::Mutex<mpsc::Receiver<Option<String>>>,
}

/// The reader of this process, once it could be started.
fn reader() -> Option<&'static Reader> {
    static READER: OnceLock<Option<Reader>> = OnceLock::new();
    READER.get_or_init(Reader::start).as_ref()
}

/// The next line; the inner none at the end of all. May be dropped while it waits.
async fn next_line() -> Option<Option<String>> {
    let reader = reader()?;
    let line = reader.typed.lock().await.recv().await;
    reader.reads.store(false, Ordering::Relaxed);
    line
}

impl Reader {
    fn start() -> Option<Self> {
        let (wanted, wants) = std::sync::mpsc::channel();
        let (sender, typed) = mpsc::channel(1);
        let thread = std::thread::Builder::new().name("loom-ask".to_owned());
        let started = thread.spawn(move || {
            while wants.recv().is_ok() {
                let mut line = String::new();
                let read = std::io::stdin().lock().read_line(&mut line);
                let line = read.is_ok_and(|length| length > 0).then_some(line);
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        if let Err(error) = started {
            talk::error(&format!("nobody can be asked: no thread can be started: {error}"));
            return None;
        }
        Some(Self {
            reads: AtomicBool::new(false),
            wanted,
            typed: tokio::sync::Mutex::new(typed),
        })
    }
}

/// Asks about one paused step at a time. Lines are read by a thread of the process, and only when one is asked for.
pub(in crate::cli) struct Asker {
    open: Vec<Waiting>,
    asked: Option<Waiting>,
    /// A shell in a paused job's place, which has the terminal.
    shell: Option<JoinHandle<()>>,
    run: RunId,
    engine: Engine,
}

impl Asker {
    pub(in crate::cli) fn new(engine: &Engine, run: &RunId) -> Self {
        // A line that was typed while nothing was asked is no answer.
        if let Some(reader) = reader()
            && let Ok(mut typed) = reader.typed.try_lock()
            && typed.try_recv().is_ok()
        {
            reader.reads.store(false, Ordering::Relaxed);
        }
        Self {
            open: Vec::new(),
            asked: None,
            shell: None,
            run: run.clone(),
            engine: engine.clone(),
        }
    }

    /// These wait now. A question that was answered elsewhere is taken back.
    pub(in crate::cli) fn set(&mut self, open: Vec<Waiting>) {
        self.open = open;
        if self
            .asked
            .as_ref()
            .is_some_and(|asked| !self.open.contains(asked))
        {
            self.asked = None;
        }
        self.ask();
    }

    /// Asks, if something waits and nothing is asked.
    fn ask(&mut self) {
        if self.asked.is_some() || self.shell.is_some() {
            return;
        }
        let Some(next) = self.open.first().cloned() else {
            return;
        };
        if let Some(problem) = &next.problem {
            talk::error(&format!("the step cannot be done again: {problem}"));
        }
        talk::raw(&format!(
            "{}\n  r   retry the step, as its file is now\n  s   skip it: the steps behind it go on as if it had not \
             failed\n  e   end: the job fails\n  c   a command line in its place first (`loom-runtime shell`)\nr, s, e or c, then Enter (Ctrl-C cancels the run):",
            next.line()
        ));
        self.asked = Some(next);
        if let Some(reader) = reader()
            && !reader.reads.swap(true, Ordering::Relaxed)
        {
            // Without the thread nobody answers here; that was said.
            let _ = reader.wanted.send(());
        }
    }

    /// Opens a shell that has the terminal until it ends.
    fn open_shell(&self, at: &Waiting) -> Option<JoinHandle<()>> {
        let started = this_program().and_then(|program| {
            let _io = self.engine.io().enter();
            tokio::process::Command::new(program)
                .args([
                    "shell",
                    &self.run.0,
                    &at.job.0,
                    "--step",
                    &format!("@{}", at.step),
                ])
                .env("LOOM_STATE_DIR", self.engine.directory().root())
                .spawn()
        });
        match started {
            Ok(mut shell) => Some(self.engine.io().spawn(async move { drop(shell.wait().await) })),
            Err(error) => {
                talk::error(&format!("no shell can be started: {error}"));
                None
            }
        }
    }

    /// What the person chose, for the step that was asked about. May be dropped while it waits.
    pub(in crate::cli) async fn chosen(&mut self) -> (Option<Waiting>, Choice) {
        if let Some(shell) = &mut self.shell {
            // How it ended is nobody's business here.
            drop(shell.await);
            self.shell = None;
            self.ask();
            return (None, Choice::Unknown);
        }
        let Some(line) = next_line().await else {
            return std::future::pending().await;
        };
        let choice = line.map_or(Choice::Gone, |line| Choice::of(&line));
        let asked = self.asked.take();
        if asked.is_none() || choice == Choice::Unknown {
            self.ask();
            return (None, Choice::Unknown);
        }
        if choice == Choice::Shell {
            self.shell = asked.as_ref().and_then(|asked| self.open_shell(asked));
            self.ask();
            return (None, Choice::Unknown);
        }
        // What comes of it is told by the run itself.
        self.open.retain(|open| Some(open) != asked.as_ref());
        (asked, choice)
    }
}

impl Choice {
    fn of(line: &str) -> Self {
        match line.trim().to_lowercase().as_str() {
            "r" | "retry" => Self::Answer(PauseAnswer::Retry),
            "s" | "skip" => Self::Answer(PauseAnswer::Skip),
            "c" | "shell" => Self::Shell,
            "e" | "end" => Self::Answer(PauseAnswer::End),
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_or_the_word_is_an_answer_and_nothing_else_is() {
        for (line, answer) in [
            ("r\n", PauseAnswer::Retry),
            (" Skip \n", PauseAnswer::Skip),
            ("end", PauseAnswer::End),
        ] {
            assert_eq!(Choice::of(line), Choice::Answer(answer));
        }
        for line in ["", "\n", "yes", "rs"] {
            assert_eq!(Choice::of(line), Choice::Unknown);
        }
    }
}
