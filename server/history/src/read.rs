//! How it was: series of a range of time, joined to as many points as are wanted.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use crate::chunk::Reading;
use crate::disk::Disk;
use crate::key::{By, Key};
use crate::metric::Metric;
use crate::plan::Plan;
use crate::ring::Copied;
use crate::step::Step;
use crate::store::Store;

/// What is asked for.
pub struct Question<'a> {
    /// A series of what.
    pub by: By,
    /// Which of them.
    pub wanted: &'a dyn Fn(&str) -> bool,
    /// One series of all that are wanted, under this key.
    pub together: Option<Key>,
    /// What is told of each; the first of them decides which come first.
    pub metrics: &'a [Metric],
    /// The range, in milliseconds since 1970.
    pub from: i64,
    /// Its end.
    pub to: i64,
    /// Points at most.
    pub points: usize,
    /// Names at most.
    pub limit: usize,
    /// The second that it is.
    pub now: i64,
    /// What was measured and is not taken in yet, because it may still become more.
    pub newest: &'a [(i64, Key, Step)],
}

/// How it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    /// When the first point begins, in milliseconds since 1970.
    pub from: i64,
    /// When the last point ends.
    pub to: i64,
    /// Milliseconds of a point.
    pub step: i64,
    /// For each name a line a metric: those with the most of the first metric first.
    pub lines: Vec<Line>,
    /// Names that are wanted and did not fit.
    pub more: usize,
    /// The oldest moment that is kept.
    pub since: Option<i64>,
}

/// One metric of one name.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The name.
    pub key: Key,
    /// What it tells.
    pub metric: Metric,
    /// What it was at each point; nothing where it was not measured.
    pub values: Vec<Option<f64>>,
    /// The most that it was within each point, where that is known.
    pub most: Vec<Option<f64>>,
}

/// One name, as far as it is in memory.
struct Candidate {
    key: Key,
    id: Option<i64>,
    copied: Option<Copied>,
    newest: Vec<(i64, Step)>,
}

/// Where steps come from.
struct Source<'a> {
    plan: Plan,
    disk: Option<&'a Disk>,
    /// It could not be read: it is not asked again for this answer.
    is_broken: Cell<bool>,
}

pub(crate) fn read(store: &Mutex<Store>, disk: Option<&Disk>, question: &Question<'_>) -> Past {
    let plan = Plan::new(question.from, question.to, question.points, question.now);
    let guard = store.lock().unwrap_or_else(PoisonError::into_inner);
    let whole_since = guard.whole_since.get(plan.ring).copied().unwrap_or(i64::MAX);
    let source = Source {
        plan,
        disk: disk.filter(|_| plan.from < whole_since),
        is_broken: Cell::new(false),
    };
    let mut candidates = candidates(&guard, plan, question);
    let first = guard.first();
    drop(guard);
    let since = [first, disk.and_then(|disk| disk.status().first)];
    let mut past = Past {
        from: plan.from.saturating_mul(1_000),
        to: plan.until().saturating_mul(1_000),
        step: plan.step.saturating_mul(1_000),
        since: since
            .into_iter()
            .flatten()
            .min()
            .map(|second| second.saturating_mul(1_000)),
        ..Past::default()
    };
    if let Some(key) = &question.together {
        let fold = source.together(&candidates, question.metrics);
        past.lines.extend(fold.lines(key, question.metrics));
        return past;
    }
    let rank = |step: &Step| question.metrics.first().and_then(|metric| metric.value(step));
    if candidates.len() > question.limit {
        let mut ranked: Vec<(Option<f64>, bool, Candidate)> = candidates
            .into_iter()
            .map(|candidate| {
                let mut whole = Step::default();
                source.each(&candidate, |_, step| whole.then(step));
                (rank(&whole), whole.is_gap(), candidate)
            })
            .collect();
        // Of those that were not measured in this range there is nothing to tell.
        ranked.retain(|(_, is_gap, _)| !is_gap);
        ranked.sort_by(|a, b| most_first((a.0, &a.2.key), (b.0, &b.2.key)));
        past.more = ranked.len().saturating_sub(question.limit);
        candidates = ranked
            .into_iter()
            .take(question.limit)
            .map(|(_, _, candidate)| candidate)
            .collect();
    }
    let mut folds: Vec<(Option<f64>, Candidate, Fold)> = candidates
        .into_iter()
        .map(|candidate| {
            let mut fold = Fold::new(&plan, question.metrics);
            source.each(&candidate, |second, step| {
                fold.add(&plan, second, step, question.metrics)
            });
            (rank(&fold.whole), candidate, fold)
        })
        .filter(|(_, _, fold)| !fold.whole.is_gap())
        .collect();
    folds.sort_by(|a, b| most_first((a.0, &a.1.key), (b.0, &b.1.key)));
    for (_, candidate, fold) in &folds {
        past.lines.extend(fold.lines(&candidate.key, question.metrics));
    }
    past
}

fn most_first(a: (Option<f64>, &Key), b: (Option<f64>, &Key)) -> std::cmp::Ordering {
    let of = |rank: Option<f64>| rank.unwrap_or(f64::NEG_INFINITY);
    of(b.0).total_cmp(&of(a.0)).then_with(|| a.1.cmp(b.1))
}

