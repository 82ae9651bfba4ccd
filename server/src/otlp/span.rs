//! What is kept of a span and of whoever sent it.

/// Spans of one request that are looked at; those beyond are said to be rejected.
pub(super) const MOST_SPANS: usize = 20_000;

/// Links of a span that are followed: the messages of a batch.
const MOST_LINKS: usize = 128;

/// Bytes of a text; what is longer is cut.
const LONGEST: usize = 200;

/// A value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Text(&'a str),
    Number(i64),
    Flag(bool),
    Other,
}

/// Who sent spans: one start of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Resource {
    name: String,
    namespace: String,
    instance: String,
    pub(super) host: String,
    pub(super) pid: Option<u32>,
    pod: String,
}

impl Resource {
    pub(super) fn set(&mut self, key: &str, value: Value<'_>) {
        let place = match key {
            "service.name" => &mut self.name,
            "service.namespace" => &mut self.namespace,
            "service.instance.id" => &mut self.instance,
            "host.name" => &mut self.host,
            "k8s.pod.name" => &mut self.pod,
            "process.pid" => {
                if let Value::Number(pid) = value {
                    self.pid = u32::try_from(pid).ok();
                }
                return;
            }
            _ => return,
        };
        if let Value::Text(text) = value {
            *place = shown(text);
        }
    }

    /// What the service is called.
    pub(super) fn service(&self) -> String {
        let name = if self.name.is_empty() {
            "unknown_service"
        } else {
            &self.name
        };
        match self.namespace.as_str() {
            "" => name.to_owned(),
            namespace => format!("{namespace}/{name}"),
        }
    }

    /// Where it runs.
    pub(super) fn node(&self) -> Option<String> {
        let names = [&self.pod, &self.host];
        names.into_iter().find(|name| !name.is_empty()).cloned()
    }

    /// What it calls this start of itself.
    pub(super) fn instance(&self) -> Option<String> {
        (!self.instance.is_empty()).then(|| self.instance.clone())
    }
}

/// What a span says.
#[derive(Clone, Debug, Default)]
pub(super) struct Span {
    pub(super) trace: u128,
    pub(super) id: u64,
    /// Zero where there is none.
    pub(super) parent: u64,
    pub(super) kind: u64,
    /// Nanoseconds since the epoch.
    pub(super) start: u64,
    pub(super) end: u64,
    name: String,
    error: Option<String>,
    links: Vec<(u128, u64)>,
    messaging: Option<Box<Messaging>>,
}

/// What the conventions of messaging add.
#[derive(Clone, Debug, Default)]
struct Messaging {
    operation: String,
    destination: String,
    template: String,
    group: String,
    event: String,
    error: String,
    is_temporary: bool,
    count: Option<u64>,
}

/// What a span is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Role {
    /// It sends.
    Producer,
    /// It handles what was sent.
    Consumer,
}

const CLIENT: u64 = 3;
const PRODUCER: u64 = 4;
const CONSUMER: u64 = 5;

impl Span {
    pub(super) fn set_name(&mut self, name: &str) {
        self.name = shown(name);
    }

    pub(super) fn set_status(&mut self, code: u64, message: &str) {
        if code == 2 {
            self.error = Some(shown(message));
        }
    }

    pub(super) fn link(&mut self, trace: u128, id: u64) {
        if trace != 0 && id != 0 && self.links.len() < MOST_LINKS {
            self.links.push((trace, id));
        }
    }

    pub(super) fn set(&mut self, key: &str, value: Value<'_>) {
        let Some(key) = key.strip_prefix("messaging.") else {
            if key == "error.type" || key == "cloudevents.event_type" {
                let messaging = self.messaging.get_or_insert_default();
                if let Value::Text(text) = value {
                    let place = if key == "error.type" {
                        &mut messaging.error
                    } else {
                        &mut messaging.event
                    };
                    *place = shown(text);
                }
            }
            return;
        };
        let messaging = self.messaging.get_or_insert_default();
        match (key, value) {
            ("operation.type", Value::Text(text)) => messaging.operation = shown(text),
            // As it was called before, and for those who say only a name.
            ("operation" | "operation.name", Value::Text(text)) if messaging.operation.is_empty() => {
                messaging.operation = shown(text);
            }
            ("destination.name" | "destination", Value::Text(text)) => messaging.destination = shown(text),
            ("destination.template", Value::Text(text)) => messaging.template = shown(text),
            ("destination.temporary" | "destination.anonymous", Value::Flag(true)) => {
                messaging.is_temporary = true;
            }
            ("consumer.group.name" | "kafka.consumer.group", Value::Text(text)) => {
                messaging.group = shown(text)
            }
            ("batch.message_count", Value::Number(count)) => messaging.count = u64::try_from(count).ok(),
            _ => {}
        }
    }

