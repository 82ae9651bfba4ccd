//! `action.yml`: an action in its three kinds.

use std::collections::HashMap;
use std::sync::Arc;

use super::checked::{by_name, value};
use super::context::{Context, Owner, Wanted, What};
use super::fields::{Fields, read, report_missing};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::dialect::Dialect;
use crate::expression::is_in;
use crate::model::StepId;
use crate::model::action::{Action, ActionInput, ActionKind, ActionOutput, Hook, Step};
use crate::schema::action_keys::{ACTION, COMPOSITE, DOCKER, NODE, RUN, USES, USING};
use crate::schema::keys::MappingSchema;
use crate::source::Source;
use crate::span::Spanned;
use crate::tree::{self, Node};
use crate::words::{closest, name};

/// Makes an action of a tree, as far as it goes.
pub(crate) fn lower_action(source: &Source, root: &Node, diagnostics: &mut Diagnostics) -> Option<Action> {
    let mut context = Context::new(source, Dialect::GitHub, diagnostics);
    let owner = Owner::new(What::Words("the action"), None);
    if root.as_mapping().is_none() && !matches!(root.kind, tree::Kind::Invalid) {
        context.report(
            Diagnostic::new(
                codes::WRONG_TYPE,
                format!("an action is a mapping, not {}", root.describe()),
            )
            .at(root.mark(), format!("this is {}", root.describe()))
            .help("start with `name:`, `description:` and `runs:`"),
        );
        return None;
    }
    let fields = context.level(root, &ACTION, "action", &owner)?;
    context.metadata(&fields, root);
    let kind = context.runs(fields.value("runs")?);
    Some(Action {
        name: text(&fields, "name"),
        inputs: by_name(fields.value("inputs"), |entry| Some(context.input(entry))),
        outputs: by_name(fields.value("outputs"), |entry| Some(context.output(entry))),
        kind: kind?,
        sites: context.sites.all(),
    })
}

