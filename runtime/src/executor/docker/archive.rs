//! Packs a folder for the engine: tar (POSIX ustar, with GNU's long names), written as it is read.

use std::fs;
use std::io::{self, Read as _, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::ignore::Ignore;

const BLOCK: usize = 512;

/// Whose files are, by number: user and group.
pub(super) type Owner = (u32, u32);

/// As the CLI does: whose files they are is not the image's business.
const ROOT: Owner = (0, 0);

/// Other content for a file of a folder.
pub(super) struct Instead<'a> {
    /// Relative to the folder.
    pub(super) path: &'a str,
    pub(super) content: &'a [u8],
}

/// Packs what is in `folder`, but for what `ignore` leaves out; `always` (relative paths) goes along in any case. For a
/// thread that may block.
pub(super) fn pack(
    folder: &Path,
    ignore: &Ignore,
    always: &[&str],
    instead: Option<&Instead<'_>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    walk(folder, "", ignore, always, instead, out)?;
    end(out)
}

/// Ends an archive.
pub(super) fn end(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&[0; 2 * BLOCK])
}

/// Packs a folder without anything in it, root's.
pub(super) fn folder(out: &mut dyn Write, inner: &[u8], mode: u32) -> io::Result<()> {
    block(out, &[inner, b"/"].concat(), b'5', mode, 0, 0, (b"", ROOT))
}

/// Packs a link, root's; both its name and its target are short.
pub(super) fn link(out: &mut dyn Write, inner: &[u8], target: &[u8]) -> io::Result<()> {
    block(out, inner, b'2', 0o777, 0, 0, (target, ROOT))
}

/// Packs a file, link or folder as `inner`, with all that is in it but for the paths of `left_out`; what is neither is
/// passed over.
pub(super) fn whole(
    path: &Path,
    inner: &[u8],
    owner: Owner,
    left_out: &[PathBuf],
    out: &mut dyn Write,
) -> io::Result<()> {
    if left_out.iter().any(|left| left == path) {
        return Ok(());
    }
    let found = match path.symlink_metadata() {
        // It was there a moment ago.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    if found.is_dir() {
        header(out, &[inner, b"/"].concat(), b'5', &found, 0, (b"", owner))?;
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let below = [inner, b"/", entry.file_name().as_bytes()].concat();
            whole(&entry.path(), &below, owner, left_out, out)?;
        }
    } else if found.is_symlink() {
        let target = fs::read_link(path)?;
        header(
            out,
            inner,
            b'2',
            &found,
            0,
            (target.as_os_str().as_bytes(), owner),
        )?;
    } else if found.is_file() {
        file(out, path, inner, owner)?;
    }
    Ok(())
}

fn walk(
    folder: &Path,
    prefix: &str,
    ignore: &Ignore,
    always: &[&str],
    instead: Option<&Instead<'_>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut entries: Vec<fs::DirEntry> = fs::read_dir(folder)?.collect::<io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            let cause = format!("`{}` has a name that is not UTF-8", entry.path().display());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, cause));
        };
        let inner = format!("{prefix}{name}");
        let kept = !ignore.leaves_out(&inner) || always.contains(&inner.as_str());
        let found = entry.path().symlink_metadata()?;
        if found.is_dir() {
            let below = always.iter().any(|path| path.starts_with(&format!("{inner}/")));
            if kept {
                header(out, format!("{inner}/").as_bytes(), b'5', &found, 0, (b"", ROOT))?;
            }
            if kept || below || ignore.has_exceptions() {
                walk(&entry.path(), &format!("{inner}/"), ignore, always, instead, out)?;
            }
        } else if kept && found.is_symlink() {
            let target = fs::read_link(entry.path())?;
            let target = target.as_os_str().as_bytes();
            header(out, inner.as_bytes(), b'2', &found, 0, (target, ROOT))?;
        } else if kept && found.is_file() {
            match instead.filter(|instead| instead.path == inner) {
                Some(instead) => {
                    let length = u64::try_from(instead.content.len()).unwrap_or(u64::MAX);
                    header(out, inner.as_bytes(), b'0', &found, length, (b"", ROOT))?;
                    out.write_all(instead.content)?;
                    pad(out, length)?;
                }
                None => file(out, &entry.path(), inner.as_bytes(), ROOT)?,
            }
        }
    }
    Ok(())
}

