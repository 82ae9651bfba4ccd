//! Bytes that may be packed (deflate), with bounds on what is unpacked.

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// Bytes, packed or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) bytes: Bytes,
    pub(super) is_packed: bool,
    /// How many they are unpacked.
    pub(super) len: usize,
}

impl Packed {
    /// As they are.
    pub(super) fn bare(bytes: Vec<u8>) -> Self {
        Self {
            len: bytes.len(),
            bytes: Bytes::from(bytes),
            is_packed: false,
        }
    }

    /// Packed, unless that makes them no fewer.
    pub(super) fn pack(bytes: Vec<u8>) -> Self {
        let mut encoder = DeflateEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
        let packed = encoder.write_all(&bytes).and_then(|()| encoder.finish());
        match packed {
            Ok(packed) if packed.len() < bytes.len() => Self {
                len: bytes.len(),
                // What it grew by too much would be kept as well.
                bytes: Bytes::from(packed.into_boxed_slice()),
                is_packed: true,
            },
            _ => Self::bare(bytes),
        }
    }

    /// The bytes themselves; nothing when they are not what was packed. Never more than were.
    pub(super) fn unpack(&self) -> Option<Bytes> {
        if !self.is_packed {
            return Some(self.bytes.clone());
        }
        let most = u64::try_from(self.len).ok()?.checked_add(1)?;
        let mut unpacked = Vec::new();
        let mut decoder = DeflateDecoder::new(&*self.bytes).take(most);
        decoder.read_to_end(&mut unpacked).ok()?;
        (unpacked.len() == self.len).then(|| Bytes::from(unpacked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_back_and_nothing_else() {
        for bytes in [Vec::new(), b"short".to_vec(), vec![7; 100_000]] {
            let packed = Packed::pack(bytes.clone());
            assert_eq!(packed.unpack().as_deref(), Some(bytes.as_slice()));
            assert_eq!(packed.is_packed, bytes.len() > 1_000);
        }
        let packed = Packed::pack(vec![7; 100_000]);
        for len in [99_999, 100_001, 0] {
            let other = Packed {
                len,
                ..packed.clone()
            };
            assert_eq!(other.unpack(), None, "{len}");
        }
        let cut = Packed {
            bytes: packed.bytes.slice(..packed.bytes.len() / 2),
            ..packed
        };
        assert_eq!(cut.unpack(), None);
    }
}
