//! Reads a step's spool as it grows.

use std::fs::File;
use std::io::{self, Read as _};
use std::time::Duration;

use loom_agent::files::Kind;
use loom_agent::spool::{self, FilePart, Record};

use crate::executor::{CommandFiles, ExitStatus, FileContent, Notes, StepEnd, StepOutput, Stream, Usage};

/// Room for the largest record; most reads fill much less.
const BUFFER: usize = spool::MAX_CONTENT + spool::HEADER;

/// Room of a step that says little, and of one that says more.
const FIRST: usize = 4 * 1024;
const USUAL: usize = 64 * 1024;

/// How much is handed on before others get a turn.
const SHARE: usize = 1024 * 1024;

/// Where the reading of a spool has come to.
pub(super) struct Tail {
    file: File,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Whether a read filled all the room that there was.
    wide: bool,
    files: CommandFiles,
    /// Bytes that were read.
    length: u64,
}

/// What a share of reading has led to.
pub(super) enum Progress {
    /// The step is over; or why it is not known how it ended.
    Ended(Box<Result<StepEnd, String>>),
    /// There may be more right now.
    More,
    /// Everything that was there has been read.
    Dry,
}

impl Tail {
    pub(super) fn new(file: File) -> Self {
        Self {
            file,
            buffer: vec![0; FIRST],
            start: 0,
            end: 0,
            wide: false,
            files: CommandFiles::default(),
            length: 0,
        }
    }

    /// Bytes of the spool that were read so far.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Hands on what is there, up to a share. For a thread that may block: the output may go to a slow disk.
    pub(super) fn read(&mut self, output: &mut dyn StepOutput, notes: &dyn Notes) -> io::Result<Progress> {
        let mut handed_on = 0;
        while handed_on < SHARE {
            self.make_room();
            let space = self.buffer.get_mut(self.end..).unwrap_or_default();
            let length = self.file.read(space)?;
            if length == 0 {
                return Ok(Progress::Dry);
            }
            self.wide |= length == space.len();
            self.end += length;
            self.length += length as u64;
            handed_on += length;
            if let Some(end) = self.hand_on(output, notes)? {
                return Ok(Progress::Ended(Box::new(end)));
            }
        }
        Ok(Progress::More)
    }

    fn hand_on(
        &mut self,
        output: &mut dyn StepOutput,
        notes: &dyn Notes,
    ) -> io::Result<Option<Result<StepEnd, String>>> {
        loop {
            let rest = self.buffer.get(self.start..self.end).unwrap_or_default();
            let found = spool::decode(rest)
                .map_err(|error| io::Error::other(format!("something else wrote to the spool ({error})")))?;
            let Some((record, length)) = found else {
                return Ok(None);
            };
            match record {
                Record::Begin(_) => {}
                Record::Output { stream, at, bytes } => output.chunk(stream_of(stream), timestamp(at), bytes),
                Record::Note(note) => notes.line(&note),
                Record::File(kind, part) => take_part(file_of(&mut self.files, kind), part),
                Record::Exit(exit) => {
                    let files = std::mem::take(&mut self.files);
                    return Ok(Some(step_end(exit, files)));
                }
            }
            self.start += length;
        }
    }

    /// Moves what is left to the front; grows when a record is larger than the buffer.
    fn make_room(&mut self) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            // There was more than there was room for: the next reads take more at once.
            if std::mem::take(&mut self.wide) && self.buffer.len() < USUAL {
                self.buffer.resize(USUAL, 0);
            }
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            if self.end * 2 > self.buffer.len() {
                self.buffer.resize((self.buffer.len() * 4).min(BUFFER), 0);
            }
        }
    }
}

fn stream_of(stream: spool::Stream) -> Stream {
    match stream {
        spool::Stream::Stdout => Stream::Stdout,
        spool::Stream::Stderr => Stream::Stderr,
    }
}

