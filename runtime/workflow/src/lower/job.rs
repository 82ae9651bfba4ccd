//! A job.

use std::collections::HashMap;

use super::context::{Context, Owner};
use super::fields::{read, report_missing};
use super::forms::form_of;
use super::keys::JOB;
use super::scalars::Empty;
use super::triggers::permissions;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::dialect::Dialect;
use crate::model::{Action, Fields, Job, JobId, Step, StepId};
use crate::span::{Span, Spanned};
use crate::tree::{Kind, Node};
use crate::words::name;

impl Context<'_> {
    /// The job under one key of `jobs`.
    pub(super) fn job(&mut self, id: Spanned<JobId>, node: &Node) -> Option<Job> {
        let owner = Owner::new(format!("job {}", name(id.as_str())), Some(id.span));
        self.check_job_id(&id);
        let Some(mapping) = node.as_mapping() else {
            self.not_a_job(&id, node, &owner);
            return None;
        };
        let fields = read(self, &JOB, node, id.as_str(), &owner)?;
        let start = if mapping.entries.is_empty() {
            id.span
        } else {
            node.mark()
        };
        let form = if mapping.incomplete {
            None
        } else {
            form_of(self, &JOB, &fields, start, &owner)
        };
        let wants_runner = self.dialect == Dialect::GitHub && form == Some("steps");
        if wants_runner && !fields.contains("runs-on") {
            report_missing(self, "`runs-on`", start, &owner);
        }
        self.check_fields(&fields, &JOB, &owner);
        let steps = self.steps(&fields, &owner);
        self.check_step_ids(&steps, &owner);
        Some(Job {
            name: self.text(&fields, "name", Empty::Allowed, &owner),
            needs: self.needs(&fields, &owner),
            runs_on: self.runs_on(&fields, &owner),
            permissions: fields
                .get("permissions")
                .and_then(|field| permissions(&field.value)),
            env: self.env(&fields, &owner),
            defaults: self.defaults(&fields, &owner),
            timeout_minutes: self.minutes(&fields, "timeout-minutes", &owner),
            steps,
            uses: self.text(&fields, "uses", Empty::Refused, &owner),
            id,
            fields,
        })
    }

    fn not_a_job(&mut self, id: &Spanned<JobId>, node: &Node, owner: &Owner) {
        if matches!(node.kind, Kind::Invalid) {
            return;
        }
        let (code, message) = if node.is_null() {
            (codes::EMPTY_VALUE, format!("{} is empty", owner.name))
        } else {
            (
                codes::WRONG_TYPE,
                format!("{} must be a mapping, not {}", owner.name, node.describe()),
            )
        };
        let span = if node.is_null() { id.span } else { node.mark() };
        self.report(Diagnostic::new(code, message).at(span, "a job has at least `steps`"));
    }

    fn check_job_id(&mut self, id: &Spanned<JobId>) {
        if let Some(problem) = id.problem() {
            self.report(
                Diagnostic::new(
                    codes::JOB_ID,
                    format!("{} cannot be the id of a job", name(id.as_str())),
                )
                .at(id.span, problem.to_string())
                .help("use `name` for what people read"),
            );
        }
    }

    fn needs(&mut self, fields: &Fields, owner: &Owner) -> Vec<Spanned<JobId>> {
        let Some(field) = fields.get("needs") else {
            return Vec::new();
        };
        self.texts(&field.value, "needs", owner)
            .into_iter()
            .map(|need| need.map(|text| JobId::new(text.text)))
            .collect()
    }

    fn steps(&mut self, fields: &Fields, owner: &Owner) -> Vec<Step> {
        let Some(field) = fields.get("steps") else {
            return Vec::new();
        };
        let Kind::Sequence(items) = &field.value.kind else {
            self.expected(&field.value, "steps", owner, "a list");
            return Vec::new();
        };
        if items.is_empty() {
            self.report(
                Diagnostic::new(codes::EMPTY_VALUE, format!("`steps` of {} is empty", owner.name))
                    .at(field.value.span, "at least one step belongs here"),
            );
        }
        self.step_list(items, owner)
    }

    fn check_step_ids(&mut self, steps: &[Step], owner: &Owner) {
        let mut seen = HashMap::new();
        self.unique_step_ids(steps, &mut seen, owner);
    }

    fn unique_step_ids(&mut self, steps: &[Step], seen: &mut HashMap<StepId, Span>, owner: &Owner) {
        for step in steps {
            if let Some(id) = &step.id {
                if let Some(first) = seen.get(&id.value) {
                    let diagnostic = Diagnostic::new(
                        codes::DUPLICATE_STEP_ID,
                        format!("two steps of {} have the id {}", owner.name, name(id.as_str())),
                    );
                    self.report(
                        diagnostic
                            .at(id.span, "used again here")
                            .related(*first, "first used here")
                            .help("ids are compared without regard to case: rename one of them"),
                    );
                } else {
                    seen.insert(id.value.clone(), id.span);
                }
            }
            if let Action::Parallel(inner) = &step.action {
                self.unique_step_ids(inner, seen, owner);
            }
        }
    }
}
