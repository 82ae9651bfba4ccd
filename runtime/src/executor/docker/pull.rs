//! Pulls: tried again when the registry cannot be asked, told layer by layer, and what a failure of one means.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use bollard::auth::DockerCredentials;
use bollard::errors::Error;
use bollard::models::CreateImageInfo;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::StreamExt as _;

use super::engine::Connection;
use super::{credentials, failure};
use crate::executor::{ExecutorError, Notes, PullPolicy, RegistryLogin};

/// What is waited before the registry is asked once more; as often as there are entries. Layers that break off are tried
/// again by the engine itself.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];

/// How long an engine that answers may say nothing new of a pull: its own clients would wait for ever for a registry that
/// keeps the connection and sends nothing. Long enough to check and unpack a layer of many gigabytes.
const STALL: Duration = Duration::from_secs(10 * 60);

/// What was always to be pulled was pulled by `fetch`.
pub(super) fn again(policy: PullPolicy) -> PullPolicy {
    match policy {
        PullPolicy::Always => PullPolicy::Missing,
        other => other,
    }
}

/// Pulls an image, by the login that the workflow gives or by what the Docker CLI keeps.
///
/// # Errors
/// [`ExecutorError::Image`] where the registry answered that it has no such image or not for this user; where neither
/// engine nor registry could be asked, an error of the machine's.
pub(super) async fn pull(
    connection: &Connection,
    name: &str,
    login: Option<&RegistryLogin>,
    notes: &dyn Notes,
) -> Result<(), ExecutorError> {
    notes.line(&format!("pulling the image `{name}`"));
    let credentials = match login {
        Some(login) => Some(credentials::of_login(name, login)),
        None => credentials::for_image(name).await,
    };
    let mut pauses = PAUSES.into_iter();
    loop {
        let Err(failed) = once(connection, name, credentials.clone(), notes).await else {
            notes.line(&format!("pulled the image `{name}`"));
            return Ok(());
        };
        let pause = pauses.next().filter(|_| !failed.started);
        let error = explained(
            connection,
            name,
            &failed.error,
            login.is_some(),
            credentials.is_some(),
        );
        match (error, pause) {
            (ExecutorError::Setup { cause, .. }, Some(pause)) => {
                let seconds = pause.as_secs();
                notes.line(&format!(
                    "the image `{name}` could not be pulled, trying again in {seconds} s: {cause}"
                ));
                tokio::time::sleep(pause).await;
            }
            (error, _) => return Err(error),
        }
    }
}

struct Failed {
    error: Error,
    /// Whether layers were on their way. The engine has tried those again already.
    started: bool,
}

async fn once(
    connection: &Connection,
    name: &str,
    credentials: Option<DockerCredentials>,
    notes: &dyn Notes,
) -> Result<(), Failed> {
    let what = format!("pull {name}");
    let (repository, tag) = split(name);
    let mut options = CreateImageOptionsBuilder::new().from_image(repository);
    if let Some(tag) = tag {
        options = options.tag(tag);
    }
    let docker = &connection.docker;
    let mut stream = docker.create_image(Some(options.build()), None, credentials);
    let mut layers = Layers::default();
    let mut started = false;
    loop {
        let news = match tokio::time::timeout(STALL, stream.next()).await {
            Ok(Some(Ok(news))) => news,
            Ok(Some(Err(error))) => return Err(Failed { error, started }),
            Ok(None) => return Ok(()),
            Err(_) => {
                let error = Error::RequestTimeoutError;
                return Err(Failed { error, started: true });
            }
        };
        if let Some(message) = news
            .error_detail
            .as_ref()
            .and_then(|detail| detail.message.clone())
        {
            let error = Error::DockerStreamError { error: message };
            return Err(Failed { error, started });
        }
        started |= news.progress_detail.is_some();
        if let Some(again) = layers.broke_off(&news) {
            notes.line(&again);
        }
        if let Some((done, total)) = layers.take(news) {
            notes.progress(&what, done, total);
        }
    }
}

