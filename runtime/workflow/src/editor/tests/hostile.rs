//! Files that nobody wrote: no place of them panics, and none takes long.

use super::*;

#[test]
fn no_place_of_no_text_panics() {
    let whole = with_file(
        "    if: needs.build.result == 'é😀'\n    strategy: {matrix: {os: [a, {b: c}]}}\n    steps:\n      - uses: ./greet\n        with: {who: \"x\", tone: 'y'}\n      - run: |\n          echo ${{ steps['x'].outputs.y }}\n",
    );
    let mut texts = vec![
        whole.clone(),
        ACTION.to_owned(),
        "\u{feff}on: push\r\njobs:\r\n  a: &x\r\n    <<: *x\r\n".to_owned(),
    ];
    texts.extend(
        (0..whole.len())
            .step_by(7)
            .filter_map(|cut| whole.get(..cut))
            .map(str::to_owned),
    );
    texts.extend(
        (0..whole.len())
            .step_by(11)
            .filter_map(|cut| Some(format!("{}{}", whole.get(..cut)?, whole.get(cut + 3..)?))),
    );
    for text in texts {
        for kind in [LOOM, FileKind::Action] {
            let document = Document::read(Source::new("w.yml", text.as_str()), kind);
            let inside = |span: crate::Span| assert!(text.get(span.range()).is_some(), "{span:?} of {text}");
            let found = document.diagnostics(&Repository);
            for fix in document.fixes(&found, crate::Span::new(0, text.len())) {
                fix.edits.into_iter().for_each(|(span, _)| inside(span));
            }
            document.outline().iter().for_each(|one| inside(one.span));
            for at in (0..text.len() + 3).step_by(5) {
                for one in document.completions(at, &Repository) {
                    inside(one.replaced);
                    assert!(!document.source().slice(one.replaced).contains('\n'), "{one:?}");
                }
                document
                    .hover(at, &Repository)
                    .into_iter()
                    .for_each(|hover| inside(hover.span));
                document.references(at, true).into_iter().for_each(inside);
                let _ = document.definition(at, &Repository);
            }
        }
    }
}

#[test]
fn long_files_of_nothing_are_read_in_time_that_grows_with_them() {
    for piece in [
        "x\n", "\n", "- \n", "a: [\n", "a:\n", "'", "${{ ", "a: |\n", "{", "\t\n",
    ] {
        let text = piece.repeat(50_000 / piece.len());
        let document = Document::read(Source::new("w.yml", text.as_str()), LOOM);
        let _ = document.completions(text.len(), &NoReferences);
        let _ = document.hover(text.len() / 2, &NoReferences);
        let _ = document.diagnostics(&NoReferences);
    }
}

#[test]
fn in_a_long_file_the_same_is_taken_out_as_in_a_short_one() {
    let other = |name: usize| {
        format!(
            "  other{name}:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo\n        env: {{A: 'b'}}\n"
        )
    };
    let many = |from: usize| (from..from + 40).map(other).collect::<String>();
    let gaps = |text: &str| -> Vec<String> {
        let lines = crate::editor::lines::Lines::of(text);
        let found = crate::editor::recovery::read(&Source::new("w.yml", text), &lines);
        assert!(found.tree.is_some(), "{text}");
        let gaps = found.gaps.iter().map(|gap| text[gap.range()].to_owned());
        gaps.collect()
    };
    let job = "  broken:\n    runs-on: ubuntu-latest\n    needs: [other1]\n    steps:\n      - name: x\n        run: |\n          echo\n      - uses: a/b@v1\n        with: {c: d}\n";
    let lines: Vec<&str> = job.split_inclusive('\n').collect();
    let mut tried = 0;
    for typed in [
        "ru",
        "- ru",
        "on: \"x",
        "needs: [a,",
        "env: {A: ${{ needs.",
        "a: b: c",
        "\tx",
    ] {
        for at in 1..lines.len() {
            let indent = lines[at].len() - lines[at].trim_start().len();
            let typed = format!("{}{typed}\n", " ".repeat(indent));
            let (before, after) = lines.split_at(at);
            let broken = format!("{}{typed}{}", before.concat(), after.concat());
            let short = format!("on: push\njobs:\n{broken}{}", other(0));
            let long = format!("on: push\njobs:\n{}{broken}{}", many(1), many(100));
            assert_eq!(gaps(&long), gaps(&short), "{short}");
            tried += 1;
        }
    }
    assert!(tried > 50);
}