/// A time that no calendar has (the spool was tampered with) becomes the epoch.
fn timestamp(unix_milliseconds: u64) -> jiff::Timestamp {
    i64::try_from(unix_milliseconds)
        .ok()
        .and_then(|at| jiff::Timestamp::from_millisecond(at).ok())
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

fn file_of(files: &mut CommandFiles, kind: Kind) -> &mut FileContent {
    match kind {
        Kind::Env => &mut files.env,
        Kind::Output => &mut files.output,
        Kind::Path => &mut files.path,
        Kind::State => &mut files.state,
        Kind::Summary => &mut files.summary,
    }
}

/// Bounded by what an agent writes; one that is no agent of ours is stopped at the same bound.
fn take_part(content: &mut FileContent, part: FilePart<'_>) {
    match part {
        FilePart::TooLarge(length) => *content = FileContent::TooLarge(length),
        FilePart::Unreadable(why) => *content = FileContent::Unreadable(why),
        FilePart::Bytes(bytes) => {
            if *content == FileContent::Empty {
                *content = FileContent::Bytes(Vec::new());
            }
            if let FileContent::Bytes(whole) = content {
                whole.extend_from_slice(bytes);
                let length = u64::try_from(whole.len()).unwrap_or(u64::MAX);
                if length > loom_agent::files::MAX_COMMANDS {
                    *content = FileContent::TooLarge(length);
                }
            }
        }
    }
}

/// What command files hold, read on this machine, in the words of a step's end.
pub(crate) fn command_files(read: Vec<(Kind, loom_agent::files::Content)>) -> CommandFiles {
    use loom_agent::files::Content;

    let mut files = CommandFiles::default();
    for (kind, content) in read {
        *file_of(&mut files, kind) = match content {
            Content::Empty => FileContent::Empty,
            Content::Bytes(bytes) => FileContent::Bytes(bytes),
            Content::TooLarge(length) => FileContent::TooLarge(length),
            Content::Unreadable(why) => FileContent::Unreadable(why),
        };
    }
    files
}

fn step_end(exit: spool::Exit, files: CommandFiles) -> Result<StepEnd, String> {
    let status = match exit.status {
        spool::Status::OutOfMemory => ExitStatus::OutOfMemory,
        spool::Status::Lost(why) => return Err(why),
        spool::Status::Code(code) => ExitStatus::Code(code),
        spool::Status::Signal(signal) => ExitStatus::Signal(signal),
        spool::Status::NotStarted(why) => ExitStatus::NotStarted(why),
    };
    let usage = exit.usage.map(|usage| Usage {
        user: usage.user,
        system: usage.system,
        max_resident: usage.max_resident,
    });
    Ok(StepEnd {
        status,
        took: exit.took.max(Duration::from_micros(1)),
        usage,
        files,
        signalled: exit.signalled,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[derive(Default)]
    struct Heard(Vec<u8>);

    impl StepOutput for Heard {
        fn chunk(&mut self, _: Stream, _: jiff::Timestamp, bytes: &[u8]) {
            self.0.extend_from_slice(bytes);
        }
    }

    struct Deaf;

    impl Notes for Deaf {
        fn line(&self, _: &str) {}
        fn progress(&self, _: &str, _: u64, _: Option<u64>) {}
    }

    fn drain(tail: &mut Tail, heard: &mut Heard) -> io::Result<Progress> {
        loop {
            match tail.read(heard, &Deaf)? {
                Progress::More => {}
                other => return Ok(other),
            }
        }
    }

    #[test]
    fn records_of_every_size_come_through_however_the_file_grows() {
        let path = tempfile::NamedTempFile::new().unwrap();
        let mut writer = path.reopen().unwrap();
        let mut tail = Tail::new(path.reopen().unwrap());
        let (mut heard, mut expected) = (Heard::default(), Vec::new());
        for size in [0_usize, 1, 13, 65_523, 65_536, 300_000, spool::MAX_CONTENT, 5] {
            let bytes: Vec<u8> = (0..size).map(|i| u8::try_from(i % 251).unwrap()).collect();
            let header = spool::output_header(spool::Stream::Stdout, 1, u32::try_from(size).unwrap());
            let record: Vec<u8> = header.into_iter().chain(bytes.iter().copied()).collect();
            // In two parts, so that each record is seen incomplete once.
            let (first, second) = record.split_at(record.len() / 2);
            writer.write_all(first).unwrap();
            assert!(matches!(drain(&mut tail, &mut heard).unwrap(), Progress::Dry));
            writer.write_all(second).unwrap();
            assert!(matches!(drain(&mut tail, &mut heard).unwrap(), Progress::Dry));
            expected.extend(bytes);
            assert_eq!(heard.0.len(), expected.len(), "record of {size}");
        }
        assert!(heard.0 == expected);
        let exit = spool::Exit {
            status: spool::Status::Code(3),
            took: Duration::from_secs(1),
            usage: None,
            signalled: false,
        };
        let written = loom_agent::files::Content::Bytes(vec![b'x'; 700_000]);
        writer.write_all(&spool::file(2, Kind::Env, &written)).unwrap();
        writer.write_all(&spool::exit(2, &exit)).unwrap();
        let Progress::Ended(end) = drain(&mut tail, &mut heard).unwrap() else {
            panic!("no end")
        };
        let end = end.unwrap();
        assert_eq!(end.status, ExitStatus::Code(3));
        assert_eq!(end.files.env, FileContent::Bytes(vec![b'x'; 700_000]));
    }

    #[test]
    fn a_spool_that_somebody_scribbled_on_is_an_error() {
        let path = tempfile::NamedTempFile::new().unwrap();
        path.reopen().unwrap().write_all(&[0xee; 100]).unwrap();
        let error = drain(&mut Tail::new(path.reopen().unwrap()), &mut Heard::default())
            .err()
            .unwrap();
        assert!(error.to_string().contains("something else wrote"), "{error}");
    }
}
