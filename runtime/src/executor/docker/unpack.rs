//! Reads an archive that an engine made of a file or folder (tar: POSIX with Go's extended headers, or GNU's long names).
//!
//! What is in it is a job's: everything is written beneath an open folder, no link is followed, and what is neither
//! file, link nor folder is passed over.

use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags};

const BLOCK: usize = 512;

/// No name, and no extended header, is longer.
const LONGEST: u64 = 1024 * 1024;

/// What an archive may hold before it is refused: a job must not fill this machine's disk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    bytes: u64,
    entries: u64,
}

/// For a whole folder of a job's.
pub(super) const WHOLE: Limits = Limits {
    bytes: 8 * 1024 * 1024 * 1024,
    entries: 1_000_000,
};

/// For one file that is small.
pub(super) const SMALL: Limits = Limits {
    bytes: 4 * 1024 * 1024,
    entries: 16,
};

/// What an engine gave for a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Top {
    /// A file or a folder, which is here now.
    Made,
    /// A link, with where it leads.
    Link(PathBuf),
    /// Something else, of which nothing is here: a pipe, or a folder where none is wanted.
    Other,
}

/// Unpacks what an engine gives for a path: a folder becomes `to`, where `folders` are wanted, and so does a single file.
pub(super) fn into(to: &Path, archive: &mut dyn Read, limits: Limits, folders: bool) -> io::Result<Top> {
    let mut reader = Entries {
        archive,
        pending: Pending::default(),
        limits,
        left: limits,
    };
    let mut top: Option<OwnedFd> = None;
    let mut is_file = false;
    while let Some(entry) = reader.next()? {
        let names = names(&entry.name)?;
        // The first name is that of what was asked for.
        let Some((_, below)) = names.split_first() else {
            if top.is_none() && entry.kind == Kind::Folder {
                if !folders {
                    return Ok(Top::Other);
                }
                top = Some(make_top(to)?);
            }
            reader.skip(entry.length)?;
            continue;
        };
        match (&top, below.split_last()) {
            (None, None) if entry.kind == Kind::Folder && !folders => return Ok(Top::Other),
            (None, None) if entry.kind == Kind::Folder => top = Some(make_top(to)?),
            (None, None) if entry.kind == Kind::Link => return Ok(Top::Link(entry.link)),
            (None, None) if entry.kind == Kind::File => {
                let file = fs::OpenOptions::new().write(true).create_new(true).open(to)?;
                reader.content(entry.length, file)?;
                is_file = true;
                continue;
            }
            (Some(top), Some((name, folders))) => {
                let folder = open_below(top, folders)?;
                write(&folder, name, &entry, &mut reader, top)?;
                continue;
            }
            _ => {}
        }
        reader.skip(entry.length)?;
    }
    Ok(if is_file || top.is_some() {
        Top::Made
    } else {
        Top::Other
    })
}

fn write(
    folder: &OwnedFd,
    name: &Path,
    entry: &Entry,
    reader: &mut Entries<'_>,
    top: &OwnedFd,
) -> io::Result<()> {
    match entry.kind {
        Kind::Folder => {
            make_folder(folder, name)?;
            reader.skip(entry.length)
        }
        Kind::File => {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let file = rustix::fs::openat(folder, name, flags, Mode::RUSR | Mode::WUSR)?;
            let file = File::from(file);
            // Its owner here reads it, whatever it was there.
            file.set_permissions(fs::Permissions::from_mode(entry.mode & 0o777 | 0o600))?;
            reader.content(entry.length, file)
        }
        Kind::Link => {
            reader.skip(entry.length)?;
            Ok(rustix::fs::symlinkat(&entry.link, folder, name)?)
        }
        Kind::Same => {
            reader.skip(entry.length)?;
            let names = names(&entry.link)?;
            let Some((was, folders)) = names.get(1..).and_then(<[_]>::split_last) else {
                return Ok(());
            };
            // A second name of a file that came before.
            let from = open_below(top, folders)?;
            let none = rustix::fs::AtFlags::empty();
            match rustix::fs::linkat(&from, was, folder, name, none) {
                Ok(()) | Err(rustix::io::Errno::NOENT) => Ok(()),
                Err(error) => Err(error.into()),
            }
        }
        Kind::Other => reader.skip(entry.length),
    }
}

fn make_top(to: &Path) -> io::Result<OwnedFd> {
    fs::DirBuilder::new().mode(0o700).create(to)?;
    Ok(rustix::fs::open(to, folder_flags(), Mode::empty())?)
}

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

