//! Every key of `action.yml`: GitHub's published schema `action-v1.0.json` as data.

use crate::expression::WorkflowKey as At;
use crate::schema::keys::{FILLED, KeySchema, MappingSchema, TEXT, TEXTS, key, named, parts, plain};
use crate::schema::types::ValueSchema;

pub(crate) static ACTION: MappingSchema = MappingSchema {
    // GitHub passes over what it does not know here.
    lenient: true,
    ..plain(&[
        key("name", &TEXT),
        key("description", &TEXT),
        key("author", &TEXT),
        key("inputs", &ValueSchema::mapping(&INPUTS)),
        key("outputs", &ValueSchema::mapping(&OUTPUTS)),
        parts("runs").required(),
        // What it says is checked apart: an action runs whatever its badge looks like.
        key("branding", &ValueSchema::ANY),
    ])
};
pub(crate) static BRANDING: MappingSchema = MappingSchema {
    lenient: true,
    ..plain(&[key("icon", &TEXT), key("color", &TEXT)])
};
static INPUTS: MappingSchema = things("input", &INPUT);
static INPUT: ValueSchema = ValueSchema::mapping(&MappingSchema {
    // GitHub passes over what it does not know here, such as the `type` that many note; it takes no expressions there.
    lenient: true,
    others: Some(&ValueSchema::ANY),
    ..plain(&[
        key("description", &TEXT),
        // Many write it as text, and nobody minds.
        key("required", &TEXT),
        key("default", &ValueSchema::TEXT.at(At::ActionInputDefault)),
        key("deprecationMessage", &TEXT),
    ])
})
.or_nothing();

static OUTPUTS: MappingSchema = things("output", &OUTPUT);
static OUTPUT: ValueSchema = ValueSchema::mapping(&plain(&[
    key("description", &TEXT),
    key("value", &ValueSchema::TEXT.at(At::ActionOutputValue)),
]))
.or_nothing();

const fn things(thing: &'static str, value: &'static ValueSchema) -> MappingSchema {
    MappingSchema {
        thing: Some(thing),
        ..named(value)
    }
}

/// A JavaScript action.
pub(crate) static NODE: MappingSchema = plain(&[
    using(),
    key("main", &FILLED).required(),
    key("pre", &FILLED),
    key("pre-if", &PRE_IF),
    key("post", &FILLED),
    key("post-if", &POST_IF),
]);

/// A Docker action.
pub(crate) static DOCKER: MappingSchema = plain(&[
    using(),
    key("image", &FILLED).required(),
    key("entrypoint", &FILLED),
    key(
        "args",
        &ValueSchema::list(&ValueSchema::TEXT.at(At::ActionRunsArgs)),
    ),
    key("env", &ValueSchema::mapping(&TEXTS).at(At::ActionRunsEnv)),
    key("pre-entrypoint", &FILLED),
    key("pre-if", &PRE_IF),
    key("post-entrypoint", &FILLED),
    key("post-if", &POST_IF),
]);

/// A composite action. Its steps are read one by one.
pub(crate) static COMPOSITE: MappingSchema = plain(&[using(), parts("steps").required()]);

const fn using() -> KeySchema {
    key("using", &FILLED).required()
}

/// What `using` may be. Any other version of Node.js will do as well.
pub(crate) static USING: &[&str] = &["composite", "docker", "node20", "node24"];

static PRE_IF: ValueSchema = ValueSchema::CONDITION.at(At::ActionPreIf);
static POST_IF: ValueSchema = ValueSchema::CONDITION.at(At::ActionPostIf);

/// A step of a composite action that runs a script.
pub(crate) static RUN: MappingSchema = plain(&[
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
pub(crate) static USES: MappingSchema = plain(&[
    key("name", &STEP_TEXT),
    key("id", &FILLED),
    key("if", &STEP_IF),
    key("uses", &FILLED).required(),
    key("with", &STEP_TEXTS),
    key("env", &STEP_TEXTS),
    key("continue-on-error", &STEP_BOOLEAN),
]);

static STEP_TEXT: ValueSchema = ValueSchema::TEXT.at(At::ActionStep);
static STEP_IF: ValueSchema = ValueSchema::CONDITION.at(At::ActionStepIf);
static STEP_TEXTS: ValueSchema = ValueSchema::mapping(&TEXTS).at(At::ActionStep);
static STEP_BOOLEAN: ValueSchema = ValueSchema::BOOLEAN.at(At::ActionStep);
