//! Recordings as files, `.loomrec`.
//!
//! A file begins with a mark and the version of its form, and goes on with blocks: what kind it is of, its length, a checksum,
//! and its bytes. First a head (JSON), then for each segment its keyframe and its chunks, then an end. Numbers are little
//! endian. A file whose form or whose keyframes are of another version is refused: keyframes hold what this studio knows in
//! the form in which it knows it.

use std::collections::VecDeque;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use flate2::Crc;
use loom_protocol::Timestamp;
use serde::{Deserialize, Serialize};

use super::packed::Packed;
use super::tape::{Chunk, Hole, Segment, Stretch, Tape};
use crate::ingest::{FORM, MOST_KEYFRAME};

const MARK: &[u8; 8] = b"LOOMREC\n";
/// Also counted up with each change of what follows it.
const VERSION: u32 = FORM;
/// Bytes of a file that is read.
pub(crate) const MOST_FILE: u64 = 1024 * 1024 * 1024;
/// Bytes of a chunk when it is unpacked: one batch and a little.
const MOST_CHUNK: u64 = 64 * 1024 * 1024;
/// Bytes of a head.
const MOST_HEAD: usize = 1024 * 1024;
/// Bytes before those of a block.
const BLOCK_HEAD: usize = 1 + 4 + 4;

const HEAD: u8 = b'H';
const KEYFRAME: u8 = b'K';
const CHUNK: u8 = b'C';
const END: u8 = b'E';

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Head {
    /// The version of the studio that made it.
    pub(crate) studio: String,
    /// What is recorded in it.
    pub(crate) stretch: Stretch,
    /// Where reports were lost.
    pub(crate) holes: Vec<Hole>,
    /// Why it was made.
    pub(crate) reason: String,
    /// When it was made.
    pub(crate) made: Timestamp,
    /// Whether it was made by one of several servers, whose time stands still where nothing comes from their log.
    #[serde(default)]
    pub(crate) is_of_several: bool,
}

/// Why a file can't be read as a recording.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// It is something else.
    #[error("this is no recording of a Loom studio")]
    Other,
    /// Its form is of another version.
    #[error(
        "this recording is of form {found}, and this studio reads form {VERSION}\nhelp: open it with the version of loom-studio \
         that made it"
    )]
    Version {
        /// The version of its form.
        found: u32,
    },
    /// It ends too early.
    #[error("this recording was cut off after {at} bytes\nhelp: copy or download it again")]
    Cut {
        /// Bytes that are there.
        at: usize,
    },
    /// It is not as it was written.
    #[error("this recording is damaged at byte {at}\nhelp: copy or download it again")]
    Damaged {
        /// Where it is.
        at: usize,
    },
    /// It is larger than any that a studio makes.
    #[error("this recording is larger than {} MiB, which no studio makes", MOST_FILE / 1024 / 1024)]
    TooLarge,
    /// The disk says no.
    #[error("the recording can't be read")]
    Io(#[from] std::io::Error),
}

/// The pieces of a file, in order.
pub(super) fn pieces(tape: &Tape, head: &Head) -> Vec<Bytes> {
    let mut pieces = vec![Bytes::from([MARK.as_slice(), &VERSION.to_le_bytes()].concat())];
    let head = serde_json::to_vec(head).unwrap_or_default();
    block(HEAD, BytesMut::from(&*head), None, &mut pieces);
    for segment in &tape.segments {
        let mut front = BytesMut::new();
        front.put_i64_le(segment.at.as_millis());
        put_packed(&segment.keyframe, &mut front);
        block(KEYFRAME, front, Some(&segment.keyframe.bytes), &mut pieces);
        for chunk in &segment.chunks {
            let mut front = BytesMut::new();
            front.put_i64_le(chunk.first.as_millis());
            front.put_u64_le(chunk.lost);
            front.put_i64_le(chunk.lost_at.map_or(i64::MIN, Timestamp::as_millis));
            put_packed(&chunk.entries, &mut front);
            block(CHUNK, front, Some(&chunk.entries.bytes), &mut pieces);
        }
    }
    block(END, BytesMut::new(), None, &mut pieces);
    pieces
}

fn put_packed(packed: &Packed, to: &mut BytesMut) {
    to.put_u8(u8::from(packed.is_packed));
    to.put_u64_le(packed.len as u64);
}

