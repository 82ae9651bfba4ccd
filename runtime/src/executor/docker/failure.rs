//! The engine's errors in our words.

use std::time::Duration;

use bollard::errors::Error;

use crate::executor::ExecutorError;

/// How often an engine that stumbles is asked again.
const TRIES: u32 = 20;

/// What passes between.
const PAUSE: Duration = Duration::from_millis(50);

/// What an error says, with its causes but without what is said twice.
pub(super) fn explain(error: &Error) -> String {
    if let Error::DockerResponseServerError { message, .. } = error {
        return message.trim().to_owned();
    }
    // The library's own words for it ("error in the hyper legacy client") tell nobody anything: what they are about does.
    let library = matches!(
        error,
        Error::HyperLegacyError { .. } | Error::HyperResponseError { .. } | Error::HttpClientError { .. }
    );
    let mut said = if library { String::new() } else { error.to_string() };
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        let text = next.to_string();
        if !text.contains("legacy client") && !text.contains("client error") && !said.contains(&text) {
            said = if said.is_empty() {
                text
            } else {
                format!("{said}: {text}")
            };
        }
        cause = next.source();
    }
    if said.is_empty() {
        "the connection to it broke".to_owned()
    } else {
        said
    }
}

/// The status code of an answer, where there was one.
pub(super) fn status(error: &Error) -> Option<u16> {
    match error {
        Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

/// Whether the engine answered that there is no such thing.
pub(super) fn is_missing(error: &Error) -> bool {
    status(error) == Some(404)
}

/// Whether the engine tells of something that is just changing, in a word that Docker does not have: Podman's `stopped`, for
/// a container that has ended and was not put away yet. It passes.
pub(super) fn is_between(error: &Error) -> bool {
    match error {
        Error::JsonDataError { message, .. } => message.contains("unknown variant"),
        _ => false,
    }
}

/// Whether the engine finds something wrong in what was asked for; Podman says with a status of its own faults that two
/// things are to be mounted at one place.
pub(super) fn is_refusal(error: &Error) -> bool {
    status(error) == Some(400)
        || status(error) == Some(500) && explain(error).contains("duplicate mount destination")
}

/// Whether links of a container lead round in a circle. The engines have no status of their own for that: the first is
/// Docker's word, the second the system's.
pub(super) fn is_circle(error: &Error) -> bool {
    let said = explain(error);
    status(error).is_some()
        && (said.contains("too many links in") || said.contains("too many levels of symbolic links"))
}

/// Whether a name is taken; Podman has no status of its own for that.
pub(super) fn is_taken(error: &Error) -> bool {
    status(error) == Some(409) || status(error) == Some(500) && explain(error).contains("is already in use")
}

/// Whether the engine stumbled over something that came or went while it looked: Podman goes through what there is (images of
/// a list, volumes, the interfaces of the machine before it makes a network) without holding it, and answers with an error of
/// its own. Asked again, it finds its way.
fn is_passing(error: &Error) -> bool {
    let signs = [
        "already exists",
        "image not known",
        "no such volume",
        "network not found",
        "no such network interface",
    ];
    let said = || explain(error);
    is_between(error) || status(error) == Some(500) && signs.iter().any(|sign| said().contains(sign))
}

/// Asks the engine until it does not stumble any more, a few times.
///
/// # Errors
/// What it says then.
pub(super) async fn settled<T, Answer>(ask: impl Fn() -> Answer) -> Result<T, Error>
where
    Answer: Future<Output = Result<T, Error>>,
{
    for _ in 0..TRIES {
        match ask().await {
            Err(error) if is_passing(&error) => tokio::time::sleep(PAUSE).await,
            answer => return answer,
        }
    }
    ask().await
}

/// What could not be done, as an error of a session's making; an engine that does not answer at all is told apart.
pub(super) fn setup(what: &str, endpoint: &str, error: &Error) -> ExecutorError {
    if is_no_answer(error) {
        return unreachable(endpoint, explain(error));
    }
    ExecutorError::Setup {
        what: what.to_owned(),
        cause: explain(error),
    }
}

/// What could not be removed; an engine that does not answer at all is told apart.
pub(super) fn cleanup(what: &str, endpoint: &str, error: &Error) -> ExecutorError {
    if is_no_answer(error) {
        let cause = explain(error);
        let left = "may be left there, and is removed by the next start that finds it answering";
        return unreachable(endpoint, format!("{cause}; {what} {left}"));
    }
    ExecutorError::Cleanup {
        what: what.to_owned(),
        cause: explain(error),
    }
}

/// The engine does not answer; what to do depends on how.
pub(super) fn unreachable(endpoint: &str, cause: String) -> ExecutorError {
    let help = if cause.contains("ermission denied") {
        "this user may not talk to the engine: join its group (`sudo usermod -aG docker $USER`, then log in again), \
         use rootless Docker, or run without Docker by `--executor host`"
    } else if cause.contains("onnection refused") && !endpoint.starts_with("unix") {
        "nobody listens there: is the address in DOCKER_HOST right, and does that engine listen on it? Or run without \
         Docker by `--executor host`"
    } else if cause.contains("onnection refused") {
        "the socket is there but nobody listens: start the engine (`sudo systemctl start docker`), or run without \
         Docker by `--executor host`"
    } else {
        "is Docker installed and running? Start it (`sudo systemctl start docker`), name its address in DOCKER_HOST, or \
         run without Docker by `--executor host`"
    };
    ExecutorError::Unreachable {
        endpoint: endpoint.to_owned(),
        cause,
        help: help.to_owned(),
    }
}

fn is_no_answer(error: &Error) -> bool {
    matches!(
        error,
        Error::HyperLegacyError { .. }
            | Error::HyperResponseError { .. }
            | Error::IOError { .. }
            | Error::SocketNotFoundError(_)
            | Error::RequestTimeoutError
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_lead_round_in_a_circle_are_told_from_the_engines_own_faults() {
        for (message, circle) in [
            ("evalSymlinksInScope: too many links in /w/action.yml", true),
            ("lstat /w/action.yml: too many levels of symbolic links", true),
            ("too many open files", false),
        ] {
            let error = Error::DockerResponseServerError {
                status_code: 500,
                message: message.to_owned(),
            };
            assert_eq!(is_circle(&error), circle, "{message}");
        }
    }

    #[test]
    fn what_was_asked_for_is_told_from_the_engines_own_faults() {
        for (status_code, message, refused) in [
            (400, "Duplicate mount point: /loom/job", true),
            (
                500,
                "fill out specgen: /loom/job: duplicate mount destination",
                true,
            ),
            (500, "no space left on device", false),
            (409, "duplicate mount destination", false),
        ] {
            let error = Error::DockerResponseServerError {
                status_code,
                message: message.to_owned(),
            };
            assert_eq!(is_refusal(&error), refused, "{status_code} {message}");
        }
    }

    fn answered(status_code: u16, message: &str) -> Error {
        Error::DockerResponseServerError {
            status_code,
            message: message.to_owned(),
        }
    }

    #[test]
    fn what_passes_is_told_from_what_stays() {
        for (status_code, message, passes) in [
            (
                500,
                "volume with name data already exists: volume already exists",
                true,
            ),
            (
                500,
                "reading image \"8d\": locating image with ID \"8d\": image not known",
                true,
            ),
            (500, "route ip+net: no such network interface", true),
            (500, "no space left on device", false),
            (
                409,
                "a volume named data already exists with another driver",
                false,
            ),
            (404, "image not known", false),
        ] {
            let error = answered(status_code, message);
            assert_eq!(is_passing(&error), passes, "{status_code} {message}");
        }
    }

    #[tokio::test]
    async fn an_engine_that_stumbles_is_asked_again_and_not_for_ever() {
        let asked = std::cell::Cell::new(0);
        let stumbles = |until: u32| {
            asked.set(asked.get() + 1);
            let answer = if asked.get() > until {
                Ok(())
            } else {
                Err(answered(500, "image not known"))
            };
            std::future::ready(answer)
        };
        assert!(settled(|| stumbles(2)).await.is_ok());
        assert_eq!(asked.replace(0), 3);
        assert!(settled(|| stumbles(u32::MAX)).await.is_err());
        assert_eq!(asked.replace(0), TRIES + 1);
        let full = || {
            asked.set(asked.get() + 1);
            std::future::ready(Err::<(), _>(answered(500, "no space left on device")))
        };
        assert!(settled(full).await.is_err());
        assert_eq!(asked.get(), 1);
    }
}
