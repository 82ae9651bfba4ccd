//! Reads windows of a job's log, also while it is written by this or another process.

use std::fs::File;
use std::io::{ErrorKind, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::error::error;
use super::index::{Entry, SIZE};
use super::steps::StepNames;
use super::store::Paths;
use super::{Line, LogError};

/// Text of a window at most, but for its last line.
const MOST_BYTES: u64 = 4 * 1024 * 1024;
/// How much is read at a time of a line whose end is not known.
const PIECE: usize = 64 * 1024;
/// Lines of a window at most.
const MOST_LINES: u64 = 50_000;

/// A reader of one job's log. Keeps no place: each window is asked for by its first line.
pub struct LogReader {
    pub(super) files: Option<(File, File)>,
    pub(super) path: PathBuf,
    pub(super) steps: StepNames,
}

/// Some lines of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The lines, in order.
    pub lines: Vec<Line>,
    /// Lines there were when the window was read.
    pub total: u64,
}

impl LogReader {
    pub(super) fn open(paths: &Paths) -> Result<Self, LogError> {
        let open = |path: &Path| match File::open(path) {
            Ok(file) => Ok(Some(file)),
            Err(missing) if missing.kind() == ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(error("open", path)(cause)),
        };
        let files = open(&paths.log)?.zip(open(&paths.index)?);
        Ok(Self {
            files,
            path: paths.log.clone(),
            steps: StepNames::new(&paths.steps),
        })
    }

    /// Whether there is a log: one that was not begun is empty, and stays so for this reader.
    pub fn is_begun(&self) -> bool {
        self.files.is_some()
    }

    /// Lines there are.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn total(&mut self) -> Result<u64, LogError> {
        let Some((_, index)) = &mut self.files else {
            return Ok(0);
        };
        let length = index.seek(SeekFrom::End(0)).map_err(error("read", &self.path))?;
        Ok(length / SIZE as u64)
    }

    /// At most `limit` lines from line `from` (the first is 1). Fewer where they are long: a window is read and held at
    /// once, so that it is bounded whatever is asked for. At least one line, if there is one.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn window(&mut self, from: u64, limit: usize) -> Result<Window, LogError> {
        let total = self.total()?;
        let Some((log, index)) = &mut self.files else {
            return Ok(Window {
                lines: Vec::new(),
                total,
            });
        };
        let first = from.max(1) - 1;
        let count = total.saturating_sub(first).min(limit as u64).min(MOST_LINES);
        if count == 0 {
            return Ok(Window {
                lines: Vec::new(),
                total,
            });
        }
        // One entry more says where the last line ends; the newest line ends where the file of text does.
        let more = u64::from(first + count < total);
        let wanted = usize::try_from((count + more) * SIZE as u64).unwrap_or(usize::MAX);
        let mut raw = vec![0; wanted];
        index
            .read_exact_at(&mut raw, first * SIZE as u64)
            .map_err(error("read", &self.path))?;
        let mut entries: Vec<Entry> = raw.chunks(SIZE).filter_map(Entry::read).collect();
        let start = entries.first().map_or(0, |entry| entry.offset);
        // The lines that begin within the bound, and the first one in any case.
        let near = entries.partition_point(|entry| entry.offset.saturating_sub(start) < MOST_BYTES);
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(near.max(1));
        let end = entries.get(count).map(|after| after.offset);
        entries.truncate(count);
        let last = entries.last().map_or(0, |entry| entry.offset);
        let text = read_text(log, start, last, end).map_err(error("read", &self.path))?;
        let mut lines = Vec::with_capacity(entries.len());
        for (place, entry) in entries.iter().enumerate() {
            let from = usize::try_from(entry.offset.saturating_sub(start)).unwrap_or(usize::MAX);
            let rest = text.get(from..).unwrap_or_default();
            let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            lines.push(Line {
                number: first + place as u64 + 1,
                time: entry.time,
                step: entry.step.map(|ordinal| self.steps.get(ordinal)),
                source: entry.source,
                text: String::from_utf8_lossy(line).into_owned(),
            });
        }
        Ok(Window { lines, total })
    }
}

/// A log from its first line to the last one there is now, page by page: what is held at once is one window. Waits for
/// the disk.
pub struct Pages {
    reader: LogReader,
    next: u64,
    /// The last line that is wanted.
    last: u64,
    total: u64,
}

impl Pages {
    pub(super) fn new(mut reader: LogReader, from: u64, limit: u64) -> Result<Self, LogError> {
        let total = reader.total()?;
        let next = from.max(1);
        Ok(Self {
            reader,
            next,
            last: total.min(next.saturating_add(limit).saturating_sub(1)),
            total,
        })
    }

    /// Lines there were when the reading began.
    pub fn total(&self) -> u64 {
        self.total
    }
}

impl Iterator for Pages {
    type Item = Result<Vec<Line>, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        let left = (self.last + 1).saturating_sub(self.next);
        if left == 0 {
            return None;
        }
        let read = self
            .reader
            .window(self.next, usize::try_from(left).unwrap_or(usize::MAX));
        match read {
            // The log was cut back meanwhile: there is nothing more.
            Ok(window) if window.lines.is_empty() => None,
            Ok(window) => {
                self.next += window.lines.len() as u64;
                Some(Ok(window.lines))
            }
            Err(error) => {
                self.next = u64::MAX;
                Some(Err(error))
            }
        }
    }
}

/// The text between two places; without an end, up to the end of the line that begins at `last`.
fn read_text(log: &File, start: u64, last: u64, end: Option<u64>) -> std::io::Result<Vec<u8>> {
    // No more than there is, whatever the index says.
    let known = end
        .unwrap_or(last)
        .min(log.metadata()?.len())
        .saturating_sub(start);
    let mut text = vec![0; usize::try_from(known).unwrap_or(usize::MAX)];
    let mut there = read_at_most(log, &mut text, start)?;
    text.truncate(there);
    if end.is_some() {
        return Ok(text);
    }
    // The file may have grown far beyond the lines that are wanted.
    loop {
        text.resize(there + PIECE, 0);
        let piece = text.get_mut(there..).unwrap_or_default();
        let read = read_at_most(log, piece, start + there as u64)?;
        let line_end = piece.get(..read).and_then(|piece| memchr::memchr(b'\n', piece));
        there += line_end.unwrap_or(read);
        if line_end.is_some() || read == 0 {
            text.truncate(there);
            return Ok(text);
        }
    }
}

/// Reads until the buffer is full or the file ends.
fn read_at_most(file: &File, buffer: &mut [u8], from: u64) -> std::io::Result<usize> {
    let mut there = 0;
    while let Some(rest) = buffer.get_mut(there..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, from + there as u64) {
            Ok(0) => break,
            Ok(read) => there += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(there)
}