fn candidates(store: &Store, plan: Plan, question: &Question<'_>) -> Vec<Candidate> {
    let mut newest: HashMap<&Key, Vec<(i64, Step)>> = HashMap::new();
    let is_wanted = |key: &Key| key.by == question.by && (question.wanted)(&key.name);
    for (second, key, step) in question.newest {
        // What was taken in before the clock went back counts once.
        if store.newest.is_none_or(|newest| *second > newest) && is_wanted(key) {
            newest.entry(key).or_default().push((*second, step.clone()));
        }
    }
    let mut candidates: Vec<Candidate> = store
        .series
        .iter()
        .filter(|(key, _)| is_wanted(key))
        .map(|(key, series)| Candidate {
            key: key.clone(),
            id: Some(series.id),
            copied: series
                .rings
                .get(plan.ring)
                .map(|ring| ring.copy(plan.from, plan.until())),
            newest: newest.remove(key).unwrap_or_default(),
        })
        .collect();
    candidates.extend(newest.into_iter().map(|(key, newest)| Candidate {
        key: key.clone(),
        id: None,
        copied: None,
        newest,
    }));
    candidates.sort_by(|a, b| a.key.cmp(&b.key));
    candidates
}

impl Source<'_> {
    /// Each step of one name with the second that it begins in. Of one step there may be several parts.
    fn each(&self, candidate: &Candidate, mut look: impl FnMut(i64, &Step)) {
        let (from, until) = (self.plan.from, self.plan.until());
        let seconds = self.plan.resolution.step;
        let mut within = |index: i64, step: &Step| {
            let second = index.saturating_mul(seconds);
            if second >= from && second < until {
                look(second, step);
            }
        };
        let mut seen = HashSet::new();
        if let Some(copied) = &candidate.copied {
            copied.each(&mut within);
            seen.extend(copied.sealed.iter().map(|chunk| chunk.id));
        }
        if let (Some(disk), Some(series)) = (self.disk, candidate.id)
            && !self.is_broken.get()
        {
            let read = disk.read(series, self.plan.ring, (from, until), |found| {
                if !seen.contains(&found.id) {
                    let steps = Reading::new(found.span.first, found.bytes);
                    steps.for_each(|(index, step)| within(index, &step));
                }
            });
            if let Err(error) = read {
                // What is in memory is told all the same; what is not is a gap.
                self.is_broken.set(true);
                tracing::warn!("a part of the history is not told: failed to {error}");
            }
        }
        for (second, step) in &candidate.newest {
            within(second.div_euclid(seconds), step);
        }
    }

    /// All of them as one.
    fn together(&self, candidates: &[Candidate], metrics: &[Metric]) -> Fold {
        let mut all: BTreeMap<i64, Step> = BTreeMap::new();
        for candidate in candidates {
            let mut one: BTreeMap<i64, Step> = BTreeMap::new();
            self.each(candidate, |second, step| {
                one.entry(second).or_default().then(step)
            });
            for (second, step) in one {
                all.entry(second).or_default().beside(&step);
            }
        }
        let mut fold = Fold::new(&self.plan, metrics);
        for (second, step) in &all {
            fold.add(&self.plan, *second, step, metrics);
        }
        // The most of several together is known only where each second is.
        fold.is_most_known = self.plan.resolution.step == 1;
        fold
    }
}

/// The points of one name.
struct Fold {
    points: Vec<Step>,
    /// By metric, where it is not in the steps themselves.
    most: Vec<Vec<Option<f64>>>,
    whole: Step,
    is_most_known: bool,
}

impl Fold {
    fn new(plan: &Plan, metrics: &[Metric]) -> Self {
        let most = metrics.iter().map(|metric| {
            let points = if is_of_times(*metric) { plan.count } else { 0 };
            vec![None; points]
        });
        Self {
            points: vec![Step::default(); plan.count],
            most: most.collect(),
            whole: Step::default(),
            is_most_known: true,
        }
    }

    fn add(&mut self, plan: &Plan, second: i64, step: &Step, metrics: &[Metric]) {
        let Some(place) = plan.place(second) else { return };
        self.whole.then(step);
        if let Some(point) = self.points.get_mut(place) {
            point.then(step);
        }
        for (metric, most) in metrics.iter().zip(&mut self.most) {
            if let Some(most) = most.get_mut(place)
                && let Some(value) = metric.value(step)
            {
                *most = Some(most.map_or(value, |most| most.max(value)));
            }
        }
    }

    fn lines(&self, key: &Key, metrics: &[Metric]) -> Vec<Line> {
        let lines = metrics.iter().zip(&self.most).map(|(metric, most)| Line {
            key: key.clone(),
            metric: *metric,
            values: self.points.iter().map(|point| metric.value(point)).collect(),
            most: if is_of_times(*metric) {
                most.clone()
            } else {
                let points = self.points.iter();
                points
                    .map(|point| metric.most(point).filter(|_| self.is_most_known))
                    .collect()
            },
        });
        lines.collect()
    }
}

fn is_of_times(metric: Metric) -> bool {
    matches!(metric, Metric::Wait(_) | Metric::Handle(_))
}
