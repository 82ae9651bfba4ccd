//! Words in messages: names shown safely, and guesses at what was meant.

use std::borrow::Cow;

/// Longest name a message shows, in characters.
const SHOWN: usize = 80;
/// Longest word a guess is made for; nobody mistypes a paragraph.
const GUESSED: usize = 64;
/// How many candidates a guess looks at, so that ten thousand jobs with ten thousand typos stay fast.
const CANDIDATES: usize = 500;

/// A name from the file in backticks: shortened, and with control characters made visible, as it may be anything.
pub(crate) fn name(text: &str) -> String {
    format!("`{}`", plain(text))
}

/// Like [`name`] without the backticks, to stand within them.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if text.chars().count() <= SHOWN && !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut shown: String = String::new();
    for character in text.chars().take(SHOWN) {
        show(character, &mut shown);
    }
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    Cow::Owned(shown)
}

/// A sentence with what it quotes from the file made visible.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        show(character, &mut shown);
    }
    shown
}

/// Adds a character, a control character as it is written between double quotes in YAML and JSON.
fn show(character: char, shown: &mut String) {
    match character {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        _ if character.is_control() => shown.push_str(&format!("\\u{:04x}", u32::from(character))),
        _ => shown.push(character),
    }
}

/// The candidate that `word` was probably meant to be.
pub(crate) fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = normal(word);
    let length = wanted.chars().count();
    if length == 0 || length > GUESSED {
        return None;
    }
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let first = |text: &str| text.as_bytes().first().map(u8::to_ascii_lowercase);
    let mut longer = candidates
        .iter()
        .copied()
        .filter(|candidate| first(candidate) == first(&wanted) && candidate.len() > wanted.len())
        .take(CANDIDATES)
        .filter(|candidate| begins(&wanted, candidate));
    let only_longer = longer.next().filter(|_| longer.next().is_none());
    // One slip in a short word, more in a long one; never so many that any word would do.
    let allowed = (length / 3).clamp(1, 3);
    candidates
        .iter()
        .copied()
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= allowed)
        .take(CANDIDATES)
        .filter_map(|candidate| {
            let normal = normal(candidate);
            let possible = fewest_slips(&wanted, &normal) <= allowed;
            possible.then(|| (strsim::damerau_levenshtein(&wanted, &normal), candidate))
        })
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= 1 || only_longer.is_none())
        .map(|(_, candidate)| candidate)
        .or(only_longer)
}

/// Whether a word is the beginning of another: `timeout` of `timeout-minutes`.
fn begins(word: &str, longer: &str) -> bool {
    const SHORTEST: usize = 4;
    word.len() >= SHORTEST
        && normal(longer)
            .strip_prefix(word)
            .is_some_and(|rest| !rest.is_empty())
}

/// Whether a guess is certain: nothing else comes near, and the slip is one that hands make. `free`: whether people make up
/// such words themselves; then another letter or digit may be another word, and only a slip of the same letters is certain.
pub(crate) fn is_certain<'a>(
    word: &str,
    guess: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    free: bool,
) -> bool {
    /// A shorter word has too many neighbours.
    const SHORTEST: usize = 3;
    const SHORTEST_FREE: usize = 5;
    let (wanted, meant) = (normal(word), normal(guess));
    let shortest = if free { SHORTEST_FREE } else { SHORTEST };
    let slips = strsim::damerau_levenshtein(&wanted, &meant);
    if slips > 1 || slips == 1 && wanted.chars().count() < shortest {
        return false;
    }
    let sorted = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let doubled = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.dedup();
        letters
    };
    if digits(&wanted) != digits(&meant) {
        return false;
    }
    if free && sorted(&wanted) != sorted(&meant) && doubled(&wanted) != doubled(&meant) {
        return false;
    }
    let near = |other: &str| strsim::damerau_levenshtein(&wanted, &normal(other)) <= slips;
    !candidates
        .into_iter()
        .take(CANDIDATES)
        .any(|other| other != guess && near(other))
}

/// How many slips lie between two words at least: as many as letters of one are not in the other. Told much faster than
/// how many there are.
fn fewest_slips(one: &str, other: &str) -> usize {
    let missing = |wanted: &str, given: &str| {
        let mut left: Vec<char> = given.chars().collect();
        let is_missing = |letter: &char| match left.iter().position(|given| given == letter) {
            Some(at) => {
                left.swap_remove(at);
                false
            }
            None => true,
        };
        wanted.chars().filter(is_missing).count()
    };
    missing(one, other).max(missing(other, one))
}

/// Case and the kind of separator are what people get wrong most.
fn normal(word: &str) -> String {
    word.trim()
        .chars()
        .map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() })
        .collect()
}

/// The boolean of YAML 1.2 for a word that was one in YAML 1.1.
pub(crate) fn boolean(word: &str) -> Option<&'static str> {
    let is = |words: [&str; 3]| words.iter().any(|one| one.eq_ignore_ascii_case(word));
    if is(["yes", "on", "y"]) {
        Some("true")
    } else if is(["no", "off", "n"]) {
        Some("false")
    } else {
        None
    }
}

/// `a`, `b`, `c`.
pub(crate) fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|one| format!("`{one}`")).collect();
    names.join(", ")
}

/// `a`, `b` or `c`.
pub(crate) fn alternatives(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [most @ .., last] => {
            let most: Vec<String> = most.iter().map(|one| format!("`{one}`")).collect();
            format!("{} or `{last}`", most.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_are_near_or_none() {
        let keys = ["run", "runs-on", "steps", "timeout-minutes", "uses", "env"];
        for (word, want) in [
            ("stepz", Some("steps")),
            ("runs_on", Some("runs-on")),
            ("Runs-On", Some("runs-on")),
            ("timeout-minute", Some("timeout-minutes")),
            ("rnu", Some("run")),
            ("use", Some("uses")),
            ("x", None),
            ("", None),
            ("completely-else", None),
            ("timeout", Some("timeout-minutes")),
            ("timeout-min", Some("timeout-minutes")),
        ] {
            assert_eq!(closest(word, keys), want, "{word}");
        }
    }

    #[test]
    fn few_guesses_are_certain() {
        let keys = ["run", "runs-on", "steps", "needs", "build-1", "builds"];
        for (word, guess, free, want) in [
            ("stepz", "steps", false, true),
            ("runs_on", "runs-on", false, true),
            ("Runs-On", "runs-on", true, true),
            ("rnu", "run", false, true),
            ("ru", "run", false, false),
            ("stpeps", "steps", false, true),
            ("stepping", "steps", false, false),
            ("build-2", "build-1", false, false),
            ("stepz", "steps", true, false),
            ("setps", "steps", true, true),
            ("buildss", "builds", true, true),
            ("build", "builds", true, false),
        ] {
            assert_eq!(is_certain(word, guess, keys, free), want, "{word}");
        }
        assert!(!is_certain("beeds", "needs", ["needs", "seeds"], false));
    }

    #[test]
    fn names_are_shown_safely() {
        assert_eq!(name("a"), "`a`");
        assert_eq!(name("a\nb\u{1b}"), "`a\\nb\\u001b`");
        assert_eq!(name(&"é".repeat(200)).chars().count(), 83);
        assert_eq!(alternatives(&["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
