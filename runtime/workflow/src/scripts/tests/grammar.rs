//! Shell scripts by chance: of the language, and with damage.

use crate::tests::chance::Chance;

/// Bytes after which nothing nests any more.
const LONGEST: usize = 300;

/// A script as somebody could write it.
pub(super) fn script(chance: &mut Chance) -> String {
    let mut writer = Writer {
        chance,
        out: String::new(),
        documents: Vec::new(),
    };
    writer.list(0);
    writer.line();
    writer.out
}

/// The script with one to three changes: pieces that go, come, or change places.
pub(super) fn damaged(script: &str, chance: &mut Chance) -> String {
    let mut pieces: Vec<&str> = split(script);
    for _ in 0..=chance.below(3) {
        let (at, other) = (chance.below(pieces.len()), chance.below(pieces.len()));
        match chance.below(5) {
            _ if pieces.is_empty() => {}
            0 | 1 => drop(pieces.remove(at)),
            2 => pieces.insert(at, pieces[other]),
            3 => pieces.swap(at, other),
            _ => pieces.insert(at, chance.of(&PIECES)),
        }
    }
    pieces.concat()
}

const PIECES: [&str; 25] = [
    "\"", "'", "$(", ")", "(", "{ ", "}", " fi ", " done ", " esac ", ";;", "\n", ";", "<<E\n", "\\", "#",
    " #", "${", "if ", "case ", "for ", " do ", "[[ ", " ]]", " in ",
];

/// What stands in backticks of the scripts.
const BACKTICKS: [&str; 6] = [
    "\"`date`\"",
    "`date`",
    "`echo \"a\"`",
    "`echo \\`x\\``",
    "`echo 'a'`",
    "`x`",
];

/// A script without what bash looks into only when it runs, and what could become that when other parts go.
pub(super) fn without_backticks(script: &str) -> String {
    let mut rest = script.to_owned();
    for known in BACKTICKS.iter().chain(&["\\`", "'`'", "`"]) {
        rest = rest.replace(known, "");
    }
    rest
}

