//! A world of its own time, on one thread: nothing in it depends on the machine.
//!
//! Time goes on only when nothing is left to do, to the next timer; timers of one moment end in an order that the seed
//! decides. The runtime has no timers of its own: whoever asks another clock than the world's panics.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use loom_protocol::Timestamp;
use tokio::task::LocalSet;

use super::chance::Chance;
use crate::id::RunId;
use crate::world::{Sleep, World};

/// 2026-01-01T00:00:00Z, in milliseconds: when every simulation begins.
const BEGIN: i64 = 1_767_225_600_000;

/// Clones are the same world.
#[derive(Clone)]
pub(super) struct SimWorld(Arc<Mutex<State>>);

struct State {
    /// Microseconds since the beginning.
    now: u64,
    /// By when they end, what chance says, and a number of their own.
    timers: BTreeMap<Key, Option<Waker>>,
    made: u64,
    runs: u32,
    seed: u64,
    chance: Chance,
}

type Key = (u64, u64, u64);

impl SimWorld {
    pub(super) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            now: 0,
            timers: BTreeMap::new(),
            made: 0,
            runs: 0,
            seed,
            chance: Chance::new(seed, "world"),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Microseconds since the beginning.
    pub(super) fn micros(&self) -> u64 {
        self.state().now
    }

    /// Ends at this time, or at once when that is over.
    pub(super) fn until(&self, micros: u64) -> Sleep {
        let now = self.micros();
        self.sleep(Duration::from_micros(micros.saturating_sub(now)))
    }

    /// Nothing is left to do: on to the next timer.
    fn advance(&self) {
        let waker = {
            let mut state = self.state();
            let (key, waker) = state
                .timers
                .pop_first()
                .expect("something waits, and not for a time of this world");
            state.now = state.now.max(key.0);
            waker
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Does all that follows from `main`, until that has ended. Whatever is left then is dropped, as if the process had
    /// been killed.
    pub(super) fn run<T>(&self, main: impl Future<Output = T>) -> T {
        let awake = Arc::new(Awake::default());
        let (world, watched) = (self.clone(), Arc::clone(&awake));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .on_thread_park(move || {
                if !watched.woken.load(Ordering::Relaxed) {
                    world.advance();
                }
            })
            .build()
            .unwrap();
        let local = LocalSet::new();
        let ended = runtime.block_on(Watched {
            inner: Box::pin(local.run_until(main)),
            awake,
        });
        drop(local);
        drop(runtime);
        let left = std::mem::take(&mut self.state().timers);
        drop(left); // not under the lock
        ended
    }
}

impl World for SimWorld {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(BEGIN + i64::try_from(self.micros() / 1000).unwrap())
    }

    fn elapsed(&self) -> Duration {
        Duration::from_micros(self.micros())
    }

    fn sleep(&self, time: Duration) -> Sleep {
        let mut state = self.state();
        let time = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let until = state.now.saturating_add(time);
        state.made += 1;
        let key = (until, state.chance.next(), state.made);
        state.timers.insert(key, None);
        Box::pin(Timer {
            world: self.clone(),
            key,
        })
    }

    fn new_run_id(&self) -> RunId {
        let mut state = self.state();
        state.runs += 1;
        // Apart from those of other seeds in its short form too: actors of one process are named by it.
        RunId(format!(
            "{:020x}{:08x}{:04x}",
            state.now,
            state.seed & 0xffff_ffff,
            state.runs
        ))
    }

    fn turn(&self) -> Option<Sleep> {
        let micros = {
            let chance = &mut self.state().chance;
            match chance.below(40) {
                0 => chance.below(400_000),
                1..10 => chance.below(20_000),
                _ => chance.below(1000),
            }
        };
        Some(self.sleep(Duration::from_micros(micros)))
    }
}

struct Timer {
    world: SimWorld,
    key: Key,
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.world.state().timers.get_mut(&self.key) {
            None => Poll::Ready(()),
            Some(waker) => {
                *waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let waker = self.world.state().timers.remove(&self.key);
        drop(waker); // not under the lock
    }
}

/// Whether what runs on the thread's own set of tasks is to be polled again: then there is something left to do.
#[derive(Default)]
struct Awake {
    woken: AtomicBool,
    outer: Mutex<Option<Waker>>,
}

impl Wake for Awake {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Relaxed);
        let outer = self.outer.lock().unwrap().clone();
        if let Some(outer) = outer {
            outer.wake();
        }
    }
}

struct Watched<F> {
    inner: Pin<Box<F>>,
    awake: Arc<Awake>,
}

impl<F: Future> Future for Watched<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        *self.awake.outer.lock().unwrap() = Some(cx.waker().clone());
        self.awake.woken.store(false, Ordering::Relaxed);
        let waker = Waker::from(Arc::clone(&self.awake));
        self.inner.as_mut().poll(&mut Context::from_waker(&waker))
    }
}
