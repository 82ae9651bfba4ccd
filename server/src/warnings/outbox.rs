//! What waits to be sent, and what became of each attempt. Pure: time is given, and sending is somebody else's.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use loom_protocol::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::channel::Channel;
use super::message::{Message, What};

/// Messages that wait, at most; one more is dropped and counted.
const MOST_WAITING: usize = 1_000;
/// Of one channel: one that takes nothing leaves room for the others.
const MOST_OF_CHANNEL: usize = 100;
/// Attempts that are kept.
const MOST_KEPT: usize = 500;
/// Seconds between two attempts: six in about three quarters of an hour.
const PAUSES: [i64; 5] = [5, 30, 120, 600, 1_800];

/// One attempt to send something, and its outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Delivery {
    /// Its name for programs.
    pub(crate) id: String,
    /// The message, which may be tried several times.
    pub(crate) message: String,
    /// Where it was sent.
    pub(crate) channel: String,
    /// What that is called.
    pub(crate) channel_name: String,
    /// What it said.
    pub(crate) what: What,
    /// The rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rule: Option<String>,
    /// What the rule is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rule_name: Option<String>,
    /// What it is of, in few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    /// Which attempt it was, from 1.
    pub(crate) attempt: u32,
    /// What became of it.
    pub(crate) outcome: DeliveryOutcome,
    /// What was answered, or why it was not.
    pub(crate) detail: String,
    /// When it was tried.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Timestamp,
    /// Milliseconds that it took.
    pub(crate) took: u64,
    /// When it is tried again; not again when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) next: Option<Timestamp>,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum DeliveryOutcome {
    /// The receiver took it.
    Delivered,
    /// It did not.
    Failed,
}

/// What an attempt came to. No text in it may have anything secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// The receiver took it.
    Delivered(String),
    /// It did not, and may later.
    Failed(String),
    /// It did not, and never will.
    Refused(String),
}

/// An attempt that was made.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) id: String,
    /// When it began, and when it was over.
    pub(crate) at: Timestamp,
    pub(crate) ended: Timestamp,
    pub(crate) took: u64,
    pub(crate) sent: Sent,
}

/// How many attempts there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attempts {
    pub(crate) delivered: u64,
    pub(crate) failed: u64,
}

/// What waits, and what was tried.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outbox {
    waiting: VecDeque<Message>,
    deliveries: VecDeque<Delivery>,
    dropped: u64,
    /// Attempts that were made, by what became of them. Files of before have none.
    #[serde(default)]
    attempts: Attempts,
    /// Of each channel, the last attempt.
    last: BTreeMap<String, Delivery>,
    /// Channels that a message is on its way to, and which.
    #[serde(skip)]
    busy: BTreeMap<String, String>,
}

impl Outbox {
    /// Takes a message that is to be sent.
    pub(crate) fn push(&mut self, message: Message) {
        let of_channel = self
            .waiting
            .iter()
            .filter(|waiting| waiting.channel == message.channel);
        if self.waiting.len() >= MOST_WAITING || of_channel.count() >= MOST_OF_CHANNEL {
            self.dropped = self.dropped.saturating_add(1);
        } else {
            self.waiting.push_back(message);
        }
    }

    /// Nothing is on its way any more.
    pub(crate) fn begin(&mut self) {
        self.busy.clear();
    }

    /// What is to be sent now: one message a channel at a time, and those of one rule in their order. It counts as on its way until
    /// [`Outbox::done`].
    pub(crate) fn due(&mut self, channels: &[Channel], now: Timestamp) -> Vec<(Channel, Message)> {
        let is_usable = |id: &str| channels.iter().any(|channel| channel.id == id && channel.enabled);
        self.waiting.retain(|message| is_usable(&message.channel));
        // One that was deleted while something was on its way to it.
        self.last
            .retain(|id, _| channels.iter().any(|channel| channel.id == *id));
        let mut due = Vec::new();
        let mut behind: BTreeSet<(&str, Option<&str>)> = BTreeSet::new();
        for message in &self.waiting {
            let rule = message.rule.as_ref().map(|rule| rule.id.as_str());
            let is_first = behind.insert((&message.channel, rule));
            let is_time = message.next <= now;
            if !is_first || !is_time || self.busy.contains_key(&message.channel) {
                continue;
            }
            if let Some(channel) = channels.iter().find(|channel| channel.id == message.channel) {
                self.busy.insert(message.channel.clone(), message.id.clone());
                due.push((channel.clone(), message.clone()));
            }
        }
        due
    }

