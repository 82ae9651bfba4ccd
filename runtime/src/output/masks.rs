//! The masks of a run: every text that leaves a job passes them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use memchr::memmem;

use super::encodings::encodings;

/// What stands for a secret.
const MASK: &str = "***";
/// Up to so many forms are looked for by one automaton; beyond, new ones get their own until they are as many.
const SMALL_TIER: usize = 256;
/// A longer form is looked for by itself: an automaton of it would cost fifty times its length in memory.
const LONGEST_SHARED: usize = 4 * 1024;
/// Forms of more bytes in all are looked for by an automaton that is quick to build.
const LARGEST_TABLE: usize = 2 * 1024;

/// What must not be seen of a run. Cheap to clone; all clones are one, from any thread.
///
/// A value is masked as it is, line by line, and in the forms that programs print it in: base64 at all offsets, JSON,
/// URI, XML and shell escapes, PowerShell's pieces, hexadecimal. Empty values and white space alone are no secrets.
#[derive(Clone, Default)]
pub struct Masks {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Whether there is anything to mask: without secrets a line costs one load.
    any: AtomicBool,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    values: HashSet<String>,
    forms: HashSet<Arc<str>>,
    /// Forms that no tier looks for yet.
    pending: Vec<Arc<str>>,
    tiers: Arc<Vec<Arc<Tier>>>,
}

/// Forms that are looked for together.
struct Tier {
    forms: Vec<Arc<str>>,
    shared: Option<AhoCorasick>,
    alone: Vec<memmem::Finder<'static>>,
}

impl Masks {
    /// Nothing to mask.
    pub fn new() -> Self {
        Self::default()
    }

    /// Masks a value from now on: as a whole, without the white space around it, and each of its lines.
    pub fn add(&self, value: &str) {
        let mut state = self.shared.state.write().unwrap_or_else(PoisonError::into_inner);
        state.add_value(value);
        state.add_value(value.trim());
        for line in value.split(['\r', '\n']) {
            state.add_value(line.trim());
        }
        if !state.forms.is_empty() {
            self.shared.any.store(true, Ordering::Release);
        }
    }

    /// Masks a token that is no secret of the user's: only as it is written.
    pub(super) fn add_exact(&self, value: &str) {
        let mut state = self.shared.state.write().unwrap_or_else(PoisonError::into_inner);
        state.add_form(value);
        self.shared.any.store(true, Ordering::Release);
    }

    /// The text with `***` for every stretch that secrets cover; secrets that overlap or touch are one stretch.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.tiers() {
            None => Cow::Borrowed(text),
            Some(tiers) => replace(text, &spans(&tiers, text)),
        }
    }

    /// As [`Masks::mask`], for a text that goes on where nobody sees it: what may be the beginning of a secret at its
    /// end is masked too.
    pub fn mask_cut<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let Some(tiers) = self.tiers() else {
            return Cow::Borrowed(text);
        };
        let started = tiers
            .iter()
            .flat_map(|tier| &tier.forms)
            .map(|form| started(form.as_bytes(), text.as_bytes()))
            .max()
            .unwrap_or(0);
        let mut spans = spans(&tiers, text);
        if started > 0 {
            spans.push((text.len() - started, text.len()));
        }
        replace(text, &merged(spans))
    }

    /// Whether there is anything to mask in the text.
    pub fn reveals(&self, text: &str) -> bool {
        self.tiers()
            .is_some_and(|tiers| tiers.iter().any(|tier| tier.is_in(text)))
    }

    fn tiers(&self) -> Option<Arc<Vec<Arc<Tier>>>> {
        if !self.shared.any.load(Ordering::Acquire) {
            return None;
        }
        {
            let state = self.shared.state.read().unwrap_or_else(PoisonError::into_inner);
            if state.pending.is_empty() {
                return Some(Arc::clone(&state.tiers));
            }
        }
        let mut state = self.shared.state.write().unwrap_or_else(PoisonError::into_inner);
        state.settle();
        Some(Arc::clone(&state.tiers))
    }
}

