//! The tables of keys as an editor asks them: what may stand at the end of a path of keys, whatever else the file says.

use crate::dialect::Dialect;
use crate::expression;
use crate::schema::action_keys::{ACTION, BRANDING, COMPOSITE, DOCKER, NODE, RUN, USES, USING};
use crate::schema::keys::{Checked, JOB, KeySchema, MappingSchema, STEP, WORKFLOW, named};
use crate::schema::types::{Text, ValueSchema};

/// What of a file is read by which tables.
#[derive(Clone, Copy)]
pub(crate) enum Root<'a> {
    Workflow(Dialect),
    /// An `action.yml`, with what its `using` says.
    Action(&'a str),
}

/// A step of the way from the top of a file to a place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Key(String),
    Item,
}

/// What may stand at a place.
pub(crate) struct Place {
    types: Vec<&'static ValueSchema>,
    dialect: Dialect,
    /// Which expressions may stand there.
    pub(crate) expressions: Option<expression::WorkflowKey>,
    /// The way to it for people: names of the language, and `*` for names that the writer of the file chose.
    pub(crate) path: String,
    /// Whether the last step of the way was such a name.
    pub(crate) is_free_name: bool,
}

/// A key that may stand at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) shape: Shape,
}

/// What a key is followed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A value in the same line.
    Scalar,
    /// Keys, further in.
    Mapping,
    /// Items, further in.
    List,
}

static WORKFLOW_ROOT: ValueSchema = ValueSchema::mapping(&WORKFLOW);
static ACTION_ROOT: ValueSchema = ValueSchema::mapping(&ACTION);
static JOBS: ValueSchema = ValueSchema::mapping(&named(&ONE_JOB));
static ONE_JOB: ValueSchema = ValueSchema::mapping(&JOB);
static STEPS: ValueSchema = ValueSchema::list(&ONE_STEP);
static ONE_STEP: ValueSchema = ValueSchema::mapping(&STEP);
static COMPOSITE_STEPS: ValueSchema = ValueSchema::list(&RUN_STEP);
static RUN_STEP: ValueSchema = ValueSchema::mapping(&RUN);
static USES_STEP: ValueSchema = ValueSchema::mapping(&USES);
static COMPOSITE_RUNS: ValueSchema = ValueSchema::mapping(&COMPOSITE);
static DOCKER_RUNS: ValueSchema = ValueSchema::mapping(&DOCKER);
static NODE_RUNS: ValueSchema = ValueSchema::mapping(&NODE);
static BADGE: ValueSchema = ValueSchema::mapping(&BRANDING);
static KINDS: ValueSchema = ValueSchema::one_of(USING);

/// What may stand at the end of a way; `None` where the tables know nothing.
pub(crate) fn place(root: Root<'_>, way: &[Way]) -> Option<Place> {
    let (first, dialect) = match root {
        Root::Workflow(dialect) => (&WORKFLOW_ROOT, dialect),
        Root::Action(_) => (&ACTION_ROOT, Dialect::GitHub),
    };
    let mut place = Place {
        types: vec![first],
        dialect,
        expressions: None,
        path: String::new(),
        is_free_name: false,
    };
    for step in way {
        place = match step {
            Way::Item => place.item(),
            Way::Key(key) => place.under(key, root)?,
        };
    }
    Some(place)
}

impl Place {
    fn item(self) -> Self {
        let mut types: Vec<&'static ValueSchema> = self.types.iter().filter_map(|kind| kind.list).collect();
        if types.iter().any(|kind| std::ptr::eq(*kind, &raw const RUN_STEP)) {
            types.push(&USES_STEP);
        }
        self.with(types)
    }

