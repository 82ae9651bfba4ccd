//! Concurrency groups: who may run, who waits, who has to give way. The decisions alone; where claims are kept is each
//! journal's matter.
//!
//! The rules are GitHub's: of a group one runs and one waits; a newer one takes the place of the one that waits, which is
//! cancelled. With `queue: max` up to [`MOST_WAITING`] wait in the order in which they came.

use std::time::Duration;

use super::admission::{not_the_owner, refused};
use super::{Journal, JournalError, Summary};
use crate::executor::Owner;
use crate::id::{JobId, RunId};
use crate::world::World;

/// Waiting ones of a group with `queue: max`; one that comes to a full queue gives way itself (GitHub's limit).
pub const MOST_WAITING: usize = 100;

/// How often [`claim_settled`] asks: others learn of a free group within a fifth of a second.
const POLL: Duration = Duration::from_millis(100);

/// Who claims: a whole run, or a job of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claimant {
    /// The run.
    pub run: RunId,
    /// The job; absent for the run as a whole.
    pub job: Option<JobId>,
}

/// A wish to run alone in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRequest {
    /// The group's name; `prod` and `Prod` are one group.
    pub group: String,
    /// The run.
    pub run: RunId,
    /// The job; absent for the run as a whole.
    pub job: Option<JobId>,
    /// Who asks: the run's owner, or nobody.
    pub owner: Owner,
    /// Whether the one that runs is to be cancelled.
    pub cancel_in_progress: bool,
    /// How many may wait.
    pub queue: Queue,
}

impl ClaimRequest {
    /// Who claims.
    pub fn claimant(&self) -> Claimant {
        Claimant {
            run: self.run.clone(),
            job: self.job.clone(),
        }
    }

    /// Whether the run, as the journal lists it, may claim: it is there and open, and its owner asks.
    pub(super) fn admitted(&self, run: Option<&Summary>) -> Result<(), JournalError> {
        let cause = match run {
            None => "it was never begun".to_owned(),
            Some(run) if run.owner != self.owner => not_the_owner(run, &self.owner),
            Some(run) if run.state.is_final() => "it has ended".to_owned(),
            Some(_) => return Ok(()),
        };
        Err(refused(&self.run, cause))
    }

    /// The refusal of a claimant that claims another group.
    pub(super) fn elsewhere(&self, own: &Kept) -> JournalError {
        let cause = format!("it claims the concurrency group `{}` already", own.group);
        refused(&self.run, cause)
    }
}

/// How many may wait in a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Queue {
    /// The newest alone.
    #[default]
    Single,
    /// Up to [`MOST_WAITING`], in the order in which they came.
    Max,
}

/// Where a claimant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimState {
    /// It may run.
    Held,
    /// Another one runs.
    Waiting,
    /// A newer one took its place: it is to be cancelled, and then to release its claim.
    Displaced,
}

/// What a claim came to. Asked a second time, the answer is the same as long as those named are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Where the claimant stands now.
    pub state: ClaimState,
    /// Waiting ones whose place this claim took: each is to be cancelled.
    pub displaced: Vec<Claimant>,
    /// The one that runs, when it is to be cancelled for this claim.
    pub to_cancel: Vec<Claimant>,
}

/// Waits until a claim waits no more. `None` when there is none (it was released, or its run has ended).
///
/// # Errors
/// When the journal cannot be read.
pub async fn claim_settled(
    journal: &dyn Journal,
    world: &dyn World,
    run: &RunId,
    job: Option<&JobId>,
) -> Result<Option<ClaimState>, JournalError> {
    loop {
        match journal.claim_state(run, job).await? {
            Some(ClaimState::Waiting) => world.sleep(POLL).await,
            settled => return Ok(settled),
        }
    }
}

/// The form of a group's name by which groups are told apart.
pub(super) fn group_key(name: &str) -> String {
    name.to_lowercase()
}

/// A claim as a journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// Rises with every claim: the order in which they came.
    pub(super) id: u64,
    pub(super) group: String,
    pub(super) claimant: Claimant,
    pub(super) state: ClaimState,
    /// The claim that took its place.
    pub(super) displaced_by: Option<u64>,
    /// The claim whose claimant is to be cancelled for this one.
    pub(super) cancels: Option<u64>,
}

/// What to write for a new claim.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) state: ClaimState,
    /// Claims whose place it takes.
    pub(super) displaces: Vec<u64>,
    pub(super) cancels: Option<u64>,
}

