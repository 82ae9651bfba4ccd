//! The agent itself: one thread, one `poll`, nothing in it ever waits for a client.

use std::fs;
use std::io::Read as _;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::clients::{Client, HELLO_TIME, check, listen, read_nonce};
use crate::close::Closing;
use crate::forward::{self, Forwards};
use crate::kept::Kept;
use crate::options::Serve;
use crate::process::Process;
use crate::program::Places;
use crate::spool::{HEADER, Stream};
use crate::stay::Served;
use crate::steps::{CHUNK, Step};
use crate::wire::{Command, NONCE_LENGTH, Refusal, Report, StartStep};
use crate::{git, give, layout, program, sys};

/// More strangers than this wait outside.
const MAX_STRANGERS: usize = 8;

/// How long the last word may take to be heard.
const FAREWELL: Duration = Duration::from_secs(2);

/// The exit code after SIGTERM or an orphan's end, as a shell would have it.
const TERMINATED: u8 = 143;

/// What happened to steps when their agent was ended, as `docker stop` and a stopping engine do it.
const ENDED_FROM_OUTSIDE: &str = "its agent was told to end from outside (SIGTERM)";

/// What [`run`] reads into.
pub(crate) fn buffer() -> Vec<u8> {
    vec![0; HEADER + CHUNK]
}

/// Serves a job until it is closed. `client` is a runtime that is connected already.
pub(crate) fn run(
    mut options: Serve,
    process: &Process,
    client: Option<Client>,
    buffer: &mut [u8],
) -> Result<Served, String> {
    let paths = [
        &mut options.scripts,
        &mut options.directory,
        &mut options.workspace,
    ];
    for path in paths.into_iter().chain(&mut options.files) {
        *path = std::path::absolute(&path).map_err(|error| format!("find `{}`: {error}", path.display()))?;
    }
    // From here on every name of the job's directory is relative: a socket's path has room for 108 bytes only.
    std::env::set_current_dir(&options.directory).map_err(|error| {
        format!(
            "enter `{}`: {}",
            options.directory.display(),
            program::plain(&error)
        )
    })?;
    let outcome = Agent::new(options, process).and_then(|mut agent| {
        if let Some(client) = client {
            agent.accept(client);
        }
        agent.run(buffer)
    });
    outcome.inspect_err(|message| {
        let _ = fs::write(layout::TROUBLE, message);
    })
}

struct Agent<'a> {
    options: Serve,
    places: Places,
    process: &'a Process,
    nonce: [u8; NONCE_LENGTH],
    /// The workspace was the caller's when the job began.
    own_top: bool,
    listener: UnixListener,
    strangers: Vec<Client>,
    client: Option<Client>,
    epoch: u64,
    alone_since: Instant,
    kept: Option<Kept>,
    steps: Vec<Step>,
    forwards: Forwards,
    closing: Option<Closing>,
    /// Why the steps that run end now, though nobody who may has asked for it.
    lost: Option<&'static str>,
    exit_code: u8,
}

/// What a descriptor belongs to.
#[derive(Clone, Copy)]
enum Source {
    Signals,
    Listener,
    Client,
    Stranger(usize),
    Stream(usize, Stream),
    Forward(forward::Part),
}

impl<'a> Agent<'a> {
    fn new(options: Serve, process: &'a Process) -> Result<Self, String> {
        let nonce = read_nonce()?;
        layout::replace(Path::new(layout::PROCESS), process.name.as_bytes())
            .map_err(|error| format!("write the process file: {error}"))?;
        let listener = listen().map_err(|error| format!("listen on `{}`: {error}", layout::SOCKET))?;
        if options.own_machine {
            git::trust_everything();
        }
        let places = Places {
            scripts: options.scripts.clone(),
            workspace: options.workspace.clone(),
            files: options.files.clone(),
            trusted: options.own_machine,
        };
        let caller = fs::metadata(&options.directory)
            .map(|directory| directory.uid())
            .ok();
        let own_top = fs::metadata(&options.workspace).is_ok_and(|top| Some(top.uid()) == caller);
        let mut forwards = Forwards::default();
        // One that may stay is the host's, where no container is started again.
        let kept = (!options.stay).then(|| Kept::of(&mut forwards)).flatten();
        Ok(Self {
            options,
            places,
            process,
            nonce,
            own_top,
            listener,
            strangers: Vec::new(),
            client: None,
            epoch: 0,
            alone_since: Instant::now(),
            kept,
            steps: Vec::new(),
            forwards,
            closing: None,
            lost: None,
            exit_code: 0,
        })
    }

