//! Who started whom, as trees. Pure: whoever has the actors puts them in.
//!
//! What does not fit a tree is shown all the same: one whose parent is not known stands at the top, and so does one of those that
//! are each other's parents.

use std::collections::{BTreeMap, HashMap};

use super::entry::Text;

/// An actor that is to be put into its place.
pub(super) struct Node {
    pub(super) id: Text,
    pub(super) parent: Option<Text>,
    /// Its status in a word.
    pub(super) status: Text,
    /// Whether it is what is looked for, and not only above such a one.
    pub(super) matches: bool,
    /// Its parent is known, though it may be no node.
    pub(super) has_parent: bool,
}

/// Why an actor with a parent stands at the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Uprooted {
    /// Its parent is not known.
    Orphan,
    /// Its parent is below it.
    Cycle,
    /// Its parent is known, and there is no room for it in the tree.
    LeftOut,
}

/// One line of a tree as it is folded out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Branch {
    pub(crate) id: Text,
    /// From 1.
    pub(crate) level: usize,
    /// Its place among those with the same parent, from 1, and how many these are.
    pub(crate) position: usize,
    pub(crate) siblings: usize,
    /// The line of its parent, counted from 0.
    pub(crate) above: Option<usize>,
    pub(crate) children: usize,
    pub(crate) is_open: bool,
    pub(crate) matches: bool,
    pub(crate) uprooted: Option<Uprooted>,
    /// Of those below that match, how many have which status.
    pub(crate) below: BTreeMap<Text, u64>,
}

/// Trees, in the order of ids.
pub(super) struct Forest {
    nodes: Vec<Node>,
    parents: Vec<Option<usize>>,
    children: Vec<Vec<usize>>,
    roots: Vec<(usize, Option<Uprooted>)>,
    /// What it cost to cut circles.
    steps: usize,
}

impl Forest {
    pub(super) fn of(mut nodes: Vec<Node>) -> Self {
        nodes.sort_by(|a, b| a.id.cmp(&b.id));
        let places: HashMap<Text, usize> = nodes.iter().map(|node| node.id.clone()).zip(0..).collect();
        let mut forest = Self {
            parents: vec![None; nodes.len()],
            children: vec![Vec::new(); nodes.len()],
            roots: Vec::new(),
            steps: 0,
            nodes,
        };
        for place in 0..forest.nodes.len() {
            let Some(node) = forest.nodes.get(place) else {
                continue;
            };
            match node.parent.as_ref().map(|parent| places.get(parent).copied()) {
                None => forest.roots.push((place, None)),
                Some(None) if node.has_parent => forest.roots.push((place, Some(Uprooted::LeftOut))),
                Some(None) => forest.roots.push((place, Some(Uprooted::Orphan))),
                Some(Some(parent)) => forest.put_below(place, parent),
            }
        }
        forest.steps = forest.cut_cycles();
        forest.roots.sort_unstable_by_key(|(place, _)| *place);
        forest
    }

    fn put_below(&mut self, place: usize, parent: usize) {
        if let (Some(up), Some(down)) = (self.parents.get_mut(place), self.children.get_mut(parent)) {
            *up = Some(parent);
            down.push(place);
        }
    }

    fn parent(&self, place: usize) -> Option<usize> {
        self.parents.get(place).copied().flatten()
    }

    fn children(&self, place: usize) -> &[usize] {
        self.children.get(place).map_or(&[], Vec::as_slice)
    }

    /// Puts one of each circle at the top: the first by its id. Returns how many steps it took to find them.
    fn cut_cycles(&mut self) -> usize {
        let mut steps = 0;
        let mut passed = vec![false; self.nodes.len()];
        let mut reached = vec![false; self.nodes.len()];
        let roots: Vec<usize> = self.roots.iter().map(|(place, _)| *place).collect();
        roots.into_iter().for_each(|root| self.reach(root, &mut reached));
        for place in 0..self.nodes.len() {
            if reached.get(place).copied().unwrap_or(true) {
                continue;
            }
            // Nobody at the top is above it, so the way up never ends: where it comes by a second time is in the circle. Nobody came
            // by before: with a circle all that leads into it is reached.
            let mut on = place;
            while let Some(passed) = passed.get_mut(on).filter(|passed| !**passed) {
                *passed = true;
                on = self.parent(on).unwrap_or(on);
                steps += 1;
            }
            let (mut first, mut next) = (on, self.parent(on).unwrap_or(on));
            while next != on {
                first = first.min(next);
                next = self.parent(next).unwrap_or(on);
                steps += 1;
            }
            let parent = self.parents.get_mut(first).and_then(Option::take);
            if let Some(children) = parent.and_then(|parent| self.children.get_mut(parent)) {
                children.retain(|child| *child != first);
            }
            self.roots.push((first, Some(Uprooted::Cycle)));
            self.reach(first, &mut reached);
        }
        steps
    }