/// What a pull that failed means. An engine has but one status for most of it, 500, and words.
fn explained(
    connection: &Connection,
    name: &str,
    error: &Error,
    by_workflow: bool,
    with_credentials: bool,
) -> ExecutorError {
    let what = format!("get the image `{name}`");
    let cause = match error {
        Error::DockerStreamError { error } => error.trim().to_owned(),
        Error::RequestTimeoutError => {
            return ExecutorError::Setup {
                what,
                cause: format!(
                    "nothing came of it for minutes: the registry `{}` keeps the engine at {} waiting; try again later",
                    credentials::registry(name),
                    connection.endpoint
                ),
            };
        }
        error if failure::status(error).is_some() => failure::explain(error),
        error => return failure::setup(&what, &connection.endpoint, error),
    };
    let registry = credentials::registry(name);
    let help = match Refusal::of(failure::status(error), &cause) {
        None => {
            return ExecutorError::Setup {
                what,
                cause: format!(
                    "{cause}; the engine could not get it from the registry `{registry}`: look at the network, the \
                     disk and the registry, then run again"
                ),
            };
        }
        Some(Refusal::Name) => "that is no name of an image: `[REGISTRY/]NAME[:TAG]`, in lower case".to_owned(),
        Some(Refusal::Login) if by_workflow => {
            "the registry does not take the `credentials` of the workflow for it: check them, and that their secrets \
             have a value in this run"
                .to_owned()
        }
        Some(Refusal::Login) if with_credentials => format!(
            "the registry does not take the login that Docker keeps for it: `docker login {registry}` with a user who \
             may pull it"
        ),
        Some(Refusal::Login) => format!(
            "the registry wants to know who asks: `docker login {registry}`, or `credentials` beside the image"
        ),
        Some(Refusal::Missing) => format!(
            "check its name and tag; if it is private, `docker login {registry}` first, or give `credentials` beside \
             the image"
        ),
        Some(Refusal::Content) => "the registry has something of that name which this engine cannot use: take another \
             tag or platform"
            .to_owned(),
    };
    ExecutorError::Image {
        image: name.to_owned(),
        cause: format!("{cause}; {help}"),
    }
}

/// An answer of a registry or engine that the workflow can do something about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Name,
    Login,
    Missing,
    Content,
}

impl Refusal {
    /// `None` for whatever else went wrong: then nobody knows whether the image can be had.
    fn of(status: Option<u16>, said: &str) -> Option<Self> {
        let said = said.to_lowercase();
        let says = |signs: &[&str]| signs.iter().any(|sign| said.contains(sign));
        // Too many pulls is a matter of waiting, though the registry speaks of logging in.
        if says(&["toomanyrequests", "too many requests", "rate limit"]) {
            return None;
        }
        if status == Some(400) || says(&["invalid reference format"]) {
            return Some(Self::Name);
        }
        // GitHub's registry has but this word for it, with or without what was asked before it.
        let is_denied = said.lines().any(|line| line.trim().ends_with(": denied"));
        if is_denied
            || matches!(status, Some(401 | 403))
            || says(&[
                "unauthorized",
                "no basic auth credentials",
                "authentication required",
                "incorrect username or password",
                "invalid username/password",
                "http 403",
                "http 401",
                "403 forbidden",
                "denied: access forbidden",
            ])
        {
            return Some(Self::Login);
        }
        if says(&[
            "no matching manifest",
            "unsupported media type",
            "unsupported manifest",
            "unknown media type",
            "missing signature key",
            "invalid manifest",
            "error unmarshalling content",
        ]) {
            return Some(Self::Content);
        }
        if status == Some(404)
            || says(&[
                "manifest unknown",
                "name unknown",
                "repository does not exist",
                "access denied",
                "access to the resource is denied",
            ])
        {
            return Some(Self::Missing);
        }
        None
    }
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
struct Layers {
    bytes: HashMap<String, (u64, u64)>,
    /// Those that the engine waits for until it tries them again.
    waiting: HashSet<String>,
}

impl Layers {
    /// Whether a layer has just broken off, as a sentence. The engine counts the seconds, which nobody needs.
    fn broke_off(&mut self, news: &CreateImageInfo) -> Option<String> {
        let (id, status) = (news.id.as_ref()?, news.status.as_ref()?);
        let Some(wait) = status.strip_prefix("Retrying in ") else {
            self.waiting.remove(id);
            return None;
        };
        self.waiting
            .insert(id.clone())
            .then(|| format!("the layer {id} broke off; the engine tries it again in {wait}"))
    }