fn file(out: &mut dyn Write, path: &Path, inner: &[u8], owner: Owner) -> io::Result<()> {
    // It may have been swapped meanwhile.
    let file = fs::OpenOptions::new()
        .read(true)
        .custom_flags(i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).unwrap_or(0))
        .open(path)?;
    let found = file.metadata()?;
    let length = found.len();
    header(out, inner, b'0', &found, length, (b"", owner))?;
    let copied = io::copy(&mut file.take(length), out)?;
    if copied < length {
        return Err(io::Error::other(format!(
            "`{}` became shorter while it was read",
            path.display()
        )));
    }
    pad(out, length)
}

fn header(
    out: &mut dyn Write,
    name: &[u8],
    kind: u8,
    found: &fs::Metadata,
    length: u64,
    (link, owner): (&[u8], Owner),
) -> io::Result<()> {
    for (long, kind) in [(link, b'K'), (name, b'L')] {
        if long.len() > 99 {
            let content: Vec<u8> = long.iter().copied().chain([0]).collect();
            let length = u64::try_from(content.len()).map_err(io::Error::other)?;
            block(out, b"././@LongLink", kind, 0o644, length, 0, (b"", ROOT))?;
            out.write_all(&content)?;
            pad(out, length)?;
        }
    }
    let mode = found.mode() & 0o7777;
    block(out, name, kind, mode, length, found.mtime(), (link, owner))
}

fn block(
    out: &mut dyn Write,
    name: &[u8],
    kind: u8,
    mode: u32,
    length: u64,
    changed: i64,
    (link, owner): (&[u8], Owner),
) -> io::Result<()> {
    let mut block = [0_u8; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| {
        for (place, byte) in block.iter_mut().skip(at).zip(bytes) {
            *place = *byte;
        }
    };
    put(0, name.get(..99).unwrap_or(name));
    put(100, octal(u64::from(mode), 7).as_bytes());
    // Numbers above seven octal digits are nobody's in an archive of this form: root's then.
    let seven = |id: u32| octal(u64::from(if id < 1 << 21 { id } else { 0 }), 7);
    put(108, seven(owner.0).as_bytes());
    put(116, seven(owner.1).as_bytes());
    if length >= 1 << 33 {
        // What does not fit in octal digits is written in base 256, as GNU tar does.
        put(124, &[0x80, 0, 0, 0]);
        put(128, &length.to_be_bytes());
    } else {
        put(124, octal(length, 11).as_bytes());
    }
    put(136, octal(u64::try_from(changed).unwrap_or(0), 11).as_bytes());
    put(148, b"        ");
    put(156, &[kind]);
    put(157, link.get(..99).unwrap_or(link));
    put(257, b"ustar\x0000");
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    let sum = format!("{}\0 ", octal(sum, 6));
    for (place, byte) in block.iter_mut().skip(148).zip(sum.as_bytes()) {
        *place = *byte;
    }
    out.write_all(&block)
}

fn octal(number: u64, digits: usize) -> String {
    format!("{number:0digits$o}")
}

fn pad(out: &mut dyn Write, length: u64) -> io::Result<()> {
    let over = usize::try_from(length % 512).unwrap_or(0);
    if over > 0 {
        let zeros = [0; BLOCK];
        out.write_all(zeros.get(over..).unwrap_or_default())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tar_reads_what_was_packed() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("context");
        let long = "x".repeat(120);
        fs::create_dir_all(folder.join("deep").join(&long)).unwrap();
        fs::write(folder.join("Dockerfile"), "FROM scratch\n").unwrap();
        fs::write(folder.join("deep").join(&long).join("file"), vec![b'a'; 1500]).unwrap();
        fs::write(folder.join("left-out"), "x").unwrap();
        std::os::unix::fs::symlink("Dockerfile", folder.join("link")).unwrap();
        let mut packed = Vec::new();
        let ignore = Ignore::parse("left-out\nDockerfile\n");
        pack(&folder, &ignore, &["Dockerfile"], None, &mut packed).unwrap();
        let archive = temporary.path().join("a.tar");
        fs::write(&archive, packed).unwrap();
        let unpacked = temporary.path().join("out");
        fs::create_dir(&unpacked).unwrap();
        let status = std::process::Command::new("tar")
            .arg("-C")
            .arg(&unpacked)
            .arg("-xf")
            .arg(&archive)
            .status()
            .unwrap();
        assert!(status.success());
        assert_eq!(
            fs::read_to_string(unpacked.join("Dockerfile")).unwrap(),
            "FROM scratch\n"
        );
        assert_eq!(
            fs::read(unpacked.join("deep").join(&long).join("file")).unwrap(),
            vec![b'a'; 1500]
        );
        assert_eq!(
            fs::read_link(unpacked.join("link")).unwrap(),
            Path::new("Dockerfile")
        );
        assert!(!unpacked.join("left-out").exists());
    }
}
