//! Traffic as the rest of the studio uses it: takes in what came, in the order in which it came.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use loom_protocol::{ActorBatch, Timestamp};
use serde::{Deserialize, Serialize};

use super::actors::{Actor, Actors};
use super::coverage::Coverage;
use super::edges::{EdgeTotal, Edges};
use super::growth::growth;
use super::kinds::{BootTraffic, Kind, Kinds};
use super::minute::Minutes;
use super::series::Series;
use super::span::{is_whole, second_of, span};
use super::{JUST_BEGAN_MILLIS, WINDOW};
use crate::directory::{Applying, Happening, Look, Measured, Refusal, Text, What};

/// Bytes of the windows of all types of messages together.
const BYTES_OF_MESSAGES: usize = 64 * 1024 * 1024;
/// The shortest window that these are cut to when they are too many.
const SHORTEST: i64 = 60;
/// A clock that is so many seconds behind where it was has jumped.
const JUMPED: i64 = 5;
/// Types of messages that are kept of one type in one boot.
const MAX_LATEST: usize = 200;
/// Boots that said nothing for so long, and have no actors, are forgotten.
const FORGET_MILLIS: i64 = 60 * 60 * 1000;

/// Totals and windows. Safe from any thread.
pub(crate) struct Traffic {
    state: Mutex<State>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct State {
    pub(super) kinds: Kinds,
    pub(super) boots: HashMap<Text, BootTraffic>,
    pub(super) actors: Actors,
    pub(super) edges: Edges,
    minutes: Minutes,
    /// The newest second that anything came in.
    newest: i64,
    tidied: i64,
    /// How far the windows of messages reach back.
    reach: i64,
}

impl Default for Traffic {
    fn default() -> Self {
        let state = State {
            kinds: Kinds::default(),
            boots: HashMap::new(),
            actors: Actors::default(),
            edges: Edges::default(),
            minutes: Minutes::default(),
            newest: i64::MIN / 2,
            tidied: i64::MIN / 2,
            reach: WINDOW,
        };
        Self {
            state: Mutex::new(state),
        }
    }
}

impl Traffic {
    /// Takes in what happened to actors.
    pub(crate) fn happened(&self, happened: &[Happening]) {
        let mut state = self.lock();
        let mut touched: HashSet<Text> = HashSet::new();
        for happening in happened {
            let second = second_of(happening.at);
            state.advance(second);
            match &happening.what {
                What::Reported { before, after, whole } => {
                    if let Some(before) = before {
                        state.count_out(before);
                        touched.insert(before.kind.clone());
                    }
                    state.count_in(after);
                    touched.insert(after.kind.clone());
                    state.reported(happening, before.as_deref(), after, *whole);
                }
                What::Gone(look) => {
                    state.count_out(look);
                    touched.insert(look.kind.clone());
                    state.minutes.remove(&happening.id);
                }
                What::Renamed(to) => {
                    state.actors.rename(&happening.id, to);
                    state.edges.rename(&happening.id, to);
                    state.minutes.rename(&happening.id, to);
                }
                What::Silent(_) | What::Back(_) | What::BootSilent | What::BootBack => {}
            }
        }
        let second = state.newest;
        for kind in touched {
            if let Some(kind) = state.kinds.all.get_mut(&kind) {
                kind.series.set_queue(second, 1, kind.queued);
                kind.series.set_live(second, kind.live);
            }
        }
    }

    /// Takes in what a batch says beside its actors and events; what it says of its actors must have happened before. Says which
    /// entries are refused, counted from the first of its types.
    pub(crate) fn batch(&self, applying: &Applying<'_>) -> Vec<(usize, Refusal)> {
        self.lock().batch(applying)
    }

    /// To be called about once a second: forgets what is too old, and keeps the rest within its bounds.
    pub(crate) fn tidy(&self, now: Timestamp, is_known: impl Fn(&str) -> bool) {
        let mut guard = self.lock();
        let state = &mut *guard;
        let second = second_of(now);
        state.advance(second);
        if second >= state.tidied && second < state.tidied + super::actors::COARSE {
            return;
        }
        state.tidied = second;
        let (oldest, reach) = (second - WINDOW, state.reach);
        state.kinds.trim(oldest, second - reach);
        let bytes = state.kinds.bytes_of_messages();
        if bytes > BYTES_OF_MESSAGES {
            state.reach = (reach / 2).max(SHORTEST);
        } else if bytes < BYTES_OF_MESSAGES / 4 {
            state.reach = (reach + SHORTEST).min(WINDOW);
        }
        state.actors.tidy(second, &is_known);
        state.edges.tidy(second, &is_known);
        let kinds = &state.kinds.all;
        for boot in state.boots.values_mut() {
            boot.kinds
                .retain(|name, kind| kind.live > 0 || kinds.contains_key(name));
        }
        let heard = now.as_millis().saturating_sub(FORGET_MILLIS);
        state.boots.retain(|_, boot| {
            boot.last.is_none_or(|last| last >= heard) || boot.kinds.values().any(|kind| kind.live > 0)
        });
    }