fn block(tag: u8, front: BytesMut, bytes: Option<&Bytes>, pieces: &mut Vec<Bytes>) {
    let mut crc = Crc::new();
    crc.update(&[tag]);
    crc.update(&front);
    let len = front.len() + bytes.map_or(0, Bytes::len);
    if let Some(bytes) = bytes {
        crc.update(bytes);
    }
    let mut head = BytesMut::with_capacity(BLOCK_HEAD + front.len());
    head.put_u8(tag);
    head.put_u32_le(u32::try_from(len).unwrap_or(u32::MAX));
    head.put_u32_le(crc.sum());
    head.put(front);
    pieces.push(head.freeze());
    pieces.extend(bytes.cloned());
}

/// Reads a file. Costs a pass over its bytes; what is packed in it is unpacked once it is looked at.
///
/// # Errors
/// When it is no recording, or not whole.
pub(super) fn read(file: &Bytes) -> Result<(Head, Tape), RecordingError> {
    let mut reader = Reader {
        rest: file.clone(),
        at: 0,
    };
    if reader
        .take(MARK.len())
        .map_err(|_| RecordingError::Other)?
        .as_ref()
        != MARK
    {
        return Err(RecordingError::Other);
    }
    let found = reader.take(4)?.get_u32_le();
    if found != VERSION {
        return Err(RecordingError::Version { found });
    }
    let (tag, head) = reader.block()?;
    if tag != HEAD || head.len() > MOST_HEAD {
        return Err(reader.damaged());
    }
    let head: Head = serde_json::from_slice(&head).map_err(|_| reader.damaged())?;
    let mut segments: VecDeque<Segment> = VecDeque::new();
    loop {
        let (tag, block) = reader.block()?;
        match tag {
            KEYFRAME => {
                let segment = segment(block).ok_or_else(|| reader.damaged())?;
                segments.push_back(segment);
            }
            CHUNK => {
                let chunk = chunk(block).ok_or_else(|| reader.damaged())?;
                let segment = segments.back_mut().ok_or_else(|| reader.damaged())?;
                segment.chunks.push(chunk);
            }
            END if !segments.is_empty() => break,
            _ => return Err(reader.damaged()),
        }
    }
    let tape = Tape {
        segments,
        end: Some(head.stretch.to),
        is_of_several: head.is_of_several,
    };
    Ok((head, tape))
}

fn segment(mut block: Bytes) -> Option<Segment> {
    let at = Timestamp::from_millis(block.try_get_i64_le().ok()?);
    Some(Segment {
        at,
        keyframe: packed(block, MOST_KEYFRAME)?,
        chunks: Vec::new(),
    })
}

fn chunk(mut block: Bytes) -> Option<Chunk> {
    let first = Timestamp::from_millis(block.try_get_i64_le().ok()?);
    let lost = block.try_get_u64_le().ok()?;
    let lost_at = block.try_get_i64_le().ok()?;
    Some(Chunk {
        first,
        entries: packed(block, MOST_CHUNK)?,
        lost,
        lost_at: (lost_at != i64::MIN).then(|| Timestamp::from_millis(lost_at)),
    })
}

fn packed(mut block: Bytes, most: u64) -> Option<Packed> {
    let is_packed = block.try_get_u8().ok()? == 1;
    let len = block.try_get_u64_le().ok().filter(|len| *len <= most)?;
    let len = usize::try_from(len).ok()?;
    (is_packed || len == block.len()).then_some(Packed {
        bytes: block,
        is_packed,
        len,
    })
}

struct Reader {
    rest: Bytes,
    at: usize,
}

impl Reader {
    fn take(&mut self, len: usize) -> Result<Bytes, RecordingError> {
        if len > self.rest.len() {
            let at = self.at + self.rest.len();
            return Err(RecordingError::Cut { at });
        }
        self.at += len;
        Ok(self.rest.split_to(len))
    }

    fn block(&mut self) -> Result<(u8, Bytes), RecordingError> {
        let at = self.at;
        let mut head = self.take(BLOCK_HEAD)?;
        let (tag, len, sum) = (head.get_u8(), head.get_u32_le(), head.get_u32_le());
        let block = self.take(usize::try_from(len).unwrap_or(usize::MAX))?;
        let mut crc = Crc::new();
        crc.update(&[tag]);
        crc.update(&block);
        if crc.sum() != sum {
            return Err(RecordingError::Damaged { at });
        }
        Ok((tag, block))
    }

