//! Where things lie by default (XDG Base Directory Specification).

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The state directory of a project: `$XDG_STATE_HOME/loom/<name>-<hash of its path>`, never inside the project, which
/// jobs see. `None` when neither `XDG_STATE_HOME` nor `HOME` is set.
pub fn default_state_directory(project: &Path, env: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let base = base_directory(&env, "XDG_STATE_HOME", ".local/state")?;
    let project = project.canonicalize().unwrap_or_else(|_| project.to_owned());
    let name: String = project
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        })
        .take(40)
        .collect();
    Some(base.join("loom").join(format!("{name}-{:016x}", hash(&project))))
}

/// The user's configuration file: `$XDG_CONFIG_HOME/loom/config.toml`.
pub fn user_config_file(env: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    Some(
        base_directory(&env, "XDG_CONFIG_HOME", ".config")?
            .join("loom")
            .join("config.toml"),
    )
}

/// Where the actions of other repositories are kept: `$XDG_CACHE_HOME/loom/actions`, shared by the projects of a user.
pub fn default_action_cache(env: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    Some(
        base_directory(&env, "XDG_CACHE_HOME", ".cache")?
            .join("loom")
            .join("actions"),
    )
}

fn base_directory(env: &impl Fn(&str) -> Option<OsString>, name: &str, below_home: &str) -> Option<PathBuf> {
    // The specification: a relative path is invalid and to be ignored.
    let set = env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    set.or_else(|| Some(PathBuf::from(env("HOME").filter(|home| !home.is_empty())?).join(below_home)))
}

/// FNV-1a: the same in every version of Loom and of Rust, which the standard hasher does not promise.
fn hash(path: &Path) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    path.as_os_str()
        .as_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
        move |name| {
            pairs
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| OsString::from(value))
        }
    }

    #[test]
    fn projects_of_one_name_have_directories_of_their_own() {
        let env = env(&[("HOME", "/home/u")]);
        let one = default_state_directory(Path::new("/a/shop"), &env).unwrap();
        let two = default_state_directory(Path::new("/b/shop"), &env).unwrap();
        assert!(one.starts_with("/home/u/.local/state/loom") && one != two);
        assert!(one.file_name().unwrap().to_string_lossy().starts_with("shop-"));
    }

    #[test]
    fn xdg_beats_home_and_a_relative_one_is_ignored() {
        let set = env(&[("HOME", "/home/u"), ("XDG_CONFIG_HOME", "/etc/x")]);
        assert_eq!(
            user_config_file(set).unwrap(),
            Path::new("/etc/x/loom/config.toml")
        );
        let relative = env(&[("HOME", "/home/u"), ("XDG_CONFIG_HOME", "x")]);
        assert_eq!(
            user_config_file(relative).unwrap(),
            Path::new("/home/u/.config/loom/config.toml")
        );
    }
}
