//! What a filter can ask about.

/// Declares an enum of words that stand in filters. All of them are known, which words on the wire are not.
macro_rules! keys {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[doc = $of:literal])* $variant:ident = $word:literal,)* }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[doc = $of])* $variant,)* }

        impl $name {
            /// All of them, in the order in which they are told.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word for it in a filter.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What a word means, in any case.
            pub fn of(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.word().eq_ignore_ascii_case(word))
            }
        }
    };
}

keys! {
    /// A text of an actor.
    Field {
        /// Its name.
        Id = "id",
        /// Its kind.
        Type = "type",
        /// Its status as shown.
        State = "state",
        /// The worker, thread or process that runs it.
        Worker = "worker",
        /// The machine it runs on.
        Node = "node",
        /// The actor that started it.
        Parent = "parent",
    }
}

keys! {
    /// A number of an actor.
    Measure {
        /// Messages handled since it started.
        Messages = "messages",
        /// Messages handled a second, in the last minute.
        Rate = "rate",
        /// Messages waiting for it.
        Queue = "queue",
        /// Panics and reported errors.
        Errors = "errors",
        /// Times it was started again.
        Restarts = "restarts",
        /// Time that a message waited in its queue in the last minute, the mean, in milliseconds.
        Wait = "wait",
        /// Time that it took to handle a message in the last minute, the mean, in milliseconds.
        Handle = "handle",
        /// Time since it started, in milliseconds.
        Uptime = "uptime",
    }
}

keys! {
    /// What an actor is, or is not.
    Nature {
        /// Plumbing of a library rather than work of the application.
        System = "system",
        /// Not heard of for longer than the studio trusts.
        Stale = "stale",
        /// Stopped or failed.
        Ended = "ended",
    }
}

impl Measure {
    /// Whether its values are times, which have units.
    pub fn is_time(self) -> bool {
        matches!(self, Self::Wait | Self::Handle | Self::Uptime)
    }
}

/// What the word before a colon is.
#[derive(Clone, Copy)]
pub(super) enum Key {
    Field(Field),
    Measure(Measure),
    Is,
}

impl Key {
    pub(super) fn of(word: &str) -> Option<Self> {
        if word.eq_ignore_ascii_case("is") {
            return Some(Self::Is);
        }
        // What the record calls it.
        if word.eq_ignore_ascii_case("status") {
            return Some(Self::Field(Field::State));
        }
        let field = Field::of(word).map(Self::Field);
        field.or_else(|| Measure::of(word).map(Self::Measure))
    }

    /// All words that may stand before a colon.
    pub(super) fn all() -> Vec<&'static str> {
        let fields = Field::ALL.iter().map(|field| field.word());
        let measures = Measure::ALL.iter().map(|measure| measure.word());
        fields.chain(measures).chain(["is"]).collect()
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Field(field) => field.word(),
            Self::Measure(measure) => measure.word(),
            Self::Is => "is",
        }
    }
}
