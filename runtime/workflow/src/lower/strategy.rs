//! `strategy`.

use super::checked::value;
use super::context::Context;
use super::fields::Fields;
use super::free::named;
use crate::model::{List, Literal, Matrix, NamedMap, Strategy};
use crate::span::Spanned;
use crate::tree::Node;

impl Context<'_> {
    /// How often a job runs, and with what.
    pub(super) fn strategy(&self, fields: &Fields<'_>) -> Option<Spanned<Literal<Strategy>>> {
        self.mapping_or_computed(fields.value("strategy")?, |mapping| {
            let written = value(mapping, "matrix");
            let matrix = written.and_then(|node| self.matrix(node));
            Some(Strategy {
                incomplete: mapping.incomplete || (written.is_some() && matrix.is_none()),
                matrix,
                fail_fast: value(mapping, "fail-fast").and_then(|node| self.boolean(node)),
                max_parallel: value(mapping, "max-parallel").and_then(|node| self.number(node)),
            })
        })
    }

    fn matrix(&self, node: &Node) -> Option<Spanned<Literal<Matrix>>> {
        self.mapping_or_computed(node, |mapping| {
            let mut vectors: NamedMap<List> = NamedMap::default();
            let mut incomplete = mapping.incomplete;
            let entries = mapping.entries.iter();
            for entry in entries.filter(|entry| !matches!(&*entry.key.text, "include" | "exclude")) {
                let Some(value) = self.free_list(&entry.value) else {
                    incomplete = true;
                    continue;
                };
                vectors.add(&entry.key.text, || named(&entry.key, value));
            }
            let mut list = |key: &str| {
                let node = value(mapping, key)?;
                let list = self.free_list(node);
                incomplete |= list.is_none();
                list
            };
            Some(Matrix {
                vectors,
                include: list("include"),
                exclude: list("exclude"),
                incomplete,
            })
        })
    }
}
