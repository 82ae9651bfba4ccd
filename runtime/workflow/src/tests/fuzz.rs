//! Everything that takes a text, given texts that are broken in every way, each from a seed.
//!
//! The tests run a few; `make fuzz` runs as many as its time allows. A failure names its seed and a smallest text.

mod mutate;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::chance::{Chance, smallest};
use super::random::runs;
use crate::cron::Cron;
use crate::expression::{
    Environment, Function, MAX_LENGTH, Object, Scope, Status, Template, Value, evaluate, parse,
};
use crate::glob::{Pattern, Subject};
use crate::tree::{Kind, Limits, Node};
use crate::{Diagnostics, Dialect, Shell, Source, load_action_unlinted, load_unlinted, split_arguments};

/// The longest that one text may take, in a debug build on a machine that does other things as well.
const LONGEST: Duration = Duration::from_secs(20);

/// What a text is given to.
#[derive(Clone, Copy, Debug)]
enum Target {
    File,
    Expression,
    Pattern,
    Cron,
    Json,
    Format,
    Script,
}

const TARGETS: [Target; 7] = [
    Target::File,
    Target::Expression,
    Target::Pattern,
    Target::Cron,
    Target::Json,
    Target::Format,
    Target::Script,
];

/// What one seed is: something to give a text to, and the text.
fn input(seed: u64) -> (Target, String) {
    let mut chance = Chance::new(seed);
    // Files have the most in them.
    let target = if chance.one_in(2) {
        Target::File
    } else {
        TARGETS[chance.below(TARGETS.len())]
    };
    (target, mutate::text(target, &mut chance))
}

fn give(target: Target, text: &str) {
    match target {
        Target::File => file(text),
        Target::Expression => expression(text),
        Target::Pattern => {
            for subject in [Subject::Ref, Subject::Path, Subject::Text] {
                match Pattern::parse(text, subject) {
                    Ok(pattern) => drop(pattern.matches("releases/v1.2.3")),
                    Err(errors) => errors
                        .iter()
                        .for_each(|error| inside(text, error.span.start, error.span.end)),
                }
            }
        }
        Target::Cron => {
            if let Ok(cron) = Cron::parse(text) {
                assert!(cron.shortest_interval() > 0);
            }
        }
        Target::Json => {
            if let Ok(value) = Value::from_json(text) {
                let written = value.to_json();
                assert_eq!(
                    Value::from_json(&written).map(|value| value.to_json()),
                    Ok(written)
                );
            }
        }
        Target::Format => {
            let quoted = text.replace('\'', "''");
            expression(&format!("format('{quoted}', 1, 'a', github)"));
        }
        Target::Script => {
            let reading = crate::scripts::read_shell(text);
            let mistakes = reading.mistake.into_iter();
            for found in mistakes.chain(crate::scripts::check_python(text)) {
                let (crate::scripts::Mistake::NotClosed(span)
                | crate::scripts::Mistake::NotOpen(span)
                | crate::scripts::Mistake::Undefined(span)) = found;
                inside(text, span.start, span.end);
            }
            for span in reading.variables {
                inside(text, span.start, span.end);
            }
            let _arguments = split_arguments(text);
            if let Ok(shell) = Shell::parse(text) {
                for command in shell.commands() {
                    let _arguments = command.arguments_for("/x");
                }
            }
        }
    }
}

/// A place lies in the text, at the borders of characters.
fn inside(text: &str, start: usize, end: usize) {
    assert!(
        text.get(start..end).is_some(),
        "{start}..{end} is not in the text"
    );
}

fn file(text: &str) {
    let source = Source::new("fuzz.yml", text);
    let mut diagnostics = Diagnostics::new();
    if let Some(root) = crate::tree::parse(&source, &Limits::default(), &mut diagnostics) {
        node(&root, text);
    }
    for dialect in [Dialect::Loom, Dialect::GitHub] {
        let loaded = load_unlinted(&source, dialect, &crate::NoReferences);
        let _drawn = super::shown(&source, &loaded.diagnostics);
    }
    let _drawn = super::shown(&source, &load_action_unlinted(&source).diagnostics);
    runs(text);
    let from_bytes = Source::from_bytes("fuzz.yml", text.as_bytes().to_vec());
    assert_eq!(from_bytes.text(), source.text());
}