    /// An attempt was made.
    pub(crate) fn done(&mut self, channel: &Channel, message: &Message, attempt: Attempt) -> Delivery {
        self.busy.retain(|_, on_its_way| *on_its_way != message.id);
        let place = self.waiting.iter().position(|waiting| waiting.id == message.id);
        let number = message.attempts.saturating_add(1);
        let mut next = None;
        if let Some(place) = place {
            let pause = PAUSES.get(message.attempts as usize);
            match (&attempt.sent, pause, self.waiting.get_mut(place)) {
                (Sent::Failed(_), Some(pause), Some(waiting)) => {
                    let ended = attempt.ended.as_millis();
                    let again = Timestamp::from_millis(ended.saturating_add(pause * 1_000));
                    (waiting.attempts, waiting.next) = (number, again);
                    next = Some(again);
                }
                _ => drop(self.waiting.remove(place)),
            }
        }
        let (outcome, detail) = match attempt.sent {
            Sent::Delivered(detail) => (DeliveryOutcome::Delivered, detail),
            Sent::Failed(detail) | Sent::Refused(detail) => (DeliveryOutcome::Failed, detail),
        };
        let counted = match outcome {
            DeliveryOutcome::Delivered => &mut self.attempts.delivered,
            DeliveryOutcome::Failed => &mut self.attempts.failed,
        };
        *counted = counted.saturating_add(1);
        let rule = message.rule.as_ref();
        let delivery = Delivery {
            id: attempt.id,
            message: message.id.clone(),
            channel: channel.id.clone(),
            channel_name: channel.name.clone(),
            what: message.what,
            rule: rule.map(|rule| rule.id.clone()),
            rule_name: rule.map(|rule| rule.name.clone()),
            subject: message.subject(),
            attempt: number,
            outcome,
            detail,
            at: attempt.at,
            took: attempt.took,
            next,
        };
        self.deliveries.push_back(delivery.clone());
        if self.deliveries.len() > MOST_KEPT {
            self.deliveries.pop_front();
        }
        self.last.insert(channel.id.clone(), delivery.clone());
        delivery
    }

    /// A channel is no more.
    pub(crate) fn forget(&mut self, channel: &str) {
        self.waiting.retain(|message| message.channel != channel);
        self.last.remove(channel);
    }

    /// The last attempts, the newest first, of one channel or of all.
    pub(crate) fn deliveries(&self, channel: Option<&str>, limit: usize) -> Vec<Delivery> {
        let newest = self.deliveries.iter().rev();
        let wanted = newest.filter(|delivery| channel.is_none_or(|channel| delivery.channel == channel));
        wanted.take(limit).cloned().collect()
    }

    /// The last attempt to send something to a channel.
    pub(crate) fn last(&self, channel: &str) -> Option<&Delivery> {
        self.last.get(channel)
    }

    /// How many channels did not take what was last sent to them.
    pub(crate) fn failing(&self) -> usize {
        let last = self.last.values();
        last.filter(|delivery| delivery.outcome == DeliveryOutcome::Failed)
            .count()
    }

    /// How many attempts there were.
    pub(crate) fn attempts(&self) -> Attempts {
        self.attempts
    }

