//! A job's image: pulled when it has to be, and what it says about users, homes and machines.

use std::collections::HashMap;

use bollard::models::{CreateImageInfo, ImageInspect};
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::StreamExt as _;

use super::engine::Connection;
use super::{credentials, failure};
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
                found
                    .map(Image::from)
                    .map_err(|error| fail(name, failure::explain(&error)))
            }
        },
        Err(error) => match failure::status(&error) {
            Some(_) => Err(fail(name, failure::explain(&error))),
            None => Err(failure::setup("look for the image", &connection.endpoint, &error)),
        },
    }
}

async fn pull(
    connection: &Connection,
    name: &str,
    login: Option<&RegistryLogin>,
    notes: &dyn Notes,
) -> Result<(), ExecutorError> {
    let what = format!("pull {name}");
    notes.line(&format!("pulling the image `{name}`"));
    let (repository, tag) = split(name);
    let mut options = CreateImageOptionsBuilder::new().from_image(repository);
    if let Some(tag) = tag {
        options = options.tag(tag);
    }
    let credentials = match login {
        Some(login) => Some(credentials::of_login(name, login)),
        None => credentials::for_image(name).await,
    };
    let mut stream = connection
        .docker
        .create_image(Some(options.build()), None, credentials);
    let mut layers = Layers::default();
    while let Some(news) = stream.next().await {
        let news = news.map_err(|error| fail(name, failure::explain(&error)))?;
        if let Some((done, total)) = layers.take(news) {
            notes.progress(&what, done, total);
        }
    }
    notes.line(&format!("pulled the image `{name}`"));
    Ok(())
}

/// Name and tag. Without a tag the engine would pull every one; a digest is part of the name.
fn split(name: &str) -> (&str, Option<&str>) {
    if name.contains('@') {
        return (name, None);
    }
    match name.rsplit_once(':') {
        // A colon before a slash is a registry's port.
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
        _ => (name, Some("latest")),
    }
}

/// Adds up what the engine tells layer by layer, in bytes.
#[derive(Default)]
struct Layers(HashMap<String, (u64, u64)>);

impl Layers {
    fn take(&mut self, news: CreateImageInfo) -> Option<(u64, Option<u64>)> {
        let (id, status) = (news.id?, news.status?);
        match (status.as_str(), news.progress_detail) {
            ("Downloading", Some(progress)) => {
                let number =
                    |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok()).unwrap_or(0);
                self.0
                    .insert(id, (number(progress.current), number(progress.total)));
            }
            ("Download complete" | "Pull complete", _) => {
                let (done, total) = self.0.get_mut(&id).map(|(done, total)| (done, *total))?;
                *done = total;
            }
            _ => return None,
        }
        let (done, total) = self
            .0
            .values()
            .fold((0, 0), |(d, t), (done, total)| (d + done, t + total));
        Some((done, Some(total).filter(|total| *total > 0)))
    }
}

impl From<ImageInspect> for Image {
    fn from(found: ImageInspect) -> Self {
        let config = found.config.unwrap_or_default();
        let home = config.env.unwrap_or_default().into_iter().find_map(|entry| {
            let (name, value) = entry.split_once('=')?;
            (name == "HOME").then(|| value.to_owned())
        });
        Self {
            id: found.id.unwrap_or_default(),
            user: config
                .user
                .filter(|user| !user.is_empty())
                .unwrap_or_else(|| "0".to_owned()),
            home,
            entrypoint: config.entrypoint.unwrap_or_default(),
            command: config.cmd.unwrap_or_default(),
            architecture: found.architecture.filter(|architecture| !architecture.is_empty()),
        }
    }
}

fn fail(image: &str, cause: impl Into<String>) -> ExecutorError {
    ExecutorError::Image {
        image: image.to_owned(),
        cause: cause.into(),
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::ProgressDetail;

    use super::*;

    #[test]
    fn a_name_is_split_as_the_engine_wants_it() {
        for (name, expected) in [
            ("alpine", ("alpine", Some("latest"))),
            ("alpine:3.20", ("alpine", Some("3.20"))),
            ("localhost:5000/a/b", ("localhost:5000/a/b", Some("latest"))),
            ("localhost:5000/a/b:c", ("localhost:5000/a/b", Some("c"))),
            ("alpine@sha256:00ff", ("alpine@sha256:00ff", None)),
        ] {
            assert_eq!(split(name), expected, "{name}");
        }
    }

    #[test]
    fn progress_adds_layers_up() {
        let mut layers = Layers::default();
        let mut news = |id: &str, status: &str, at: Option<(i64, i64)>| {
            layers.take(CreateImageInfo {
                id: Some(id.into()),
                status: Some(status.into()),
                progress_detail: at.map(|(c, t)| ProgressDetail {
                    current: Some(c),
                    total: Some(t),
                }),
                ..CreateImageInfo::default()
            })
        };
        assert_eq!(news("a", "Pulling fs layer", None), None);
        assert_eq!(news("a", "Downloading", Some((10, 100))), Some((10, Some(100))));
        assert_eq!(news("b", "Downloading", Some((5, 50))), Some((15, Some(150))));
        assert_eq!(news("a", "Download complete", None), Some((105, Some(150))));
    }
}
