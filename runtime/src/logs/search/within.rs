//! Search within one log, a piece at a time.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use grep_matcher::Matcher;
use grep_searcher::{BinaryDetection, MmapChoice, Searcher, SearcherBuilder, Sink, SinkMatch};
use loom_protocol::Timestamp;

use super::index::{self, Places};
use super::{Excerpt, Pattern};
use crate::id::StepId;
use crate::logs::error::error;
use crate::logs::steps::StepNames;
use crate::logs::{LogError, LogReader, Source};

/// Memory for one line at most; steps write none that is longer.
const LONGEST_LINE: usize = 64 * 1024 * 1024;

/// A log, and how far it was searched.
pub(super) struct Within {
    reader: LogReader,
    searcher: Searcher,
    places: Places,
    /// The line that comes next, from 1.
    next: u64,
}

/// A line that was found.
pub(super) struct Found {
    pub(super) line: u64,
    pub(super) time: Timestamp,
    pub(super) step: Option<StepId>,
    pub(super) source: Source,
    pub(super) excerpt: Excerpt,
}

/// How much was searched at a time.
pub(super) struct Piece {
    pub(super) bytes: u64,
    /// Whether nothing is left of the log as it is now.
    pub(super) is_last: bool,
}

impl Within {
    pub(super) fn new(reader: LogReader, next: u64) -> Self {
        let searcher = SearcherBuilder::new()
            .line_number(false)
            .bom_sniffing(false)
            .binary_detection(BinaryDetection::none())
            .memory_map(MmapChoice::never())
            .heap_limit(Some(LONGEST_LINE))
            .build();
        Self {
            reader,
            searcher,
            places: Places::default(),
            next: next.max(1),
        }
    }

    pub(super) fn next_line(&self) -> u64 {
        self.next
    }

    /// Searches whole lines of some `bytes`, at least one line, until there are `hits` of them. `only`: lines of these steps count.
    pub(super) fn piece(
        &mut self,
        pattern: &Pattern,
        only: Option<&HashSet<StepId>>,
        bytes: u64,
        hits: usize,
        found: impl FnMut(Found),
    ) -> Result<Piece, LogError> {
        let total = self.reader.total()?;
        let path = self.reader.path.clone();
        let failed = || error("search", &path);
        let LogReader { files, steps, .. } = &mut self.reader;
        let nothing = Piece {
            bytes: 0,
            is_last: true,
        };
        let Some((log, index)) = files else {
            return Ok(nothing);
        };
        if self.next > total || hits == 0 {
            return Ok(Piece {
                is_last: self.next > total,
                ..nothing
            });
        }
        let start = index::entry(index, self.next - 1).map_err(failed())?;
        let Some(start) = start.map(|entry| entry.offset) else {
            return Ok(nothing);
        };
        let near = index::up_to(index, total, start.saturating_add(bytes)).map_err(failed())?;
        // The line behind the last one of this piece; without one, the end of the file.
        let behind = near.max(self.next);
        let end = match behind < total {
            true => index::entry(index, behind)
                .map_err(failed())?
                .map(|entry| entry.offset),
            false => None,
        };
        let end = match end {
            Some(end) => end,
            None => log.metadata().map_err(failed())?.len(),
        };
        log.seek(SeekFrom::Start(start)).map_err(failed())?;
        let length = end.saturating_sub(start);
        let mut sink = Hits {
            pattern,
            only,
            steps,
            index,
            places: &mut self.places,
            total,
            start,
            left: hits,
            stopped_at: None,
            found,
        };
        let text = Read::take(&*log, length);
        self.searcher
            .search_reader(&pattern.matcher, text, &mut sink)
            .map_err(failed())?;
        let searched = match sink.stopped_at {
            Some((line, end)) => {
                self.next = line + 1;
                end
            }
            None => {
                self.next = behind + 1;
                length
            }
        };
        Ok(Piece {
            bytes: searched,
            is_last: self.next > total,
        })
    }
}

/// Takes the lines that the engine finds.
struct Hits<'a, F> {
    pattern: &'a Pattern,
    /// The steps whose lines count; all when nothing was said.
    only: Option<&'a HashSet<StepId>>,
    steps: &'a mut StepNames,
    index: &'a File,
    places: &'a mut Places,
    total: u64,
    /// Where the piece begins in the log.
    start: u64,
    left: usize,
    /// The line with which there were enough hits, and where it ends in the piece.
    stopped_at: Option<(u64, u64)>,
    found: F,
}

impl<F: FnMut(Found)> Sink for Hits<'_, F> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, hit: &SinkMatch<'_>) -> Result<bool, io::Error> {
        let within = hit.absolute_byte_offset();
        let at = self.places.at(self.index, self.total, self.start + within)?;
        // What the index does not know yet, or never will, is no line of the log.
        let Some((line, entry)) = at else { return Ok(true) };
        let step = entry.step.map(|ordinal| self.steps.get(ordinal));
        let counts = |only: &HashSet<StepId>| step.as_ref().is_some_and(|step| only.contains(step));
        if !self.only.is_none_or(counts) {
            return Ok(true);
        }
        let bytes = hit.bytes();
        let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let first = self.pattern.matcher.find(text).map_err(io::Error::other)?;
        let (from, to) = first.map_or((0, 0), |first| (first.start(), first.end()));
        (self.found)(Found {
            line,
            time: entry.time,
            step,
            source: entry.source,
            excerpt: Excerpt::new(text, from, to),
        });
        self.left = self.left.saturating_sub(1);
        if self.left > 0 {
            return Ok(true);
        }
        self.stopped_at = Some((line, within + bytes.len() as u64));
        Ok(false)
    }
}
