//! Whether an event starts a workflow. GitHub's rules, from "Events that trigger workflows" and "Workflow syntax" of its
//! documentation, read in November 2026.

use std::sync::Arc;

use super::decision::{TriggerDecision, TriggerReason};
use super::event::{Event, GitRef};
use super::filter::{Patterns, listed};
use crate::glob::Subject;
use crate::model::{Filter, Trigger, Workflow};
use crate::schema::activities;
use crate::span::Spanned;
use crate::words::{self, name};

/// The kinds of activity of a pull request that count where no `types` are written.
const PULL_REQUEST: [&str; 3] = ["opened", "synchronize", "reopened"];

/// Texts in the message of a commit that ask GitHub to run nothing.
const SKIP: [&str; 5] = [
    "[skip ci]",
    "[ci skip]",
    "[no ci]",
    "[skip actions]",
    "[actions skip]",
];

/// Whether an event starts a workflow, and why.
pub fn triggered(workflow: &Workflow, event: &Event) -> TriggerDecision {
    let events = &workflow.triggers.events;
    if events.is_empty() {
        return TriggerDecision::yes(
            TriggerReason::NoTriggers,
            "the workflow names no events, so every event starts it",
            None,
        );
    }
    let Some(trigger) = events.get(event.name()) else {
        let names: Vec<&str> = events.keys().map(|name| &**name).take(8).collect();
        let text = format!(
            "the event {} is not among those that start it: {}",
            name(event.name()),
            words::alternatives(&names)
        );
        return TriggerDecision::no(TriggerReason::NotListed, text, None);
    };
    let checks = [
        not_sent(event),
        message(event),
        activity(trigger, event),
        reference(trigger, event),
        workflows(trigger, event),
        schedule(trigger, event),
        image(trigger, event),
        paths(trigger, event),
    ];
    let mut starts = None;
    for answer in checks.into_iter().flatten() {
        if !answer.starts {
            return answer;
        }
        // The first is the most telling: a branch before a path.
        starts = starts.or(Some(answer));
    }
    starts.unwrap_or_else(|| {
        TriggerDecision::yes(
            TriggerReason::Listed,
            format!("the event {} starts it", name(event.name())),
            Some(trigger.span),
        )
    })
}

/// What GitHub tells nobody.
fn not_sent(event: &Event) -> Option<TriggerDecision> {
    let why = match event.name() {
        "deployment_status" if event.text(&["deployment_status", "state"]) == Some("inactive") => {
            "a deployment that becomes inactive starts no workflow"
        }
        "release"
            if matches!(event.activity(), Some("created" | "edited" | "deleted"))
                && event
                    .value(&["release", "draft"])
                    .is_some_and(|draft| draft.is_truthy()) =>
        {
            "what happens to the draft of a release starts no workflow"
        }
        _ => return None,
    };
    Some(TriggerDecision::no(TriggerReason::NotSent, why, None))
}

fn message(event: &Event) -> Option<TriggerDecision> {
    if event.name() != "push" {
        return None;
    }
    let message = event.text(&["head_commit", "message"])?;
    let asked = SKIP.into_iter().find(|text| message.contains(text)).or_else(|| {
        let mut last = message.trim_end().rsplit("\n\n");
        let trailers = last.next().filter(|_| last.next().is_some())?;
        let mut lines = trailers.lines().map(|line| line.trim().replace(' ', ""));
        lines
            .any(|line| line == "skip-checks:true")
            .then_some("skip-checks: true")
    })?;
    let text = format!("the message of the commit holds `{asked}`");
    Some(TriggerDecision::no(TriggerReason::Message, text, None))
}

fn activity(trigger: &Trigger, event: &Event) -> Option<TriggerDecision> {
    let known = activities(event.name())?;
    let activity = event.activity()?;
    let shown = name(activity);
    if let Some(first) = trigger.types.first() {
        return Some(
            match trigger.types.iter().find(|wanted| &*wanted.value == activity) {
                Some(wanted) => TriggerDecision::yes(
                    TriggerReason::Activity,
                    format!("the activity {shown} is among `types`"),
                    Some(wanted.span),
                ),
                None => TriggerDecision::no(
                    TriggerReason::Activity,
                    format!(
                        "the activity {shown} is not among `types`: {}",
                        listed(&trigger.types)
                    ),
                    Some(first.span),
                ),
            },
        );
    }
    let default: &[&str] = match event.name() {
        "pull_request" | "pull_request_target" => &PULL_REQUEST,
        _ => known,
    };
    if default.is_empty() || default.contains(&activity) {
        return None;
    }
    let names = words::alternatives(default.get(..8).unwrap_or(default));
    let text = format!("without `types`, the activity {shown} starts nothing; it would take {names}");
    Some(TriggerDecision::no(
        TriggerReason::Activity,
        text,
        Some(trigger.span),
    ))
}