impl Context<'_> {
    /// Reads a mapping, checks the values of its keys and that none is missing.
    fn level<'t>(
        &mut self,
        node: &'t Node,
        level: &'static MappingSchema,
        key: &str,
        owner: &Owner<'_>,
    ) -> Option<Fields<'t>> {
        let fields = read(self, level, node, key, owner)?;
        let complete = node.as_mapping().is_some_and(|mapping| !mapping.incomplete);
        for key in level.keys.iter().filter(|key| complete && key.required) {
            if !fields.contains(key.name) {
                report_missing(self, &format!("`{}`", key.name), node.mark(), owner);
            }
        }
        self.check_fields(&fields, level, owner);
        Some(fields)
    }

    fn runs(&mut self, node: &Node) -> Option<ActionKind> {
        let owner = Owner::new(What::Words("`runs`"), None);
        let Some(mapping) = node.as_mapping() else {
            self.expected(
                node,
                "runs",
                &Owner::new(What::Words("the action"), None),
                &Wanted::MAPPING,
            );
            return None;
        };
        let using = mapping.entries.iter().find(|entry| &*entry.key.text == "using");
        let Some(using) = using else {
            report_missing(self, "`using`", node.mark(), &owner);
            return None;
        };
        let wanted = using
            .value
            .as_scalar()
            .map(tree::Scalar::to_text)
            .unwrap_or_default();
        // GitHub compares these words without regard to case.
        match wanted.to_ascii_lowercase().as_str() {
            "docker" => {
                let fields = self.level(node, &DOCKER, "runs", &owner)?;
                let args = fields
                    .value("args")
                    .map(|args| args.as_sequence().unwrap_or_default());
                Some(ActionKind::Docker {
                    image: text(&fields, "image")?,
                    entrypoint: text(&fields, "entrypoint"),
                    args: args.map(|args| args.iter().filter_map(|one| self.plain_text(one)).collect()),
                    env: fields.value("env").and_then(|node| self.checked_env(node)),
                    pre: self.hook(&fields, "pre-entrypoint", "pre-if"),
                    post: self.hook(&fields, "post-entrypoint", "post-if"),
                })
            }
            "composite" => {
                let fields = self.level(node, &COMPOSITE, "runs", &owner)?;
                Some(ActionKind::Composite {
                    steps: self.composite_steps(fields.value("steps")?),
                })
            }
            word if is_node(word) => {
                let fields = self.level(node, &NODE, "runs", &owner)?;
                Some(ActionKind::Node {
                    using: Spanned::new(Arc::from(word), using.value.span),
                    main: text(&fields, "main")?,
                    pre: self.hook(&fields, "pre", "pre-if"),
                    post: self.hook(&fields, "post", "post-if"),
                })
            }
            _ => {
                let near = closest(&wanted, USING.iter().copied());
                let help = near.map_or_else(
                    || "it can be `composite`, `docker`, `node20` or `node24`".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                self.report(
                    Diagnostic::new(
                        codes::UNKNOWN_VALUE,
                        format!("`using` of the action cannot be {}", name(&wanted)),
                    )
                    .at(using.value.mark(), "no such kind of action")
                    .help(help),
                );
                None
            }
        }
    }

    fn input(&self, entry: &tree::Entry) -> ActionInput {
        let mapping = entry.value.as_mapping();
        let written = |key: &str| value(mapping?, key);
        let text = |key: &str| written(key)?.as_scalar().map(tree::Scalar::to_text);
        ActionInput {
            span: entry.key.span,
            required: text("required").is_some_and(|text| &*text == "true"),
            default: written("default").and_then(|node| self.plain_text(node)),
            deprecated: text("deprecationMessage"),
        }
    }

    fn output(&self, entry: &tree::Entry) -> ActionOutput {
        let mapping = entry.value.as_mapping();
        let written = mapping.and_then(|mapping| value(mapping, "value"));
        let text = written.and_then(|node| self.plain_text(node));
        ActionOutput {
            span: entry.key.span,
            incomplete: match mapping {
                // A key that is not known may be `value` misspelt.
                Some(mapping) => {
                    let mut keys = mapping.entries.iter().map(|entry| &*entry.key.text);
                    let is_known = |key: &str| matches!(key, "description" | "value");
                    mapping.incomplete || written.is_some() != text.is_some() || !keys.all(is_known)
                }
                None => !entry.value.is_null(),
            },
            value: text,
        }
    }

    fn hook(&mut self, fields: &Fields<'_>, key: &str, condition: &str) -> Hook {
        let condition = fields.value(condition).filter(|node| !self.is_marked(node));
        Hook {
            run: text(fields, key),
            condition: condition.and_then(|node| self.condition(node)),
        }
    }

    /// Reports a condition that stands between `${{` and `}}`: these two are read as an expression of the runner, and
    /// `${{ }}` is none there (its schema, `action_yaml.json`).
    fn is_marked(&mut self, node: &Node) -> bool {
        let is_marked = node.as_scalar().is_some_and(|scalar| is_in(&scalar.text));
        if is_marked {
            self.report(
                Diagnostic::new(codes::EXPRESSION_PLACE, "an expression cannot stand here")
                    .at(node.span, "GitHub does not load the action")
                    .help("write the condition without `${{` and `}}`"),
            );
        }
        is_marked
    }

    fn composite_steps(&mut self, node: &Node) -> Vec<Step> {
        let outer = Owner::new(What::Words("`runs`"), None);
        let Some(items) = node.as_sequence() else {
            self.expected(node, "steps", &outer, &Wanted::LIST);
            return Vec::new();
        };
        let action = Owner::new(What::Words("the action"), None);
        let mut steps = Vec::with_capacity(items.len());
        let mut ids = HashMap::new();
        for (index, item) in items.iter().enumerate() {
            let owner = action.part(What::Item("step", index));
            let has = |key: &str| {
                let entries = item.as_mapping().map(|mapping| &mapping.entries);
                entries.into_iter().flatten().any(|entry| &*entry.key.text == key)
            };
            let level = match (has("run"), has("uses")) {
                (false, true) => &USES,
                (true, _) => &RUN,
                (false, false) => {
                    match item.as_mapping() {
                        Some(mapping) if mapping.incomplete => {}
                        Some(_) => report_missing(self, "`run` or `uses`", item.mark(), &owner),
                        None => self.expected(item, &format!("steps.{index}"), &outer, &Wanted::MAPPING),
                    }
                    continue;
                }
            };
            self.sites.enter_step(steps.len());
            if let Some(fields) = self.level(item, level, "step", &owner) {
                let id = text(&fields, "id");
                // One that is empty, or an expression, has been reported.
                if let Some(id) = id.as_ref().filter(|id| !id.is_empty() && !is_in(id)) {
                    let id = id.clone().map(StepId::new);
                    self.check_step_id(&id);
                    self.check_step_id_is_new(&id, &mut ids, &action);
                }
                steps.push(Step {
                    span: item.mark(),
                    id,
                    step: self.checked_step(&fields, item.mark()),
                });
            }
            self.sites.leave_step();
        }
        steps
    }
}

pub(super) fn text(fields: &Fields<'_>, key: &str) -> Option<Spanned<Arc<str>>> {
    let node = fields.value(key)?;
    node.as_scalar()
        .map(|scalar| Spanned::new(scalar.to_text(), node.span))
}

/// Whether it is a version of Node.js that runners know, or a newer one that they will.
fn is_node(word: &str) -> bool {
    let digits = word
        .strip_prefix("node")
        .filter(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    let version = digits.and_then(|digits| digits.parse::<u32>().ok());
    version.is_some_and(|version| matches!(version, 12 | 16 | 20 | 24..))
}
