//! What one studio remembers, given to another that was not there: chunks as they are, and read step by step.
//!
//! A form, the last second that was taken in, then each series: what it is of, its name, and for each ring its chunks. All of it
//! is deflated. Numbers are little endian. Only steps that begin after the last second of who takes it are taken, so nothing
//! counts twice; a coarse step that began before is short of some seconds, which changes no mean.

use std::collections::HashSet;
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use crate::chunk::{Open, Reading, Span};
use crate::history::History;
use crate::key::{By, Key};
use crate::ring::{Copied, RINGS};
use crate::store::Store;

/// To be counted up with each change of what follows it, of what stands in a chunk included.
const FORM: u32 = 1;
/// Bytes of one when it is unpacked.
const MOST: u64 = 512 * 1024 * 1024;
/// A history whose last second is further from now lies in the future, or is none.
const AHEAD: i64 = 60;

/// What was handed over is not what a studio hands over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the history of another server can't be read")]
pub struct Unreadable;

impl History {
    /// What is remembered from a second on, for one that was not there: of all, types and processes first, then of actors, until there
    /// are `most` bytes. Waits for the disk.
    pub fn hand_over(&self, from: i64, most: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(FORM.to_le_bytes());
        let store = self.lock();
        bytes.extend(store.newest.unwrap_or(i64::MIN).to_le_bytes());
        let mut keys: Vec<Key> = store.series.keys().cloned().collect();
        drop(store);
        keys.sort_by(|a, b| (a.by == By::Actor, a).cmp(&(b.by == By::Actor, b)));
        for key in keys {
            let before = bytes.len();
            self.write(&key, from, &mut bytes);
            if bytes.len() > most {
                bytes.truncate(before);
                break;
            }
        }
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
        let written = packed.write_all(&bytes).and_then(|()| packed.finish());
        written.unwrap_or_default()
    }

    /// Takes in what another studio remembers of the time after the last second that is here. `now` is the second that it is.
    ///
    /// # Errors
    /// When it can't be read; what came before the place where that is so was taken in.
    pub fn take_over(&self, packed: &[u8], now: i64) -> Result<(), Unreadable> {
        let mut bytes = Vec::new();
        let read = DeflateDecoder::new(packed).take(MOST).read_to_end(&mut bytes);
        read.map_err(|_| Unreadable)?;
        let mut bytes = &bytes[..];
        if u32::from_le_bytes(take(&mut bytes)?) != FORM {
            return Err(Unreadable);
        }
        let newest = i64::from_le_bytes(take(&mut bytes)?);
        let Some(mut taking) = self.lock().begin_taking(newest, now) else {
            return Ok(());
        };
        let mut read = || -> Result<(), Unreadable> {
            while !bytes.is_empty() {
                let (key, rings) = series(&mut bytes)?;
                self.lock().take_series(&key, &rings, &mut taking);
            }
            Ok(())
        };
        let read = read();
        self.lock().end_taking(&taking);
        read
    }

    fn write(&self, key: &Key, from: i64, to: &mut Vec<u8>) {
        let (id, copied) = {
            let store = self.lock();
            let Some(series) = store.series.get(key) else {
                return;
            };
            let copied: Vec<Copied> = series
                .rings
                .iter()
                .map(|ring| ring.copy(from, i64::MAX))
                .collect();
            (series.id, copied)
        };
        to.push(u8::try_from(key.by.code()).unwrap_or(u8::MAX));
        put(key.name.as_bytes(), to);
        for (ring, copied) in copied.iter().enumerate() {
            let chunks = self.chunks(id, ring, copied, from);
            to.extend(u32::try_from(chunks.len()).unwrap_or(u32::MAX).to_le_bytes());
            for (first, chunk) in chunks {
                to.extend(first.to_le_bytes());
                put(&chunk, to);
            }
        }
    }

