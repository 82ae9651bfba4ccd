//! How long an editor waits after a keystroke in a workflow of 2,000 lines: the file is read anew, and the question that
//! follows is answered; what is wrong is told after that. The promise is 20 ms for all of it, on one core, also while the
//! file is no YAML. Two tables: a few keystrokes in the middle, each many times; and keystrokes that break the file, at many
//! places, the shortest of three each: longer is what somebody else had the core for.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

use loom_workflow::editor::{Document, FileKind};
use loom_workflow::{Dialect, NoReferences, Source};

/// The one that `loom-runtime` has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Keystrokes of each kind; the median and the longest count.
const KEYSTROKES: usize = 60;

fn main() -> Result<(), Box<dyn Error>> {
    let whole = file(2_000);
    let mut report = String::new();
    writeln!(
        report,
        "{} lines, {} bytes; milliseconds after a keystroke: median, longest",
        whole.lines().count(),
        whole.len()
    )?;
    let middle = whole.len() / 2;
    let job = middle
        + whole
            .get(middle..)
            .and_then(|rest| rest.find("\n  job"))
            .unwrap_or_default()
        + 1;
    let steps = job
        + whole
            .get(job..)
            .and_then(|rest| rest.find("    steps:"))
            .unwrap_or_default();
    for (what, at, typed) in [
        ("a key in mid-word in the middle", steps, "    time\n"),
        ("an expression that is open", steps, "    name: ${{ needs.\n"),
        ("a bracket that is open", steps, "    needs: [job1,\n"),
        ("a quote that is open", steps, "    name: \"x\n"),
        ("a word at the end", whole.len(), "  jo"),
        ("a whole file", steps, "    name: x\n"),
    ] {
        let mut text = whole.clone();
        text.insert_str(at, typed);
        let cursor = at + typed.trim_end().len();
        let mut answers = Vec::with_capacity(KEYSTROKES);
        let mut all = Vec::with_capacity(KEYSTROKES);
        let mut offered = 0;
        for _ in 0..KEYSTROKES {
            let start = Instant::now();
            let source = Source::new(".github/workflows/ci.yml", text.as_str());
            let document = Document::read(source, FileKind::Workflow(Dialect::GitHub));
            offered = document.completions(cursor, &NoReferences).len();
            answers.push(start.elapsed());
            let found = document.diagnostics(&NoReferences);
            all.push(start.elapsed());
            let _ = std::hint::black_box(found);
        }
        writeln!(
            report,
            "{what:32} {offered:4} completions: {}; with its findings: {}",
            shown(&mut answers),
            shown(&mut all)
        )?;
    }
    breaking(&whole, &mut report)?;
    std::io::stdout().write_all(report.as_bytes())?;
    Ok(())
}

/// What somebody types who leaves a file broken for the moment: lines of their own, and characters in the middle of one.
const LINES: &[&str] = &[
    "ru",
    "- ru",
    "on: \"x",
    "needs: [a,",
    "env: {A: ${{ needs.",
    "name: a: b",
    "*x",
    "\tx",
];
const CHARACTERS: &[&str] = &["\"", "'", "[", "{", ": ", "\t", "&", "%"];
/// How often each of these is measured.
const AGAIN: usize = 3;
/// At every so many-th line something is typed.
const EVERY: usize = 13;

