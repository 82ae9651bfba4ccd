//! Numbers in filters, with the units they were written in.

/// The most that a number may be, so that every language reads and prints it alike.
const MOST: f64 = 1e15;
/// The most digits after the point, for the same reason.
const DECIMALS: usize = 6;

/// How a number has to stand to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Equal to it.
    Equal,
    /// Larger.
    Above,
    /// Larger or equal.
    AtLeast,
    /// Smaller.
    Below,
    /// Smaller or equal.
    AtMost,
}

/// What a number is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Ones.
    One,
    /// Thousands.
    Thousand,
    /// Millions.
    Million,
    /// Nanoseconds.
    Nanosecond,
    /// Microseconds.
    Microsecond,
    /// Milliseconds.
    Millisecond,
    /// Seconds.
    Second,
    /// Minutes.
    Minute,
    /// Hours.
    Hour,
}

/// A number with its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amount {
    number: f64,
    unit: Unit,
}

/// What a number is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// How.
    pub comparison: Comparison,
    /// With what.
    pub amount: Amount,
}

/// Why a text is no number of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoAmount {
    NotANumber,
    TooLarge,
    /// A time without one of the units of times, or a count with one.
    Unit,
}

impl Comparison {
    /// The comparison at the beginning of a value, and how many letters say it.
    pub(super) fn leading(value: &str) -> (Self, usize) {
        for (sign, comparison) in [
            (">=", Self::AtLeast),
            ("<=", Self::AtMost),
            (">", Self::Above),
            ("<", Self::Below),
            ("=", Self::Equal),
        ] {
            if value.starts_with(sign) {
                return (comparison, sign.len());
            }
        }
        (Self::Equal, 0)
    }

    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Equal => "",
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Below => "<",
            Self::AtMost => "<=",
        }
    }
}

impl Unit {
    /// The unit's letters, and how many ones or milliseconds it is.
    pub(super) fn parts(self) -> (&'static str, f64) {
        match self {
            Self::One => ("", 1.0),
            Self::Thousand => ("k", 1e3),
            Self::Million => ("M", 1e6),
            Self::Nanosecond => ("ns", 1e-6),
            Self::Microsecond => ("us", 1e-3),
            Self::Millisecond => ("ms", 1.0),
            Self::Second => ("s", 1e3),
            Self::Minute => ("m", 6e4),
            Self::Hour => ("h", 3.6e6),
        }
    }

    fn of(text: &str, is_time: bool) -> Option<Self> {
        Some(match (text, is_time) {
            ("", false) => Self::One,
            ("k" | "K", false) => Self::Thousand,
            ("M", false) => Self::Million,
            ("ns", true) => Self::Nanosecond,
            ("us" | "µs" | "μs", true) => Self::Microsecond,
            ("ms", true) => Self::Millisecond,
            ("s", true) => Self::Second,
            ("m", true) => Self::Minute,
            ("h", true) => Self::Hour,
            _ => return None,
        })
    }
}

impl Amount {
    /// A count.
    pub fn count(number: u32) -> Self {
        Self {
            number: f64::from(number),
            unit: Unit::One,
        }
    }

    /// A number with the letters of its unit: `1.5k`, `50ms`.
    pub(super) fn read(text: &str, is_time: bool) -> Result<Self, NoAmount> {
        let end = text
            .find(|letter: char| !(letter.is_ascii_digit() || letter == '.'))
            .unwrap_or(text.len());
        let (digits, unit) = text.split_at(end);
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
        if whole.is_empty() || decimals.is_empty() || decimals.contains('.') {
            return Err(NoAmount::NotANumber);
        }
        let number: f64 = digits.parse().map_err(|_| NoAmount::NotANumber)?;
        if number >= MOST || decimals.len() > DECIMALS {
            return Err(NoAmount::TooLarge);
        }
        let unit = Unit::of(unit, is_time).ok_or(NoAmount::Unit)?;
        Ok(Self { number, unit })
    }

    /// In ones, or in milliseconds where it is a time.
    pub fn value(self) -> f64 {
        self.number * self.unit.parts().1
    }

    pub(super) fn number(self) -> f64 {
        self.number
    }

    pub(super) fn unit(self) -> Unit {
        self.unit
    }
}

impl Limit {
    /// Whether a number is within.
    pub fn allows(self, number: f64) -> bool {
        let limit = self.amount.value();
        match self.comparison {
            Comparison::Equal => number == limit,
            Comparison::Above => number > limit,
            Comparison::AtLeast => number >= limit,
            Comparison::Below => number < limit,
            Comparison::AtMost => number <= limit,
        }
    }
}
