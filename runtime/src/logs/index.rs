//! The index record: 24 bytes a line, little-endian.
//!
//! | bytes | what |
//! | --- | --- |
//! | 0–7 | where the line starts in the log |
//! | 8–15 | milliseconds since the Unix epoch |
//! | 16–19 | the step's number in `<job>.steps`, `u32::MAX` when none |
//! | 20 | the source: 0 stdout, 1 stderr, 2 Loom |
//! | 21–23 | zero, kept for later |

use loom_protocol::Timestamp;

use super::Source;

pub(super) const SIZE: usize = 24;
const NO_STEP: u32 = u32::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) offset: u64,
    pub(super) time: Timestamp,
    pub(super) step: Option<u32>,
    pub(super) source: Source,
}

impl Entry {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.offset.to_le_bytes());
        out.extend_from_slice(&self.time.as_millis().to_le_bytes());
        out.extend_from_slice(&self.step.unwrap_or(NO_STEP).to_le_bytes());
        out.extend_from_slice(&[
            match self.source {
                Source::Stdout => 0,
                Source::Stderr => 1,
                Source::Loom => 2,
            },
            0,
            0,
            0,
        ]);
    }

    /// `None` when the bytes are no whole record.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (offset, rest) = bytes.split_first_chunk::<8>()?;
        let (time, rest) = rest.split_first_chunk::<8>()?;
        let (step, rest) = rest.split_first_chunk::<4>()?;
        let step = u32::from_le_bytes(*step);
        Some(Self {
            offset: u64::from_le_bytes(*offset),
            time: Timestamp::from_millis(i64::from_le_bytes(*time)),
            step: (step != NO_STEP).then_some(step),
            source: match rest.first()? {
                0 => Source::Stdout,
                1 => Source::Stderr,
                _ => Source::Loom,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_a_round_trip_and_half_of_one_is_none() {
        let entry = Entry {
            offset: 7,
            time: Timestamp::from_millis(99),
            step: Some(4),
            source: Source::Stderr,
        };
        let mut bytes = Vec::new();
        entry.write(&mut bytes);
        assert_eq!(bytes.len(), SIZE);
        assert_eq!(Entry::read(&bytes), Some(entry));
        assert_eq!(Entry::read(&bytes[..20]), None);
    }
}
