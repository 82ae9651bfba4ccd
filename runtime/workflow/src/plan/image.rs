//! What a job runs in.

use super::instance::Instance;
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::dialect::Dialect;
use crate::images::{ImageTable, LabelTarget, is_image_name};
use crate::model::Job;
use crate::words::name;

/// What an instance runs in by its labels, where its `container` names nothing: an image of the table, the machine itself,
/// or nothing here. A runner group is nothing here: somebody else keeps its machines.
///
/// There is nothing when the label cannot be the name of an image; the diagnostics say so.
pub fn image_of(
    job: &Job,
    instance: &Instance,
    table: &ImageTable,
    dialect: Dialect,
) -> (Option<LabelTarget>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    if let (true, Some(group)) = (instance.labels.is_empty(), &instance.group) {
        return (Some(LabelTarget::Unmapped(group.to_string())), diagnostics);
    }
    let mapping = table.resolve(instance.labels.iter().map(|label| &**label), dialect);
    match &mapping {
        LabelTarget::Image(image) if !is_image_name(image) => {
            let place = job.runs_on.as_ref().map_or(job.id.span, |runs_on| runs_on.span);
            diagnostics.push(
                Diagnostic::new(
                    codes::IMAGE,
                    format!("{} cannot be the name of an image", name(image)),
                )
                .at(place, "neither in the image table nor an image")
                .help("names of images are lowercase without spaces, e.g. `alpine:latest`"),
            );
            (None, diagnostics)
        }
        _ => (Some(mapping), diagnostics),
    }
}
