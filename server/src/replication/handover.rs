//! What a server remembers, for one that was not there: its history and its recording.
//!
//! A server that comes takes over all that another one knows (`picture.rs`), which is the present and ten minutes of traffic. What
//! was before that it asks of one that was there: by an entry of the log, which names who is asked, and in pieces that are left
//! beside the log. Until that came, or nobody gives it, its own history waits, so that seconds come in the order of time. What
//! does not come is a gap.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BufMut as _, Bytes, BytesMut};
use loom_protocol::Timestamp;
use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::entry::{Event, Wanted};
use super::log::LogError;
use super::replica::Replica;
use crate::recording::Recordings;

/// Bytes of the history, before they are packed, and of the recording.
const MOST_HISTORY: usize = 64 * 1024 * 1024;
const MOST_RECORDING: usize = 64 * 1024 * 1024;
/// Bytes of a piece: none of them holds up the log.
const PIECE: usize = 1024 * 1024;
/// Pieces that are believed.
const MOST_PIECES: u32 = 256;
/// How often somebody looks whether it came, and how many times before another server is asked.
const LOOKS: Duration = Duration::from_millis(250);
const TIMES: u32 = 60;
/// Before somebody is asked again who could not give it.
const ASKS_AGAIN: Duration = Duration::from_secs(1);
/// After so long nobody is asked any more: much less than what traffic knows by itself.
const ASKS_FOR: Duration = Duration::from_secs(60);
/// How many times somebody looks whether others are there: each says so every five seconds.
const HEARD: u32 = 32;

/// Gives what is remembered here to those who ask, one after the other.
pub(super) struct Giver {
    recordings: Arc<Recordings>,
    giving: Semaphore,
}

impl Giver {
    pub(super) fn new(recordings: Arc<Recordings>) -> Self {
        Self {
            recordings,
            giving: Semaphore::new(1),
        }
    }

    /// Leaves what somebody wants; nothing while another is given something, or while this server waits itself for what it does not
    /// know.
    pub(super) async fn give(&self, replica: &Replica, wanted: Wanted) {
        let one_by_one = self.giving.try_acquire();
        let parcel = if one_by_one.is_ok() && replica.intake.memory().is_whole() {
            self.write(replica, wanted.from).await
        } else {
            Bytes::new()
        };
        if let Err(error) = leave(replica, &wanted.name, parcel).await {
            tracing::warn!("what is remembered here was not given to another server: failed to {error}");
        }
    }

    async fn write(&self, replica: &Replica, from: i64) -> Bytes {
        let (intake, recordings) = (replica.intake.clone(), self.recordings.clone());
        let written = spawn_blocking(move || {
            let history = intake.history().hand_over(from, MOST_HISTORY);
            let file = recordings.file(&intake, "for another server").ok();
            let pieces = file.map(|(_, pieces)| pieces).unwrap_or_default();
            let fits = pieces.iter().map(Bytes::len).sum::<usize>() <= MOST_RECORDING;
            let mut parcel = BytesMut::new();
            parcel.put_u64_le(history.len() as u64);
            parcel.put_slice(&history);
            for piece in pieces.iter().filter(|_| fits) {
                parcel.put_slice(piece);
            }
            parcel.freeze()
        });
        written.await.unwrap_or_default()
    }
}

/// In pieces, the first of which comes last and says how many there are.
async fn leave(replica: &Replica, name: &str, mut parcel: Bytes) -> Result<(), LogError> {
    let mut pieces = Vec::new();
    if parcel.is_empty() {
        // So that nobody waits for it.
        let nothing = Bytes::copy_from_slice(&0_u32.to_le_bytes());
        return replica.log.leave(format!("{name}:0"), nothing).await;
    }
    while !parcel.is_empty() {
        pieces.push(parcel.split_to(parcel.len().min(PIECE)));
    }
    let count = u32::try_from(pieces.len()).unwrap_or(u32::MAX);
    for (number, piece) in pieces.into_iter().enumerate().rev() {
        let mut left = BytesMut::with_capacity(piece.len() + 4);
        left.put_u32_le(count);
        left.put_slice(&piece);
        replica
            .log
            .leave(format!("{name}:{number}"), left.freeze())
            .await?;
    }
    Ok(())
}

/// Gets what this server was not there for, each time that it began anew.
pub(super) async fn get(replica: Arc<Replica>, recordings: Arc<Recordings>, mut began: watch::Receiver<u64>) {
    // One that founded a log knows all there is.
    while began.changed().await.is_ok() {
        let waited = replica.intake.memory().waiting();
        replica.until_it_follows().await;
        get_once(&replica, &recordings).await;
        // Not where it began anew meanwhile: then it is asked once more.
        replica.intake.memory().go_on(waited);
    }
}

async fn get_once(replica: &Replica, recordings: &Arc<Recordings>) {
    for _ in 0..HEARD {
        if !replica.others().is_empty() {
            break;
        }
        sleep(LOOKS).await;
    }
    let began = Instant::now();
    let others = replica.others();
    for of in others.iter().cycle() {
        if began.elapsed() > ASKS_FOR {
            return;
        }
        let name = Uuid::new_v4().simple().to_string();
        let newest = replica.intake.history().newest();
        let wanted = Wanted {
            of: of.clone(),
            name: name.clone(),
            from: newest.map_or(i64::MIN, |newest| newest + 1),
        };
        if replica.mention(Event::Wanted(wanted)).await.is_err() {
            return;
        }
        let Ok(Some(parcel)) = pick_up(replica, &name).await else {
            sleep(ASKS_AGAIN).await;
            continue;
        };
        let (intake, recordings) = (replica.intake.clone(), recordings.clone());
        let now = intake.now();
        let taken = spawn_blocking(move || take(&parcel, now, &intake, &recordings)).await;
        match taken {
            Ok(Ok(())) => {}
            Ok(Err(why)) => tracing::warn!("what another server remembers was not taken over: {why}"),
            Err(error) => tracing::error!(%error, "what another server remembers was not taken over"),
        }
        return;
    }
}

/// Waits for all pieces; nothing where they don't come.
async fn pick_up(replica: &Replica, name: &str) -> Result<Option<Bytes>, LogError> {
    let mut first = None;
    for _ in 0..TIMES {
        first = replica.log.pick_up(format!("{name}:0")).await?;
        if first.is_some() {
            break;
        }
        sleep(LOOKS).await;
    }
    let Some(mut first) = first else {
        return Ok(None);
    };
    let Some(count) = first
        .try_get_u32_le()
        .ok()
        .filter(|count| (1..=MOST_PIECES).contains(count))
    else {
        return Ok(None);
    };
    let mut parcel = BytesMut::from(&first[..]);
    for number in 1..count {
        match replica.log.pick_up(format!("{name}:{number}")).await? {
            Some(piece) if piece.len() >= 4 => parcel.put_slice(piece.get(4..).unwrap_or_default()),
            _ => return Ok(None),
        }
    }
    Ok(Some(parcel.freeze()))
}

fn take(
    parcel: &Bytes,
    now: Timestamp,
    intake: &crate::Intake,
    recordings: &Recordings,
) -> Result<(), String> {
    let mut parcel = parcel.clone();
    let len = parcel.try_get_u64_le().map_err(|error| error.to_string())?;
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    if len > parcel.len() {
        return Err("it was cut off".to_owned());
    }
    let history = parcel.split_to(len);
    let second = crate::traffic::second_of(now);
    let taken = intake.history().take_over(&history, second);
    if !parcel.is_empty() {
        recordings
            .put_before(&parcel)
            .map_err(|error| error.to_string())?;
    }
    taken.map_err(|error| error.to_string())
}
