//! Where everything comes in that changes what a studio knows: straight away at a server alone, by the log where there are several.

use std::future::ready;
use std::sync::Arc;

use loom_bridge::StudioSink;
use loom_bridge::discovery::{Delivery, Notify, SinkError};
use loom_protocol::{ActorBatch, ActorId, ActorPatch, ActorRecord, BatchOutcome, BootId};

use tokio::runtime::Handle;

use super::applier::Answer;
use super::entry::Event;
use super::replica::Replica;
use crate::Intake;
use crate::directory::{Refusal, Registered};
use crate::ingest::{Ingest, Taken};
use crate::orders::{Full, Ordered};
use crate::sessions::{SessionNews, Sessions};

/// What this studio is called in a bridge's log.
const NAME: &str = "in this process";

/// The door of a studio. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Door {
    intake: Arc<Intake>,
    replica: Option<Arc<Replica>>,
}

/// Why something was not taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotTaken {
    /// It makes no sense, now or ever.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Nothing is taken at the moment.
    #[error(transparent)]
    Away(#[from] Away),
}

/// Why nothing is taken at the moment. What is sent again later is taken once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Away {
    /// The log that the servers share is away.
    #[error("failed to {0}, which the servers of this studio share; nothing is taken until it is back")]
    Log(String),
    /// This server does not know yet what the others do.
    #[error("this server has just started and reads what the others know")]
    Starting,
    /// Too much is on its way.
    #[error("too much waits to be taken in")]
    Busy,
    /// Another server knew more than this one does.
    #[error("this server has not read yet what you saw at another one")]
    Behind,
    /// It is not known whether it was taken.
    #[error("it did not come by in time; it may yet be taken")]
    Late,
}

impl Door {
    /// The door of a server that is the whole studio.
    pub fn alone(intake: Arc<Intake>) -> Self {
        Self::new(intake, None)
    }

    pub(crate) fn new(intake: Arc<Intake>, replica: Option<Arc<Replica>>) -> Self {
        Self { intake, replica }
    }

    /// What is behind it.
    pub(crate) fn intake(&self) -> &Arc<Intake> {
        &self.intake
    }

    /// Whether this server is the whole studio.
    pub(crate) fn is_alone(&self) -> bool {
        self.replica.is_none()
    }

    /// The hold on the log, where there are several servers.
    pub(crate) fn replica(&self) -> Option<&Arc<Replica>> {
        self.replica.as_ref()
    }

    /// Takes a batch in.
    ///
    /// # Errors
    /// As the directory refuses it, or when nothing is taken.
    pub async fn batch(&self, batch: ActorBatch) -> Result<BatchOutcome, NotTaken> {
        // About what it has as JSON, for it costs to be packed.
        let entries = batch.register.len() + batch.update.len() + batch.types.len() + batch.messages.len();
        match self.take(Ingest::Batch(Box::new(batch)), entries * 128).await? {
            Taken::Batch(outcome) => Ok(outcome),
            _ => Ok(BatchOutcome::default()),
        }
    }

    /// Takes a batch in where it may be waited for: on a thread of the runtime that does nothing else meanwhile.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn batch_waiting(&self, batch: ActorBatch) -> Result<BatchOutcome, NotTaken> {
        if self.is_alone() {
            return Ok(self.intake.batch(batch)?);
        }
        let runtime = Handle::try_current().map_err(|_| Away::Starting)?;
        runtime.block_on(self.batch(batch))
    }

    /// Takes a whole actor in.
    ///
    /// # Errors
    /// As there.
    pub async fn register(&self, record: ActorRecord) -> Result<Registered, NotTaken> {
        match self.take(Ingest::Register(Box::new(record)), 0).await? {
            Taken::Registered(registered) => Ok(registered),
            _ => Ok(Registered::Known),
        }
    }

    /// Takes a part of an actor in.
    ///
    /// # Errors
    /// As there.
    pub async fn update(&self, patch: ActorPatch) -> Result<(), NotTaken> {
        self.take(Ingest::Update(Box::new(patch)), 0).await.map(|_| ())
    }

    /// Takes in that an actor is gone.
    ///
    /// # Errors
    /// As there.
    pub async fn unregister(&self, id: ActorId) -> Result<bool, NotTaken> {
        let taken = self.take(Ingest::Unregister(id), 0).await?;
        Ok(taken == Taken::Unregistered(true))
    }

    /// Takes an order for its process.
    ///
    /// # Errors
    /// When there is no room for it, or nothing is taken.
    pub(crate) async fn order(&self, ordered: Ordered) -> Result<Result<(), Full>, Away> {
        let Some(replica) = &self.replica else {
            return Ok(self.intake.directory().orders().take(ordered, self.intake.now()));
        };
        match replica.submit(Event::Order(ordered), 0).await? {
            Answer::Order(taken) => Ok(taken),
            _ => Err(Away::Late),
        }
    }

    /// Has all servers know what becomes of a session.
    ///
    /// # Errors
    /// When nothing is taken.
    pub(crate) async fn session(&self, sessions: &Sessions, news: SessionNews) -> Result<(), Away> {
        let Some(replica) = &self.replica else {
            sessions.take(news);
            return Ok(());
        };
        replica.submit(Event::Session(news), 0).await.map(|_| ())
    }

    /// The same, where it does no harm if nobody hears.
    pub(crate) async fn mention_session(&self, news: SessionNews) {
        if let Some(replica) = &self.replica {
            let _may_be_lost = replica.mention(Event::Session(news)).await;
        }
    }

    async fn take(&self, ingest: Ingest, bytes: usize) -> Result<Taken, NotTaken> {
        let Some(replica) = &self.replica else {
            return Ok(self.intake.take(self.intake.now(), ingest)?);
        };
        match replica.submit(Event::Report(ingest), bytes).await? {
            Answer::Report(taken) => Ok(taken?),
            _ => Err(Away::Late.into()),
        }
    }
}

impl StudioSink for Door {
    fn deliver(&self, batch: ActorBatch) -> Delivery<'_> {
        if self.replica.is_none() {
            return Box::pin(ready(
                self.intake.batch(batch).map_err(|refusal| refused(&refusal)),
            ));
        }
        Box::pin(async move {
            self.batch(batch).await.map_err(|not_taken| match not_taken {
                NotTaken::Refused(refusal) => refused(&refusal),
                NotTaken::Away(away) => SinkError::Troubled {
                    studio: NAME.to_owned(),
                    status: 503,
                    detail: away.to_string(),
                },
            })
        })
    }

    fn notify_of_orders(&self, boot: &BootId, notify: Notify) {
        self.intake.directory().orders().listen(boot, notify);
    }

    fn name(&self) -> String {
        NAME.to_owned()
    }
}

fn refused(refusal: &Refusal) -> SinkError {
    let (studio, detail) = (NAME.to_owned(), refusal.to_string());
    // Room may come back; anything else is wrong for ever. The statuses are those of the same over HTTP.
    match refusal {
        Refusal::TooManyBoots { .. } | Refusal::Full { .. } => SinkError::Troubled {
            studio,
            status: 503,
            detail,
        },
        Refusal::UsedNumber { .. } => SinkError::Refused {
            studio,
            status: 409,
            detail,
        },
        _ => SinkError::Refused {
            studio,
            status: 400,
            detail,
        },
    }
}
