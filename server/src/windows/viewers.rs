//! Who looks at which window, and what waits to be told to whom.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::Notify;

use super::ask::{Key, Wanted, problem};
use super::shown::Shown;

/// Windows that one viewer may have open.
const EACH: usize = 8;
/// Different stretches of lists that all viewers together may look at: each costs a pass over all actors.
const LISTS: usize = 64;

/// All windows. Cheap to clone; all clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Windows {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    next: AtomicU64,
    viewers: Mutex<HashMap<u64, Place>>,
    asked: Notify,
}

/// A viewer's windows.
struct Place {
    windows: HashMap<String, Window>,
    /// Mistakes to be told.
    problems: Vec<String>,
    wake: Box<dyn Fn() -> bool + Send + Sync>,
}

struct Window {
    key: Key,
    /// What it was told last.
    sent: Option<Arc<Shown>>,
    /// The data of a frame that its viewer did not fetch yet.
    waiting: Option<String>,
}

/// A viewer's hold on its windows; dropping it closes them.
pub(crate) struct ViewerWindows {
    windows: Windows,
    number: u64,
}

impl Windows {
    /// A place for a viewer. `wake` is called, under a lock, when there is something to [`ViewerWindows::take`]; it must not wait.
    pub(crate) fn open_for(&self, wake: impl Fn() -> bool + Send + Sync + 'static) -> ViewerWindows {
        let number = self.shared.next.fetch_add(1, Ordering::Relaxed);
        let place = Place {
            windows: HashMap::new(),
            problems: Vec::new(),
            wake: Box::new(wake),
        };
        self.lock().insert(number, place);
        ViewerWindows {
            windows: self.clone(),
            number,
        }
    }

    /// Waits until somebody asked for a window.
    pub(super) async fn asked(&self) {
        self.shared.asked.notified().await;
    }

    /// What is looked at by viewers that have nothing waiting.
    pub(super) fn wanted(&self) -> HashSet<Key> {
        let viewers = self.lock();
        let windows = viewers.values().flat_map(|place| place.windows.values());
        windows
            .filter(|window| window.waiting.is_none())
            .map(|window| window.key.clone())
            .collect()
    }

    /// Tells all who look at `key` what they do not know of `shown`. Each difference is written once.
    pub(super) fn tell(&self, key: &Key, shown: &Arc<Shown>) {
        let mut written: HashMap<Option<usize>, Option<String>> = HashMap::new();
        let mut viewers = self.lock();
        for place in viewers.values_mut() {
            let mut has_news = false;
            for (id, window) in &mut place.windows {
                if window.key != *key || window.waiting.is_some() {
                    continue;
                }
                // It is held by the window, so that its address is its own.
                let before = window.sent.as_ref().map(|sent| Arc::as_ptr(sent).addr());
                let rest = written
                    .entry(before)
                    .or_insert_with(|| shown.after(window.sent.as_deref()));
                if let Some(rest) = rest {
                    window.waiting = Some(format!(r#"{{"id":{},{rest}}}"#, Value::from(id.as_str())));
                    has_news = true;
                }
                window.sent = Some(shown.clone());
            }
            if has_news {
                (place.wake)();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Place>> {
        self.shared.viewers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ViewerWindows {
    /// Takes a client's frame, if it is about a window. What is wrong with it is told by a frame.
    pub(crate) fn ask(&self, text: &str) {
        let wanted = match Wanted::read(text) {
            Ok(None) => return,
            Ok(Some(wanted)) => Ok(wanted),
            Err(problem) => Err(problem),
        };
        let mut viewers = self.windows.lock();
        let wanted = wanted.and_then(|wanted| room(&viewers, self.number, &wanted).map(|()| wanted));
        let Some(place) = viewers.get_mut(&self.number) else {
            return;
        };
        match wanted {
            Ok(wanted) if wanted.key.count == 0 => {
                place.windows.remove(&wanted.id);
            }
            Ok(wanted) => {
                let window = Window {
                    key: wanted.key,
                    sent: None,
                    waiting: None,
                };
                place.windows.insert(wanted.id, window);
                self.windows.shared.asked.notify_one();
            }
            Err(problem) => {
                // One who goes on without reading is told the last of them.
                place.problems.truncate(EACH);
                place.problems.push(problem.to_string());
                (place.wake)();
            }
        }
    }

    /// The data of the frames to send next.
    pub(crate) fn take(&self) -> Vec<String> {
        let mut viewers = self.windows.lock();
        let Some(place) = viewers.get_mut(&self.number) else {
            return Vec::new();
        };
        let mut waiting = std::mem::take(&mut place.problems);
        waiting.extend(
            place
                .windows
                .values_mut()
                .filter_map(|window| window.waiting.take()),
        );
        waiting
    }
}

impl Drop for ViewerWindows {
    fn drop(&mut self) {
        self.windows.lock().remove(&self.number);
    }
}

/// Whether there is room for one more window.
fn room(viewers: &HashMap<u64, Place>, number: u64, wanted: &Wanted) -> Result<(), Value> {
    let id = Value::from(wanted.id.as_str());
    let own = viewers.get(&number).map_or(0, |place| {
        let others = place.windows.keys().filter(|name| **name != wanted.id);
        others.count()
    });
    if own >= EACH {
        let why = format!("a connection has at most {EACH} windows; close one with `count` 0");
        return Err(problem(&id, "too_many_windows", &why));
    }
    let windows = viewers.values().flat_map(|place| place.windows.values());
    let lists: HashSet<&Key> = windows.map(|window| &window.key).collect();
    if lists.len() >= LISTS && !lists.contains(&wanted.key) {
        let why = "all viewers together look at too many different lists; ask for a list as a page instead";
        return Err(problem(&id, "too_many_windows", why));
    }
    Ok(())
}