    pub(super) fn links(&self) -> &[(u128, u64)] {
        &self.links
    }

    /// What it ended with, where that was an error.
    pub(super) fn error(&self) -> Option<&str> {
        let text = self.error.as_deref()?;
        let kind = self.messaging.as_ref().map_or("", |messaging| &messaging.error);
        Some(if text.is_empty() { kind } else { text })
    }

    /// How long it took; zero where its clock went back.
    pub(super) fn nanos(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether it has the names that any span has.
    pub(super) fn is_named(&self) -> bool {
        self.trace != 0 && self.id != 0
    }

    /// What it does with messages; `None` where it has to do with none, or only fetches, makes or settles them.
    pub(super) fn role(&self) -> Option<Role> {
        let messaging = self.messaging.as_deref();
        let operation = messaging.map_or("", |messaging| messaging.operation.as_str());
        let is_batch = messaging.is_some_and(|messaging| messaging.count.is_some());
        match (self.kind, operation) {
            (_, "settle" | "create") => None,
            (PRODUCER, _) | (CLIENT, "send" | "publish") => Some(Role::Producer),
            // What was fetched is handled below it, each by itself.
            (CONSUMER, "receive") if is_batch => None,
            (CONSUMER, _) => Some(Role::Consumer),
            _ => None,
        }
    }

    /// How many messages it is of.
    pub(super) fn count(&self) -> u64 {
        let said = self.messaging.as_ref().and_then(|messaging| messaging.count);
        // No batch has a million; who says so would make a rate of nonsense.
        said.unwrap_or(1).clamp(1, 100_000)
    }

    /// Where the message goes or came from: the kind of place, where that has a name apart from the place.
    pub(super) fn destination(&self) -> &str {
        let Some(messaging) = self.messaging.as_deref() else {
            return &self.name;
        };
        if !messaging.template.is_empty() {
            &messaging.template
        } else if messaging.is_temporary {
            "(temporary)"
        } else if !messaging.destination.is_empty() {
            &messaging.destination
        } else {
            &self.name
        }
    }

    /// Who shares the work of the consumer.
    pub(super) fn group(&self) -> &str {
        self.messaging.as_ref().map_or("", |messaging| &messaging.group)
    }

    /// The type of the message, where one is said; else where it goes.
    pub(super) fn message(&self) -> &str {
        match self.messaging.as_deref() {
            Some(messaging) if !messaging.event.is_empty() => &messaging.event,
            _ => self.destination(),
        }
    }
}

/// The spans of one request, with who sent them.
#[derive(Debug, Default)]
pub(crate) struct Request {
    all: Vec<(Resource, Vec<Span>)>,
    count: usize,
    left_out: u64,
}

impl Request {
    /// Spans of this one follow.
    pub(super) fn begin(&mut self, resource: Resource) {
        // Those that say nothing cost no more than those that do.
        match self.all.last_mut() {
            Some((last, spans)) if spans.is_empty() => *last = resource,
            _ => self.all.push((resource, Vec::new())),
        }
    }

    pub(super) fn add(&mut self, span: Span) {
        if self.count >= MOST_SPANS {
            self.leave_out(1);
        } else if let Some((_, spans)) = self.all.last_mut() {
            self.count += 1;
            spans.push(span);
        }
    }

    /// So many more there is no room for.
    pub(super) fn leave_out(&mut self, count: u64) {
        self.left_out += count;
    }

    /// How many more of one request there is room for.
    pub(super) fn room(&self) -> usize {
        MOST_SPANS.saturating_sub(self.count)
    }

    /// Spans that are not looked at.
    pub(super) fn left_out(&self) -> u64 {
        self.left_out
    }

    pub(super) fn into_groups(self) -> Vec<(Resource, Vec<Span>)> {
        self.all
    }

    #[cfg(test)]
    pub(super) fn spans(&self) -> impl Iterator<Item = (&Resource, &Span)> {
        self.all
            .iter()
            .flat_map(|(resource, spans)| spans.iter().map(move |span| (resource, span)))
    }
}

/// A text as it may stand in names: cut, and without what no one can see.
fn shown(text: &str) -> String {
    let end = text.floor_char_boundary(LONGEST);
    let cut = text.get(..end).unwrap_or_default();
    cut.chars()
        .filter(|letter| !letter.is_control())
        .collect::<String>()
        .trim()
        .to_owned()
}
