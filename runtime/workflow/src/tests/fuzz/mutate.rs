//! Texts from a seed: real ones, broken.

use super::Target;
use crate::tests::chance::Chance;

/// A longer text is cut.
const LONGEST: usize = 20_000;

const FILES: [&str; 20] = [
    include_str!("../../testdata/matrix.yml"),
    include_str!("../../testdata/everything.yml"),
    include_str!("../../testdata/diamond.loom.yml"),
    include_str!("../../testdata/mistakes.loom.yml"),
    include_str!("../../testdata/loom-keys.yml"),
    include_str!("../../testdata/events.yml"),
    include_str!("../../testdata/action-mistakes.yml"),
    include_str!("../../../tests/cases/right/actions.yml"),
    include_str!("../../../tests/cases/right/composite.action.yml"),
    include_str!("../../../tests/cases/right/docker.action.yml"),
    include_str!("../../../tests/cases/right/conditions.yml"),
    include_str!("../../../tests/cases/right/matrices.yml"),
    include_str!("../../../tests/cases/right/scripts.yml"),
    include_str!("../../../tests/cases/right/whole.yml"),
    include_str!("../../../tests/cases/wrong/composite.action.yml"),
    include_str!("../../../tests/cases/wrong/conditions.yml"),
    include_str!("../../../tests/cases/wrong/matrices.yml"),
    include_str!("../../../tests/cases/wrong/scripts.yml"),
    include_str!("../../../tests/cases/wrong/steps.yml"),
    include_str!("../../../tests/cases/wrong/whole.yml"),
];

const EXPRESSIONS: [&str; 9] = [
    "github.ref == 'refs/heads/main' && !cancelled()",
    "fromJSON('[1, {\"a\": 2}]')[1].a >= 0x1F || -1.5e3 < .5",
    "contains(github.*.b, 'x') && startsWith(github.ref, 'refs/') || endsWith('a', '')",
    "format('{0} {{1}} {1}', github.a[0], 'it''s')",
    "join(github.a.*, ', ') != toJSON(github)",
    "(github['ref'] || null) && true != false",
    "${{ github.ref }}-${{ github.n }} ${{ 'a' }}",
    "success() && (failure() || always()) && hashFiles('**/*.rs')",
    "!((github.a)[1].b == NaN) && Infinity",
];
const PATTERNS: [&str; 7] = [
    "releases/**",
    "v[0-9]+.[0-9]*",
    "!feature/*-?",
    "**/*.md",
    "\\*a+",
    "[^a-z]\\d\\w",
    "src/{a,b}/**",
];
const CRONS: [&str; 6] = [
    "*/15 0-6 1,15 * 1-5",
    "0 0 * JAN-DEC SUN",
    "5 4 29 2 *",
    "59 23 31 12 7",
    "0/5 * * * *",
    "@daily",
];
const JSONS: [&str; 5] = [
    "{\"a\": [1, -2.5e10, null, true, \"\\u00e9\\ud83d\\ude00\"], \"b\": {}}",
    "[[[], {}], \"a\\n\\\"b\", 0.1, 1E-7]",
    "{'a': 'it', b: [1,], /* c */ \"d\": NaN}",
    "123456789012345678901234567890",
    "\"text\"",
];
const FORMATS: [&str; 4] = ["{0} and {1}", "{{0}} {2}", "{0:yyyy} {1}}}", "a{{b}}{0}"];
const SCRIPTS: [&str; 4] = [
    "if [[ $x =~ ^(a|b)$ ]]; then echo \"${x:-$(date)}\"; fi\ncat <<EOF | sed 's/a/b/'\nit's\nEOF\ncase $x in a) b;; *) c;; esac\n",
    "import os\ndef f(a, *b, c=1):\n    return f\"{a!r:>{c}}\" + '''x\n''' if b else [i for i in range(3)]\nprint(f(1))\n",
    "bash -e {0} 'a b' \"c\\\"d\" \\e",
    "for ((i=0;i<3;i++)); do a[1<<2]=$((i)); done; x=`echo \\`y\\``; f() { :; }\n",
];

