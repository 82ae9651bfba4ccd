//! The look at `shell: python` scripts against Python itself: what its compiler takes must bring no finding.

use std::io::Write as _;
use std::process::{Command, Stdio};

use loom_workflow::{Dialect, NoReferences, Source};

use super::Count;

/// Reads scripts that NUL bytes part, and says of each whether it can be compiled; runs nothing of them.
const COMPILES: &str = "
import sys, warnings
warnings.simplefilter('ignore')
for script in sys.stdin.buffer.read().decode().split('\\0'):
    try:
        compile(script, 'script', 'exec')
        print(1)
    except (SyntaxError, ValueError):
        print(0)
";

/// What Python takes, with all that a look at brackets and quotes could trip over.
const RIGHT: &[&str] = &[
    "print('a', \"b\", '''c\nd''', \"\"\"e\"f\"\"\")",
    "x = [1, (2, {3: 4}), {5}]  # ( [ {\nprint(x)",
    "print(r'\\\\', b'\\'', rb\"\\\"\", f'{1 + 2} {{}}')",
    "print(f\"{'a'} {x!r:>{10}}\") if (x := 1) else None",
    "print('it\\'s', \"say \\\"so\\\"\")",
    "a = 1 + \\\n  2\nprint(a)",
    "def f(\n    a,\n    b='(',\n):\n    return {\n        'a': a,\n        'b': [b],\n    }",
    "if True: print('''it's \"so\"'''); print(\"\")",
    "print(''); print(''''''); print('' '')",
    "x = '#'  # it's\ny = \"'\"  # \"\nprint(x, y)",
    "print('a\\\nb')",
    "with open('x') as f, open('y') as (g):\n    print(f, g)",
    "async def f():\n    return [x async for x in g(')')]",
    "match [1]:\n    case [x]:\n        print(x)",
    "print(f'''{\n1}''', f'{\"a\"}', F\"{(1)}\", u'b')",
    "# (\n# '\n\"\"\" ' \"\"\"",
];

/// What Python refuses and the look finds.
const WRONG: &[&str] = &[
    "print(",
    "print([1)",
    "x = 1)",
    "x = 'a\ny = 1",
    "x = '''a\ny = 1",
    "print(\"a')",
    "x = {'a': [1, 2}",
    "f(a, b]]",
    "print('a\\')",
    "if x:\n    y = (1,\nz = 2",
];

/// Compares both on these scripts and on each with one character gone, doubled or replaced. Without Python it is left out,
/// which the count shows.
pub(super) fn scripts(count: &mut Count) {
    let mut all: Vec<String> = RIGHT
        .iter()
        .chain(WRONG)
        .map(|script| (*script).to_owned())
        .collect();
    let whole = all.len();
    for script in RIGHT {
        for (at, character) in script.char_indices() {
            let (before, after) = (&script[..at], &script[at + character.len_utf8()..]);
            for damaged in ["", &character.to_string().repeat(2), "'", "(", "\\"] {
                all.push(format!("{before}{damaged}{after}"));
            }
        }
    }
    let Some(takes) = compiled(&all) else {
        println!("test python ... ignored: there is no `python3` here");
        count.ignored += 1;
        return;
    };
    assert_eq!(takes.len(), all.len());
    let mut found = 0;
    let mut wrong = Vec::new();
    for (index, (script, takes)) in all.iter().zip(&takes).enumerate() {
        let finding = finding(script);
        found += usize::from(finding.is_some());
        match finding {
            Some(finding) if *takes => wrong.push(format!("Python takes what brings {finding}\n{script}")),
            None if index >= RIGHT.len() && index < whole => {
                wrong.push(format!("nothing is found in\n{script}"))
            }
            _ if index < RIGHT.len() && !takes => wrong.push(format!("Python refuses\n{script}")),
            _ => {}
        }
    }
    wrong.truncate(5);
    if found < 500 {
        wrong.push(format!(
            "only {found} of {} damaged scripts brought a finding",
            all.len()
        ));
    }
    count.case("python", (!wrong.is_empty()).then(|| wrong.join("\n")));
}

/// Which of some scripts Python can compile; none where there is no Python.
fn compiled(scripts: &[String]) -> Option<Vec<bool>> {
    let mut child = Command::new("python3")
        .args(["-I", "-c", COMPILES])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let input = scripts.join("\0");
    let mut pipe = child.stdin.take().unwrap();
    // It reads all before it writes anything.
    pipe.write_all(input.as_bytes()).unwrap();
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "python3 ended with {}", output.status);
    let answers = String::from_utf8(output.stdout).unwrap();
    Some(answers.lines().map(|line| line == "1").collect())
}

/// What is found to be not well formed in a script.
fn finding(script: &str) -> Option<String> {
    let quoted = script
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    let text = format!(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - shell: python\n        run: \"{quoted}\"\n"
    );
    let source = Source::new(".github/workflows/python.yml", text);
    let loaded = loom_workflow::load_with(&source, Dialect::GitHub, &NoReferences);
    let mut found = loaded.diagnostics.iter();
    let one = found.find(|one| one.code.as_str() == "lint/script-syntax")?;
    Some(one.message.clone())
}
