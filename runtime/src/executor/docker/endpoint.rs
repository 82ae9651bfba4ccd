//! Where the engine may be: `DOCKER_HOST`, the Docker CLI's current context, the usual sockets.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// What the search needs to know of its surroundings.
pub(super) struct Surroundings {
    pub(super) docker_host: Option<String>,
    pub(super) docker_context: Option<String>,
    /// The Docker CLI's configuration directory.
    pub(super) config: Option<PathBuf>,
    pub(super) home: Option<PathBuf>,
    pub(super) runtime_directory: Option<PathBuf>,
}

impl Surroundings {
    pub(super) fn of_this_process() -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let home = variable("HOME").map(PathBuf::from);
        Self {
            docker_host: variable("DOCKER_HOST"),
            docker_context: variable("DOCKER_CONTEXT"),
            config: variable("DOCKER_CONFIG")
                .map(PathBuf::from)
                .or_else(|| home.as_ref().map(|home| home.join(".docker"))),
            home,
            runtime_directory: variable("XDG_RUNTIME_DIR").map(PathBuf::from),
        }
    }
}

/// Addresses to try, in order. One that somebody chose stands alone: falling back would run jobs on the wrong engine.
pub(super) fn candidates(around: &Surroundings) -> Result<Vec<String>, String> {
    if let Some(host) = &around.docker_host {
        return Ok(vec![host.clone()]);
    }
    if let Some(config) = &around.config
        && let Some(context) = around.docker_context.clone().or_else(|| current_context(config))
        && context != "default"
    {
        return context_host(config, &context).map(|host| vec![host]);
    }
    let runtime = |name: &str| {
        around
            .runtime_directory
            .as_ref()
            .map(|directory| directory.join(name))
    };
    let sockets = [
        Some(PathBuf::from("/var/run/docker.sock")),
        runtime("docker.sock"),
        around
            .home
            .as_ref()
            .map(|home| home.join(".docker/run/docker.sock")),
        runtime("podman/podman.sock"),
        Some(PathBuf::from("/run/podman/podman.sock")),
    ];
    Ok(sockets
        .into_iter()
        .flatten()
        .map(|path| format!("unix://{}", path.display()))
        .collect())
}

#[derive(Deserialize)]
struct Config {
    #[serde(rename = "currentContext")]
    current_context: Option<String>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "Endpoints", default)]
    endpoints: BTreeMap<String, Endpoint>,
}

#[derive(Deserialize)]
struct Endpoint {
    #[serde(rename = "Host")]
    host: Option<String>,
}

fn current_context(config: &Path) -> Option<String> {
    let text = fs::read_to_string(config.join("config.json")).ok()?;
    serde_json::from_str::<Config>(&text)
        .ok()?
        .current_context
        .filter(|name| !name.is_empty())
}

/// The directories below `meta` are named by hashes; what they are of is written inside.
fn context_host(config: &Path, context: &str) -> Result<String, String> {
    let contexts = config.join("contexts").join("meta");
    fs::read_dir(&contexts)
        .into_iter()
        .flatten()
        .filter_map(|entry| fs::read_to_string(entry.ok()?.path().join("meta.json")).ok())
        .filter_map(|text| serde_json::from_str::<Meta>(&text).ok())
        .find(|meta| meta.name == context)
        .and_then(|mut meta| meta.endpoints.remove("docker")?.host)
        .ok_or_else(|| format!("the Docker context `{context}` is not in {}", contexts.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(config: &Path) -> Surroundings {
        Surroundings {
            docker_host: None,
            docker_context: None,
            config: Some(config.to_owned()),
            home: Some("/home/ann".into()),
            runtime_directory: Some("/run/user/7".into()),
        }
    }

    #[test]
    fn the_variable_beats_the_context_beats_the_usual_sockets() {
        let config = tempfile::tempdir().unwrap();
        let mut around = around(config.path());
        let usual = candidates(&around).unwrap();
        assert_eq!(usual[0], "unix:///var/run/docker.sock");
        assert!(usual.contains(&"unix:///run/user/7/docker.sock".to_owned()));
        assert!(usual.contains(&"unix:///run/user/7/podman/podman.sock".to_owned()));

        let meta = config.path().join("contexts/meta/0123");
        fs::create_dir_all(&meta).unwrap();
        let text = r#"{"Name":"rack","Metadata":{},"Endpoints":{"docker":{"Host":"tcp://rack:2375","SkipTLSVerify":false}}}"#;
        fs::write(meta.join("meta.json"), text).unwrap();
        fs::write(
            config.path().join("config.json"),
            r#"{"auths":{},"currentContext":"rack"}"#,
        )
        .unwrap();
        assert_eq!(candidates(&around).unwrap(), ["tcp://rack:2375"]);
        around.docker_context = Some("elsewhere".into());
        assert!(candidates(&around).unwrap_err().contains("`elsewhere`"));
        around.docker_host = Some("unix:///mine.sock".into());
        assert_eq!(candidates(&around).unwrap(), ["unix:///mine.sock"]);
    }

    #[test]
    fn the_default_context_and_a_broken_file_mean_the_usual_sockets() {
        let config = tempfile::tempdir().unwrap();
        for text in [r#"{"currentContext":"default"}"#, "{", r#"{"currentContext":""}"#] {
            fs::write(config.path().join("config.json"), text).unwrap();
            assert!(candidates(&around(config.path())).unwrap().len() > 1, "{text}");
        }
    }
}
