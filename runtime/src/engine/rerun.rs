//! Another attempt at a run that has ended: what the one before says of it.

use super::numbers::Number;
use super::shared::Shared;
use super::{Engine, EngineError};
use crate::event::{Event, JobOutline, Recorded, Rerun, Seq};
use crate::id::RunId;
use crate::journal::{Journal, RunQuery, Summary};
use crate::state::{Again, RerunError, Run};

/// Another attempt at a run, as somebody wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RerunOrder {
    /// The attempt that it is made from.
    pub of: RunId,
    /// What runs again.
    pub again: Again,
    /// Whether the workflow's files were read anew for it.
    pub current_files: bool,
}

/// The attempt that another one is made from.
pub(super) struct Previous {
    run: Run,
    history: Vec<Recorded>,
    attempts: Vec<Summary>,
}

impl Previous {
    /// Reads it.
    ///
    /// # Errors
    /// When there is none, or its history cannot be read.
    pub(super) async fn read(journal: &dyn Journal, of: &RunId) -> Result<Self, EngineError> {
        let history = journal.read(of, Seq::default(), usize::MAX).await?;
        let run = Run::replay(&history)?.ok_or_else(|| EngineError::UnknownRun(of.clone()))?;
        let attempts = journal
            .runs(RunQuery {
                attempts_at: Some(run.first_attempt().clone()),
                limit: usize::MAX,
                ..RunQuery::default()
            })
            .await?;
        Ok(Self {
            run,
            history,
            attempts,
        })
    }

    /// Which run of its workflow's file it is.
    ///
    /// # Errors
    /// When it does not say so itself, and the history cannot be read.
    async fn number(&self, journal: &dyn Journal) -> Result<u64, EngineError> {
        // The journal has counted those whose histories do not say it.
        let counted = self.attempts.iter().find_map(|attempt| attempt.number);
        match self.run.number.or(counted) {
            Some(number) => Ok(number),
            None => number_of(journal, &self.run).await,
        }
    }

    /// The first attempt.
    fn first(&self) -> &RunId {
        self.run.first_attempt()
    }

    /// The number of the next attempt.
    fn next_attempt(&self) -> u32 {
        let others = self.attempts.iter().map(|attempt| attempt.attempt);
        others.max().unwrap_or_default().max(self.run.attempt()) + 1
    }

    /// What a further attempt goes back to. `now` has the jobs of the file, as that attempt has it.
    ///
    /// # Errors
    /// When it cannot be run again so.
    pub(super) fn rerun(&self, order: &RerunOrder, now: &[JobOutline]) -> Result<Rerun, RerunError> {
        if self.run.source.is_none() {
            return Err(RerunError::NoSource(self.run.id.clone()));
        }
        let reused = self.run.reuses(&self.history, now, &order.again)?;
        let open = |other: &&Summary| other.id != self.run.id && !other.state.is_final();
        if let Some(other) = self.attempts.iter().find(open) {
            return Err(RerunError::OtherOpen {
                run: self.run.id.clone(),
                attempt: other.attempt,
                other: other.id.clone(),
            });
        }
        Ok(Rerun {
            of: self.run.id.clone(),
            first: self.first().clone(),
            attempt: self.next_attempt(),
            failed: order.again == Again::Failed,
            jobs: match &order.again {
                Again::Jobs(jobs) => jobs.clone(),
                Again::All | Again::Failed => Vec::new(),
            },
            current_files: order.current_files,
            reused,
        })
    }
}

/// What a run is called outside: the first attempt at it, which run of its workflow's file that is, and which attempt this
/// one is.
///
/// # Errors
/// When the history cannot be read.
pub(super) async fn numbers(
    shared: &Shared,
    previous: Option<&Previous>,
    (run, file): (&RunId, &str),
) -> Result<(RunId, Number, u32), EngineError> {
    match previous {
        None => {
            let last = shared.journal.last_number(file).await?;
            Ok((run.clone(), shared.numbers.take(file, last), 1))
        }
        Some(previous) => {
            let number = previous.number(&*shared.journal).await?;
            Ok((
                previous.first().clone(),
                Number::known(number),
                previous.next_attempt(),
            ))
        }
    }
}

/// Which run of its workflow's file a run is whose history does not say it.
pub(super) async fn number_of(journal: &dyn Journal, run: &Run) -> Result<u64, EngineError> {
    let query = RunQuery {
        file: Some(run.workflow.file.clone()),
        limit: usize::MAX,
        ..RunQuery::default()
    };
    let upto = (run.created_at, &run.id);
    let runs = journal.runs(query).await?;
    let before = runs
        .iter()
        .filter(|other| other.first.is_none() && (other.created_at, &other.id) <= upto);
    Ok(u64::try_from(before.count()).unwrap_or(u64::MAX).max(1))
}

impl Engine {
    /// A run that another attempt is wanted of, and the number of that attempt: whether it can be had is known before
    /// anything is read or asked for. [`Engine::start`] of a launch with the order begins it.
    ///
    /// # Errors
    /// When there is no such run, when it cannot be run again so, or when the history cannot be read.
    pub async fn run_again(&self, order: &RerunOrder) -> Result<(Run, u32), EngineError> {
        let (journal, order) = (self.shared.journal.clone(), order.clone());
        let read = self.shared.io.spawn(async move {
            let previous = Previous::read(&*journal, &order.of).await?;
            let jobs = match previous.history.first().map(|first| &first.event) {
                Some(Event::RunCreated { jobs, .. }) => jobs.as_slice(),
                _ => &[],
            };
            let rerun = previous.rerun(&order, jobs)?;
            Ok((previous.run, rerun.attempt))
        });
        read.await.map_err(|_| EngineError::Stopped)?
    }
}
