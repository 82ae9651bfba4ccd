//! Following the log: finding one's place in it, applying what comes, and beginning anew where the place is lost.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::entry::{Event, Unreadable};
use super::handover::Giver;
use super::log::{Base, LogError, Position, Record};
use super::replica::{GONE_MILLIS, Replica, Standing};
use crate::ingest::FORM;

/// Records that are read in one go.
const AT_ONCE: usize = 200;
/// How long a read waits for the next record.
const WAIT: Duration = Duration::from_secs(1);
/// The pauses after a log that was away: the first, doubling up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long one that comes waits for those that know more: to found a log anew, or to write down what they know.
const OTHERS_FIRST: Duration = Duration::from_secs(5);
/// How often it asks them to.
const ASKS: Duration = Duration::from_secs(1);
/// Bytes of records after which a new base is worth its while.
const BASE_BYTES: usize = 32 * 1024 * 1024;
/// How often the clocks are compared.
const COMPARE: Duration = Duration::from_secs(60);

/// What is between a place and the rest in the id of a base.
const OF_ID: char = '/';

/// Why a server does not go on from its place.
enum Stop {
    /// What comes next is not what comes after it.
    Lost,
    /// The log can't be read.
    Log(LogError),
}

impl From<LogError> for Stop {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

/// How a server found its place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joined {
    /// It goes on where it was.
    Again,
    /// Something may have been lost between what it knows now and the log.
    Anew,
}

/// How far a server came.
#[derive(Default)]
struct Progress {
    /// The last record that was applied, once it found its place: none where that is before the first.
    place: Option<Option<Position>>,
    /// The base that was there when somebody last looked.
    base: Option<String>,
    /// Where the base before the one of now ends.
    needless: Option<Position>,
    /// Records and bytes since the base.
    records: usize,
    bytes: usize,
}

impl Progress {
    /// At the end of a base.
    fn at(place: Option<Position>, base: String) -> Self {
        Self {
            place: Some(place),
            base: Some(base),
            needless: place,
            ..Self::default()
        }
    }
}

