//! What is found in a file while somebody writes it, what repairs it, and its outline.

use super::*;
use crate::load;

#[test]
fn a_broken_job_hides_no_other() {
    let codes = |text: &str| -> Vec<String> {
        let document = Document::read(Source::new("w.yml", text), GITHUB);
        let found = document.diagnostics(&Repository);
        found.iter().map(|one| one.code.to_string()).collect()
    };
    let whole = with_file("    steps:\n      - run: x\n");
    assert_eq!(codes(&whole), [""; 0]);
    for broken in [
        "    ru\n    steps:\n      - run: x\n",
        "    needs: [a,\n    steps:\n      - run: x\n",
        "    steps:\n      - run: \"x\n",
        "    steps:\n      - ru\n        name: x\n",
    ] {
        let text = with_file(broken);
        assert_eq!(codes(&text), ["yaml/syntax"], "{text}");
        let text = text.replace(
            "  last:\n",
            "  last:\n    stepz: []\n    needs: [deploy, nobody]\n",
        );
        assert_eq!(
            codes(&text),
            ["yaml/syntax", "schema/unknown-key", "schema/unknown-needs"],
            "{text}"
        );
    }
    let both = with_file("    ru\n    stepz: x\n    steps:\n      - run: x\n")
        .replace("  last:\n", "  last:\n    st\n");
    assert_eq!(codes(&both), ["yaml/syntax", "schema/unknown-key", "yaml/syntax"]);
}

#[test]
fn a_whole_file_has_the_findings_of_validate() {
    for text in [
        CALLED,
        "jobs: {a: {steps: [{run: 'echo ${{ github.event.issue.title }}'}]}}\n",
        "jobs: 1\n",
        "",
        "# x\n",
        "a: *b\n",
    ] {
        let source = Source::new("w.yml", text);
        let found = Document::read(source.clone(), GITHUB).diagnostics(&NoReferences);
        assert_eq!(found, load(&source, Dialect::GitHub).diagnostics, "{text}");
    }
}

#[test]
fn fixes_take_findings_away() {
    let text = "on: issues\njobs:\n  a:\n    runs-on: ubuntu-latest\n    stepz:\n      - run: echo ${{ github.event.issue.title }}\n";
    let fixed = |text: &str, repairs: bool| -> Option<String> {
        let document = Document::read(Source::new("w.yml", text), GITHUB);
        let found = document.diagnostics(&Repository);
        let fix = document
            .fixes(&found, crate::Span::new(0, text.len()))
            .into_iter()
            .find(|fix| fix.repairs == repairs)?;
        let mut text = text.to_owned();
        for (span, replacement) in fix.edits.iter().rev() {
            text.replace_range(span.range(), replacement);
        }
        Some(text)
    };
    let mended = fixed(text, true).unwrap();
    assert!(mended.contains("    steps:\n"));
    let silent = fixed(&mended, false).unwrap();
    assert!(
        silent.contains("title }} # loom: ignore[lint/script-injection]\n"),
        "{silent}"
    );
    let block = mended.replace("run: echo", "name: x\n        run: |\n          echo");
    let silent = fixed(&block, false).unwrap();
    assert!(
        silent.contains("        # loom: ignore[lint/script-injection]\n        run: |\n"),
        "{silent}"
    );
    for text in [silent, fixed(&mended, false).unwrap()] {
        assert_eq!(fixed(&text, false), None);
    }
}

#[test]
fn the_outline_has_jobs_and_steps() {
    let text =
        with_file("    name: Ship it\n    steps:\n      - uses: ./greet\n      - name: N\n        ru\n");
    let outline = Document::read(Source::new("w.yml", text), GITHUB).outline();
    let names: Vec<String> = outline
        .iter()
        .map(|job| format!("{} {}", job.name, job.children.len()))
        .collect();
    assert_eq!(names, ["build 1", "Ship it 2", "last 1"]);
    let steps = Document::read(Source::new("action.yml", ACTION), FileKind::Action).outline();
    assert_eq!(steps.len(), 1);
}

#[test]
fn a_word_in_the_middle_of_a_file_brings_no_finding_elsewhere() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/workflows");
    let mut broken = 0;
    for name in ["diamond.loom.yml", "guide/called.yml", "guide/matrix.yml"] {
        let path = folder.join(name);
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let read = |text: &str| Document::read(Source::new("w.yml", text), LOOM);
        let said = |one: &crate::Diagnostic| format!("{} {}", one.code, one.message);
        let whole = read(&text);
        let known: Vec<String> = whole.diagnostics(&NoReferences).iter().map(said).collect();
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines
            .iter()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
        {
            let indent = " ".repeat(line.len() - line.trim_start().len());
            for typed in ["ru", "- ru", "on: \"x", "env: {A: ${{ needs."] {
                let typed = format!("{indent}{typed}");
                let (before, after) = lines.split_at(at);
                let text = [before, &[typed.as_str()], after].concat().join("\n");
                let document = read(&text);
                let found = document.diagnostics(&NoReferences);
                if !found.iter().any(|one| one.code == crate::codes::YAML_SYNTAX) {
                    continue;
                }
                broken += 1;
                assert!(
                    document.outline().len() >= whole.outline().len(),
                    "jobs of {name}\n{text}"
                );
                let new = found.iter().filter(|one| {
                    let written = ["`on`", "`env`"].iter().any(|key| one.message.contains(key));
                    one.code != crate::codes::YAML_SYNTAX && !written && !known.contains(&said(one))
                });
                assert_eq!(new.map(said).collect::<Vec<_>>(), [""; 0], "{name}\n{text}");
            }
        }
    }
    assert!(broken > 50, "{broken}");
}
