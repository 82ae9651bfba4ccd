//! The times of `on.schedule`: five fields of numbers, as POSIX has them and GitHub reads them.

use thiserror::Error;

/// When a workflow starts: minute, hour, day of the month, month and day of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    /// For each field, from the left: bit `n` says whether `n` is meant.
    fields: [u64; 5],
    /// Whether the day of the month and the day of the week begin with `*`: then any day is meant.
    stars: [bool; 2],
}

/// A minute of a calendar, in the time zone of the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 23.
    pub hour: u32,
    /// Day of the month, 1 to 31.
    pub day: u32,
    /// 1 to 12.
    pub month: u32,
    /// Day of the week, 0 for Sunday to 6.
    pub weekday: u32,
}

/// Why a text is no time.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CronError {
    /// Not five fields.
    #[error("five fields are wanted (minute, hour, day, month, weekday), not {0}")]
    Fields(usize),
    /// A field that cannot be read.
    #[error("`{text}` is no {field}: {reason}")]
    Field {
        /// The field as written.
        text: String,
        /// What the field stands for.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    /// Names for the numbers from `least` on.
    names: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field {
        name: "minute",
        least: 0,
        most: 59,
        names: &[],
    },
    Field {
        name: "hour",
        least: 0,
        most: 23,
        names: &[],
    },
    Field {
        name: "day of the month",
        least: 1,
        most: 31,
        names: &[],
    },
    Field {
        name: "month",
        least: 1,
        most: 12,
        names: &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    },
    Field {
        name: "day of the week",
        least: 0,
        most: 6,
        names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    },
];

impl Cron {
    /// Reads a time such as `30 5 * * MON-FRI`.
    ///
    /// # Errors
    /// When there are not five fields, or one is not a list of numbers, ranges and steps within its bounds.
    pub fn parse(text: &str) -> Result<Self, CronError> {
        // A block of YAML ends with a line break.
        let parts: Vec<&str> = text.trim().split(' ').filter(|part| !part.is_empty()).collect();
        if parts.len() != FIELDS.len() {
            return Err(CronError::Fields(parts.len()));
        }
        let mut fields = [0; 5];
        for ((bits, part), field) in fields.iter_mut().zip(&parts).zip(&FIELDS) {
            *bits = field.parse(part).map_err(|reason| CronError::Field {
                text: (*part).to_owned(),
                field: field.name,
                reason,
            })?;
        }
        let star = |at: usize| parts.get(at).is_some_and(|part| part.starts_with('*'));
        Ok(Self {
            fields,
            stars: [star(2), star(4)],
        })
    }

    /// Whether this is one of the times.
    #[must_use]
    pub fn matches(&self, moment: Moment) -> bool {
        let [minutes, hours, ..] = self.fields;
        has(minutes, moment.minute)
            && has(hours, moment.hour)
            && self.is_on(moment.day, moment.month, moment.weekday)
    }

    /// Whether there are times on a day: of the month from 1, of a month from 1, of the week from Sunday, which is 0. Of the two
    /// kinds of days either is enough when both are given, as POSIX has it.
    #[must_use]
    pub fn is_on(&self, day: u32, month: u32, weekday: u32) -> bool {
        let [_, _, days, months, weekdays] = self.fields;
        let (day, weekday) = (has(days, day), has(weekdays, weekday));
        let [any_day, any_weekday] = self.stars;
        let on_day = if any_day || any_weekday {
            day && weekday
        } else {
            day || weekday
        };
        on_day && has(months, month)
    }

    /// Its times on such a day as hour and minute, in order.
    pub fn times_of_day(&self) -> impl Iterator<Item = (u32, u32)> {
        let [minutes, hours, ..] = self.fields;
        let hours = (0..24).filter(move |hour| has(hours, *hour));
        hours.flat_map(move |hour| {
            let minutes = (0..60).filter(move |minute| has(minutes, *minute));
            minutes.map(move |minute| (hour, minute))
        })
    }

    /// Whether it is of every hour, and means a distance rather than a time of the day.
    #[must_use]
    pub fn is_hourly(&self) -> bool {
        let [_, hours, ..] = self.fields;
        (0..24).all(|hour| has(hours, hour))
    }

    /// The shortest time between two starts in minutes, as far as minutes and hours alone decide it.
    #[must_use]
    pub fn shortest_interval(&self) -> u32 {
        let [minutes, hours, ..] = self.fields;
        let minutes: Vec<u32> = (0..60).filter(|minute| minutes & (1 << minute) != 0).collect();
        let within = minutes
            .iter()
            .zip(minutes.iter().skip(1))
            .map(|(one, next)| next - one);
        // From the last minute of an hour to the first of the next, when both hours are meant.
        let neighbours =
            (0..24_u32).any(|hour| hours & (1 << hour) != 0 && hours & (1 << ((hour + 1) % 24)) != 0);
        let across = minutes.first().zip(minutes.last()).filter(|_| neighbours);
        let across = across.map(|(first, last)| first + 60 - last);
        within.chain(across).min().unwrap_or(u32::MAX)
    }
}

fn has(bits: u64, number: u32) -> bool {
    bits.checked_shr(number).is_some_and(|bits| bits & 1 == 1)
}

impl Field {
    fn parse(&self, text: &str) -> Result<u64, String> {
        let mut bits = 0;
        for part in text.split(',') {
            bits |= self.part(part)?;
        }
        Ok(bits)
    }

