//! Filters from texts. Takes any text and tells the first mistake.

use std::str::FromStr;

use super::invalid::meant;
use super::keys::Key;
use super::number::NoAmount;
use super::pattern::Piece;
use super::{
    Amount, Comparison, Condition, Field, Filter, FilterFault, InvalidFilter, Limit, Measure, Nature,
    Pattern, Term,
};

/// Letters that a filter may have.
const LETTERS: usize = 2_000;
/// Values that it may have, a word without a key being one.
const VALUES: usize = 64;

impl FromStr for Filter {
    type Err = InvalidFilter;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let letters: Vec<char> = text.chars().take(LETTERS + 1).collect();
        if letters.len() > LETTERS {
            let message = format!("a filter has at most {LETTERS} characters");
            return Err(fault(FilterFault::TooLong, (LETTERS, LETTERS + 1), message));
        }
        let reader = Reader {
            letters,
            at: 0,
            values: 0,
        };
        reader.filter()
    }
}

struct Reader {
    letters: Vec<char>,
    at: usize,
    /// Values read so far.
    values: usize,
}

/// A value as it was read, and where.
struct Written {
    parts: Vec<Piece>,
    place: (usize, usize),
}

impl Reader {
    fn filter(mut self) -> Result<Filter, InvalidFilter> {
        let mut terms = Vec::new();
        loop {
            while self.peek(0).is_some_and(is_space) {
                self.at += 1;
            }
            if self.peek(0).is_none() {
                return Ok(Filter { terms });
            }
            terms.push(self.term()?);
        }
    }

    fn term(&mut self) -> Result<Term, InvalidFilter> {
        let negated = self.peek(0) == Some('-') && self.peek(1).is_some_and(|letter| !is_space(letter));
        if negated {
            self.at += 1;
        }
        let condition = match self.key()? {
            None => Condition::Text(Pattern::of(self.value(Ends::Word)?.parts)),
            Some(key) => self.condition(key)?,
        };
        Ok(Term { negated, condition })
    }

    /// Letters and a colon. Two colons are of a name (`module::Type`), which is a text.
    fn key(&mut self) -> Result<Option<Key>, InvalidFilter> {
        let start = self.at;
        let rest = self.letters.get(start..).unwrap_or_default();
        let word: String = rest
            .iter()
            .take_while(|letter| letter.is_ascii_alphabetic())
            .collect();
        if word.is_empty() || self.peek(word.len()) != Some(':') || self.peek(word.len() + 1) == Some(':') {
            return Ok(None);
        }
        self.at += word.len() + 1;
        let Some(key) = Key::of(&word) else {
            let all = Key::all();
            let instead = match meant(&word, &all) {
                Some(known) => format!("did you mean `{known}:`?"),
                None => format!("there are {}; a text with a colon goes in quotes", all.join(", ")),
            };
            let message = format!("there is no key `{word}`; {instead}");
            return Err(fault(
                FilterFault::UnknownKey,
                (start, start + word.len()),
                message,
            ));
        };
        Ok(Some(key))
    }

    fn condition(&mut self, key: Key) -> Result<Condition, InvalidFilter> {
        let mut values = Vec::new();
        loop {
            let value = self.value(Ends::Value)?;
            if value.place.0 == value.place.1 {
                let message = format!("`{}:` wants a value here, {}", key.word(), example(key));
                return Err(fault(
                    FilterFault::MissingValue,
                    (value.place.0, value.place.0 + 1),
                    message,
                ));
            }
            values.push(value);
            if self.peek(0) != Some(',') {
                break;
            }
            self.at += 1;
        }
        let values = values.into_iter();
        Ok(match key {
            Key::Field(field) => {
                Condition::Field(field, values.map(|value| Pattern::of(value.parts)).collect())
            }
            Key::Measure(measure) => {
                let limits = values.map(|value| self.limit(measure, &value));
                Condition::Measure(measure, limits.collect::<Result<_, _>>()?)
            }
            Key::Is => Condition::Is(
                values
                    .map(|value| self.nature(&value))
                    .collect::<Result<_, _>>()?,
            ),
        })
    }

