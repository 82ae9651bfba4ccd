//! What starts a workflow must be able to: times, patterns, inputs.

use std::collections::HashMap;
use std::sync::Arc;

use crate::codes;
use crate::cron::Cron;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expression::is_in;
use crate::glob::{Pattern, Subject};
use crate::model::{Filter, Free, Input, InputKind, Scalar, Schedule, Trigger, Workflow};
use crate::source::Source;
use crate::span::{Span, Spanned};
use crate::suggestion::{Applicability, without_item};
use crate::tree::{Value, resolve};
use crate::words::{self, closest, name, visible};

/// Most inputs that GitHub shows to whoever starts a workflow by hand.
const MOST_INPUTS: usize = 25;
/// Shortest time between two starts, in minutes.
const SHORTEST: u32 = 5;

pub(super) fn check(workflow: &Workflow, source: &Source, diagnostics: &mut Diagnostics) {
    for (event, trigger) in &workflow.triggers.events {
        for time in &trigger.schedule {
            schedule(time, diagnostics);
        }
        if &**event == "schedule" && workflow.triggers.names_only {
            diagnostics.push(
                Diagnostic::new(codes::CRON, "`schedule` has no times")
                    .at(trigger.span, "nothing says when")
                    .help("write `schedule:` as a key of `on`, with `- cron: '0 0 * * *'` below it"),
            );
        }
        patterns(trigger, source, diagnostics);
        for (key, filter) in [
            ("branches", &trigger.branches),
            ("tags", &trigger.tags),
            ("paths", &trigger.paths),
        ] {
            // Beside branches it says what it does: no tag at all.
            let is_none = filter.only.iter().all(|pattern| &*pattern.value == "!**");
            if key == "tags" && is_none && !trigger.branches.only.is_empty() {
                continue;
            }
            taken_back(key, filter, diagnostics);
        }
        if &**event == "workflow_dispatch" && trigger.inputs.len() > MOST_INPUTS {
            diagnostics.push(
                Diagnostic::new(
                    codes::TOO_MANY_INPUTS,
                    format!("`workflow_dispatch` has {} inputs", trigger.inputs.len()),
                )
                .at(trigger.span, "GitHub takes up to 25")
                .help("put several values into one input, e.g. as JSON"),
            );
        }
        for (name, input) in &trigger.inputs {
            self::input(name, input, &**event == "workflow_dispatch", source, diagnostics);
        }
    }
}

fn schedule(time: &Schedule, diagnostics: &mut Diagnostics) {
    match Cron::parse(&time.cron) {
        // That no expression can stand there was said.
        Err(_) if is_in(&time.cron) => {}
        Err(error) => diagnostics.push(
            Diagnostic::new(
                codes::CRON,
                format!("{} is no time for a schedule", name(&time.cron)),
            )
            .at(time.cron.span, visible(&error.to_string()))
            .help("write minute, hour, day, month and weekday, e.g. `30 4 * * 1` for Mondays at 4:30 UTC"),
        ),
        Ok(cron) if cron.shortest_interval() < SHORTEST => diagnostics.push(
            Diagnostic::new(
                codes::CRON_INTERVAL,
                "the schedule asks for more starts than there will be",
            )
            .at(
                time.cron.span,
                format!("at times {} min after another", cron.shortest_interval()),
            )
            .help("GitHub starts scheduled workflows every 5 minutes at most, e.g. `*/5 * * * *`"),
        ),
        Ok(_) => {}
    }
    if let Some(zone) = &time.timezone
        && !diagnostics.is_full()
        && !is_zone(zone)
    {
        diagnostics.push(
            Diagnostic::new(codes::TIMEZONE, format!("{} is no time zone", name(zone)))
                .at(zone.span, "not the name of a time zone")
                .help("use a name of the IANA list, e.g. `Europe/Berlin`, or `UTC`"),
        );
    }
}

/// The names of all time zones, with comments.
static ZONES: &str = include_str!("../../data/zones.txt");

fn is_zone(text: &str) -> bool {
    let lines = ZONES.lines().filter(|line| !line.starts_with('#'));
    let mut names = lines.flat_map(str::split_whitespace);
    names.any(|name| name.eq_ignore_ascii_case(text))
}

fn patterns(trigger: &Trigger, source: &Source, diagnostics: &mut Diagnostics) {
    let refs = trigger.branches.patterns().chain(trigger.tags.patterns());
    let texts = trigger
        .names
        .iter()
        .chain(&trigger.versions)
        .chain(&trigger.workflows);
    let all = refs
        .map(|pattern| (pattern, Subject::Ref))
        .chain(trigger.paths.patterns().map(|pattern| (pattern, Subject::Path)))
        .chain(texts.map(|pattern| (pattern, Subject::Text)));
    for (pattern, subject) in all {
        let Err(errors) = Pattern::parse(pattern, subject) else {
            continue;
        };
        let mut said: Vec<&str> = Vec::new();
        for error in &errors {
            // The same mistake twice in a pattern is mended at once.
            if said.contains(&&*error.message) {
                continue;
            }
            said.push(&error.message);
            let (code, message) = if error.malformed {
                (
                    codes::MALFORMED_PATTERN,
                    format!("{} is no pattern", name(pattern)),
                )
            } else {
                let message = if error.ill_formed {
                    format!("the pattern {} is not well formed", name(pattern))
                } else {
                    format!("the pattern {} matches nothing", name(pattern))
                };
                (codes::PATTERN, message)
            };
            diagnostics.push(
                Diagnostic::new(code, message)
                    .at(within(source, pattern, error.span), visible(&error.message))
                    .help(error.help.unwrap_or(
                        "patterns are no regular expressions: `*`, `**`, `?`, `+`, `[]` and `!` are special",
                    )),
            );
        }
    }
}

