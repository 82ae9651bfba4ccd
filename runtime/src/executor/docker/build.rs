//! Builds the image of a container action through the engine's API, with the classic builder that every engine has.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::query_parameters::{
    BuildImageOptionsBuilder, ListImagesOptionsBuilder, RemoveImageOptionsBuilder,
};
use futures_util::StreamExt as _;
use tokio::time::Instant;

use super::engine::Connection;
use super::ignore::Ignore;
use super::marks::{DIRECTORY, INSTANCE, Kind, Marks, NAME, RUN};
use super::{archive, container, credentials, dockerfile, failure, transfer};
use crate::bounded::{self, Contents};
use crate::executor::channel::blocking;
use crate::executor::{ExecutorError, Notes};

/// Lines of a failed build that are told with the error.
const LAST: usize = 20;

/// How long an image may be in use by a build that was broken off.
const BUSY: Duration = Duration::from_secs(10);

/// A Dockerfile, and a file of what stays out of its folder, is no larger.
const LARGEST: u64 = 1024 * 1024;

/// The name of the image in the engine; one a build.
fn fresh_name() -> String {
    format!("loom-build/{}:latest", uuid::Uuid::new_v4().simple())
}

/// What finds the image again, and its layers; no more, as the builder may take a step for each.
fn labels(marks: &Marks) -> BTreeMap<String, String> {
    let labels = marks.labels(Kind::Image).into_iter();
    labels
        .filter(|(label, _)| [INSTANCE, RUN, NAME, DIRECTORY].contains(&label.as_str()))
        .collect()
}

/// Builds, and answers the image's name.
pub(super) async fn build(
    connection: &Connection,
    marks: &Marks,
    context: PathBuf,
    dockerfile: PathBuf,
    notes: &dyn Notes,
) -> Result<String, ExecutorError> {
    let what = format!("build the image of `{}`", context.display());
    let failed = |cause: String| ExecutorError::workflow(what.clone(), cause);
    let whole = if dockerfile.is_absolute() {
        dockerfile
    } else {
        context.join(dockerfile)
    };
    let inner = whole
        .strip_prefix(&context)
        .ok()
        .and_then(Path::to_str)
        .map(|path| path.trim_start_matches("./").to_owned())
        .ok_or_else(|| failed(format!("`{}` is not in that folder", whole.display())))?;
    let (top, file) = (context.clone(), whole.clone());
    let (text, real) = blocking(move || {
        let text = read_inside(&top, &file)?;
        // It may be a link to another file of the folder.
        Ok::<_, io::Error>((text, path_inside(&top, &file)?))
    })
    .await?
    .map_err(|error| failed(format!("`{}` cannot be read: {error}", whole.display())))?;
    let name = fresh_name();
    let options = BuildImageOptionsBuilder::new()
        .dockerfile(&inner)
        .t(&name)
        .rm(true)
        .forcerm(true);
    let labels = labels(marks);
    let marked = dockerfile::with_labels(&text, &labels).zip(real);
    let options = match &marked {
        Some(_) => options,
        None => options.labels(&labels.into_iter().collect::<HashMap<_, _>>()),
    };
    let options = options.build();
    let (body, packing) = transfer::packed(move |out| {
        let instead = marked.as_ref().map(|(text, path)| archive::Instead {
            path,
            content: text.as_bytes(),
        });
        pack(&context, &inner, instead, out)
    });
    let logins = logins(&text).await;
    let docker = connection.for_uploads();
    let mut stream =
        Box::pin(docker.build_image(options, Some(logins), Some(bollard::body_try_stream(body))));
    let mut last: Vec<String> = Vec::new();
    let mut outcome = Ok(());
    let mut broke = None;
    while let Some(news) = stream.next().await {
        match news {
            Ok(news) => {
                let said = news
                    .stream
                    .or(news.status.filter(|_| news.progress_detail.is_none()));
                for line in said
                    .iter()
                    .flat_map(|text| text.lines())
                    .filter(|line| !line.trim().is_empty())
                {
                    notes.line(line);
                    last.push(line.to_owned());
                }
                if last.len() > 4 * LAST {
                    last.drain(..last.len() - LAST);
                }
                if let Some(error) = news.error_detail {
                    outcome = Err(error.message.unwrap_or_else(|| "it failed".to_owned()));
                }
            }
            Err(bollard::errors::Error::DockerStreamError { error }) => outcome = Err(error),
            Err(error) if failure::status(&error).is_none() => {
                broke = Some(error);
                break;
            }
            Err(error) => outcome = Err(failure::explain(&error)),
        }
    }
    // A folder that could not be read broke the build off; that is why. Else it was the engine.
    drop(stream);
    match packing.await {
        Ok(Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => outcome = Err(error.to_string()),
        _ => {
            if let Some(error) = broke {
                return Err(failure::setup(&what, &connection.endpoint, &error));
            }
        }
    }
    match outcome {
        Ok(()) => Ok(name),
        Err(cause) => {
            let from = last.len().saturating_sub(LAST);
            let lines = last.get(from..).unwrap_or_default().join("\n");
            let behind = if lines.is_empty() {
                String::new()
            } else {
                format!("; its last lines:\n{lines}")
            };
            let cause = cause.trim();
            if is_the_engines(cause) {
                let help = "make room there (`docker system prune` helps), then run again";
                let cause = format!(
                    "{cause}; the disk of the engine at {} is full: {help}{behind}",
                    connection.endpoint
                );
                return Err(ExecutorError::Setup { what, cause });
            }
            Err(failed(format!("{cause}{behind}")))
        }
    }
}

/// Whether a build failed for want of room, which is no mistake of the Dockerfile: what one of its commands finds is told as
/// the command's exit code.
fn is_the_engines(cause: &str) -> bool {
    cause.contains("no space left on device")
}

/// Packs the folder but for what is to be left out.
fn pack(
    context: &Path,
    dockerfile: &str,
    instead: Option<archive::Instead<'_>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    // A file of the Dockerfile's own comes first.
    let mut ignore = Ignore::default();
    for name in [&format!("{dockerfile}.dockerignore"), ".dockerignore"] {
        match read_inside(context, &context.join(name)) {
            Ok(text) => {
                ignore = Ignore::parse(&text);
                break;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(io::Error::new(
                    error.kind(),
                    format!("`{name}` cannot be read: {error}"),
                ));
            }
        }
    }
    let mut always = vec![dockerfile, ".dockerignore"];
    always.extend(instead.as_ref().map(|instead| instead.path));
    archive::pack(context, &ignore, &always, instead.as_ref(), out)
}

/// Where a file of the folder really is in it, past all links; none where that cannot be written.
fn path_inside(context: &Path, file: &Path) -> io::Result<Option<String>> {
    let (top, real) = (context.canonicalize()?, file.canonicalize()?);
    let inner = real.strip_prefix(top).ok().and_then(Path::to_str);
    Ok(inner.map(str::to_owned))
}

/// Reads a file of the folder that an image is built from. What is in it is a stranger's: a link may lead to whatever the
/// caller can read, or to what never ends.
fn read_inside(context: &Path, file: &Path) -> io::Result<String> {
    let (top, real) = (context.canonicalize()?, file.canonicalize()?);
    if !real.starts_with(top) {
        let cause = "it leads out of the folder that the image is built from";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, cause));
    }
    match bounded::read(&real, LARGEST)? {
        Contents::Whole(bytes) => {
            String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
        }
        Contents::TooLarge(_) => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is larger than 1 MiB",
        )),
    }
}

