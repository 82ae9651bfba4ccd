//! How a workspace is made: the one place that puts a studio together.

use std::path::PathBuf;
use std::sync::Arc;

use loom_bridge::ActorRegistry;
use loom_history::{History, HistoryOptions};
use loom_protocol::Timestamp;

use super::{Workspace, WorkspaceName};
use crate::collector::Exporter;
use crate::extension::Extension;
use crate::http::Guard;
use crate::live::Sockets;
use crate::options::RecorderOptions;
use crate::otlp::Receiver;
use crate::recording::{Opened, RecordingError, Recordings};
use crate::replication::{Door, Replica, ReplicatedLog, StudioClock};
use crate::warnings::Warnings;
use crate::windows::Windows;
use crate::{Clock, Directory, Hub, Intake, StudioOptions};

/// What the workspaces of a server are made from.
pub(crate) struct Plan {
    pub(crate) options: StudioOptions,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) guard: Arc<Guard>,
    /// When the server started.
    pub(crate) started: Timestamp,
    /// What it shares with other servers: the log of `main`, from which those of workspaces come.
    pub(crate) log: Option<Arc<dyn ReplicatedLog>>,
}

/// Where what is known comes from.
pub(crate) enum Source {
    /// Reports that come in here.
    Reports,
    /// The log of several servers.
    Log(Arc<dyn ReplicatedLog>),
    /// A recording.
    Recording(Opened),
}

impl Plan {
    /// Where what is known in a workspace comes from, unless a recording is shown.
    pub(crate) fn source(&self, name: &WorkspaceName) -> Source {
        match &self.log {
            None => Source::Reports,
            Some(log) if name.is_main() => Source::Log(log.clone()),
            Some(log) => Source::Log(log.of_workspace(name)),
        }
    }

    /// Makes a workspace, which does nothing by itself yet. Its history is opened, which waits for the disk; where that can't be
    /// used it is in memory.
    ///
    /// # Errors
    /// When a recording can't be shown.
    pub(crate) fn make(
        &self,
        name: &WorkspaceName,
        source: Source,
        registry: ActorRegistry,
        extensions: Vec<Arc<dyn Extension>>,
    ) -> Result<Workspace, RecordingError> {
        let options = &self.options;
        let limits = &options.directory;
        let history = || {
            Arc::new(History::open(HistoryOptions {
                directory: self.state(name),
                ..HistoryOptions::default()
            }))
        };
        let recorder = RecorderOptions {
            save_in: self.recordings(name),
            ..options.recorder.clone()
        };
        // What is over raises nothing.
        let state = self
            .state(name)
            .filter(|_| !matches!(source, Source::Recording(_)));
        let warnings = Arc::new(Warnings::open(state.as_deref(), self.clock.clone()));
        let mut replica = None;
        let (intake, recordings) = match source {
            Source::Recording(opened) => {
                let intake = opened.last(limits)?;
                (intake, Recordings::opened(opened, limits.clone()))
            }
            Source::Reports => {
                let recordings = Recordings::new(&recorder, limits.clone(), false);
                let directory = Arc::new(Directory::new(limits.clone(), self.clock.clone()));
                let intake = Intake::recorded(directory, recordings.recorders());
                (Arc::new(intake.remembering(history())), recordings)
            }
            Source::Log(log) => {
                let recordings = Recordings::new(&recorder, limits.clone(), true);
                let clock = Arc::new(StudioClock::new(self.clock.clone()));
                let directory = Arc::new(Directory::new(limits.clone(), clock.clone()));
                let intake = Intake::recorded(directory, recordings.recorders());
                let intake = Arc::new(intake.remembering(history()));
                // They are of the server, and one log alone says of them what holds.
                let sessions = name.is_main().then(|| self.guard.sessions().clone());
                replica = Some(Arc::new(Replica::new(log, intake.clone(), sessions, clock)));
                (intake, recordings)
            }
        };
        let exporter = options
            .collector
            .clone()
            .map(|to| Arc::new(Exporter::new(to, name)));
        if let Some(exporter) = &exporter {
            intake.memory().hand_to(exporter.clone());
        }
        let door = Door::new(intake.clone(), replica);
        let workspace = Workspace {
            name: name.clone(),
            otlp: Arc::new(Receiver::new(door.clone())),
            door,
            directory: intake.directory().clone(),
            intake,
            recordings: Arc::new(recordings),
            warnings,
            exporter,
            series: Arc::default(),
            hub: Hub::new(self.started),
            sockets: Sockets::new(options.max_sockets, options.stalled_after),
            windows: Windows::default(),
            guard: self.guard.clone(),
            registry,
            body_within: options.body_within,
            extensions,
            started: self.started,
        };
        if let Some(replica) = workspace.door.replica() {
            let replica = Arc::downgrade(replica);
            workspace
                .hub
                .tell_position(move || Some(replica.upgrade()?.position()?.to_string()));
        }
        workspace.attach_extensions();
        Ok(workspace)
    }

    /// Where a workspace keeps its history: `main` where there has always been one, others beside it.
    fn state(&self, name: &WorkspaceName) -> Option<PathBuf> {
        let state = self.options.state.clone()?;
        Some(below(state, name))
    }

    /// Where it saves recordings.
    fn recordings(&self, name: &WorkspaceName) -> Option<PathBuf> {
        let wanted = self.options.recorder.save_in.clone()?;
        let usual = self.options.state.as_ref().map(|state| state.join(RECORDINGS));
        if usual.as_ref() == Some(&wanted) {
            return Some(self.state(name)?.join(RECORDINGS));
        }
        Some(below(wanted, name))
    }
}

/// Where recordings are in a state directory.
const RECORDINGS: &str = "recordings";

fn below(directory: PathBuf, name: &WorkspaceName) -> PathBuf {
    if name.is_main() {
        directory
    } else {
        directory.join("workspaces").join(name.as_str())
    }
}
