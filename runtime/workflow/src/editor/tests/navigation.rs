//! What stands under the cursor: what it means, where it is declared, where else it stands.

use super::*;

fn hover(text: &str) -> String {
    let (document, at) = open(text, GITHUB);
    document
        .hover(at, &Repository)
        .map_or_else(String::new, |hover| hover.text)
}

#[test]
fn hover_says_what_something_means() {
    for (text, want) in [
        ("o¦n: push\n", "events"),
        ("on: pu¦sh\n", "Commits"),
        ("on:\n  pull_re¦quest:\n", "pull request"),
        ("jobs:\n  a:\n    ne¦eds: b\n", "must have ended"),
        (
            "jobs:\n  a:\n    if: github.r¦ef == 'x'\n",
            "full name of the branch",
        ),
        (
            "jobs:\n  a:\n    if: al¦ways()\n",
            "also when the run was cancelled",
        ),
        (
            "jobs:\n  a:\n    steps:\n      - uses: actions/check¦out@v4\n",
            "fetch-depth",
        ),
        (
            "jobs:\n  a:\n    steps:\n      - uses: ./greet\n        with:\n          wh¦o: x\n",
            "Whom to greet.",
        ),
        (
            "jobs:\n  a:\n    steps:\n      - uses: ./greet\n        with: {tone: y, wh¦o: x}\n",
            "Whom to greet.",
        ),
        (
            "jobs:\n  a:\n    uses: ./.github/workflows/called.yml\n    with: {tar¦get: x}\n",
            "must be given\n\nWhere it goes.",
        ),
        (
            "jobs:\n  a:\n    uses: ./.github/workflows/called.yml\n    secrets:\n      ke¦y: x\n",
            "a secret of",
        ),
        (
            &with_file("    if: needs.bu¦ild.result == 'x'\n    steps: [{run: x}]\n"),
            "```yaml\nbuild:",
        ),
        (
            &with_file("    name: ${{ needs.build.outputs.ima¦ge }}\n    steps: [{run: x}]\n"),
            "steps.x.outputs.y",
        ),
        (
            &with_file(
                "    strategy: {matrix: {os: [a, b]}}\n    name: ${{ matrix.o¦s }}\n    steps: [{run: x}]\n",
            ),
            "os: [a, b]",
        ),
        (
            &with_file("    steps:\n      - run: echo ${{ runner.o¦s\n"),
            "Windows",
        ),
    ] {
        assert!(hover(text).contains(want), "{text}: {}", hover(text));
    }
    assert_eq!(hover("jobs: # wh¦at\n"), "");
}

/// Where the name at the cursor is declared, as text with the file.
fn declared(text: &str) -> Vec<String> {
    let (document, at) = open(text, GITHUB);
    let found = document.definition(at, &Repository);
    let shown = found.iter().map(|one| match &one.source {
        Some(source) => format!("{}: {}", source.name(), source.slice(one.span)),
        None => format!("{}: {}", one.span.start, document.source().slice(one.span)),
    });
    shown.collect()
}

#[test]
fn names_lead_to_where_they_are_declared() {
    let file = with_file(
        "    env: {A: b}\n    steps:\n      - id: s\n        run: x\n      - run: ${{ steps.s.outputs.o }} ${{ env.A }} ${{ needs.build.outputs.image }}\n",
    );
    let at = |word: &str, within: &str| {
        let place = file.find(within).unwrap() + within.find(word).unwrap() + 1;
        declared(&format!("{}¦{}", &file[..place], &file[place..]))
    };
    assert_eq!(at("build", "needs: build"), ["17: build"]);
    assert_eq!(at("A ", "env.A ").len(), 1);
    assert_eq!(at("image", "outputs.image").len(), 1);
    assert_eq!(at("build", "needs.build.").len(), 1);
    for (text, want) in [
        (
            "jobs:\n  a:\n    uses: ./.github/workflows/cal¦led.yml\n",
            "called.yml: ",
        ),
        (
            "jobs:\n  a:\n    uses: ./.github/workflows/called.yml\n    with:\n      tar¦get: x\n",
            "called.yml: target",
        ),
        (
            "jobs:\n  a:\n    steps:\n      - uses: ./gr¦eet\n",
            "greet/action.yml: ",
        ),
        (
            "jobs:\n  a:\n    steps:\n      - uses: ./greet\n        with:\n          wh¦o: x\n",
            "greet/action.yml: who",
        ),
    ] {
        assert_eq!(declared(text), [want], "{text}");
    }
    assert_eq!(declared("na¦me: x\n"), [""; 0]);
}

#[test]
fn references_are_all_places_of_a_name() {
    let (document, at) = open(
        &with_file("    if: needs.bu¦ild.result\n    steps: [{run: x}]\n"),
        GITHUB,
    );
    let all: Vec<&str> = document
        .references(at, true)
        .into_iter()
        .map(|span| document.source().slice(span))
        .collect();
    assert_eq!(all, ["build"; 3]);
    assert_eq!(document.references(at, false).len(), 2);
}