    /// From now on this is the client.
    fn accept(&mut self, mut client: Client) {
        client.trust();
        let running = self.steps.iter().map(|step| step.number).collect();
        client.send(&Report::Welcome {
            pid: std::process::id(),
            running,
        });
        if let Some(mut older) = self.client.replace(client) {
            older.send(&Report::Refused(Refusal::Evicted(self.epoch)));
        }
        self.steps.iter_mut().for_each(|step| step.reported = 0);
    }

    fn run(&mut self, buffer: &mut [u8]) -> Result<Served, String> {
        loop {
            let (sources, mut fds) = self.interests();
            sys::poll(&mut fds, self.patience()).map_err(|error| format!("wait for events: {error}"))?;
            for (source, fd) in sources.into_iter().zip(&fds) {
                if fd.revents != 0 {
                    self.handle(source, fd.revents, buffer);
                }
            }
            self.forwards.tidy();
            self.settle_steps(buffer);
            self.see_who_is_gone();
            self.wake_client();
            if self.closed(buffer) {
                return Ok(self.farewell());
            }
            if let Some(client) = &mut self.client {
                client.flush();
            }
        }
    }

    fn interests(&self) -> (Vec<Source>, Vec<libc::pollfd>) {
        let mut all = vec![(Source::Signals, sys::readable(self.process.signals().as_raw_fd()))];
        if self.strangers.len() < MAX_STRANGERS && self.closing.is_none() {
            all.push((Source::Listener, sys::readable(self.listener.as_raw_fd())));
        }
        // Before the strangers: what a client sent before its end counts, and whoever follows it must not find a step that has
        // not begun yet and then does. A socket holds less than is read at once.
        all.extend(
            self.client
                .iter()
                .map(|client| (Source::Client, client.interest())),
        );
        let strangers = self.strangers.iter().enumerate();
        all.extend(strangers.map(|(i, stranger)| (Source::Stranger(i), stranger.interest())));
        for (i, step) in self.steps.iter().enumerate() {
            all.extend(
                step.streams()
                    .map(|(stream, fd)| (Source::Stream(i, stream), sys::readable(fd))),
            );
        }
        let forwards = self.forwards.interests();
        all.extend(forwards.map(|(part, fd)| (Source::Forward(part), fd)));
        all.into_iter().unzip()
    }

    /// How long nothing needs to be looked at.
    fn patience(&self) -> Option<Duration> {
        let steps = self.steps.iter().filter_map(Step::deadline);
        let strangers = self.strangers.iter().map(|stranger| stranger.since + HELLO_TIME);
        let orphaned = self.orphaned_at();
        let closing = self.closing.as_ref().map(Closing::deadline);
        let kept = self.kept.as_ref().map(Kept::deadline);
        let steps = steps.chain(self.forwards.deadline()).chain(kept);
        let first = steps.chain(strangers).chain(orphaned).chain(closing).min();
        first.map(|at| at.saturating_duration_since(Instant::now()))
    }

    fn orphaned_at(&self) -> Option<Instant> {
        let alone = self.client.is_none() && self.closing.is_none() && self.kept.is_none();
        self.options
            .orphan_grace
            .filter(|_| alone)
            .map(|grace| self.alone_since + grace)
    }