/// `branches` and `tags`.
fn reference(trigger: &Trigger, event: &Event) -> Option<TriggerDecision> {
    if event.name() == "push" {
        return match event.git_ref()? {
            GitRef::Branch(branch) => pushed(branch, Kind::BRANCH, &trigger.branches, &trigger.tags, trigger),
            GitRef::Tag(tag) => pushed(tag, Kind::TAG, &trigger.tags, &trigger.branches, trigger),
            GitRef::Other(_) => None,
        };
    }
    filtered(event.branch()?, Kind::BRANCH, &trigger.branches)
}

/// What a filter is about, in words.
#[derive(Clone, Copy)]
struct Kind {
    reason: TriggerReason,
    one: &'static str,
    only: &'static str,
    ignored: &'static str,
    subject: Subject,
}

impl Kind {
    const BRANCH: Kind = Kind {
        reason: TriggerReason::Branch,
        one: "branch",
        only: "branches",
        ignored: "branches-ignore",
        subject: Subject::Ref,
    };
    const TAG: Kind = Kind {
        reason: TriggerReason::Tag,
        one: "tag",
        only: "tags",
        ignored: "tags-ignore",
        subject: Subject::Ref,
    };
}

/// A pushed branch or tag: where only the other kind is filtered, this kind starts nothing.
fn pushed(
    text: &str,
    kind: Kind,
    own: &Filter,
    other: &Filter,
    trigger: &Trigger,
) -> Option<TriggerDecision> {
    let own_is_empty = own.patterns().next().is_none();
    if own_is_empty && other.patterns().next().is_some() {
        let (named, shown) = (kind.one, name(text));
        let others = if kind.one == "tag" { "branches" } else { "tags" };
        let text = format!(
            "the {named} {shown} starts nothing: only {others} are filtered, and `{}` would be needed too",
            kind.only
        );
        return Some(TriggerDecision::no(kind.reason, text, Some(trigger.span)));
    }
    filtered(text, kind, own)
}

fn filtered(text: &str, kind: Kind, filter: &Filter) -> Option<TriggerDecision> {
    let (named, shown) = (kind.one, name(text));
    if let Some(first) = filter.only.first() {
        let patterns = Patterns::new(&filter.only, kind.subject);
        return Some(match patterns.deciding(text) {
            Some(found) if found.picks => TriggerDecision::yes(
                kind.reason,
                format!("the {named} {shown} matches {}", name(found.written)),
                Some(found.written.span),
            ),
            Some(found) => TriggerDecision::no(
                kind.reason,
                format!("the {named} {shown} is left out by {}", name(found.written)),
                Some(found.written.span),
            ),
            None => TriggerDecision::no(
                kind.reason,
                format!(
                    "the {named} {shown} matches none of `{}`: {}",
                    kind.only,
                    listed(&filter.only)
                ),
                Some(first.span),
            ),
        });
    }
    let first = filter.ignored.first()?;
    let patterns = Patterns::new(&filter.ignored, kind.subject);
    Some(match patterns.deciding(text).filter(|found| found.picks) {
        Some(found) => TriggerDecision::no(
            kind.reason,
            format!(
                "the {named} {shown} matches {} of `{}`",
                name(found.written),
                kind.ignored
            ),
            Some(found.written.span),
        ),
        None => TriggerDecision::yes(
            kind.reason,
            format!("the {named} {shown} matches none of `{}`", kind.ignored),
            Some(first.span),
        ),
    })
}

