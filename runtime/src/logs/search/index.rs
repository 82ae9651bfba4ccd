//! The index by places in the text: which line begins where.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::logs::index::{Entry, SIZE};

/// Entries that are read at a time: hits that are near each other are found without the disk.
const CHUNK: u64 = 512;

/// An index that is asked for places which mostly grow.
#[derive(Default)]
pub(super) struct Places {
    /// The entries that were read last, and the number of lines before them.
    chunk: Vec<Entry>,
    before: u64,
}

impl Places {
    /// The line that begins at this place, among the first `total`, with its number from 1. Nothing where none does.
    pub(super) fn at(&mut self, index: &File, total: u64, offset: u64) -> io::Result<Option<(u64, Entry)>> {
        let holds = |chunk: &[Entry]| {
            let ends = chunk.first().zip(chunk.last());
            ends.is_some_and(|(first, last)| (first.offset..=last.offset).contains(&offset))
        };
        if !holds(&self.chunk) {
            self.before = up_to(index, total, offset)?.saturating_sub(1);
            self.chunk = read(index, self.before, CHUNK.min(total.saturating_sub(self.before)))?;
        }
        let place = self.chunk.partition_point(|entry| entry.offset < offset);
        let number = self.before + place as u64 + 1;
        let found = self.chunk.get(place).filter(|entry| entry.offset == offset);
        Ok(found.filter(|_| number <= total).map(|entry| (number, *entry)))
    }
}

/// How many of the first `total` lines begin at this place or before it.
pub(super) fn up_to(index: &File, total: u64, offset: u64) -> io::Result<u64> {
    let (mut from, mut to) = (0, total);
    while from < to {
        let middle = from + (to - from) / 2;
        match entry(index, middle)? {
            Some(entry) if entry.offset <= offset => from = middle + 1,
            _ => to = middle,
        }
    }
    Ok(from)
}

/// The entry behind so many others; nothing behind the last one.
pub(super) fn entry(index: &File, before: u64) -> io::Result<Option<Entry>> {
    Ok(read(index, before, 1)?.first().copied())
}

fn read(index: &File, before: u64, count: u64) -> io::Result<Vec<Entry>> {
    let mut raw = vec![0; usize::try_from(count).unwrap_or(0) * SIZE];
    let mut there = 0;
    while let Some(rest) = raw.get_mut(there..).filter(|rest| !rest.is_empty()) {
        match index.read_at(rest, before * SIZE as u64 + there as u64) {
            Ok(0) => break,
            Ok(read) => there += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    raw.truncate(there);
    Ok(raw.chunks_exact(SIZE).filter_map(Entry::read).collect())
}
