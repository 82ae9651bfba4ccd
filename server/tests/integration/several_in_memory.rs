//! Several servers of one process as one studio, on a log in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use loom_protocol::Timestamp;
use loom_studio::replication::{Base, ReplicatedLog};
use loom_studio::{Clock, MemoryLog, Studio, SystemClock};

use crate::several::world::{Site, health, is_fine, until};
use crate::support::options;

struct Memory(Arc<MemoryLog>);

impl Memory {
    fn new() -> Self {
        Self(Arc::new(MemoryLog::new(Arc::new(SystemClock), 10_000)))
    }
}

impl Site for Memory {
    fn log(&self) -> Arc<dyn ReplicatedLog> {
        self.0.clone()
    }

    fn set_away(&self, away: bool) {
        self.0.set_away(away);
    }

    fn lose_all(&self) {
        self.0.lose_all();
    }

    fn keep_newest(&self, count: usize) {
        self.0.keep_newest(count);
    }

    fn mark(&self) {
        self.0.mark();
    }

    fn return_to_mark(&self) {
        self.0.return_to_mark();
    }
}

crate::several::all_cases!(super::Memory::new());

/// A clock that a test sets, in milliseconds.
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

#[actix_web::test]
async fn what_another_version_wrote_is_left_alone_as_long_as_anybody_speaks_for_it() {
    let hands = Arc::new(Hands(AtomicI64::new(1_765_596_838_077)));
    let log = Arc::new(MemoryLog::new(hands.clone(), 10_000));
    log.append(vec!["of another version".into()]).await.unwrap();
    let base = Base {
        id: "other".into(),
        after: log.head().await.unwrap(),
        body: vec![b'k', 99, 0, 0, 0].into(),
    };
    assert!(log.set_base(base.clone(), None, None).await.unwrap());
    let studio = Studio::builder(options())
        .clock(hands.clone())
        .log(log.clone())
        .start()
        .await
        .unwrap();
    until("it says which version is wanted", || async {
        let message = health(&studio).await["message"].to_string();
        message.contains("what the other servers know is of form 99")
    })
    .await;
    assert_eq!(log.base().await.unwrap(), Some(base));
    // Nobody has written since: all servers are of this version now.
    hands.0.fetch_add(17_000, Ordering::SeqCst);
    until("it begins anew", || async { is_fine(&studio).await }).await;
    studio.stop().await;
}
