//! `messageCount` is the number of messages that handlers saw, however they were sent.

use std::time::Duration;

use actix::prelude::*;
use loom_bridge::{ActorRegistry, Context, spawn, type_stats};

use crate::common::{Tally, record, spec, until};

#[derive(Message, Clone)]
#[rtype(result = "u64")]
struct Add(u64);

#[derive(Message)]
#[rtype(result = "()")]
struct Whisper(u32);

#[derive(Message)]
#[rtype(result = "()")]
struct Later(u32);

#[derive(Message)]
#[rtype(result = "()")]
struct Stream(u32);

#[derive(Message)]
#[rtype(result = "()")]
struct Boom;

struct Adder {
    seen: Tally,
    sum: u64,
}

impl Actor for Adder {
    type Context = Context<Self>;
}

impl Handler<Add> for Adder {
    type Result = u64;

    fn handle(&mut self, add: Add, _: &mut Self::Context) -> u64 {
        self.seen.add();
        self.sum += add.0;
        self.sum
    }
}

impl Handler<Whisper> for Adder {
    type Result = ();

    fn handle(&mut self, whisper: Whisper, ctx: &mut Self::Context) {
        self.seen.add();
        if whisper.0 > 0 {
            ctx.notify(Whisper(whisper.0 - 1));
        }
    }
}

impl Handler<Later> for Adder {
    type Result = ();

    fn handle(&mut self, later: Later, ctx: &mut Self::Context) {
        self.seen.add();
        if later.0 > 0 {
            ctx.notify_later(Later(later.0 - 1), Duration::from_millis(1));
        }
    }
}

impl Handler<Stream> for Adder {
    type Result = ();

    fn handle(&mut self, start: Stream, ctx: &mut Self::Context) {
        self.seen.add();
        if start.0 > 0 {
            ctx.add_message_stream(futures_util::stream::iter((0..start.0).map(|_| Stream(0))));
        }
    }
}

impl Handler<Boom> for Adder {
    type Result = ();

    fn handle(&mut self, _: Boom, _: &mut Self::Context) {
        self.seen.add();
        panic!("boom on purpose");
    }
}

#[actix::test]
async fn message_count_equals_what_handlers_saw_after_ten_thousand_messages_and_a_panic() {
    let registry = ActorRegistry::new();
    let seen = Tally::default();
    let tally = seen.clone();
    let counter = spawn(spec(&registry, "counter"), |_| Adder { seen: tally, sum: 0 });
    let recipient: Recipient<Add> = counter.clone().recipient();

    let mut refused = 0_u64;
    for n in 0..2_500_u64 {
        counter.do_send(Add(1));
        recipient.do_send(Add(1));
        // The mailbox takes 16; what it refuses never reaches the handler.
        refused += u64::from(counter.try_send(Add(1)).is_err());
        if n % 10 == 0 {
            counter.send(Add(1)).await.unwrap();
            recipient.send(Add(1)).await.unwrap();
        }
    }
    counter.do_send(Whisper(1_499));
    counter.do_send(Later(99));
    counter.do_send(Stream(400));
    let sent = 2_500 * 3 - refused + 500 + 1_500 + 100 + 401;
    assert!(sent + refused > 10_000);
    until("all but the last message", || seen.get() == sent).await;
    assert_eq!(record(&registry, "counter").message_count, Some(sent));

    assert!(counter.send(Boom).await.is_err());
    let last = record(&registry, "counter");
    assert_eq!(seen.get(), sent + 1);
    assert_eq!(
        last.message_count,
        Some(seen.get()),
        "the message that panicked was handled too"
    );
    assert_eq!(last.error_count, Some(1));
    let kind = type_stats()
        .into_iter()
        .find(|kind| kind.kind == "Adder")
        .unwrap();
    assert_eq!((kind.handled, kind.queued, kind.dropped), (seen.get(), 0, 0));
}
