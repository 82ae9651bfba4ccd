//! Reading chunks, and the form that they have in the file: a byte that says whether they are packed, then the bytes.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use rusqlite::{Connection, params};

use crate::chunk::{STEPS, Span};
use crate::ring::RINGS;

const PLAIN: u8 = 0;
const PACKED: u8 = 1;
/// Bytes of a chunk that are believed: sixty steps with all their buckets have fewer.
const LONGEST: u64 = 1 << 20;

/// A chunk of the file.
pub(crate) struct Found<'a> {
    pub(crate) id: i64,
    pub(crate) span: Span,
    pub(crate) bytes: &'a [u8],
}

/// Looks at each chunk of one ring of a series that is of seconds from one on and before another, in the order of time.
pub(super) fn read(
    connection: &Connection,
    series: i64,
    ring: usize,
    (from, to): (i64, i64),
    mut look: impl FnMut(Found<'_>),
) -> rusqlite::Result<()> {
    let longest = RINGS.get(ring).map_or(0, |ring| ring.step * STEPS);
    let mut statement = connection.prepare_cached(
        "SELECT id, start, until, first, body FROM chunk
         WHERE series = ?1 AND ring = ?2 AND start BETWEEN ?3 AND ?4 ORDER BY start, id",
    )?;
    let ring = i64::try_from(ring).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![series, ring, from.saturating_sub(longest), to])?;
    while let Some(row) = rows.next()? {
        let span = Span {
            from: row.get(1)?,
            until: row.get(2)?,
            first: row.get(3)?,
        };
        if span.until <= from || span.from >= to {
            continue;
        }
        let body = row.get_ref(4)?.as_blob()?;
        // A body that makes no sense is a gap, not the end of all others.
        let Some(bytes) = unpacked(body) else { continue };
        look(Found {
            id: row.get(0)?,
            span,
            bytes: &bytes,
        });
    }
    Ok(())
}

pub(super) fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(vec![PACKED], Compression::fast());
    if encoder.write_all(bytes).is_ok()
        && let Ok(packed) = encoder.finish()
        && packed.len() <= bytes.len()
    {
        return packed;
    }
    let mut plain = vec![PLAIN];
    plain.extend_from_slice(bytes);
    plain
}

pub(super) fn unpacked(body: &[u8]) -> Option<Vec<u8>> {
    let (form, rest) = body.split_first()?;
    match *form {
        PLAIN => Some(rest.to_vec()),
        PACKED => {
            let mut bytes = Vec::new();
            let read = DeflateDecoder::new(rest).take(LONGEST).read_to_end(&mut bytes);
            read.ok().map(|_| bytes)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_the_same_again_and_nonsense_is_nothing() {
        for bytes in [vec![], vec![7; 900], (0..=255).collect::<Vec<u8>>()] {
            assert_eq!(unpacked(&packed(&bytes)), Some(bytes));
        }
        assert_eq!(unpacked(&[]), None);
        assert_eq!(unpacked(&[9, 1]), None);
        assert_eq!(unpacked(&[PACKED, 0xff, 0xff, 0xff]), None);
    }
}
