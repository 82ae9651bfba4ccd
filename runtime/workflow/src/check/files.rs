//! What an action runs must lie beside its `action.yml`.

use std::sync::Arc;

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expression::is_in;
use crate::model::action::{Action, ActionKind};
use crate::references::{Presence, References};
use crate::span::Spanned;
use crate::words::name;

pub(super) fn check(action: &Action, references: &dyn References, diagnostics: &mut Diagnostics) {
    match &action.kind {
        ActionKind::Node { main, pre, post, .. } => {
            for (key, file) in [
                ("main", Some(main)),
                ("pre", pre.run.as_ref()),
                ("post", post.run.as_ref()),
            ] {
                if let Some(file) = file {
                    exists(key, file, references, diagnostics);
                }
            }
        }
        ActionKind::Docker { image, .. } if is_dockerfile(image) => {
            exists("image", image, references, diagnostics)
        }
        ActionKind::Docker { .. } | ActionKind::Composite { .. } => {}
    }
}

fn exists(key: &str, file: &Spanned<Arc<str>>, references: &dyn References, diagnostics: &mut Diagnostics) {
    if is_in(file) || references.file(file) != Presence::Missing {
        return;
    }
    diagnostics.push(
        Diagnostic::new(
            codes::ACTION_FILE,
            format!("there is no file {}, which is `{key}` of the action", name(file)),
        )
        .at(file.span, "nothing is there")
        .help("paths start at the folder of the `action.yml`"),
    );
}

/// Whether runners take it for a file to build an image from.
fn is_dockerfile(image: &str) -> bool {
    let start = image.get(.."docker://".len());
    if start.is_some_and(|start| start.eq_ignore_ascii_case("docker://")) {
        return false;
    }
    let file = image.rsplit('/').next().unwrap_or_default();
    ["Dockerfile", "dockerfile"].iter().any(|word| {
        let rest = file.strip_prefix(word);
        file.ends_with(word) || rest.is_some_and(|rest| rest.starts_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_to_build_from_are_told_by_their_names() {
        for (image, file) in [
            ("Dockerfile", true),
            ("./Dockerfile", true),
            ("a/b/dockerfile", true),
            ("Dockerfile.alpine", true),
            ("alpine.Dockerfile", true),
            ("docker://x/Dockerfile", false),
            ("DOCKER://alpine", false),
            ("alpine:3", false),
            ("Dockerfile/", false),
            ("", false),
        ] {
            assert_eq!(is_dockerfile(image), file, "{image}");
        }
    }
}
