//! The hub: gives every frame its place, remembers the last ones, hands them to all viewers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytestring::ByteString;
use loom_protocol::{Epoch, Timestamp, topic};
use serde::Serialize;
use serde_json::json;

use super::outbox::{OF_ACTORS, Outbox, Wake, Wanted};
use super::ring::{Ring, Sent};

/// Frames and bytes kept for viewers that come back.
const RING_FRAMES: usize = 8192;
const RING_BYTES: usize = 8 * 1024 * 1024;

/// Publishes frames. Cheap to clone; all clones are the same hub.
#[derive(Clone)]
pub struct Hub {
    shared: Arc<Shared>,
}

struct Shared {
    epoch: Epoch,
    state: Mutex<State>,
    left_out: AtomicU64,
    over: AtomicBool,
    /// How far what is shown here has come, where several servers show it.
    position: OnceLock<Where>,
}

type Where = Box<dyn Fn() -> Option<String> + Send + Sync>;

struct State {
    /// The place of the last frame.
    head: u64,
    ring: Ring,
    next_viewer: u64,
    viewers: HashMap<u64, Arc<Outbox>>,
}

/// A frame that has no place yet.
pub struct Draft {
    kind: String,
    key: Option<Box<str>>,
    data: Result<String, serde_json::Error>,
}

/// How far a returning viewer had come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The server's start it was connected to.
    pub epoch: Epoch,
    /// The last frame it saw.
    pub seq: u64,
}

/// Numbers about the hub.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HubStats {
    /// Viewers connected now.
    pub viewers: usize,
    /// Frames published since the start.
    pub frames: u64,
    /// Frames that some viewer was not sent because it was too slow.
    pub left_out: u64,
}

/// A viewer's end: what to send it. Dropping it unsubscribes.
pub struct Subscription {
    hub: Hub,
    viewer: u64,
    outbox: Arc<Outbox>,
    hello: Option<ByteString>,
    /// The place of the last frame that was taken.
    last_seq: u64,
}

impl Draft {
    /// A frame of type `kind` that says `data`. With a `key` it is a state: to a viewer that lags, only the latest
    /// frame of that key matters. Keys are shared by all publishers, so they say whose they are: `actor/counter-1`.
    pub fn new(kind: &str, key: Option<&str>, data: &impl Serialize) -> Self {
        Self {
            kind: kind.to_owned(),
            key: key.map(Into::into),
            data: serde_json::to_string(data),
        }
    }
}

impl Hub {
    /// A hub whose epoch is made of its start and this process, so that no two starts share one.
    pub fn new(started: Timestamp) -> Self {
        static HUBS: AtomicU64 = AtomicU64::new(0);
        let (process, hub) = (std::process::id(), HUBS.fetch_add(1, Ordering::Relaxed));
        let epoch = Epoch(format!("{:x}-{process:x}-{hub:x}", started.as_millis()));
        let state = State {
            head: 0,
            ring: Ring::new(RING_FRAMES, RING_BYTES),
            next_viewer: 0,
            viewers: HashMap::new(),
        };
        Self {
            shared: Arc::new(Shared {
                epoch,
                state: Mutex::new(state),
                left_out: AtomicU64::new(0),
                over: AtomicBool::new(false),
                position: OnceLock::new(),
            }),
        }
    }

    /// Has viewers told how far what is shown here has come. Counts once.
    pub(crate) fn tell_position(&self, position: impl Fn() -> Option<String> + Send + Sync + 'static) {
        let _once = self.shared.position.set(Box::new(position));
    }

    /// What a viewer is told of where it is.
    fn place(&self, seq: u64) -> String {
        let position = self.shared.position.get().and_then(|position| position());
        match position {
            Some(position) => {
                json!({"epoch": self.shared.epoch, "seq": seq, "position": position}).to_string()
            }
            None => json!({"epoch": self.shared.epoch, "seq": seq}).to_string(),
        }
    }

    /// This server's start.
    pub fn epoch(&self) -> &Epoch {
        &self.shared.epoch
    }

    /// Publishes one frame to every viewer. Never waits for one. See [`Draft::new`].
    pub fn publish(&self, kind: &str, key: Option<&str>, data: &impl Serialize) {
        self.publish_all(vec![Draft::new(kind, key, data)]);
    }

