//! Reading what can be read of a file that is no YAML at the moment: the smallest part that makes it one when it is
//! blanked out, byte for byte, so that all other places stay what they are.

use std::sync::Arc;

use super::lines::{self, Lines, is_unclosed};
use super::region::{Outcome, Region};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Source;
use crate::span::Span;
use crate::tree::{self, Kind, Limits, Node};

/// What came of it.
pub(super) struct Recovered {
    /// The tree of what is left; none when there is nothing to read.
    pub(super) tree: Option<Node>,
    /// What was blanked out.
    pub(super) gaps: Vec<Span>,
    /// What the parser says of the file.
    pub(super) diagnostics: Diagnostics,
}

/// How many mistakes are mended, each after the one before.
const MOST_MISTAKES: usize = 8;
/// How often a file is read at most.
const MOST_READINGS: usize = 40;
/// The longest text that is read more than once: GitHub takes no longer ones.
const LONGEST: usize = 512 * 1024;

/// Reads a file, and where it cannot be read, what can be read around that.
pub(super) fn read(source: &Source, lines: &Lines) -> Recovered {
    let mut diagnostics = Diagnostics::new();
    let tree = tree::parse(source, &Limits::default(), &mut diagnostics);
    let mut gaps = Vec::new();
    // What is too much, or two files in one, is not mended by taking a word out.
    let is_syntax = diagnostics
        .iter()
        .last()
        .is_some_and(|one| one.code == codes::YAML_SYNTAX);
    if tree.is_some() || !is_syntax || source.text().len() > LONGEST {
        return Recovered {
            tree,
            gaps,
            diagnostics,
        };
    }
    let mut mistake = last(&diagnostics);
    let mut readings = 0;
    for _ in 0..MOST_MISTAKES {
        let Some(at) = mistake else { break };
        let candidates = candidates(source.text(), lines, at);
        let far = end_of_part(lines, at);
        // In a long file what is to be taken out is told by the job alone, which is read in no time.
        let tried = alone(source.text(), lines, at, &candidates, &gaps);
        let mut next = tried
            .map(|all| Step::read(source, all, at))
            .filter(|step| !matches!(step, Step::Stuck));
        if next.is_none() {
            next = by_all(source, &candidates, &gaps, at, far, &mut readings);
        }
        match next {
            Some(Step::Read(read)) => {
                return Recovered {
                    tree: Some(read.tree),
                    gaps: read.gaps,
                    diagnostics,
                };
            }
            Some(Step::Further {
                gaps: all,
                later,
                found,
            }) => {
                gaps = all;
                mistake = Some(later);
                let later = |one: &&Diagnostic| one.span().is_some_and(|span| span.start >= later);
                for one in found.iter().filter(later) {
                    diagnostics.push(one.clone());
                }
            }
            Some(Step::Stuck) | None => break,
        }
    }
    Recovered {
        tree: None,
        gaps,
        diagnostics,
    }
}

/// What becomes of a file when something more is blanked out.
enum Step {
    /// All of it can be read.
    Read(Read),
    /// The next mistake, and what the parser says then.
    Further {
        gaps: Vec<Span>,
        later: usize,
        found: Diagnostics,
    },
    /// It is no better.
    Stuck,
}

/// A file that can be read around its gaps.
struct Read {
    tree: Node,
    gaps: Vec<Span>,
}

impl Step {
    /// Reads all of a file without its gaps; the last mistake was at a byte.
    fn read(source: &Source, gaps: Vec<Span>, at: usize) -> Self {
        let mut found = Diagnostics::new();
        let text = without(source.text(), &gaps);
        let tree = tree::parse(&Source::new(source.name(), text), &Limits::default(), &mut found);
        // All files of the language are mappings: where one is left that is none, the wrong part was taken out.
        if let Some(tree) = tree.filter(|tree| tree.as_mapping().is_some()) {
            return Self::Read(Read { tree, gaps });
        }
        let latest = gaps.last().map_or(at, |gap| at.max(gap.end));
        match last(&found).filter(|later| *later > latest) {
            Some(later) => Self::Further { gaps, later, found },
            None => Self::Stuck,
        }
    }
}

/// The step on for a mistake, found by reading all of the file for each try: of those that do not lead to the end the one
/// that leads farthest.
fn by_all(
    source: &Source,
    candidates: &[Span],
    gaps: &[Span],
    at: usize,
    far: usize,
    readings: &mut usize,
) -> Option<Step> {
    let mut next: Option<(usize, Step)> = None;
    for gap in candidates {
        if *readings == MOST_READINGS {
            break;
        }
        *readings += 1;
        let step = Step::read(source, [gaps, &[*gap]].concat(), at);
        match step {
            Step::Read(_) => return Some(step),
            Step::Stuck => {}
            Step::Further { later, .. } => {
                if next.as_ref().is_none_or(|(farthest, _)| later > *farthest) {
                    next = Some((later, step));
                }
                // Certainly another mistake.
                if later > far {
                    break;
                }
            }
        }
    }
    next.map(|(_, step)| step)
}

