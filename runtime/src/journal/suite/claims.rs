//! What every journal promises of concurrency groups.

use std::sync::Arc;
use std::time::Duration;

use super::{Place, add, created, finished, lost, owner};
use crate::event::Seq;
use crate::id::{JobId, RunId};
use crate::journal::{
    ClaimRequest, ClaimState, Claimant, Journal, JournalError, MOST_WAITING, Queue, Request, claim_settled,
};
use crate::world::SystemWorld;

fn claim(group: &str, run: &str, job: Option<&str>, queue: Queue) -> ClaimRequest {
    ClaimRequest {
        group: group.to_owned(),
        run: RunId(run.into()),
        job: job.map(|job| JobId(job.into())),
        owner: owner(1),
        cancel_in_progress: false,
        queue,
    }
}

fn claimant(run: &str) -> Claimant {
    Claimant {
        run: RunId(run.into()),
        job: None,
    }
}

async fn stands(journal: &Arc<dyn Journal>, run: &str) -> Option<ClaimState> {
    journal.claim_state(&RunId(run.into()), None).await.unwrap()
}

async fn begin(journal: &Arc<dyn Journal>, runs: &[&str]) {
    for run in runs {
        add(journal, &RunId((*run).into()), vec![created()])
            .await
            .unwrap();
    }
}

pub(in crate::journal) async fn of_a_group_one_runs_and_the_newest_waits(place: &dyn Place) {
    let (ours, theirs) = (place.open(), place.open());
    begin(&ours, &["a", "b", "c"]).await;
    let first = ours.claim(claim("Prod", "a", None, Queue::Single)).await.unwrap();
    assert_eq!(first.state, ClaimState::Held);
    let second = theirs
        .claim(claim("prod", "b", None, Queue::Single))
        .await
        .unwrap();
    assert_eq!((second.state, second.displaced.len()), (ClaimState::Waiting, 0));
    for _ in 0..2 {
        let third = ours.claim(claim("PROD", "c", None, Queue::Single)).await.unwrap();
        assert_eq!(third.state, ClaimState::Waiting);
        assert_eq!(third.displaced, [claimant("b")]);
        assert!(third.to_cancel.is_empty());
    }
    assert_eq!(stands(&theirs, "b").await, Some(ClaimState::Displaced));
    ours.release(&RunId("a".into()), None).await.unwrap();
    assert_eq!(stands(&theirs, "a").await, None);
    assert_eq!(
        stands(&theirs, "b").await,
        Some(ClaimState::Displaced),
        "it never gets a turn"
    );
    assert_eq!(stands(&theirs, "c").await, Some(ClaimState::Held));
    // Given up twice, and by one that has nothing: nothing happens.
    ours.release(&RunId("a".into()), None).await.unwrap();
    theirs.release(&RunId("b".into()), None).await.unwrap();
    assert_eq!(stands(&ours, "b").await, None);
    assert_eq!(stands(&ours, "c").await, Some(ClaimState::Held));
}

pub(in crate::journal) async fn with_the_long_queue_all_wait_in_order_up_to_the_limit(place: &dyn Place) {
    let journal = place.open();
    let names: Vec<String> = (0..MOST_WAITING + 2).map(|n| format!("r{n}")).collect();
    for (n, name) in names.iter().enumerate() {
        begin(&journal, &[name]).await;
        let claimed = journal.claim(claim("g", name, None, Queue::Max)).await.unwrap();
        let wanted = match n {
            0 => ClaimState::Held,
            n if n <= MOST_WAITING => ClaimState::Waiting,
            _ => ClaimState::Displaced,
        };
        assert_eq!((claimed.state, claimed.displaced.len()), (wanted, 0), "{name}");
    }
    for (name, next) in names.iter().zip(names.iter().skip(1)).take(MOST_WAITING) {
        assert_eq!(stands(&journal, next).await, Some(ClaimState::Waiting));
        journal.release(&RunId(name.clone()), None).await.unwrap();
        assert_eq!(stands(&journal, next).await, Some(ClaimState::Held));
    }
    // One that wants to be alone among those that wait takes the place of all of them.
    begin(&journal, &["x", "y", "z"]).await;
    for name in ["x", "y"] {
        journal.claim(claim("g", name, None, Queue::Max)).await.unwrap();
    }
    let alone = journal.claim(claim("g", "z", None, Queue::Single)).await.unwrap();
    assert_eq!(alone.displaced, [claimant("x"), claimant("y")]);
}

