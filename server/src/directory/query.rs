//! Lists of actors: filter, then order, then cut into pages.

use std::cmp::Ordering;
use std::ops::Bound;
use std::str::FromStr;
use std::sync::Arc;

use loom_protocol::{ActorRecord, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cursor::{Cursor, InvalidCursor};
use super::entry::Text;
use super::search::Search;
use super::store::Directory;

/// Which actors, in which order, and how many of them.
#[derive(Clone, Debug, Default)]
pub struct ActorQuery {
    /// Only actors of exactly this type.
    pub kind: Option<String>,
    /// Only actors with exactly this status, as shown (`stale` included).
    pub status: Option<String>,
    /// Only actors with this text in their id, type, status, worker, node or parent, in any case.
    pub text: Option<String>,
    /// The order. Ties are broken by id.
    pub sort: Sort,
    /// Items at most; all when absent.
    pub limit: Option<usize>,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// An order of actors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    /// By what.
    pub field: SortField,
    /// Which way.
    pub direction: Direction,
}

/// What actors can be ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SortField {
    /// The id.
    #[default]
    Id,
    /// The type.
    Type,
    /// The status as shown.
    Status,
    /// Messages handled.
    MessageCount,
    /// Messages waiting.
    QueueDepth,
    /// Errors.
    ErrorCount,
    /// Time since start.
    Uptime,
    /// The last sign of life.
    LastHeartbeat,
}

/// Which way an order goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// Smallest first; what is unknown comes before all.
    #[default]
    Ascending,
    /// Largest first.
    Descending,
}

/// What one actor counts in an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum SortValue {
    Unknown,
    Number(u64),
    Text(#[serde(serialize_with = "write_text", deserialize_with = "read_text")] Text),
}

fn write_text<S: Serializer>(text: &Text, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

fn read_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
    Ok(String::deserialize(deserializer)?.into())
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Its actors. Records are read one after the other: one that went meanwhile is left out.
    pub records: Vec<ActorRecord>,
    /// How many the filter matched, on all pages.
    pub total: usize,
    /// The cursor of the next page, when there is one.
    pub next: Option<String>,
}

/// One page of a list before its records are read.
#[derive(Clone, Debug, PartialEq)]
pub struct Matches {
    /// The ids, in order.
    pub ids: Vec<Arc<str>>,
    /// How many the filter matched, on all pages.
    pub total: usize,
    /// The cursor of the next page, when there is one.
    pub next: Option<String>,
}

type Match = (SortValue, Text);

impl ActorQuery {
    /// Whether the ids stand in the asked order already.
    fn is_indexed(&self) -> bool {
        self.sort.field == SortField::Id && self.status.is_none() && self.text.is_none()
    }

    /// Whether it costs no more than the page that is asked for.
    pub(crate) fn is_cheap(&self) -> bool {
        self.is_indexed() && self.limit.is_some()
    }
}

impl FromStr for Sort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (direction, name) = match text.strip_prefix('-') {
            Some(name) => (Direction::Descending, name),
            None => (Direction::Ascending, text),
        };
        let field = match name {
            "id" => SortField::Id,
            "type" => SortField::Type,
            "status" => SortField::Status,
            "messageCount" => SortField::MessageCount,
            "queueDepth" => SortField::QueueDepth,
            "errorCount" => SortField::ErrorCount,
            "uptime" => SortField::Uptime,
            "lastHeartbeat" => SortField::LastHeartbeat,
            _ => {
                return Err(format!(
                    "actors can't be sorted by `{name}`; use id, type, status, messageCount, queueDepth, errorCount, \
                     uptime or lastHeartbeat, with `-` in front for largest first"
                ));
            }
        };
        Ok(Self { field, direction })
    }
}

impl Directory {
    /// One page of the actors that `query` asks for; see [`Directory::find`] for what it costs.
    ///
    /// # Errors
    /// When the cursor was not given out by such a list.
    pub fn list(&self, query: &ActorQuery) -> Result<Page, InvalidCursor> {
        let Matches { ids, total, next } = self.find(query)?;
        let (now, stale_after) = (self.clock.now(), self.options.stale_after);
        let records = ids
            .iter()
            .filter_map(|id| Some(self.actors.get(id)?.record(id, now, stale_after)))
            .collect();
        Ok(Page { records, total, next })
    }

    /// The actors that `query` asks for, without their records.
    ///
    /// Ordered by id and filtered by nothing or by type, a page costs its own length; otherwise each actor is looked
    /// at once.
    ///
    /// # Errors
    /// When the cursor was not given out by such a list.
    pub fn find(&self, query: &ActorQuery) -> Result<Matches, InvalidCursor> {
        let after = match &query.cursor {
            Some(text) => Some(Cursor::parse(text, query.sort)?),
            None => None,
        };
        let (total, mut matches) = if query.is_indexed() {
            self.match_by_index(query, after.as_ref())
        } else {
            self.match_by_scan(query, after.as_ref(), self.clock.now())
        };
        let more = query.limit.is_some_and(|limit| matches.len() > limit);
        matches.truncate(query.limit.unwrap_or(usize::MAX));
        let next = matches.last().filter(|_| more).map(|(value, id)| {
            let (sort, value, id) = (query.sort, value.clone(), id.to_string());
            Cursor { sort, value, id }.to_text()
        });
        let ids = matches.into_iter().map(|(_, id)| id).collect();
        Ok(Matches { ids, total, next })
    }

