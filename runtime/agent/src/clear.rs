//! Empties a folder of a container, for somebody outside who cannot: the engine can put files there, not remove them.

use std::fs;
use std::io;
use std::path::Path;

/// Removes what is in a folder, or what is there instead of one. No link is followed.
pub(crate) fn run(path: &Path) -> Result<u8, String> {
    match clear(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(format!("clear `{}`: {error}", path.display()))
        }
        _ => Ok(0),
    }
}

fn clear(path: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.is_dir() {
        return fs::remove_file(path);
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_emptied_a_file_goes_and_links_lead_nowhere() {
        let top = std::env::temp_dir().join(format!("loom-clear-{}", std::process::id()));
        let (folder, outside) = (top.join("folder"), top.join("outside"));
        fs::create_dir_all(folder.join("deep/er")).unwrap();
        fs::create_dir_all(&outside).unwrap();
        fs::write(folder.join("deep/er/file"), "x").unwrap();
        fs::write(outside.join("file"), "x").unwrap();
        std::os::unix::fs::symlink(&outside, folder.join("link")).unwrap();
        assert_eq!(run(&folder), Ok(0));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        assert_eq!(run(&outside.join("file")), Ok(0));
        assert_eq!(run(&outside.join("file")), Ok(0), "it is gone already");
        std::os::unix::fs::symlink(&outside, top.join("link")).unwrap();
        assert_eq!(run(&top.join("link")), Ok(0));
        assert!(outside.is_dir() && fs::symlink_metadata(top.join("link")).is_err());
        fs::remove_dir_all(top).unwrap();
    }
}
