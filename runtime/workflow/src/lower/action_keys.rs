//! Every key of `action.yml`: GitHub's published schema `action-v1.0.json` as data.

use super::keys::{FILLED, Key, Level, TEXT, TEXTS, key, named, parts, plain};
use super::types::Type;
use crate::expression::Key as At;

pub(super) static ACTION: Level = Level {
    // GitHub passes over what it does not know here.
    lenient: true,
    ..plain(&[
        key("name", &TEXT),
        key("description", &TEXT),
        key("author", &TEXT),
        key("inputs", &Type::mapping(&INPUTS)),
        key("outputs", &Type::mapping(&OUTPUTS)),
        parts("runs").required(),
        // What it says is checked apart: an action runs whatever its badge looks like.
        key("branding", &Type::ANY),
    ])
};
pub(super) static BRANDING: Level = Level {
    lenient: true,
    ..plain(&[key("icon", &TEXT), key("color", &TEXT)])
};
static INPUTS: Level = things("input", &INPUT);
static INPUT: Type = Type::mapping(&Level {
    // GitHub passes over what it does not know here, such as the `type` that many note; it takes no expressions there.
    lenient: true,
    others: Some(&Type::ANY),
    ..plain(&[
        key("description", &TEXT),
        // Many write it as text, and nobody minds.
        key("required", &TEXT),
        key("default", &Type::TEXT.at(At::ActionInputDefault)),
        key("deprecationMessage", &TEXT),
    ])
})
.or_nothing();

static OUTPUTS: Level = things("output", &OUTPUT);
static OUTPUT: Type = Type::mapping(&plain(&[
    key("description", &TEXT),
    key("value", &Type::TEXT.at(At::ActionOutputValue)),
]))
.or_nothing();

const fn things(thing: &'static str, value: &'static Type) -> Level {
    Level {
        thing: Some(thing),
        ..named(value)
    }
}

/// A JavaScript action.
pub(super) static NODE: Level = plain(&[
    using(),
    key("main", &FILLED).required(),
    key("pre", &FILLED),
    key("pre-if", &PRE_IF),
    key("post", &FILLED),
    key("post-if", &POST_IF),
]);

/// A Docker action.
pub(super) static DOCKER: Level = plain(&[
    using(),
    key("image", &FILLED).required(),
    key("entrypoint", &FILLED),
    key("args", &Type::list(&Type::TEXT.at(At::ActionRunsArgs))),
    key("env", &Type::mapping(&TEXTS).at(At::ActionRunsEnv)),
    key("pre-entrypoint", &FILLED),
    key("pre-if", &PRE_IF),
    key("post-entrypoint", &FILLED),
    key("post-if", &POST_IF),
]);

/// A composite action. Its steps are read one by one.
pub(super) static COMPOSITE: Level = plain(&[using(), parts("steps").required()]);

const fn using() -> Key {
    key("using", &FILLED).required()
}

/// What `using` may be. Any other version of Node.js will do as well.
pub(super) static USING: &[&str] = &["composite", "docker", "node20", "node24"];

static PRE_IF: Type = Type::CONDITION.at(At::ActionPreIf);
static POST_IF: Type = Type::CONDITION.at(At::ActionPostIf);

/// A step of a composite action that runs a script.
pub(super) static RUN: Level = plain(&[
    key("name", &STEP_TEXT),
    key("id", &FILLED),
    key("if", &STEP_IF),
    key("run", &STEP_TEXT).required(),
    key("shell", &STEP_TEXT).required(),
    key("env", &STEP_TEXTS),
    key("continue-on-error", &STEP_BOOLEAN),
    key("working-directory", &STEP_TEXT),
]);

/// A step of a composite action that uses another one.
pub(super) static USES: Level = plain(&[
    key("name", &STEP_TEXT),
    key("id", &FILLED),
    key("if", &STEP_IF),
    key("uses", &FILLED).required(),
    key("with", &STEP_TEXTS),
    key("env", &STEP_TEXTS),
    key("continue-on-error", &STEP_BOOLEAN),
]);

static STEP_TEXT: Type = Type::TEXT.at(At::ActionStep);
static STEP_IF: Type = Type::CONDITION.at(At::ActionStepIf);
static STEP_TEXTS: Type = Type::mapping(&TEXTS).at(At::ActionStep);
static STEP_BOOLEAN: Type = Type::BOOLEAN.at(At::ActionStep);
