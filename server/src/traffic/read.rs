//! What is told of traffic, as of a moment.

use std::collections::{BTreeMap, HashMap};

use loom_protocol::{Histogram, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::WINDOW;
use super::actors::{Actor, COARSE};
use super::coverage::Coverage;
use super::kinds::{Kind, MessageOfKind, Plumbing};
use super::series::Series;
use super::span::second_of;
use super::store::{State, Traffic};
use crate::directory::Text;

/// Times in milliseconds: what so many per cent did not exceed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Percentiles {
    /// Half of them.
    pub(crate) p50: f64,
    /// 95 %.
    pub(crate) p95: f64,
    /// 99 %.
    pub(crate) p99: f64,
}

/// One type of message.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageRow {
    /// The type.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Messages that reached their handler, since counting began.
    pub(crate) handled: u64,
    /// Of those, how many had somebody who waits for the answer.
    pub(crate) asked: u64,
    /// Of those, how many were answered with an error or ended in a panic.
    pub(crate) errors: u64,
    /// Messages that never reached a handler, because the actor had ended.
    pub(crate) dead: u64,
    /// Messages whose asker had given up before.
    pub(crate) cancelled: u64,
    /// Handled per second in the window; null where nobody was heard in it.
    pub(crate) rate: Option<f64>,
    /// Time in the queue, where measured in the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wait_ms: Option<Percentiles>,
    /// Time from delivery to the end of handling, where measured in the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) handle_ms: Option<Percentiles>,
}

/// One type of actor.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TypeRow {
    /// The type.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Actors that have not ended.
    pub(crate) live: u64,
    /// Messages that wait for them.
    pub(crate) queued: u64,
    /// Messages handled, since counting began; of actors that are gone, too.
    pub(crate) handled: u64,
    /// Panics and reported errors.
    pub(crate) errors: u64,
    /// Handled per second in the window; null where nobody was heard in it.
    pub(crate) rate: Option<f64>,
    /// Errors per second in the window; null where nobody was heard in it.
    pub(crate) error_rate: Option<f64>,
    /// Time in the queue, where measured in the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wait_ms: Option<Percentiles>,
    /// Time from delivery to the end of handling, where measured in the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) handle_ms: Option<Percentiles>,
    /// Its messages, by type, most frequent first.
    pub(crate) messages: Vec<MessageRow>,
}

/// Messages of one type to or from another actor.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Neighbour {
    /// The other actor; absent when the messages came from outside of all actors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// The type of the messages.
    pub(crate) message: String,
    /// How many, since counting began.
    pub(crate) count: u64,
    /// How many per second in the window; null where nobody was heard in it.
    pub(crate) rate: Option<f64>,
}

/// What happened in each step of a window, oldest first. Null is a gap: nobody was heard, or nothing was measured.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct History {
    /// Milliseconds of a step.
    pub(crate) step: u64,
    /// When the first step begins.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) from: Timestamp,
    /// Messages handled per second.
    pub(crate) rate: Vec<Option<f64>>,
    /// Errors per second.
    pub(crate) errors: Vec<Option<f64>>,
    /// Messages that waited at the end of the step.
    pub(crate) queue: Vec<Option<u64>>,
    /// What 95 % of the times in the queue did not exceed, in milliseconds; of an actor whose process tells no times by message,
    /// their mean.
    pub(crate) wait_ms: Vec<Option<f64>>,
    /// The same of the times from delivery to the end of handling.
    pub(crate) handle_ms: Vec<Option<f64>>,
}

/// A stretch of time that ends now.
#[derive(Clone, Copy)]
struct Window {
    from: i64,
    to: i64,
}

impl Window {
    fn new(now: Timestamp, seconds: i64) -> Self {
        let to = second_of(now);
        Self {
            from: to - seconds.clamp(1, WINDOW),
            to,
        }
    }

    /// The same, to whole steps of ten seconds.
    fn coarse(self) -> Self {
        Self {
            from: self.from.div_euclid(COARSE) * COARSE,
            to: self.to.div_euclid(COARSE) * COARSE + COARSE,
        }
    }
}