/// Decides on a new claim, given those of its group in the order in which they came.
///
/// # Errors
/// [`JournalError::Deadlock`] when the run of a job has the group itself: neither could ever go on.
pub(super) fn enter(request: &ClaimRequest, group: &[Kept]) -> Result<Entry, JournalError> {
    let whole = |kept: &&Kept| kept.claimant.run == request.run && kept.claimant.job.is_none();
    if let (Some(job), Some(_)) = (&request.job, group.iter().find(whole)) {
        return Err(JournalError::Deadlock {
            group: request.group.clone(),
            run: request.run.0.clone(),
            job: job.0.clone(),
        });
    }
    let Some(holder) = group.iter().find(|kept| kept.state == ClaimState::Held) else {
        return Ok(Entry {
            state: ClaimState::Held,
            displaces: Vec::new(),
            cancels: None,
        });
    };
    let waiting = || group.iter().filter(|kept| kept.state == ClaimState::Waiting);
    if request.queue == Queue::Max && waiting().count() >= MOST_WAITING {
        return Ok(Entry {
            state: ClaimState::Displaced,
            displaces: Vec::new(),
            cancels: None,
        });
    }
    Ok(Entry {
        state: ClaimState::Waiting,
        displaces: match request.queue {
            Queue::Single => waiting().map(|kept| kept.id).collect(),
            Queue::Max => Vec::new(),
        },
        cancels: request.cancel_in_progress.then_some(holder.id),
    })
}

/// The answer to who has this claim, given all of its group.
pub(super) fn answer(own: &Kept, group: &[Kept]) -> Claimed {
    let named = |wanted: &dyn Fn(&Kept) -> bool| -> Vec<Claimant> {
        let found = group.iter().filter(|kept| wanted(kept));
        found.map(|kept| kept.claimant.clone()).collect()
    };
    Claimed {
        state: own.state,
        displaced: named(&|kept| kept.displaced_by == Some(own.id)),
        to_cancel: named(&|kept| own.cancels == Some(kept.id)),
    }
}

/// The claim that may run now, if the group is free.
pub(super) fn next(group: &[Kept]) -> Option<u64> {
    if group.iter().any(|kept| kept.state == ClaimState::Held) {
        return None;
    }
    let mut waiting = group.iter().filter(|kept| kept.state == ClaimState::Waiting);
    waiting.next().map(|kept| kept.id)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt;
    use proptest::prelude::*;

    use super::*;
    use crate::event::Seq;
    use crate::journal::MemoryJournal;
    use crate::journal::suite::{Ticking, created, owner};

    #[derive(Clone, Debug)]
    enum Deed {
        Claim(usize, Queue, bool),
        Release(usize),
    }

    fn deeds() -> impl Strategy<Value = Vec<Deed>> {
        let queue = prop_oneof![Just(Queue::Single), Just(Queue::Max)];
        let deed = prop_oneof![
            2 => (0..6usize, queue, any::<bool>()).prop_map(|(run, queue, cancel)| Deed::Claim(run, queue, cancel)),
            1 => (0..6usize).prop_map(Deed::Release),
        ];
        proptest::collection::vec(deed, 1..60)
    }

    fn run(n: usize) -> RunId {
        RunId(format!("r{n}"))
    }

    proptest! {
        #[test]
        fn whatever_is_claimed_and_released_exactly_one_holds_a_group_that_somebody_wants(deeds in deeds()) {
            let journal = MemoryJournal::new(Arc::new(Ticking::default()));
            for n in 0..6 {
                let (run, owner) = (run(n), owner(1));
                let started = journal.append(&run, &owner, Seq(0), vec![created()]);
                started.now_or_never().unwrap().unwrap();
            }
            let state = |n| journal.claim_state(&run(n), None).now_or_never().unwrap().unwrap();
            let count = |wanted| (0..6).filter(|n| state(*n) == Some(wanted)).count();
            for deed in deeds {
                match deed {
                    Deed::Claim(n, queue, cancel_in_progress) => {
                        let before = state(n);
                        let request = ClaimRequest {
                            group: "g".into(),
                            run: run(n),
                            job: None,
                            owner: owner(1),
                            cancel_in_progress,
                            queue,
                        };
                        let claimed = journal.claim(request.clone()).now_or_never().unwrap().unwrap();
                        let again = journal.claim(request).now_or_never().unwrap().unwrap();
                        prop_assert_eq!(&claimed, &again);
                        prop_assert_eq!(Some(claimed.state), state(n));
                        if before.is_none() && queue == Queue::Single {
                            prop_assert!(count(ClaimState::Waiting) <= 1);
                            let running = count(ClaimState::Held) == 1 && claimed.state == ClaimState::Waiting;
                            prop_assert_eq!(claimed.to_cancel.len(), usize::from(running && cancel_in_progress));
                        }
                        if before.is_some() {
                            prop_assert_eq!(before, Some(claimed.state), "to ask again changes nothing");
                        }
                    }
                    Deed::Release(n) => {
                        journal.release(&run(n), None).now_or_never().unwrap().unwrap();
                        prop_assert_eq!(state(n), None);
                    }
                }
                let wanted = count(ClaimState::Held) + count(ClaimState::Waiting) > 0;
                prop_assert_eq!(count(ClaimState::Held), usize::from(wanted));
            }
        }
    }
}
