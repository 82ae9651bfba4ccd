//! What an action's folder says the action is.

use std::io;
use std::path::Path;

use loom_workflow::model::action::Action;
use loom_workflow::tree::Limits;
use loom_workflow::{LoadedAction, Source};

use super::cache::{self, blocking};
use super::error::ActionError;
use super::store::FetchedAction;
use crate::bounded::{self, Contents};

/// An action that was read.
#[derive(Clone, Debug)]
pub struct ActionDefinition {
    /// What it does.
    pub action: Action,
    /// Its text, under the name that people see; that which stands for a Dockerfile alone, when there is no other.
    pub source: Source,
    /// The SHA-256 of the text, in hexadecimal.
    pub hash: String,
}

/// A called workflow of another repository.
#[derive(Clone, Debug)]
pub struct WorkflowText {
    /// Its text, under the name that people see.
    pub source: Source,
    /// The SHA-256 of the text, in hexadecimal.
    pub hash: String,
}

/// What a folder with nothing but a Dockerfile is, as on GitHub.
const DOCKERFILE: &str =
    "name: Dockerfile\ndescription: A Dockerfile alone\nruns:\n  using: docker\n  image: Dockerfile\n";

/// Reads the action of a folder; `name` is what people know it by.
///
/// # Errors
/// When there is none, or it is wrong; then where and how.
pub async fn read(directory: &Path, name: &str) -> Result<ActionDefinition, ActionError> {
    let (directory, name) = (directory.to_owned(), name.to_owned());
    blocking(move || read_now(&directory, None, &name)).await?
}

/// Reads the action at a path of the workspace, which a job may have written: no link leads out of it.
///
/// # Errors
/// As [`read`], and when the path is not in the workspace.
pub async fn read_local(workspace: &Path, path: &str) -> Result<ActionDefinition, ActionError> {
    let local = FetchedAction {
        reference: path.to_owned(),
        commit: None,
        directory: workspace.to_owned(),
        path: path.replace('\\', "/").trim_start_matches("./").to_owned(),
    };
    read_fetched(&local).await
}

/// Reads the action of what was fetched.
///
/// # Errors
/// As [`read`], and when the path is not in the repository.
pub async fn read_fetched(fetched: &FetchedAction) -> Result<ActionDefinition, ActionError> {
    let fetched = fetched.clone();
    blocking(move || read_now(&fetched.place()?, Some(&fetched.directory), &fetched.reference)).await?
}

/// Reads the workflow of what was fetched.
///
/// # Errors
/// When there is no such file in the repository, or it cannot be read. Whether it is a workflow is found by whoever
/// loads it.
pub async fn read_workflow(fetched: &FetchedAction) -> Result<WorkflowText, ActionError> {
    let fetched = fetched.clone();
    blocking(move || {
        let place = fetched.place()?;
        let source = source(&place, &fetched.reference).map_err(|error| ActionError::PathMissing {
            reference: fetched.reference.clone(),
            path: fetched.path.clone(),
            why: format!(" as a file: {error}"),
        })?;
        Ok(WorkflowText {
            hash: cache::hash(source.text().as_bytes()),
            source,
        })
    })
    .await?
}

/// What is read lies below `root`, where one is given.
fn read_now(directory: &Path, root: Option<&Path>, name: &str) -> Result<ActionDefinition, ActionError> {
    for file in ["action.yml", "action.yaml"] {
        let path = directory.join(file);
        let shown = format!("{name}/{file}");
        let read = match root {
            Some(root) if leads_out(root, &path) => {
                Err(io::Error::other("it is a link that leads out of it"))
            }
            _ => source(&path, &shown),
        };
        match read {
            Ok(source) => return definition(source),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => {
                return Err(ActionError::PathMissing {
                    reference: name.to_owned(),
                    path: file.to_owned(),
                    why: format!(" as a file that can be read: {cause}"),
                });
            }
        }
    }
    for file in ["Dockerfile", "dockerfile"] {
        if directory.join(file).is_file() {
            let text = DOCKERFILE.replace("image: Dockerfile", &format!("image: {file}"));
            return definition(Source::new(format!("{name}/{file}"), text));
        }
    }
    Err(ActionError::NoAction {
        name: name.to_owned(),
    })
}

fn leads_out(root: &Path, path: &Path) -> bool {
    match (root.canonicalize(), path.canonicalize()) {
        (Ok(root), Ok(path)) => !path.starts_with(root),
        _ => false,
    }
}

