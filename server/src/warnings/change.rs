//! What people change: rules, channels and silences. Each change is written down before it holds.

use std::sync::{Arc, PoisonError};

use loom_protocol::Timestamp;

use super::channel::{Channel, ChannelAsked, ShownChannel};
use super::files::{FileError, Settings};
use super::invalid::Invalid;
use super::message::Message;
use super::outbox::Delivery;
use super::rule::{Rule, RuleAsked};
use super::silence::{Silence, SilenceAsked};
use super::store::{State, Warnings, new_id};

/// Rules, at most.
const MOST_RULES: usize = 200;
/// Channels, at most.
const MOST_CHANNELS: usize = 50;
/// Silences, at most.
const MOST_SILENCES: usize = 200;

/// Why something was not changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unchanged {
    /// It can't be.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is no such thing.
    #[error("there is no {kind} `{id}`")]
    Unknown { kind: &'static str, id: String },
    /// There are too many.
    #[error("there are {most} {kind}, as many as there may be; delete some")]
    Full { kind: &'static str, most: usize },
    /// What is in a file is not overwritten.
    #[error("nothing can be changed, for what is there can't be read: {0}")]
    Broken(String),
    /// It can't be written down.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Warnings {
    /// All rules.
    pub(crate) fn rules(&self) -> Vec<Rule> {
        self.lock().settings.rules.clone()
    }

    /// Makes a rule, or puts another in the place of the one of this id. Waits for the disk.
    ///
    /// # Errors
    /// See [`Unchanged`].
    pub(crate) fn put_rule(&self, id: Option<&str>, asked: RuleAsked) -> Result<Rule, Unchanged> {
        self.change(|settings, _| {
            asked.check(&settings.channels)?;
            let place = place("rule", id, settings.rules.iter().map(|rule| rule.id.as_str()))?;
            let rule = asked.named(id.map_or_else(|| new_id("r"), str::to_owned));
            put(&mut settings.rules, place, rule.clone(), ("rules", MOST_RULES))?;
            Ok(rule)
        })
    }

    /// Takes a rule away, and ends what it raised. Waits for the disk.
    ///
    /// # Errors
    /// See [`Unchanged`].
    pub(crate) fn delete_rule(&self, id: &str) -> Result<(), Unchanged> {
        self.change(|settings, _| {
            place(
                "rule",
                Some(id),
                settings.rules.iter().map(|rule| rule.id.as_str()),
            )?;
            settings.rules.retain(|rule| rule.id != id);
            // A silence of nothing would silence all.
            settings
                .silences
                .retain(|silence| silence.rule.as_deref() != Some(id));
            Ok(())
        })
    }

    /// Whether there could be such a rule.
    ///
    /// # Errors
    /// What can't be.
    pub(crate) fn check(&self, asked: &RuleAsked) -> Result<(), Unchanged> {
        let state = self.lock();
        Ok(asked.check(&state.settings.channels)?)
    }

    /// All channels, without what is secret.
    pub(crate) fn channels(&self) -> Vec<ShownChannel> {
        let state = self.lock();
        let channels = state.settings.channels.iter();
        channels.map(|channel| state.shown(channel)).collect()
    }

    /// Makes a channel, or puts another in the place of the one of this id, whose secrets stay where none are given. Waits for the disk.
    ///
    /// # Errors
    /// See [`Unchanged`].
    pub(crate) fn put_channel(
        &self,
        id: Option<&str>,
        asked: ChannelAsked,
    ) -> Result<ShownChannel, Unchanged> {
        let channel = self.change(|settings, _| {
            let place = place(
                "channel",
                id,
                settings.channels.iter().map(|channel| channel.id.as_str()),
            )?;
            let before = place.and_then(|place| settings.channels.get(place));
            let channel = asked.named(id.map_or_else(|| new_id("c"), str::to_owned), before)?;
            put(
                &mut settings.channels,
                place,
                channel.clone(),
                ("channels", MOST_CHANNELS),
            )?;
            Ok(channel)
        })?;
        Ok(self.lock().shown(&channel))
    }

    /// Takes a channel away; rules that name it go on without. Waits for the disk.
    ///
    /// # Errors
    /// See [`Unchanged`].
    pub(crate) fn delete_channel(&self, id: &str) -> Result<(), Unchanged> {
        self.change(|settings, _| {
            place(
                "channel",
                Some(id),
                settings.channels.iter().map(|channel| channel.id.as_str()),
            )?;
            settings.channels.retain(|channel| channel.id != id);
            for rule in &mut settings.rules {
                rule.channels.retain(|channel| channel != id);
            }
            Ok(())
        })?;
        self.lock().kept.outbox.forget(id);
        Ok(())
    }

    /// Sends a test to a channel, be it switched off, and says what became of it.
    ///
    /// # Errors
    /// When there is no such channel.
    pub(crate) async fn test_channel(self: &Arc<Self>, id: &str) -> Result<Delivery, Unchanged> {
        let channel = self.channel(id)?;
        let message = Message::test(new_id("m"), &channel.id, self.clock.now());
        Ok(self.send((channel, message)).await)
    }

    fn channel(&self, id: &str) -> Result<Channel, Unchanged> {
        let state = self.lock();
        let found = state.settings.channels.iter().find(|channel| channel.id == id);
        found.cloned().ok_or_else(|| unknown("channel", id))
    }

    /// All silences that are not over.
    pub(crate) fn silences(&self) -> Vec<Silence> {
        let now = self.clock.now();
        let state = self.lock();
        let silences = state.settings.silences.iter();
        silences
            .filter(|silence| !silence.is_over(now))
            .cloned()
            .collect()
    }

    /// Makes a silence. Waits for the disk.
    ///
    /// # Errors
    /// See [`Unchanged`].
    pub(crate) fn add_silence(&self, asked: SilenceAsked, by: &str) -> Result<Silence, Unchanged> {
        self.change(|settings, now| {
            asked.check(now, |id| settings.rules.iter().any(|rule| rule.id == id))?;
            settings.silences.retain(|silence| !silence.is_over(now));
            let silence = asked.named(new_id("s"), by, now);
            put(
                &mut settings.silences,
                None,
                silence.clone(),
                ("silences", MOST_SILENCES),
            )?;
            Ok(silence)
        })
    }

    /// Ends a silence before its time. Waits for the disk.
    ///
    /// # Errors
    /// See [`Unchanged`].
    pub(crate) fn delete_silence(&self, id: &str) -> Result<(), Unchanged> {
        self.change(|settings, _| {
            place(
                "silence",
                Some(id),
                settings.silences.iter().map(|silence| silence.id.as_str()),
            )?;
            settings.silences.retain(|silence| silence.id != id);
            Ok(())
        })
    }

    /// The last attempts to send something, and how many messages wait and were dropped.
    pub(crate) fn deliveries(&self, channel: Option<&str>, limit: usize) -> (Vec<Delivery>, (usize, u64)) {
        let state = self.lock();
        let outbox = &state.kept.outbox;
        (outbox.deliveries(channel, limit), outbox.counts())
    }

    /// One change at a time; it holds once it is written down.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut Settings, Timestamp) -> Result<T, Unchanged>,
    ) -> Result<T, Unchanged> {
        let _one = self.saving.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let state = self.lock();
        if let Some(broken) = &state.broken {
            return Err(Unchanged::Broken(broken.clone()));
        }
        let mut settings = state.settings.clone();
        drop(state);
        let changed = change(&mut settings, now)?;
        if let Some(files) = &self.files {
            files.save_settings(&settings)?;
        }
        let mut state = self.lock();
        state.take_over(settings, now);
        drop(state);
        self.wake.notify_one();
        Ok(changed)
    }
}