impl Traffic {
    /// All types, by name; without those that only a library's plumbing is of, unless these are wanted too. `window` is in seconds.
    pub(crate) fn types(&self, now: Timestamp, window: i64, plumbing: Plumbing) -> Vec<TypeRow> {
        let window = Window::new(now, window);
        let state = self.lock();
        let covered = state.coverage_by_kind();
        let shown = state
            .kinds
            .all
            .iter()
            .filter(|(_, kind)| plumbing == Plumbing::Shown || kind.own || !kind.plumbing);
        let rows = shown.map(|(name, kind)| {
            let covered = covered
                .get(name)
                .map_or(0, |covered| covered.count(window.from, window.to));
            type_row(name, kind, covered, window)
        });
        let mut rows: Vec<TypeRow> = rows.collect();
        rows.sort_by(|a, b| a.kind.cmp(&b.kind));
        rows
    }

    /// The messages of one actor by type, who sends it some, and to whom it does.
    pub(crate) fn of_actor(
        &self,
        id: &str,
        now: Timestamp,
        window: i64,
    ) -> (Vec<MessageRow>, Vec<Neighbour>, Vec<Neighbour>) {
        let window = Window::new(now, window);
        let state = self.lock();
        let mut messages = Vec::new();
        if let Some(actor) = state.actors.all.get(id) {
            let covered = state.coverage_of(actor).count(window.from, window.to);
            let rows = actor.rows.values();
            messages.extend(rows.map(|row| message_row_of(&row.latest, &row.kept, covered, window)));
        }
        sort(&mut messages);
        let (mut hears, mut talks) = (Vec::new(), Vec::new());
        for ((from, to, message), edge) in &state.edges.all {
            let neighbour = |other: Option<&Text>| Neighbour {
                id: other.map(|other| other.to_string()),
                message: message.to_string(),
                count: edge.count,
                rate: state.edge_rate(edge, window),
            };
            if &**to == id {
                hears.push(neighbour(from.as_ref()));
            }
            if from.as_deref() == Some(id) {
                talks.push(neighbour(Some(to)));
            }
        }
        for neighbours in [&mut hears, &mut talks] {
            neighbours.sort_by(|a: &Neighbour, b| b.count.cmp(&a.count).then_with(|| a.id.cmp(&b.id)));
        }
        (messages, hears, talks)
    }

    /// What all edges came to: who, to whom, their types, and the message with its count and rate.
    pub(crate) fn edges(&self, now: Timestamp, window: i64) -> Vec<Passed> {
        let window = Window::new(now, window);
        let state = self.lock();
        let edges = state.edges.all.iter().map(|((from, to, message), edge)| Passed {
            from: from.clone(),
            to: to.clone(),
            kinds: edge.kinds.clone(),
            message: message.clone(),
            count: edge.count,
            rate: state.edge_rate(edge, window).unwrap_or(0.0),
        });
        edges.collect()
    }

    /// Messages per second, errors, and the typical wait of one actor in a window.
    pub(crate) fn actor_numbers(&self, id: &str, now: Timestamp, window: i64) -> Numbers {
        let window = Window::new(now, window);
        let state = self.lock();
        let Some(actor) = state.actors.all.get(id) else {
            return Numbers::default();
        };
        let steps = if actor.fine_since.is_some_and(|since| since <= window.from) {
            window
        } else {
            window.coarse()
        };
        let covered = state.coverage_of(actor).count(steps.from, steps.to);
        let (handled, errors) = actor.series.counts(steps.from, steps.to);
        let (mut wait, mut handle) = (Histogram::default(), Histogram::default());
        actor.series.times(steps.from, steps.to, &mut wait, &mut handle);
        Numbers {
            rate: per_second(handled, covered),
            errors: per_second(errors, covered),
            wait_ms: wait.percentile_ms(0.95),
        }
    }

    /// Of each type: how many actors have not ended, and how many messages never reached a handler.
    pub(crate) fn live_and_dead(&self) -> Vec<(Text, u64, u64)> {
        let state = self.lock();
        let kinds = state.kinds.all.iter();
        kinds
            .map(|(name, kind)| (name.clone(), kind.live, kind.dead))
            .collect()
    }

