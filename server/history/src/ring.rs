//! One series at one resolution: chunks that are complete, one that is written to, and the step that runs.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::chunk::{Chunk, Open, Reading, STEPS, cut};
use crate::step::Step;

/// How fine, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resolution {
    /// Seconds of a step.
    pub(crate) step: i64,
    /// Seconds that it reaches back.
    pub(crate) keep: i64,
}

/// From the finest to the coarsest. A chunk of each begins with one of the finer.
pub(crate) const RINGS: [Resolution; 3] = [
    Resolution { step: 1, keep: 600 },
    Resolution {
        step: 10,
        keep: 7_200,
    },
    Resolution {
        step: 60,
        keep: 604_800,
    },
];

/// One series at one resolution.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    pub(crate) sealed: VecDeque<Arc<Chunk>>,
    open: Option<Open>,
    running: Option<Running>,
}

/// A step that is not over.
#[derive(Clone, Debug)]
struct Running {
    index: i64,
    from: i64,
    until: i64,
    step: Step,
}

/// A copy of what a ring holds, to be read when nobody waits.
pub(crate) struct Copied {
    pub(crate) sealed: Vec<Arc<Chunk>>,
    pub(crate) open: Option<(i64, Vec<u8>)>,
    pub(crate) running: Option<(i64, Step)>,
}

impl Ring {
    /// Adds what was measured from a second on, until before another one, within one step. Gives the chunk that became complete.
    pub(crate) fn push(&mut self, resolution: Resolution, span: (i64, i64), step: &Step) -> Option<Open> {
        let index = span.0.div_euclid(resolution.step);
        let mut full = None;
        if self
            .running
            .as_ref()
            .is_some_and(|running| running.index != index)
        {
            full = self.close_step();
        }
        match &mut self.running {
            Some(running) => {
                running.step.then(step);
                running.until = span.1;
            }
            None => {
                self.running = Some(Running {
                    index,
                    from: span.0,
                    until: span.1,
                    step: step.clone(),
                });
            }
        }
        full
    }

    /// The step that runs is over. Gives the chunk that became complete.
    fn close_step(&mut self) -> Option<Open> {
        let running = self.running.take()?;
        let chunk_of = |index: i64| index.div_euclid(STEPS);
        let is_other = |open: &Open| chunk_of(open.span.first) != chunk_of(running.index);
        let full = self.open.take_if(|open| is_other(open));
        self.open
            .get_or_insert_with(|| Open::new(running.index, running.from))
            .push(running.index, running.until, &running.step);
        full
    }

    /// Ends what is over by now, or all of it. Gives the chunks that became complete.
    pub(crate) fn close(&mut self, resolution: Resolution, now: Option<i64>) -> Vec<Open> {
        let now = now.map_or(i64::MAX, |now| now.div_euclid(resolution.step));
        let mut full = Vec::new();
        if self.running.as_ref().is_some_and(|running| running.index < now) {
            full.extend(self.close_step());
        }
        let is_over =
            |open: &Open| now == i64::MAX || open.span.first.div_euclid(STEPS) < now.div_euclid(STEPS);
        full.extend(self.open.take_if(|open| is_over(open)));
        full
    }

    /// A copy of what is of the seconds after `from` and before `to`.
    pub(crate) fn copy(&self, from: i64, to: i64) -> Copied {
        let within = |span_from: i64, until: i64| until > from && span_from < to;
        let sealed = self.sealed.iter();
        let open = self.open.as_ref();
        let running = self.running.as_ref();
        Copied {
            sealed: sealed
                .filter(|chunk| within(chunk.span.from, chunk.span.until))
                .cloned()
                .collect(),
            open: open
                .filter(|open| within(open.span.from, open.span.until))
                .map(|open| (open.span.first, open.bytes.clone())),
            running: running
                .filter(|running| within(running.from, running.until))
                .map(|running| (running.index, running.step.clone())),
        }
    }

    /// Forgets what is not before a second. Chunks that are only in part before it are given to be sealed again, with their number.
    pub(crate) fn cut(&mut self, resolution: Resolution, before: i64) -> Vec<(i64, Open)> {
        self.running = None;
        self.open = self
            .open
            .take()
            .and_then(|open| cut(open.span, &open.bytes, resolution.step, before));
        let (mut kept, mut again) = (VecDeque::new(), Vec::new());
        for chunk in self.sealed.drain(..) {
            if chunk.span.until <= before {
                kept.push_back(chunk);
            } else if let Some(open) = cut(chunk.span, &chunk.bytes, resolution.step, before) {
                again.push((chunk.id, open));
            }
        }
        self.sealed = kept;
        again
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sealed.is_empty() && self.open.is_none() && self.running.is_none()
    }

    /// The first second that is in it.
    pub(crate) fn first(&self) -> Option<i64> {
        let sealed = self.sealed.front().map(|chunk| chunk.span.from);
        let open = self.open.as_ref().map(|open| open.span.from);
        sealed
            .or(open)
            .or(self.running.as_ref().map(|running| running.from))
    }

    pub(crate) fn weight(&self) -> usize {
        let open = self.open.as_ref().map_or(0, |open| open.bytes.capacity());
        let sealed: usize = self.sealed.iter().map(|chunk| chunk.weight()).sum();
        let running = self.running.as_ref().map_or(0, |running| {
            (running.step.wait.used.capacity() + running.step.handle.used.capacity()) * 8
        });
        size_of::<Self>() + open + sealed + running
    }
}

impl Copied {
    /// Each of its steps.
    pub(crate) fn each(&self, mut look: impl FnMut(i64, &Step)) {
        for chunk in &self.sealed {
            Reading::new(chunk.span.first, &chunk.bytes).for_each(|(index, step)| look(index, &step));
        }
        if let Some((first, bytes)) = &self.open {
            Reading::new(*first, bytes).for_each(|(index, step)| look(index, &step));
        }
        if let Some((index, step)) = &self.running {
            look(*index, step);
        }
    }
}
