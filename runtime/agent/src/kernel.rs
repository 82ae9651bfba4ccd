//! Reads what the kernel tells of itself and of processes, in `/proc` and `/sys`.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// The text of such a file.
pub(crate) fn read(path: impl AsRef<Path>) -> io::Result<String> {
    Source::open(path)?.read()
}

/// Such a file, which is read again and again.
#[derive(Debug)]
pub(crate) struct Source(File);

impl Source {
    pub(crate) fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        File::open(path).map(Self)
    }

    /// Its text as it is now: of no known length, and made anew for each read from its start. Those that are read here are
    /// made in one piece, so that a read which leaves room has brought all of it.
    pub(crate) fn read(&self) -> io::Result<String> {
        let (mut bytes, mut length) = (vec![0; 4096], 0);
        loop {
            // Not by `read_to_end`, which asks for a length that there is none of.
            let place = u64::try_from(length).unwrap_or(u64::MAX);
            match self.0.read_at(bytes.get_mut(length..).unwrap_or_default(), place) {
                Ok(more) => length += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            if length < bytes.len() {
                break;
            }
            bytes.resize(length * 2, 0);
        }
        bytes.truncate(length);
        String::from_utf8(bytes).map_err(io::Error::other)
    }
}
