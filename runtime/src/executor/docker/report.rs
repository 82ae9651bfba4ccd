//! What an engine says about itself, for somebody who looks for what is wrong. It changes nothing there that stays.

use std::path::{Path, PathBuf};

use bollard::models::{ContainerCreateBody, HostConfig, Mount, MountType};
use bollard::query_parameters::{CreateContainerOptionsBuilder, ListImagesOptions};

use super::executor::DockerExecutor;
use super::{container, failure};
use crate::executor::ExecutorError;

/// What is known of an engine.
#[derive(Clone, Debug)]
pub struct EngineReport {
    /// Its address.
    pub endpoint: String,
    /// Its version, with that of its API: `27.3.1 (API 1.47, linux/amd64)`.
    pub version: String,
    /// Of the images that were asked for, those that are there.
    pub images: Vec<String>,
    /// Whether it sees a directory of this machine.
    pub sees: Sees,
}

/// Whether an engine sees a directory of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sees {
    /// It does.
    Yes,
    /// It runs elsewhere.
    No,
    /// It was not to be found out, for this reason.
    Unknown(String),
}

impl DockerExecutor {
    /// Asks the engine who it is, which of these images it has, and whether it sees this directory. For the last a container
    /// is made, never started, and removed.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn report(&self, images: &[String], directory: &Path) -> Result<EngineReport, ExecutorError> {
        let connection = self.connection().await?;
        let version = connection.docker.version().await;
        let version = version.map_err(|error| {
            failure::setup("ask the engine for its version", &connection.endpoint, &error)
        })?;
        let text = |value: Option<String>| value.unwrap_or_else(|| "?".to_owned());
        let mut there = Vec::new();
        for image in images {
            if connection.docker.inspect_image(image).await.is_ok() {
                there.push(image.clone());
            }
        }
        Ok(EngineReport {
            endpoint: connection.endpoint.clone(),
            version: format!(
                "{} (API {}, {}/{})",
                text(version.version),
                text(version.api_version),
                text(version.os),
                text(version.arch)
            ),
            images: there,
            sees: self.sees(directory.to_owned()).await?,
        })
    }

    async fn sees(&self, directory: PathBuf) -> Result<Sees, ExecutorError> {
        let connection = self.connection().await?;
        let images = connection.docker.list_images(None::<ListImagesOptions>).await;
        let image = images
            .ok()
            .and_then(|images| images.into_iter().next())
            .map(|image| image.id);
        let Some(image) = image else {
            return Ok(Sees::Unknown("it has no image yet to try with".to_owned()));
        };
        let body = ContainerCreateBody {
            image: Some(image),
            cmd: Some(vec!["true".to_owned()]),
            host_config: Some(HostConfig {
                mounts: Some(vec![Mount {
                    target: Some("/loom".to_owned()),
                    source: Some(directory.display().to_string()),
                    typ: Some(MountType::BIND),
                    read_only: Some(true),
                    ..Mount::default()
                }]),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        let name = format!("loom-doctor-{}", uuid::Uuid::new_v4());
        let options = CreateContainerOptionsBuilder::new().name(&name).build();
        match connection.docker.create_container(Some(options), body).await {
            Ok(_) => {
                container::remove(connection, &name).await?;
                Ok(Sees::Yes)
            }
            Err(error) => {
                let said = failure::explain(&error);
                Ok(if said.contains("bind source path does not exist") {
                    Sees::No
                } else {
                    Sees::Unknown(said)
                })
            }
        }
    }
}
