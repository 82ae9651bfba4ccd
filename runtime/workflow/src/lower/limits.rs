//! `concurrency`, `environment`, `snapshot`.

use super::checked::value;
use super::context::Context;
use super::fields::Fields;
use crate::expression::is_in;
use crate::model::{Concurrency, Environment, Literal, Queue, Snapshot};
use crate::span::Spanned;
use crate::tree::Node;

impl Context<'_> {
    /// With whom a run or job does not run at once.
    pub(super) fn concurrency(&self, fields: &Fields<'_>) -> Option<Spanned<Literal<Concurrency>>> {
        let node = fields.value("concurrency")?;
        if node.as_scalar().is_some_and(|scalar| !is_in(&scalar.text)) {
            let concurrency = Concurrency {
                group: self.plain_text(node)?,
                cancel_in_progress: None,
                queue: None,
            };
            return Some(Spanned::new(Literal::Value(concurrency), node.span));
        }
        self.mapping_or_computed(node, |mapping| {
            Some(Concurrency {
                group: self.plain_text(value(mapping, "group")?)?,
                cancel_in_progress: value(mapping, "cancel-in-progress").and_then(|node| self.boolean(node)),
                queue: value(mapping, "queue").and_then(|node| self.queue(node)),
            })
        })
    }

    fn queue(&self, node: &Node) -> Option<Spanned<Literal<Queue>>> {
        match Queue::find(&node.as_scalar()?.text) {
            Some(queue) => Some(Spanned::new(Literal::Value(queue), node.span)),
            None => self.expression_for(node),
        }
    }

    /// What a job deploys to.
    pub(super) fn environment(&self, fields: &Fields<'_>) -> Option<Spanned<Environment>> {
        let node = fields.value("environment").filter(|node| !node.is_null())?;
        let mapping = node.as_mapping();
        let part = |key: &str| value(mapping?, key);
        let name = if mapping.is_some() { part("name")? } else { node };
        let environment = Environment {
            name: self.plain_text(name)?,
            url: part("url").and_then(|node| self.plain_text(node)),
            deployment: part("deployment").and_then(|node| self.boolean(node)),
        };
        Some(Spanned::new(environment, node.span))
    }

    /// The image that is made of a job's machine.
    pub(super) fn snapshot(&self, fields: &Fields<'_>) -> Option<Spanned<Snapshot>> {
        let node = fields.value("snapshot")?;
        let mapping = node.as_mapping();
        let part = |key: &str| value(mapping?, key);
        let name = if mapping.is_some() {
            part("image-name")?
        } else {
            node
        };
        let snapshot = Snapshot {
            image_name: self.filled_text(name)?,
            version: part("version").and_then(|node| self.filled_text(node)),
            condition: part("if").and_then(|node| self.condition(node)),
        };
        Some(Spanned::new(snapshot, node.span))
    }
}
