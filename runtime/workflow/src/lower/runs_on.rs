//! `runs-on` in its three forms: a label, a list of labels, or `{group, labels}`.

use super::context::{Context, Owner, What};
use super::fields::{Fields, read_mapping};
use super::scalars::Empty;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::model::{RunsOn, Template};
use crate::schema::keys::RUNS_ON;
use crate::span::Spanned;
use crate::tree::Kind;
use crate::words::name;

const KEY: &str = "runs-on";

impl Context<'_> {
    /// Where a job wants to run.
    pub(super) fn runs_on(&mut self, fields: &Fields<'_>, owner: &Owner<'_>) -> Option<Spanned<RunsOn>> {
        let node = fields.value(KEY)?;
        let runs_on = match &node.kind {
            Kind::Mapping(mapping) => {
                let owner = owner.part(What::Key(KEY));
                let fields = read_mapping(self, &RUNS_ON, mapping, &owner);
                let group = self.text(&fields, "group", Empty::Refused, &owner);
                if let Some(group) = &group {
                    self.check_group(group, &owner);
                }
                if mapping.entries.is_empty() && !mapping.incomplete {
                    self.report(
                        Diagnostic::new(codes::EMPTY_VALUE, format!("{owner} is empty"))
                            .at(node.span, "`group` or `labels` belongs here"),
                    );
                }
                RunsOn {
                    labels: fields
                        .value("labels")
                        .map_or_else(Vec::new, |labels| self.texts(labels, "labels", &owner)),
                    group,
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

    /// A group is named alone, or behind whose it is.
    fn check_group(&mut self, group: &Spanned<Template>, owner: &Owner<'_>) {
        const OWNERS: &[&str] = &["org", "organization", "ent", "enterprise"];
        let Some((whose, rest)) = group.as_plain().and_then(|text| text.split_once('/')) else {
            return;
        };
        let problem = if !OWNERS.iter().any(|known| known.eq_ignore_ascii_case(whose)) {
            format!("{} says not whose group it is", name(&format!("{whose}/")))
        } else if rest.is_empty() || rest.contains('/') {
            "the name of one group belongs behind the `/`".to_owned()
        } else {
            return;
        };
        self.report(
            Diagnostic::new(
                codes::UNKNOWN_VALUE,
                format!("`group` of {owner} cannot be {}", name(&group.text)),
            )
            .at(group.span, problem)
            .help("write the name of the group, or `organization/NAME` or `enterprise/NAME`"),
        );
    }
}
