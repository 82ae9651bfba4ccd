//! The jobs and steps of a file, for lists beside it.

use super::document::Document;
use super::offers::get;
use crate::span::Span;
use crate::tree::Node;

/// A job or a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlineEntry {
    /// What people call it.
    pub name: String,
    /// The id of a job whose name is another; else empty.
    pub detail: String,
    /// Whether it is a job.
    pub is_job: bool,
    /// All of it.
    pub span: Span,
    /// Its name.
    pub selection: Span,
    /// The steps of a job.
    pub children: Vec<OutlineEntry>,
}

impl Document {
    /// The jobs of a workflow with their steps, or the steps of an action, as far as the file can be read.
    #[must_use]
    pub fn outline(&self) -> Vec<OutlineEntry> {
        let jobs = self.top("jobs").and_then(|entry| entry.value.as_mapping());
        let jobs = jobs.into_iter().flat_map(|mapping| &mapping.entries);
        let mut all: Vec<OutlineEntry> = jobs
            .map(|entry| {
                let name = text(&entry.value, "name");
                OutlineEntry {
                    detail: name
                        .as_ref()
                        .map_or_else(String::new, |_| entry.key.text.to_string()),
                    name: name.unwrap_or_else(|| entry.key.text.to_string()),
                    is_job: true,
                    span: entry.key.span.to(entry.value.span),
                    selection: entry.key.span,
                    children: get(&entry.value, "steps").map(steps).unwrap_or_default(),
                }
            })
            .collect();
        let runs = self.top("runs").and_then(|entry| get(&entry.value, "steps"));
        all.extend(runs.map(steps).unwrap_or_default());
        // Only a name that is there can be shown.
        all.retain(|one| !one.name.is_empty());
        all
    }
}

fn steps(node: &Node) -> Vec<OutlineEntry> {
    let items = node.as_sequence().unwrap_or_default();
    let named = items.iter().filter_map(|item| {
        let keys = [
            "name", "id", "uses", "run", "wait", "wait-all", "cancel", "parallel",
        ];
        let (key, value) = keys.iter().find_map(|key| Some((*key, get(item, key)?)))?;
        let words = text(item, key).unwrap_or_else(|| key.to_owned());
        Some(OutlineEntry {
            name: words
                .lines()
                .find(|line| !line.trim().is_empty())?
                .trim()
                .to_owned(),
            detail: String::new(),
            is_job: false,
            span: item.span.to(value.span),
            selection: item.mark(),
            children: if key == "parallel" {
                steps(value)
            } else {
                Vec::new()
            },
        })
    });
    named.collect()
}

fn text(node: &Node, key: &str) -> Option<String> {
    let text = get(node, key)?.as_scalar()?.to_text();
    Some(text.to_string()).filter(|text| !text.trim().is_empty())
}
