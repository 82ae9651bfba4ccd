//! A step.

use std::collections::HashMap;

use super::checked::plain_boolean;
use super::context::{Context, Owner, Wanted, What};
use super::fields::{Fields, read};
use super::forms::form_of;
use super::scalars::Empty;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::expression::is_in;
use crate::model::{ExpectedType, Literal, NamedMap, Run, Step, StepAction, StepId, Template, Uses};
use crate::schema::keys::STEP;
use crate::span::{Span, Spanned};
use crate::tree::{Kind, Node};
use crate::words::name;

impl Context<'_> {
    /// The items of a list of steps.
    pub(super) fn step_list(&mut self, items: &[Node], owner: &Owner<'_>) -> Vec<Step> {
        let mut steps = Vec::with_capacity(items.len());
        for (index, node) in items.iter().enumerate() {
            // Counted as the steps will be: one that cannot be read is not among them.
            self.sites.enter_step(steps.len());
            steps.extend(self.step(node, &owner.part(What::Item("step", index))));
            self.sites.leave_step();
        }
        steps
    }

    fn step(&mut self, written: &Node, owner: &Owner<'_>) -> Option<Step> {
        let Some(mapping) = written.as_mapping() else {
            self.not_a_step(written, owner);
            return None;
        };
        let fields = read(self, &STEP, written, "step", owner)?;
        let form = if mapping.incomplete {
            None
        } else {
            form_of(self, &STEP, mapping, &fields, written.mark(), owner)
        };
        self.check_fields(&fields, &STEP, owner);
        // Everything is read before the step may be given up, so that all its mistakes are reported.
        let id = self.step_id(&fields, owner);
        let name = self.text(&fields, "name", Empty::Allowed, owner);
        let env = self.env(&fields, owner);
        let timeout_minutes = self.minutes(&fields, "timeout-minutes", owner);
        let retry = self.retry(&fields, owner);
        let action = self.action(form?, &fields, owner)?;
        Some(Step {
            span: written.mark(),
            id,
            name,
            condition: fields.value("if").and_then(|node| self.condition(node)),
            action,
            env,
            continue_on_error: fields
                .value("continue-on-error")
                .and_then(|node| self.boolean(node)),
            timeout_minutes,
            background: fields.value("background").and_then(plain_boolean),
            retry,
            on_lost: self.on_lost(&fields),
            tty: fields.value("tty").and_then(plain_boolean),
        })
    }

    /// A step whose mistakes the tables report: one of a composite action.
    pub(super) fn checked_step(&self, fields: &Fields<'_>, span: Span) -> Option<Step> {
        let text = |key: &str| fields.value(key).and_then(|node| self.plain_text(node));
        let action = match fields.value("run") {
            Some(_) => StepAction::Run(Run {
                script: text("run")?,
                shell: text("shell"),
                working_directory: text("working-directory"),
            }),
            None => StepAction::Uses(Uses {
                reference: text("uses").filter(|text| !text.text.is_empty())?,
                with: self.with(fields),
            }),
        };
        Some(Step {
            span,
            id: text("id").map(|id| id.map(|id| StepId::new(id.text))),
            name: text("name"),
            condition: fields.value("if").and_then(|node| self.condition(node)),
            action,
            env: fields.value("env").and_then(|node| self.checked_env(node)),
            continue_on_error: fields
                .value("continue-on-error")
                .and_then(|node| self.boolean(node)),
            timeout_minutes: None,
            background: None,
            retry: None,
            on_lost: None,
            tty: None,
        })
    }

    fn with(&self, fields: &Fields<'_>) -> Option<Spanned<Literal<NamedMap<Template>>>> {
        let node = fields.value("with")?;
        match self.expression_for(node) {
            Some(expression) => Some(expression),
            None if node.is_null() => Some(Spanned::new(Literal::Value(NamedMap::unreadable()), node.span)),
            None => Some(Spanned::new(
                Literal::Value(self.named_texts(Some(node))),
                node.span,
            )),
        }
    }

    fn not_a_step(&mut self, node: &Node, owner: &Owner<'_>) {
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
        self.report(Diagnostic::new(code, message).at(node.mark(), "a step has `run` or `uses`"));
    }

    fn action(&mut self, form: &str, fields: &Fields<'_>, owner: &Owner<'_>) -> Option<StepAction> {
        match form {
            "run" => {
                let shell = self.text(fields, "shell", Empty::Refused, owner);
                let working_directory = self.text(fields, "working-directory", Empty::Allowed, owner);
                let script = self.text(fields, "run", Empty::Allowed, owner)?;
                Some(StepAction::Run(Run {
                    script,
                    shell,
                    working_directory,
                }))
            }
            "uses" => Some(StepAction::Uses(Uses {
                reference: self.text(fields, "uses", Empty::Refused, owner)?,
                with: self.with(fields),
            })),
            "wait" => {
                let node = fields.value("wait")?;
                let ids = self.texts(node, "wait", owner).into_iter();
                Some(StepAction::Wait(
                    ids.map(|id| id.map(|text| StepId::new(text.text))).collect(),
                ))
            }
            "wait-all" => Some(StepAction::WaitAll(
                fields.value("wait-all").and_then(plain_boolean),
            )),
            "cancel" => {
                let id = self.text(fields, "cancel", Empty::Refused, owner)?;
                Some(StepAction::Cancel(id.map(|text| StepId::new(text.text))))
            }
            "parallel" => {
                let node = fields.value("parallel")?;
                let Kind::Sequence(items) = &node.kind else {
                    let wanted = Wanted::new(ExpectedType::LIST, "a list of steps");
                    self.expected(node, "parallel", owner, &wanted);
                    return None;
                };
                for item in items.iter() {
                    self.check_parallel(item);
                }
                Some(StepAction::Parallel(self.step_list(items, owner)))
            }
            _ => None,
        }
    }

    /// What runs at once are steps that work; waiting among them, or more of the same, GitHub does not have.
    fn check_parallel(&mut self, step: &Node) {
        let keys = ["background", "wait", "wait-all", "cancel", "parallel"];
        let entries = step.as_mapping().map(|step| &step.entries);
        for entry in entries.into_iter().flatten() {
            if let Some(key) = keys.into_iter().find(|key| *key == &*entry.key.text) {
                self.report(
                    Diagnostic::new(
                        codes::KEY_CONFLICT,
                        format!("`{key}` cannot stand within `parallel`"),
                    )
                    .at(entry.key.span, "steps here run at once, and are waited for")
                    .help("remove it, or take the step out of `parallel`"),
                );
            }
        }
    }

    fn step_id(&mut self, fields: &Fields<'_>, owner: &Owner<'_>) -> Option<Spanned<StepId>> {
        let id = self
            .text(fields, "id", Empty::Refused, owner)?
            .map(|text| StepId::new(text.text));
        self.check_step_id(&id);
        Some(id)
    }

    pub(super) fn check_step_id(&mut self, id: &Spanned<StepId>) {
        // That no expression can stand there is said already.
        if let Some(problem) = id.problem().filter(|_| !is_in(id.as_str())) {
            self.report(
                Diagnostic::new(
                    codes::STEP_ID,
                    format!("{} cannot be the id of a step", name(id.as_str())),
                )
                .at(id.span, problem.to_string())
                .help("use `name` for what people read"),
            );
        }
    }

    /// Reports an id that an earlier step has.
    pub(super) fn check_step_id_is_new(
        &mut self,
        id: &Spanned<StepId>,
        seen: &mut HashMap<StepId, Span>,
        owner: &Owner<'_>,
    ) {
        let Some(first) = seen.get(&id.value) else {
            seen.insert(id.value.clone(), id.span);
            return;
        };
        self.report(
            Diagnostic::new(
                codes::DUPLICATE_STEP_ID,
                format!("two steps of {} have the id {}", owner, name(id.as_str())),
            )
            .at(id.span, "used again here")
            .related(*first, "first used here")
            .help("ids are compared without regard to case: rename one of them"),
        );
    }
}
