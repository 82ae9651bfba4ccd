//! The actors that a filter finds, as a tree by who started them, with those above them.

use std::collections::HashSet;

use loom_protocol::filter::Filter;
use loom_protocol::{ActorStatus, Timestamp};

use super::entry::Text;
use super::forest::{Branch, Forest, Node};
use super::query::ActorQuery;
use super::store::Directory;

/// Actors that a tree is made of; of more, the first by id.
pub(crate) const MAX_IN_TREE: usize = 5_000;
/// Those that may be there only as they stand above others.
const MAX_ABOVE: usize = 5_000;

/// Which tree, and which part of it.
pub(crate) struct TreeQuery {
    pub(crate) filter: Filter,
    pub(crate) unfold: Unfold,
    /// Those that are the other way.
    pub(crate) except: HashSet<String>,
    /// The first line, and how many.
    pub(crate) from: usize,
    pub(crate) count: usize,
}

/// What is open unless somebody said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfold {
    /// Nobody: only those at the top are there.
    Roots,
    /// Everybody.
    All,
}

/// A part of a tree.
pub(crate) struct TreePart {
    pub(crate) lines: Vec<Branch>,
    /// Lines of the whole tree, as it is folded out.
    pub(crate) total: usize,
    /// How many actors the filter finds, and of how many of them the tree is made.
    pub(crate) found: usize,
    pub(crate) taken: usize,
}

impl Directory {
    /// A part of a tree. Costs a pass over all actors where there is a filter, and a look at each that is in the tree.
    pub(crate) fn tree(&self, query: TreeQuery) -> TreePart {
        let now = self.clock.now();
        let actors = ActorQuery {
            filter: query.filter,
            limit: Some(MAX_IN_TREE),
            ..ActorQuery::default()
        };
        // A cursor is the only thing that can be wrong, and there is none.
        let (ids, found) = self
            .find(&actors)
            .map_or((Vec::new(), 0), |matches| (matches.ids, matches.total));
        let mut known: HashSet<Text> = ids.iter().cloned().collect();
        let is_it = |_: &Text| true;
        let mut nodes: Vec<Node> = ids.iter().filter_map(|id| self.node(id, is_it, now)).collect();
        let taken = nodes.len();
        // Where all that are found are there, who is above them is none of them.
        let is_found = |id: &Text| found > ids.len() && self.fits(id, &actors.filter);
        let mut next = 0;
        while let Some(node) = nodes.get(next) {
            next += 1;
            let parent = node.parent.clone();
            if let Some(parent) = parent.filter(|parent| !known.contains(parent))
                && nodes.len() < taken + MAX_ABOVE
                && let Some(above) = self.node(&parent, is_found, now)
            {
                known.insert(parent);
                nodes.push(above);
            }
        }
        let is_all = query.unfold == Unfold::All;
        let is_open = |id: &str| is_all != query.except.contains(id);
        let (total, lines) = Forest::of(nodes).lines(is_open, query.from, query.count);
        TreePart {
            lines,
            total,
            found,
            taken,
        }
    }

    /// Whether a filter finds an actor.
    fn fits(&self, id: &str, filter: &Filter) -> bool {
        self.get(id).is_some_and(|record| filter.matches(&record))
    }

    fn node(&self, id: &Text, matches: impl Fn(&Text) -> bool, now: Timestamp) -> Option<Node> {
        let entry = self.actors.get(id)?;
        let status = entry.status_at(now, self.patience());
        // Words of an application's own are one: each would be counted at every actor above it.
        let word = match &status {
            None => "unknown",
            Some(ActorStatus::Other(_)) => "other",
            Some(status) => status.as_str(),
        };
        let (status, parent) = (Text::from(word), entry.parent());
        // Before others are looked at: two records are never held at a time.
        drop(entry);
        Some(Node {
            id: id.clone(),
            matches: matches(id),
            has_parent: parent
                .as_ref()
                .is_some_and(|parent| self.actors.contains_key(&**parent)),
            parent,
            status,
        })
    }
}
