//! Those who keep what comes in, so that it can be taken in again.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use loom_protocol::Timestamp;

use super::Ingest;
use crate::directory::Deaf;

/// Keeps what comes in. The same values in the same order, with a sweep at the same moments, make the same directory,
/// journal and traffic of a studio that knows nothing.
pub trait Recorder: Send + Sync {
    /// Something came in at a moment of the studio's clock. Refused reports are told as well: taken again they are refused
    /// again. Called before it is applied, and for one sender in the order in which that happens; must not wait.
    fn record(&self, at: Timestamp, ingest: &Ingest);

    /// The same of a batch that was read from this JSON text.
    fn record_text(&self, at: Timestamp, ingest: &Ingest, text: &Bytes) {
        let _unused = text;
        self.record(at, ingest);
    }

    /// From now on these actors are followed each second, and no others. Told again where nothing changed.
    fn followed(&self, at: Timestamp, actors: &HashSet<Arc<str>>) {
        let _unused = (at, actors);
    }

    /// Nobody could be heard in this stretch of time.
    fn was_deaf(&self, deaf: Deaf) {
        let _unused = deaf;
    }

    /// All that is known becomes what this keyframe says, which another server wrote down at that moment.
    fn took_over(&self, at: Timestamp, keyframe: &Bytes) {
        let _unused = (at, keyframe);
    }

    /// The studio looked for what time alone changes.
    fn swept(&self, at: Timestamp) {
        let _unused = at;
    }
}