/// A `!` takes back what patterns before it match; without one it does nothing, and with nothing but `!` no name passes.
/// GitHub's "Workflow syntax", on including and excluding branches, tags and paths.
fn taken_back(key: &str, filter: &Filter, diagnostics: &mut Diagnostics) {
    let Some(first) = filter.only.first().filter(|first| first.value.starts_with('!')) else {
        return;
    };
    let (label, help) = if filter.only.iter().all(|pattern| pattern.value.starts_with('!')) {
        (
            "nothing is matched that this could take back, so no name passes",
            format!("put `'**'` before it, or list the names under `{key}-ignore` without `!`"),
        )
    } else {
        (
            "no pattern before it matches anything that this could take back",
            "put it behind the patterns that it makes exceptions from".to_owned(),
        )
    };
    diagnostics.push(
        Diagnostic::new(
            codes::PATTERN_ORDER,
            format!("{} takes back nothing", name(&first.value)),
        )
        .at(first.span, label)
        .help(help),
    );
}

/// Where a part of a text stands in the file; all of it where that cannot be told, or where the part is a line break,
/// which a `|` makes.
fn within(source: &Source, text: &Spanned<Arc<str>>, part: Span) -> Span {
    let is_break = text
        .value
        .get(part.range())
        .is_some_and(|part| part.contains('\n'));
    match source.slice(text.span).find(&*text.value).filter(|_| !is_break) {
        Some(at) => {
            let start = text.span.start + at;
            Span::new(start + part.start, start + part.end)
        }
        None => text.span,
    }
}

/// `choices`: whether inputs of this event may have options; for others they are an unknown key.
fn input(name: &str, input: &Input, choices: bool, source: &Source, diagnostics: &mut Diagnostics) {
    let shown = crate::words::name(name);
    match (&input.options, input.kind) {
        (Some(options), InputKind::Choice) if !options.is_empty() => {
            repeated(options, &shown, source, diagnostics)
        }
        (_, InputKind::Choice) => diagnostics.push(
            Diagnostic::new(
                codes::INPUT_OPTIONS,
                format!("input {shown} has nothing to choose from"),
            )
            .at(input.span, "`type: choice` wants `options`")
            .help("list what can be chosen: `options: [one, another]`"),
        ),
        (Some(options), _) if choices => diagnostics.push(
            Diagnostic::new(
                codes::INPUT_OPTIONS,
                format!("input {shown} has `options` and is no choice"),
            )
            .at(options.span, "only a choice has `options`")
            .help("add `type: choice`, or remove `options`"),
        ),
        (_, _) => {}
    }
    if let Some(default) = &input.default {
        self::default(&shown, input, choices, default, diagnostics);
    }
}

fn repeated(options: &[Spanned<Arc<str>>], input: &str, source: &Source, diagnostics: &mut Diagnostics) {
    let mut seen = HashMap::new();
    for option in options {
        if let Some(first) = seen.insert(&option.value, option.span) {
            diagnostics.push(
                Diagnostic::new(
                    codes::INPUT_TWICE,
                    format!("input {input} offers {} twice", name(option)),
                )
                .at(option.span, "again here")
                .related(first, "first here")
                .help("remove one of them")
                .offer(
                    without_item(source.text(), option.span).into_iter().collect(),
                    Applicability::Safe,
                ),
            );
        }
    }
}

fn default(shown: &str, input: &Input, choices: bool, default: &Free, diagnostics: &mut Diagnostics) {
    let Some(scalar) = default.as_scalar().filter(|_| default.is_plain()) else {
        return;
    };
    let text = scalar.to_text();
    // Where somebody starts a workflow by hand quoted ones are read all the same; in a called one they are text.
    let quoted = matches!(scalar, Scalar::Text(_));
    let value = if choices || !quoted {
        resolve(&text)
    } else {
        Value::String
    };
    let (fits, wanted) = match input.kind {
        InputKind::Boolean => (matches!(value, Value::Bool(_) | Value::Null), "`true` or `false`"),
        InputKind::Number => (matches!(value, Value::Number(_) | Value::Null), "a number"),
        InputKind::Choice => {
            let options = input
                .options
                .as_ref()
                .map_or(&[][..], |options| options.value.as_slice());
            if !options.is_empty() && !text.is_empty() && !options.iter().any(|option| option.value == text) {
                let near = closest(&text, options.iter().map(|option| &*option.value));
                let help = near.map_or_else(
                    || "add it to `options`, or take one of them".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                diagnostics.push(
                    Diagnostic::new(
                        codes::INPUT_DEFAULT,
                        format!("the default {} of input {shown} cannot be chosen", name(&text)),
                    )
                    .at(default.span, "not among its `options`")
                    .help(help),
                );
            }
            return;
        }
        InputKind::String | InputKind::Environment => return,
    };
    if !fits {
        let mut diagnostic = Diagnostic::new(
            codes::INPUT_DEFAULT,
            format!("the default of input {shown} must be {wanted}"),
        )
        .at(default.span, format!("this is {}", default.describe()))
        .help("change the default or the `type`");
        let meant = match input.kind {
            InputKind::Number if quoted && matches!(resolve(&text), Value::Number(_)) => Some(&*text),
            InputKind::Boolean if matches!(resolve(&text), Value::Bool(_)) => Some(&*text),
            InputKind::Boolean => words::boolean(&text),
            _ => None,
        };
        if let Some(meant) = meant {
            diagnostic = diagnostic.fix(default.span, meant);
        }
        diagnostics.push(diagnostic);
    }
}