/// What to blank out beside the gaps for the mistake at a byte, told by reading the job around it alone: what makes it readable,
/// else what leads farthest.
fn alone(text: &str, lines: &Lines, at: usize, candidates: &[Span], gaps: &[Span]) -> Option<Vec<Span>> {
    let first = candidates.first().map_or(at, |gap| gap.start.min(at));
    let region = Region::around(text, lines, first, at)?;
    // What is wrong there must be wrong in the job by itself, too.
    match region.read(text, gaps) {
        Outcome::Broken(_) => {}
        Outcome::Read | Outcome::Other => return None,
    }
    let mut all = gaps.to_vec();
    let mut next: Option<(Span, usize)> = None;
    for gap in candidates.iter().filter(|gap| region.holds(**gap)) {
        all.push(*gap);
        match region.read(text, &all) {
            Outcome::Read => return Some(all),
            Outcome::Broken(later) if later > at.max(gap.end) => {
                if next.is_none_or(|(_, farthest)| later > farthest) {
                    next = Some((*gap, later));
                }
            }
            Outcome::Broken(_) | Outcome::Other => {}
        }
        all.pop();
    }
    all.push(next?.0);
    Some(all)
}

/// Where the job ends that a byte is in, or what is under its key of the top level.
fn end_of_part(lines: &Lines, at: usize) -> usize {
    let around = lines.around(lines.at(at), usize::MAX, false);
    let is_jobs = around
        .first()
        .is_some_and(|(_, part)| part.key.as_deref() == Some("jobs"));
    let part = around.get(usize::from(is_jobs)).or(around.first());
    let end = part.map_or(0, |(line, part)| lines.block(*line, part.column).end);
    lines.get(end).map_or(usize::MAX, |next| next.span.start)
}

/// Where the parser gave up.
fn last(diagnostics: &Diagnostics) -> Option<usize> {
    diagnostics.iter().last()?.span().map(|span| span.start)
}

/// What to blank out for a mistake, from the least on.
fn candidates(text: &str, lines: &Lines, at: usize) -> Vec<Span> {
    let here = lines.at(at);
    let mut found: Vec<Span> = Vec::new();
    let mut add = |span: Span| {
        if !span.is_empty() && !found.contains(&span) {
            found.push(span);
        }
    };
    // A word without its colon, or a value that is not closed, a little above.
    const ABOVE: usize = 400;
    let value = |line: usize| lines.get(line).map(|line| line.value);
    let suspicious = (here.saturating_sub(ABOVE)..=here).rev().find(|line| {
        let value = value(*line)
            .and_then(|span| text.get(span.range()))
            .unwrap_or_default();
        lines.get(*line).is_some_and(|line| match line.kind {
            lines::Kind::Word => true,
            lines::Kind::Entry => is_unclosed(value),
            lines::Kind::Blank | lines::Kind::Inside { .. } => false,
        })
    });
    if let Some(line) = suspicious {
        value(line).into_iter().for_each(&mut add);
        // What the value took with it, as far as it went.
        let end = lines.get(here).map_or(at, |line| line.span.end);
        value(line)
            .into_iter()
            .for_each(|value| add(Span::new(value.start, end)));
    }
    // A tab is wrong where it stands.
    let begins_with_tab = |line: &lines::Line| {
        let written = text.get(line.span.range()).unwrap_or_default();
        written.trim_start_matches(' ').starts_with('\t')
    };
    lines
        .get(here)
        .filter(|line| begins_with_tab(line))
        .into_iter()
        .for_each(|line| add(line.span));
    let is_entry = |line: &usize| {
        lines
            .get(*line)
            .is_some_and(|line| line.kind != lines::Kind::Blank)
    };
    let near = [Some(here), (0..here).rev().find(is_entry)].into_iter().flatten();
    let mut near: Vec<Span> = near
        .filter_map(|line| lines.get(line))
        .flat_map(|line| [line.value, line.span])
        .collect();
    near.sort_by_key(|span| span.end - span.start);
    near.into_iter().for_each(&mut add);
    // The item, the job, the key of the top level: what is around, less its own key.
    let column = lines.get(here).map_or(0, |line| {
        let first = line
            .parts
            .first()
            .map_or(line.value.start, |part| part.span.start);
        first.saturating_sub(line.span.start)
    });
    let is_item = lines
        .get(here)
        .and_then(|line| line.parts.first())
        .is_some_and(|part| part.key.is_none());
    for (line, part) in lines.around(here, column.saturating_add(1), is_item).iter().rev() {
        let end = lines.block(*line, part.column).end;
        let end = lines
            .get(end.saturating_sub(1))
            .map_or(text.len(), |line| line.span.end);
        let after = part.span.end + usize::from(part.key.is_some());
        add(Span::new(after, end.max(at)));
    }
    add(Span::new(
        lines.get(here).map_or(at, |line| line.span.start),
        text.len(),
    ));
    found
}