    fn limit(&self, measure: Measure, value: &Written) -> Result<Limit, InvalidFilter> {
        let text = self.text(value.place);
        let (comparison, signs) = Comparison::leading(&text);
        let number = text.get(signs..).unwrap_or_default();
        // How rates are said.
        let number = match measure {
            Measure::Rate => number.strip_suffix("/s").unwrap_or(number),
            _ => number,
        };
        let amount = Amount::read(number, measure.is_time()).map_err(|why| {
            let word = measure.word();
            let message = match why {
                NoAmount::NotANumber | NoAmount::Unit if measure.is_time() => {
                    format!(
                        "`{word}:` wants a time with ns, us, ms, s, m or h, {}",
                        example(Key::Measure(measure))
                    )
                }
                NoAmount::NotANumber | NoAmount::Unit => {
                    format!(
                        "`{word}:` wants a number, also with k or M, {}",
                        example(Key::Measure(measure))
                    )
                }
                NoAmount::TooLarge => "a number has at most 15 digits and 6 more after the point".to_owned(),
            };
            fault(FilterFault::InvalidNumber, value.place, message)
        })?;
        Ok(Limit { comparison, amount })
    }

    fn nature(&self, value: &Written) -> Result<Nature, InvalidFilter> {
        let word = self.text(value.place);
        Nature::of(&word).ok_or_else(|| {
            let known: Vec<&str> = Nature::ALL.iter().map(|nature| nature.word()).collect();
            let message = format!("`is:` knows {}", known.join(", "));
            fault(FilterFault::UnknownValue, value.place, message)
        })
    }

    /// Bare letters and quoted ones, up to where a value ends.
    fn value(&mut self, ends: Ends) -> Result<Written, InvalidFilter> {
        let start = self.at;
        let mut parts = Vec::new();
        while let Some(letter) = self.peek(0) {
            if is_space(letter) || (letter == ',' && ends == Ends::Value) {
                break;
            }
            self.at += 1;
            parts.push(match letter {
                '*' => Piece::Any,
                '"' => Piece::Text(self.quoted()?),
                letter => Piece::Text(letter.to_string()),
            });
        }
        self.values += 1;
        if self.values > VALUES {
            let message = format!("a filter has at most {VALUES} values");
            return Err(fault(FilterFault::TooLong, (start, self.at), message));
        }
        Ok(Written {
            parts,
            place: (start, self.at),
        })
    }

    /// What stands between quotes; the first one is read. `\` keeps a quote or a `\` from meaning anything.
    fn quoted(&mut self) -> Result<String, InvalidFilter> {
        let start = self.at.saturating_sub(1);
        let mut text = String::new();
        while let Some(letter) = self.peek(0) {
            self.at += 1;
            match (letter, self.peek(0)) {
                ('"', _) => return Ok(text),
                ('\\', Some(kept @ ('"' | '\\'))) => {
                    self.at += 1;
                    text.push(kept);
                }
                (letter, _) => text.push(letter),
            }
        }
        let message = "this quote has no end; `\\\"` is a quote within a text".to_owned();
        Err(fault(FilterFault::OpenQuote, (start, self.at), message))
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.letters.get(self.at + ahead).copied()
    }

    fn text(&self, (start, end): (usize, usize)) -> String {
        self.letters.get(start..end).unwrap_or_default().iter().collect()
    }
}

/// What stands between words: the same few signs in every language.
fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r' | '\u{a0}')
}

/// What ends a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// A space.
    Word,
    /// A space or a comma.
    Value,
}

fn example(key: Key) -> &'static str {
    match key {
        Key::Field(Field::State) => "as in `state:failed,stale`",
        Key::Field(Field::Id) => "as in `id:counter*`",
        Key::Field(Field::Type) => "as in `type:Order`",
        Key::Field(_) => "as in `node:web-1`",
        Key::Measure(Measure::Rate) => "as in `rate:>100`",
        Key::Measure(Measure::Uptime) => "as in `uptime:<5m`",
        Key::Measure(measure) if measure.is_time() => "as in `wait:>50ms`",
        Key::Measure(_) => "as in `queue:>=10`",
        Key::Is => "as in `is:system`",
    }
}

fn fault(fault: FilterFault, (start, end): (usize, usize), message: String) -> InvalidFilter {
    InvalidFilter {
        fault,
        start,
        end,
        message,
    }
}
