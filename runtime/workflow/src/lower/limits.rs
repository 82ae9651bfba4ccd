//! `concurrency`, `environment`, `snapshot`.

use super::context::Context;
use super::quiet::{node, value};
use crate::model::{Concurrency, Environment, Fields, Literal, Queue, Snapshot};
use crate::span::Spanned;
use crate::tree::Node;

impl Context<'_> {
    /// With whom a run or job does not run at once.
    pub(super) fn concurrency(&self, fields: &Fields) -> Option<Spanned<Concurrency>> {
        let node = node(fields, "concurrency")?;
        let mapping = node.as_mapping();
        let part = |key: &str| value(mapping?, key);
        let group = if mapping.is_some() { part("group")? } else { node };
        let concurrency = Concurrency {
            group: self.plain_text(group)?,
            cancel_in_progress: part("cancel-in-progress").and_then(|node| self.boolean(node)),
            queue: part("queue").and_then(|node| self.queue(node)),
        };
        Some(Spanned::new(concurrency, node.span))
    }

    fn queue(&self, node: &Node) -> Option<Spanned<Literal<Queue>>> {
        let queue = match &*node.as_scalar()?.text {
            "single" => Queue::Single,
            "max" => Queue::Max,
            _ => return self.expression_for(node),
        };
        Some(Spanned::new(Literal::Value(queue), node.span))
    }

    /// What a job deploys to.
    pub(super) fn environment(&self, fields: &Fields) -> Option<Spanned<Environment>> {
        let node = node(fields, "environment")?;
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
    pub(super) fn snapshot(&self, fields: &Fields) -> Option<Spanned<Snapshot>> {
        let node = node(fields, "snapshot")?;
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