fn node(node: &Node, text: &str) {
    inside(text, node.span.start, node.span.end);
    match &node.kind {
        Kind::Sequence(items) => items.iter().for_each(|item| self::node(item, text)),
        Kind::Mapping(mapping) => mapping.entries.iter().for_each(|entry| {
            inside(text, entry.key.span.start, entry.key.span.end);
            self::node(&entry.value, text);
        }),
        Kind::Scalar(_) | Kind::Invalid => {}
    }
}

fn expression(text: &str) {
    let contexts = r#"{"ref": "refs/heads/main", "a": [1, {"b": null}, [true]], "n": 1.5}"#;
    let contexts: Object = [("github", Value::from_json(contexts).unwrap())]
        .into_iter()
        .collect();
    let environment = Environment::new(&contexts)
        .with_status(&Status::Success)
        .with_memory(1_000_000);
    let scope = Scope::anything().with_functions(&Function::ALL);
    let parsed = parse(text, 0, &scope);
    for error in &parsed.errors {
        inside(text, error.span.start, error.span.end);
    }
    if let Ok(Some(expression)) = parsed.into_result() {
        for part in expression.parts() {
            inside(text, part.span().start, part.span().end);
        }
        let printed = expression.to_string();
        // What is printed may be longer than what was written, and so too long to be read.
        if printed.len() <= MAX_LENGTH {
            let again = parse(&printed, 0, &scope).into_result();
            let again = again
                .unwrap_or_else(|error| panic!("{printed:?}: {error}"))
                .unwrap();
            assert_eq!(again, expression, "{printed}");
            assert_eq!(again.to_string(), printed);
        }
        drop(evaluate(&expression, &environment));
    }
    let (template, errors) = Template::parse(text, 0, &scope);
    for error in &errors {
        inside(text, error.span.start, error.span.end);
    }
    drop(template.evaluate(&environment));
}

fn fails(target: Target, text: &str) -> bool {
    catch_unwind(AssertUnwindSafe(|| give(target, text))).is_err()
}

/// Runs seeds until the end; gives how many.
fn run(first: u64, end: impl Fn(u64) -> bool) -> u64 {
    let (target, text) = (AtomicU64::new(first), AtomicU64::new(0));
    let now = Arc::new((target, text));
    let watched = Arc::downgrade(&now);
    let start = Instant::now();
    // A text that takes for ever cannot be stopped, but named.
    std::thread::spawn(move || {
        while let Some(now) = watched.upgrade() {
            let (seed, since) = (now.0.load(Ordering::SeqCst), now.1.load(Ordering::SeqCst));
            drop(now);
            let took = start.elapsed().saturating_sub(Duration::from_millis(since));
            if took > LONGEST {
                let (target, text) = input(seed);
                eprintln!("seed {seed}, {target:?}: no end after {took:?}\n{text:?}");
                #[expect(clippy::exit, reason = "nothing else ends a text that takes for ever")]
                std::process::exit(101);
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    });
    let mut seed = first;
    while !end(seed - first) {
        // For what ends the process, as too deep a recursion does.
        if seed > first && (seed - first).is_multiple_of(1_000) {
            eprintln!("up to seed {seed}: nothing found");
        }
        // The time first: a new seed with an old time would be a false alarm.
        now.1.store(
            u64::try_from(start.elapsed().as_millis()).unwrap(),
            Ordering::SeqCst,
        );
        now.0.store(seed, Ordering::SeqCst);
        let (target, text) = input(seed);
        if fails(target, &text) {
            now.1.store(u64::MAX, Ordering::SeqCst);
            // The many failures on the way to the smallest text are nothing to read.
            let hook = std::panic::take_hook();
            std::panic::set_hook(Box::new(|_| {}));
            let smallest = smallest(&text, |text| fails(target, text));
            std::panic::set_hook(hook);
            eprintln!("seed {seed}, {target:?}: fails with {smallest:?}");
            give(target, &smallest);
        }
        seed += 1;
    }
    seed - first
}

/// `LOOM_FUZZ_SECONDS` makes it long, `LOOM_FUZZ_SEED` says where it begins.
#[test]
fn whatever_is_written_ends_in_a_verdict() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let first = number("LOOM_FUZZ_SEED").unwrap_or(1);
    match number("LOOM_FUZZ_SECONDS") {
        Some(seconds) => {
            let end = Instant::now() + Duration::from_secs(seconds);
            let many = run(first, |many| many > 0 && Instant::now() >= end);
            eprintln!("{many} texts from seed {first}, nothing found");
        }
        None => drop(run(first, |many| many == 500)),
    }
}