impl State {
    /// From now on this is what people decided.
    fn take_over(&mut self, settings: Settings, now: Timestamp) {
        let before = std::mem::replace(&mut self.settings, settings);
        for rule in &before.rules {
            let after = self.settings.rules.iter().find(|other| other.id == rule.id);
            // What was raised by another condition says nothing of this one.
            if after.is_none_or(|after| !after.enabled || after.when != rule.when) {
                self.end(rule, now);
            }
        }
        self.touch();
    }

    fn shown(&self, channel: &Channel) -> ShownChannel {
        channel.shown(self.kept.outbox.last(&channel.id).cloned())
    }
}

fn unknown(kind: &'static str, id: &str) -> Unchanged {
    let id = id.chars().take(64).collect();
    Unchanged::Unknown { kind, id }
}

/// The place of the one that is asked for, where one is.
fn place<'a>(
    kind: &'static str,
    id: Option<&str>,
    mut ids: impl Iterator<Item = &'a str>,
) -> Result<Option<usize>, Unchanged> {
    let Some(id) = id else { return Ok(None) };
    match ids.position(|other| other == id) {
        Some(place) => Ok(Some(place)),
        None => Err(unknown(kind, id)),
    }
}

fn put<T>(
    all: &mut Vec<T>,
    place: Option<usize>,
    one: T,
    (kind, most): (&'static str, usize),
) -> Result<(), Unchanged> {
    let count = all.len();
    match place.and_then(|place| all.get_mut(place)) {
        Some(before) => *before = one,
        None if count >= most => return Err(Unchanged::Full { kind, most }),
        None => all.push(one),
    }
    Ok(())
}
