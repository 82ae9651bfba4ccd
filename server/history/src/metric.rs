//! What can be told of a step.

use crate::step::{Slot, Step};

/// What a series tells. Of actors the first ten, of processes the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Metric {
    /// Messages handled per second.
    Rate,
    /// Errors per second.
    Errors,
    /// Messages that wait.
    Queue,
    /// Living actors.
    Actors,
    /// Milliseconds that a share of messages did not exceed in their queue.
    Wait(f64),
    /// Milliseconds that a share of messages did not exceed from delivery to the end of handling.
    Handle(f64),
    /// Cores in use.
    Cpu,
    /// Bytes of memory.
    Memory,
    /// Open files.
    Files,
    /// The share of their time in which arbiters ran, from 0 to 1.
    Load,
}

impl Metric {
    /// What it was, over the whole step; nothing where it was not measured.
    pub fn value(self, step: &Step) -> Option<f64> {
        match self {
            Self::Wait(share) => step.wait.percentile_ms(share),
            Self::Handle(share) => step.handle.percentile_ms(share),
            _ => self.slot(step).and_then(Slot::mean).map(|mean| self.scaled(mean)),
        }
    }

    /// The most that it was within the step: of times, what it was over the whole.
    #[expect(clippy::cast_precision_loss, reason = "fifteen digits are enough")]
    pub fn most(self, step: &Step) -> Option<f64> {
        match self {
            Self::Wait(_) | Self::Handle(_) => self.value(step),
            _ => self
                .slot(step)
                .filter(|slot| slot.seconds > 0)
                .map(|slot| self.scaled(slot.max as f64)),
        }
    }

    fn slot(self, step: &Step) -> Option<&Slot> {
        let place = match self {
            Self::Rate | Self::Cpu => 0,
            Self::Errors | Self::Memory => 1,
            Self::Queue | Self::Files => 2,
            Self::Actors | Self::Load => 3,
            Self::Wait(_) | Self::Handle(_) => return None,
        };
        step.slots.get(place)
    }

    fn scaled(self, value: f64) -> f64 {
        match self {
            Self::Rate | Self::Errors => value / 1e3,
            Self::Cpu | Self::Load => value / 1e6,
            _ => value,
        }
    }
}
