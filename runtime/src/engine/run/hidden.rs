//! Nothing reaches a run's history with a secret in it.

use crate::event::{Annotation, Event, JobOutline, JobTerms, Outputs, Reason};
use crate::output::Masks;

/// Masks what an event says.
pub(super) fn hide(event: &mut Event, masks: &Masks) {
    let hider = Hider(masks);
    match event {
        Event::JobExpanded { jobs, .. } => jobs.iter_mut().for_each(|job| hider.outline(job)),
        Event::JobQueued { terms, .. } => hider.terms(terms),
        Event::ConcurrencyClaimed { group, .. } => hider.text(group),
        Event::JobCancelRequested { reason, .. }
        | Event::LogLost { reason, .. }
        | Event::RemainsLeft { reason, .. } => hider.reason(reason),
        Event::StepPlanned { outline, .. } => hider.text(&mut outline.name),
        Event::StepStarted { name: Some(name), .. } => hider.text(name),
        Event::StepFinished { reason, outputs, .. } | Event::JobFinished { reason, outputs, .. } => {
            reason.iter_mut().for_each(|reason| hider.reason(reason));
            hider.outputs(outputs);
        }
        Event::JobPaused { reason, problem, .. } => {
            let both = reason.iter_mut().chain(problem);
            both.for_each(|reason| hider.reason(reason));
        }
        Event::JobResumed { file: Some(file), .. } => hider.text(&mut file.text),
        Event::StepRetrying { reason, .. }
        | Event::JobRetrying { reason, .. }
        | Event::RunFinished { reason, .. } => reason.iter_mut().for_each(|reason| hider.reason(reason)),
        Event::Annotated { annotation, .. } => hider.annotation(annotation),
        Event::Summarized { text, .. } => hider.text(text),
        Event::LeftoversKilled { processes, .. } => {
            processes.iter_mut().for_each(|process| hider.text(process))
        }
        _ => {}
    }
}

struct Hider<'a>(&'a Masks);

impl Hider<'_> {
    fn text(&self, text: &mut String) {
        if let std::borrow::Cow::Owned(masked) = self.0.mask(text) {
            *text = masked;
        }
    }

    fn reason(&self, reason: &mut Reason) {
        self.text(&mut reason.message);
    }

    fn outputs(&self, outputs: &mut Outputs) {
        outputs.values_mut().for_each(|value| self.text(value));
    }

    fn terms(&self, terms: &mut JobTerms) {
        terms.name.iter_mut().for_each(|name| self.text(name));
        if let Some(concurrency) = &mut terms.concurrency {
            self.text(&mut concurrency.group);
        }
    }

    fn outline(&self, outline: &mut JobOutline) {
        self.text(&mut outline.name);
        outline.steps.iter_mut().for_each(|step| self.text(step));
        outline.terms.iter_mut().for_each(|terms| self.terms(terms));
    }

    fn annotation(&self, annotation: &mut Annotation) {
        self.text(&mut annotation.message);
        for part in [&mut annotation.title, &mut annotation.file] {
            part.iter_mut().for_each(|text| self.text(text));
        }
    }
}