    fn damaged(&self) -> RecordingError {
        RecordingError::Damaged { at: self.at }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::equal::{World, seen};
    use super::super::flight::FlightOptions;
    use super::super::past::{Past, Source};
    use super::*;
    use crate::directory::DirectoryOptions;

    fn world() -> World {
        let options = FlightOptions {
            bytes: 64 * 1024 * 1024,
            back: 600_000,
            holds: 0,
            is_of_several: false,
        };
        let mut world = World::new(3, options);
        for _ in 0..90 {
            world.second();
        }
        world
    }

    fn file(world: &World) -> (Bytes, Tape) {
        let tape = world.flight.state(&world.intake).tape;
        let head = Head {
            studio: "1".to_owned(),
            stretch: tape.stretch().unwrap(),
            holes: tape.holes(),
            reason: "a test".to_owned(),
            made: world.now(),
            is_of_several: false,
        };
        (Bytes::from(pieces(&tape, &head).concat()), tape)
    }

    #[test]
    fn a_file_shows_what_the_studio_showed() {
        let world = world();
        let (file, tape) = file(&world);
        let (head, read) = read(&file).unwrap();
        assert_eq!(read.stretch(), tape.stretch());
        assert_eq!(head.reason, "a test");
        let opened = Past::new(Source::Opened(read.into()), DirectoryOptions::default());
        for ago in [0, 7_000, 70_000] {
            let at = Timestamp::from_millis(head.stretch.to.as_millis() - ago);
            let of_file = opened.at(at, None).unwrap();
            let running = world.past().at(at, Some(&world.intake)).unwrap();
            assert_eq!(seen(&of_file, "of1-5"), seen(&running, "of1-5"));
        }
    }

    #[test]
    fn what_is_no_whole_recording_is_refused_with_its_place() {
        let (file, _) = file(&world());
        let of = |bytes: &[u8]| read(&Bytes::copy_from_slice(bytes)).unwrap_err().to_string();
        assert_eq!(of(b"{}"), "this is no recording of a Loom studio");
        assert_eq!(of(b"0123456789"), "this is no recording of a Loom studio");
        let mut other = file.to_vec();
        other[8] = 9;
        assert!(of(&other).starts_with("this recording is of form 9, and this studio reads form 2\n"));
        for len in [9, 12, 30, file.len() / 2, file.len() - 1] {
            let message = of(&file[..len]);
            assert!(
                message.starts_with(&format!("this recording was cut off after {len} bytes\n")),
                "{message}"
            );
        }
        let mut damaged = file.to_vec();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        assert!(
            of(&damaged).starts_with("this recording is damaged at byte "),
            "{}",
            of(&damaged)
        );
    }

    /// A recording with other bytes in it, and right checksums.
    fn forged(tape: &Tape, places: &[(usize, u8)]) -> Tape {
        let mut forged = tape.clone();
        for (place, byte) in places {
            let segments = forged.segments.len();
            let segment = &mut forged.segments[place % segments];
            let chunks = segment.chunks.len();
            let packed = match chunks.checked_sub(1) {
                Some(last) if place % 3 == 0 => &mut segment.chunks[place % (last + 1)].entries,
                _ => &mut segment.keyframe,
            };
            let mut bytes = packed.unpack().unwrap_or_default().to_vec();
            if !bytes.is_empty() {
                let place = (place / 7) % bytes.len();
                bytes[place] = *byte;
            }
            *packed = Packed::bare(bytes);
        }
        forged
    }

    #[test]
    fn a_forged_recording_shows_something_or_is_unreadable_and_nothing_breaks() {
        let world = world();
        let (_, tape) = file(&world);
        let places = prop::collection::vec((any::<usize>(), any::<u8>()), 1..6);
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(48));
        let result = runner.run(&places, |places| {
            let forged = forged(&tape, &places);
            let stretch = forged.stretch().unwrap();
            let past = Past::new(Source::Opened(forged.into()), DirectoryOptions::default());
            if let Ok(intake) = past.at(stretch.to, None) {
                seen(&intake, "of1-5");
            }
            Ok(())
        });
        result.unwrap();
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut file = [MARK.as_slice(), &VERSION.to_le_bytes()].concat();
            file.extend(&bytes);
            let _refused = read(&Bytes::from(file)).is_err();
            let _refused = read(&Bytes::from(bytes)).is_err();
        }
    }
}