    fn under(self, key: &str, root: Root<'_>) -> Option<Self> {
        let levels: Vec<&'static MappingSchema> = self.levels().collect();
        let mut known = levels
            .iter()
            .flat_map(|level| level.keys)
            .filter(|known| known.name == key);
        let types: Vec<&'static ValueSchema> = match known.next() {
            Some(first) => std::iter::once(first)
                .chain(known)
                .flat_map(|key| of_key(key, &levels, root))
                .collect(),
            None => levels.iter().filter_map(|level| level.others).collect(),
        };
        let is_free_name = !levels
            .iter()
            .any(|level| level.keys.iter().any(|known| known.name == key));
        if types.is_empty() {
            return None;
        }
        let shown = if is_free_name { "*" } else { key };
        // Steps within steps are steps.
        let outer = self.path.strip_suffix(".parallel").unwrap_or(&self.path);
        let path = if outer.is_empty() {
            shown.to_owned()
        } else {
            format!("{outer}.{shown}")
        };
        Some(Self {
            path,
            is_free_name,
            ..self.with(types)
        })
    }

    fn with(self, types: Vec<&'static ValueSchema>) -> Self {
        let expressions = types.iter().find_map(|kind| kind.place).or(self.expressions);
        Self {
            types,
            expressions,
            is_free_name: false,
            ..self
        }
    }

    fn levels(&self) -> impl Iterator<Item = &'static MappingSchema> {
        self.types.iter().filter_map(|kind| kind.mapping)
    }

    /// The keys that may stand here beside those that do.
    pub(crate) fn keys(&self, present: &[&str]) -> Vec<Offer> {
        let mut offers: Vec<Offer> = Vec::new();
        for level in self.levels() {
            let here = || level.keys.iter().filter(|key| present.contains(&key.name));
            // Of the two kinds of steps of a composite action, the one that it has become.
            let stray = present
                .iter()
                .any(|name| !level.keys.iter().any(|key| key.name == *name));
            if stray && self.types.len() > 1 {
                continue;
            }
            for key in level.keys.iter().filter(|key| key.is_in(self.dialect)) {
                let fits = here().all(|present| present.forms.has(key.forms));
                let rivals = level.rivals.iter().any(|(one, other)| {
                    (*one == key.name && present.contains(other))
                        || (*other == key.name && present.contains(one))
                });
                let is_new =
                    !present.contains(&key.name) && !offers.iter().any(|offer| offer.name == key.name);
                if fits && !rivals && is_new {
                    offers.push(Offer {
                        name: key.name,
                        required: key.required,
                        shape: shape(key),
                    });
                }
            }
        }
        offers
    }

    /// Whether keys of the writer's own choice may stand here.
    #[cfg(test)]
    pub(crate) fn takes_free_names(&self) -> bool {
        self.levels().any(|level| level.others.is_some())
    }

    /// The words that may stand here.
    pub(crate) fn words(&self) -> Vec<&'static str> {
        let mut words: Vec<&'static str> = self.types.iter().flat_map(|kind| kind.words).copied().collect();
        if self
            .types
            .iter()
            .any(|kind| kind.boolean && kind.text == Text::No)
        {
            words.extend(["true", "false"]);
        }
        if words.is_empty() && self.path == "runs.using" {
            words.extend(KINDS.words);
        }
        words
    }

    /// The words that may stand here as items of a list.
    pub(crate) fn words_of_items(&self) -> Vec<&'static str> {
        let items = self.types.iter().filter_map(|kind| kind.list);
        items.flat_map(|kind| kind.words).copied().collect()
    }

    /// Whether items may stand here.
    pub(crate) fn takes_items(&self) -> bool {
        self.types.iter().any(|kind| kind.list.is_some())
    }

    /// Whether what stands here is an expression without its brackets.
    pub(crate) fn is_condition(&self) -> bool {
        self.types.iter().any(|kind| kind.text == Text::Condition)
    }
}

/// What stands under a key.
fn of_key(
    key: &'static KeySchema,
    levels: &[&'static MappingSchema],
    root: Root<'_>,
) -> Vec<&'static ValueSchema> {
    let is_of = |level: &'static MappingSchema| levels.iter().any(|known| std::ptr::eq(*known, level));
    match (key.name, root) {
        ("jobs", _) if is_of(&WORKFLOW) => vec![&JOBS],
        ("steps", _) if is_of(&COMPOSITE) => vec![&COMPOSITE_STEPS],
        ("steps" | "parallel", _) if key.checked == Checked::ByParts => vec![&STEPS],
        ("branding", _) if is_of(&ACTION) => vec![&BADGE],
        ("runs", Root::Action(using)) => match using.to_ascii_lowercase().as_str() {
            "composite" => vec![&COMPOSITE_RUNS],
            "docker" => vec![&DOCKER_RUNS],
            "" => vec![&COMPOSITE_RUNS, &DOCKER_RUNS, &NODE_RUNS],
            _ => vec![&NODE_RUNS],
        },
        _ => vec![key.value],
    }
}

