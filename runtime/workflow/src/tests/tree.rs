//! YAML: what is read, what is refused, and that it ends.

use insta::assert_snapshot;

use super::shown;
use crate::tree::{Kind, Limits, Node, Style, Value, parse};
use crate::{Diagnostics, Source};

fn tree(text: &str) -> (Source, Option<Node>, Diagnostics) {
    let source = Source::new("t.yml", text);
    let mut diagnostics = Diagnostics::new();
    let node = parse(&source, &Limits::default(), &mut diagnostics);
    (source, node, diagnostics)
}

fn findings(text: &str) -> String {
    let (source, _, diagnostics) = tree(text);
    shown(&source, &diagnostics)
}

fn get<'a>(node: &'a Node, key: &str) -> &'a Node {
    let mapping = node.as_mapping().unwrap();
    &mapping
        .entries
        .iter()
        .find(|entry| &*entry.key.text == key)
        .unwrap()
        .value
}

#[test]
fn spans_are_bytes_of_the_value_whatever_its_style() {
    let text = "\u{feff}# é\r\non:\r\nplain: a\r\n  b\r\nquoted: 'é'\r\nblock: |\r\n  one\r\n  two\r\n\r\nlist:\r\n  - 1\r\n  - {x: 1}\r\n# end\r\n";
    let (source, node, diagnostics) = tree(text);
    assert!(diagnostics.is_empty());
    let root = node.unwrap();
    for (key, want, place) in [
        ("on", "", (2, 3)),
        ("plain", "a\r\n  b", (3, 8)),
        ("quoted", "'é'", (5, 9)),
        ("block", "|\r\n  one\r\n  two", (6, 8)),
        ("list", "- 1\r\n  - {x: 1}", (11, 3)),
    ] {
        let span = get(&root, key).span;
        assert_eq!(source.slice(span), want, "{key}");
        let position = source.position(span.start);
        assert_eq!((position.line, position.column), place, "{key}");
    }
    assert_eq!(&*get(&root, "block").as_scalar().unwrap().text, "one\ntwo\n");
}

#[test]
fn text_in_quotes_goes_on_in_lines_without_indentation() {
    for (text, want) in [
        ("a: 'b\nc'\nz: \"y\"\n", "b c"),
        ("a: 'b\n\nc\n  d\n'\nz: y\n", "b\nc d "),
        ("a: \"b \\\nc\n\\\"d\"\nz: y\n", "b c \"d"),
        ("a: 'é\r\né'\r\nz: y\r\n", "é é"),
    ] {
        let (source, node, found) = tree(text);
        assert!(found.is_empty(), "{text}: {found:?}");
        let root = node.unwrap();
        let value = get(&root, "a");
        assert_eq!(&*value.as_scalar().unwrap().text, want, "{text}");
        let written = source.slice(value.span);
        assert!(
            written.starts_with(['\'', '"']) && written.ends_with(['\'', '"']),
            "{written}"
        );
        let last = get(&root, "z");
        assert!(matches!(source.slice(last.span), "y" | "\"y\""), "{text}");
    }
    // Deeper, and behind lists that are indented like their key.
    let text = "on: push\njobs:\n  a:\n    steps:\n    - - name: 'é: one\n two\n  three\n      four'\n        b: 1\n    - x\n";
    let (source, node, found) = tree(text);
    assert!(found.is_empty(), "{found:?}");
    let steps = get(get(get(&node.unwrap(), "jobs"), "a"), "steps").clone();
    let Kind::Sequence(items) = &steps.kind else {
        panic!("no list")
    };
    let Kind::Sequence(inner) = &items[0].kind else {
        panic!("no list")
    };
    assert_eq!(
        &*get(&inner[0], "name").as_scalar().unwrap().text,
        "é: one two three four"
    );
    assert_eq!(source.slice(get(&inner[0], "b").span), "1");
    assert_eq!(source.slice(items[1].span), "x");
    // What is wrong behind such lines is found where it is written, and once.
    let (source, _, found) = tree("a: 1\na: 2\nb: 'c\nd'\nb: 3\ne: [\n");
    let places: Vec<(&str, usize)> = found
        .iter()
        .map(|one| (one.code.as_str(), source.position(one.span().unwrap().start).line))
        .collect();
    assert_eq!(places.len(), 1, "{places:?}");
    assert_eq!(places[0].1, 6, "{places:?}");
    // A quote that is forgotten is still said to be one, though another one comes that would close it.
    for (text, line) in [
        ("a: 'b\nc: 'd'\n", 2),
        ("a: 'b\nc: d\ne: 'f'\n", 2),
        ("a: 'b\nc: d\n", 1),
    ] {
        let (source, node, found) = tree(text);
        assert!(node.is_none());
        assert_eq!(found.len(), 1);
        let finding = found.iter().next().unwrap();
        assert!(
            finding.help.as_deref().unwrap().starts_with("close the quote"),
            "{finding:?}"
        );
        assert_eq!(
            source.position(finding.span().unwrap().start).line,
            line,
            "{text}"
        );
    }
}

