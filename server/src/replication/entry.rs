//! What stands in a record: one thing that came in at one server.

use std::io::{Read as _, Write as _};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ingest::{FORM, Ingest};
use crate::orders::Ordered;
use crate::sessions::SessionNews;

/// Bytes from which on it is worth to pack them.
const PACKED_FROM: usize = 512;
/// Bytes that one may have unpacked: more than any report that is taken.
const MOST: u64 = 1 << 30;
const PLAIN: u8 = b'j';
const PACKED: u8 = b'z';

/// One thing that came in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The start of the server that wrote it.
    pub(crate) server: String,
    /// Its number among those of this server.
    pub(crate) number: u64,
    pub(crate) event: Event,
}

/// What came in. Words that a later version writes are passed over by this one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Event {
    /// A report of actors.
    Report(Ingest),
    /// It is time to look for what time alone changes.
    Swept,
    /// Something is ordered of an actor.
    Order(Ordered),
    /// The server lives, and this is looked at by its viewers.
    Here(Here),
    /// Somebody signed in or out, or still is.
    Session(SessionNews),
    /// All processes are to tell everything again: somebody may have missed some of it.
    Resync,
    /// A server that was not there asks another for what that remembers.
    Wanted(Wanted),
    /// Somebody came, and there is no base from which the log goes on: who knows one is to write it down.
    BaseWanted,
}

/// What a server that was not there asks another one for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// The start of the server that is asked.
    pub(crate) of: String,
    /// Under which name it is to be left.
    pub(crate) name: String,
    /// The first second that is not known.
    pub(crate) from: i64,
}

/// A server that lives.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Here {
    /// What people call it.
    pub(crate) name: String,
    /// The actors that its viewers look at.
    pub(crate) actors: Vec<String>,
    /// Whether one of them looks at the map, or at types as a whole.
    pub(crate) map: bool,
}

/// Why a record can't be read. Fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("unpack it")]
    Unpack(#[source] std::io::Error),
    #[error("read it as JSON")]
    Json(#[from] serde_json::Error),
    #[error("tell how it is written; a later version may have")]
    Form,
    #[error("read its form {form}, for this version of loom-studio reads form {FORM}")]
    Other { form: u32 },
    #[error("write it: {bytes} bytes are more than a log takes")]
    TooLarge { bytes: usize },
    #[error("read what the stores wrote")]
    Keyframe(#[from] postcard::Error),
}

/// A value as bytes.
pub(crate) fn pack(value: &impl Serialize) -> Result<Bytes, Unreadable> {
    let json = serde_json::to_vec(value)?;
    if json.len() < PACKED_FROM {
        return Ok(Bytes::from([&[PLAIN], json.as_slice()].concat()));
    }
    let mut packed = DeflateEncoder::new(vec![PACKED], Compression::fast());
    packed.write_all(&json).map_err(Unreadable::Unpack)?;
    packed.finish().map(Bytes::from).map_err(Unreadable::Unpack)
}

/// The value again.
pub(crate) fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unreadable> {
    match bytes.split_first() {
        Some((&PLAIN, json)) => Ok(serde_json::from_slice(json)?),
        Some((&PACKED, packed)) => {
            let mut json = Vec::new();
            DeflateDecoder::new(packed)
                .take(MOST)
                .read_to_end(&mut json)
                .map_err(Unreadable::Unpack)?;
            Ok(serde_json::from_slice(&json)?)
        }
        _ => Err(Unreadable::Form),
    }
}

#[cfg(test)]
mod tests {
    use loom_protocol::ActorRecord;
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_is_packed_is_the_same_again_and_anything_else_is_told() {
        let report = |id: String| Event::Report(Ingest::Register(Box::new(ActorRecord::new(id, "T"))));
        for event in [Event::Swept, report("a".into()), report("a".repeat(3_000))] {
            let entry = Entry {
                server: "s".into(),
                number: 7,
                event,
            };
            let packed = pack(&entry).unwrap();
            assert!(packed.len() < 600, "{}", packed.len());
            assert_eq!(unpack::<Entry>(&packed).unwrap(), entry);
        }
        for wrong in [&b""[..], b"j", b"j{", b"zzz", b"x{}"] {
            assert!(unpack::<Value>(wrong).is_err(), "{wrong:?}");
        }
    }
}
