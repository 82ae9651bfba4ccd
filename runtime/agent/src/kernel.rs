//! Reads what the kernel tells of itself and of processes, in `/proc` and `/sys`.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// The text of such a file: of no known length, and made anew for each read, so most of it is to come with the first.
pub(crate) fn read(path: impl AsRef<Path>) -> io::Result<String> {
    let mut file = File::open(path)?;
    let (mut bytes, mut length) = (vec![0; 4096], 0);
    loop {
        // Not by `read_to_end`, which asks for a length that there is none of.
        match file.read(bytes.get_mut(length..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if length == bytes.len() {
            bytes.resize(length * 2, 0);
        }
    }
    bytes.truncate(length);
    String::from_utf8(bytes).map_err(io::Error::other)
}
