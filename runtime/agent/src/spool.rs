//! The records of a step's spool file: which step it is, what it wrote, when, what its command files hold, and how it
//! ended.
//!
//! A record is a kind (u8), a time (unix milliseconds, u64), a length (u32) and that many bytes. The file is written by
//! the agent alone, one `write` a record, begins with [`Record::Begin`] and ends with [`Record::Exit`]. A reader may see a record in part: it waits
//! for more.

use std::time::Duration;

use crate::codec::{Malformed, Reader, Writer};
use crate::files::{Content, Kind};

/// Bytes before a record's content.
pub const HEADER: usize = 13;

/// The largest content of a record. The agent writes less; a reader refuses more.
pub const MAX_CONTENT: usize = 1024 * 1024;

const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const NOTE: u8 = 3;
const EXIT: u8 = 4;
const FILE: u8 = 5;
const BEGIN: u8 = 6;

/// How much of a command file goes into one record.
const PIECE: usize = 512 * 1024;

/// Which of its streams a step wrote to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One record of a spool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// The agent has taken the step, which its runtime calls so. A spool without it is of a step that never began.
    Begin(String),
    /// The step wrote these bytes.
    Output {
        /// Where to.
        stream: Stream,
        /// When they were read, in unix milliseconds.
        at: u64,
        /// As they came: not aligned to lines or characters.
        bytes: &'a [u8],
    },
    /// The agent has something to say about the step.
    Note(String),
    /// A part of what one of the step's command files holds; parts of one file follow each other.
    File(Kind, FilePart<'a>),
    /// The step is over; nothing follows.
    Exit(Exit),
}

/// A part of what a command file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilePart<'a> {
    /// The next bytes.
    Bytes(&'a [u8]),
    /// More than is read; the file's length.
    TooLarge(u64),
    /// It cannot be read; why, in a sentence.
    Unreadable(String),
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The exit status, or why there is none.
    pub status: Status,
    /// From start to end, by the agent's monotonic clock.
    pub took: Duration,
    /// What it used, when it ran.
    pub usage: Option<Usage>,
    /// Whether a signal that somebody asked for reached it while it ran.
    pub signalled: bool,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It exited with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
    /// It never started; why, in a sentence.
    NotStarted(String),
    /// The kernel ended it, or something in it, for want of memory.
    OutOfMemory,
    /// Its agent was told to end from outside, and took the step along: how it would have ended is not known. Why, in a
    /// sentence.
    Lost(String),
}

/// What a process and the children it waited for used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Processor time in user mode.
    pub user: Duration,
    /// Processor time in the kernel.
    pub system: Duration,
    /// Largest resident set, in bytes.
    pub max_resident: u64,
}

/// The header of an output record, to be put before its bytes.
pub fn output_header(stream: Stream, at: u64, length: u32) -> [u8; HEADER] {
    let kind = match stream {
        Stream::Stdout => STDOUT,
        Stream::Stderr => STDERR,
    };
    header(kind, at, length)
}

/// A whole record of a step's beginning.
pub fn begin(at: u64, name: &str) -> Vec<u8> {
    text(BEGIN, at, name)
}

/// A whole note record. A text above 64 kB is cut.
pub fn note(at: u64, note: &str) -> Vec<u8> {
    text(NOTE, at, note)
}

fn text(kind: u8, at: u64, text: &str) -> Vec<u8> {
    let end = (0..=text.len().min(64 * 1024))
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0);
    whole(kind, at, text.get(..end).unwrap_or_default().as_bytes())
}

/// The whole records of what a command file holds.
pub fn file(at: u64, kind: Kind, content: &Content) -> Vec<u8> {
    let number = match kind {
        Kind::Env => 1,
        Kind::Output => 2,
        Kind::Path => 3,
        Kind::State => 4,
        Kind::Summary => 5,
    };
    let record = |state: u8, content: &[u8]| {
        let mut whole_content = vec![number, state];
        whole_content.extend_from_slice(content);
        whole(FILE, at, &whole_content)
    };
    match content {
        Content::Empty => Vec::new(),
        Content::Bytes(bytes) => bytes.chunks(PIECE).flat_map(|piece| record(1, piece)).collect(),
        Content::TooLarge(length) => record(2, &length.to_le_bytes()),
        Content::Unreadable(why) => {
            let mut text = Vec::new();
            Writer(&mut text).text(why);
            record(3, &text)
        }
    }
}

