//! What is certain is repaired as a person would, and what is not is left alone.

use crate::{Dialect, Source, load, load_action, mend};

/// What becomes of a step of a job, or of lines of the job.
fn mended(text: &str) -> (String, Vec<String>) {
    let source = Source::new("ci.yml", text);
    let mended = mend(&source, |source| load(source, Dialect::GitHub).diagnostics);
    let codes = mended.fixed.iter().map(|fixed| fixed.code.to_string());
    (mended.source.text().to_owned(), codes.collect())
}

fn job(lines: &str) -> String {
    format!("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n{lines}")
}

fn steps(lines: &str) -> String {
    job(&format!("    steps:\n{lines}"))
}

/// Texts, the part of each that changes, what it becomes, and the code.
fn repaired() -> Vec<(String, &'static str, &'static str, &'static str)> {
    let make = "    steps: [{run: make}]\n";
    vec![
        (
            job("    stepz: [{run: make}]\n"),
            "stepz",
            "steps",
            "schema/unknown-key",
        ),
        (
            job("    \"stepz\": [{run: make}]\n"),
            "\"stepz\"",
            "steps",
            "schema/unknown-key",
        ),
        (
            job(&format!("    timeout-minutes: '5'\n{make}")),
            "'5'",
            "5",
            "schema/type",
        ),
        (
            job(&format!("    continue-on-error: yes\n{make}")),
            "yes",
            "true",
            "schema/type",
        ),
        (
            job(&format!("    continue-on-error: \"true\"\n{make}")),
            "\"true\"",
            "true",
            "schema/type",
        ),
        (
            job(&format!("    permissions: {{contents: raed}}\n{make}")),
            "raed",
            "read",
            "schema/value",
        ),
        (
            format!(
                "{}  biuld:\n    runs-on: ubuntu-latest\n{make}",
                job(&format!("    needs: [build]\n{make}"))
            ),
            "needs: [build]",
            "needs: [biuld]",
            "schema/unknown-needs",
        ),
        (
            format!(
                "{}  b:\n    needs: [a, a]\n    runs-on: ubuntu-latest\n{make}",
                job(make)
            ),
            "[a, a]",
            "[a]",
            "lint/needs-twice",
        ),
        (
            format!(
                "{}  b:\n    needs:\n      - a\n      - a # again\n    runs-on: ubuntu-latest\n{make}",
                job(make)
            ),
            "\n      - a # again",
            "",
            "lint/needs-twice",
        ),
        (
            steps("      - if: sucess()\n        run: make\n"),
            "sucess",
            "success",
            "expression/name",
        ),
        (
            steps("      - run: echo ${{ githb.sha }}\n"),
            "githb",
            "github",
            "expression/name",
        ),
        (
            steps("      - if: github.ref == 'x' and github.sha == 'y'\n        run: make\n"),
            "and",
            "&&",
            "expression/name",
        ),
        (
            steps("      - if: github.ref == \"refs/heads/main\"\n        run: make\n"),
            "\"refs/heads/main\"",
            "'refs/heads/main'",
            "expression/syntax",
        ),
        (
            steps("      - if: runner.os == 'Windos'\n        run: make\n"),
            "Windos",
            "Windows",
            "lint/expression-comparison",
        ),
        (
            steps("      - if: (github.sha == 'a') == 'true'\n        run: make\n"),
            "'true'",
            "true",
            "lint/expression-comparison",
        ),
        (
            steps("      - run: echo ${{ github.repositroy }}\n"),
            "repositroy",
            "repository",
            "lint/expression-property",
        ),
        (
            steps("      - if: ${{ github.sha == 'a' }} && github.ref == 'b'\n        run: make\n"),
            "${{ github.sha == 'a' }}",
            "(github.sha == 'a')",
            "lint/condition-text",
        ),
        (
            steps("      - if: |\n          ${{ github.sha == 'a' }}\n        run: make\n"),
            "${{ github.sha == 'a' }}",
            "github.sha == 'a'",
            "lint/condition-text",
        ),
        (
            steps("      - run: echo \"::set-output name=a::b c\"\n"),
            "echo \"::set-output name=a::b c\"",
            "echo \"a=b c\" >> \"$GITHUB_OUTPUT\"",
            "lint/command-deprecated",
        ),
        (
            steps("      - run: |\n          make\n          echo ::add-path::/opt/bin\n"),
            "echo ::add-path::/opt/bin",
            "echo \"/opt/bin\" >> \"$GITHUB_PATH\"",
            "lint/command-refused",
        ),
        (
            steps("      - uses: actions/setup-python@v6\n        with:\n          python-version: 3.10\n"),
            "3.10",
            "'3.10'",
            "lint/version-number",
        ),
        (
            job(&format!(
                "    env: {{GO_VERSION: 1.20, PRICE: 1.20, B_VERSION: 1.0, C_VERSION: 2.5}}\n{make}"
            )),
            "1.20",
            "'1.20'",
            "lint/version-number",
        ),
        (
            steps("      - run: make\n        shell: bsah\n"),
            "bsah",
            "bash",
            "lint/shell-name",
        ),
        (
            steps("      - run: make # loom: ignore[lint/timeout] why\n"),
            " # loom: ignore[lint/timeout] why",
            "",
            "lint/unused-ignore",
        ),
        (
            steps("      # loom: ignore[lint/timeout] why\n      - run: make\n"),
            "      # loom: ignore[lint/timeout] why\n",
            "",
            "lint/unused-ignore",
        ),
        (
            steps(
                "      - run: echo ${{ github.event.issue.title }} # loom: ignore[lint/script-injection, lint/timeout]\n",
            ),
            ", lint/timeout",
            "",
            "lint/unused-ignore",
        ),
        (
            steps("      - run: echo ${{ github.event.issue.title }} # loom: ignore[lint/script-injecton]\n"),
            "lint/script-injecton",
            "lint/script-injection",
            "lint/ignore",
        ),
        (
            job(&format!("    env: &all\n      A: b\n{make}")),
            " &all",
            "",
            "yaml/unused-anchor",
        ),
        (
            job(&format!("    env: &all {{A: b}}\n{make}")),
            "&all ",
            "",
            "yaml/unused-anchor",
        ),
        (
            "on: push\njobs:\n  a:\n    uses: .github/workflows/b.yml\n".to_owned(),
            ".github/workflows/b.yml",
            "./.github/workflows/b.yml",
            "schema/call-reference",
        ),
        (
            format!(
                "on:\n  workflow_dispatch:\n    inputs:\n      i: {{type: boolean, default: no}}\njobs: {{a: {{runs-on: ubuntu-latest, {} }}}}\n",
                make.trim()
            ),
            "default: no",
            "default: false",
            "lint/input-default",
        ),
        (
            format!(
                "on:\n  workflow_dispatch:\n    inputs:\n      i: {{type: choice, options: [x, y, x]}}\njobs: {{a: {{runs-on: ubuntu-latest, {} }}}}\n",
                make.trim()
            ),
            "[x, y, x]",
            "[x, y]",
            "lint/input-twice",
        ),
    ]
}

