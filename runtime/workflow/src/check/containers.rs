//! Containers: they have an image, and passwords do not belong into the file.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Container, Literal, Workflow};

pub(super) fn check(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    for job in workflow.jobs.values() {
        for container in job.containers() {
            password(container, diagnostics);
        }
    }
}

fn password(container: &Container, diagnostics: &mut Diagnostics) {
    let Some(Literal::Value(credentials)) = container.credentials.as_deref() else {
        return;
    };
    let Some(password) = &credentials.password else {
        return;
    };
    if password.as_plain().is_none() {
        return;
    }
    diagnostics.push(
        Diagnostic::new(codes::PASSWORD, "the password is written in the file")
            .at(
                password.span,
                "everybody who can read the repository can read this",
            )
            .help("store it as a secret and write `${{ secrets.NAME }}`; change the password, it is known"),
    );
}
