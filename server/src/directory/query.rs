//! Lists of actors: filter, then order, then cut into pages.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::ops::Bound;
use std::str::FromStr;
use std::sync::Arc;

use loom_protocol::filter::Filter;
use loom_protocol::{ActorRecord, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cursor::{Cursor, InvalidCursor};
use super::entry::Text;
use super::rows::Row;
use super::sight::{Memory, Sight};
use super::store::Directory;

/// Which actors, in which order, and how many of them.
#[derive(Clone, Debug, Default)]
pub struct ActorQuery {
    /// Only actors of exactly this type.
    pub kind: Option<String>,
    /// Only actors with exactly this status, as shown (`stale` included).
    pub status: Option<String>,
    /// Only actors for which all of it holds.
    pub filter: Filter,
    /// The order. Ties are broken by id.
    pub sort: Sort,
    /// Items at most; all when absent.
    pub limit: Option<usize>,
    /// Items to leave out before the first. Who goes through a list that changes wants a cursor instead.
    pub skip: usize,
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
    /// The worker.
    Worker,
    /// The node.
    Node,
    /// The actor that started it.
    Parent,
    /// Times it was started again.
    RestartCount,
    /// Messages a second.
    Rate,
    /// Time in the queue.
    Wait,
    /// Time in the handler.
    Handle,
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

/// The same, while it is only looked at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum SortKey<'a> {
    Unknown,
    Number(u64),
    Text(&'a str),
}

impl SortKey<'_> {
    fn value(self) -> SortValue {
        match self {
            Self::Unknown => SortValue::Unknown,
            Self::Number(number) => SortValue::Number(number),
            Self::Text(text) => SortValue::Text(text.into()),
        }
    }
}

impl SortValue {
    fn key(&self) -> SortKey<'_> {
        match self {
            Self::Unknown => SortKey::Unknown,
            Self::Number(number) => SortKey::Number(*number),
            Self::Text(text) => SortKey::Text(text),
        }
    }
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
        self.sort.field == SortField::Id && self.status.is_none() && self.filter.is_empty()
    }

    /// Whether it costs no more than the page that is asked for.
    pub(crate) fn is_cheap(&self) -> bool {
        self.is_indexed() && self.limit.is_some()
    }
}

impl SortField {
    /// All of them, by the words that ask for them. A record's names count, and a filter's where those differ.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("id", Self::Id),
        ("type", Self::Type),
        ("status", Self::Status),
        ("messageCount", Self::MessageCount),
        ("queueDepth", Self::QueueDepth),
        ("errorCount", Self::ErrorCount),
        ("uptime", Self::Uptime),
        ("lastHeartbeat", Self::LastHeartbeat),
        ("workerId", Self::Worker),
        ("node", Self::Node),
        ("parentId", Self::Parent),
        ("restartCount", Self::RestartCount),
        ("rate", Self::Rate),
        ("wait", Self::Wait),
        ("handle", Self::Handle),
    ];
}

