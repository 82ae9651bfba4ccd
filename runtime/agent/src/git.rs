//! Has git trust the workspace of a container: its files are the caller's, and whoever runs git there is somebody else.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

/// The system's own configuration, which every version of git reads for this.
const SYSTEM: &str = "/etc/gitconfig";

/// What git reads from the environment; versions before 2.38 do not heed this setting there.
const VARIABLES: [(&str, &str); 3] = [
    ("GIT_CONFIG_COUNT", "1"),
    ("GIT_CONFIG_KEY_0", "safe.directory"),
    ("GIT_CONFIG_VALUE_0", "*"),
];

/// Writes it to the system's configuration. A root file system that is read-only has the variables.
pub(crate) fn trust_everything() {
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o644)
        .custom_flags(libc::O_NONBLOCK)
        .open(SYSTEM);
    let Ok(mut file) = file else { return };
    let mut text = String::new();
    let plain = file.metadata().is_ok_and(|found| found.is_file());
    if plain && file.read_to_string(&mut text).is_ok() && !text.contains("directory = *") {
        let _ = file.write_all(b"\n[safe]\n\tdirectory = *\n");
    }
}

/// The variables for a step that says nothing of the kind itself.
pub(crate) fn variables() -> [(&'static str, &'static str); 3] {
    VARIABLES
}
