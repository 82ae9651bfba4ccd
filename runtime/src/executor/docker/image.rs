//! A job's image: pulled when it has to be, and what it says about users, homes and machines.

use std::path::{Component, Path};

use bollard::models::ImageInspect;

use super::engine::Connection;
use super::pull::pull;
use super::{container, failure};
use crate::executor::{ExecutorError, Notes, PullPolicy, RegistryLogin};

/// What matters of an image that is there.
#[derive(Debug, Default)]
pub(super) struct Image {
    /// Its content's id: what a container is made from, whatever the name means later.
    pub(super) id: String,
    /// Whom its programs run as; `0` when it does not say.
    pub(super) user: String,
    /// Its `HOME`, which beats the user's own.
    pub(super) home: Option<String>,
    /// Where it says that it has tools, as images made after GitHub's machines do (`RUNNER_TOOL_CACHE`).
    pub(super) tools: Option<String>,
    /// In the engine's words: `amd64`, `arm64`.
    pub(super) architecture: Option<String>,
    /// What it starts.
    pub(super) entrypoint: Vec<String>,
    /// The arguments to that, or what it starts when there is no entry point.
    pub(super) command: Vec<String>,
}

/// Makes sure that the image is there.
pub(super) async fn ensure(
    connection: &Connection,
    name: &str,
    login: Option<&RegistryLogin>,
    policy: PullPolicy,
    notes: &dyn Notes,
) -> Result<Image, ExecutorError> {
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Err(fail(name, "that is no image's name"));
    }
    if policy == PullPolicy::Always {
        pull(connection, name, login, notes).await?;
    }
    match connection.docker.inspect_image(name).await {
        Ok(found) => Ok(Image::from(found)),
        Err(error) if failure::is_missing(&error) => match policy {
            PullPolicy::Never => Err(fail(
                name,
                "the engine does not have it, and pulling is switched off (`--pull never`)",
            )),
            _ => {
                pull(connection, name, login, notes).await?;
                let found = connection.docker.inspect_image(name).await;
                found.map(Image::from).map_err(|error| {
                    failure::setup("look at the image that was pulled", &connection.endpoint, &error)
                })
            }
        },
        Err(error) => match failure::status(&error) {
            Some(400) => Err(fail(name, failure::explain(&error))),
            _ => Err(failure::setup("look for the image", &connection.endpoint, &error)),
        },
    }
}

impl From<ImageInspect> for Image {
    fn from(found: ImageInspect) -> Self {
        let config = found.config.unwrap_or_default();
        let env = config.env.unwrap_or_default();
        let variable = |wanted: &str| {
            env.iter().find_map(|entry| {
                let (name, value) = entry.split_once('=')?;
                (name == wanted).then(|| value.to_owned())
            })
        };
        let folder = |name: &str| variable(name).filter(|path| is_folder_of_image(path));
        let tools = folder("RUNNER_TOOL_CACHE").or_else(|| folder("AGENT_TOOLSDIRECTORY"));
        Self {
            id: found.id.unwrap_or_default(),
            user: config
                .user
                .filter(|user| !user.is_empty())
                .unwrap_or_else(|| "0".to_owned()),
            home: variable("HOME"),
            tools,
            entrypoint: config.entrypoint.unwrap_or_default(),
            command: config.cmd.unwrap_or_default(),
            architecture: found.architecture.filter(|architecture| !architecture.is_empty()),
        }
    }
}

/// Whether a path that an image gives can be a folder of its own: absolute and plain, and neither the kernel's nor one that
/// is mounted into rooms. It becomes `runner.tool_cache`.
fn is_folder_of_image(path: &str) -> bool {
    let taken = ["/loom", "/github", container::WORKSPACE, "/proc", "/sys", "/dev"];
    let mut parts = Path::new(path).components();
    path.starts_with('/')
        && Path::new(path).components().count() > 1
        && !path.contains(char::is_control)
        && parts.all(|part| matches!(part, Component::RootDir | Component::Normal(_)))
        && !taken.iter().any(|taken| Path::new(path).starts_with(taken))
}

fn fail(image: &str, cause: impl Into<String>) -> ExecutorError {
    ExecutorError::Image {
        image: image.to_owned(),
        cause: cause.into(),
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::ImageConfig;

    use super::*;

    #[test]
    fn where_an_image_has_tools_is_what_it_says_of_them() {
        let tools = |env: &[&str]| {
            let env = env.iter().map(|entry| (*entry).to_owned()).collect();
            let config = ImageConfig {
                env: Some(env),
                ..ImageConfig::default()
            };
            let found = ImageInspect {
                config: Some(config),
                ..ImageInspect::default()
            };
            Image::from(found).tools
        };
        let own = "AGENT_TOOLSDIRECTORY=/opt/hostedtoolcache";
        assert_eq!(
            tools(&["HOME=/root", own]).as_deref(),
            Some("/opt/hostedtoolcache")
        );
        assert_eq!(tools(&[own, "RUNNER_TOOL_CACHE=/t"]).as_deref(), Some("/t"));
        for odd in [
            "t",
            "",
            "/",
            "//",
            "/opt/../proc",
            "/opt/\nx",
            "/loom/temp",
            "/workspace/tools",
            "/proc/self/cwd",
        ] {
            assert_eq!(tools(&[&format!("RUNNER_TOOL_CACHE={odd}")]), None, "{odd:?}");
        }
        assert_eq!(
            tools(&["RUNNER_TOOL_CACHE=t", own]).as_deref(),
            Some("/opt/hostedtoolcache")
        );
        assert_eq!(tools(&[]), None);
    }
}