    /// Up to one more than a page, so that the caller sees whether there is more.
    fn match_by_index(&self, query: &ActorQuery, after: Option<&Cursor>) -> (usize, Vec<Match>) {
        let most = query.limit.map_or(usize::MAX, |limit| limit.saturating_add(1));
        let edge = after.map_or(Bound::Unbounded, |cursor| Bound::Excluded(cursor.id.as_str()));
        let pair = |id: &Text| (SortValue::Unknown, id.clone());
        self.index.with(query.kind.as_deref(), |ids| {
            let matches = match query.sort.direction {
                Direction::Ascending => ids
                    .range::<str, _>((edge, Bound::Unbounded))
                    .take(most)
                    .map(pair)
                    .collect(),
                Direction::Descending => ids
                    .range::<str, _>((Bound::Unbounded, edge))
                    .rev()
                    .take(most)
                    .map(pair)
                    .collect(),
            };
            (ids.len(), matches)
        })
    }

    fn match_by_scan(
        &self,
        query: &ActorQuery,
        after: Option<&Cursor>,
        now: Timestamp,
    ) -> (usize, Vec<Match>) {
        let stale_after = self.options.stale_after;
        let mut search = query.text.as_deref().map(Search::new);
        let after: Option<Match> = after.map(|cursor| (cursor.value.clone(), Text::from(cursor.id.as_str())));
        let mut total = 0;
        let mut best = Best::new(query.sort.direction, query.limit);
        for actor in self.actors.iter() {
            let status = actor.status_at(now, stale_after).map(|status| status.as_str());
            let fits = query.kind.as_deref().is_none_or(|kind| *actor.kind == *kind)
                && query
                    .status
                    .as_deref()
                    .is_none_or(|wanted| status == Some(wanted))
                && search
                    .as_mut()
                    .is_none_or(|search| search.finds(actor.key(), &actor, status));
            if !fits {
                continue;
            }
            total += 1;
            let value = match query.sort.field {
                SortField::Id => SortValue::Unknown,
                SortField::Type => SortValue::Text(actor.kind.clone()),
                SortField::Status => status.map_or(SortValue::Unknown, |word| SortValue::Text(word.into())),
                SortField::MessageCount => number(actor.message_count),
                SortField::QueueDepth => number(actor.queue_depth),
                SortField::ErrorCount => number(actor.error_count),
                SortField::Uptime => number(actor.uptime(now, stale_after)),
                SortField::LastHeartbeat => number(u64::try_from(actor.last_heartbeat().as_millis()).ok()),
            };
            best.offer(value, actor.key(), after.as_ref());
        }
        (total, best.into_sorted())
    }
}

/// The first matches of an order: a page and one more, or all. Most of a long list is turned away by one comparison.
struct Best {
    direction: Direction,
    /// How many are wanted.
    most: usize,
    matches: Vec<Match>,
    /// Whatever comes after this one is not wanted.
    worst: Option<Match>,
}

impl Best {
    fn new(direction: Direction, limit: Option<usize>) -> Self {
        Self {
            direction,
            most: limit.map_or(usize::MAX, |limit| limit.saturating_add(1)),
            matches: Vec::new(),
            worst: None,
        }
    }

    fn offer(&mut self, value: SortValue, id: &Text, after: Option<&Match>) {
        let order = |other: &Match| {
            let order = value.cmp(&other.0).then_with(|| id.cmp(&other.1));
            directed(self.direction, order)
        };
        let too_early = after.is_some_and(|after| order(after).is_le());
        let too_late = self.worst.as_ref().is_some_and(|worst| order(worst).is_ge());
        if too_early || too_late {
            return;
        }
        self.matches.push((value, id.clone()));
        if self.matches.len() >= self.most.saturating_mul(2) {
            self.cut();
        }
    }

    /// Keeps the first `most`.
    fn cut(&mut self) {
        let Some(last) = self.most.checked_sub(1).filter(|last| *last < self.matches.len()) else {
            return;
        };
        let direction = self.direction;
        let (_, worst, _) = self
            .matches
            .select_nth_unstable_by(last, |a, b| directed(direction, a.cmp(b)));
        self.worst = Some(worst.clone());
        self.matches.truncate(self.most);
    }

    fn into_sorted(mut self) -> Vec<Match> {
        self.cut();
        let direction = self.direction;
        self.matches
            .sort_unstable_by(|a, b| directed(direction, a.cmp(b)));
        self.matches
    }
}

fn directed(direction: Direction, order: Ordering) -> Ordering {
    match direction {
        Direction::Ascending => order,
        Direction::Descending => order.reverse(),
    }
}

fn number(value: Option<u64>) -> SortValue {
    value.map_or(SortValue::Unknown, SortValue::Number)
}