    /// The window of one actor, of all of one type, or of all.
    pub(crate) fn history(&self, of: &HistoryOf<'_>, now: Timestamp, window: i64) -> History {
        let second = second_of(now);
        // The second that runs is not over.
        let window = Window {
            from: second - 1 - window.clamp(1, WINDOW),
            to: second - 1,
        };
        let state = self.lock();
        match of {
            HistoryOf::Actor(id) => {
                let Some(actor) = state.actors.all.get(*id) else {
                    return steps(&[], &Coverage::default(), window, 1);
                };
                let covered = state.coverage_of(actor);
                match actor.fine_since {
                    Some(_) => steps(&[&actor.series.refined()], &covered, window, 1),
                    None => steps(&[&actor.series], &covered, window, COARSE),
                }
            }
            HistoryOf::Kind(kind) => {
                let covered = state.coverage_by_kind();
                let covered = covered.get(*kind).cloned().unwrap_or_default();
                let series: Vec<&Series> = state
                    .kinds
                    .all
                    .get(*kind)
                    .map(|kind| &kind.series)
                    .into_iter()
                    .collect();
                steps(&series, &covered, window, 1)
            }
            HistoryOf::All => {
                let mut covered = Coverage::default();
                state
                    .coverage_by_kind()
                    .values()
                    .for_each(|kind| covered.add(kind));
                let series: Vec<&Series> = state.kinds.all.values().map(|kind| &kind.series).collect();
                steps(&series, &covered, window, 1)
            }
        }
    }
}

/// Whose window is asked for.
pub(crate) enum HistoryOf<'a> {
    /// One actor's, by the id it is shown under.
    Actor(&'a str),
    /// That of all actors of a type.
    Kind(&'a str),
    /// That of all.
    All,
}

/// What one actor did in a window.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Numbers {
    /// Messages handled per second; nothing where nobody was heard.
    pub(crate) rate: Option<f64>,
    /// Errors per second; nothing where nobody was heard.
    pub(crate) errors: Option<f64>,
    /// What 95 % of the times in the queue did not exceed, in milliseconds.
    pub(crate) wait_ms: Option<f64>,
}

/// What passed on one edge.
pub(crate) struct Passed {
    /// Who sent; nobody that is an actor when absent.
    pub(crate) from: Option<Text>,
    /// Who got it.
    pub(crate) to: Text,
    /// The types of both, where known.
    pub(crate) kinds: (Option<Text>, Option<Text>),
    /// The type of the messages.
    pub(crate) message: Text,
    /// How many, since counting began.
    pub(crate) count: u64,
    /// How many per second in the window.
    pub(crate) rate: f64,
}

impl State {
    /// When somebody was heard who has, or had, actors of each type.
    pub(super) fn coverage_by_kind(&self) -> HashMap<Text, Coverage> {
        let mut covered: HashMap<Text, Coverage> = HashMap::new();
        for (name, kind) in &self.kinds.all {
            covered.entry(name.clone()).or_default().add(&kind.loners);
        }
        for boot in self.boots.values() {
            for name in boot.kinds.keys() {
                covered.entry(name.clone()).or_default().add(&boot.coverage);
            }
        }
        covered
    }

    pub(super) fn coverage_of(&self, actor: &Actor) -> Coverage {
        let mut covered = actor.loner.clone();
        if let Some(boot) = actor.boot.as_ref().and_then(|boot| self.boots.get(boot)) {
            covered.add(&boot.coverage);
        }
        covered
    }

    fn edge_rate(&self, edge: &super::edges::Edge, window: Window) -> Option<f64> {
        let window = window.coarse();
        let boot = self.boots.get(&edge.boot)?;
        per_second(
            edge.since(window.from),
            boot.coverage.count(window.from, window.to),
        )
    }
}

fn type_row(name: &Text, kind: &Kind, covered: u32, window: Window) -> TypeRow {
    let (handled, errors) = kind.series.counts(window.from, window.to);
    let (mut wait, mut handle) = (Histogram::default(), Histogram::default());
    kind.series.times(window.from, window.to, &mut wait, &mut handle);
    let rows = kind.messages.values();
    let mut messages: Vec<MessageRow> = rows
        .map(|message| message_row_of(&message.totals, message, covered, window))
        .collect();
    sort(&mut messages);
    TypeRow {
        kind: name.to_string(),
        live: kind.live,
        queued: kind.queued,
        handled: kind.handled,
        errors: kind.errors,
        rate: per_second(handled, covered),
        error_rate: per_second(errors, covered),
        wait_ms: percentiles(&wait),
        handle_ms: percentiles(&handle),
        messages,
    }
}

