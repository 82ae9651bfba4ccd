//! What is true of ractor's actors beside the suite of all systems (`loom-truths`): how they end, who starts them again.

#![expect(clippy::unwrap_used, reason = "a helper of tests, outside of test functions")]

use loom_bridge::protocol::EventKind;
use loom_bridge::{ActorRegistry, ActorSpec};
use loom_ractor::{Address, Sent};
use loom_truths::{Studio, record, status, until};
use ractor::{Actor, ActorProcessingErr, ActorRef};

enum Do {
    Nothing,
    Fail,
}

struct Worker {
    starts: bool,
}

impl Actor for Worker {
    type Msg = Sent<Do>;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Self::Msg>, (): ()) -> Result<(), ActorProcessingErr> {
        if self.starts {
            Ok(())
        } else {
            Err("no flour".into())
        }
    }

    async fn handle(
        &self,
        _: ActorRef<Self::Msg>,
        sent: Self::Msg,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        match sent.message {
            Do::Nothing => Ok(()),
            Do::Fail => Err("no dough".into()),
        }
    }
}

fn start(registry: &ActorRegistry, id: &str, starts: bool) -> Address<Do> {
    let spec = ActorSpec::new("Worker").id(id).registry(registry);
    loom_ractor::spawn("Worker", spec, Worker { starts }, ())
        .unwrap()
        .0
}

#[tokio::test]
async fn an_error_of_a_handler_is_its_end_and_one_started_again_goes_on() {
    let (registry, studio) = (ActorRegistry::new(), Studio::default());
    let bridge = studio.looks_at(&registry);
    let worker = start(&registry, "worker", true);
    // By ractor's own means, too.
    worker.actor_ref().send_message(Sent::new(Do::Nothing)).unwrap();
    worker.tell(Do::Fail).unwrap();
    until("its end", || status(&registry, "worker") == "failed").await;
    let last = record(&registry, "worker");
    assert_eq!(
        (last.message_count, last.error_count),
        (Some(2), Some(2)),
        "of the message, and of the end"
    );
    assert_eq!(last.metadata.unwrap()["failure"], "no dough");
    until("that it failed", || {
        !studio.lines("worker", &EventKind::Failed).is_empty()
    })
    .await;
    until("it takes no more", || worker.tell(Do::Nothing).is_err()).await;

    let again = start(&registry, "worker", true);
    again.tell(Do::Nothing).unwrap();
    until("the next life", || {
        record(&registry, "worker").message_count == Some(3)
    })
    .await;
    assert_eq!(record(&registry, "worker").restart_count, Some(1));
    bridge.close().await;
}

#[tokio::test]
async fn one_that_cannot_start_says_why() {
    let registry = ActorRegistry::new();
    let _worker = start(&registry, "never", false);
    until("its end", || status(&registry, "never") == "failed").await;
    assert_eq!(
        record(&registry, "never").metadata.unwrap()["failure"],
        "no flour"
    );
    // Killed, it is told as any that stopped.
    let killed = start(&registry, "killed", true);
    until("it is there", || status(&registry, "killed") == "idle").await;
    killed.actor_ref().kill();
    until("it is gone", || status(&registry, "killed") == "stopped").await;
}
