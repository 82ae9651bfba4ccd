//! `on`: every event that can start a workflow, with what it can be narrowed by. GitHub's published schema as data.

use crate::expression::WorkflowKey as At;
use crate::schema::keys::{BOOLEAN, FILLED, KeySchema, MappingSchema, ONE_OR_MORE, TEXT, key, named, plain};
use crate::schema::types::ValueSchema;

/// The value of an event that can be narrowed, and need not be.
macro_rules! narrowed {
    ($level:expr) => {
        ValueSchema::mapping($level).or_nothing()
    };
}

/// What `types` of an event may name: one kind of activity, or several.
macro_rules! activity {
    ($($kind:literal),+ $(,)?) => {
        ValueSchema::one_of(&[$($kind),+]).or_list(&ValueSchema::one_of(&[$($kind),+])).or_nothing()
    };
}

/// An event that is narrowed by its kind of activity only.
macro_rules! types {
    ($($kind:literal),+ $(,)?) => {
        narrowed!(&plain(&[key("types", &activity![$($kind),+])]))
    };
}

/// The value of `on`: an event, a list of them, or a mapping with what narrows each.
pub(crate) static ON: ValueSchema = ValueSchema {
    mapping: Some(&EVENTS),
    list: Some(&NAME),
    ..NAME
};
static NAME: ValueSchema = ValueSchema {
    thing: Some("an event"),
    ..ValueSchema::one_of(NAMES)
};

/// The names of all events, as `EVENTS` has them.
pub(crate) static NAMES: &[&str] = &[
    "branch_protection_rule",
    "check_run",
    "check_suite",
    "create",
    "delete",
    "deployment",
    "deployment_status",
    "discussion",
    "discussion_comment",
    "fork",
    "gollum",
    "image_version",
    "issue_comment",
    "issues",
    "label",
    "merge_group",
    "milestone",
    "page_build",
    "project",
    "project_card",
    "project_column",
    "public",
    "pull_request",
    "pull_request_comment",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_target",
    "push",
    "registry_package",
    "release",
    "repository_dispatch",
    "schedule",
    "status",
    "watch",
    "workflow_call",
    "workflow_dispatch",
    "workflow_run",
];

/// The kinds of activity of an event; none where any text can be one. `None` where there are no kinds.
pub(crate) fn activities(event: &str) -> Option<&'static [&'static str]> {
    let of = |level: &'static MappingSchema, name: &str| level.keys.iter().find(|key| key.name == name);
    let types = of(of(&EVENTS, event)?.value.mapping?, "types")?;
    Some(types.value.words)
}

/// Whether there is an event of this name.
pub(crate) fn is_event(name: &str) -> bool {
    NAMES.contains(&name)
}

/// Whether an event has the key.
pub(crate) fn takes(event: &str, key: &str) -> bool {
    let event = EVENTS.keys.iter().find(|known| known.name == event);
    let level = event.and_then(|event| event.value.mapping);
    level.is_some_and(|level| level.keys.iter().any(|known| known.name == key))
}

static EVENTS: MappingSchema = things(
    "event",
    plain(&[
        event("branch_protection_rule", &types!["created", "edited", "deleted"]),
        event(
            "check_run",
            &types!["created", "rerequested", "completed", "requested_action"],
        ),
        event("check_suite", &types!["completed"]),
        event("create", &BARE),
        event("delete", &BARE),
        event("deployment", &BARE),
        event("deployment_status", &BARE),
        event(
            "discussion",
            &types![
                "created",
                "edited",
                "deleted",
                "transferred",
                "pinned",
                "unpinned",
                "labeled",
                "unlabeled",
                "locked",
                "unlocked",
                "category_changed",
                "answered",
                "unanswered",
            ],
        ),
        event("discussion_comment", &types!["created", "edited", "deleted"]),
        event("fork", &BARE),
        event("gollum", &BARE),
        event(
            "image_version",
            &narrowed!(&plain(&[
                key("types", &activity!["created", "ready", "deleted"]),
                key("names", &FILTER),
                key("versions", &FILTER),
            ])),
        ),
        event("issue_comment", &types!["created", "edited", "deleted"]),
        event(
            "issues",
            &types![
                "opened",
                "edited",
                "deleted",
                "transferred",
                "pinned",
                "unpinned",
                "closed",
                "reopened",
                "assigned",
                "unassigned",
                "labeled",
                "unlabeled",
                "locked",
                "unlocked",
                "milestoned",
                "demilestoned",
                "field_added",
                "field_removed",
                "typed",
                "untyped",
            ],
        ),
        event("label", &types!["created", "edited", "deleted"]),
        event(
            "merge_group",
            &narrowed!(&plain(&[
                key("types", &activity!["checks_requested", "destroyed"]),
                // Unlike elsewhere, GitHub takes both of these at once.
                key("branches", &FILTER),
                key("branches-ignore", &FILTER),
            ])),
        ),
        event(
            "milestone",
            &types!["created", "closed", "opened", "edited", "deleted"],
        ),
        event("page_build", &BARE),
        event(
            "project",
            &types!["created", "closed", "reopened", "edited", "deleted"],
        ),
        event(
            "project_card",
            &types!["created", "moved", "converted", "edited", "deleted"],
        ),
        event(
            "project_column",
            &types!["created", "updated", "moved", "deleted"],
        ),
        event("public", &BARE),
        event("pull_request", &PULL_REQUEST),
        event("pull_request_comment", &types!["created", "edited", "deleted"]),
        event("pull_request_review", &types!["submitted", "edited", "dismissed"]),
        event(
            "pull_request_review_comment",
            &types!["created", "edited", "deleted"],
        ),
        event("pull_request_target", &PULL_REQUEST),
        event(
            "push",
            &narrowed!(&MappingSchema {
                rivals: &[
                    ("branches", "branches-ignore"),
                    ("tags", "tags-ignore"),
                    ("paths", "paths-ignore"),
                ],
                ..plain(&[
                    key("branches", &FILTER),
                    key("branches-ignore", &FILTER),
                    key("tags", &FILTER),
                    key("tags-ignore", &FILTER),
                    key("paths", &FILTER),
                    key("paths-ignore", &FILTER),
                ])
            }),
        ),
        event("registry_package", &types!["published", "updated"]),
        event(
            "release",
            &types![
                "published",
                "unpublished",
                "created",
                "edited",
                "deleted",
                "prereleased",
                "released",
            ],
        ),
        event(
            "repository_dispatch",
            &narrowed!(&plain(&[key("types", &FILTER)])),
        ),
        event("schedule", &ValueSchema::list(&SCHEDULE)),
        event("status", &BARE),
        event("watch", &types!["started"]),
        event("workflow_call", &narrowed!(&CALL)),
        event("workflow_dispatch", &narrowed!(&DISPATCH)),
        event(
            "workflow_run",
            &narrowed!(&MappingSchema {
                rivals: BRANCHES,
                ..plain(&[
                    key("types", &activity!["requested", "completed", "in_progress"]),
                    key("workflows", &ONE_OR_MORE),
                    key("branches", &FILTER),
                    key("branches-ignore", &FILTER),
                ])
            }),
        ),
    ]),
);

