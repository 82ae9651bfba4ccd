//! What is recorded, as the rest of the studio uses it: moments to be seen, files to be made of it.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use loom_protocol::Timestamp;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use utoipa::ToSchema;

use super::alarm::Alarm;
use super::file::{self, Head, MOST_FILE, RecordingError};
use super::flight::{Flight, FlightOptions};
use super::past::{Past, Source, Unseen};
use super::shelf::{Saved, Shelf};
use super::tape::{Hole, Stretch, Tape};
use crate::Intake;
use crate::directory::DirectoryOptions;
use crate::ingest::Recorder;
use crate::options::RecorderOptions;

/// A keyframe may hold up the door for one part in so many of the time.
const HOLDS: u32 = 200;

/// Moments that are looked for at the same time.
const MAKING: usize = 2;

/// The recordings of a studio.
pub(crate) struct Recordings {
    source: Kind,
    past: Past,
    /// Moments that are made at the same time: threads that wait for the disk are for others too.
    making: Arc<Semaphore>,
    shelf: Option<Shelf>,
    /// Whether it saves one by itself when something goes wrong.
    saves_by_itself: bool,
}

enum Kind {
    /// Nothing is recorded.
    Off,
    /// What comes in is.
    Running(Arc<Flight>),
    /// It shows a file.
    Opened(Opened),
}

/// A recording that was opened.
pub(crate) struct Opened {
    name: String,
    head: Head,
    tape: Arc<Tape>,
}

/// What is recorded.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordingState {
    /// Whether what comes in is recorded.
    recording: bool,
    /// From the first moment that can be seen to the last one; absent where nothing is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    stretch: Option<Stretch>,
    /// Where reports were lost, so that nothing can be seen.
    holes: Vec<Hole>,
    /// It reaches back less than ten minutes because `most_bytes` are used up.
    cut_short: bool,
    /// Bytes that it takes.
    bytes: usize,
    /// Bytes that it may take; 0 where nothing is recorded.
    most_bytes: usize,
    /// The recording that this studio shows, where it shows one and takes no reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    opened: Option<OpenedState>,
    /// Recordings that were saved, newest first; absent where there is no directory for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    saved: Option<Vec<Saved>>,
}

/// A recording that is shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OpenedState {
    /// The name of its file.
    name: String,
    /// The version of the studio that made it.
    studio: String,
    /// Why it was made.
    reason: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    made: Timestamp,
}

/// Why no file is made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsaved {
    /// There is nothing to be saved.
    #[error("nothing is recorded")]
    Nothing,
    /// There is no place for it.
    #[error("no directory for recordings is given")]
    NoShelf,
    /// The disk says no.
    #[error("the recording can't be written")]
    Io(#[from] io::Error),
}

impl Opened {
    /// Opens a file. Waits for the disk.
    ///
    /// # Errors
    /// When it is no recording that this studio reads.
    pub(crate) fn read(path: &Path) -> Result<Self, RecordingError> {
        let mut bytes = Vec::new();
        File::open(path)?.take(MOST_FILE + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MOST_FILE {
            return Err(RecordingError::TooLarge);
        }
        let (head, tape) = file::read(&Bytes::from(bytes))?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        Ok(Self {
            name: name.to_string_lossy().into_owned(),
            head,
            tape: Arc::new(tape),
        })
    }

    /// The studio as it was at the end, or at the last moment before reports were lost.
    pub(crate) fn last(&self, options: &DirectoryOptions) -> Result<Arc<Intake>, RecordingError> {
        let past = Past::new(Source::Opened(self.tape.clone()), options.clone());
        past.at(self.end(), None)
            .map_err(|_| RecordingError::Damaged { at: 0 })
    }

    /// The last moment that can be seen.
    fn end(&self) -> Timestamp {
        let to = self.head.stretch.to;
        let holes = self.tape.holes();
        let last = holes.last().filter(|hole| hole.to >= to);
        last.map_or(to, |hole| Timestamp::from_millis(hole.from.as_millis() - 1))
    }
}

impl Recordings {
    /// Of a studio that takes reports, for directories with these limits; `is_of_several` says that what it applies comes by a log.
    pub(crate) fn new(options: &RecorderOptions, directory: DirectoryOptions, is_of_several: bool) -> Self {
        let flight = (options.bytes > 0).then(|| {
            Flight::new(FlightOptions {
                bytes: options.bytes,
                back: options.back(),
                holds: HOLDS,
                is_of_several,
            })
        });
        let source = flight.clone().map_or(Source::Nothing, Source::Running);
        Self {
            source: flight.map_or(Kind::Off, Kind::Running),
            past: Past::new(source, directory),
            making: Arc::new(Semaphore::new(MAKING)),
            shelf: options.save_in.clone().map(Shelf::new),
            saves_by_itself: options.saves_by_itself,
        }
    }

    /// Of a studio that shows a file.
    pub(crate) fn opened(opened: Opened, directory: DirectoryOptions) -> Self {
        Self {
            past: Past::new(Source::Opened(opened.tape.clone()), directory),
            making: Arc::new(Semaphore::new(MAKING)),
            source: Kind::Opened(opened),
            shelf: None,
            saves_by_itself: false,
        }
    }

    /// Who keeps what comes in.
    pub(crate) fn recorders(&self) -> Vec<Arc<dyn Recorder>> {
        match &self.source {
            Kind::Running(flight) => vec![flight.clone()],
            Kind::Off | Kind::Opened(_) => Vec::new(),
        }
    }