    fn part(&self, text: &str) -> Result<u64, String> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(self.step(step)?)),
            None => (text, None),
        };
        let (first, last) = if range == "*" {
            (self.least, self.most)
        } else if let Some((first, last)) = range.split_once('-') {
            let (first, last) = (self.number(first)?, self.number(last)?);
            if first > last {
                return Err(format!("the range `{range}` ends before it begins"));
            }
            (first, last)
        } else {
            let number = self.number(range)?;
            (number, if step.is_some() { self.most } else { number })
        };
        let step = usize::try_from(step.unwrap_or(1)).unwrap_or(usize::MAX);
        Ok((first..=last)
            .step_by(step)
            .fold(0, |bits, number| bits | 1 << number))
    }

    fn step(&self, text: &str) -> Result<u32, String> {
        let step = plain_number(text).ok_or_else(|| format!("`/` wants a number behind it, not `{text}`"))?;
        if step == 0 || step > self.most {
            return Err(format!("steps go from 1 to {}", self.most));
        }
        Ok(step)
    }

    fn number(&self, text: &str) -> Result<u32, String> {
        if text.is_empty() {
            return Err("a number is missing".to_owned());
        }
        let folded = text.to_ascii_lowercase();
        let named = (self.least..).zip(self.names).find(|(_, name)| **name == folded);
        if let Some((number, _)) = named {
            return Ok(number);
        }
        match plain_number(text) {
            Some(number) if (self.least..=self.most).contains(&number) => Ok(number),
            Some(_) => Err(format!("numbers go from {} to {}", self.least, self.most)),
            None => Err("only numbers, `*`, `,`, `-` and `/` are known".to_owned()),
        }
    }
}

fn plain_number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_five_fields_within_their_bounds() {
        for text in [
            "* * * * *",
            "0 0 1 1 0",
            "59 23 31 12 6",
            "*/5 * * * *",
            "1,2,30-40/5 1-3 * JAN-mar mon,WED",
            "0  4 * * 1",
            "5/15 * * * *",
            // As a block of YAML gives it.
            "0 4 * * *\n",
        ] {
            assert!(Cron::parse(text).is_ok(), "{text}");
        }
        for (text, want) in [
            (
                "0 0 * *",
                "five fields are wanted (minute, hour, day, month, weekday), not 4",
            ),
            (
                "@daily",
                "five fields are wanted (minute, hour, day, month, weekday), not 1",
            ),
            ("60 * * * *", "`60` is no minute: numbers go from 0 to 59"),
            ("* * 0 * *", "`0` is no day of the month: numbers go from 1 to 31"),
            ("* * * * 7", "`7` is no day of the week: numbers go from 0 to 6"),
            (
                "5-1 * * * *",
                "`5-1` is no minute: the range `5-1` ends before it begins",
            ),
            ("*/0 * * * *", "`*/0` is no minute: steps go from 1 to 59"),
            (
                "*/x * * * *",
                "`*/x` is no minute: `/` wants a number behind it, not `x`",
            ),
            ("1, * * * *", "`1,` is no minute: a number is missing"),
            (
                "? * * * *",
                "`?` is no minute: only numbers, `*`, `,`, `-` and `/` are known",
            ),
            ("-1 * * * *", "`-1` is no minute: a number is missing"),
            (
                "99999999999 * * * *",
                "`99999999999` is no minute: only numbers, `*`, `,`, `-` and `/` are known",
            ),
        ] {
            assert_eq!(Cron::parse(text).unwrap_err().to_string(), want, "{text}");
        }
    }

    #[test]
    fn moments_are_times_or_not() {
        // Minute, hour, day, month, weekday: 1 February 2026 was a Sunday.
        for (text, moment, want) in [
            ("* * * * *", [0, 0, 1, 2, 0], true),
            ("30 5 * * 1,3", [30, 5, 4, 2, 3], true),
            ("30 5 * * 1,3", [30, 5, 3, 2, 2], false),
            ("30 5 * * 1,3", [31, 5, 4, 2, 3], false),
            ("0 0 1 * *", [0, 0, 1, 2, 0], true),
            ("0 0 1 * *", [0, 0, 2, 2, 1], false),
            // Both kinds of days: either is enough.
            ("0 0 13 * FRI", [0, 0, 13, 2, 2], true),
            ("0 0 13 * FRI", [0, 0, 6, 2, 5], true),
            ("0 0 13 * FRI", [0, 0, 5, 2, 4], false),
            // Unless one begins with a star.
            ("0 0 */2 * MON", [0, 0, 2, 2, 1], false),
            ("0 0 */2 * MON", [0, 0, 9, 2, 1], true),
            ("0 0 * JAN *", [0, 0, 1, 2, 0], false),
            ("*/15 4-6 * * *", [45, 6, 1, 2, 0], true),
            ("* * * * *", [99, 0, 1, 2, 0], false),
        ] {
            let [minute, hour, day, month, weekday] = moment;
            let moment = Moment {
                minute,
                hour,
                day,
                month,
                weekday,
            };
            assert_eq!(
                Cron::parse(text).unwrap().matches(moment),
                want,
                "{text} {moment:?}"
            );
        }
    }

    #[test]
    fn intervals_are_the_shortest_between_two_starts() {
        for (text, want) in [
            ("* * * * *", 1),
            ("*/5 * * * *", 5),
            ("*/4 * * * *", 4),
            ("0 * * * *", 60),
            ("0 4 * * *", u32::MAX),
            ("0,58 * * * *", 2),
            ("0,58 4 * * *", 58),
            ("58,0 23,0 * * *", 2),
        ] {
            assert_eq!(Cron::parse(text).unwrap().shortest_interval(), want, "{text}");
        }
    }
}
