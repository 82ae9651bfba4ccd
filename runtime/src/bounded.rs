//! Reading files of strangers: only regular ones, never for longer than they are, and never more than asked for.
//!
//! A wrong path may lead to a device that never ends, or to a pipe that nobody writes to.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

/// What a file holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Contents {
    /// All of it.
    Whole(Vec<u8>),
    /// It is larger than asked for; its length in bytes where that is known.
    TooLarge(Option<u64>),
}

/// Opens a regular file to read it.
///
/// # Errors
/// When it cannot be opened, or is anything but a regular file.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    // Without waiting: else a pipe would wait for somebody to write to it. Regular files never wait anyway.
    let waits_not = OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(waits_not.bits().cast_signed())
        .open(path);
    // What was opened is looked at, not what the path leads to a moment later.
    match opened {
        Ok(file) if file.metadata()?.is_file() => Ok(file),
        Ok(_) => Err(not_regular()),
        // A socket cannot even be opened.
        Err(_) if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) => Err(not_regular()),
        Err(error) => Err(error),
    }
}

/// Reads a regular file of up to `most` bytes.
///
/// # Errors
/// As [`open`], and when it cannot be read.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Contents> {
    let file = open(path)?;
    let length = file.metadata()?.len();
    if length > most {
        return Ok(Contents::TooLarge(Some(length)));
    }
    read_from(file, most)
}

/// Reads all that comes, up to `most` bytes.
///
/// # Errors
/// When reading fails.
pub(crate) fn read_from(reader: impl Read, most: u64) -> io::Result<Contents> {
    let mut bytes = Vec::new();
    let read = reader.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(read).is_ok_and(|read| read <= most) {
        Ok(Contents::Whole(bytes))
    } else {
        Ok(Contents::TooLarge(None))
    }
}

fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_opened_and_none_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        for path in [&pipe, &socket, &link, &folder.path().to_owned()] {
            let error = read(path, 10).unwrap_err();
            assert_eq!(
                error.to_string(),
                "it is not a regular file",
                "{}",
                path.display()
            );
        }
    }

    #[test]
    fn no_more_is_read_than_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "12345").unwrap();
        assert_eq!(read(&file, 5).unwrap(), Contents::Whole(b"12345".to_vec()));
        assert_eq!(read(&file, 4).unwrap(), Contents::TooLarge(Some(5)));
        assert_eq!(read_from(io::repeat(1), 4).unwrap(), Contents::TooLarge(None));
        assert_eq!(
            read_from(&b"1234"[..], 4).unwrap(),
            Contents::Whole(b"1234".to_vec())
        );
    }
}