/// Words, what stands in backticks, and every other character by itself.
fn split(script: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = script;
    while let Some(first) = rest.chars().next() {
        let is_word = |next: char| next.is_ascii_alphanumeric() || next == '_';
        let end = if first == '`' {
            // Bash does not look into backticks before it runs them, so they stay as they are.
            let mut escaped = false;
            let end = rest.char_indices().skip(1).find(|(_, next)| {
                let ends = *next == '`' && !escaped;
                escaped = *next == '\\' && !escaped;
                ends
            });
            end.map_or(rest.len(), |(at, _)| at + 1)
        } else if is_word(first) {
            rest.find(|next| !is_word(next)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

struct Writer<'a> {
    chance: &'a mut Chance,
    out: String,
    /// Here-documents whose texts come with the next line break: last line, whether tabs stand before it.
    documents: Vec<(&'static str, bool)>,
}

impl Writer<'_> {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn one_of(&mut self, all: &[&'static str]) {
        let text = self.chance.of(all);
        self.put(text);
    }

    /// A line break, with the here-documents that wait for it.
    fn line(&mut self) {
        self.put("\n");
        for (last, tabs) in std::mem::take(&mut self.documents) {
            for _ in 0..self.chance.below(3) {
                self.one_of(&[
                    "text\n",
                    "it's \"\n",
                    "fi\n",
                    "$x ${x}\n",
                    " EOF\n",
                    "#\n",
                    "\n",
                    "a ) b\n",
                    "esac ;;\n",
                    "'\n",
                    "}\n",
                ]);
            }
            if tabs {
                self.put("\t");
            }
            self.put(last);
            self.put("\n");
        }
    }

    /// What may part two commands. After a here-document it is a line break.
    fn between(&mut self) {
        if !self.documents.is_empty() || self.chance.one_in(2) {
            if self.chance.one_in(6) {
                self.one_of(&[" # it's", " #", "\t# \"fi\"", " # ) ` $(", " # <<E"]);
            }
            self.line();
            self.one_of(&["", "", "  ", "\t", "# don't\n", "\n"]);
        } else {
            self.one_of(&["; ", ";", " ; ", " & ", "&\n"]);
        }
    }

    /// Commands, with what ends the last of them.
    fn list(&mut self, depth: usize) {
        for _ in 0..=self.chance.below(if depth == 0 { 4 } else { 2 }) {
            self.pipeline(depth);
            self.between();
        }
    }

    fn pipeline(&mut self, depth: usize) {
        // No `time`: `bash -n` takes `$(time fi)`, which fails when it runs.
        self.one_of(&["", "", "", "", "", "! "]);
        self.command(depth);
        while self.chance.one_in(4) {
            self.one_of(&[" | ", "|", " && ", "&&", " || ", " |& ", " && \\\n  ", "\\\n| "]);
            if self.chance.one_in(6) {
                self.line();
            }
            self.command(depth);
        }
    }

    fn command(&mut self, depth: usize) {
        let deep = depth > 4 || self.out.len() > LONGEST;
        // The line breaks of compound commands would begin the texts that wait.
        if deep || !self.documents.is_empty() || self.chance.one_in(2) {
            self.simple(depth);
            return;
        }
        let depth = depth + 1;
        match self.chance.below(13) {
            0 => {
                self.one_of(&["if ", "if\n", "if ! ", "if "]);
                self.list(depth);
                self.put("then ");
                self.list(depth);
                while self.chance.one_in(4) {
                    self.put("elif ");
                    self.list(depth);
                    self.put("then\n");
                    self.list(depth);
                }
                if self.chance.one_in(3) {
                    self.put("else ");
                    self.list(depth);
                }
                self.put("fi");
            }
            1 => {
                self.one_of(&["while ", "until ", "while\n"]);
                self.list(depth);
                self.put("do ");
                self.list(depth);
                self.put("done");
            }
            2 => {
                self.one_of(&["for x in", "for x\nin", "for done in", "select x in", "for in in"]);
                for _ in 0..=self.chance.below(3) {
                    self.put(" ");
                    self.word(depth);
                }
                self.between_words();
                self.body(depth);
            }
            3 => {
                self.one_of(&[
                    "for x do\n",
                    "for x; do ",
                    "for x\ndo ",
                    "for ((i=0;i<3;i++)); do ",
                    "for ((;;)) do ",
                ]);
                self.list(depth);
                self.put("done");
            }
            4 => self.case(depth),
            5 => {
                self.one_of(&["{ ", "{\n", "{\t"]);
                self.list(depth);
                self.put("}");
            }
            6 => {
                self.one_of(&["(", "( ", "(\n"]);
                self.list(depth);
                self.put(")");
            }
            7 => {
                self.one_of(&[
                    "f() ",
                    "f ()",
                    "function f ",
                    "function f() ",
                    "f()\n",
                    "a-b() ",
                    "f( ) ",
                ]);
                self.put("{ ");
                self.list(depth);
                self.put("}");
            }
            8 => self.test(depth),
            9 => self.one_of(&[
                "((x++))",
                "(( x = 1 << 2 ))",
                "((a>1 && b<2))",
                "(( (1+2)*3 ))",
                "((x==\"1\"))",
            ]),
            10 => {
                self.one_of(&["coproc { ", "coproc C { "]);
                self.list(depth);
                self.put("}");
            }
            11 => {
                self.one_of(&["f() (", "function f ("]);
                self.list(depth);
                self.put(")");
            }
            _ => {
                self.put("if [[ -n x ]]; then ");
                self.list(depth);
                self.put("fi");
            }
        }
        self.redirections(depth);
    }

    /// What parts a loop's words from its body.
    fn between_words(&mut self) {
        if self.documents.is_empty() {
            self.one_of(&["; ", ";", " ;\n"]);
        } else {
            self.line();
        }
    }

    fn body(&mut self, depth: usize) {
        let (begin, end) = if self.chance.one_in(5) {
            ("{ ", "}")
        } else {
            ("do ", "done")
        };
        self.put(begin);
        self.list(depth);
        self.put(end);
    }

    fn case(&mut self, depth: usize) {
        self.put("case ");
        self.word(depth);
        self.one_of(&[" in\n", " in ", "\nin\n", " in # it's\n"]);
        for _ in 0..self.chance.below(4) {
            self.one_of(&["", "(", " ( ", "# a)\n", "  "]);
            self.one_of(&[
                "a",
                "*",
                "a|b",
                "a | b",
                "\"a b\"",
                "'('",
                "\\)",
                "[a-z]*",
                "$x",
                "\"$(echo ')')\"",
                "if",
                "done|fi",
                "-*",
                "?",
                "${x}",
                "a\\ b",
                "[!a]",
            ]);
            self.one_of(&[")", ") ", ")\n", " ) "]);
            if !self.chance.one_in(4) {
                self.pipeline(depth);
                if self.documents.is_empty() {
                    self.one_of(&[" ", "\n", "", "; "]);
                    if self.out.ends_with("; ") {
                        self.put("\n");
                    }
                } else {
                    self.line();
                }
            }
            self.one_of(&[";;", ";;\n", ";&\n", ";;&\n", ";; # fi\n"]);
            self.one_of(&["", " ", "\n"]);
        }
        self.put("esac");
    }

    fn test(&mut self, depth: usize) {
        self.put("[[ ");
        self.one_of(&["", "! ", "-n ", "( a == b ) && "]);
        let unary = self.out.ends_with("-n ");
        self.word(depth);
        if !unary && self.chance.one_in(2) {
            self.one_of(&[
                " == a*",
                " =~ ^(a|b)$",
                " =~ a\\ b",
                " < b",
                " -gt 1",
                " == done",
                " =~ [[:space:]]+$",
                " = \"(\"",
            ]);
        }
        self.one_of(&["", " && -f x", " || a == b", " &&\n -n y"]);
        self.put(" ]]");
    }

    fn simple(&mut self, depth: usize) {
        while self.chance.one_in(5) {
            self.one_of(&["x=", "x+=", "FOO=", "a[1]=", "a[i+1]="]);
            if self.documents.is_empty() && self.chance.one_in(3) {
                self.put("(");
                for _ in 0..self.chance.below(3) {
                    self.word(depth);
                    self.one_of(&[" ", "\n", " # it's\n"]);
                }
                self.put(")");
            } else {
                self.word(depth);
            }
            if self.chance.one_in(3) {
                return;
            }
            self.put(" ");
        }
        self.one_of(&[
            "echo",
            ":",
            "[",
            "a",
            "./x",
            "\\ls",
            "exec",
            "export x=1",
            "local",
            "eval",
            "'q'",
            "-p",
            "printf",
        ]);
        for _ in 0..self.chance.below(4) {
            self.one_of(&[" ", "  ", "\t", " \\\n"]);
            if self.chance.one_in(6) {
                self.one_of(&[
                    "if", "fi", "done", "{", "}", "esac", "in", "do", "case", "then", "!", "[[", "]]", "{}",
                    "{a,b}", "\\;", "-x", "a#b",
                ]);
            } else {
                self.word(depth);
            }
        }
        self.redirections(depth);
    }

    fn redirections(&mut self, depth: usize) {
        while self.chance.one_in(6) {
            if self.chance.one_in(3) {
                let tabs = self.chance.one_in(3);
                let last = self.chance.of(&["EOF", "E", "END-1", "A.b"]);
                self.put(if tabs { " <<-" } else { " <<" });
                self.one_of(&["", " "]);
                let (open, close) = self
                    .chance
                    .of(&[&("", ""), &("'", "'"), &("\"", "\""), &("\\", "")]);
                self.put(open);
                self.put(last);
                self.put(close);
                self.documents.push((last, tabs));
            } else {
                self.one_of(&[
                    " > ", " >>", " 2>&1 >", " <", " &>", " <<<", " >|", " 2> ", " {fd}>", " <> ", " <<< ",
                    " &>>", " >& ",
                ]);
                self.word(depth);
            }
        }
    }

    fn word(&mut self, depth: usize) {
        for _ in 0..=self.chance.below(2) {
            self.part(depth);
        }
    }

    fn part(&mut self, depth: usize) {
        let deep = depth > 4 || self.out.len() > LONGEST || !self.documents.is_empty();
        match self.chance.below(if deep { 6 } else { 12 }) {
            0 | 1 => self.one_of(&[
                "a", "b.c", "x/y", "1", "-", "é", "a=b", "%s", "~", "@", "+", ",", ":",
            ]),
            2 => self.one_of(&["'a b'", "''", "'\"'", "'$(x'", "'`'", "'#'", "'a\nfi\n'"]),
            3 => self.one_of(&[
                "$x",
                "${x}",
                "${x:-a}",
                "${x##*/}",
                "${x/\\//_}",
                "${#x}",
                "${x[@]}",
                "${!x}",
                "$1",
                "$#",
                "$?",
                "$$",
                "${x%\\}*}",
                "${x:-'}'}",
                "${x#'('}",
                "${x//\\\"/}",
            ]),
            4 => self.one_of(&[
                "\\\"", "\\'", "\\ ", "\\(", "\\$", "\\\\", "\\`", "\\;", "\\#", "\\{",
            ]),
            5 => self.one_of(&[
                "$'a\\'b'",
                "$\"a\"",
                "\"a b\"",
                "\"it's\"",
                "\"\\\"\"",
                "\"#\"",
                "\"$x\"",
                "\"a\\`b\"",
            ]),
            6 => {
                self.put("$(");
                self.inner(depth);
                self.put(")");
            }
            7 => {
                self.put("\"$(");
                self.inner(depth);
                self.put(")\"");
            }
            8 => self.one_of(&BACKTICKS),
            9 => self.one_of(&[
                "$((1+2))",
                "$(( (1 + 2) << 3 ))",
                "\"$((x))\"",
                "$[1+2]",
                "$((x[1]))",
                "$(( \"1\" ))",
                "$((1\n+2))",
            ]),
            10 => {
                let begin = self.chance.of(&["${x:-", "\"${x:-", "${x:+", "\"${x#"]);
                let quoted = begin.starts_with('"');
                self.put(begin);
                self.one_of(&["a", "$x", "${y}", "$(date)", "\"b\"", "$((1))", "`x`", "\\}", ""]);
                self.put(if quoted { "}\"" } else { "}" });
            }
            _ => {
                self.one_of(&["<(", ">("]);
                self.inner(depth);
                self.put(")");
            }
        }
    }

    /// Commands of a substitution: their here-documents end inside.
    fn inner(&mut self, depth: usize) {
        let outer = std::mem::take(&mut self.documents);
        self.list(depth + 1);
        self.documents = outer;
    }
}
