//! Credentials for pulls, as the Docker CLI keeps them: in its file, or with the helper program that the file names.
//! Without any the pull is tried all the same; the registry's answer says more than a guess.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bollard::auth::DockerCredentials;
use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;

use super::endpoint::Surroundings;
use crate::executor::RegistryLogin;
use crate::executor::channel::blocking;

/// The name under which Docker Hub's credentials are kept.
const HUB: &str = "https://index.docker.io/v1/";

/// How long a helper has; some open a dialogue, which nobody may be there to answer.
const HELPER_TIME: Duration = Duration::from_secs(10);

#[derive(Deserialize, Default)]
struct Config {
    #[serde(default)]
    auths: BTreeMap<String, Auth>,
    #[serde(rename = "credsStore")]
    store: Option<String>,
    #[serde(rename = "credHelpers", default)]
    helpers: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Auth {
    /// `user:password` in base64.
    auth: Option<String>,
    identitytoken: Option<String>,
}

#[derive(Deserialize)]
struct Helped {
    #[serde(rename = "Username")]
    username: String,
    #[serde(rename = "Secret")]
    secret: String,
}

/// What a workflow wrote down for this image.
pub(super) fn of_login(image: &str, login: &RegistryLogin) -> DockerCredentials {
    DockerCredentials {
        username: Some(login.username.clone()),
        password: Some(login.password.expose().to_owned()),
        serveraddress: Some(registry(image).to_owned()),
        ..DockerCredentials::default()
    }
}

/// What the registry of `image` wants to see, if this user has it.
pub(super) async fn for_image(image: &str) -> Option<DockerCredentials> {
    let read = || {
        let file = Surroundings::of_this_process().config?.join("config.json");
        std::fs::read_to_string(file).ok()
    };
    let text = blocking(read).await.ok().flatten()?;
    let config: Config = serde_json::from_str(&text).ok()?;
    let registry = registry(image);
    if let Some(found) = in_file(&config, registry) {
        return Some(found);
    }
    let helper = config.helpers.get(registry).or(config.store.as_ref())?;
    from_helper(helper, registry).await
}

/// The registry of an image's name: its first part, when that looks like a host.
pub(super) fn registry(image: &str) -> &str {
    match image.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        _ => HUB,
    }
}

fn in_file(config: &Config, registry: &str) -> Option<DockerCredentials> {
    let wanted = bare(registry);
    let (_, auth) = config.auths.iter().find(|(name, _)| bare(name) == wanted)?;
    let mut found = DockerCredentials {
        serveraddress: Some(registry.to_owned()),
        ..DockerCredentials::default()
    };
    if let Some(token) = auth.identitytoken.clone().filter(|token| !token.is_empty()) {
        found.identitytoken = Some(token);
        return Some(found);
    }
    let pair = String::from_utf8(BASE64.decode(auth.auth.as_deref()?.trim()).ok()?).ok()?;
    let (user, password) = pair.split_once(':')?;
    found.username = Some(user.to_owned());
    found.password = Some(password.trim_end_matches('\0').to_owned());
    Some(found)
}

/// Names are written with and without scheme and path.
fn bare(name: &str) -> &str {
    let name = name
        .strip_prefix("https://")
        .or_else(|| name.strip_prefix("http://"))
        .unwrap_or(name);
    name.split('/').next().unwrap_or(name)
}

async fn from_helper(helper: &str, registry: &str) -> Option<DockerCredentials> {
    let mut child = tokio::process::Command::new(format!("docker-credential-{helper}"))
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take()?;
    stdin.write_all(registry.as_bytes()).await.ok()?;
    drop(stdin);
    let output = tokio::time::timeout(HELPER_TIME, child.wait_with_output())
        .await
        .ok()?
        .ok()?;
    let helped: Helped = serde_json::from_slice(&output.stdout)
        .ok()
        .filter(|_| output.status.success())?;
    let mut found = DockerCredentials {
        serveraddress: Some(registry.to_owned()),
        ..DockerCredentials::default()
    };
    if helped.username == "<token>" {
        found.identitytoken = Some(helped.secret);
    } else {
        found.username = Some(helped.username);
        found.password = Some(helped.secret);
    }
    Some(found)
}

/// Base64 (RFC 4648, section 4) as people's files have it: with or without what fills it up.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_the_first_part_when_it_looks_like_a_host() {
        for (image, expected) in [
            ("alpine", HUB),
            ("library/alpine:3", HUB),
            ("ghcr.io/a/b", "ghcr.io"),
            ("localhost/a", "localhost"),
            ("rack:5000/a", "rack:5000"),
        ] {
            assert_eq!(registry(image), expected, "{image}");
        }
    }

    #[test]
    fn an_entry_of_the_file_is_read() {
        let text = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"YW5uOnM6ZWNyZXQ="},"ghcr.io":{"identitytoken":"t"}}}"#;
        let config: Config = serde_json::from_str(text).unwrap();
        let hub = in_file(&config, HUB).unwrap();
        assert_eq!(
            (hub.username.as_deref(), hub.password.as_deref()),
            (Some("ann"), Some("s:ecret"))
        );
        assert_eq!(
            in_file(&config, "ghcr.io").unwrap().identitytoken.as_deref(),
            Some("t")
        );
        assert!(in_file(&config, "quay.io").is_none());
    }
}