    fn take(&mut self, news: CreateImageInfo) -> Option<(u64, Option<u64>)> {
        let (id, status) = (news.id?, news.status?);
        match (status.as_str(), news.progress_detail) {
            ("Downloading", Some(progress)) => {
                let number =
                    |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok()).unwrap_or(0);
                self.bytes
                    .insert(id, (number(progress.current), number(progress.total)));
            }
            ("Download complete" | "Pull complete", _) => {
                let (done, total) = self.bytes.get_mut(&id).map(|(done, total)| (done, *total))?;
                *done = total;
            }
            _ => return None,
        }
        let (done, total) = self
            .bytes
            .values()
            .fold((0, 0), |(d, t), (done, total)| (d + done, t + total));
        Some((done, Some(total).filter(|total| *total > 0)))
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

    fn news(id: &str, status: &str, at: Option<(i64, i64)>) -> CreateImageInfo {
        CreateImageInfo {
            id: Some(id.into()),
            status: Some(status.into()),
            progress_detail: at.map(|(c, t)| ProgressDetail {
                current: Some(c),
                total: Some(t),
            }),
            ..CreateImageInfo::default()
        }
    }

    #[test]
    fn progress_adds_layers_up() {
        let mut layers = Layers::default();
        let mut take = |id: &str, status: &str, at| layers.take(news(id, status, at));
        assert_eq!(take("a", "Pulling fs layer", None), None);
        assert_eq!(take("a", "Downloading", Some((10, 100))), Some((10, Some(100))));
        assert_eq!(take("b", "Downloading", Some((5, 50))), Some((15, Some(150))));
        assert_eq!(take("a", "Download complete", None), Some((105, Some(150))));
    }

    #[test]
    fn a_layer_that_breaks_off_is_told_once() {
        let mut layers = Layers::default();
        let mut broke_off = |status: &str| layers.broke_off(&news("a", status, None)).is_some();
        assert!(broke_off("Retrying in 5 seconds"));
        assert!(!broke_off("Retrying in 4 seconds"));
        assert!(!broke_off("Downloading"));
        assert!(broke_off("Retrying in 10 seconds"));
    }

    #[test]
    fn what_a_registry_answers_is_the_workflows_and_what_it_does_not_the_machines() {
        use Refusal::{Content, Login, Missing, Name};
        for (status, said, meaning) in [
            // As Docker has it, and Podman.
            (
                Some(404),
                "manifest for r/x:latest not found: manifest unknown: manifest unknown",
                Some(Missing),
            ),
            (
                Some(404),
                "pull access denied for x, repository does not exist or may require 'docker login'",
                Some(Missing),
            ),
            (
                None,
                "initializing source docker://r/x:latest: reading manifest latest in r/x: manifest unknown",
                Some(Missing),
            ),
            (
                Some(400),
                "invalid reference format: repository name must be lowercase",
                Some(Name),
            ),
            (
                Some(500),
                "Head \"http://r/v2/x/manifests/latest\": no basic auth credentials",
                Some(Login),
            ),
            (Some(500), "unauthorized: authentication required", Some(Login)),
            (
                Some(500),
                "error parsing HTTP 403 response body: unexpected end of JSON input: \"\"",
                Some(Login),
            ),
            (
                Some(500),
                "Head \"https://ghcr.io/v2/o/i/manifests/latest\": denied",
                Some(Login),
            ),
            (Some(500), "denied: denied", Some(Login)),
            (Some(500), "denied: access forbidden", Some(Login)),
            (
                Some(500),
                "failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token: 403 Forbidden",
                Some(Login),
            ),
            (Some(500), "write /var/lib/docker/tmp/x: permission denied", None),
            (
                None,
                "no matching manifest for linux/amd64 in the manifest list entries",
                Some(Content),
            ),
            (
                Some(500),
                "Get \"http://r/v2/\": dial tcp 127.0.0.1:1: connect: connection refused",
                None,
            ),
            (Some(500), "Get \"http://r/v2/\": EOF", None),
            (
                Some(500),
                "received unexpected HTTP status: 503 Service Unavailable",
                None,
            ),
            (
                Some(500),
                "toomanyrequests: You have reached your pull rate limit. You may increase the limit by \
              authenticating and upgrading",
                None,
            ),
            (None, "unexpected EOF", None),
            (
                None,
                "failed to register layer: write /big: no space left on device",
                None,
            ),
        ] {
            assert_eq!(Refusal::of(status, said), meaning, "{said}");
        }
    }
}
