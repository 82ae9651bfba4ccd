//! The network of a job: its room, its services and its container actions see each other there by name.

use bollard::models::{EndpointSettings, NetworkConnectRequest, NetworkCreateRequest, NetworkingConfig};

use super::engine::Connection;
use super::failure;
use super::marks::{Kind, Marks};
use crate::executor::ExecutorError;

/// Makes the network and answers its id.
pub(super) async fn create(connection: &Connection, marks: &Marks) -> Result<String, ExecutorError> {
    let request = NetworkCreateRequest {
        name: marks.name.clone(),
        driver: Some("bridge".to_owned()),
        labels: Some(marks.labels(Kind::Network)),
        ..NetworkCreateRequest::default()
    };
    match failure::settled(|| connection.docker.create_network(request.clone())).await {
        Ok(created) => Ok(created.id),
        Err(error) => Err(failure::setup(
            "make the job's network",
            &connection.endpoint,
            &error,
        )),
    }
}

/// How a container that is being created joins the network.
pub(super) fn joined(network: &str, aliases: Vec<String>) -> NetworkingConfig {
    let settings = EndpointSettings {
        aliases: Some(aliases).filter(|aliases| !aliases.is_empty()),
        ..EndpointSettings::default()
    };
    NetworkingConfig {
        endpoints_config: Some([(network.to_owned(), settings)].into()),
    }
}

/// Has a container that runs join the network.
pub(super) async fn join(
    connection: &Connection,
    network: &str,
    container: &str,
) -> Result<(), ExecutorError> {
    let request = NetworkConnectRequest {
        container: container.to_owned(),
        endpoint_config: None,
    };
    connection
        .docker
        .connect_network(network, request)
        .await
        .map_err(|error| failure::setup("join the job's network", &connection.endpoint, &error))
}

/// Removes a network; fine when there is none.
pub(super) async fn remove(connection: &Connection, network: &str) -> Result<(), ExecutorError> {
    match connection.docker.remove_network(network).await {
        Ok(()) => Ok(()),
        Err(error) if failure::is_missing(&error) => Ok(()),
        Err(error) => Err(failure::cleanup(
            &format!("the network {network}"),
            &connection.endpoint,
            &error,
        )),
    }
}
