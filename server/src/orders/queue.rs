//! The orders that were not answered yet, by process, oldest first.

use std::collections::HashMap;

use loom_protocol::{BootId, Order, OrderId, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::{Ended, Full, written};

/// Orders that wait for one process: enough for one that is given to many actors at once.
const MAX_OF_BOOT: usize = 256;
/// Bytes of their bodies: they are told again with each batch.
const MAX_BYTES_OF_BOOT: usize = 1024 * 1024;
/// Orders that wait for all processes.
const MAX: usize = 4_096;
/// Bytes of their bodies.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The orders that were not answered yet.
#[derive(Default)]
pub(super) struct Queue {
    lanes: HashMap<BootId, Vec<Open>>,
    count: usize,
    bytes: usize,
}

/// An order that was not answered yet.
pub(super) struct Open {
    pub(super) order: Order,
    /// Counts the orders of all processes.
    number: u64,
    since: Timestamp,
    bytes: usize,
    tell: oneshot::Sender<Ended>,
}

/// An order that was not answered yet, without who waits for it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OpenBase {
    boot: BootId,
    order: Order,
    number: u64,
    since: i64,
}

impl OpenBase {
    fn of(boot: &BootId, open: &Open) -> Self {
        Self {
            boot: boot.clone(),
            order: open.order.clone(),
            number: open.number,
            since: open.since.as_millis(),
        }
    }
}

impl Open {
    pub(super) fn new(order: Order, number: u64, since: Timestamp, tell: oneshot::Sender<Ended>) -> Self {
        let bytes = order.body.as_ref().map_or(0, written) + order.message.as_ref().map_or(0, String::len);
        Self {
            order,
            number,
            since,
            bytes,
            tell,
        }
    }

    /// Tells whoever waits for it, if anybody still does.
    pub(super) fn tell(self, ended: Ended) {
        let _nobody_waits = self.tell.send(ended);
    }
}

impl Queue {
    /// Adds an order for a process.
    pub(super) fn put(&mut self, boot: &BootId, open: Open) -> Result<(), Full> {
        let lane = self.lanes.get(boot).map(Vec::as_slice).unwrap_or_default();
        let bytes: usize = lane.iter().map(|open| open.bytes).sum();
        if lane.len() >= MAX_OF_BOOT || bytes.saturating_add(open.bytes) > MAX_BYTES_OF_BOOT {
            return Err(Full::Process);
        }
        if self.count >= MAX || self.bytes.saturating_add(open.bytes) > MAX_BYTES {
            return Err(Full::Server);
        }
        self.count += 1;
        self.bytes += open.bytes;
        self.lanes.entry(boot.clone()).or_default().push(open);
        Ok(())
    }

    /// All of them, by process and oldest first.
    pub(super) fn base(&self) -> Vec<OpenBase> {
        let lanes = self.lanes.iter();
        lanes
            .flat_map(|(boot, lane)| lane.iter().map(|open| OpenBase::of(boot, open)))
            .collect()
    }

    /// Becomes what `base` says.
    pub(super) fn restore(&mut self, base: Vec<OpenBase>) {
        let before = std::mem::take(self);
        let open = before.lanes.into_values().flatten();
        let mut tells: HashMap<OrderId, _> = open.map(|open| (open.order.id, open.tell)).collect();
        for open in base {
            let tell = tells.remove(&open.order.id);
            let tell = tell.unwrap_or_else(|| oneshot::channel().0);
            let since = Timestamp::from_millis(open.since);
            let _within_the_same_bounds =
                self.put(&open.boot, Open::new(open.order, open.number, since, tell));
        }
    }

    /// What is ordered of a process.
    pub(super) fn of(&self, boot: &BootId) -> Vec<Order> {
        let lane = self.lanes.get(boot).into_iter().flatten();
        lane.map(|open| open.order.clone()).collect()
    }

    /// The number of the newest of them.
    pub(super) fn newest(&self, boot: &BootId) -> Option<u64> {
        self.lanes.get(boot)?.last().map(|open| open.number)
    }

    /// The processes that something is ordered of.
    pub(super) fn boots(&self) -> Vec<BootId> {
        self.lanes.keys().cloned().collect()
    }

    /// Takes one of a process's out.
    pub(super) fn take(&mut self, boot: &BootId, id: &OrderId) -> Option<Open> {
        let mut found = self.take_if(boot, |open| open.order.id == *id);
        found.pop()
    }

    /// Takes all of a process's out.
    pub(super) fn take_all(&mut self, boot: &BootId) -> Vec<Open> {
        self.take_if(boot, |_| true)
    }

    /// Takes out those that wait for so long.
    pub(super) fn take_older(&mut self, now: Timestamp, millis: u64) -> Vec<Open> {
        let boots = self.boots();
        let is_old = |open: &Open| now.millis_since(open.since) >= millis;
        boots.iter().flat_map(|boot| self.take_if(boot, is_old)).collect()
    }

    fn take_if(&mut self, boot: &BootId, which: impl Fn(&Open) -> bool) -> Vec<Open> {
        let Some(lane) = self.lanes.get_mut(boot) else {
            return Vec::new();
        };
        let taken: Vec<Open> = lane.extract_if(.., |open| which(open)).collect();
        if lane.is_empty() {
            self.lanes.remove(boot);
        }
        self.count -= taken.len();
        self.bytes -= taken.iter().map(|open| open.bytes).sum::<usize>();
        taken
    }
}

#[cfg(test)]
mod tests {
    use loom_protocol::OrderKind;
    use serde_json::{Value, json};

    use super::*;

    fn open(id: &str, body: Option<Value>) -> Open {
        let order = Order {
            id: OrderId(id.into()),
            actor: "a".into(),
            order: OrderKind::Message,
            message: None,
            body,
            by: "ana".into(),
        };
        Open::new(order, 1, Timestamp::from_millis(0), oneshot::channel().0)
    }

    #[test]
    fn a_process_that_never_answers_takes_no_room_from_others_beyond_its_own() {
        let mut queue = Queue::default();
        let boot = |number: usize| BootId(format!("b{number}"));
        for number in 0..MAX_OF_BOOT {
            queue.put(&boot(0), open(&number.to_string(), None)).unwrap();
        }
        assert_eq!(queue.put(&boot(0), open("x", None)), Err(Full::Process));
        for number in 1..MAX / MAX_OF_BOOT {
            for order in 0..MAX_OF_BOOT {
                queue.put(&boot(number), open(&order.to_string(), None)).unwrap();
            }
        }
        assert_eq!(queue.put(&boot(99), open("x", None)), Err(Full::Server));
        assert!(queue.take(&boot(3), &OrderId("7".into())).is_some());
        queue.put(&boot(99), open("x", None)).unwrap();
        for number in 0..100 {
            queue.take_all(&boot(number));
        }
        assert_eq!((queue.count, queue.bytes, queue.boots().len()), (0, 0, 0));
    }

    #[test]
    fn bodies_are_counted_by_their_bytes() {
        let mut queue = Queue::default();
        let boot = BootId("b".into());
        let large = || Some(json!("x".repeat(60_000)));
        let taken =
            (0..100).take_while(|number| queue.put(&boot, open(&number.to_string(), large())).is_ok());
        assert_eq!(taken.count(), MAX_BYTES_OF_BOOT / 60_002);
        assert!(queue.put(&boot, open("small", None)).is_ok());
    }
}