/// Who this user is at the registries of the images that a Dockerfile begins with.
async fn logins(dockerfile: &str) -> HashMap<String, bollard::auth::DockerCredentials> {
    let mut all = HashMap::new();
    for line in dockerfile.lines() {
        let mut words = line.split_whitespace();
        if !words.next().is_some_and(|word| word.eq_ignore_ascii_case("from")) {
            continue;
        }
        let image = words.find(|word| !word.starts_with("--"));
        if let Some(image) = image.filter(|image| !image.contains('$'))
            && let Some(found) = credentials::for_image(image).await
        {
            all.insert(found.serveraddress.clone().unwrap_or_default(), found);
        }
    }
    all
}

/// The job whose an image is, by its resource name. The builder adds labels one by one in the order of their names: what a
/// build that broke off leaves has but the first of them.
pub(super) fn job_of(labels: &HashMap<String, String>) -> Option<&str> {
    let name = labels.get(NAME).map(String::as_str);
    name.or_else(|| Path::new(labels.get(DIRECTORY)?).file_name()?.to_str())
}

/// Whether an image is that of these labels, `name=value` each, or what is left of one that was to have them.
fn is_of(labels: &HashMap<String, String>, wanted: &[String]) -> bool {
    labels.contains_key(DIRECTORY)
        && wanted.iter().all(|label| match label.split_once('=') {
            Some((NAME, name)) => job_of(labels) == Some(name),
            Some((label, value)) => labels.get(label).is_none_or(|found| found == value),
            None => false,
        })
}

