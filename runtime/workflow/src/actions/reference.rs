//! How a step names the action it uses.

use thiserror::Error;

/// The action that a step uses, by the text of `uses`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActionReference<'a> {
    /// `./path`: a folder of the workspace.
    Local(&'a str),
    /// `docker://image`.
    Image(&'a str),
    /// `owner/repository[/path]@version`.
    Public {
        /// Owner, repository and path.
        name: &'a str,
        /// A tag, a branch or a commit.
        version: &'a str,
    },
}

/// What is wrong with the text of `uses`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum Form {
    #[error("there is no version behind an `@`")]
    Version,
    #[error("the owner of the repository is missing")]
    Owner,
    #[error("no name of an image")]
    Image,
    #[error("a part of the name is empty")]
    Part,
}

impl<'a> ActionReference<'a> {
    /// Reads the text of `uses`.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Form> {
        if let Some(image) = text.strip_prefix("docker://") {
            return if image.trim().is_empty() {
                Err(Form::Image)
            } else {
                Ok(Self::Image(image))
            };
        }
        if text == "." || text.starts_with("./") || text.starts_with(".\\") || text.starts_with("../") {
            return Ok(Self::Local(text));
        }
        let (name, version) = match text.split_once('@') {
            Some((name, version)) if !version.is_empty() => (name, version),
            _ if !text.contains('/') => return Err(Form::Owner),
            _ => return Err(Form::Version),
        };
        let mut parts = name.split(['/', '\\']);
        let (owner, repository) = (parts.next(), parts.next());
        match (owner, repository) {
            (_, None) => Err(Form::Owner),
            (Some(""), _) | (_, Some("")) => Err(Form::Part),
            _ => Ok(Self::Public { name, version }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        for (text, want) in [
            ("./a/b", Ok(ActionReference::Local("./a/b"))),
            ("./a@b", Ok(ActionReference::Local("./a@b"))),
            ("docker://alpine:3", Ok(ActionReference::Image("alpine:3"))),
            (
                "actions/cache/restore@v4",
                Ok(ActionReference::Public {
                    name: "actions/cache/restore",
                    version: "v4",
                }),
            ),
            ("actions/checkout", Err(Form::Version)),
            ("actions/checkout@", Err(Form::Version)),
            ("checkout@v4", Err(Form::Owner)),
            ("checkout", Err(Form::Owner)),
            ("/checkout@v4", Err(Form::Part)),
            ("docker://", Err(Form::Image)),
        ] {
            assert_eq!(ActionReference::parse(text), want, "{text}");
        }
    }
}
