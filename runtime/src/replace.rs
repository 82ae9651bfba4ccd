//! Writing files that others may read at any moment.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// Writes a file so that whoever reads it finds the old text or the new one, also after a loss of power.
///
/// # Errors
/// When it cannot be written: then the old text stands.
pub(crate) fn write_whole(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let partial = folder.join(format!(".partial-{}", uuid::Uuid::new_v4().simple()));
    let written = File::create_new(&partial).and_then(|mut new| {
        new.write_all(bytes)?;
        new.sync_all()?;
        std::fs::rename(&partial, file)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(&partial);
    }
    written
}
