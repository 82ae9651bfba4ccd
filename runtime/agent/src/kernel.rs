//! Reads what the kernel tells of itself and of processes, in `/proc` and `/sys`.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// The text of such a file: of no known length, and made anew for each read, so most of it is to come with the first.
pub(crate) fn read(path: impl AsRef<Path>) -> io::Result<String> {
    let mut text = String::with_capacity(4096);
    File::open(path)?.read_to_string(&mut text)?;
    Ok(text)
}