    /// The recorder, where there is one.
    pub(crate) fn flight(&self) -> Option<&Arc<Flight>> {
        match &self.source {
            Kind::Running(flight) => Some(flight),
            Kind::Off | Kind::Opened(_) => None,
        }
    }

    /// Records on a thread of its own, until [`Flight::stop`] or until `intake` is gone.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(self: &Arc<Self>, intake: &Arc<Intake>) -> io::Result<()> {
        let Some(flight) = self.flight().cloned() else {
            return Ok(());
        };
        let (recordings, intake) = (Arc::downgrade(self), Arc::downgrade(intake));
        let thread = std::thread::Builder::new().name("recorder".to_owned());
        let run = move || {
            let mut alarm = Alarm::default();
            while flight.wait() {
                let (Some(recordings), Some(intake)) = (recordings.upgrade(), intake.upgrade()) else {
                    return;
                };
                flight.turn(&intake);
                recordings.save_by_itself(&mut alarm, &intake);
            }
        };
        thread.spawn(run).map(|_| ())
    }

    /// Saves what is recorded a little after something went wrong.
    pub(super) fn save_by_itself(&self, alarm: &mut Alarm, intake: &Intake) {
        if !self.saves_by_itself || self.shelf.is_none() {
            return;
        }
        if let Some(reason) = alarm.look(intake)
            && let Err(error) = self.save(intake, &reason)
        {
            tracing::error!(%error, cause = error.source().map(ToString::to_string), "a recording could not be saved");
        }
    }

    /// A turn to look for a moment, which is kept while that is done; nothing where there are none any more.
    pub(crate) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        self.making.clone().acquire_owned().await.ok()
    }

    /// The studio as it was at a moment; see [`Past::at`].
    ///
    /// # Errors
    /// As there.
    pub(crate) fn at(&self, at: Timestamp, live: &Intake) -> Result<Arc<Intake>, Unseen> {
        self.past.at(at, Some(live))
    }

    /// What is recorded. Waits for the disk where recordings are saved.
    pub(crate) fn state(&self, live: &Intake) -> io::Result<RecordingState> {
        let saved = self.shelf.as_ref().map(Shelf::list).transpose()?;
        let (tape, bytes, most_bytes, cut_short) = match &self.source {
            Kind::Off => (Tape::default(), 0, 0, false),
            Kind::Running(flight) => {
                let state = flight.state(live);
                (state.tape, state.bytes, state.most, state.is_cut_short)
            }
            Kind::Opened(opened) => {
                let tape = (*opened.tape).clone();
                let bytes = tape.bytes();
                (tape, bytes, bytes, false)
            }
        };
        let opened = match &self.source {
            Kind::Opened(opened) => Some(OpenedState {
                name: opened.name.clone(),
                studio: opened.head.studio.clone(),
                reason: opened.head.reason.clone(),
                made: opened.head.made,
            }),
            Kind::Off | Kind::Running(_) => None,
        };
        Ok(RecordingState {
            recording: matches!(self.source, Kind::Running(_)),
            stretch: tape.stretch(),
            holes: tape.holes(),
            cut_short,
            bytes,
            most_bytes,
            opened,
            saved,
        })
    }

    /// What is recorded now as a file: its name and its pieces.
    ///
    /// # Errors
    /// When nothing is recorded.
    pub(crate) fn file(&self, live: &Intake, reason: &str) -> Result<(Timestamp, Vec<Bytes>), Unsaved> {
        let running;
        let tape = match &self.source {
            Kind::Off => return Err(Unsaved::Nothing),
            Kind::Opened(opened) => &*opened.tape,
            Kind::Running(flight) => {
                running = flight.state(live).tape;
                &running
            }
        };
        let stretch = tape.stretch().ok_or(Unsaved::Nothing)?;
        let made = live.now();
        let head = Head {
            studio: env!("CARGO_PKG_VERSION").to_owned(),
            stretch,
            holes: tape.holes(),
            reason: reason.to_owned(),
            made,
            is_of_several: tape.is_of_several,
        };
        Ok((made, file::pieces(tape, &head)))
    }

    /// Puts what another server recorded, a file that it made, before what is recorded here since this one came.
    ///
    /// # Errors
    /// When it can't be read.
    pub(crate) fn put_before(&self, file: &Bytes) -> Result<(), RecordingError> {
        let (_, tape) = file::read(file)?;
        if let Some(flight) = self.flight() {
            flight.put_before(tape);
        }
        Ok(())
    }

    /// Saves what is recorded now. Waits for the disk.
    ///
    /// # Errors
    /// When nothing is recorded, or there is no place for it.
    pub(crate) fn save(&self, live: &Intake, reason: &str) -> Result<Saved, Unsaved> {
        let shelf = self.shelf.as_ref().ok_or(Unsaved::NoShelf)?;
        let (made, pieces) = self.file(live, reason)?;
        let saved = shelf.save(made, reason, &pieces)?;
        tracing::info!(
            name = saved.name,
            directory = %shelf.directory().display(),
            reason,
            "a recording was saved"
        );
        Ok(saved)
    }

    /// A recording that was saved.
    ///
    /// # Errors
    /// When the disk says no.
    pub(crate) fn saved(&self, name: &str) -> io::Result<Option<File>> {
        self.shelf.as_ref().map_or(Ok(None), |shelf| shelf.open(name))
    }
}