/// The text with spaces for all that is in the gaps, line breaks excepted.
pub(super) fn without(text: &str, gaps: &[Span]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for gap in gaps {
        for byte in bytes.get_mut(gap.range()).unwrap_or_default() {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }
    // Gaps begin and end with characters, so that this is text again.
    String::from_utf8(bytes).unwrap_or_default()
}

/// The tree with everything marked that a gap took something from, so that readers complain of nothing there. `end`: where
/// what is around the node goes on.
pub(super) fn mark(node: &Node, end: usize, gaps: &[Span]) -> Node {
    let touched = |from: usize, end: usize| gaps.iter().any(|gap| gap.start <= end && from <= gap.end);
    if !touched(node.span.start, end) {
        return node.clone();
    }
    let mut marked = node.clone();
    match &mut marked.kind {
        Kind::Sequence(items) => {
            let ends: Vec<usize> = items
                .iter()
                .skip(1)
                .map(|next| next.span.start)
                .chain([end])
                .collect();
            let items_and_ends = items.iter().zip(ends);
            *items = items_and_ends
                .map(|(item, end)| hole_or(item, item.span.start, end, gaps))
                .collect();
        }
        Kind::Mapping(mapping) => {
            let mapping = Arc::make_mut(mapping);
            mapping.incomplete = true;
            let next = mapping.entries.iter().skip(1).map(|next| next.key.span.start);
            let ends: Vec<usize> = next.chain([end]).collect();
            for (entry, end) in mapping.entries.iter_mut().zip(ends) {
                entry.value = hole_or(&entry.value, entry.key.span.end, end, gaps);
            }
        }
        Kind::Scalar(_) | Kind::Invalid => {}
    }
    marked
}

/// A value; where nothing stands because it was blanked out, something that readers pass over.
fn hole_or(node: &Node, start: usize, end: usize, gaps: &[Span]) -> Node {
    if node.is_null() && gaps.iter().any(|gap| gap.start <= end && start <= gap.end) {
        return Node::new(Kind::Invalid, node.span);
    }
    mark(node, end, gaps)
}

/// The tree without what is under the keys that a gap is in: jobs each for themselves, all else by its key of the top
/// level. Those keys, with the places of what they hold.
pub(super) fn without_touched(root: &Node, gaps: &[Span]) -> (Node, Vec<(Arc<str>, Span)>) {
    let mut taken = Vec::new();
    let mut root = root.clone();
    let end = root
        .span
        .end
        .max(gaps.iter().map(|gap| gap.end).max().unwrap_or_default());
    if let Kind::Mapping(mapping) = &mut root.kind {
        take(Arc::make_mut(mapping), end, gaps, true, &mut taken);
    }
    (root, taken)
}

fn take(
    mapping: &mut tree::Mapping,
    end: usize,
    gaps: &[Span],
    is_top: bool,
    taken: &mut Vec<(Arc<str>, Span)>,
) {
    mapping.incomplete = true;
    let next = mapping.entries.iter().skip(1).map(|next| next.key.span.start);
    let ends: Vec<usize> = next.chain([end]).collect();
    for (entry, end) in mapping.entries.iter_mut().zip(ends) {
        let region = Span::new(entry.key.span.start, end);
        if !gaps
            .iter()
            .any(|gap| gap.start < region.end && region.start <= gap.end)
        {
            continue;
        }
        match &mut entry.value.kind {
            Kind::Mapping(jobs) if is_top && &*entry.key.text == "jobs" => {
                take(Arc::make_mut(jobs), end, gaps, false, taken);
            }
            _ => {
                taken.push((Arc::clone(&entry.key.text), region));
                entry.value = Node::new(Kind::Invalid, entry.value.span);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recovered(text: &str) -> Recovered {
        read(&Source::new("w.yml", text), &Lines::of(text))
    }

    fn gaps(text: &str) -> Vec<String> {
        let found = recovered(text);
        assert!(found.tree.is_some(), "{text}: {:?}", found.diagnostics);
        found
            .gaps
            .iter()
            .map(|gap| text[gap.range()].to_owned())
            .collect()
    }

    #[test]
    fn the_least_is_blanked_out() {
        for (text, want) in [
            ("a: 1\n", &[][..]),
            ("jobs:\n  a:\n    ru\n    steps: []\n", &["ru"]),
            ("jobs:\n  a:\n    steps: []\n    ru\n", &["ru"]),
            ("jobs:\n  a:\n    needs: [b, \n    steps: []\n  b: {}\n", &["[b,"]),
            ("a: \"x\nb: 1\n", &["\"x"]),
            ("a: 'x\nb: it's\n", &["'x"]),
            ("jobs:\n  a:\n    x: {{\n  b:\n    y: 1\n", &["{{"]),
            ("a:\n\tb: 1\nc: 2\n", &["\tb: 1"]),
            (
                "jobs:\n  a:\n    ru\n    x: 1\n  b:\n    st\n    y: 1\n",
                &["ru", "st"],
            ),
        ] {
            assert_eq!(gaps(text), want, "{text}");
        }
    }

    #[test]
    fn any_cut_of_a_file_keeps_its_first_jobs() {
        let text = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: echo \"${{ github.ref }}\"\n        env: {A: 'b', C: [1, 2]}\n";
        for at in text.find("    runs").unwrap()..text.len() {
            let found = recovered(text.get(..at).unwrap());
            assert!(found.tree.is_some(), "{:?}", &text[..at]);
        }
    }
}