const fn things(thing: &'static str, level: MappingSchema) -> MappingSchema {
    MappingSchema {
        thing: Some(thing),
        ..level
    }
}

const fn event(name: &'static str, value: &'static ValueSchema) -> KeySchema {
    key(name, value)
}

/// What a filter lists. Nothing at all is as good as no filter: the service starts such workflows, whatever its schema says.
/// Empty text is a pattern that matches nothing, by which people switch a workflow off.
static FILTER: ValueSchema = TEXT.or_list(&TEXT).or_nothing();

/// An event with nothing to narrow it by. A filter that stands there all the same is passed over.
static BARE: ValueSchema = narrowed!(&plain(&[]));

static BRANCHES: &[(&str, &str)] = &[("branches", "branches-ignore")];

static PULL_REQUEST: ValueSchema = narrowed!(&MappingSchema {
    rivals: &[("branches", "branches-ignore"), ("paths", "paths-ignore")],
    ..plain(&[
        key(
            "types",
            &activity![
                "assigned",
                "unassigned",
                "labeled",
                "unlabeled",
                "opened",
                "edited",
                "closed",
                "reopened",
                "synchronize",
                "converted_to_draft",
                "locked",
                "unlocked",
                "enqueued",
                "dequeued",
                "milestoned",
                "demilestoned",
                "ready_for_review",
                "review_requested",
                "review_request_removed",
                "auto_merge_enabled",
                "auto_merge_disabled",
                "stacked",
            ],
        ),
        key("branches", &FILTER),
        key("branches-ignore", &FILTER),
        key("paths", &FILTER),
        key("paths-ignore", &FILTER),
    ])
});

static SCHEDULE: ValueSchema = ValueSchema::mapping(&plain(&[
    key("cron", &FILLED).required(),
    key("timezone", &FILLED),
]));

static DISPATCH: MappingSchema = MappingSchema {
    lenient: true,
    ..plain(&[key(
        "inputs",
        &ValueSchema::mapping(&things("input", named(&DISPATCH_INPUT))).or_nothing(),
    )])
};
static DISPATCH_INPUT: ValueSchema = narrowed!(&plain(&[
    key("description", &TEXT),
    // The service starts workflows with `type: int` here, against its published schema; those that are called want a word.
    key(
        "type",
        &ValueSchema::one_of(&["string", "boolean", "number", "environment", "choice"]).forgiving(),
    ),
    key("required", &BOOLEAN),
    key("default", &ValueSchema::SCALAR),
    key("options", &ValueSchema::list(&TEXT)),
]));

static CALL: MappingSchema = plain(&[
    key(
        "inputs",
        &ValueSchema::mapping(&things("input", named(&CALL_INPUT))),
    ),
    key(
        "secrets",
        &ValueSchema::mapping(&things("secret", named(&CALL_SECRET))),
    ),
    key(
        "outputs",
        &ValueSchema::mapping(&things("output", named(&CALL_OUTPUT))),
    ),
]);
static CALL_INPUT: ValueSchema = ValueSchema::mapping(&plain(&[
    key("description", &TEXT),
    key("type", &ValueSchema::one_of(&["string", "boolean", "number"])).required(),
    key("required", &BOOLEAN),
    key("default", &ValueSchema::SCALAR.at(At::CallInputDefault)),
]));
static CALL_SECRET: ValueSchema = narrowed!(&plain(&[key("description", &TEXT), key("required", &BOOLEAN)]));
static CALL_OUTPUT: ValueSchema = ValueSchema::mapping(&plain(&[
    key("description", &TEXT),
    key("value", &ValueSchema::TEXT.at(At::CallOutputValue)).required(),
]));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_the_table() {
        let names: Vec<&str> = EVENTS.keys.iter().map(|key| key.name).collect();
        assert_eq!(names, NAMES);
        assert!(names.is_sorted());
    }
}
