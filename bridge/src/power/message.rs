//! Messages that are ordered: made of JSON, sent as any other, and their answers written as JSON.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use actix::{Actor, Addr, Handler, MailboxError, Message};
use actix_rt::time::timeout;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::refusal;
use super::slot::Reply;
use crate::context::{Context, is_error, is_result};
use crate::names::short_type_name;
use crate::owner::panic_text;

/// How long an ordered message may go without an answer. After that its place among the orders is free again.
const MOST_WAIT: Duration = Duration::from_secs(10 * 60);

/// A message that is told who ordered it; one that the application sends itself is not.
pub trait Ordered {
    /// By this caller of the studio: the name of its token, `token` for the one that is shared, `local` where none is wanted.
    fn ordered_by(&mut self, who: &str);
}

/// Makes a message of JSON and has the actor handle it after those that wait.
pub(super) fn send<A, M>(address: &Addr<A>, body: Value, _by: &str, reply: Reply)
where
    A: Actor<Context = Context<A>> + Handler<M>,
    M: Message + DeserializeOwned + Send + 'static,
    M::Result: Serialize + Send,
{
    send_with(address, body, reply, |_: &mut M| {});
}

/// The same of a message that is told who ordered it.
pub(super) fn send_by<A, M>(address: &Addr<A>, body: Value, by: &str, reply: Reply)
where
    A: Actor<Context = Context<A>> + Handler<M>,
    M: Ordered + Message + DeserializeOwned + Send + 'static,
    M::Result: Serialize + Send,
{
    send_with(address, body, reply, |message: &mut M| message.ordered_by(by));
}

fn send_with<A, M>(address: &Addr<A>, body: Value, reply: Reply, tell: impl FnOnce(&mut M))
where
    A: Actor<Context = Context<A>> + Handler<M>,
    M: Message + DeserializeOwned + Send + 'static,
    M::Result: Serialize + Send,
{
    // The application's own code, which has touched nothing of the actor yet.
    let made = || {
        let mut message = read::<M>(body)?;
        tell(&mut message);
        Ok::<_, serde_json::Error>(message)
    };
    let message = match catch_unwind(AssertUnwindSafe(made)) {
        Ok(Ok(message)) => message,
        Err(payload) => {
            reply.fail(format!(
                "what reads a message `{}` panicked: {}",
                short_type_name::<M>(),
                panic_text(&*payload)
            ));
            return;
        }
        Ok(Err(error)) => {
            reply.refuse(refusal::bad_body(
                &format!("a message `{}`", short_type_name::<M>()),
                &error,
            ));
            return;
        }
    };
    let asked = address.send(message);
    actix_rt::spawn(async move {
        match timeout(MOST_WAIT, asked).await {
            Err(_) => reply.fail(format!(
                "it gave no answer within {} minutes",
                MOST_WAIT.as_secs() / 60
            )),
            Ok(Ok(answer)) => conclude::<M>(&answer, reply),
            Ok(Err(MailboxError::Closed | MailboxError::Timeout)) => reply.fail(
                "it gave no answer: it ended before, or the handler panicked or threw the answer away"
                    .to_owned(),
            ),
        }
    });
}

fn conclude<M: Message>(answer: &M::Result, reply: Reply)
where
    M::Result: Serialize,
{
    let value = match catch_unwind(AssertUnwindSafe(|| serde_json::to_value(answer))) {
        Ok(Ok(value)) => value,
        Err(payload) => {
            reply.fail(format!(
                "it was handled, and what writes its answer panicked: {}",
                panic_text(&*payload)
            ));
            return;
        }
        Ok(Err(error)) => {
            reply.fail(format!(
                "it was handled, and its answer cannot be written as JSON: {error}"
            ));
            return;
        }
    };
    let value = match value {
        Value::Object(mut result) if is_result::<M::Result>() => result
            .remove("Ok")
            .or_else(|| result.remove("Err"))
            .unwrap_or_default(),
        value => value,
    };
    if is_error(answer) {
        let message = short_type_name::<M>();
        reply.fail_with(value, format!("`{message}` was answered with an error"));
    } else {
        reply.done(Some(value));
    }
}

/// Reads a body; what is without content may be said in either way that JSON has.
pub(super) fn read<T: DeserializeOwned>(body: Value) -> serde_json::Result<T> {
    match body {
        // Which fields are missing says more than that nothing is no struct.
        Value::Null => serde_json::from_value(Value::Null).or_else(|_| serde_json::from_value(json!({}))),
        Value::Object(entries) if entries.is_empty() => serde_json::from_value(json!({}))
            .or_else(|error| serde_json::from_value(Value::Null).map_err(|_| error)),
        body => serde_json::from_value(body),
    }
}