#[test]
fn a_block_begins_at_its_mark_wherever_that_stands() {
    for (text, want) in [
        ("a: |\n  x\n", "|\n  x"),
        ("a: |\n\n\n  x\nb: 1\n", "|\n\n\n  x"),
        ("a: >-\n  x\n  y\n\n\nb: 1\n", ">-\n  x\n  y"),
        ("a: |\nb: 1\n", "|"),
        ("a: |\n   \n", "|"),
        ("a: !!str |-2 # c > d\n    x\n", "|-2 # c > d\n    x"),
        ("a:\n  # a > b\n  |\n    x\n", "|\n    x"),
        ("a|b > c: 1\na: |\n  x > y | z", "|\n  x > y | z"),
    ] {
        let (source, node, _) = tree(text);
        let node = node.unwrap();
        assert_eq!(source.slice(get(&node, "a").span), want, "{text:?}");
    }
}

#[test]
fn a_list_starts_at_its_first_dash_however_it_is_indented() {
    for text in [
        "a:\n- é\n- x\n",
        "a:\n  - é\n",
        "a: [é]\n",
        "a: &n\n-   é\n",
        "a: !!seq\n- é\n",
        "a:\n- - é\n",
    ] {
        let (source, node, diagnostics) = tree(text);
        assert!(!diagnostics.has_errors(), "{text:?}");
        let root = node.unwrap();
        let list = get(&root, "a");
        assert!(
            matches!(source.slice(list.mark()), "-" | "["),
            "{text:?} {:?}",
            list.span
        );
        assert!(
            matches!(source.slice(list.span).chars().next(), Some('-' | '[')),
            "{text:?}"
        );
    }
}

#[test]
fn quotes_make_text_and_plain_words_follow_yaml_1_2() {
    let (_, node, _) =
        tree("a: true\nb: 'true'\nc: on\nd: yes\ne: 1.10\nf: \"1\"\ng:\nh: ~\ni: |\n  1\non: x\nno: y\n");
    let root = node.unwrap();
    let scalar = |key| {
        let scalar = get(&root, key).as_scalar().unwrap();
        (scalar.value, scalar.style, scalar.to_text().to_string())
    };
    assert_eq!(scalar("a"), (Value::Bool(true), Style::Plain, "true".into()));
    assert_eq!(scalar("b"), (Value::String, Style::SingleQuoted, "true".into()));
    assert_eq!(scalar("c").0, Value::String);
    assert_eq!(scalar("d").0, Value::String);
    assert_eq!(scalar("e"), (Value::Number(1.1), Style::Plain, "1.1".into()));
    assert_eq!(scalar("f"), (Value::String, Style::DoubleQuoted, "1".into()));
    assert_eq!(scalar("g"), (Value::Null, Style::Plain, String::new()));
    assert_eq!(scalar("h").2, "");
    assert_eq!(scalar("i"), (Value::String, Style::Literal, "1\n".into()));
    assert_eq!(scalar("on").2, "x");
    assert_eq!(scalar("no").2, "y");
}

#[test]
fn aliases_repeat_a_value_and_know_both_places() {
    let (source, node, diagnostics) = tree("a: &x\n  k: [1, 2]\nb: *x\nc: &y text\nd: [*y, *y]\n");
    assert!(diagnostics.is_empty());
    let root = node.unwrap();
    let (a, b) = (get(&root, "a"), get(&root, "b"));
    assert_eq!(a.kind, b.kind);
    assert_eq!(source.slice(b.alias.unwrap()), "*x");
    assert_eq!(b.span, a.span);
    let texts: Vec<_> = get(&root, "d")
        .as_sequence()
        .unwrap()
        .iter()
        .map(|n| n.as_scalar().unwrap().to_text())
        .collect();
    assert_eq!(texts, ["text".into(), "text".into()]);
}

#[test]
fn several_mistakes_are_found_in_one_pass() {
    assert_snapshot!(findings(
        "a: 1\nb: *nope\nA: 2\na: 3\n<<: {x: 1}\n[p, q]: 1\nc: !!int x\nd: !mine y\ne: &e [*e]\nf: !!seq\n"
    ));
}

