//! Workflow commands as they are written: `::name key=value,key=value::message`, and the older
//! `##[name key=value;key=value]message`.

/// A command that a line holds. Which names there are is not decided here. No `Debug`: it may hold a secret.
#[cfg_attr(test, derive(Debug))]
pub(super) struct Command<'a> {
    /// Its name, as written.
    pub(super) name: &'a str,
    /// Its properties in order; names are compared without regard to case, and the last of a name counts.
    properties: Vec<(&'a str, String)>,
    /// Its message, with escapes undone.
    pub(super) message: String,
}

impl<'a> Command<'a> {
    /// Reads a line. `known` says whether a name is one of a command: a line with another name is none.
    ///
    /// The new form may have white space before it, the old one any text.
    pub(super) fn parse(line: &'a str, known: impl Fn(&str) -> bool) -> Option<Self> {
        Self::parse_new(line, &known).or_else(|| Self::parse_old(line, &known))
    }

    /// The value of a property that is there and not empty.
    pub(super) fn property(&self, name: &str) -> Option<&str> {
        self.properties
            .iter()
            .rev()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn parse_new(line: &'a str, known: impl Fn(&str) -> bool) -> Option<Self> {
        let (head, message) = line.trim_start().strip_prefix("::")?.split_once("::")?;
        let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
        known(name).then(|| Self {
            name,
            properties: split_properties(properties.trim(), ',', PROPERTY),
            message: unescape(message, MESSAGE),
        })
    }

    fn parse_old(line: &'a str, known: impl Fn(&str) -> bool) -> Option<Self> {
        let (_, rest) = line.split_once("##[")?;
        let (head, message) = rest.split_once(']')?;
        let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
        known(name).then(|| Self {
            name,
            properties: split_properties(properties, ';', OLD),
            message: unescape(message, OLD),
        })
    }
}

type Escapes = &'static [(&'static str, char)];

const MESSAGE: Escapes = &[("%25", '%'), ("%0D", '\r'), ("%0A", '\n')];
const PROPERTY: Escapes = &[
    ("%25", '%'),
    ("%0D", '\r'),
    ("%0A", '\n'),
    ("%3A", ':'),
    ("%2C", ','),
];
const OLD: Escapes = &[
    ("%25", '%'),
    ("%0D", '\r'),
    ("%0A", '\n'),
    ("%3B", ';'),
    ("%5D", ']'),
];

/// Pairs without a name or a value do not count; signs of equality between the two are one, as the runner splits them.
fn split_properties(text: &str, separator: char, escapes: Escapes) -> Vec<(&str, String)> {
    text.split(separator)
        .filter_map(|pair| {
            let (name, value) = pair.trim_start_matches('=').split_once('=')?;
            let value = value.trim_start_matches('=');
            (!value.is_empty()).then(|| (name, unescape(value, escapes)))
        })
        .collect()
}

fn unescape(text: &str, escapes: Escapes) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (before, escaped) = rest.split_at(at);
        plain.push_str(before);
        let known = escapes
            .iter()
            .find_map(|(written, c)| escaped.strip_prefix(written).map(|after| (*c, after)));
        let (c, after) = known.unwrap_or(('%', escaped.get(1..).unwrap_or_default()));
        plain.push(c);
        rest = after;
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(line: &str) -> Option<Command<'_>> {
        Command::parse(line, |name| {
            ["warning", "debug", "set-env"].contains(&name.to_lowercase().as_str())
        })
    }

    fn shown(line: &str) -> Option<String> {
        parse(line).map(|command| {
            let properties: Vec<String> = command
                .properties
                .iter()
                .map(|(k, v)| format!("{k}={v}"))
                .collect();
            format!("{}|{}|{}", command.name, properties.join("|"), command.message)
        })
    }

    #[test]
    fn lines_are_read_as_the_runner_reads_them() {
        for (line, expected) in [
            ("::debug::hello", Some("debug||hello")),
            ("  \t::debug::hello", Some("debug||hello")),
            ("::DEBUG::hello", Some("DEBUG||hello")),
            ("::debug::", Some("debug||")),
            ("::debug::a::b", Some("debug||a::b")),
            (
                "::warning file=a.js,line=1::m",
                Some("warning|file=a.js|line=1|m"),
            ),
            (
                "::warning file=a.js, line=1::m",
                Some("warning|file=a.js| line=1|m"),
            ),
            ("::warning  file=a.js ::m", Some("warning|file=a.js|m")),
            (
                "::warning file=,line,=x,a==b,c=d=e::m",
                Some("warning|a=b|c=d=e|m"),
            ),
            (
                "::warning title=a%3Ab%2Cc%25%0A::m%3A%0Ax%250A",
                Some("warning|title=a:b,c%\n|m%3A\nx%0A"),
            ),
            ("::warning ::%0a%", Some("warning||%0a%")),
            ("x ::debug::hello", None),
            ("::debug hello", None),
            ("::other::hello", None),
            (": :debug::x", None),
            ("::debug", None),
            ("::::", None),
            ("##[debug]hello", Some("debug||hello")),
            ("text ##[debug]hello", Some("debug||hello")),
            (
                "##[set-env name=a%5Db;x=%3B]v%0Aw%3B",
                Some("set-env|name=a]b|x=;|v\nw;"),
            ),
            ("##[other]x", None),
            ("##[debug", None),
            ("::other::##[debug]x", Some("debug||x")),
        ] {
            assert_eq!(shown(line).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn properties_go_by_name_in_any_case() {
        let command = parse("::warning endLine=1,ENDLINE=2::").unwrap();
        assert_eq!(command.property("endline"), Some("2"));
        assert_eq!(command.property("line"), None);
    }

    proptest! {
        #[test]
        fn no_line_panics(line in "(::|##\\[)?[a-z ]{0,8}[%0-9A-F=,;:\\]é ]{0,30}(::|\\])?\\PC{0,10}") {
            let _ = Command::parse(&line, |_| true);
        }

        #[test]
        fn what_toolkits_escape_comes_back(message in "[%a0AD\r\n:,]{0,20}", title in "[%a0AD23C\r\n:,]{1,20}") {
            let escape = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
            let line = format!(
                "::warning title={}::{}",
                escape(&title).replace(':', "%3A").replace(',', "%2C"),
                escape(&message),
            );
            let command = Command::parse(&line, |_| true).unwrap();
            prop_assert_eq!(command.message, message);
            prop_assert_eq!(&command.properties[0].1, &title);
        }
    }
}
