//! The graph of the jobs: who must be done before whom.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::fmt;
use std::hash::Hash;

use indexmap::IndexSet;
use petgraph::Direction;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::model::{JobId, Workflow};

/// Jobs and their needs. Answers are in the order of the file, so equal files give equal answers.
///
/// An edge goes from a job to each job that needs it. Every question is linear in jobs and needs at most; for many
/// small steps on a large graph use [`Progress`].
///
/// What its nodes are named by is free: ids of jobs, or of their instances.
#[derive(Clone, Debug)]
pub struct Dag<I = JobId> {
    graph: DiGraph<I, ()>,
    index: HashMap<I, NodeIndex>,
}

/// Jobs that need each other in a circle, so that there is no order to run them in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("jobs need each other in a circle: {}", .cycles.iter().map(|cycle| path(cycle)).collect::<Vec<_>>().join("; "))]
pub struct CycleError<I: fmt::Display + fmt::Debug = JobId> {
    /// The circles, as [`Dag::cycles`] gives them.
    pub cycles: Vec<Vec<I>>,
}

impl Workflow {
    /// The graph of its jobs, whether or not they can run here. What a job needs of itself is left out.
    #[must_use]
    pub fn dag(&self) -> Dag {
        Dag::build(self.jobs.values().map(|job| {
            let others = job
                .needs
                .iter()
                .map(|need| need.value.clone())
                .filter(|need| *need != job.id.value);
            (job.id.value.clone(), others.collect::<Vec<_>>())
        }))
    }
}

impl<I> Default for Dag<I> {
    fn default() -> Self {
        Self {
            graph: DiGraph::new(),
            index: HashMap::new(),
        }
    }
}

impl<I: Clone + Eq + Hash> Dag<I> {
    /// The graph of jobs with their needs. Of a job that comes twice the needs are put together; needs that name no
    /// job are left out, for they are reported where the file is checked.
    #[must_use]
    pub fn build<J, N>(jobs: J) -> Self
    where
        J: IntoIterator<Item = (I, N)>,
        N: IntoIterator<Item = I>,
    {
        let mut dag = Self::default();
        let mut needs: Vec<(NodeIndex, IndexSet<I>)> = Vec::new();
        for (job, wanted) in jobs {
            let node = *dag
                .index
                .entry(job.clone())
                .or_insert_with(|| dag.graph.add_node(job));
            match needs.get_mut(node.index()) {
                Some((_, known)) => known.extend(wanted),
                None => needs.push((node, wanted.into_iter().collect())),
            }
        }
        for (node, wanted) in needs {
            for need in wanted {
                if let Some(needed) = dag.index.get(&need) {
                    dag.graph.add_edge(*needed, node, ());
                }
            }
        }
        dag
    }

    /// How many jobs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.graph.node_count()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The jobs.
    pub fn jobs(&self) -> impl Iterator<Item = &I> {
        self.graph.node_weights()
    }

    /// The jobs that could start now: not in `completed`, and everything they need is.
    #[must_use]
    pub fn ready(&self, completed: &HashSet<I>) -> Vec<&I> {
        self.graph
            .node_indices()
            .filter(|node| self.job(*node).is_some_and(|job| !completed.contains(job)))
            .filter(|node| {
                let mut needs = self.graph.neighbors_directed(*node, Direction::Incoming);
                needs.all(|need| self.job(need).is_some_and(|need| completed.contains(need)))
            })
            .filter_map(|node| self.job(node))
            .collect()
    }

