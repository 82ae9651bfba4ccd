//! `runs-on` in its three forms: a label, a list of labels, or `{group, labels}`.

use super::context::{Context, Owner, What};
use super::fields::read_mapping;
use super::keys::RUNS_ON;
use super::scalars::Empty;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::model::{Fields, RunsOn};
use crate::span::Spanned;
use crate::tree::Kind;

const KEY: &str = "runs-on";

impl Context<'_> {
    /// Where a job wants to run.
    pub(super) fn runs_on(&mut self, fields: &Fields, owner: &Owner<'_>) -> Option<Spanned<RunsOn>> {
        let node = &fields.get(KEY)?.value;
        let runs_on = match &node.kind {
            Kind::Mapping(mapping) => {
                let owner = owner.part(What::Key(KEY));
                let fields = read_mapping(self, &RUNS_ON, mapping, &owner);
                RunsOn {
                    labels: fields
                        .get("labels")
                        .map_or_else(Vec::new, |field| self.texts(&field.value, "labels", &owner)),
                    group: self.text(&fields, "group", Empty::Refused, &owner),
                }
            }
            Kind::Sequence(items) if items.is_empty() => {
                self.report(
                    Diagnostic::new(codes::EMPTY_VALUE, format!("`{KEY}` of {} is empty", owner))
                        .at(node.span, "a label belongs here"),
                );
                return None;
            }
            _ => RunsOn {
                labels: self.texts(node, KEY, owner),
                group: None,
            },
        };
        Some(Spanned::new(runs_on, node.span))
    }
}