/// Says how many there are, nothing of them.
impl fmt::Debug for Masks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.state.read().unwrap_or_else(PoisonError::into_inner);
        write!(f, "Masks({} values)", state.values.len())
    }
}

impl State {
    fn add_value(&mut self, value: &str) {
        if value.trim().is_empty() || self.values.contains(value) {
            return;
        }
        self.values.insert(value.to_owned());
        self.add_form(value);
        for form in encodings(value) {
            self.add_form(&form);
        }
    }

    fn add_form(&mut self, form: &str) {
        if form.is_empty() || self.forms.contains(form) {
            return;
        }
        let form: Arc<str> = form.into();
        self.forms.insert(Arc::clone(&form));
        self.pending.push(form);
    }

    /// Gives the new forms a tier, together with older tiers that hold no more: a form is built into an automaton a few
    /// times at most, however many are added one by one.
    fn settle(&mut self) {
        let mut forms = std::mem::take(&mut self.pending);
        if forms.is_empty() {
            return;
        }
        let mut tiers: Vec<Arc<Tier>> = self.tiers.as_ref().clone();
        while let Some(last) = tiers.pop_if(|last| last.forms.len() <= forms.len().max(SMALL_TIER)) {
            forms.extend(last.forms.iter().cloned());
        }
        tiers.push(Arc::new(Tier::new(forms)));
        self.tiers = Arc::new(tiers);
    }
}

impl Tier {
    fn new(forms: Vec<Arc<str>>) -> Self {
        let (short, long): (Vec<&str>, Vec<&str>) = forms
            .iter()
            .map(AsRef::as_ref)
            .partition(|form: &&str| form.len() <= LONGEST_SHARED);
        // A full table is the fastest to search and, for long forms, by far the slowest to build.
        let total: usize = short.iter().map(|form| form.len()).sum();
        let kind = (total > LARGEST_TABLE).then_some(AhoCorasickKind::ContiguousNFA);
        let (shared, alone) = match AhoCorasick::builder().kind(kind).build(&short) {
            Ok(shared) => (Some(shared), long),
            // Too many for an automaton: slower, never unmasked.
            Err(_) => (None, forms.iter().map(AsRef::as_ref).collect()),
        };
        let alone = alone
            .into_iter()
            .map(|form| memmem::Finder::new(form).into_owned())
            .collect();
        Self { shared, alone, forms }
    }

    fn is_in(&self, text: &str) -> bool {
        self.shared.as_ref().is_some_and(|shared| shared.is_match(text))
            || self
                .alone
                .iter()
                .any(|finder| finder.needle().len() <= text.len() && finder.find(text.as_bytes()).is_some())
    }

    /// Adds the stretches of the text that this tier's forms cover.
    fn find(&self, text: &str, found: &mut Vec<(usize, usize)>) {
        if let Some(shared) = &self.shared
            && shared.is_match(text)
            && let Ok(matches) = shared.try_find_overlapping_iter(text)
        {
            let mut own: Vec<(usize, usize)> = Vec::new();
            // They come by their ends, so that a new one can only grow the last stretches.
            for one in matches {
                let mut start = one.start();
                while let Some(last) = own.pop_if(|last| last.1 >= start) {
                    start = start.min(last.0);
                }
                own.push((start, one.end()));
            }
            found.append(&mut own);
        }
        for finder in &self.alone {
            let length = finder.needle().len();
            let mut from = 0;
            while let Some(at) = text.as_bytes().get(from..).and_then(|rest| finder.find(rest)) {
                found.push((from + at, from + at + length));
                from += at + 1;
            }
        }
    }
}

fn spans(tiers: &[Arc<Tier>], text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for tier in tiers {
        tier.find(text, &mut found);
    }
    merged(found)
}