fn message_row_of(
    totals: &loom_protocol::MessageTotals,
    kept: &MessageOfKind,
    covered: u32,
    window: Window,
) -> MessageRow {
    let (handled, _) = kept.series.counts(window.from, window.to);
    let (mut wait, mut handle) = (Histogram::default(), Histogram::default());
    kept.series.times(window.from, window.to, &mut wait, &mut handle);
    MessageRow {
        kind: totals.kind.clone(),
        handled: totals.handled,
        asked: totals.asked,
        errors: totals.errors,
        dead: totals.dead,
        cancelled: totals.cancelled,
        rate: per_second(handled, covered),
        wait_ms: percentiles(&wait),
        handle_ms: percentiles(&handle),
    }
}

fn sort(rows: &mut [MessageRow]) {
    rows.sort_by(|a, b| b.handled.cmp(&a.handled).then_with(|| a.kind.cmp(&b.kind)));
}

fn percentiles(times: &Histogram) -> Option<Percentiles> {
    Some(Percentiles {
        p50: times.percentile_ms(0.5)?,
        p95: times.percentile_ms(0.95)?,
        p99: times.percentile_ms(0.99)?,
    })
}

pub(super) fn per_second(count: f64, covered: u32) -> Option<f64> {
    // To a thousandth: sums of parts of a count are not exact.
    (covered > 0).then(|| (count / f64::from(covered) * 1e3).round() / 1e3)
}

/// The sum of windows, step by step.
fn steps(series: &[&Series], covered: &Coverage, window: Window, step: i64) -> History {
    let window = if step == 1 {
        window
    } else {
        Window {
            from: window.from.div_euclid(step) * step,
            to: window.to.div_euclid(step) * step,
        }
    };
    let mut sums: BTreeMap<i64, super::series::Sample> = BTreeMap::new();
    let mut queues: BTreeMap<i64, i64> = BTreeMap::new();
    let mut queued: Option<i64> = None;
    for series in series {
        let mut before = series.queue_before();
        for sample in series.samples() {
            let second = super::series::end_of_step(sample.second, step);
            let sum = sums.entry(second).or_default();
            sum.handled += sample.handled;
            sum.errors += sample.errors;
            sum.wait.merge(&sample.wait);
            sum.handle.merge(&sample.handle);
            if let Some(queue) = sample.queue {
                // As differences, so that those of several may be added.
                *queues.entry(second).or_default() += i64::from(queue) - i64::from(before.unwrap_or(0));
                before = Some(queue);
            }
        }
        if let Some(first) = series.queue_before() {
            *queued.get_or_insert(0) += i64::from(first);
        }
    }
    for (_, difference) in queues.range(..=window.from) {
        *queued.get_or_insert(0) += difference;
    }
    let mut history = History {
        step: u64::try_from(step * 1_000).unwrap_or(1_000),
        from: Timestamp::from_millis(window.from * 1_000),
        rate: Vec::new(),
        errors: Vec::new(),
        queue: Vec::new(),
        wait_ms: Vec::new(),
        handle_ms: Vec::new(),
    };
    let mut end = window.from + step;
    while end <= window.to {
        if let Some(difference) = queues.get(&end) {
            *queued.get_or_insert(0) += difference;
        }
        let sum = sums.get(&end);
        let seconds = covered.count(end - step, end);
        let is_known = seconds > 0;
        let count = |of: fn(&super::series::Sample) -> f32| sum.map_or(0.0, |sum| f64::from(of(sum)));
        history.rate.push(per_second(count(|sum| sum.handled), seconds));
        history.errors.push(per_second(count(|sum| sum.errors), seconds));
        let waiting = queued.map(|queued| u64::try_from(queued).unwrap_or(0));
        history.queue.push(waiting.filter(|_| is_known));
        history
            .wait_ms
            .push(sum.filter(|_| is_known).and_then(|sum| sum.wait.typical_ms()));
        history
            .handle_ms
            .push(sum.filter(|_| is_known).and_then(|sum| sum.handle.typical_ms()));
        end += step;
    }
    history
}
