//! Bash and its relatives: quotes and brackets that are not closed when the script ends, and the variables it reads.
//!
//! Not a parser: it follows quotes, substitutions, comments and here-documents, and says nothing about anything else.

mod arithmetic;
mod documents;
mod quotes;

use super::compound::{Compounds, Word, stands_before_brackets, starts_command};
use super::python::Mistake;
use super::{expression, has_open_expression};
use crate::span::Span;

/// A longer script is not looked at.
const LONGEST: usize = 256 * 1024;
/// How deep substitutions may be nested; deeper ones are not looked at.
const DEEPEST: usize = 50;

/// What was seen in a script.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// The quote or bracket that is not closed, or closes nothing.
    pub(crate) mistake: Option<Mistake>,
    /// The names of the variables whose values are put in (`$NAME`, `${NAME%.*}`), where nothing is said about what to
    /// do without one. Those in here-documents and arithmetic are left out, and all of a script that cannot be read.
    pub(crate) variables: Vec<Span>,
}

/// Reads a script from end to end.
pub(crate) fn read(script: &str) -> Reading {
    if script.len() > LONGEST || has_open_expression(script) {
        return Reading::default();
    }
    let mut reader = Reader {
        script,
        at: 0,
        documents: Vec::new(),
        variables: Vec::new(),
        computed: false,
        inside: Inside::Nothing,
    };
    let mistake = match reader.commands(Until::End, 0) {
        Ok(()) => {
            return Reading {
                mistake: None,
                variables: reader.variables,
            };
        }
        Err(Stop::NotClosed(place)) => Some(Mistake::NotClosed(place)),
        Err(Stop::NotOpen(place)) => Some(Mistake::NotOpen(place)),
        Err(Stop::Unclear) => None,
    };
    Reading {
        mistake,
        variables: Vec::new(),
    }
}

/// A word without the ends of lines that go on behind it.
fn without_continuation(mut word: &str) -> &str {
    while let Some(shorter) = word.strip_suffix("\\\n") {
        word = shorter;
    }
    while let Some(shorter) = word.strip_suffix("\\\r\n") {
        word = shorter;
    }
    word
}

struct Reader<'a> {
    script: &'a str,
    at: usize,
    /// Here-documents that begin with the next line: their last lines, and whether tabs before them count.
    documents: Vec<(String, bool)>,
    /// Names of the variables that were read so far.
    variables: Vec<Span>,
    /// Whether a command is put in before the script runs: it may begin or end anything.
    computed: bool,
    /// The innermost substitution around this place.
    inside: Inside,
}

/// What may end a here-document before its last line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Nothing,
    /// `$(…)`, `<(…)`: its `)` may stand behind the last line.
    Substitution,
    /// What stands in backticks is a text of its own.
    Backticks,
}

/// What ends a list of commands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    End,
    /// The `)` of commands.
    Bracket,
    /// The `)` of words: values, patterns.
    List,
    Backtick,
}

enum Stop {
    NotClosed(Span),
    NotOpen(Span),
    /// It is nested too deep, or shells read it in different ways.
    Unclear,
}

impl<'a> Reader<'a> {
    /// Reads commands; what opened them is just before.
    fn commands(&mut self, until: Until, depth: usize) -> Result<(), Stop> {
        if until != Until::Backtick {
            return self.commands_to(until, depth);
        }
        let outer = std::mem::replace(&mut self.inside, Inside::Backticks);
        let end = self.commands_to(until, depth);
        self.inside = outer;
        end
    }