pub(in crate::journal) async fn the_one_that_runs_is_named_to_who_wants_it_cancelled(place: &dyn Place) {
    let journal = place.open();
    begin(&journal, &["a", "b"]).await;
    let wants = |run: &str| ClaimRequest {
        cancel_in_progress: true,
        ..claim("g", run, None, Queue::Single)
    };
    let first = journal.claim(wants("a")).await.unwrap();
    assert!(first.to_cancel.is_empty(), "nobody ran");
    for _ in 0..2 {
        let second = journal.claim(wants("b")).await.unwrap();
        assert_eq!(second.state, ClaimState::Waiting, "until the other has ended");
        assert_eq!(second.to_cancel, [claimant("a")]);
    }
    journal.release(&RunId("a".into()), None).await.unwrap();
    let again = journal.claim(wants("b")).await.unwrap();
    assert_eq!((again.state, again.to_cancel.len()), (ClaimState::Held, 0));
}

pub(in crate::journal) async fn jobs_and_runs_claim_alike_and_groups_do_not_touch_each_other(
    place: &dyn Place,
) {
    let journal = place.open();
    begin(&journal, &["a", "b"]).await;
    let job = |run: &str, job: &str| claim("g", run, Some(job), Queue::Max);
    assert_eq!(
        journal.claim(job("a", "x")).await.unwrap().state,
        ClaimState::Held
    );
    assert_eq!(
        journal.claim(job("a", "y")).await.unwrap().state,
        ClaimState::Waiting
    );
    let whole = journal.claim(claim("g", "b", None, Queue::Max)).await.unwrap();
    assert_eq!(whole.state, ClaimState::Waiting);
    let other = journal.claim(claim("h", "a", None, Queue::Single)).await.unwrap();
    assert_eq!(other.state, ClaimState::Held);
    // The run has `h`: its jobs would wait for it for ever, and it for them.
    let caught = journal.claim(claim("H", "a", Some("z"), Queue::Single)).await;
    assert!(matches!(caught, Err(JournalError::Deadlock { .. })), "{caught:?}");
    let second_group = journal.claim(claim("i", "a", Some("x"), Queue::Single)).await;
    assert!(
        second_group
            .unwrap_err()
            .to_string()
            .contains("claims the concurrency group `g` already")
    );
    journal.release_run(&RunId("a".into())).await.unwrap();
    assert_eq!(stands(&journal, "a").await, None);
    assert_eq!(stands(&journal, "b").await, Some(ClaimState::Held));
    let y = journal
        .claim_state(&RunId("a".into()), Some(&JobId("y".into())))
        .await;
    assert_eq!(y.unwrap(), None);
}

pub(in crate::journal) async fn claims_end_with_their_runs_and_only_the_owner_claims(place: &dyn Place) {
    let journal = place.open();
    begin(&journal, &["a", "b", "c", "d"]).await;
    for run in ["a", "b", "c", "d"] {
        journal.claim(claim("g", run, None, Queue::Max)).await.unwrap();
    }
    add(&journal, &RunId("a".into()), vec![finished()]).await.unwrap();
    assert_eq!(stands(&journal, "a").await, None);
    assert_eq!(stands(&journal, "b").await, Some(ClaimState::Held));
    // Its owner died: whoever ends it lets the next one run.
    let (run, from, to) = (RunId("b".into()), owner(1), owner(2));
    let taken = journal.take_over(&run, &from, &to, Seq(1), vec![lost()]);
    assert!(taken.await.unwrap());
    assert_eq!(stands(&journal, "c").await, Some(ClaimState::Held));
    let dead = [RunId("c".into())];
    journal.release_claims_of(&dead).await.unwrap();
    assert_eq!(stands(&journal, "d").await, Some(ClaimState::Held));
    for (run, by) in [("a", 1), ("never", 1), ("d", 2)] {
        let refused = ClaimRequest {
            owner: owner(by),
            ..claim("other", run, None, Queue::Single)
        };
        let refused = journal.claim(refused).await;
        assert!(
            matches!(refused, Err(JournalError::Refused { .. })),
            "{run}: {refused:?}"
        );
    }
}

pub(in crate::journal) async fn who_waits_learns_of_its_turn_from_another_process(place: &dyn Place) {
    let (ours, theirs) = (place.open(), place.open());
    begin(&ours, &["a", "b"]).await;
    for run in ["a", "b"] {
        ours.claim(claim("g", run, None, Queue::Single)).await.unwrap();
    }
    let waiting = tokio::spawn(async move {
        let run = RunId("b".into());
        claim_settled(&*theirs, &SystemWorld, &run, None).await.unwrap()
    });
    ours.release_run(&RunId("a".into())).await.unwrap();
    let turn = tokio::time::timeout(Duration::from_secs(10), waiting).await;
    assert_eq!(turn.unwrap().unwrap(), Some(ClaimState::Held));
}

pub(in crate::journal) async fn a_job_alone_can_be_asked_to_end(place: &dyn Place) {
    let journal = place.open();
    begin(&journal, &["a"]).await;
    let request = Request::CancelJob {
        job: JobId("x".into()),
        by: "concurrency".into(),
    };
    journal
        .request(&RunId("a".into()), request.clone())
        .await
        .unwrap();
    let (_, run, found) = journal.requests(0).await.unwrap().remove(0);
    assert_eq!((run, found), (RunId("a".into()), request));
}