    /// All jobs, each after everything it needs, otherwise in the order of the file.
    ///
    /// # Errors
    /// When jobs need each other in a circle.
    pub fn execution_order(&self) -> Result<Vec<&I>, CycleError<I>>
    where
        I: fmt::Display + fmt::Debug,
    {
        let mut missing: Vec<usize> = self
            .graph
            .node_indices()
            .map(|node| self.need_count(node))
            .collect();
        let free = self
            .graph
            .node_indices()
            .filter(|node| missing.get(node.index()) == Some(&0));
        // The smallest index first: the file's order among those that could come next.
        let mut free: BinaryHeap<Reverse<NodeIndex>> = free.map(Reverse).collect();
        let mut order = Vec::with_capacity(self.len());
        while let Some(Reverse(node)) = free.pop() {
            order.extend(self.job(node));
            for dependent in self.graph.neighbors(node) {
                if let Some(count) = missing.get_mut(dependent.index()) {
                    *count -= 1;
                    if *count == 0 {
                        free.push(Reverse(dependent));
                    }
                }
            }
        }
        if order.len() == self.len() {
            Ok(order)
        } else {
            Err(CycleError {
                cycles: self.cycles(),
            })
        }
    }

    /// Whether jobs need each other in a circle.
    #[must_use]
    pub fn has_cycles(&self) -> bool {
        self.graph.edge_count() > 0 && petgraph::algo::toposort(&self.graph, None).is_err()
    }

    /// The circles, as paths in which every job needs the next one and the last needs the first; each starts at its
    /// job that is first in the file.
    ///
    /// Jobs that all need each other can form more circles than could ever be listed: of each such group this is the
    /// shortest circle through its first job. Once it is broken the next one shows.
    #[must_use]
    pub fn cycles(&self) -> Vec<Vec<I>> {
        if self.graph.edge_count() == 0 {
            return Vec::new();
        }
        // Iterative, unlike Tarjan's: a chain of ten thousand jobs must not exhaust the stack.
        let groups = kosaraju_scc(&self.graph);
        let circular = groups.into_iter().filter(|group| match group.as_slice() {
            [only] => self.graph.contains_edge(*only, *only),
            _ => true,
        });
        let mut cycles: Vec<Vec<NodeIndex>> = circular.filter_map(|group| self.circle(&group)).collect();
        cycles.sort();
        cycles
            .iter()
            .map(|cycle| cycle.iter().filter_map(|node| self.job(*node)).cloned().collect())
            .collect()
    }

    /// What a job needs, directly. Empty for a job that is not there.
    #[must_use]
    pub fn dependencies(&self, job: &I) -> Vec<&I> {
        self.neighbors(job, Direction::Incoming)
    }

    /// The jobs that need this one, directly. Empty for a job that is not there.
    #[must_use]
    pub fn dependents(&self, job: &I) -> Vec<&I> {
        self.neighbors(job, Direction::Outgoing)
    }

