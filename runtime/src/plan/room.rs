//! Where a job runs.

use indexmap::IndexMap;
use loom_workflow::{ContainerPlan, Dialect, ImageTable, Instance, LabelTarget};

use crate::event::{Reason, RunOptions};
use crate::executor::{ContainerSpec, RegistryLogin, RoomSpec};
use crate::secret::Secret;

/// The image of each label: the built-in table with what was chosen over it.
pub(crate) fn images(options: &RunOptions) -> ImageTable {
    options
        .images
        .iter()
        .fold(ImageTable::new(), |table, (label, image)| {
            table.with_override(label, image)
        })
}

/// The room of a job, or why nothing runs it.
pub(super) fn room(instance: &Instance, dialect: Dialect, options: &RunOptions) -> Result<RoomSpec, Reason> {
    if let Some(container) = &instance.container {
        return Ok(RoomSpec::Container(container_spec(container)));
    }
    let labels = instance.labels.iter().map(|label| &**label);
    match images(options).resolve_runner(labels, instance.group.as_deref(), dialect) {
        _ if options.on_host => Ok(RoomSpec::Host),
        LabelTarget::Host => Ok(RoomSpec::Host),
        LabelTarget::Image(image) => Ok(RoomSpec::Image(image)),
        LabelTarget::Unmapped(label) => Err(Reason::new(
            "unmapped-label",
            format!("no image is known for the label `{label}`"),
        )),
    }
}

pub(super) fn services(instance: &Instance) -> IndexMap<String, ContainerSpec> {
    let services = instance.services.iter();
    services
        .map(|(name, plan)| (name.to_string(), container_spec(plan)))
        .collect()
}

fn container_spec(plan: &ContainerPlan) -> ContainerSpec {
    ContainerSpec {
        image: plan.image.clone(),
        login: plan.login.as_ref().map(|login| RegistryLogin {
            username: login.username.clone(),
            password: Secret::new(login.password.as_str()),
        }),
        env: plan.env.clone(),
        ports: plan.ports.clone(),
        volumes: plan.volumes.clone(),
        options: plan.options.clone(),
        entrypoint: plan.entrypoint.clone(),
        command: plan.command.clone(),
    }
}