fn make_folder(parent: &OwnedFd, name: &Path) -> io::Result<()> {
    match rustix::fs::mkdirat(parent, name, Mode::RWXU) {
        Ok(()) | Err(rustix::io::Errno::EXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn open_below(top: &OwnedFd, folders: &[PathBuf]) -> io::Result<OwnedFd> {
    let mut open = top.try_clone()?;
    for name in folders {
        make_folder(&open, name)?;
        open = rustix::fs::openat(&open, name, folder_flags(), Mode::empty())?;
    }
    Ok(open)
}

/// The names that a path is made of; one that climbs or begins at the root is refused.
fn names(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut names = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => names.push(PathBuf::from(name)),
            Component::CurDir => {}
            _ => {
                let cause = format!("the archive has the path `{}`", path.display());
                return Err(io::Error::new(io::ErrorKind::InvalidData, cause));
            }
        }
    }
    Ok(names)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Link,
    /// Another name of a file that came before.
    Same,
    Other,
}

#[derive(Debug)]
struct Entry {
    name: PathBuf,
    kind: Kind,
    mode: u32,
    length: u64,
    link: PathBuf,
}

/// What headers before an entry said of it.
#[derive(Default)]
struct Pending {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    length: Option<u64>,
}

struct Entries<'a> {
    archive: &'a mut dyn Read,
    pending: Pending,
    limits: Limits,
    /// What may still come.
    left: Limits,
}

