//! The signals that ask a command to end. Whoever sends one gets what SIGTERM does: nothing is left behind.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// Why a command does not go on with what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Somebody wants it to end: the word that history keeps for who cancelled.
    Asked(&'static str),
    /// What it runs is not what there is now: files have changed.
    Stale,
}

/// Waits for the signals that ask a command to end, and for changes of files where they are watched.
pub(super) struct Stops {
    signals: Signals,
    changes: Option<mpsc::Receiver<()>>,
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
    quit: Signal,
    user_1: Signal,
    user_2: Signal,
}

impl Stops {
    pub(super) fn listen() -> std::io::Result<Self> {
        let signals = Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            // By default these would end the process at once and leave its containers.
            quit: signal(SignalKind::quit())?,
            user_1: signal(SignalKind::user_defined1())?,
            user_2: signal(SignalKind::user_defined2())?,
        };
        Ok(Self {
            signals,
            changes: None,
        })
    }

    /// Changes are reasons to stop from now on.
    pub(super) fn watch(&mut self, changes: mpsc::Receiver<()>) {
        self.changes = Some(changes);
    }

    /// The next reason.
    pub(super) async fn next(&mut self) -> Stop {
        let Self { signals, changes } = self;
        tokio::select! {
            biased;
            by = signals.next() => Stop::Asked(by),
            () = changed(changes) => Stop::Stale,
        }
    }

    /// The next signal. Changes wait meanwhile.
    pub(super) async fn signal(&mut self) -> &'static str {
        self.signals.next().await
    }
}

/// The next change; never where none are watched for.
async fn changed(changes: &mut Option<mpsc::Receiver<()>>) {
    let change = match changes {
        Some(changes) => changes.recv().await,
        None => None,
    };
    if change.is_none() {
        std::future::pending::<()>().await;
    }
}

impl Signals {
    /// The next one, by the word that history keeps for who cancelled.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "ctrl-c",
            _ = self.terminate.recv() => "sigterm",
            _ = self.hang_up.recv() => "sighup",
            _ = self.quit.recv() => "sigquit",
            _ = self.user_1.recv() => "sigusr1",
            _ = self.user_2.recv() => "sigusr2",
        }
    }
}
