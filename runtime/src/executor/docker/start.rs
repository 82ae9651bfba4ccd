//! What the container of an action starts.

use super::image::Image;
use crate::executor::ExecutorError;

/// What an image starts: its entry point with the arguments, or its command; as `docker run` puts them together.
pub(super) fn line(
    image: &Image,
    entrypoint: Option<String>,
    arguments: Vec<String>,
    name: &str,
) -> Result<(Vec<String>, Vec<String>), ExecutorError> {
    let given = entrypoint.filter(|entrypoint| !entrypoint.is_empty());
    let mut line = match &given {
        Some(entrypoint) => vec![entrypoint.clone()],
        None => image.entrypoint.clone(),
    };
    if arguments.is_empty() && given.is_none() {
        line.extend(image.command.iter().cloned());
    } else {
        line.extend(arguments);
    }
    let mut line = line.into_iter();
    match line.next() {
        Some(program) => Ok((vec![program], line.collect())),
        None => Err(ExecutorError::workflow(
            format!("run the image `{name}`"),
            "it has neither an entry point nor a command, and the action names none",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_start_as_docker_run_has_it() {
        let image = |entrypoint: &[&str], command: &[&str]| Image {
            entrypoint: entrypoint.iter().map(ToString::to_string).collect(),
            command: command.iter().map(ToString::to_string).collect(),
            ..Image::default()
        };
        let joined = |image: &Image, entrypoint: Option<&str>, arguments: &[&str]| {
            let arguments = arguments.iter().map(ToString::to_string).collect();
            let (mut programs, rest) = line(image, entrypoint.map(str::to_owned), arguments, "x").unwrap();
            programs.extend(rest);
            programs.join(" ")
        };
        let both = image(&["/entry", "-x"], &["cmd"]);
        assert_eq!(joined(&both, None, &[]), "/entry -x cmd");
        assert_eq!(joined(&both, None, &["a", "b"]), "/entry -x a b");
        assert_eq!(joined(&both, Some("/other"), &[]), "/other");
        assert_eq!(joined(&image(&[], &["sh", "-c"]), None, &[]), "sh -c");
        assert!(line(&image(&[], &[]), None, Vec::new(), "x").is_err());
    }
}
