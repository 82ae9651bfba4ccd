//! What a server that comes begins with, as bytes: the rest of a server beside its keyframe, and the keyframe.
//!
//! A letter, the form, the length of the rest and the rest (JSON), then the length of the keyframe and the keyframe, deflated.
//! Numbers are little endian. The form is that of keyframes: what is of another one is refused, never guessed at.

use std::io::{Read as _, Write as _};

use bytes::{Buf, BufMut as _, Bytes};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use loom_protocol::Timestamp;
use serde::{Deserialize, Serialize};

use super::applier::Peer;
use super::entry::Unreadable;
use crate::ingest::{FORM, MOST_KEYFRAME};
use crate::orders::OrdersBase;
use crate::sessions::SessionBase;

/// What it begins with.
const LETTER: u8 = b'k';
/// What the first form began with, which was one JSON text, packed or not.
const FIRST_FORM: [u8; 2] = [b'j', b'z'];
/// Bytes of one: what a Redis takes as one value, and some room.
const MOST: usize = 500 * 1024 * 1024;

/// All that is known at one place of the log.
pub(super) struct Picture {
    pub(super) rest: Rest,
    pub(super) keyframe: Bytes,
}

/// What stands beside the keyframe.
#[derive(Serialize, Deserialize)]
pub(super) struct Rest {
    pub(super) orders: OrdersBase,
    pub(super) sessions: Vec<SessionBase>,
    /// Where whoever made it had come, in a log that may be no more.
    pub(super) place: Option<String>,
    pub(super) last: Option<Timestamp>,
    pub(super) swept: Option<Timestamp>,
    pub(super) peers: Vec<Peer>,
}

impl Picture {
    pub(super) fn write(&self) -> Result<Bytes, Unreadable> {
        let rest = serde_json::to_vec(&self.rest)?;
        let mut bytes = Vec::with_capacity(64 + rest.len() + self.keyframe.len() / 3);
        bytes.put_u8(LETTER);
        bytes.put_u32_le(FORM);
        bytes.put_u64_le(rest.len() as u64);
        bytes.put_slice(&rest);
        bytes.put_u64_le(self.keyframe.len() as u64);
        let mut packed = DeflateEncoder::new(bytes, Compression::fast());
        packed.write_all(&self.keyframe).map_err(Unreadable::Unpack)?;
        let bytes = packed.finish().map_err(Unreadable::Unpack)?;
        if bytes.len() > MOST || self.keyframe.len() as u64 > MOST_KEYFRAME {
            return Err(Unreadable::TooLarge { bytes: bytes.len() });
        }
        Ok(bytes.into())
    }

    pub(super) fn read(bytes: &Bytes) -> Result<Self, Unreadable> {
        let mut bytes = bytes.clone();
        match bytes.try_get_u8() {
            Ok(LETTER) => {}
            Ok(letter) if FIRST_FORM.contains(&letter) => return Err(Unreadable::Other { form: 1 }),
            _ => return Err(Unreadable::Form),
        }
        let form = bytes.try_get_u32_le().map_err(|_| Unreadable::Form)?;
        if form != FORM {
            return Err(Unreadable::Other { form });
        }
        let len = bytes.try_get_u64_le().map_err(|_| Unreadable::Form)?;
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        if len > bytes.len() {
            return Err(Unreadable::Form);
        }
        let rest = serde_json::from_slice(&bytes.split_to(len))?;
        let len = bytes.try_get_u64_le().map_err(|_| Unreadable::Form)?;
        if len > MOST_KEYFRAME {
            return Err(Unreadable::Form);
        }
        let mut keyframe = Vec::new();
        DeflateDecoder::new(&bytes[..])
            .take(len.saturating_add(1))
            .read_to_end(&mut keyframe)
            .map_err(Unreadable::Unpack)?;
        if keyframe.len() as u64 != len {
            return Err(Unreadable::Form);
        }
        Ok(Self {
            rest,
            keyframe: keyframe.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Directory, DirectoryOptions, SystemClock};

    fn picture() -> Picture {
        let directory = Directory::new(DirectoryOptions::default(), std::sync::Arc::new(SystemClock));
        Picture {
            rest: Rest {
                orders: directory.orders().base(),
                sessions: Vec::new(),
                place: Some("7-1".to_owned()),
                last: None,
                swept: None,
                peers: Vec::new(),
            },
            keyframe: Bytes::from(vec![3; 90_000]),
        }
    }

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let written = picture().write().unwrap();
        assert!(written.len() < 2_000, "{}", written.len());
        let read = Picture::read(&written).unwrap();
        assert_eq!(
            (read.rest.place.as_deref(), read.keyframe.len()),
            (Some("7-1"), 90_000)
        );
        for len in [0, 1, 5, 12, 30, written.len() / 2, written.len() - 1] {
            assert!(Picture::read(&written.slice(..len)).is_err(), "{len}");
        }
    }

    #[test]
    fn that_of_another_version_is_refused_by_its_form() {
        let mut written = picture().write().unwrap().to_vec();
        written[1] = 9;
        for (bytes, form) in [(written, 9), (b"j{}".to_vec(), 1), (b"z123".to_vec(), 1)] {
            let refused = Picture::read(&bytes.into()).err().unwrap().to_string();
            assert_eq!(
                refused,
                format!("read its form {form}, for this version of loom-studio reads form {FORM}")
            );
        }
    }
}