#[test]
fn what_is_certain_is_repaired() {
    for (text, from, to, code) in repaired() {
        let want = text.replacen(from, to, 1);
        let (got, codes) = mended(&text);
        assert_eq!(
            (got.as_str(), codes.join(" ").as_str()),
            (want.as_str(), code),
            "{text}"
        );
        let again = mended(&got);
        assert_eq!(again, (got, Vec::new()), "{text}");
    }
}

#[test]
fn what_is_not_certain_is_left() {
    for text in [
        job("    stepss: [{run: make}]\n    steps: [{run: make}]\n"),
        steps("      - uses: actions/checkout@v5\n        with: {fetchdepth: 0}\n"),
        steps("      - run: echo \"::set-output name=a::$(make version)\"\n"),
        steps("      - run: echo \"::set-output name=a::b\" && make\n"),
        steps("      - run: echo \"::set-output name=a::b\"\n        shell: pwsh\n"),
        // What the command prints is not the runner's to hear, or a later step's shell is another one.
        steps("      - run: |\n          sh -c \"\n          echo ::set-output name=a::b\n          \"\n"),
        steps("      - run: |\n          cat > f <<'EOF'\n          echo \"::set-output name=a::b\"\n          EOF\n"),
        steps("      - run: |\n          x=$(\n          echo \"::set-output name=a::b\"\n          )\n"),
        steps("      - run: |\n          if true; then\n          echo \"::set-output name=a::b\"\n          fi > log\n"),
        steps("      - run: |\n          foo \\\n          echo \"::set-output name=a::b\"\n"),
        steps("      - run: echo \"::set-output name=a::50%25\"\n"),
        steps("      - &s {run: 'make'}\n      - *s\n      - run: echo \"::set-output name=a::b\"\n"),
        // What an event does not give is null, and `null == false`.
        "on:\n  push:\n  workflow_dispatch: {inputs: {dry: {type: boolean}}}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    if: inputs.dry == 'false'\n    steps: [{run: make}]\n".to_owned(),
        // A text of several lines may be another program's.
        steps("      - run: |\n          cat <<EOF\n            # loom: ignore[lint/timeout]\n          EOF\n"),
        steps("      - run: |\n          # loom: ignore[lint/timeout]\n          make\n"),
        // Something else may be compared with the number.
        job("    strategy: {matrix: {go: [1.19, 1.20]}}\n    steps: [{run: make}]\n"),
        job("    strategy: {matrix: {include: [{node-version: 22.10}, {size: 1.50}]}}\n    steps: [{run: make}]\n"),
        steps("      - if: '${{ github.sha == ''a'' }} && github.ref'\n        run: make\n"),
        steps("      - if: not github.ref\n        run: make\n"),
        steps("      - if: build ${{ github.ref }}\n        run: make\n"),
        steps("      - run: echo ${{ steps.tests2.outputs.x }}\n"),
        "on: push\njobs:\n  build-1:\n    runs-on: ubuntu-lastest\n    needs: build-2\n    steps: [{run: x}]\n".to_owned(),
    ] {
        assert_eq!(mended(&text), (text.clone(), Vec::new()));
    }
}

#[test]
fn actions_are_repaired_as_well() {
    let text = "name: a\ndescription: b\nruns:\n  using: composite\n  steps:\n    - run: echo \"::set-output name=a::b\"\n      shell: bash\n";
    let source = Source::new("action.yml", text);
    let mended = mend(&source, |source| load_action(source).diagnostics);
    assert!(
        mended
            .source
            .text()
            .contains("echo \"a=b\" >> \"$GITHUB_OUTPUT\"")
    );
    assert!(mended.left.is_empty(), "{:?}", mended.left);
}

#[test]
fn the_page_lists_what_is_repaired() {
    let page = include_str!("../../../../docs/checks.md");
    let section = page.split("\n## What `--fix` repairs\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    for (text, _, _, code) in repaired() {
        assert!(
            section.contains(&format!("`{code}`")),
            "docs/checks.md does not say that {code} is repaired: {text}"
        );
    }
}