    fn commands_to(&mut self, until: Until, depth: usize) -> Result<(), Stop> {
        if depth > DEEPEST {
            return Err(Stop::Unclear);
        }
        let opened = self.at;
        let mut compounds = Compounds::default();
        let mut command = true;
        // Whether a name comes next, behind which a command may begin: of a function, or of what a loop goes through.
        let mut named = false;
        // Whether the name of a function comes next.
        let mut function = false;
        // Whether this is between `[[` and `]]`, where words and brackets are no commands.
        let mut test = false;
        // Whether the file of a redirection comes next.
        let mut target = false;
        // Whether an option of `time` may come next.
        let mut timed = false;
        while let Some(next) = self.next() {
            match next {
                '\\' if self.rest().starts_with("\\\n") => self.at += 2,
                '\\' if self.rest().starts_with("\\\r\n") => self.at += 3,
                '\n' => {
                    self.at += 1;
                    self.documents();
                    command = true;
                    target = false;
                }
                '`' if until == Until::Backtick => {
                    self.at += 1;
                    return self.all_ended(&compounds, until);
                }
                ')' if compounds.has_patterns() => {
                    self.at += 1;
                    compounds.patterns_end();
                    command = true;
                }
                ')' if matches!(until, Until::Bracket | Until::List) => {
                    self.at += 1;
                    return self.all_ended(&compounds, until);
                }
                ')' if until == Until::End && !self.computed => {
                    return Err(Stop::NotOpen(Span::new(self.at, self.at + 1)));
                }
                '&' if self.rest().starts_with("&>") => self.at += 1,
                ';' | '&' | '|' | ')' => {
                    if self.rest().starts_with(";;") || self.rest().starts_with(";&") {
                        self.at += 1;
                        compounds.branch_ends();
                    }
                    self.at += 1;
                    command = true;
                }
                '(' if compounds.has_patterns() => {
                    self.at += 1;
                    compounds.pattern_begins();
                }
                '(' if test => self.list(depth)?,
                '(' => {
                    self.bracket(depth)?;
                    command = true;
                }
                '#' => self.comment(),
                // The output of commands as a file: what follows is one more word.
                '<' | '>' if self.rest().get(1..).is_some_and(|rest| rest.starts_with('(')) => {
                    self.at += 1;
                    self.substitution(depth, false)?;
                    target = false;
                    command = false;
                }
                '<' => target = self.redirection(),
                '>' => {
                    // `>>`, `>|`, `>&`.
                    let more = matches!(self.rest().as_bytes().get(1), Some(b'>' | b'|' | b'&'));
                    let is_substitution = self.rest().starts_with(">>(");
                    self.at += if more && !is_substitution { 2 } else { 1 };
                    target = true;
                }
                _ if next.is_whitespace() => self.skip_to(|next| next == '\n' || !next.is_whitespace()),
                _ => {
                    let start = self.at;
                    self.word(until, depth, command, function)?;
                    let word = self.script.get(start..self.at).unwrap_or_default();
                    // What is put in may be the beginning of a compound command.
                    self.computed |= command && word.starts_with("${{");
                    // Behind a redirection `fi` and its like are no words of the shell.
                    if std::mem::take(&mut target) {
                        command = false;
                        continue;
                    }
                    let word = without_continuation(word);
                    if test || (command && word == "[[") {
                        test = word != "]]";
                        command = !test;
                        continue;
                    }
                    // `f(){`, with no space before the body.
                    let name = word.strip_suffix('{').filter(|name| is_function(name));
                    let (word, start) = name.map_or((word, start), |name| ("{", start + name.len()));
                    let place = Span::new(start, start + word.len());
                    let kind = match until {
                        Until::List => Word::Other,
                        _ => compounds.word(word, command || name.is_some(), place),
                    };
                    if kind == Word::Stray && !self.computed {
                        return Err(Stop::NotOpen(place));
                    }
                    // A function has its body behind its name.
                    let body = std::mem::take(&mut named) || is_function(word);
                    function = command && word == "function";
                    named = command && matches!(word, "function" | "coproc" | "for" | "select");
                    let is_option = timed && matches!(word, "-p" | "--");
                    timed = command && (word == "time" || is_option);
                    command = command && starts_command(word) || is_option || body || kind == Word::Ends;
                }
            }
        }
        match until {
            Until::End => self.all_ended(&compounds, until),
            Until::Bracket | Until::List | Until::Backtick => Err(not_closed(opened.saturating_sub(1))),
        }
    }

    /// `#` to the end of its line. What stands in backticks is a text of its own, with which a comment in it ends.
    fn comment(&mut self) {
        while let Some(next) = self.next() {
            match next {
                '\n' => break,
                '`' if self.inside == Inside::Backticks => break,
                '\\' if self.inside == Inside::Backticks => self.skip(2),
                _ => self.at += next.len_utf8(),
            }
        }
    }

    fn all_ended(&self, compounds: &Compounds, until: Until) -> Result<(), Stop> {
        match compounds.unfinished() {
            Some(place) if until != Until::List && !self.computed => Err(Stop::NotClosed(place)),
            _ => Ok(()),
        }
    }