fn source(path: &Path, shown: &str) -> io::Result<Source> {
    let most = u64::try_from(Limits::default().bytes).unwrap_or(u64::MAX);
    Ok(match bounded::read(path, most)? {
        Contents::Whole(bytes) => Source::from_bytes(shown, bytes),
        Contents::TooLarge(length) => Source::too_large(shown, length),
    })
}

fn definition(source: Source) -> Result<ActionDefinition, ActionError> {
    let LoadedAction { action, diagnostics } = loom_workflow::load_action_unlinted(&source);
    match action {
        Some(action) => Ok(ActionDefinition {
            action,
            hash: cache::hash(source.text().as_bytes()),
            source,
        }),
        None => Err(ActionError::Invalid {
            source_text: Box::new(source),
            diagnostics: Box::new(diagnostics),
        }),
    }
}

#[cfg(test)]
mod tests {
    use loom_workflow::model::action::ActionKind;

    use super::*;

    const COMPOSITE: &str =
        "name: x\nruns:\n  using: composite\n  steps:\n    - run: echo\n      shell: bash\n";

    #[tokio::test]
    async fn an_action_is_a_file_of_two_names_or_a_dockerfile() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let error = read(root, "./none").await.unwrap_err();
        assert!(error.with_help().contains("`./none` is no action"), "{error}");
        std::fs::write(root.join("dockerfile"), "FROM scratch\n").unwrap();
        let image = read(root, "./it").await.unwrap();
        assert!(
            matches!(&image.action.kind, ActionKind::Docker { image, .. } if &*image.value == "dockerfile"),
            "{:?}",
            image.action.kind
        );
        std::fs::write(root.join("action.yaml"), COMPOSITE).unwrap();
        let composite = read(root, "./it").await.unwrap();
        assert!(matches!(&composite.action.kind, ActionKind::Composite { steps } if steps.len() == 1));
        assert_eq!(composite.source.name(), "./it/action.yaml");
        assert_eq!(composite.hash.len(), 64);
        std::fs::write(
            root.join("action.yml"),
            "name: x\ndescription: y\nruns:\n  using: node20\n  main: a.js\n  post: b.js\n  post-if: success()\n",
        )
        .unwrap();
        let node = read(root, "./it").await.unwrap();
        assert!(matches!(&node.action.kind, ActionKind::Node { using, .. } if &*using.value == "node20"));
    }

    #[tokio::test]
    async fn a_local_action_lies_in_the_workspace() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = folder.path().join("workspace");
        std::fs::create_dir_all(workspace.join("a/b")).unwrap();
        std::fs::create_dir_all(workspace.join("common")).unwrap();
        std::fs::create_dir_all(folder.path().join("outside")).unwrap();
        for file in ["workspace/common/action.yml", "outside/action.yml"] {
            std::fs::write(folder.path().join(file), COMPOSITE).unwrap();
        }
        let link = |to: &str, at: &str| std::os::unix::fs::symlink(to, workspace.join(at)).unwrap();
        link("../../common/action.yml", "a/b/action.yml");
        link("../../outside/action.yml", "a/action.yml");
        link("../outside", "out");
        for path in ["./a/b", "./common", ".\\a\\b"] {
            let read = read_local(&workspace, path).await.unwrap();
            assert_eq!(read.source.name(), format!("{path}/action.yml"));
        }
        for path in ["./a", "./out", "./../outside", "./none"] {
            let error = read_local(&workspace, path).await.unwrap_err();
            assert!(
                matches!(error, ActionError::PathMissing { .. }),
                "{path}: {error}"
            );
        }
    }

    #[tokio::test]
    async fn what_is_wrong_is_told_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("action.yml"),
            "name: x\ndescription: y\nruns:\n  using: ruby\n  main: a.rb\n",
        )
        .unwrap();
        let error = read(folder.path(), "o/r@v1").await.unwrap_err();
        assert!(
            error.to_string().starts_with("o/r@v1/action.yml:4:10: "),
            "{error}"
        );
        assert_eq!(error.fault(), super::super::Fault::Workflow);
        std::fs::remove_file(folder.path().join("action.yml")).unwrap();
        std::fs::create_dir(folder.path().join("action.yml")).unwrap();
        let error = read(folder.path(), "o/r@v1").await.unwrap_err();
        assert!(error.to_string().contains("not a regular file"), "{error}");
    }
}