    /// What each actor did in the last minute, where that may be another than when this was last asked; and the processes that
    /// were heard in it.
    pub(crate) fn last_minute(&self, now: Timestamp) -> (Vec<(Text, Measured)>, HashSet<Text>) {
        let mut guard = self.lock();
        let state = &mut *guard;
        let second = second_of(now);
        state.advance(second);
        let (from, to) = Minutes::window(second);
        let covered = state
            .boots
            .iter()
            .map(|(name, boot)| (name.clone(), boot.coverage.count(from, to)));
        let covered: HashMap<Text, u32> = covered.filter(|(_, seconds)| *seconds > 0).collect();
        let of_type = state
            .minutes
            .tell(second, |boot| covered.get(boot).copied().unwrap_or(0));
        (of_type, covered.into_keys().collect())
    }

    /// Follows these actors each second.
    pub(crate) fn watch(&self, watched: &HashSet<Text>) {
        self.lock().actors.watch(watched);
    }

    /// Writes all that is known.
    pub(crate) fn keep(&self, to: Vec<u8>) -> postcard::Result<Vec<u8>> {
        postcard::to_extend(&*self.lock(), to)
    }

    /// Traffic that knows what was written, and what follows in `bytes`.
    pub(crate) fn of_kept(bytes: &[u8]) -> postcard::Result<(Self, &[u8])> {
        let (state, rest) = postcard::take_from_bytes::<State>(bytes)?;
        if !state.is_sound() {
            return Err(postcard::Error::DeserializeBadEncoding);
        }
        let state = Mutex::new(state);
        Ok((Self { state }, rest))
    }