    /// These jobs and everything they need, directly or not. Ids that are not there are passed over.
    #[must_use]
    pub fn with_dependencies<'a>(&self, jobs: impl IntoIterator<Item = &'a I>) -> HashSet<I>
    where
        I: 'a,
    {
        let mut todo: Vec<NodeIndex> = jobs
            .into_iter()
            .filter_map(|job| self.index.get(job))
            .copied()
            .collect();
        let mut seen: HashSet<NodeIndex> = todo.iter().copied().collect();
        while let Some(node) = todo.pop() {
            todo.extend(
                self.graph
                    .neighbors_directed(node, Direction::Incoming)
                    .filter(|need| seen.insert(*need)),
            );
        }
        seen.into_iter()
            .filter_map(|node| self.job(node))
            .cloned()
            .collect()
    }

    /// Follows a run through the graph, at the cost of what changes.
    #[must_use]
    pub fn progress(&self) -> Progress<'_, I> {
        Progress {
            dag: self,
            missing: self
                .graph
                .node_indices()
                .map(|node| self.need_count(node))
                .collect(),
            done: vec![false; self.len()],
        }
    }

    /// The shortest circle through the job of the group that is first in the file.
    fn circle(&self, group: &[NodeIndex]) -> Option<Vec<NodeIndex>> {
        let start = group.iter().min().copied()?;
        let members: HashSet<NodeIndex> = group.iter().copied().collect();
        let mut came_from: HashMap<NodeIndex, NodeIndex> = HashMap::new();
        let mut todo = VecDeque::from([start]);
        while let Some(node) = todo.pop_front() {
            let mut needs: Vec<NodeIndex> =
                self.graph.neighbors_directed(node, Direction::Incoming).collect();
            needs.sort_unstable();
            for need in needs {
                if need == start {
                    let mut circle = vec![node];
                    while let Some(before) = circle
                        .last()
                        .filter(|last| **last != start)
                        .and_then(|last| came_from.get(last))
                    {
                        circle.push(*before);
                    }
                    circle.reverse();
                    return Some(circle);
                }
                if members.contains(&need) && !came_from.contains_key(&need) {
                    came_from.insert(need, node);
                    todo.push_back(need);
                }
            }
        }
        None
    }

    fn job(&self, node: NodeIndex) -> Option<&I> {
        self.graph.node_weight(node)
    }

    fn need_count(&self, node: NodeIndex) -> usize {
        self.graph.neighbors_directed(node, Direction::Incoming).count()
    }

    fn neighbors(&self, job: &I, direction: Direction) -> Vec<&I> {
        let Some(node) = self.index.get(job) else {
            return Vec::new();
        };
        let mut nodes: Vec<NodeIndex> = self.graph.neighbors_directed(*node, direction).collect();
        nodes.sort_unstable();
        nodes.into_iter().filter_map(|node| self.job(node)).collect()
    }
}

/// Which jobs of a graph are done; tells what each further one makes ready.
#[derive(Clone, Debug)]
pub struct Progress<'a, I = JobId> {
    dag: &'a Dag<I>,
    missing: Vec<usize>,
    done: Vec<bool>,
}

impl<'a, I: Clone + Eq + Hash> Progress<'a, I> {
    /// The jobs that need nothing that is not done, and are not done themselves.
    #[must_use]
    pub fn ready(&self) -> Vec<&'a I> {
        let free = |node: &NodeIndex| self.missing.get(node.index()) == Some(&0) && !self.is_done(*node);
        self.dag
            .graph
            .node_indices()
            .filter(free)
            .filter_map(|node| self.dag.job(node))
            .collect()
    }

    /// Marks a job as done and returns the jobs that became ready by it. Nothing happens for a job that is done
    /// already or not there.
    pub fn complete(&mut self, job: &I) -> Vec<&'a I> {
        let Some(node) = self
            .dag
            .index
            .get(job)
            .copied()
            .filter(|node| !self.is_done(*node))
        else {
            return Vec::new();
        };
        if let Some(done) = self.done.get_mut(node.index()) {
            *done = true;
        }
        let mut ready = Vec::new();
        for dependent in self.dag.graph.neighbors(node) {
            if let Some(count) = self.missing.get_mut(dependent.index()) {
                *count = count.saturating_sub(1);
                if *count == 0 && !self.is_done(dependent) {
                    ready.push(dependent);
                }
            }
        }
        ready.sort_unstable();
        ready.into_iter().filter_map(|node| self.dag.job(node)).collect()
    }

    /// Whether all jobs are done.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.done.iter().all(|done| *done)
    }

    fn is_done(&self, node: NodeIndex) -> bool {
        self.done.get(node.index()).copied().unwrap_or_default()
    }
}

/// A circle as people read it: `a -> b -> a`; a long one with its middle left out.
pub(crate) fn path<I: fmt::Display>(cycle: &[I]) -> String {
    const SHOWN: usize = 12;
    let mut names: Vec<String> = cycle.iter().take(SHOWN).map(ToString::to_string).collect();
    if cycle.len() > SHOWN {
        names.push(format!("… ({} more)", cycle.len() - SHOWN));
    }
    names.extend(cycle.first().map(ToString::to_string));
    names.join(" -> ")
}