    /// Publishes several frames at once, which costs a viewer one wake-up.
    pub fn publish_all(&self, drafts: Vec<Draft>) {
        let mut state = self.lock();
        let mut frames = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let data = match &draft.data {
                Ok(data) => data,
                Err(error) => {
                    tracing::error!(kind = draft.kind, %error, "a frame could not be written as JSON and was not sent");
                    continue;
                }
            };
            state.head += 1;
            let frame = Arc::new(Sent {
                seq: state.head,
                text: self.envelope(&draft.kind, state.head, data),
                key: draft.key,
            });
            state.ring.push(frame.clone());
            frames.push(frame);
        }
        if frames.is_empty() {
            return;
        }
        let left_out: usize = state.viewers.values().map(|outbox| outbox.offer(&frames)).sum();
        drop(state);
        self.count_left_out(left_out);
    }

    /// Sends frames to some viewers only, which asked for them. Such a frame takes no place of its own, and is not kept for those
    /// who come back: what it says can be asked for.
    pub(crate) fn send_to(&self, viewers: &[u64], drafts: Vec<Draft>) {
        let state = self.lock();
        let seq = state.head;
        let frames = drafts.into_iter().filter_map(|draft| {
            let data = draft.data.ok()?;
            Some(Arc::new(Sent {
                seq,
                text: self.envelope(&draft.kind, seq, &data),
                key: draft.key,
            }))
        });
        let frames: Vec<Arc<Sent>> = frames.collect();
        let outboxes = viewers.iter().filter_map(|viewer| state.viewers.get(viewer));
        let left_out: usize = outboxes.map(|outbox| outbox.offer(&frames)).sum();
        drop(state);
        self.count_left_out(left_out);
    }

    /// Tells every viewer to fetch everything again: more happened than is worth sending one by one.
    pub fn resync_all(&self) {
        let mut state = self.lock();
        // Takes a place of its own, so that a viewer that comes back with an older one is told as well.
        state.head += 1;
        let seq = state.head;
        let text = self.resync(seq);
        state.ring.push(Arc::new(Sent { seq, key: None, text }));
        for outbox in state.viewers.values() {
            outbox.lose(seq);
        }
    }

    /// As [`Hub::resync_all`], where nothing but actors is meant: viewers that are told of none have nothing to fetch.
    pub(crate) fn resync_actors(&self) {
        let mut state = self.lock();
        state.head += 1;
        let seq = state.head;
        let text = self.resync(seq);
        let key = Some(OF_ACTORS.into());
        state.ring.push(Arc::new(Sent { seq, key, text }));
        for outbox in state.viewers.values().filter(|outbox| outbox.wants_actors()) {
            outbox.lose(seq);
        }
    }

    /// Adds a viewer. `wake` is called, from any thread and under the hub's lock, when there is something to
    /// [`Subscription::take`]; it must not wait and says whether it was heard.
    ///
    /// With a cursor the viewer first gets what it missed, or `resync` when that is no longer known.
    pub fn subscribe(
        &self,
        cursor: Option<&Cursor>,
        wake: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Subscription {
        self.subscribe_to(Wanted::All, cursor, wake)
    }

    /// As [`Hub::subscribe`], for some of the frames. Their places have holes where the others are.
    pub(crate) fn subscribe_to(
        &self,
        wanted: Wanted,
        cursor: Option<&Cursor>,
        wake: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Subscription {
        let wake: Wake = Box::new(wake);
        let outbox = Arc::new(Outbox::new(wanted, wake));
        let mut state = self.lock();
        let head = state.head;
        let mut start = head;
        if let Some(cursor) = cursor {
            let missed = (cursor.epoch == self.shared.epoch)
                .then(|| state.ring.after(cursor.seq, head))
                .flatten();
            match missed {
                Some(frames) => {
                    start = cursor.seq;
                    let frames: Vec<Arc<Sent>> = frames.cloned().collect();
                    outbox.offer(&frames);
                }
                None => outbox.lose(head),
            }
        }
        let viewer = state.next_viewer;
        state.next_viewer += 1;
        state.viewers.insert(viewer, outbox.clone());
        drop(state);
        let data = self.place(start);
        let hello = Some(self.envelope(topic::HELLO, start, &data));
        Subscription {
            hub: self.clone(),
            viewer,
            outbox,
            hello,
            last_seq: start,
        }
    }

    /// Ends all connections, those to come included: the server goes away.
    pub fn close(&self) {
        self.shared.over.store(true, Ordering::SeqCst);
        for outbox in self.lock().viewers.values() {
            outbox.call();
        }
    }

    /// Numbers about the hub as of now.
    pub fn stats(&self) -> HubStats {
        let state = self.lock();
        HubStats {
            viewers: state.viewers.len(),
            frames: state.head,
            left_out: self.shared.left_out.load(Ordering::Relaxed),
        }
    }

    fn resync(&self, seq: u64) -> ByteString {
        let data = self.place(seq);
        self.envelope(topic::RESYNC, seq, &data)
    }

    /// Written by hand because `data` is JSON already: `loom_protocol::Frame`, field for field.
    fn envelope(&self, kind: &str, seq: u64, data: &str) -> ByteString {
        let kind = serde_json::Value::from(kind);
        let epoch = serde_json::Value::from(self.shared.epoch.0.as_str());
        ByteString::from(format!(
            r#"{{"type":{kind},"epoch":{epoch},"seq":{seq},"data":{data}}}"#
        ))
    }

    fn count_left_out(&self, frames: usize) {
        if frames > 0 {
            self.shared.left_out.fetch_add(frames as u64, Ordering::Relaxed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
    /// The texts to send next, each one JSON object. Empty when there is nothing.
    pub fn take(&mut self) -> Vec<ByteString> {
        let parcel = self.outbox.take();
        let last = parcel.frames.back().map(|frame| frame.seq);
        self.last_seq = last.or(parcel.lost).unwrap_or(self.last_seq);
        let mut texts: Vec<ByteString> = self.hello.take().into_iter().collect();
        texts.extend(parcel.into_texts(|seq| self.hub.resync(seq)));
        texts
    }

    /// Names the viewer among those that are connected.
    pub(crate) fn viewer(&self) -> u64 {
        self.viewer
    }

    /// A frame for this viewer alone, to be sent after what was taken. It has no place of its own.
    pub fn aside(&self, kind: &str, data: &str) -> ByteString {
        self.hub.envelope(kind, self.last_seq, data)
    }

    /// Whether the server goes away: send what waits, then close.
    pub fn is_over(&self) -> bool {
        self.hub.shared.over.load(Ordering::SeqCst)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.lock().viewers.remove(&self.viewer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loom_protocol::Frame;

    fn hub() -> Hub {
        Hub::new(Timestamp::from_millis(1_000))
    }

    fn frames(subscription: &mut Subscription) -> Vec<Frame> {
        let texts = subscription.take();
        texts
            .iter()
            .map(|text| serde_json::from_str(text).unwrap())
            .collect()
    }

    fn places(frames: &[Frame]) -> Vec<(&str, u64)> {
        frames
            .iter()
            .map(|frame| (frame.kind.as_str(), frame.seq.0))
            .collect()
    }

    #[test]
    fn who_does_without_actors_fetches_nothing_because_of_them() {
        let hub = hub();
        let mut windows = hub.subscribe_to(Wanted::NoActors, None, || true);
        let mut all = hub.subscribe(None, || true);
        let start = places(&frames(&mut windows))[0].1;
        hub.publish("actor:update", Some("actor/a"), &1);
        hub.resync_actors();
        hub.publish("metrics", Some("metrics"), &2);
        assert_eq!(places(&frames(&mut windows)), [("metrics", 3)]);
        assert_eq!(places(&frames(&mut all)), [("hello", 0), ("resync", 3)]);
        let cursor = Cursor {
            epoch: hub.epoch().clone(),
            seq: start,
        };
        let mut back = hub.subscribe_to(Wanted::NoActors, Some(&cursor), || true);
        assert_eq!(places(&frames(&mut back)), [("hello", 0), ("metrics", 3)]);
    }

    #[test]
    fn a_connection_starts_with_hello_and_has_no_holes() {
        let hub = hub();
        hub.publish("metrics", None, &1);
        let mut viewer = hub.subscribe(None, || true);
        hub.publish("metrics", None, &2);
        hub.publish("note", None, &3);
        let frames = frames(&mut viewer);
        assert_eq!(places(&frames), [("hello", 1), ("metrics", 2), ("note", 3)]);
        assert!(frames.iter().all(|frame| frame.epoch == *hub.epoch()));
    }

    #[test]
    fn a_viewer_that_comes_back_gets_what_it_missed() {
        let hub = hub();
        for number in 1..=5 {
            hub.publish("note", None, &number);
        }
        let cursor = Cursor {
            epoch: hub.epoch().clone(),
            seq: 3,
        };
        let mut viewer = hub.subscribe(Some(&cursor), || true);
        let frames = frames(&mut viewer);
        assert_eq!(places(&frames), [("hello", 3), ("note", 4), ("note", 5)]);
    }

    #[test]
    fn a_void_cursor_is_answered_by_resync() {
        let hub = hub();
        for number in 0..RING_FRAMES + 10 {
            hub.publish("note", None, &number);
        }
        let head = RING_FRAMES as u64 + 10;
        let of_old = Cursor {
            epoch: Epoch("before".into()),
            seq: head,
        };
        let too_old = Cursor {
            epoch: hub.epoch().clone(),
            seq: 9,
        };
        let of_the_future = Cursor {
            epoch: hub.epoch().clone(),
            seq: head + 1,
        };
        for cursor in [of_old, too_old, of_the_future] {
            let mut viewer = hub.subscribe(Some(&cursor), || true);
            let frames = frames(&mut viewer);
            assert_eq!(places(&frames), [("hello", head), ("resync", head)], "{cursor:?}");
        }
    }

    #[test]
    fn a_bulk_change_is_one_resync_and_takes_a_place() {
        let hub = hub();
        let mut viewer = hub.subscribe(None, || true);
        hub.publish("note", None, &1);
        hub.resync_all();
        hub.publish("note", None, &2);
        let frames = frames(&mut viewer);
        assert_eq!(places(&frames), [("hello", 0), ("resync", 3)]);
        let cursor = Cursor {
            epoch: hub.epoch().clone(),
            seq: 1,
        };
        let mut back = hub.subscribe(Some(&cursor), || true);
        let texts = back.take();
        assert_eq!(texts.len(), 3, "hello, resync, note");
    }

    #[test]
    fn a_viewer_that_left_is_forgotten() {
        let hub = hub();
        let viewer = hub.subscribe(None, || true);
        assert_eq!(hub.stats().viewers, 1);
        drop(viewer);
        assert_eq!(hub.stats().viewers, 0);
    }
}