    fn handle(&mut self, source: Source, events: i16, buffer: &mut [u8]) {
        match source {
            Source::Signals => self.take_signals(),
            Source::Listener => {
                if let Ok((stream, _)) = self.listener.accept()
                    && let Ok(client) = Client::new(stream)
                {
                    self.strangers.push(client);
                }
            }
            Source::Client => {
                if let Some(client) = &mut self.client {
                    client.flush();
                    if events & !libc::POLLOUT != 0 {
                        client.receive(buffer);
                    }
                }
                self.obey();
            }
            Source::Stranger(index) => self.greet(index, buffer),
            Source::Stream(index, stream) => {
                if let Some(step) = self.steps.get_mut(index) {
                    step.pump(stream, buffer);
                }
            }
            Source::Forward(part) => self.forwards.handle(part, buffer),
        }
    }

    fn take_signals(&mut self) {
        let mut numbers = [0; 64];
        while let Ok(length) = self.process.signals().read(&mut numbers) {
            let terminated = numbers
                .iter()
                .take(length)
                .any(|n| matches!(i32::from(*n), libc::SIGTERM | libc::SIGINT));
            if terminated && self.closing.is_none() {
                self.close_because(ENDED_FROM_OUTSIDE);
            }
            if length < numbers.len() {
                break;
            }
        }
        while let Some(reaped) = sys::reap() {
            if let Some(step) = self.steps.iter_mut().find(|step| step.main == Some(reaped.pid)) {
                step.reaped(reaped, &self.process.memory, self.lost);
            }
        }
    }

    /// Hears a stranger's hello, and makes it the client when all is as it should be.
    fn greet(&mut self, index: usize, buffer: &mut [u8]) {
        let Some(stranger) = self.strangers.get_mut(index) else {
            return;
        };
        stranger.receive(buffer);
        let accepted = match stranger.next_command() {
            Ok(None) => return,
            Ok(Some(Command::Hello(hello))) => check(&hello, &self.nonce, self.epoch),
            Ok(Some(_)) => Err(Refusal::Malformed("a hello must come first".to_owned())),
            Err(error) => Err(Refusal::Malformed(error.to_string())),
        };
        match accepted {
            Ok(epoch) => {
                // Those behind it move up by one; poll speaks of them again in the next turn.
                let client = self.strangers.remove(index);
                self.epoch = epoch;
                self.accept(client);
                self.obey();
            }
            Err(refusal) => {
                stranger.send(&Report::Refused(refusal));
                stranger.gone = true;
            }
        }
    }

    /// Does what the client has asked for so far.
    fn obey(&mut self) {
        while let Some(client) = &mut self.client {
            match client.next_command() {
                Ok(None) => return,
                Ok(Some(Command::Start(start))) => self.start(&start),
                Ok(Some(Command::Signal { step, signal })) => {
                    self.steps
                        .iter_mut()
                        .filter(|s| s.number == step)
                        .for_each(|s| s.signal(signal));
                }
                Ok(Some(Command::Forward { port, to })) => {
                    let trouble = self.forwards.open(port, to).err();
                    client.send(&Report::Forwarding { port, trouble });
                }
                Ok(Some(Command::Close { give })) => {
                    if self.closing.is_none() {
                        self.closing = Some(Closing::new(give, self.options.kill_grace));
                    }
                    if let Some(client) = &mut self.client {
                        // Mostly nothing runs any more, and it is one word with that of the end, unless files take long.
                        client.send_soon(&Report::Closing);
                        if give {
                            client.flush();
                        }
                    }
                }
                Ok(Some(Command::Hello(_) | Command::Next(_))) => {
                    self.turn_away(Refusal::Malformed("a second hello".to_owned()));
                }
                Err(error) => self.turn_away(Refusal::Malformed(error.to_string())),
            }
        }
    }

    fn turn_away(&mut self, refusal: Refusal) {
        if let Some(mut client) = self.client.take() {
            client.send(&Report::Refused(refusal));
            self.alone_since = Instant::now();
        }
    }

    fn start(&mut self, start: &StartStep) {
        let started = if self.closing.is_some() {
            Err("the job is being closed".to_owned())
        } else if self.steps.iter().any(|step| step.number == start.step) {
            Err(format!("step {} runs already", start.step))
        } else {
            Step::start(start, &self.places, &self.process.memory, self.options.drain)
        };
        match started {
            Ok(step) => self.steps.push(step),
            Err(trouble) => {
                if let Some(client) = &mut self.client {
                    client.send(&Report::Exited {
                        step: start.step,
                        length: 0,
                        trouble: Some(trouble),
                    });
                }
            }
        }
    }