#[test]
fn what_is_no_workflow_file_is_named() {
    let texts = [
        "",
        "# only talk\n\n",
        "---\n",
        "~",
        "\u{feff}",
        "a: 1\n---\nb: 2\n",
        "a: 1\n...\n",
    ];
    let all: Vec<String> = texts
        .iter()
        .map(|text| format!("{text:?}\n{}", findings(text)))
        .collect();
    assert_snapshot!(all.join("\n\n"));
}

#[test]
fn broken_yaml_says_where_and_what_to_do() {
    let broken = [
        "a: 1\n\tb: 2\n",
        "a: b: c\n",
        "a: [1, 2\nb: 3\n",
        "a: 'x\nb: y\n",
        "a:\n  - b\n c: d\n",
        "a: {x: 1\n",
        "a: @x\n",
        "a: %x\n",
        "- a\nb: c\n",
        "a: \"\\q\"\n",
        "jobs:\n\tbuild:\n",
        "a: 'it's'\n",
        "a: | text\n",
        "a: *\n",
        "key\nb: c\n",
        "a: - b\n",
        "a: [1}\n",
        "a: ]\n",
        "  a: 1\n b: 2\n",
        "%YAML 9\n",
    ];
    let all: Vec<String> = broken
        .iter()
        .map(|text| format!("{text:?}\n{}", findings(text)))
        .collect();
    assert_snapshot!(all.join("\n\n"));
}

#[test]
fn characters_that_yaml_does_not_have_are_named_where_they_stand() {
    for (text, place, name) in [
        ("a: x\0y\n", (1, 5), "control character U+0000"),
        ("a: 'x\u{1}'\n", (1, 6), "control character U+0001"),
        ("a: |\n  x\u{1b}[31m\n", (2, 4), "control character U+001B"),
        ("a: b # \u{7f}\n", (1, 8), "control character U+007F"),
        ("a: {b: \u{fffe}}\n", (1, 8), "character U+FFFE"),
    ] {
        let (source, _, diagnostics) = tree(text);
        let found = &diagnostics.as_slice()[0];
        let position = source.position(found.span().unwrap().start);
        assert_eq!((position.line, position.column), place, "{text:?}");
        assert_eq!(found.message, format!("the {name} cannot stand in YAML text"));
        assert_eq!(found.help.as_deref(), Some("remove it"));
    }
}

/// Hostile files end as a diagnostic. What grows without a bound here would never end, or take all of the memory.
#[test]
fn hostile_files_end_as_a_diagnostic() {
    let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let below = vec![format!("*a{}", level - 1); 9].join(", ");
        laughs += &format!("a{level}: &a{level} [{below}]\n");
    }
    let block: String = (0..3_000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    let mut chain = String::from("a0: &a0 [x]\n");
    for level in 1..200 {
        chain += &format!("a{level}: &a{level} [*a{}]\n", level - 1);
    }
    let long_text = format!(
        "x: &x {}\nlist: [{}]\n",
        "y".repeat(1_000_000),
        "*x, ".repeat(10_000)
    );
    let cases = [
        ("billion laughs", laughs, "yaml/too-much"),
        ("flow nesting", "[".repeat(10_000), "yaml/too-deep"),
        ("map nesting", "{a: ".repeat(10_000), "yaml/too-deep"),
        ("sequence nesting", "- ".repeat(10_000), "yaml/too-deep"),
        (
            "block nesting",
            block.chars().take(4_000_000).collect(),
            "yaml/too-deep",
        ),
        ("alias nesting", chain, "yaml/too-deep"),
        ("fifty megabytes", "a: b\n".repeat(10_000_000), "yaml/too-large"),
        ("long text by aliases", long_text, "yaml/too-much"),
        (
            "many values",
            format!("[{}]", "1,".repeat(600_000)),
            "yaml/too-much",
        ),
    ];
    for (what, text, code) in cases {
        let (_, node, diagnostics) = tree(&text);
        assert!(node.is_none(), "{what}");
        let codes: Vec<_> = diagnostics.iter().map(|found| found.code.as_str()).collect();
        assert_eq!(codes, [code], "{what}");
    }
}

#[test]
fn an_alias_of_an_ordinary_depth_is_fine() {
    let (_, node, diagnostics) = tree("a: &a {b: {c: [1]}}\nd: {e: {f: *a}}\n");
    assert!(diagnostics.is_empty());
    assert!(matches!(
        get(get(get(&node.unwrap(), "d"), "e"), "f").kind,
        Kind::Mapping(_)
    ));
}