    fn reach(&self, root: usize, reached: &mut [bool]) {
        let mut waiting = vec![root];
        while let Some(place) = waiting.pop() {
            if let Some(reached) = reached.get_mut(place) {
                *reached = true;
            }
            waiting.extend(self.children(place));
        }
    }

    /// Of those below each that match, how many have which status.
    fn below(&self) -> Vec<BTreeMap<Text, u64>> {
        let mut order: Vec<usize> = self.roots.iter().map(|(place, _)| *place).collect();
        let mut next = 0;
        while let Some(place) = order.get(next).copied() {
            order.extend(self.children(place));
            next += 1;
        }
        let mut below: Vec<BTreeMap<Text, u64>> = vec![BTreeMap::new(); self.nodes.len()];
        for place in order.into_iter().rev() {
            let (Some(parent), Some(node)) = (self.parent(place), self.nodes.get(place)) else {
                continue;
            };
            let mut all = below.get(place).cloned().unwrap_or_default();
            if node.matches {
                *all.entry(node.status.clone()).or_default() += 1;
            }
            if let Some(of_parent) = below.get_mut(parent) {
                for (status, count) in all {
                    *of_parent.entry(status).or_default() += count;
                }
            }
        }
        below
    }

    /// The lines from `from` on, and how many there are in all.
    pub(super) fn lines(
        &self,
        is_open: impl Fn(&str) -> bool,
        from: usize,
        count: usize,
    ) -> (usize, Vec<Branch>) {
        let below = self.below();
        let mut waiting: Vec<Waiting> = Vec::new();
        let roots = self.roots.len();
        for (position, (place, uprooted)) in self.roots.iter().enumerate().rev() {
            waiting.push(Waiting {
                place: *place,
                uprooted: *uprooted,
                level: 1,
                position: position + 1,
                siblings: roots,
                above: None,
            });
        }
        let (mut line, mut lines) = (0, Vec::new());
        while let Some(next) = waiting.pop() {
            let Some(node) = self.nodes.get(next.place) else {
                continue;
            };
            let children = self.children(next.place);
            let is_open = !children.is_empty() && is_open(&node.id);
            if is_open {
                let all = children.iter().enumerate().rev();
                waiting.extend(all.map(|(position, place)| Waiting {
                    place: *place,
                    uprooted: None,
                    level: next.level + 1,
                    position: position + 1,
                    siblings: children.len(),
                    above: Some(line),
                }));
            }
            if (from..from.saturating_add(count)).contains(&line) {
                lines.push(Branch {
                    id: node.id.clone(),
                    level: next.level,
                    position: next.position,
                    siblings: next.siblings,
                    above: next.above,
                    children: children.len(),
                    is_open,
                    matches: node.matches,
                    uprooted: next.uprooted,
                    below: below.get(next.place).cloned().unwrap_or_default(),
                });
            }
            line += 1;
        }
        (line, lines)
    }
}

/// A line that is still to come.
struct Waiting {
    place: usize,
    uprooted: Option<Uprooted>,
    level: usize,
    position: usize,
    siblings: usize,
    above: Option<usize>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn node(id: &str, parent: Option<&str>, status: &str) -> Node {
        Node {
            id: id.into(),
            parent: parent.map(Into::into),
            status: status.into(),
            matches: true,
            has_parent: false,
        }
    }

    /// Each line as its indented id.
    fn drawn(forest: &Forest, open: &[&str]) -> Vec<String> {
        let (total, lines) = forest.lines(|id| open.contains(&id) || open == ["*"], 0, usize::MAX);
        assert_eq!(total, lines.len());
        let lines = lines.iter();
        lines
            .map(|line| format!("{}{}", "-".repeat(line.level - 1), line.id))
            .collect()
    }