    /// Becomes what another one knows.
    pub(crate) fn take_over(&self, other: Self) {
        *self.lock() = other.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether its times can be those of windows: what reads them goes through each second.
    fn is_sound(&self) -> bool {
        let kinds = self.kinds.all.values();
        let of_kinds = |kind: &Kind| {
            let messages = kind.messages.values();
            kind.series.is_sound() && messages.into_iter().all(|message| message.series.is_sound())
        };
        let of_actors = |actor: &Actor| {
            let rows = actor.rows.values();
            actor.series.is_sound() && rows.into_iter().all(|row| row.kept.series.is_sound())
        };
        kinds.into_iter().all(of_kinds)
            && self.actors.all.values().all(of_actors)
            && self.newest < super::series::FAR
            && (SHORTEST..=WINDOW).contains(&self.reach)
    }

    /// Goes on to a second; after a jump back of the clock the windows begin anew.
    fn advance(&mut self, second: i64) {
        if second + JUMPED < self.newest {
            for kind in self.kinds.all.values_mut() {
                kind.series = Series::default();
                kind.loners = Coverage::default();
                kind.messages
                    .values_mut()
                    .for_each(|message| message.series = Series::default());
            }
            for boot in self.boots.values_mut() {
                boot.coverage = Coverage::default();
                boot.last = None;
            }
            self.actors.clear();
            self.edges.clear();
            self.minutes.clear();
            self.newest = second;
            self.tidied = second;
        }
        self.newest = self.newest.max(second);
    }

    fn count_in(&mut self, look: &Look) {
        if look.is_final() {
            return;
        }
        let Some(kind) = self.kinds.get(&look.kind) else {
            return;
        };
        kind.live = kind.live.saturating_add(1);
        kind.queued = kind.queued.saturating_add(look.queued);
        kind.plumbing |= look.system;
        kind.own |= !look.system;
        if let Some(boot) = &look.boot {
            let boot = self.boots.entry(boot.clone()).or_default();
            let kind = boot.kinds.entry(look.kind.clone()).or_default();
            kind.live = kind.live.saturating_add(1);
        }
    }

    fn count_out(&mut self, look: &Look) {
        if look.is_final() {
            return;
        }
        if let Some(kind) = self.kinds.all.get_mut(&look.kind) {
            kind.live = kind.live.saturating_sub(1);
            kind.queued = kind.queued.saturating_sub(look.queued);
        }
        let boot = look.boot.as_ref().and_then(|boot| self.boots.get_mut(boot));
        if let Some(kind) = boot.and_then(|boot| boot.kinds.get_mut(&look.kind)) {
            kind.live = kind.live.saturating_sub(1);
        }
    }

    fn reported(&mut self, happening: &Happening, before: Option<&Look>, after: &Look, whole: bool) {
        let now = happening.at;
        let grown = grown(before, after, whole, now);
        if before.is_none()
            && let Some(kind) = self.kinds.get(&after.kind)
        {
            // Counted before it was known here.
            kind.handled = kind
                .handled
                .saturating_add(after.handled.unwrap_or(0).saturating_sub(grown.0));
            kind.errors = kind.errors.saturating_add(after.errors.saturating_sub(grown.1));
        }
        let last = match &after.boot {
            Some(boot) => self.boots.get(boot).and_then(|boot| boot.last),
            None => before.map(|before| before.heard.as_millis()),
        };
        let just_began = before.is_none() && grown.0 > 0;
        let span = span(last, now);
        let whole_span = is_whole(last, now) || (last.is_none() && just_began);
        if let Some(boot) = &after.boot {
            let kind = self
                .boots
                .get_mut(boot)
                .and_then(|boot| boot.kinds.get_mut(&after.kind));
            if let Some(kind) = kind {
                kind.handled = kind.handled.saturating_add(grown.0);
                kind.errors = kind.errors.saturating_add(grown.1);
            }
        } else if let Some(kind) = self.kinds.get(&after.kind) {
            kind.handled = kind.handled.saturating_add(grown.0);
            kind.errors = kind.errors.saturating_add(grown.1);
            if whole_span {
                kind.loners.mark(span.0, span.1);
                kind.series.spread(span, 1, grown.0, grown.1);
            }
            if let Some(actor) = self.actors.get(&happening.id, span.1)
                && whole_span
            {
                actor.loner.mark(span.0, span.1);
            }
        }
        // Of who no process speaks for, its reports are the only sign that it was heard.
        if whole_span && (grown != (0, 0) || after.boot.is_none()) {
            self.minutes.grew(&happening.id, after.boot.as_ref(), span, grown);
        }
        self.minutes.looked(&happening.id, before, after, span.1);
        if whole_span && grown != (0, 0) {
            self.actors.grew(&happening.id, span, grown.0, grown.1);
        }
        self.actors.looked(&happening.id, before, after, span.1);
    }

    fn batch(&mut self, applying: &Applying<'_>) -> Vec<(usize, Refusal)> {
        let (batch, now, name) = (&applying.batch, applying.now, applying.boot());
        self.advance(second_of(now));
        let boot = self.boots.entry(name.clone()).or_default();
        if !boot.known {
            boot.known = true;
            let started = batch.source.as_ref().and_then(|source| source.started);
            boot.from_nothing = batch.seq == 1 && began_just_before(started, now);
            boot.last = boot.from_nothing.then(|| now.as_millis() - 1_000);
        }
        let (last, from_nothing) = (boot.last, boot.from_nothing);
        let (span, counts) = (span(last, now), is_whole(last, now));
        if counts {
            boot.coverage.mark(span.0, span.1);
        }
        boot.last = Some(now.as_millis());
        let options = applying.options();
        let mut refused = self.types(applying, from_nothing, counts, span);
        self.close(name, counts, span);
        let first = batch.types.len();
        for (place, actor) in batch.messages.iter().enumerate() {
            let checked = actor
                .messages
                .iter()
                .try_for_each(|totals| options.check_totals(totals));
            match checked.and_then(|()| applying.shown(&actor.id.0)) {
                Ok(id) => {
                    for totals in &actor.messages {
                        let grown = |before: Option<&_>| {
                            (counts && (before.is_some() || from_nothing)).then(|| growth(before, totals))
                        };
                        self.actors.row_grew(&id, totals, grown, span);
                    }
                    if let Some(actor) = self.actors.all.get_mut(&id) {
                        actor.boot = Some(name.clone());
                    }
                }
                Err(refusal) => refused.push((first + place, refusal)),
            }
        }
        let first = first + batch.messages.len();
        for (place, edge) in batch.edges.iter().enumerate() {
            let from = edge.from.as_ref().map(|from| match &edge.from_boot {
                Some(boot) => applying.shown_of(boot, &from.0),
                None => applying.shown(&from.0),
            });
            let from = from.transpose();
            let to = options.check_edge(edge).and_then(|()| applying.shown(&edge.to.0));
            match (from, to) {
                (Ok(from), Ok(to)) => {
                    let kinds = (
                        from.as_ref().and_then(|from| applying.kind(from)),
                        applying.kind(&to),
                    );
                    let total = EdgeTotal {
                        boot: name,
                        count: edge.count,
                        from_nothing,
                        span,
                    };
                    let key = (from, to, Text::from(edge.message.as_str()));
                    self.edges.report(key, kinds, &total, counts);
                }
                (Err(refusal), _) | (_, Err(refusal)) => refused.push((first + place, refusal)),
            }
        }
        refused
    }

    /// Totals by type, which are of all actors of a type in the boot.
    fn types(
        &mut self,
        applying: &Applying<'_>,
        from_nothing: bool,
        counts: bool,
        span: (i64, i64),
    ) -> Vec<(usize, Refusal)> {
        let batch: &ActorBatch = &applying.batch;
        let mut refused = Vec::new();
        let Some(boot) = self.boots.get_mut(applying.boot()) else {
            return refused;
        };
        for (place, of_type) in batch.types.iter().enumerate() {
            if let Err(refusal) = applying.options().check_type(of_type) {
                refused.push((place, refusal));
                continue;
            }
            let name = applying.share(&of_type.kind);
            let Some(kind) = self.kinds.get(&name) else {
                continue;
            };
            let of_boot = boot.kinds.entry(name.clone()).or_default();
            let (mut handled, mut errors) = of_boot.by_type.unwrap_or((0, 0));
            for totals in &of_type.messages {
                let before = of_boot.latest.get(totals.kind.as_str());
                // One that is not kept has no growth: the next total would be taken for it, whole.
                if before.is_none() && of_boot.latest.len() >= MAX_LATEST {
                    continue;
                }
                let grown = growth(before, totals);
                let is_growth = before.is_some() || from_nothing;
                kind.add(&totals.kind, &grown, counts && is_growth, span);
                if is_growth {
                    handled = handled.saturating_add(grown.handled);
                    errors = errors.saturating_add(grown.errors);
                }
                of_boot
                    .latest
                    .insert(applying.share(&totals.kind), totals.clone());
            }
            of_boot.by_type = Some((handled, errors));
        }
        refused
    }

    /// Adds what the types of a boot grew by since its last batch.
    fn close(&mut self, boot: &Text, counts: bool, span: (i64, i64)) {
        let Some(boot) = self.boots.get_mut(boot) else {
            return;
        };
        for (name, of_boot) in &mut boot.kinds {
            let by_type = of_boot.by_type.take();
            let by_actors = (
                std::mem::take(&mut of_boot.handled),
                std::mem::take(&mut of_boot.errors),
            );
            let handled = of_boot
                .tally
                .add(by_actors.0, by_type.map(|(handled, _)| handled));
            let errors = of_boot
                .errors_tally
                .add(by_actors.1, by_type.map(|(_, errors)| errors));
            if (handled, errors) == (0, 0) {
                continue;
            }
            if let Some(kind) = self.kinds.get(name) {
                kind.handled = kind.handled.saturating_add(handled);
                kind.errors = kind.errors.saturating_add(errors);
                if counts {
                    kind.series.spread(span, 1, handled, errors);
                }
            }
        }
    }
}

/// What an actor's own counts grew by.
fn grown(before: Option<&Look>, after: &Look, whole: bool, now: Timestamp) -> (u64, u64) {
    let handled = after.handled.unwrap_or(0);
    let began = began_just_before(after.started, now);
    match before {
        Some(before) => {
            let was = before.handled.unwrap_or(0);
            if whole && handled < was && began {
                // It began anew.
                return (handled, after.errors);
            }
            let unknown_before = before.handled.is_none() && !began;
            let handled = if unknown_before {
                0
            } else {
                handled.saturating_sub(was)
            };
            (handled, after.errors.saturating_sub(before.errors))
        }
        None if began => (handled, after.errors),
        None => (0, 0),
    }
}

fn began_just_before(started: Option<Timestamp>, now: Timestamp) -> bool {
    started.is_some_and(|started| now.millis_since(started) <= JUST_BEGAN_MILLIS)
}
