//! How long an editor waits after a keystroke in a workflow of 2,000 lines: the file is read anew, and the question that
//! follows is answered; what is wrong is told after that. The promise is 20 ms for all of it, on one core.

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
    std::io::stdout().write_all(report.as_bytes())?;
    Ok(())
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