    /// A word with the quotes and substitutions in it.
    fn word(&mut self, until: Until, depth: usize, command: bool, function: bool) -> Result<(), Stop> {
        let start = self.at;
        while let Some(next) = self.next() {
            match next {
                '\\' if until == Until::List && self.is_misread_escape() => return Err(Stop::Unclear),
                '\\' => self.skip(2),
                '\'' => self.raw()?,
                '"' => self.quoted(depth)?,
                '`' if until == Until::Backtick => break,
                '`' => {
                    self.at += 1;
                    self.commands(Until::Backtick, depth + 1)?;
                }
                '$' => self.dollar(depth, false)?,
                // Also of a list's element: `a[1]=`, `([1]=`.
                '[' if is_name(self.script.get(start..self.at).unwrap_or_default())
                    && self.subscript(until == Until::List, command && self.at > start) => {}
                // A list of values, a function, a pattern: `a=(`, `f(`, `@(`.
                '(' if self.at > start => {
                    let before = self.script.get(start..self.at).unwrap_or_default();
                    // `function f(a)`, where the bracket is the body.
                    let inner = self
                        .rest()
                        .get(1..)
                        .unwrap_or_default()
                        .trim_start_matches([' ', '\t']);
                    let body = function && !inner.starts_with(')');
                    if body || is_function(before) || (command && stands_before_brackets(before)) {
                        break;
                    }
                    self.list(depth)?;
                }
                _ if is_function(self.script.get(start..self.at).unwrap_or_default()) && next != '{' => break,
                // The output of commands as part of a word, `{` included.
                '<' | '>' if self.rest().get(1..).is_some_and(|rest| rest.starts_with('(')) => {
                    self.at += 1;
                    self.substitution(depth, false)?;
                }
                ';' | '&' | '|' | '(' | ')' | '<' | '>' => break,
                _ if next.is_whitespace() => break,
                // Letters and their like mean nothing, and are most of it.
                _ => {
                    self.at += next.len_utf8();
                    self.skip_to(|next| {
                        !(next.is_ascii_alphanumeric() || matches!(next, '-' | '_' | '.' | '/'))
                    });
                }
            }
        }
        Ok(())
    }

    /// `(` of a subshell, or `((` of arithmetic.
    fn bracket(&mut self, depth: usize) -> Result<(), Stop> {
        let opening = self.at;
        let double = self.rest().starts_with("((");
        if double && self.arithmetic(false)? {
            return Ok(());
        }
        self.at += 1;
        let end = self.commands(Until::Bracket, depth + 1);
        // Behind `((a)` and a line break bash takes `fi` for a command, so only what never ends is certain.
        if double && end.is_err() && self.may_end(opening) {
            return Err(Stop::Unclear);
        }
        end
    }

    /// `(` of a list of words.
    fn list(&mut self, depth: usize) -> Result<(), Stop> {
        self.at += 1;
        self.commands(Until::List, depth + 1)
    }

    /// What begins with `$`.
    fn dollar(&mut self, depth: usize, quoted: bool) -> Result<(), Stop> {
        if depth > DEEPEST {
            return Err(Stop::Unclear);
        }
        let rest = self.rest();
        if rest.starts_with("${{") {
            self.at += expression(rest);
        } else if rest.starts_with("$(") {
            self.at += 1;
            return self.substitution(depth, true);
        } else if rest.starts_with("${") {
            self.at += 2;
            self.variable(|after| matches!(after, '}' | '%' | '#' | '/' | '^' | ','));
            return self.parameter(depth, quoted);
        } else if rest.starts_with("$'") && !quoted {
            return self.escaped();
        } else if rest.starts_with("$[") {
            self.at += 1;
            if !self.old_arithmetic() {
                return Err(Stop::Unclear);
            }
        } else if rest.starts_with("$$") && !rest.starts_with("$${{") {
            // The number of the process, also before `{` and `(`.
            self.at += 2;
        } else {
            self.at += 1;
            self.at += self.variable(|_| true);
        }
        Ok(())
    }

    /// Keeps the name that begins here when what follows it is as wanted; gives its length.
    fn variable(&mut self, wanted: impl Fn(char) -> bool) -> usize {
        let rest = self.rest();
        let length = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let begins = rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let after = rest.get(length..).and_then(|after| after.chars().next());
        // What an expression puts in may go on with the name.
        let ends = !rest.get(length..).is_some_and(|after| after.starts_with("${{"));
        if begins && ends && after.is_none_or(wanted) {
            self.variables.push(Span::new(self.at, self.at + length));
        }
        if begins { length } else { 0 }
    }

    fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn rest(&self) -> &'a str {
        self.script.get(self.at..).unwrap_or_default()
    }

    /// Passes over what stands before the next of these.
    fn skip_to(&mut self, wanted: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(wanted).unwrap_or(rest.len());
    }

    fn skip(&mut self, characters: usize) {
        self.at += self
            .rest()
            .chars()
            .take(characters)
            .map(char::len_utf8)
            .sum::<usize>();
    }
}

/// Whether a word is the name of a function with its brackets: `f()`.
fn is_function(word: &str) -> bool {
    let name = word.strip_suffix(')').map(str::trim_end);
    name.and_then(|name| name.strip_suffix('(')).is_some_and(|name| {
        // `a=()` is a list, and `=()` a function.
        let assigns = name.find('=').is_some_and(|at| at > 0);
        !name.is_empty() && !assigns && !name.contains(['$', '(', '"', '\''])
    })
}

/// Whether a text is the name of a variable, or nothing.
fn is_name(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn not_closed(start: usize) -> Stop {
    Stop::NotClosed(Span::new(start, start + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(script: &str) -> Option<Mistake> {
        read(script).mistake
    }

    fn variables(script: &str) -> Vec<Span> {
        read(script).variables
    }

    #[test]
    fn what_is_not_closed_is_found() {
        for (script, want) in [
            ("echo \"hello\necho done", 5),
            ("echo 'hello", 5),
            ("x=$(date\necho $x", 3),
            ("x=`date\necho $x", 2),
            ("echo ${x:-y\necho", 6),
            ("(cd x && make", 0),
            ("echo \"$(date \"+%s)\"", 7),
            ("echo $'it\\'s", 5),
        ] {
            assert_eq!(
                check(script),
                Some(Mistake::NotClosed(Span::new(want, want + 1))),
                "{script}"
            );
        }
    }

    #[test]
    fn compound_commands_are_ended_by_their_words() {
        for (script, want) in [
            ("if true; then echo", "open if"),
            ("for x in a b; do echo $x", "open for"),
            ("case $x in a) echo;;", "open case"),
            ("f() { echo", "open {"),
            ("f(){\necho", "open {"),
            ("echo a\nfi", "stray fi"),
            ("if a; then b; done", "stray done"),
            ("while a; do b; fi; done", "stray fi"),
            ("echo )", "stray )"),
            ("(if a; then b)", "open if"),
            ("x=$(for y in z; do echo)", "open for"),
            ("if a; then b; }", "stray }"),
        ] {
            let found = match check(script) {
                Some(Mistake::NotClosed(span)) => format!("open {}", &script[span.range()]),
                Some(Mistake::NotOpen(span)) => format!("stray {}", &script[span.range()]),
                other => format!("{other:?}"),
            };
            assert_eq!(found, want, "{script}");
        }
        for script in [
            "if a; then b; elif c; then d; else if e; then f; fi; fi | cat",
            "for ((i=0; i<3; i++)); do echo $i; done < <(x)",
            "case $x in\n  if|done) echo;;\n  (fi) :;&\n  *) if a; then b; fi\nesac",
            "f() { echo; }\nfunction g { echo; }\nh(){ :; }; k ()\n{\n  :\n}",
            "a && \\\n  if b; then c; fi || \\\r\n { d; }",
            "echo if done fi esac } {",
            "diff <(a) fi >(b) } && cat",
            "for((i=0;i<3;i++)); do echo; done; if((x>1)); then :; fi; while((x>1)); do :; done",
            "if(true); then :; fi; while(true); do :; done; {(a);}",
            "f()if a; then b; fi\ng( ) { a; }\nh () if a; then b; fi",
            "[[ $x =~ if|fi ]]; [[ $x =~ (fi|if) ]]; [[ $a == case || done == $b ]]; [[ a ||\ndone ]]",
            "if [[ a ]] then if b; then c; fi; fi; while [[ a ]] do if b; then c; fi; done; { [[ a ]] }",
            "for f in *; do [[ x ]] done; for x do if a; then b; fi; done",
            "time -p { ls; }; time -p if a; then b; fi; coproc { cat; }",
            "for ((i=0;i<3;i++)) { echo $i; }; for x in a b; { if a; then b; fi; }",
            "case $x in (esac) b;; esac; case $x in\n a|esac) b;;\nesac",
            "if true; then\n x=$(( \"$A\" << 2 ))\nfi; echo $((\n 1 << 2\n))",
            "if true; then a[1<<2]=3\nfi",
            "if a; then b; fi\\\n\ncase $a in\\\n a) b;;\nesac",
            "if a; then b; fi > done; { a; } > fi; a &>if; b 2>&1 | c",
            "f(\t){ a; }; if a; then\n((\n 1 << 2\n))\nfi; ((a)\n(b))",
            "f() {\n cat <<\\EOF\nfi\nEOF\n}\ng() { cat <<EOF; }\nEOF\n",
            "{ if a; then b; fi } && for x in y; do if a; then b; fi done",
            "states=(if done fi)\n[[ $x == done || $y = if ]]",
            "${{ inputs.start }} x; then echo; fi",
            "while read -r x; do echo $x; done <<EOF\nfi\nEOF\n",
            "x=$(case $y in a) echo;; esac) && until z; do :; done",
            "! { a; } && time { b; }\nselect x in a; do :; done",
            "find . -exec sh -c 'if' {} \\; # fi",
            "coproc C { cat; }\nif (( a > 1 )); then :; fi\nif ( a ); then :; fi",
        ] {
            assert_eq!(check(script), None, "{script}");
        }
    }

    #[test]
    fn variables_are_read_where_the_shell_puts_them_in() {
        for (script, want) in [
            (
                "echo $FOO \"$BAR-$BAZ\" ${A} ${B%.*} ${C/x/$D}",
                "FOO BAR BAZ A B C D",
            ),
            ("echo '$FOO' \\$BAR \"\\$BAZ\" # $COMMENT", ""),
            ("echo ${A:-x} ${B?no} ${C:=y} ${#D} ${!E} ${F[0]} ${G:1:2}", ""),
            (
                "echo $1 $? $$ $@ ${10} $(echo $IN) `echo $TICK` $((X + $Y))",
                "IN TICK",
            ),
            ("cat <<EOF\n$FOO\nEOF\necho $BAR", "BAR"),
            ("awk '{print $NF}' <<< \"$LINE\"", "LINE"),
            ("echo ${{ github.ref }} $A\necho \"open", ""),
        ] {
            let found: Vec<&str> = variables(script)
                .iter()
                .map(|span| &script[span.range()])
                .collect();
            assert_eq!(found.join(" "), want, "{script}");
        }
    }

    #[test]
    fn what_is_closed_is_not() {
        for script in [
            "echo it\\'s # don't",
            "echo \"it's\" 'a \"b' a#b $#",
            "echo \"$(echo \"a ${x:-\"b\"} `date`\")\"",
            "case $x in\n  a|b) echo \"1\" ;;\n  (c) echo 2 ;;\n  *) ;;\nesac",
            "x=$(case $y in a) echo 1;; b) echo 2;; esac)\necho \"$x\"",
            "cat <<EOF\nit's \"$(\nEOF\ncat <<-'END' > x\n\tdon't\n\tEND\necho ok",
            "cat << EOF | sh\n'\nEOF\n",
            "echo $((1 << 2)) $(( (1+2) * 3 ))\n((i <<= 1))\nfor ((i=0; i<3; i++)); do :; done",
            "if [[ $x =~ ^(a|b)\\)$ ]]; then f() { :; }; fi\na=(1 \"2 3\" '4)')",
            "echo \"${x#\"'\"}\" ${x//\\'/} \"${x:-it's}\"",
            "echo '${{ github.event.head_commit.message }}' \"${{ toJSON('it''s \"') }}\"",
            "cat <<< \"x\" && diff <(a) >(b)",
            "echo $'it\\'s' \\\n  --x \"a\\\"b\"",
            "sed -e 's/\"//g' | awk '{print $1}' | grep \"a'b\"",
            "find . -exec sh -c 'echo \"$1\"' _ {} \\;",
            "((echo a); (echo b))",
            "echo ${{ format('{{ {0} }}', 'it''s') }}",
            "",
        ] {
            assert_eq!(check(script), None, "{script}");
        }
    }
}