/// Removes the images that carry these labels, or would have if their build had not broken off; whether there were any. What
/// they were built from stays.
pub(super) async fn remove_labelled(
    connection: &Connection,
    labels: Vec<String>,
) -> Result<bool, ExecutorError> {
    // One for the engine, all of them here: Podman 4 finds no image by two labels that it has, and the first is the one that
    // what is left of a build has.
    let filters = HashMap::from([("label".to_owned(), vec![DIRECTORY.to_owned()])]);
    let list = ListImagesOptionsBuilder::new()
        .all(false)
        .filters(&filters)
        .build();
    let deadline = Instant::now() + BUSY;
    let mut any = false;
    loop {
        let found = failure::settled(|| connection.docker.list_images(Some(list.clone()))).await;
        let found = found.map_err(|error| failure::setup("look for images", &connection.endpoint, &error))?;
        let mut is_busy = false;
        for image in found.into_iter().filter(|image| is_of(&image.labels, &labels)) {
            any = true;
            let options = RemoveImageOptionsBuilder::new().force(true).build();
            let removing = connection.docker.remove_image(&image.id, Some(options), None);
            match removing.await {
                Ok(_) => {}
                Err(error) if failure::is_missing(&error) => {}
                // A build that was broken off a moment ago still has it.
                Err(error) if container::is_busy(&error) && Instant::now() < deadline => is_busy = true,
                Err(error) => {
                    return Err(failure::cleanup(
                        &format!("the image {}", image.id),
                        &connection.endpoint,
                        &error,
                    ));
                }
            }
        }
        if !is_busy {
            return Ok(any);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_a_build_that_broke_off_leaves_is_its_jobs() {
        let labels = |pairs: &[(&str, &str)]| -> HashMap<String, String> {
            let owned = pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            owned.collect()
        };
        let directory = (DIRECTORY, "/state/jobs/loom-r-a-1");
        let wanted = [format!("{INSTANCE}=i"), format!("{NAME}=loom-r-a-1")];
        for (pairs, is) in [
            (&[directory][..], true),
            (&[directory, (INSTANCE, "i")], true),
            (&[directory, (INSTANCE, "other")], false),
            (&[directory, (INSTANCE, "i"), (NAME, "loom-r-a-1")], true),
            (&[directory, (INSTANCE, "i"), (NAME, "loom-r-a-2")], false),
            (&[(DIRECTORY, "/state/jobs/loom-r-a-2")], false),
            (&[(INSTANCE, "i")], false),
            (&[], false),
        ] {
            assert_eq!(is_of(&labels(pairs), &wanted), is, "{pairs:?}");
        }
        let mut sorted = [DIRECTORY, INSTANCE, NAME, RUN];
        sorted.sort_unstable();
        assert_eq!(sorted[0], DIRECTORY, "the builder adds it first");
    }

    #[test]
    fn a_disk_of_the_engines_is_told_from_a_command_that_failed() {
        for (cause, engines) in [
            (
                "mkdir /data/tmp/docker-builder4072652695: no space left on device",
                true,
            ),
            (
                "Error processing tar file(exit status 1): write /big: no space left on device",
                true,
            ),
            (
                "The command '/bin/sh -c cat x >/dev/full' returned a non-zero code: 1",
                false,
            ),
        ] {
            assert_eq!(is_the_engines(cause), engines, "{cause}");
        }
    }

    #[test]
    fn a_file_that_leads_out_of_the_folder_or_never_ends_is_refused() {
        let temporary = tempfile::tempdir().unwrap();
        let context = temporary.path().join("context");
        std::fs::create_dir(&context).unwrap();
        std::fs::write(temporary.path().join("outside"), "FROM a\n").unwrap();
        std::fs::write(context.join("plain"), "FROM a\n").unwrap();
        std::fs::write(context.join("large"), vec![b'x'; 1024 * 1024 + 1]).unwrap();
        symlink("plain", context.join("inside")).unwrap();
        symlink("/dev/zero", context.join("endless")).unwrap();
        symlink("../outside", context.join("out")).unwrap();
        for (name, said) in [
            ("plain", None),
            ("inside", None),
            ("endless", Some("leads out")),
            ("out", Some("leads out")),
            ("../outside", Some("leads out")),
            ("large", Some("1 MiB")),
        ] {
            match (read_inside(&context, &context.join(name)), said) {
                (Ok(text), None) => assert_eq!(text, "FROM a\n", "{name}"),
                (Err(error), Some(said)) => assert!(error.to_string().contains(said), "{name}: {error}"),
                other => panic!("{name}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_is_left_out_is_read_of_the_folder_alone() {
        let temporary = tempfile::tempdir().unwrap();
        std::fs::write(temporary.path().join("Dockerfile"), "FROM a\n").unwrap();
        let mut none = Vec::new();
        pack(temporary.path(), "Dockerfile", None, &mut none).unwrap();
        symlink("/dev/zero", temporary.path().join(".dockerignore")).unwrap();
        let error = pack(temporary.path(), "Dockerfile", None, &mut Vec::new()).unwrap_err();
        assert!(
            error.to_string().contains("`.dockerignore` cannot be read"),
            "{error}"
        );
    }
}