    /// The chunks of a ring, in the order of time, each with the number of its first step.
    fn chunks(&self, series: i64, ring: usize, copied: &Copied, from: i64) -> Vec<(i64, Vec<u8>)> {
        let sealed = copied.sealed.iter();
        let mut chunks: Vec<(Span, Vec<u8>)> = sealed
            .clone()
            .map(|chunk| (chunk.span, chunk.bytes.to_vec()))
            .collect();
        let seen: HashSet<i64> = sealed.map(|chunk| chunk.id).collect();
        let read = self.disk().map(|disk| {
            disk.read(series, ring, (from, i64::MAX / 2), |found| {
                if !seen.contains(&found.id) {
                    chunks.push((found.span, found.bytes.to_vec()));
                }
            })
        });
        if let Some(Err(error)) = read {
            // What is in memory is told all the same.
            tracing::warn!("a part of the history is not handed over: failed to {error}");
        }
        chunks.sort_by_key(|(span, _)| (span.from, span.first));
        let mut chunks: Vec<(i64, Vec<u8>)> = chunks
            .into_iter()
            .map(|(span, bytes)| (span.first, bytes))
            .collect();
        chunks.extend(copied.open.clone());
        if let Some((index, step)) = &copied.running {
            let mut open = Open::new(*index, 0);
            open.push(*index, 0, step);
            chunks.push((*index, open.bytes));
        }
        chunks
    }
}

/// What is being taken from another studio.
pub(crate) struct Taking {
    /// The first second that is not here.
    from: i64,
    /// The last that is there.
    newest: i64,
    /// The first second of each ring that came.
    first: [i64; 3],
}

impl Store {
    /// Nothing where there is nothing to be taken.
    fn begin_taking(&self, newest: i64, now: i64) -> Option<Taking> {
        let is_there = newest != i64::MIN && newest <= now.saturating_add(AHEAD);
        let is_more = self.newest.is_none_or(|here| newest > here);
        (is_there && is_more).then(|| Taking {
            from: self.newest.map_or(i64::MIN, |here| here + 1),
            newest,
            first: [i64::MAX; 3],
        })
    }

    fn take_series(&mut self, key: &Key, rings: &[Vec<(i64, &[u8])>], taking: &mut Taking) {
        let until = taking.newest.saturating_add(1);
        for ((place, resolution), chunks) in RINGS.iter().enumerate().zip(rings) {
            let mut last = i64::MIN;
            for (first, chunk) in chunks {
                for (index, step) in Reading::new(*first, chunk) {
                    let start = index.saturating_mul(resolution.step);
                    let is_new = start >= taking.from && start < until && index >= last;
                    if !is_new || step.is_gap() || !self.has_room(key, taking.newest) {
                        continue;
                    }
                    last = index;
                    let end = start.saturating_add(resolution.step).min(until);
                    self.add_to(key, place..=place, (start, end), &step);
                    if let Some(first) = taking.first.get_mut(place) {
                        *first = (*first).min(start);
                    }
                }
            }
        }
    }

    fn end_taking(&mut self, taking: &Taking) {
        self.newest = self.newest.max(Some(taking.newest));
        for (since, first) in self.whole_since.iter_mut().zip(taking.first) {
            *since = (*since).min(first);
        }
    }
}

fn put(bytes: &[u8], to: &mut Vec<u8>) {
    to.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    to.extend(bytes);
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Unreadable> {
    let (taken, rest) = bytes.split_first_chunk::<N>().ok_or(Unreadable)?;
    *bytes = rest;
    Ok(*taken)
}

fn text<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], Unreadable> {
    let len = usize::try_from(u32::from_le_bytes(take(bytes)?)).map_err(|_| Unreadable)?;
    let (text, rest) = bytes.split_at_checked(len).ok_or(Unreadable)?;
    *bytes = rest;
    Ok(text)
}

type Rings<'a> = Vec<Vec<(i64, &'a [u8])>>;

fn series<'a>(bytes: &mut &'a [u8]) -> Result<(Key, Rings<'a>), Unreadable> {
    let [code] = take(bytes)?;
    let by = By::of_code(i64::from(code)).ok_or(Unreadable)?;
    let name = std::str::from_utf8(text(bytes)?).map_err(|_| Unreadable)?;
    let mut rings = Vec::new();
    for _ in RINGS {
        let count = u32::from_le_bytes(take(bytes)?);
        let mut chunks = Vec::new();
        for _ in 0..count {
            let first = i64::from_le_bytes(take(bytes)?);
            chunks.push((first, text(bytes)?));
        }
        rings.push(chunks);
    }
    Ok((Key::new(by, name), rings))
}
