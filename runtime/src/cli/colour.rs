//! `--color`: whether what is printed is coloured. It is one choice for the whole process, which `anstream` keeps and asks
//! before the environment.

use std::ffi::OsString;

use anstream::ColorChoice;
use clap::ValueEnum;

use super::args::Colour;

/// From here on it is coloured so.
pub(super) fn choose(colour: Colour) {
    let choice = match colour {
        Colour::Auto => ColorChoice::Auto,
        Colour::Always => ColorChoice::Always,
        Colour::Never => ColorChoice::Never,
    };
    choice.write_global();
}

/// The same before the words are read as a whole: what is said of them may be coloured, too.
pub(super) fn choose_early(words: &[OsString]) {
    if let Some(colour) = asked(words) {
        choose(colour);
    }
}

/// Whether `--color never` was said.
pub(super) fn is_never() -> bool {
    ColorChoice::global() == ColorChoice::Never
}

/// Whether `--color always` was said.
pub(super) fn is_always() -> bool {
    ColorChoice::global() == ColorChoice::Always
}

fn asked(words: &[OsString]) -> Option<Colour> {
    let mut words = words.iter().skip(1).map_while(|word| {
        word.to_str()
            .map_or(Some(""), |word| (word != "--").then_some(word))
    });
    let value = words.find_map(|word| match word.strip_prefix("--color")? {
        "" => Some(None),
        behind => behind.strip_prefix('=').map(Some),
    })?;
    let value = value.or_else(|| words.next())?;
    Colour::from_str(value, false).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_found_before_the_line_is_read() {
        for (words, want) in [
            (&["x", "--color", "never", "run"][..], Some(Colour::Never)),
            (&["x", "run", "--color=always"], Some(Colour::Always)),
            (&["x", "run", "--colors=always"], None),
            (&["x", "run", "--color"], None),
            (&["x", "run", "--color", "red"], None),
            (&["x", "eval", "--", "--color=always"], None),
        ] {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            assert_eq!(asked(&words), want, "{words:?}");
        }
    }
}