    /// Messages that wait, and that were dropped for want of room.
    pub(crate) fn counts(&self) -> (usize, u64) {
        (self.waiting.len(), self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warnings::channel::{Secret, Target};
    use crate::warnings::rule::{Rule, defaults};

    fn channel(id: &str) -> Channel {
        Channel {
            id: id.to_owned(),
            name: id.to_uppercase(),
            enabled: true,
            target: Target::Slack {
                url: Secret::new("https://hooks.example/x"),
            },
        }
    }

    fn message(id: &str, channel: &str, rule: &Rule) -> Message {
        let at = Timestamp::from_millis(0);
        Message::new(id.to_owned(), channel, What::Fired, (rule, Vec::new()), at)
    }

    struct Post {
        outbox: Outbox,
        channels: Vec<Channel>,
        now: i64,
    }

    impl Post {
        fn due(&mut self) -> Vec<(Channel, Message)> {
            self.outbox
                .due(&self.channels, Timestamp::from_millis(self.now * 1_000))
        }

        fn ids(due: &[(Channel, Message)]) -> Vec<&str> {
            due.iter().map(|(_, message)| message.id.as_str()).collect()
        }

        fn done(&mut self, (channel, message): &(Channel, Message), sent: Sent) -> Delivery {
            let attempt = Attempt {
                id: "d".to_owned(),
                at: Timestamp::from_millis(self.now * 1_000),
                ended: Timestamp::from_millis(self.now * 1_000),
                took: 0,
                sent,
            };
            self.outbox.done(channel, message, attempt)
        }
    }

    fn post() -> Post {
        Post {
            outbox: Outbox::default(),
            channels: vec![channel("a"), channel("b")],
            now: 0,
        }
    }

    #[test]
    fn it_is_tried_again_later_and_later_and_then_no_more() {
        let (mut post, rules) = (post(), defaults());
        post.outbox.push(message("m", "a", &rules[0]));
        let mut waited = Vec::new();
        loop {
            let due = post.due();
            let before = post.now;
            let delivery = post.done(&due[0], Sent::Failed("HTTP 500".into()));
            assert_eq!(delivery.attempt as usize, waited.len() + 1);
            let Some(next) = delivery.next else { break };
            post.now = next.as_millis() / 1_000 - 1;
            assert!(post.due().is_empty(), "not before its time");
            post.now += 1;
            waited.push(post.now - before);
        }
        assert_eq!(waited, PAUSES);
        assert_eq!((post.outbox.counts(), post.outbox.failing()), ((0, 0), 1));
        let Attempts { delivered, failed } = post.outbox.attempts();
        assert_eq!((delivered, failed), (0, 6));
    }

    #[test]
    fn what_is_refused_is_not_tried_again_and_what_is_taken_ends_the_trouble() {
        let (mut post, rules) = (post(), defaults());
        post.outbox.push(message("m", "a", &rules[0]));
        let due = post.due();
        assert_eq!(post.done(&due[0], Sent::Refused("HTTP 404".into())).next, None);
        assert_eq!(post.outbox.failing(), 1);
        post.outbox.push(message("n", "a", &rules[0]));
        let due = post.due();
        post.done(&due[0], Sent::Delivered("HTTP 200".into()));
        assert_eq!((post.outbox.counts(), post.outbox.failing()), ((0, 0), 0));
        assert_eq!(post.outbox.deliveries(None, 1)[0].message, "n");
    }

    #[test]
    fn one_at_a_time_a_channel_in_order_for_a_rule_and_others_do_not_wait() {
        let (mut post, rules) = (post(), defaults());
        for (id, channel, rule) in [("1", "a", 0), ("2", "a", 0), ("3", "a", 1), ("4", "b", 0)] {
            post.outbox.push(message(id, channel, &rules[rule]));
        }
        let due = post.due();
        assert_eq!(Post::ids(&due), ["1", "4"]);
        assert!(post.due().is_empty(), "both channels are busy");
        post.done(&due[0], Sent::Failed("HTTP 500".into()));
        let due = post.due();
        assert_eq!(
            Post::ids(&due),
            ["3"],
            "what waits behind one that failed is of the same rule"
        );
        post.done(&due[0], Sent::Delivered("HTTP 200".into()));
        post.now = 5;
        assert_eq!(Post::ids(&post.due()), ["1"]);
        post.channels.retain(|channel| channel.id != "a");
        post.due();
        assert_eq!(
            post.outbox.counts().0,
            1,
            "what no channel is for any more waits no longer"
        );
    }

    #[test]
    fn a_channel_that_is_deleted_meanwhile_is_no_trouble_for_ever() {
        let (mut post, rules) = (post(), defaults());
        post.outbox.push(message("m", "a", &rules[0]));
        let due = post.due();
        post.channels.retain(|channel| channel.id != "a");
        post.outbox.forget("a");
        post.done(&due[0], Sent::Failed("no answer".into()));
        post.due();
        assert_eq!(post.outbox.failing(), 0);
    }

    #[test]
    fn there_is_a_bound_to_all_of_it() {
        let (mut post, rules) = (post(), defaults());
        for number in 0..=MOST_OF_CHANNEL {
            post.outbox.push(message(&number.to_string(), "a", &rules[0]));
        }
        assert_eq!(post.outbox.counts(), (MOST_OF_CHANNEL, 1));
        post.outbox.push(message("other", "b", &rules[0]));
        assert_eq!(post.outbox.counts(), (MOST_OF_CHANNEL + 1, 1), "others have room");
        for number in 0..=MOST_WAITING {
            let channel = (number / MOST_OF_CHANNEL).to_string();
            post.outbox
                .push(message(&format!("n{number}"), &channel, &rules[0]));
        }
        assert_eq!(post.outbox.counts().0, MOST_WAITING);
        for _ in 0..MOST_KEPT + 5 {
            let due = post.due();
            for one in &due {
                post.done(one, Sent::Delivered("HTTP 200".into()));
            }
            post.outbox.push(message("again", "a", &rules[0]));
        }
        assert_eq!(post.outbox.deliveries(None, usize::MAX).len(), MOST_KEPT);
    }
}