impl FromStr for Sort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (direction, name) = match text.strip_prefix('-') {
            Some(name) => (Direction::Descending, name),
            None => (Direction::Ascending, text),
        };
        let field = SortField::ALL.iter().find(|(word, _)| *word == name);
        let Some((_, field)) = field else {
            let known: Vec<&str> = SortField::ALL.iter().map(|(word, _)| *word).collect();
            return Err(format!(
                "actors can't be sorted by `{name}`; use {}, with `-` in front for largest first",
                known.join(", ")
            ));
        };
        let field = *field;
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
        let (now, patience) = (self.clock.now(), self.patience());
        let records = ids
            .iter()
            .filter_map(|id| Some(self.actors.get(id)?.record(id, now, patience)))
            .collect();
        Ok(Page { records, total, next })
    }

    /// The actors that `query` asks for, without their records.
    ///
    /// Ordered by id and filtered by nothing or by type, a page costs its own length; otherwise each actor's row is looked
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

    /// The types of the actors for which all of `filter` holds.
    pub(crate) fn types_of(&self, filter: &Filter) -> HashSet<Text> {
        let (now, patience, memory) = (self.clock.now(), self.patience(), Memory::new());
        let mut types: HashSet<Text> = HashSet::new();
        self.rows.each(|row, texts| {
            let sight = Sight {
                row,
                texts,
                now,
                patience,
                memory: &memory,
            };
            if !types.contains(&*row.kind) && filter.matches(&sight) {
                types.insert(row.kind.clone());
            }
        });
        types
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
                    .skip(query.skip)
                    .take(most)
                    .map(pair)
                    .collect(),
                Direction::Descending => ids
                    .range::<str, _>((Bound::Unbounded, edge))
                    .rev()
                    .skip(query.skip)
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
        let (patience, memory) = (self.patience(), Memory::new());
        let mut total = 0;
        let most = query.limit.map_or(usize::MAX, |limit| {
            limit.saturating_add(query.skip).saturating_add(1)
        });
        let mut best = Best::new(query.sort.direction, most);
        let after = after.map(|cursor| (cursor.value.key(), cursor.id.as_str()));
        self.rows.each(|row, texts| {
            let sight = Sight {
                row,
                texts,
                now,
                patience,
                memory: &memory,
            };
            let fits = query.kind.as_deref().is_none_or(|kind| *row.kind == *kind)
                && query
                    .status
                    .as_deref()
                    .is_none_or(|wanted| sight.status().is_some_and(|status| status.as_str() == wanted))
                && query.filter.matches(&sight);
            if fits {
                total += 1;
                best.offer(key(query.sort.field, &sight), &row.id, after);
            }
        });
        let mut matches = best.into_sorted();
        matches.drain(..query.skip.min(matches.len()));
        (total, matches)
    }
}

/// What a row counts in an order.
fn key<'a>(field: SortField, sight: &'a Sight<'_>) -> SortKey<'a> {
    let row: &Row = sight.row;
    match field {
        SortField::Id => SortKey::Unknown,
        SortField::Type => SortKey::Text(&row.kind),
        SortField::Status => sight
            .status()
            .map_or(SortKey::Unknown, |status| SortKey::Text(status.as_str())),
        SortField::MessageCount => number(row.message_count),
        SortField::QueueDepth => number(row.queue_depth),
        SortField::ErrorCount => number(row.error_count),
        SortField::RestartCount => number(row.restart_count),
        SortField::Uptime => number(sight.uptime()),
        SortField::LastHeartbeat => number(u64::try_from(sight.last_heartbeat().as_millis()).ok()),
        SortField::Worker => text(row.worker.as_ref()),
        SortField::Node => text(row.node.as_ref()),
        SortField::Parent => text(row.parent.as_ref()),
        SortField::Rate => fraction(sight.rate()),
        SortField::Wait => fraction(sight.wait()),
        SortField::Handle => fraction(sight.handle()),
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
    fn new(direction: Direction, most: usize) -> Self {
        Self {
            direction,
            most,
            matches: Vec::new(),
            worst: None,
        }
    }

    fn offer(&mut self, key: SortKey<'_>, id: &Text, after: Option<(SortKey<'_>, &str)>) {
        let order = |other: (SortKey<'_>, &str)| directed(self.direction, (key, &**id).cmp(&other));
        let too_early = after.is_some_and(|after| order(after).is_le());
        let too_late = self
            .worst
            .as_ref()
            .is_some_and(|(value, id)| order((value.key(), id)).is_ge());
        if too_early || too_late {
            return;
        }
        self.matches.push((key.value(), id.clone()));
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

fn number(value: Option<u64>) -> SortKey<'static> {
    value.map_or(SortKey::Unknown, SortKey::Number)
}

fn text(value: Option<&Text>) -> SortKey<'_> {
    value.map_or(SortKey::Unknown, |text| SortKey::Text(text))
}

/// Millionths, so that fractions have an order like counts. What is no count at all is unknown.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "below zero is left out, and what is too large stays the largest"
)]
fn fraction(value: Option<f64>) -> SortKey<'static> {
    let value = value.filter(|value| *value >= 0.0);
    value.map_or(SortKey::Unknown, |value| SortKey::Number((value * 1e6) as u64))
}