fn decode_file(content: &[u8]) -> Result<Record<'_>, Malformed> {
    let mut r = Reader::new(content);
    let kind = match r.u8()? {
        1 => Kind::Env,
        2 => Kind::Output,
        3 => Kind::Path,
        4 => Kind::State,
        5 => Kind::Summary,
        _ => return Err(Malformed::new("a command file is unknown")),
    };
    let part = match r.u8()? {
        1 => FilePart::Bytes(content.get(2..).unwrap_or_default()),
        2 => FilePart::TooLarge(r.u64()?),
        3 => FilePart::Unreadable(r.text()?),
        _ => return Err(Malformed::new("a command file's state is unknown")),
    };
    Ok(Record::File(kind, part))
}

/// A whole exit record.
pub fn exit(at: u64, exit: &Exit) -> Vec<u8> {
    let mut content = Vec::new();
    let mut w = Writer(&mut content);
    match &exit.status {
        Status::Code(code) => {
            w.u8(1);
            w.u32(code.cast_unsigned());
        }
        Status::Signal(signal) => {
            w.u8(2);
            w.u32(signal.cast_unsigned());
        }
        Status::NotStarted(why) => {
            w.u8(3);
            w.text(why);
        }
        Status::OutOfMemory => w.u8(4),
        Status::Lost(why) => {
            w.u8(5);
            w.text(why);
        }
    }
    w.u64(micros(exit.took));
    w.u8(u8::from(exit.signalled));
    w.optional(exit.usage, |w, usage| {
        w.u64(micros(usage.user));
        w.u64(micros(usage.system));
        w.u64(usage.max_resident);
    });
    whole(EXIT, at, &content)
}

/// The first record of `bytes` and how many bytes it takes; `None` when it is not complete yet.
///
/// # Errors
/// When the bytes are no record: somebody else wrote to the file.
pub fn decode(bytes: &[u8]) -> Result<Option<(Record<'_>, usize)>, Malformed> {
    let Some((head, rest)) = bytes.split_first_chunk::<HEADER>() else {
        return Ok(None);
    };
    let mut r = Reader::new(head);
    let (kind, at, length) = (r.u8()?, r.u64()?, r.u32()?);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > MAX_CONTENT {
        return Err(Malformed::new("a record is too large"));
    }
    let Some(content) = rest.get(..length) else {
        return Ok(None);
    };
    let record = match kind {
        STDOUT => Record::Output {
            stream: Stream::Stdout,
            at,
            bytes: content,
        },
        STDERR => Record::Output {
            stream: Stream::Stderr,
            at,
            bytes: content,
        },
        BEGIN => Record::Begin(String::from_utf8_lossy(content).into_owned()),
        NOTE => Record::Note(String::from_utf8_lossy(content).into_owned()),
        EXIT => Record::Exit(decode_exit(content)?),
        FILE => decode_file(content)?,
        _ => return Err(Malformed::new("a record's kind is unknown")),
    };
    Ok(Some((record, HEADER + length)))
}

fn decode_exit(content: &[u8]) -> Result<Exit, Malformed> {
    let mut r = Reader::new(content);
    let status = match r.u8()? {
        1 => Status::Code(r.u32()?.cast_signed()),
        2 => Status::Signal(r.u32()?.cast_signed()),
        3 => Status::NotStarted(r.text()?),
        4 => Status::OutOfMemory,
        5 => Status::Lost(r.text()?),
        _ => return Err(Malformed::new("an exit status is unknown")),
    };
    let took = Duration::from_micros(r.u64()?);
    let signalled = r.u8()? != 0;
    let usage = r.optional(|r| {
        Ok(Usage {
            user: Duration::from_micros(r.u64()?),
            system: Duration::from_micros(r.u64()?),
            max_resident: r.u64()?,
        })
    })?;
    r.end()?;
    Ok(Exit {
        status,
        took,
        usage,
        signalled,
    })
}