    fn settle_steps(&mut self, buffer: &mut [u8]) {
        let client = &mut self.client;
        self.steps.retain_mut(|step| {
            let over = step.settle(buffer);
            if over && let Some(client) = client {
                let (length, trouble) = step.spooled();
                client.send(&Report::Exited {
                    step: step.number,
                    length,
                    trouble: trouble.map(str::to_owned),
                });
            }
            if over {
                // Told first: who waits for the end does not wait for this.
                step.clean_up();
            }
            !over
        });
    }

    fn see_who_is_gone(&mut self) {
        let now = Instant::now();
        self.strangers
            .retain(|stranger| !stranger.gone && now < stranger.since + HELLO_TIME);
        if self.client.as_ref().is_some_and(|client| client.gone) {
            self.client = None;
            self.alone_since = now;
        }
        if self.orphaned_at().is_some_and(|at| now >= at) {
            self.close_because("the Loom that ran the job is gone");
        }
        if self.closing.is_none() && self.kept.as_mut().is_some_and(Kept::is_left) {
            self.close_because("nobody is there any more");
        }
    }

    /// Tells the client that spools have grown; at most once between two of its reads. Of a step that says nothing it tells
    /// once that it was taken: an agent that is frozen is told from a step that is silent. Most steps end before.
    fn wake_client(&mut self) {
        let now = Instant::now();
        for step in &mut self.steps {
            let is_due = step.silent_until.take_if(|until| *until <= now).is_some();
            let Some(client) = &mut self.client else { continue };
            let (length, _) = step.spooled();
            if is_due || (length > step.reported && client.is_caught_up()) {
                step.reported = length;
                step.silent_until = None;
                client.send(&Report::Grew {
                    step: step.number,
                    length,
                });
            }
        }
    }

    fn close_because(&mut self, why: &'static str) {
        self.exit_code = TERMINATED;
        self.lost = Some(why);
        self.closing = Some(Closing::new(true, self.options.kill_grace));
    }

    /// Goes on with closing, if that is what happens; returns whether it is done.
    fn closed(&mut self, buffer: &mut [u8]) -> bool {
        let Some(closing) = &mut self.closing else {
            return false;
        };
        let mains: Vec<i32> = self.steps.iter().filter_map(|step| step.main).collect();
        let ended = closing.proceed(&mains);
        if ended {
            // Nothing holds the streams any more, or never lets go of them: nothing to wait for.
            self.steps
                .iter_mut()
                .for_each(|step| step.signal(crate::wire::StepSignal::Kill));
            self.settle_steps(buffer);
        }
        ended
    }

    /// Gives files away, says what was left, and waits a moment for the client to hear it, or keeps the client.
    fn farewell(&mut self) -> Served {
        let mut served = Served {
            code: self.exit_code,
            next: None,
        };
        let Some(closing) = self.closing.take() else {
            return served;
        };
        let mut given = give::Given::default();
        if closing.give {
            given = give::workspace(
                &self.options.directory,
                &self.options.workspace,
                &self.options.also,
                self.own_top,
            );
        }
        let (killed, mut troubles) = closing.outcome();
        troubles.append(&mut given.troubles);
        // Only the client of the beginning, who alone knows that there may be a next job, and only behind a job of which
        // nothing is left: without a child there is no descendant.
        let stays = self.options.stay && self.exit_code == 0 && self.epoch == 0;
        let stays = stays && killed.is_empty() && troubles.is_empty() && !sys::has_children();
        let _ = fs::remove_file(layout::SOCKET);
        if let Some(mut client) = self.client.take() {
            client.send(&Report::Closed {
                killed,
                given: given.files,
                troubles,
            });
            if stays {
                served.next = Some(client);
            } else {
                client.take_leave(FAREWELL);
            }
        }
        served
    }
}
