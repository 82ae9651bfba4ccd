//! What an agent has reported so far: of each step, of ports, of its own end.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loom_agent::wire::{LeftOver, Report};
use tokio::sync::watch;

use super::JobDirectory;
use super::socket::Reports;

/// What the agent has reported so far.
pub(super) struct Reported {
    pub(super) steps: Mutex<HashMap<u32, watch::Sender<News>>>,
    pub(super) end: watch::Sender<End>,
    /// What became of ports that were to lead to services.
    pub(super) forwards: watch::Sender<BTreeMap<u16, Option<String>>>,
}

/// What is new of a step.
#[derive(Clone, Debug, Default)]
pub(super) struct News {
    /// The spool's length, as last reported.
    pub(super) length: u64,
    /// Nothing more comes; why, should the spool not say how the step ended.
    pub(super) over: Option<String>,
}

/// How far the conversation has come.
#[derive(Clone, Debug)]
pub(super) enum End {
    Open,
    /// The agent has heard that it is to close.
    Closing,
    Closed {
        killed: Vec<LeftOver>,
        troubles: Vec<String>,
    },
    /// It is not there any more; why.
    Gone(String),
}

impl News {
    /// What is new of a step of which nothing more comes.
    pub(super) fn over(why: &str) -> Self {
        Self {
            length: 0,
            over: Some(why.to_owned()),
        }
    }
}

impl Reported {
    pub(super) fn new() -> Self {
        Self {
            steps: Mutex::default(),
            end: watch::Sender::new(End::Open),
            forwards: watch::Sender::new(BTreeMap::new()),
        }
    }

    /// What is new of a step that runs already: its spool is to be read whatever comes.
    pub(super) fn expect_more(&self, number: u32) -> watch::Receiver<News> {
        let (sender, mut receiver) = watch::channel(News {
            length: 1,
            over: None,
        });
        receiver.mark_changed();
        self.lock().insert(number, sender);
        receiver
    }

    /// What is new of a step from now on.
    pub(super) fn expect(&self, number: u32) -> watch::Receiver<News> {
        let (sender, receiver) = watch::channel(News::default());
        // Held while the end is looked at: who ends the conversation comes to the list after it.
        let mut steps = self.lock();
        if let End::Gone(why) = &*self.end.borrow() {
            sender.send_modify(|news| news.over = Some(why.clone()));
        }
        steps.insert(number, sender);
        receiver
    }

    pub(super) fn step(&self, number: u32, change: impl FnOnce(&mut News)) {
        if let Some(step) = self.lock().get(&number) {
            step.send_modify(change);
        }
    }

    /// Nothing more comes from the agent.
    pub(super) fn over(&self, why: &str) {
        self.end.send_if_modified(|end| {
            let open = !matches!(end, End::Closed { .. } | End::Gone(_));
            if open {
                *end = End::Gone(why.to_owned());
            }
            open
        });
        for step in self.lock().values() {
            step.send_modify(|news| {
                news.over.get_or_insert_with(|| why.to_owned());
            });
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u32, watch::Sender<News>>> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a step off the list when nobody waits for it any more.
pub(super) struct Forget<'a> {
    pub(super) reported: &'a Reported,
    pub(super) number: u32,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.reported.lock().remove(&self.number);
    }
}

/// Hears the agent until it hangs up, or has said its last word of the job: then it may be heard again of another one.
pub(super) async fn listen(
    mut reports: Reports,
    reported: Arc<Reported>,
    directory: Arc<JobDirectory>,
) -> Option<Reports> {
    let why = loop {
        match reports.next().await {
            Ok(Some(Report::Grew { step, length })) => reported.step(step, |news| news.length = length),
            Ok(Some(Report::Exited {
                step,
                length,
                trouble,
            })) => reported.step(step, |news| {
                news.length = length;
                news.over = Some(trouble.unwrap_or_else(|| "the step's spool has no end".to_owned()));
            }),
            Ok(Some(Report::Forwarding { port, trouble })) => {
                reported
                    .forwards
                    .send_modify(|known| drop(known.insert(port, trouble)));
            }
            Ok(Some(Report::Closing)) => {
                reported.end.send_replace(End::Closing);
            }
            Ok(Some(Report::Closed { killed, troubles, .. })) => {
                reported.end.send_replace(End::Closed { killed, troubles });
                reported.over("the job was closed");
                return Some(reports);
            }
            Ok(Some(Report::Refused(refusal))) => break refusal.to_string(),
            Ok(Some(Report::Welcome { .. } | Report::Spooled { .. } | Report::Alive)) => {}
            Ok(None) => {
                let trouble = tokio::task::spawn_blocking(move || directory.trouble()).await;
                break trouble
                    .ok()
                    .flatten()
                    .unwrap_or_else(|| "its agent is gone".to_owned());
            }
            Err(error) => break error.to_string(),
        }
    };
    reported.over(&why);
    None
}