/// How long each answer takes where a keystroke breaks the file, over many places.
fn breaking(whole: &str, report: &mut String) -> Result<(), Box<dyn Error>> {
    let mut read = Vec::new();
    let mut findings = Vec::new();
    let mut completions = Vec::new();
    let mut hovers = Vec::new();
    let mut worst = (Duration::ZERO, String::new());
    let mut start = 0;
    for (number, line) in whole.split_inclusive('\n').enumerate() {
        let at = start;
        start += line.len();
        if number % EVERY != 0 {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let spaces = " ".repeat(indent);
        let lines = LINES
            .iter()
            .map(|typed| (at, format!("{spaces}{typed}\n"), indent + typed.len()));
        let middle = at + indent + (line.trim_end().len() - indent) / 2;
        let characters = CHARACTERS
            .iter()
            .map(|typed| (middle, (*typed).to_owned(), typed.len()));
        for (place, typed, behind) in lines.chain(characters) {
            let mut text = whole.to_owned();
            text.insert_str(place, &typed);
            let cursor = place + behind;
            let source = Source::new(".github/workflows/ci.yml", text);
            let read_it = || Document::read(source.clone(), FileKind::Workflow(Dialect::GitHub));
            let took = least(&|| drop(std::hint::black_box(read_it())));
            let document = read_it();
            let of = |question: &dyn Fn()| took + least(question);
            let mut is_broken = false;
            let found = document.diagnostics(&NoReferences);
            is_broken |= found.iter().any(|one| one.code.as_str() == "yaml/syntax");
            if !is_broken {
                continue;
            }
            read.push(took);
            let whole_answer = of(&|| drop(std::hint::black_box(document.diagnostics(&NoReferences))));
            if whole_answer > worst.0 {
                worst = (
                    whole_answer,
                    format!("line {}: {:?}", number + 1, typed.trim_end_matches('\n')),
                );
            }
            findings.push(whole_answer);
            completions.push(of(&|| {
                drop(std::hint::black_box(document.completions(cursor, &NoReferences)));
            }));
            hovers.push(of(&|| {
                drop(std::hint::black_box(document.hover(cursor, &NoReferences)));
            }));
        }
    }
    writeln!(
        report,
        "{} keystrokes that break the file; milliseconds: median, 99 of 100, longest",
        read.len()
    )?;
    for (what, times) in [
        ("read anew", &mut read),
        ("and completed", &mut completions),
        ("and a word explained", &mut hovers),
        ("and its findings", &mut findings),
    ] {
        times.sort_unstable();
        let at = |hundredths: usize| {
            let index = (times.len().saturating_sub(1)) * hundredths / 100;
            times.get(index).copied().unwrap_or_default().as_secs_f64() * 1e3
        };
        writeln!(report, "{what:32} {:.2}, {:.2}, {:.2}", at(50), at(99), at(100))?;
    }
    writeln!(report, "the longest: {}", worst.1)?;
    Ok(())
}

/// The shortest of a few times: the longer ones are those in which somebody else had the core.
fn least(work: &dyn Fn()) -> Duration {
    let times = (0..AGAIN).map(|_| {
        let begun = Instant::now();
        work();
        begun.elapsed()
    });
    times.min().unwrap_or_default()
}

fn shown(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let milliseconds = |at: usize| times.get(at).copied().unwrap_or_default().as_secs_f64() * 1e3;
    format!(
        "{:.2}, {:.2}",
        milliseconds(times.len() / 2),
        milliseconds(times.len().saturating_sub(1))
    )
}

/// A workflow of so many lines, with all that makes rules work.
fn file(lines: usize) -> String {
    let mut text = String::from("name: ci\non:\n  push:\n    branches: [main]\n  pull_request:\njobs:\n");
    let mut job = 0;
    while text.lines().count() < lines {
        let need = if job > 0 {
            format!("    needs: job{}\n", job - 1)
        } else {
            String::new()
        };
        let _ = write!(
            text,
            "  job{job}:\n{need}    runs-on: ubuntu-latest\n    strategy:\n      matrix:\n        os: [a, b, c]\n    outputs:\n      digest: ${{{{ steps.build.outputs.digest }}}}\n    env:\n      NAME: x\n    steps:\n      - uses: actions/checkout@v6\n        with:\n          fetch-depth: 0\n      - name: Build ${{{{ matrix.os }}}}\n        id: build\n        run: |\n          set -eu\n          cargo build --release\n          echo \"digest=$(sha256sum target/x)\" >> \"$GITHUB_OUTPUT\"\n      - if: ${{{{ github.event_name == 'push' && success() }}}}\n        run: echo \"${{{{ env.NAME }}}} ${{{{ steps.build.outputs.digest }}}}\"\n"
        );
        job += 1;
    }
    text
}