impl Entries<'_> {
    /// Counts an entry, before anything is made of it.
    fn count(&mut self, length: u64) -> io::Result<()> {
        let left = self.left.entries.checked_sub(1);
        self.left.entries =
            left.ok_or_else(|| too_much(&format!("{} files and folders", self.limits.entries)))?;
        self.count_bytes(length)
    }

    fn count_bytes(&mut self, length: u64) -> io::Result<()> {
        let left = self.left.bytes.checked_sub(length);
        self.left.bytes = left.ok_or_else(|| too_much(&format!("{} bytes", self.limits.bytes)))?;
        Ok(())
    }

    fn next(&mut self) -> io::Result<Option<Entry>> {
        loop {
            let mut block = [0; BLOCK];
            match self.archive.read_exact(&mut block) {
                // What has no end was cut off.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(malformed()),
                read => read?,
            }
            if block.iter().all(|byte| *byte == 0) {
                // To its end, so that whoever sends it is not cut off.
                io::copy(&mut self.archive, &mut io::sink())?;
                return Ok(None);
            }
            let length = number(field(&block, 124, 12))?;
            let kind = match field(&block, 156, 1) {
                b"0" | b"\0" | b"7" => Kind::File,
                b"1" => Kind::Same,
                b"2" => Kind::Link,
                b"5" => Kind::Folder,
                b"x" => {
                    self.extended(length)?;
                    continue;
                }
                b"L" => {
                    self.pending.name = Some(self.text(length)?);
                    continue;
                }
                b"K" => {
                    self.pending.link = Some(self.text(length)?);
                    continue;
                }
                b"g" => {
                    self.count(length)?;
                    self.skip(length)?;
                    continue;
                }
                _ => Kind::Other,
            };
            let pending = std::mem::take(&mut self.pending);
            let mut name = text(field(&block, 0, 100)).to_vec();
            let prefix = text(field(&block, 345, 155));
            if field(&block, 257, 6) == b"ustar\0" && !prefix.is_empty() {
                name = [prefix, b"/", &name].concat();
            }
            let has_content = matches!(kind, Kind::File | Kind::Other);
            let length = if has_content {
                pending.length.unwrap_or(length)
            } else {
                0
            };
            self.count(length)?;
            return Ok(Some(Entry {
                name: path(&pending.name.unwrap_or(name)),
                kind,
                mode: u32::try_from(number(field(&block, 100, 8))?).unwrap_or(0o644),
                length,
                link: path(
                    &pending
                        .link
                        .unwrap_or_else(|| text(field(&block, 157, 100)).to_vec()),
                ),
            }));
        }
    }

    /// An extended header: records of `LENGTH KEY=VALUE\n`.
    fn extended(&mut self, length: u64) -> io::Result<()> {
        let content = self.small(length)?;
        let mut rest = content.as_slice();
        while let Some(space) = rest.iter().position(|byte| *byte == b' ') {
            let size = rest
                .get(..space)
                .and_then(|digits| std::str::from_utf8(digits).ok());
            let Some(record) = size
                .and_then(|digits| digits.parse::<usize>().ok())
                .and_then(|size| rest.get(space + 1..size))
            else {
                return Err(malformed());
            };
            rest = rest.get(space + 1 + record.len()..).unwrap_or_default();
            let record = record.strip_suffix(b"\n").unwrap_or(record);
            let Some(equals) = record.iter().position(|byte| *byte == b'=') else {
                return Err(malformed());
            };
            let (key, value) = record.split_at(equals);
            let value = value.get(1..).unwrap_or_default().to_vec();
            match key {
                b"path" => self.pending.name = Some(value),
                b"linkpath" => self.pending.link = Some(value),
                b"size" => {
                    let digits = String::from_utf8_lossy(&value).into_owned();
                    self.pending.length = Some(digits.parse().map_err(|_| malformed())?);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn text(&mut self, length: u64) -> io::Result<Vec<u8>> {
        let content = self.small(length)?;
        Ok(text(&content).to_vec())
    }

    fn small(&mut self, length: u64) -> io::Result<Vec<u8>> {
        if length > LONGEST {
            return Err(malformed());
        }
        self.count_bytes(length)?;
        let mut content = Vec::new();
        (&mut self.archive).take(length).read_to_end(&mut content)?;
        self.skip_padding(length)?;
        Ok(content)
    }

    fn content(&mut self, length: u64, mut file: File) -> io::Result<()> {
        let copied = io::copy(&mut (&mut self.archive).take(length), &mut file)?;
        if copied < length {
            return Err(malformed());
        }
        file.flush()?;
        self.skip_padding(length)
    }

    fn skip(&mut self, length: u64) -> io::Result<()> {
        io::copy(&mut (&mut self.archive).take(length), &mut io::sink())?;
        self.skip_padding(length)
    }

    fn skip_padding(&mut self, length: u64) -> io::Result<()> {
        let over = length % 512;
        if over > 0 {
            io::copy(&mut (&mut self.archive).take(512 - over), &mut io::sink())?;
        }
        Ok(())
    }
}

fn field(block: &[u8; BLOCK], at: usize, length: usize) -> &[u8] {
    block.get(at..at + length).unwrap_or_default()
}

/// A text up to its first zero.
fn text(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// Octal digits, or base 256 where the first bit is set.
fn number(field: &[u8]) -> io::Result<u64> {
    if let Some((first, rest)) = field.split_first()
        && *first & 0x80 != 0
    {
        let low = rest.iter().rev().take(8).rev();
        return Ok(low.fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
    }
    let digits: String = field
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .map(|byte| char::from(*byte))
        .collect();
    if digits.is_empty() {
        return Ok(0);
    }
    u64::from_str_radix(&digits, 8).map_err(|_| malformed())
}

/// The job has more there than may be brought.
#[derive(Debug, thiserror::Error)]
#[error("it holds more than {0}: have the job leave less there, or name a smaller folder")]
struct TooMuch(String);

fn too_much(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, TooMuch(what.to_owned()))
}

/// Whether an error is the job's doing: what it left there must not come here.
pub(super) fn is_refusal(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<TooMuch>())
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the archive is damaged")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::super::archive;
    use super::*;

    #[test]
    fn what_tar_packs_comes_out_as_it_was() {
        let temporary = tempfile::tempdir().unwrap();
        let from = temporary.path().join("from");
        let long = "l".repeat(150);
        fs::create_dir_all(from.join("deep").join(&long)).unwrap();
        fs::write(from.join("deep").join(&long).join("ä"), vec![7; 1000]).unwrap();
        fs::write(from.join("run"), "x").unwrap();
        fs::set_permissions(from.join("run"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::hard_link(from.join("run"), from.join("second")).unwrap();
        symlink(format!("deep/{long}"), from.join("link")).unwrap();
        for format in ["pax", "gnu", "own"] {
            let mut packed = Vec::new();
            if format == "own" {
                archive::whole(&from, b"from", (5, 6), &[], &mut packed).unwrap();
                archive::end(&mut packed).unwrap();
            } else {
                let tar = Command::new("tar")
                    .args(["--format", format, "-C"])
                    .arg(temporary.path())
                    .args(["-cf", "-", "from"])
                    .output()
                    .unwrap();
                packed = tar.stdout;
            }
            let to = temporary.path().join(format);
            into(&to, &mut packed.as_slice(), WHOLE, true).unwrap();
            let read = fs::read(to.join("deep").join(&long).join("ä")).unwrap();
            assert_eq!(read, vec![7; 1000], "{format}");
            let mode = fs::metadata(to.join("run")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o755, "{format}");
            assert_eq!(fs::read(to.join("second")).unwrap(), b"x", "{format}");
            assert!(
                to.join("link").is_dir() && to.join("link").is_symlink(),
                "{format}"
            );
        }
    }

    #[test]
    fn a_single_file_becomes_that_file() {
        let temporary = tempfile::tempdir().unwrap();
        fs::write(temporary.path().join("one"), "text").unwrap();
        let mut packed = Vec::new();
        archive::whole(&temporary.path().join("one"), b"one", (0, 0), &[], &mut packed).unwrap();
        archive::end(&mut packed).unwrap();
        let to = temporary.path().join("to");
        into(&to, &mut packed.as_slice(), WHOLE, true).unwrap();
        assert_eq!(fs::read_to_string(to).unwrap(), "text");
    }

    #[test]
    fn a_link_is_told_and_a_folder_only_where_one_is_wanted() {
        let temporary = tempfile::tempdir().unwrap();
        let packed = |name: &str| {
            let mut packed = Vec::new();
            let from = temporary.path().join(name);
            archive::whole(&from, name.as_bytes(), (0, 0), &[], &mut packed).unwrap();
            archive::end(&mut packed).unwrap();
            packed
        };
        symlink("../there", temporary.path().join("link")).unwrap();
        fs::create_dir(temporary.path().join("folder")).unwrap();
        let to = temporary.path().join("to");
        let link = into(&to, &mut packed("link").as_slice(), SMALL, true).unwrap();
        assert_eq!(link, Top::Link("../there".into()));
        let folder = packed("folder");
        let refused = into(&to, &mut folder.as_slice(), WHOLE, false).unwrap();
        assert_eq!((refused, to.exists()), (Top::Other, false));
        assert_eq!(into(&to, &mut folder.as_slice(), WHOLE, true).unwrap(), Top::Made);
    }

    #[test]
    fn nothing_is_written_through_a_link_or_outside() {
        let temporary = tempfile::tempdir().unwrap();
        let outside = temporary.path().join("outside");
        fs::create_dir(&outside).unwrap();
        let from = temporary.path().join("from");
        fs::create_dir(&from).unwrap();
        symlink(&outside, from.join("link")).unwrap();
        fs::write(temporary.path().join("file"), "x").unwrap();
        for inner in ["from/link/planted", "from/../planted", "/planted"] {
            let mut packed = Vec::new();
            archive::whole(&from, b"from", (0, 0), &[], &mut packed).unwrap();
            let file = temporary.path().join("file");
            archive::whole(&file, inner.as_bytes(), (0, 0), &[], &mut packed).unwrap();
            archive::end(&mut packed).unwrap();
            let to = temporary.path().join("to");
            into(&to, &mut packed.as_slice(), WHOLE, true).unwrap_err();
            assert_eq!(fs::read_dir(&outside).unwrap().count(), 0, "{inner}");
            fs::remove_dir_all(to).unwrap();
        }
    }

    #[test]
    fn more_than_is_allowed_is_refused_before_it_is_written() {
        let temporary = tempfile::tempdir().unwrap();
        let from = temporary.path().join("from");
        fs::create_dir(&from).unwrap();
        for name in ["a", "b", "c"] {
            fs::write(from.join(name), vec![1; 1000]).unwrap();
        }
        let mut packed = Vec::new();
        archive::whole(&from, b"from", (0, 0), &[], &mut packed).unwrap();
        archive::end(&mut packed).unwrap();
        for (turn, (bytes, entries, said)) in [
            (3000, 4, None),
            (2999, 4, Some("more than 2999 bytes")),
            (3000, 3, Some("more than 3 files and folders")),
        ]
        .into_iter()
        .enumerate()
        {
            let to = temporary.path().join(turn.to_string());
            let outcome = into(&to, &mut packed.as_slice(), Limits { bytes, entries }, true);
            let written = fs::read_dir(&to).unwrap().count();
            match said {
                None => {
                    outcome.unwrap();
                    assert_eq!(written, 3);
                }
                Some(said) => {
                    let error = outcome.unwrap_err().to_string();
                    assert!(error.contains(said), "{error}");
                    assert_eq!(written, 2, "{said}");
                }
            }
        }
    }

    #[test]
    fn damaged_archives_are_errors_and_no_panic() {
        let temporary = tempfile::tempdir().unwrap();
        let mut packed = Vec::new();
        fs::write(temporary.path().join("one"), vec![1; 5000]).unwrap();
        archive::whole(
            &temporary.path().join("one"),
            b"top/one",
            (0, 0),
            &[],
            &mut packed,
        )
        .unwrap();
        for (turn, cut) in (0..packed.len()).step_by(97).enumerate() {
            let to = temporary.path().join(turn.to_string());
            let mut damaged = packed.get(..cut).unwrap().to_vec();
            if let Some(byte) = damaged.get_mut(cut / 2) {
                *byte ^= 0xff;
            }
            let _ = into(&to, &mut damaged.as_slice(), WHOLE, true);
        }
    }
}