/// `paths`: nothing is looked at for tags, nor where nobody knows what changed.
fn paths(trigger: &Trigger, event: &Event) -> Option<TriggerDecision> {
    if event.name() == "push" && matches!(event.git_ref(), Some(GitRef::Tag(_))) {
        return None;
    }
    let changed = event.changed_paths()?;
    let filter = &trigger.paths;
    if let Some(first) = filter.only.first() {
        let patterns = Patterns::new(&filter.only, Subject::Path);
        let found = changed.iter().find_map(|path| {
            let found = patterns.deciding(path).filter(|found| found.picks)?;
            Some((path, found.written))
        });
        return Some(match found {
            Some((path, written)) => TriggerDecision::yes(
                TriggerReason::Path,
                format!("the changed path {} matches {}", name(path), name(written)),
                Some(written.span),
            ),
            None => TriggerDecision::no(
                TriggerReason::Path,
                format!("{}: {}", unmatched(changed.len()), listed(&filter.only)),
                Some(first.span),
            ),
        });
    }
    let first = filter.ignored.first()?;
    let patterns = Patterns::new(&filter.ignored, Subject::Path);
    Some(match changed.iter().find(|path| !patterns.picks(path)) {
        Some(path) => TriggerDecision::yes(
            TriggerReason::Path,
            format!("the changed path {} is not among `paths-ignore`", name(path)),
            Some(first.span),
        ),
        None => TriggerDecision::no(
            TriggerReason::Path,
            format!("{}: {}", ignored(changed.len()), listed(&filter.ignored)),
            Some(first.span),
        ),
    })
}

fn unmatched(paths: usize) -> String {
    match paths {
        0 => "no path changed, and it wants one of `paths`".to_owned(),
        1 => "the one changed path matches none of `paths`".to_owned(),
        _ => format!("none of {paths} changed paths matches `paths`"),
    }
}

fn ignored(paths: usize) -> String {
    match paths {
        0 => "no path changed but those of `paths-ignore`".to_owned(),
        1 => "the one changed path is among `paths-ignore`".to_owned(),
        _ => format!("all {paths} changed paths are among `paths-ignore`"),
    }
}

/// `workflows` of `workflow_run`.
fn workflows(trigger: &Trigger, event: &Event) -> Option<TriggerDecision> {
    if event.name() != "workflow_run" {
        return None;
    }
    let ran = event
        .text(&["workflow_run", "name"])
        .or_else(|| event.text(&["workflow", "name"]))?;
    let found = trigger.workflows.iter().find(|wanted| &*wanted.value == ran);
    Some(match found {
        Some(found) => TriggerDecision::yes(
            TriggerReason::Workflow,
            format!("the workflow {} is among `workflows`", name(ran)),
            Some(found.span),
        ),
        None => TriggerDecision::no(
            TriggerReason::Workflow,
            format!(
                "the workflow {} is not among `workflows`{}{}",
                name(ran),
                if trigger.workflows.is_empty() { "" } else { ": " },
                listed(&trigger.workflows)
            ),
            Some(trigger.span),
        ),
    })
}

/// `cron`: the payload has the time that came.
fn schedule(trigger: &Trigger, event: &Event) -> Option<TriggerDecision> {
    if event.name() != "schedule" {
        return None;
    }
    let came = event.text(&["schedule"])?;
    let same = |written: &Spanned<Arc<str>>| written.split_whitespace().eq(came.split_whitespace());
    let found = trigger.schedule.iter().find(|time| same(&time.cron));
    Some(match found {
        Some(time) => TriggerDecision::yes(
            TriggerReason::Schedule,
            format!("the time {} is in its schedule", name(came)),
            Some(time.cron.span),
        ),
        None => TriggerDecision::no(
            TriggerReason::Schedule,
            format!("the time {} is not in its schedule", name(came)),
            Some(trigger.span),
        ),
    })
}

/// `names` and `versions` of `image_version`.
fn image(trigger: &Trigger, event: &Event) -> Option<TriggerDecision> {
    if event.name() != "image_version" {
        return None;
    }
    let parts = [
        ("image", "names", &trigger.names, ["image", "name"]),
        (
            "version",
            "versions",
            &trigger.versions,
            ["image_version", "version"],
        ),
    ];
    let mut starts = None;
    for (one, key, patterns, path) in parts {
        let (Some(first), Some(text)) = (patterns.first(), event.text(&path).or_else(|| event.text(&[one])))
        else {
            continue;
        };
        match Patterns::new(patterns, Subject::Text)
            .deciding(text)
            .filter(|found| found.picks)
        {
            Some(found) => {
                let text = format!("the {one} {} matches {}", name(text), name(found.written));
                starts = starts.or(Some(TriggerDecision::yes(
                    TriggerReason::Image,
                    text,
                    Some(found.written.span),
                )));
            }
            None => {
                let text = format!(
                    "the {one} {} matches none of `{key}`: {}",
                    name(text),
                    listed(patterns)
                );
                return Some(TriggerDecision::no(TriggerReason::Image, text, Some(first.span)));
            }
        }
    }
    starts
}
