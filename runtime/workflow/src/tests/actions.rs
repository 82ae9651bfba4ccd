//! An `action.yml` together with what lies beside it.

use super::shown;
use crate::codes;
use crate::{Presence, Reference, References, Source, load_action, load_action_with};

/// Actions by path. All are there, so what is not here does not exist.
struct Folder(&'static [(&'static str, &'static str)]);

impl References for Folder {
    fn workflow(&self, _: &str) -> Reference {
        Reference::Missing
    }

    fn action(&self, path: &str) -> Reference {
        match self.0.iter().find(|(known, _)| *known == path) {
            Some((_, text)) => Reference::Found(Source::new(path, *text)),
            None => Reference::Missing,
        }
    }

    fn file(&self, path: &str) -> Presence {
        match path {
            "there.js" | "./Dockerfile" => Presence::There,
            "dist/index.js" => Presence::Unknown,
            _ => Presence::Missing,
        }
    }
}

const FILES: &[(&str, &str)] = &[
    (
        "./greet",
        "name: x\ndescription: x\ninputs: {who: {required: true}, greeting: }\nruns: {using: node16, main: x.js}\n",
    ),
    ("./broken", "name: x\nruns: {}\n"),
];

#[test]
fn steps_of_an_action_use_others_of_the_repository() {
    let text = "name: x\ndescription: x\nruns:\n  using: composite\n  steps:\n    - uses: $/greet\n      with: {greting: x}\n    - uses: ./greet\n      with: {who: x}\n    - uses: $/none\n    - uses: ./none\n    - uses: ./broken\n";
    let source = Source::new("action.yml", text);
    insta::assert_snapshot!(shown(&source, &load_action_with(&source, &Folder(FILES)).diagnostics), @r#"
    warning[lint/action-input-missing]: `$/greet` is not given the input `who`
      --> 6:13 "$/greet" this action requires it
      help: add `who` under `with`
    warning[lint/action-outdated]: `$/greet` is made for Node.js 16
      --> 6:13 "$/greet" runners do not have this version any more
      help: write `using: node24` in its `action.yml`
    warning[lint/action-input]: `$/greet` has no input `greting`
      --> 7:14 "greting" not declared in its `action.yml`
      help: did you mean `greeting`?
      fix: "greting" -> "greeting"
    warning[lint/action-outdated]: `./greet` is made for Node.js 16
      --> 8:13 "./greet" runners do not have this version any more
      help: write `using: node24` in its `action.yml`
    error[lint/local-action]: there is no action `$/none`
      --> 10:13 "$/none" no `action.yml` in this folder of the repository
      help: paths of actions start at the root of the repository, e.g. `$/.github/actions/setup`
    error[lint/local-action]: `./broken` cannot be used
      --> 12:13 "./broken" it has a mistake
      help: repair the action first
      because of error[schema/missing-key]: `runs` has no `using`
        --> 2:7 "{}" `using` is missing here
        help: add `using`
    "#);
    assert!(load_action(&source).diagnostics.is_empty());
}

#[test]
fn ids_of_steps_are_looked_at_once() {
    let text = "name: x\ndescription: x\nruns:\n  using: composite\n  steps:\n    - {uses: a/b@v1, id: }\n    - {uses: a/b@v1, id: '${{ github.job }}'}\n    - {uses: a/b@v1, id: __a}\n    - {uses: a/b@v1, id: b}\n    - text\n    - {uses: a/b@v1, id: B}\n";
    let source = Source::new("action.yml", text);
    insta::assert_snapshot!(shown(&source, &load_action(&source).diagnostics), @r#"
    error[schema/empty]: `id` of step 1 of the action is empty
      --> 6:22 "id" text belongs here
      help: give it a value, or remove the key
    error[expression/place]: an expression cannot stand here
      --> 7:27 "${{ github.job }}" this place is read before anything is evaluated
      help: write the value itself
    error[schema/step-id]: `__a` cannot be the id of a step
      --> 8:26 "__a" ids that start with `__` are reserved
      help: use `name` for what people read
    error[schema/type]: `steps.4` of `runs` must be a mapping, not text
      --> 10:7 "text" this is text
      help: write `NAME: value`, a line each
    error[schema/duplicate-step-id]: two steps of the action have the id `B`
      --> 11:26 "B" used again here
          9:26 "b" first used here
      help: ids are compared without regard to case: rename one of them
    "#);
}

#[test]
fn an_action_runs_on_a_version_of_node_that_there_is() {
    let of = |using: &str| {
        let text = format!("name: x\ndescription: x\nruns:\n  using: {using}\n  main: dist/index.js\n");
        let found = load_action(&Source::new("action.yml", text.as_str())).diagnostics;
        found.iter().map(|one| one.code).collect::<Vec<_>>()
    };
    for using in ["node20", "node24", "NODE20", "node26"] {
        assert_eq!(of(using), [], "{using}");
    }
    for using in ["node12", "node16"] {
        assert_eq!(of(using), [codes::ACTION_OUTDATED], "{using}");
    }
    // The runner does not load these: "'using: node14' is not supported".
    for using in [
        "node", "node14", "node18", "node22", "nodejs20", "node-20", "node+20",
    ] {
        assert_eq!(of(using), [codes::UNKNOWN_VALUE], "{using}");
    }
}

#[test]
fn files_of_an_action_are_there() {
    let found = |runs: &str| {
        let text = format!("name: x\ndescription: x\nruns: {runs}\n");
        let source = Source::new("action.yml", text);
        let found = load_action_with(&source, &Folder(FILES)).diagnostics;
        let found = found
            .iter()
            .map(|one| format!("{} {}", one.code, source.slice(one.span().unwrap())));
        found.collect::<Vec<_>>()
    };
    for runs in [
        "{using: node24, main: there.js, pre: dist/index.js}",
        "{using: docker, image: ./Dockerfile, entrypoint: none.sh}",
        "{using: docker, image: 'docker://alpine'}",
        "{using: docker, image: 'Docker://alpine'}",
        // Works in the repository that the action is of.
        "{using: docker, image: alpine}",
    ] {
        assert_eq!(found(runs), [""; 0], "{runs}");
    }
    assert_eq!(
        found("{using: node24, main: a.js, pre: b.js, post: c.js}"),
        [
            "lint/action-file a.js",
            "lint/action-file b.js",
            "lint/action-file c.js"
        ]
    );
    assert_eq!(
        found("{using: docker, image: image/Dockerfile.x}"),
        ["lint/action-file image/Dockerfile.x"]
    );
}

#[test]
fn outputs_of_used_actions_are_known() {
    let text = "name: x\noutputs:\n  a: {value: '${{ steps.cache.outputs.cache-hti }} ${{ steps.local.outputs.any }} ${{ steps.run.outputs.any }}'}\nruns:\n  using: composite\n  steps:\n    - {id: cache, uses: actions/cache@v4, with: {path: x, key: x}}\n    - {id: local, uses: $/greet, with: {who: x}}\n    - {id: run, run: x, shell: bash}\n    - {uses: a/b@v1, if: steps.cache.outputs.cache-hit != 'true'}\n";
    let source = Source::new("action.yml", text);
    let found = load_action_with(&source, &Folder(FILES)).diagnostics;
    let found = found.iter().filter(|one| one.code != codes::ACTION_OUTDATED);
    let found: Vec<&str> = found.map(|one| one.message.as_str()).collect();
    assert_eq!(found, ["`steps.cache.outputs` has no property `cache-hti`"]);
}