fn merged(mut spans: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    if spans.len() < 2 {
        return spans;
    }
    spans.sort_unstable();
    spans.dedup_by(|next, last| {
        let touches = next.0 <= last.1;
        if touches {
            last.1 = last.1.max(next.1);
        }
        touches
    });
    spans
}

/// `***` for each stretch; they are in order and apart.
fn replace<'a>(text: &'a str, spans: &[(usize, usize)]) -> Cow<'a, str> {
    if spans.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut from = 0;
    for &(start, end) in spans {
        masked.push_str(text.get(from..start).unwrap_or_default());
        masked.push_str(MASK);
        from = end;
    }
    masked.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(masked)
}

/// How many bytes at the end of the text are the beginning of the form, but not all of it (Knuth, Morris and Pratt).
fn started(form: &[u8], text: &[u8]) -> usize {
    let mut failure = vec![0usize; form.len()];
    let mut matched = 0;
    let step = |failure: &[usize], mut matched: usize, byte: u8| {
        loop {
            if form.get(matched) == Some(&byte) {
                return matched + 1;
            }
            match matched.checked_sub(1).and_then(|last| failure.get(last)) {
                None => return 0,
                Some(&shorter) => matched = shorter,
            }
        }
    };
    for (at, &byte) in form.iter().enumerate().skip(1) {
        matched = step(&failure, matched, byte);
        if let Some(slot) = failure.get_mut(at) {
            *slot = matched;
        }
    }
    matched = 0;
    let tail = text
        .get(text.len().saturating_sub(form.len())..)
        .unwrap_or_default();
    for &byte in tail {
        matched = step(&failure, matched, byte);
        if matched == form.len() {
            matched = failure.last().copied().unwrap_or(0);
        }
    }
    matched
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn masks(values: &[&str]) -> Masks {
        let masks = Masks::new();
        for value in values {
            masks.add(value);
        }
        masks
    }

    #[test]
    fn without_secrets_nothing_is_copied() {
        assert!(matches!(Masks::new().mask("text"), Cow::Borrowed("text")));
        assert!(matches!(masks(&["secret"]).mask("text"), Cow::Borrowed("text")));
    }

    #[test]
    fn empty_values_and_white_space_are_no_secrets() {
        let masks = masks(&["", "  ", "\n\r\n", "\t"]);
        assert_eq!(masks.mask("a  b\t c"), "a  b\t c");
        assert!(!masks.reveals(" "));
    }

    #[test]
    fn stretches_that_overlap_or_touch_are_one() {
        let masks = masks(&["abcd", "cdef", "bc"]);
        assert_eq!(masks.mask("1abcdef2"), "1***2");
        assert_eq!(masks.mask("abcdabcd!"), "***!");
        assert_eq!(masks.mask("bc-bc"), "***-***");
        assert_eq!(masks.mask("é abcd é"), "é *** é");
    }

    #[test]
    fn lines_of_a_value_are_masked_one_by_one() {
        let masks = masks(&["alpha4242\r\n  bravo4242\n\n"]);
        assert_eq!(masks.mask("1 alpha4242"), "1 ***");
        assert_eq!(masks.mask("2 bravo4242 x"), "2 *** x");
        assert_eq!(
            masks.mask("{\"k\":\"alpha4242\\r\\n  bravo4242\\n\\n\"}"),
            "{\"k\":\"***\"}"
        );
    }

    #[test]
    fn a_value_is_found_in_base64_at_every_offset_and_before_anything() {
        let secret = "s3cr3t-V4lue-xyz";
        let masks = masks(&[secret]);
        let parts = ["czNjcjN0LVY0bHVlLXh5", "NyM3QtVjRsdWUt", "jM3QtVjRsdWUteH"];
        for before in ["", "u", "u:", "user:", "12345678"] {
            for after in ["", "\n", "ab", "abcdefgh"] {
                let text = base64(&format!("{before}{secret}{after}"));
                let masked = masks.mask(&text);
                assert!(
                    masked.contains("***"),
                    "{before:?} {after:?}: {text} gives {masked}"
                );
                for part in parts {
                    assert!(!masked.contains(part), "{masked}");
                }
            }
        }
    }

    fn base64(text: &str) -> String {
        // The encoder under test elsewhere; here the padded form of the whole is enough.
        crate::output::encodings::encodings(text).remove(0)
    }

    #[test]
    fn clones_are_one_and_new_values_count_at_once() {
        let one = Masks::new();
        let other = one.clone();
        assert_eq!(other.mask("hunter42"), "hunter42");
        one.add("hunter42");
        assert_eq!(other.mask("hunter42"), "***");
        one.add("later99");
        assert_eq!(other.mask("hunter42 later99"), "*** ***");
        assert_eq!(format!("{one:?}"), "Masks(2 values)");
    }

    #[test]
    fn many_values_added_one_by_one_stay_cheap() {
        let masks = Masks::new();
        for n in 0..300 {
            let value = format!("value-{n:05}-x");
            masks.add(&value);
            assert_eq!(masks.mask(&value), "***");
        }
        assert!(masks.tiers().unwrap().len() < 12);
        assert_eq!(masks.mask("a value-00000-x b value-00299-x"), "a *** b ***");
    }

    #[test]
    fn very_long_values_are_masked_too() {
        let value = "0123456789abcdef".repeat(1000);
        let masks = masks(&[&value]);
        assert_eq!(masks.mask(&format!("a{value}b")), "a***b");
        assert!(masks.reveals(&value));
    }

    #[test]
    fn a_cut_text_does_not_show_the_beginning_of_a_secret() {
        let masks = masks(&["abab1", "s3cr3t-value"]);
        assert_eq!(masks.mask_cut("x s3cr3t-v"), "x ***");
        assert_eq!(masks.mask_cut("x s3cr3t-value"), "x ***");
        assert_eq!(masks.mask_cut("x abab"), "x ***");
        assert_eq!(masks.mask_cut("x abab1abab"), "x ***");
        assert_eq!(masks.mask_cut("nothing"), "nothing");
    }

    /// Every byte that an occurrence of a form covers, by trying all places.
    fn naive(forms: &[String], text: &str) -> String {
        let bytes = text.as_bytes();
        let mut covered = vec![false; bytes.len()];
        let mut joined = vec![false; bytes.len() + 1];
        for form in forms {
            for at in 0..bytes.len() {
                if !form.is_empty() && bytes[at..].starts_with(form.as_bytes()) {
                    covered[at..at + form.len()].fill(true);
                    joined[at..at + form.len()].fill(true);
                }
            }
        }
        let mut result = Vec::new();
        for at in 0..bytes.len() {
            if !covered[at] {
                result.push(bytes[at]);
            } else if at == 0 || !covered[at - 1] {
                result.extend_from_slice(b"***");
            }
        }
        String::from_utf8(result).unwrap()
    }

    proptest! {
        #[test]
        fn masks_as_trying_every_place_would(
            values in proptest::collection::vec("[ab&\"é]{1,4}", 0..6),
            text in "[ab&\"é ]{0,40}",
        ) {
            let masks = Masks::new();
            for value in &values {
                masks.add(value);
            }
            let forms: Vec<String> = masks
                .shared.state.read().unwrap().forms.iter().map(|form| form.to_string()).collect();
            prop_assert_eq!(masks.mask(&text).into_owned(), naive(&forms, &text));
            prop_assert_eq!(masks.reveals(&text), masks.mask(&text) != text);
            for value in &values {
                prop_assert!(forms.contains(value));
            }
        }

        #[test]
        fn the_begun_part_is_that_of_trying_all(form in "[ab]{1,8}", text in "[ab]{0,20}") {
            let naive = (0..form.len()).rev().find(|&n| text.ends_with(&form[..n])).unwrap_or(0);
            prop_assert_eq!(started(form.as_bytes(), text.as_bytes()), naive);
        }
    }
}