    #[test]
    fn children_stand_below_their_parents_where_these_are_open() {
        let forest = Forest::of(vec![
            node("b", None, "idle"),
            node("a-2", Some("a"), "failed"),
            node("a", None, "active"),
            node("a-1", Some("a"), "active"),
            node("a-1-1", Some("a-1"), "active"),
        ]);
        assert_eq!(drawn(&forest, &[]), ["a", "b"]);
        assert_eq!(drawn(&forest, &["a"]), ["a", "-a-1", "-a-2", "b"]);
        assert_eq!(
            drawn(&forest, &["a-1"]),
            ["a", "b"],
            "it stands in none that is open"
        );
        assert_eq!(drawn(&forest, &["*"]), ["a", "-a-1", "--a-1-1", "-a-2", "b"]);
        let (total, lines) = forest.lines(|_| true, 2, 2);
        let [deep, second] = lines.try_into().unwrap();
        assert_eq!((total, deep.above, second.above), (5, Some(1), Some(0)));
        assert_eq!((second.position, second.siblings, second.is_open), (2, 2, false));
        let (_, lines) = forest.lines(|_| false, 0, 1);
        let below: Vec<(&str, u64)> = lines[0]
            .below
            .iter()
            .map(|(status, count)| (&**status, *count))
            .collect();
        assert_eq!(
            below,
            [("active", 2), ("failed", 1)],
            "and what is folded away is counted"
        );
    }

    #[test]
    fn who_is_only_above_a_match_is_not_counted() {
        let mut kept = node("m", Some("top"), "failed");
        kept.matches = false;
        let forest = Forest::of(vec![
            node("top", None, "idle"),
            kept,
            node("x", Some("m"), "idle"),
        ]);
        let (_, lines) = forest.lines(|_| true, 0, 9);
        let counts: Vec<u64> = lines.iter().map(|line| line.below.values().sum()).collect();
        assert_eq!(counts, [1, 1, 0]);
    }

    #[test]
    fn orphans_and_circles_stand_at_the_top() {
        let forest = Forest::of(vec![
            node("orphan", Some("gone"), "idle"),
            node("self", Some("self"), "idle"),
            node("c", Some("d"), "idle"),
            node("d", Some("e"), "idle"),
            node("e", Some("c"), "idle"),
            node("below-d", Some("d"), "idle"),
        ]);
        assert_eq!(
            drawn(&forest, &["*"]),
            ["c", "-e", "--d", "---below-d", "orphan", "self"]
        );
        let (_, lines) = forest.lines(|_| false, 0, 9);
        let why: Vec<Option<Uprooted>> = lines.iter().map(|line| line.uprooted).collect();
        assert_eq!(
            why,
            [
                Some(Uprooted::Cycle),
                Some(Uprooted::Orphan),
                Some(Uprooted::Cycle)
            ]
        );
    }

    #[test]
    fn who_has_a_parent_that_found_no_room_is_no_orphan() {
        let mut left_out = node("a", Some("above"), "idle");
        left_out.has_parent = true;
        let forest = Forest::of(vec![left_out, node("b", Some("gone"), "idle")]);
        let (_, lines) = forest.lines(|_| false, 0, 9);
        let why: Vec<Option<Uprooted>> = lines.iter().map(|line| line.uprooted).collect();
        assert_eq!(why, [Some(Uprooted::LeftOut), Some(Uprooted::Orphan)]);
    }

    #[test]
    fn circles_are_found_in_as_many_steps_as_there_are_actors() {
        // Pairs that are each other's parents, and chains that lead into them.
        let of = |pair: usize, member: usize| format!("{pair:04}-{member}");
        let nodes: Vec<Node> = (0..1_000)
            .flat_map(|pair| {
                let above = move |member: usize| if member == 0 { 1 } else { member - 1 };
                (0..4).map(move |member| node(&of(pair, member), Some(&of(pair, above(member))), "idle"))
            })
            .collect();
        let count = nodes.len();
        let forest = Forest::of(nodes);
        assert_eq!(forest.roots.len(), 1_000);
        assert!(
            forest.steps <= 2 * count,
            "{} steps for {count} actors",
            forest.steps
        );
    }

    proptest! {
        #[test]
        fn everybody_is_there_once_whoever_is_whose_parent(parents in prop::collection::vec(0_usize..40, 0..40)) {
            let nodes = parents.iter().enumerate().map(|(number, parent)| {
                // Some have none.
                let parent = (*parent < 35).then(|| format!("{parent:02}"));
                node(&format!("{number:02}"), parent.as_deref(), "idle")
            });
            let forest = Forest::of(nodes.collect());
            let (total, lines) = forest.lines(|_| true, 0, usize::MAX);
            prop_assert_eq!(total, parents.len());
            let mut ids: Vec<Text> = lines.iter().map(|line| line.id.clone()).collect();
            ids.sort();
            ids.dedup();
            prop_assert_eq!(ids.len(), parents.len());
            let roots = lines.iter().filter(|line| line.level == 1);
            let below: u64 = roots.clone().map(|line| 1 + line.below.values().sum::<u64>()).sum();
            prop_assert_eq!(below, parents.len() as u64);
            for line in &lines {
                let level = line.above.map_or(0, |above| lines[above].level);
                prop_assert_eq!(line.level, level + 1);
            }
        }
    }
}
