//! Follows a step of an agent: its spool whenever there is more, to the record of its end.

use std::sync::Arc;

use loom_agent::wire::{Command, StepSignal};
use tokio::sync::watch;

use super::Channel;
use super::reported::News;
use super::signals::StepSignals;
use super::tail::{Progress, Tail};
use crate::executor::{ExecutorError, Signal, StepEnd, StepOutput};

impl Channel {
    /// Follows a step to its end, and passes signals on to it.
    pub(super) async fn follow_with_signals(
        &self,
        number: u32,
        tail: Tail,
        output: Box<dyn StepOutput>,
        news: watch::Receiver<News>,
        signals: &mut StepSignals,
    ) -> Result<StepEnd, ExecutorError> {
        let following = self.follow(number, tail, output, news);
        tokio::pin!(following);
        loop {
            tokio::select! {
                biased;
                ended = &mut following => return ended,
                signal = signals.next() => {
                    // An agent that is gone is told of by the step's end.
                    let _ = self.send(&Command::Signal { step: number, signal: wire(signal) }).await;
                }
            }
        }
    }

    /// Reads the spool whenever the agent says that there is more; the spool says how the step ended.
    async fn follow(
        &self,
        number: u32,
        mut tail: Tail,
        mut output: Box<dyn StepOutput>,
        mut news: watch::Receiver<News>,
    ) -> Result<StepEnd, ExecutorError> {
        loop {
            let over = match news.changed().await {
                Ok(()) => {
                    let news = news.borrow_and_update();
                    if news.length == 0 && news.over.is_none() {
                        continue;
                    }
                    news.over.clone()
                }
                Err(_) => Some("its agent is gone".to_owned()),
            };
            loop {
                let (notes, directory) = (Arc::clone(&self.notes), Arc::clone(&self.directory));
                let kept = self.kept_spools.clone();
                let reading = tokio::task::spawn_blocking(move || {
                    let progress = tail.read(&mut *output, notes.as_ref());
                    if let Ok(Progress::Ended(end)) = &progress {
                        if let Ok(end) = &**end {
                            output.ended(end);
                        }
                        // All of it is where it belongs by now. Its end is in no history yet: whoever attaches before it is must
                        // not take the step for one that never began.
                        match kept {
                            Some(kept) if kept.keeps(tail.length()) => {}
                            Some(_) => directory.cut_spool(number),
                            None => directory.remove_spool(number),
                        }
                    }
                    (tail, output, progress)
                });
                let progress = reading
                    .await
                    .map_err(|_| ExecutorError::lost("the writer of the step's output broke down"))?;
                (tail, output) = (progress.0, progress.1);
                match progress.2 {
                    Ok(Progress::Ended(end)) => return end.map_err(ExecutorError::lost),
                    Ok(Progress::More) => {}
                    Ok(Progress::Dry) => break,
                    Err(error) => {
                        return Err(ExecutorError::lost(format!("read the step's output: {error}")));
                    }
                }
            }
            if let Some(why) = over {
                return Err(ExecutorError::lost(why));
            }
        }
    }
}

fn wire(signal: Signal) -> StepSignal {
    match signal {
        Signal::Interrupt => StepSignal::Interrupt,
        Signal::Terminate => StepSignal::Terminate,
        Signal::Kill => StepSignal::Kill,
    }
}