/// Follows the log for ever.
pub(super) async fn follow(replica: Arc<Replica>, giver: Arc<Giver>) {
    let mut progress = Progress::default();
    let mut pause = FIRST_PAUSE;
    loop {
        let stop = match join(&replica, &mut progress).await {
            Ok(joined) => {
                pause = FIRST_PAUSE;
                read_on(&replica, &giver, &mut progress, joined).await
            }
            Err(stop) => stop,
        };
        match stop {
            Stop::Lost => {
                tracing::warn!(
                    log = replica.log.name(),
                    "the log does not go on where this server was"
                );
                replica.stands(Standing::CatchingUp);
            }
            Stop::Log(error) => {
                replica.away(&error);
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Finds a place to go on from.
async fn join(replica: &Arc<Replica>, progress: &mut Progress) -> Result<Joined, Stop> {
    let log = &replica.log;
    replica.clock.set(log.now().await?);
    let began = Instant::now();
    let mut asked: Option<Instant> = None;
    let mut is_alone = false;
    loop {
        if let Some(place) = progress.place
            && goes_on(replica, place).await?
        {
            return Ok(Joined::Again);
        }
        let base = log.base().await?;
        let id = base.as_ref().map(|base| base.id.clone());
        // Of what it lost the base knows nothing, unless somebody wrote it down since.
        let lost = has_lost(replica, progress.place.flatten()).await?;
        let knows_more = match (&base, lost) {
            (Some(base), Some(lost)) => is_of_now(replica, base, lost).await?,
            _ => true,
        };
        if let Some(base) = base
            && knows_more
            && goes_on(replica, base.after).await?
        {
            let (place, after) = (progress.place, base.after);
            match restore(replica, base.body, place).await {
                Ok(()) => {
                    *progress = Progress::at(after, base.id);
                    return Ok(Joined::Anew);
                }
                // Nobody speaks for it any more: all servers run another version now.
                Err(Unread::OfAnotherVersion(_)) if is_left(replica).await? => is_alone = true,
                Err(Unread::OfAnotherVersion(error) | Unread::Other(error)) => return Err(error.into()),
            }
        }
        let first = log.read(None, 1, Duration::ZERO).await?.pop();
        // One that was emptied is founded anew by who knows something. In one that was cut somebody may go on who knows all of it.
        let is_whole = first.as_ref().is_none_or(|first| first.before.is_none());
        let is_alone = is_alone || lost.is_some();
        let knows_less = progress.place.is_none() && first.is_some();
        if !is_alone && (knows_less || !is_whole) && began.elapsed() < OTHERS_FIRST {
            if asked.is_none_or(|asked| asked.elapsed() >= ASKS) {
                asked = Some(Instant::now());
                replica.ask_for_base().await?;
            }
            sleep(FIRST_PAUSE).await;
            continue;
        }
        let after = if is_whole && lost.is_none() {
            None
        } else {
            log.head().await?
        };
        let place = progress.place.flatten();
        let Some(body) = picture(replica, place).await else {
            sleep(LONGEST_PAUSE).await;
            continue;
        };
        let base = new_base(place, after, body);
        let new_id = base.id.clone();
        if log.set_base(base, id, None).await? {
            tracing::info!(
                log = log.name(),
                "the other servers begin with what is known here"
            );
            *progress = Progress::at(after, new_id);
            return Ok(Joined::Anew);
        }
    }
}

/// Whether no server has written for so long that none is there.
async fn is_left(replica: &Replica) -> Result<bool, Stop> {
    let now = replica.log.now().await?;
    let head = replica.log.head().await?;
    Ok(head.is_none_or(|head| now.millis_since(head.moment()) > GONE_MILLIS))
}

/// Whether the log goes on after this place.
async fn goes_on(replica: &Replica, place: Option<Position>) -> Result<bool, Stop> {
    let next = replica.log.read(place, 1, Duration::ZERO).await?.pop();
    match next {
        Some(next) => Ok(next.before == place),
        None => Ok(replica.log.head().await? == place),
    }
}

/// Reads and applies until something stops it.
async fn read_on(
    replica: &Arc<Replica>,
    giver: &Arc<Giver>,
    progress: &mut Progress,
    joined: Joined,
) -> Stop {
    let mut compared = Instant::now();
    let mut was_caught_up = false;
    loop {
        let Some(place) = progress.place else {
            return Stop::Lost;
        };
        let records = match replica.log.read(place, AT_ONCE, WAIT).await {
            Ok(records) => records,
            Err(error) => return error.into(),
        };
        if records.is_empty() {
            match replica.log.head().await {
                Ok(head) if head == place => {}
                // What came just now is read next; what is no more never is.
                Ok(head) if head > place => continue,
                Ok(_) => return Stop::Lost,
                Err(error) => return error.into(),
            }
        }
        let is_end = records.len() < AT_ONCE;
        let came = records.len();
        let (place, is_lost) = apply(replica, place, records, progress).await;
        progress.place = Some(place);
        if is_lost {
            return Stop::Lost;
        }
        if is_end {
            if came > 0
                && let Some(place) = place
            {
                // Where nothing came nobody knows whether there was something to come.
                replica.clock.heard(place.moment());
            }
            if !was_caught_up {
                was_caught_up = true;
                replica.stands(Standing::Following);
                if joined == Joined::Anew {
                    // What processes tell once, and what was lost.
                    let _refused = replica.mention(Event::Resync).await;
                }
            }
        }
        let (is_wanted, wanted) = {
            let mut applier = replica.applier();
            (applier.take_base_wanted(), applier.take_wanted())
        };
        // What was asked for long ago nobody waits for.
        for wanted in wanted
            .into_iter()
            .filter(|wanted| was_caught_up && replica.is_asked(&wanted.of))
        {
            let (replica, giver) = (replica.clone(), giver.clone());
            tokio::spawn(async move { giver.give(&replica, wanted).await });
        }
        let is_due = progress.records >= replica.log.keeps() / 2 || progress.bytes >= BASE_BYTES;
        let is_due = is_due || (is_wanted && was_caught_up);
        if is_due && let Err(error) = renew(replica, progress).await {
            return error.into();
        }
        if compared.elapsed() >= COMPARE {
            compared = Instant::now();
            match replica.log.now().await {
                Ok(now) => replica.clock.set(now),
                Err(error) => return error.into(),
            }
        }
    }
}

/// Applies those records that follow each other. Says where that came to, and whether one does not follow.
async fn apply(
    replica: &Arc<Replica>,
    mut place: Option<Position>,
    records: Vec<Record>,
    progress: &mut Progress,
) -> (Option<Position>, bool) {
    let mut good = Vec::with_capacity(records.len());
    let mut is_lost = false;
    for record in records {
        if record.before != place {
            is_lost = true;
            break;
        }
        place = Some(record.position);
        good.push(record);
    }
    progress.records += good.len();
    progress.bytes += good.iter().map(|record| record.body.len()).sum::<usize>();
    if is_lost && good.is_empty() {
        return (place, true);
    }
    replica.reaches(place);
    let applying = replica.clone();
    let applied = spawn_blocking(move || {
        for record in &good {
            let answer = applying.applier().apply(record);
            if let Some((server, number, answer)) = answer {
                applying.came_by(&server, number, answer);
            }
        }
        let peers = applying.applier().peers();
        applying.reached(place, peers);
    });
    if let Err(error) = applied.await {
        tracing::error!(%error, "an entry of the log could not be applied");
    }
    (place, is_lost)
}

/// Writes down what is known here, for those who come.
async fn renew(replica: &Arc<Replica>, progress: &mut Progress) -> Result<(), LogError> {
    (progress.records, progress.bytes) = (0, 0);
    let Some(place) = progress.place else {
        return Ok(());
    };
    let id = replica.log.base_id().await?;
    if id.is_some() && id != progress.base {
        // Another server just did, at about the same place.
        progress.base = id;
        return Ok(());
    }
    let Some(body) = picture(replica, place).await else {
        return Ok(());
    };
    let base = new_base(place, place, body);
    let new_id = base.id.clone();
    if replica.log.set_base(base, id, progress.needless).await? {
        progress.needless = place;
        progress.base = Some(new_id);
    }
    Ok(())
}

/// A base of one that had come to `known`, maybe in a log that is no more. Its id says so.
fn new_base(known: Option<Position>, after: Option<Position>, body: Bytes) -> Base {
    let known = known.map(|known| known.to_string()).unwrap_or_default();
    let id = format!("{known}{OF_ID}{}", Uuid::new_v4().simple());
    Base { id, after, body }
}

/// The place of this server, if it is one that the log had and lost: it has older records, and not this one.
async fn has_lost(replica: &Replica, place: Option<Position>) -> Result<Option<Position>, Stop> {
    let Some(place) = place else { return Ok(None) };
    let first = replica.log.read(None, 1, Duration::ZERO).await?.pop();
    if first.is_none_or(|first| first.position > place) {
        return Ok(None);
    }
    let next = replica
        .log
        .read(place.just_before(), 1, Duration::ZERO)
        .await?
        .pop();
    let is_there = next.is_some_and(|next| next.position == place);
    Ok((!is_there).then_some(place))
}

/// Whether a base was written down by one that knew what the log lost, and since then: of what came after that there is nothing
/// in the log but what came after this server's place, too.
async fn is_of_now(replica: &Replica, base: &Base, lost: Position) -> Result<bool, Stop> {
    let known = base
        .id
        .split_once(OF_ID)
        .and_then(|(known, _)| known.parse::<Position>().ok());
    let Some(known) = known.filter(|known| Some(*known) != base.after) else {
        return Ok(false);
    };
    let next = replica.log.read(Some(known), 1, Duration::ZERO).await?.pop();
    Ok(next.is_none_or(|next| next.position > lost))
}

async fn picture(replica: &Arc<Replica>, place: Option<Position>) -> Option<Bytes> {
    let looking = replica.clone();
    let picture = spawn_blocking(move || looking.applier().picture(place)).await;
    match picture {
        Ok(Ok(body)) => Some(body),
        Ok(Err(error)) => {
            tracing::error!(%error, "what is known could not be written down");
            None
        }
        Err(error) => {
            tracing::error!(%error, "what is known could not be written down");
            None
        }
    }
}

/// Why nobody can begin with a base.
enum Unread {
    OfAnotherVersion(LogError),
    Other(LogError),
}

fn with_causes(error: &dyn Error) -> String {
    let mut all = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        all = format!("{all}: {error}");
        cause = error.source();
    }
    all
}

/// Begins with a base. One that can't be read stays as it is: whoever wrote it knows more.
async fn restore(replica: &Arc<Replica>, body: Bytes, place: Option<Option<Position>>) -> Result<(), Unread> {
    let restoring = replica.clone();
    let restored = spawn_blocking(move || restoring.applier().restore(&body, place)).await;
    let name = replica.log.name();
    let refused = |why: String| LogError::Refused { name, why };
    let why = match restored {
        Ok(Ok(is_other)) => {
            if is_other {
                replica.was_restored();
            }
            return Ok(());
        }
        Ok(Err(Unreadable::Other { form })) => {
            let why = format!(
                "what the other servers know is of form {form}, and this version of loom-studio reads form {FORM}; run one version on \
                 all of them, or start this one once the others are stopped"
            );
            return Err(Unread::OfAnotherVersion(refused(why)));
        }
        Ok(Err(error)) => with_causes(&error),
        Err(error) => error.to_string(),
    };
    let why = format!("what the other servers begin with can't be read (do all run one version?): {why}");
    Err(Unread::Other(refused(why)))
}