fn whole(kind: u8, at: u64, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    let mut record = header(kind, at, length).to_vec();
    record.extend_from_slice(content);
    record
}

fn header(kind: u8, at: u64, length: u32) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    let content = std::iter::once(kind)
        .chain(at.to_le_bytes())
        .chain(length.to_le_bytes());
    for (place, byte) in header.iter_mut().zip(content) {
        *place = byte;
    }
    header
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_one_after_another_and_only_when_complete() {
        let exits = [
            Exit {
                status: Status::Code(-1),
                took: Duration::from_micros(5),
                usage: None,
                signalled: false,
            },
            Exit {
                status: Status::Signal(9),
                took: Duration::from_secs(7),
                usage: Some(Usage {
                    user: Duration::from_micros(1),
                    system: Duration::from_micros(2),
                    max_resident: 3,
                }),
                signalled: false,
            },
            Exit {
                status: Status::NotStarted("no shell".into()),
                took: Duration::ZERO,
                usage: None,
                signalled: false,
            },
        ];
        let mut file = begin(11, "0@2");
        file.extend(output_header(Stream::Stderr, 12, 3));
        file.extend_from_slice(b"a\0b");
        file.extend(note(13, "closed"));
        for one in &exits {
            file.extend(exit(14, one));
        }
        let mut rest = file.as_slice();
        let mut seen = 0;
        while !rest.is_empty() {
            let (record, length) = decode(rest).unwrap().unwrap();
            for cut in 0..length {
                assert_eq!(decode(&rest[..cut]).unwrap(), None, "cut at {cut}");
            }
            match seen {
                0 => assert_eq!(record, Record::Begin("0@2".into())),
                1 => assert_eq!(
                    record,
                    Record::Output {
                        stream: Stream::Stderr,
                        at: 12,
                        bytes: b"a\0b"
                    }
                ),
                2 => assert_eq!(record, Record::Note("closed".into())),
                n => assert_eq!(record, Record::Exit(exits[n - 3].clone())),
            }
            seen += 1;
            rest = &rest[length..];
        }
        assert_eq!(seen, 6);
    }

    #[test]
    fn a_large_command_file_comes_in_parts() {
        let bytes: Vec<u8> = (0..PIECE + 10).map(|i| u8::try_from(i % 250).unwrap()).collect();
        let mut records = file(1, Kind::Output, &Content::Bytes(bytes.clone()));
        records.extend(file(1, Kind::Env, &Content::TooLarge(1 << 40)));
        records.extend(file(1, Kind::Summary, &Content::Unreadable("why".into())));
        let (mut rest, mut seen, mut others) = (records.as_slice(), Vec::new(), Vec::new());
        while let Some((record, length)) = decode(rest).unwrap() {
            match record {
                Record::File(Kind::Output, FilePart::Bytes(part)) => seen.extend_from_slice(part),
                Record::File(kind, part) => others.push((kind, part)),
                other => panic!("{other:?}"),
            }
            rest = &rest[length..];
        }
        assert!(seen == bytes);
        let expected = [
            (Kind::Env, FilePart::TooLarge(1 << 40)),
            (Kind::Summary, FilePart::Unreadable("why".into())),
        ];
        assert_eq!(others, expected);
    }

    #[test]
    fn foreign_bytes_are_refused_without_a_panic() {
        assert!(decode(&[0xff; 64]).is_err());
        let mut state = 1_u64;
        for _ in 0..20_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let mut bytes = vec![(state >> 33) as u8 % 7; 13];
            bytes.extend_from_slice(&state.to_le_bytes());
            bytes[9..13].copy_from_slice(&((state >> 40) as u32 % 20).to_le_bytes());
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn a_long_note_is_cut_at_a_character() {
        let text = "ä".repeat(64 * 1024);
        let record = note(0, &text);
        let (Record::Note(note), _) = decode(&record).unwrap().unwrap() else {
            panic!("no note")
        };
        assert!(note.len() <= 64 * 1024 && note.chars().all(|c| c == 'ä'));
    }
}