/// Pieces that mean something somewhere.
const PIECES: [&str; 56] = [
    "\r\n",
    "\r",
    "\n",
    "\t",
    "  ",
    "- ",
    ": ",
    "'",
    "\"",
    "|\n",
    ">-\n",
    "|2+\n",
    "&a ",
    "*a",
    "<<: *a\n",
    "!!int ",
    "!x ",
    "[",
    "]",
    "{",
    "}",
    "${{ ",
    " }}",
    "${{",
    "}}",
    "\u{feff}",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "\u{0}",
    "\u{85}",
    "\u{2028}",
    "e\u{301}",
    "😀",
    "\u{202e}",
    "\u{7f}",
    "99999999999999999999999999",
    "-1e309",
    "0x7fffffffffffffff",
    "1e-400",
    "null",
    "~",
    "? ",
    "#",
    " # loom: ignore[lint/x] y\n",
    "jobs:\n",
    "steps:\n",
    "needs: [a, b]\n",
    "if: ",
    "uses: ./x\n",
    "matrix: {a: [1, 2]}\n",
    "fromJSON(",
    "format('{0}', ",
    "\\",
    "\\u12",
    "(",
];

/// A text for this: one of ours, or a mix, with one to eight changes.
pub(super) fn text(target: Target, chance: &mut Chance) -> String {
    let own = match target {
        Target::File => &FILES[..],
        Target::Expression => &EXPRESSIONS[..],
        Target::Pattern => &PATTERNS[..],
        Target::Cron => &CRONS[..],
        Target::Json => &JSONS[..],
        Target::Format => &FORMATS[..],
        Target::Script => &SCRIPTS[..],
    };
    let mut text: Vec<char> = chance.of(own).chars().collect();
    for _ in 0..=chance.below(8) {
        change(&mut text, own, chance);
        text.truncate(LONGEST);
    }
    text.into_iter().collect()
}

fn change(text: &mut Vec<char>, own: &[&str], chance: &mut Chance) {
    let at = chance.below(text.len() + 1);
    let end = (at + chance.below(40)).min(text.len());
    match chance.below(12) {
        0 => drop(text.drain(at..end)),
        1 => text.truncate(at),
        // A piece of the text again, somewhere else or at the same place.
        2 => {
            let piece = text[at..end].to_vec();
            let to = chance.below(text.len() + 1);
            text.splice(to..to, piece);
        }
        // A piece of another text.
        3 => {
            let other: Vec<char> = chance.of(own).chars().collect();
            let from = chance.below(other.len() + 1);
            let to = (from + chance.below(200)).min(other.len());
            text.splice(at..at, other[from..to].iter().copied());
        }
        // One bit of a character.
        4 | 5 => {
            if let Some(changed) = text.get_mut(at) {
                let bit = 1_u32 << chance.below(8);
                *changed = char::from_u32(u32::from(*changed) ^ bit).unwrap_or('\u{fffd}');
            }
        }
        // Deep nesting.
        6 if chance.one_in(4) => {
            let piece = chance.of(&[
                "[",
                "{a: ",
                "(",
                "!",
                "- ",
                "${{ (",
                "$(",
                "fromJSON(",
                "*",
                "\"$(",
                "{",
                "f(",
                "a.",
                "\"a\":{",
                "\n ",
            ]);
            let many = 1 + chance.below(300);
            text.splice(at..at, piece.repeat(many).chars());
        }
        // All line breaks, as another system or a broken tool has them.
        7 if chance.one_in(4) => {
            let breaks = chance.of(&["\r\n", "\r", "\n\n", "\u{85}"]);
            *text = text
                .iter()
                .collect::<String>()
                .replace('\n', breaks)
                .chars()
                .collect();
        }
        // A line moves in or out.
        8 => {
            let line = text[..at]
                .iter()
                .rposition(|next| *next == '\n')
                .map_or(0, |end| end + 1);
            if text.get(line) == Some(&' ') && chance.one_in(2) {
                text.remove(line);
            } else {
                text.insert(line, ' ');
            }
        }
        _ => {
            let piece = chance.of(&PIECES);
            text.splice(at..end.min(at + 3), piece.chars());
        }
    }
}
