//! A job.

use std::collections::HashMap;

use super::context::{Context, Owner, Wanted, What};
use super::fields::{Fields, is_misspelt, read, report_missing};
use super::forms::form_of;
use super::scalars::Empty;
use super::triggers::permissions;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::dialect::Dialect;
use crate::model::{Job, JobId, NamedMap, Secrets, Step, StepAction, StepId};
use crate::schema::keys::JOB;
use crate::span::{Span, Spanned};
use crate::tree::{Kind, Node};
use crate::words::name;

impl Context<'_> {
    /// The job under one key of `jobs`.
    pub(super) fn job(&mut self, id: Spanned<JobId>, written: &Node) -> Option<Job> {
        let owner = Owner::new(What::Named("job", id.as_str()), Some(id.span));
        self.check_job_id(&id);
        let Some(mapping) = written.as_mapping() else {
            self.not_a_job(&id, written, &owner);
            return None;
        };
        let fields = read(self, &JOB, written, id.as_str(), &owner)?;
        let start = if mapping.entries.is_empty() {
            id.span
        } else {
            written.mark()
        };
        // GitHub's readers take a job that has nothing to do, as long as it says where; a lint is about it.
        let idle = fields.contains("runs-on")
            && ["steps", "uses", "with", "secrets"]
                .iter()
                .all(|key| !fields.contains(key) && !is_misspelt(mapping, &JOB, key));
        if idle && !mapping.incomplete {
            self.nothing_to_do(&id, &fields);
        }
        let form = if mapping.incomplete || idle {
            None
        } else {
            form_of(self, &JOB, mapping, &fields, start, &owner)
        };
        let wants_runner = self.dialect == Dialect::GitHub && form == Some("steps");
        if wants_runner && !fields.contains("runs-on") && !is_misspelt(mapping, &JOB, "runs-on") {
            report_missing(self, "`runs-on`", start, &owner);
        }
        self.check_fields(&fields, &JOB, &owner);
        let steps = self.steps(&fields, &owner);
        self.check_step_ids(&steps, &owner);
        let written_steps = fields.value("steps").and_then(Node::as_sequence);
        Some(Job {
            name: self.text(&fields, "name", Empty::Allowed, &owner),
            needs: self.needs(&fields, &owner),
            condition: fields.value("if").and_then(|node| self.condition(node)),
            strategy: self.strategy(&fields),
            runs_on: self.runs_on(&fields, &owner),
            container: self.container(&fields),
            services: self.services(&fields),
            permissions: fields.value("permissions").and_then(permissions),
            concurrency: self.concurrency(&fields),
            environment: self.environment(&fields),
            outputs: self.named_texts(fields.value("outputs")),
            env: self.env(&fields, &owner),
            defaults: self.defaults(&fields, &owner),
            timeout_minutes: self.minutes(&fields, "timeout-minutes", &owner),
            cancel_timeout_minutes: self.checked_minutes(&fields, "cancel-timeout-minutes"),
            continue_on_error: fields
                .value("continue-on-error")
                .and_then(|node| self.boolean(node)),
            snapshot: self.snapshot(&fields),
            retry: self.retry(&fields, &owner),
            has_unread_steps: written_steps.is_some_and(|written| written.len() != steps.len()),
            steps,
            uses: self.text(&fields, "uses", Empty::Refused, &owner),
            with: self.named_scalars(fields.value("with")),
            secrets: self.secrets(&fields),
            id,
            keys: fields.keys(),
        })
    }

    /// GitHub's readers take such a job; its service says that there are no steps, and starts nothing.
    fn nothing_to_do(&mut self, id: &Spanned<JobId>, fields: &Fields<'_>) {
        let diagnostic = Diagnostic::new(
            codes::NO_STEPS,
            format!("job {} has nothing to do", name(id.as_str())),
        )
        .at(id.span, "it has no `steps`")
        .help("add `steps`, or remove the job");
        self.report(match fields.value("runs-on") {
            Some(runs_on) => diagnostic.related(runs_on.span, "where it would do it"),
            None => diagnostic,
        });
    }

    fn not_a_job(&mut self, id: &Spanned<JobId>, node: &Node, owner: &Owner<'_>) {
        if matches!(node.kind, Kind::Invalid) {
            return;
        }
        let (code, message) = if node.is_null() {
            (codes::EMPTY_VALUE, format!("{} is empty", owner))
        } else {
            (
                codes::WRONG_TYPE,
                format!("{} must be a mapping, not {}", owner, node.describe()),
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

    fn needs(&mut self, fields: &Fields<'_>, owner: &Owner<'_>) -> Vec<Spanned<JobId>> {
        let Some(needs) = fields.value("needs") else {
            return Vec::new();
        };
        self.texts(needs, "needs", owner)
            .into_iter()
            .map(|need| need.map(|text| JobId::new(text.text)))
            .collect()
    }

    fn steps(&mut self, fields: &Fields<'_>, owner: &Owner<'_>) -> Vec<Step> {
        let Some(written) = fields.value("steps") else {
            return Vec::new();
        };
        let Kind::Sequence(items) = &written.kind else {
            self.expected(written, "steps", owner, &Wanted::LIST);
            return Vec::new();
        };
        if items.is_empty() {
            self.report(
                Diagnostic::new(codes::EMPTY_VALUE, format!("`steps` of {} is empty", owner))
                    .at(written.span, "at least one step belongs here"),
            );
        }
        self.step_list(items, owner)
    }

    fn secrets(&self, fields: &Fields<'_>) -> Option<Spanned<Secrets>> {
        let node = fields.value("secrets")?;
        let secrets = match node.as_scalar() {
            Some(scalar) if &*scalar.text == "inherit" => Secrets::Inherit,
            Some(_) => Secrets::Named(NamedMap::unreadable()),
            None => Secrets::Named(self.named_scalars(Some(node))),
        };
        Some(Spanned::new(secrets, node.span))
    }

    fn check_step_ids(&mut self, steps: &[Step], owner: &Owner<'_>) {
        let mut seen = HashMap::new();
        self.unique_step_ids(steps, &mut seen, owner);
    }

    fn unique_step_ids(&mut self, steps: &[Step], seen: &mut HashMap<StepId, Span>, owner: &Owner<'_>) {
        for step in steps {
            if let Some(id) = &step.id {
                self.check_step_id_is_new(id, seen, owner);
            }
            if let StepAction::Parallel(inner) = &step.action {
                self.unique_step_ids(inner, seen, owner);
            }
        }
    }
}