fn shape(key: &'static KeySchema) -> Shape {
    let value = key.value;
    match key.name {
        "jobs" | "runs" | "branding" => Shape::Mapping,
        "steps" | "parallel" => Shape::List,
        _ if value.text != Text::No
            || value.boolean
            || value.number
            || !value.words.is_empty()
            || value.any =>
        {
            Shape::Scalar
        }
        _ if value.mapping.is_some() => Shape::Mapping,
        _ if value.list.is_some() => Shape::List,
        _ => Shape::Scalar,
    }
}

/// The path of every key of the tables, those under free names with `*`.
#[cfg(test)]
pub(crate) fn every_key() -> Vec<String> {
    fn walk(root: Root<'_>, way: &mut Vec<Way>, all: &mut Vec<String>) {
        if way.len() > 12 {
            return;
        }
        let Some(here) = place(root, way) else { return };
        if here.takes_items() && !matches!(way.last(), Some(Way::Item)) {
            way.push(Way::Item);
            walk(root, way, all);
            way.pop();
        }
        let mut names: Vec<String> = here
            .levels()
            .flat_map(|level| level.keys)
            .map(|key| key.name.to_owned())
            .collect();
        if here.takes_free_names() {
            names.push("*".to_owned());
        }
        for name in names {
            // Steps within steps are steps.
            if name == "parallel" && way.iter().any(|step| *step == Way::Key("parallel".to_owned())) {
                continue;
            }
            way.push(Way::Key(name));
            if let Some(inner) = place(root, way) {
                if !inner.is_free_name {
                    all.push(inner.path);
                }
                walk(root, way, all);
            }
            way.pop();
        }
    }
    let mut all = Vec::new();
    for root in [
        Root::Workflow(Dialect::Loom),
        Root::Action("composite"),
        Root::Action("docker"),
        Root::Action("node24"),
    ] {
        walk(root, &mut Vec::new(), &mut all);
    }
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(root: Root<'_>, way: &str) -> Place {
        let steps = way.split('.').filter(|step| !step.is_empty());
        let steps = steps.map(|step| match step {
            "-" => Way::Item,
            key => Way::Key(key.to_owned()),
        });
        place(root, &steps.collect::<Vec<_>>()).unwrap()
    }

    fn keys(root: Root<'_>, way: &str, present: &[&str]) -> String {
        let offers = at(root, way).keys(present);
        offers
            .iter()
            .map(|offer| offer.name)
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn the_tables_are_walked_by_the_keys_of_a_file() {
        let loom = Root::Workflow(Dialect::Loom);
        let github = Root::Workflow(Dialect::GitHub);
        assert!(keys(loom, "jobs.a.steps.-", &["run"]).contains("on-lost"));
        assert!(!keys(github, "jobs.a.steps.-", &["run"]).contains("on-lost"));
        assert!(!keys(loom, "jobs.a.steps.-", &["run"]).contains("with"));
        assert_eq!(
            keys(loom, "on.push", &["branches", "paths-ignore"]),
            "tags tags-ignore"
        );
        assert_eq!(keys(github, "jobs.a.strategy.matrix", &["os"]), "include exclude");
        assert!(at(github, "jobs.a.strategy.matrix").takes_free_names());
        assert_eq!(at(github, "on.push.branches").path, "on.push.branches");
        assert_eq!(at(github, "jobs.a.steps.-.run").path, "jobs.*.steps.run");
        assert_eq!(
            at(github, "jobs.a.services.db.env.X").expressions,
            Some(expression::WorkflowKey::JobServiceEnv)
        );
        assert!(at(github, "jobs.a.steps.-.if").is_condition());
        assert_eq!(at(github, "permissions.id-token").words(), ["write", "none"]);
        assert!(at(github, "on.-").words().contains(&"push"));
        assert_eq!(
            keys(Root::Action("docker"), "runs", &["using", "image", "args", "env"]),
            "entrypoint pre-entrypoint pre-if post-entrypoint post-if"
        );
        assert!(keys(Root::Action("composite"), "runs.steps.-", &["uses"]).contains("with"));
        assert!(!keys(Root::Action("composite"), "runs.steps.-", &["uses"]).contains("shell"));
        assert!(keys(Root::Action("composite"), "runs.steps.-", &[]).contains("shell"));
        assert!(every_key().len() > 250);
    }
}
