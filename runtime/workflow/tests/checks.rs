//! `docs/checks.md` is right: every code has an entry, and its examples show exactly what it says.

use std::collections::{BTreeSet, HashMap};

use loom_workflow::expression::{Environment, Object};
use loom_workflow::{
    Code, CodeEntry, Diagnostics, Dialect, ImageTable, Level, Presence, Reference, References, Source, Work,
    Workflow, codes, expand, image_of, shell_of, step_values,
};

/// Where an example lies unless it says so.
const WORKFLOW: &str = ".github/workflows/ci.yml";
const MARK: &str = "# <-";

/// A fenced block of the page.
#[derive(Clone, Debug)]
struct Example {
    path: String,
    /// Without the marks.
    text: String,
    /// Lines, from 1, that are marked, with the code where it is another one than the entry's.
    marked: BTreeSet<(usize, Option<String>)>,
}

/// The files beside an example.
struct Files(HashMap<String, String>);

impl References for Files {
    fn workflow(&self, path: &str) -> Reference {
        let path = path.trim_start_matches("./");
        match self.0.get(path) {
            Some(text) => Reference::Found(Source::new(path, text.as_str())),
            None => Reference::Missing,
        }
    }

    fn action(&self, path: &str) -> Reference {
        match self.workflow(&format!("{path}/action.yml")) {
            Reference::Missing => Reference::Unknown,
            found => found,
        }
    }

    /// Where no file lies beside the example, it is not about files.
    fn file(&self, path: &str) -> Presence {
        if self.0.is_empty() {
            Presence::Unknown
        } else if self.0.contains_key(path) {
            Presence::There
        } else {
            Presence::Missing
        }
    }
}

fn examples(markdown: &str) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let mut inside = false;
    for line in markdown.lines() {
        if let Some(info) = line.strip_prefix("```") {
            inside = !inside;
            if inside {
                let path = info.split_once(' ').map_or(WORKFLOW, |(_, path)| path);
                found.push(Example {
                    path: path.to_owned(),
                    text: String::new(),
                    marked: BTreeSet::new(),
                });
            }
        } else if inside && let Some(example) = found.last_mut() {
            let (text, mark) = match line.split_once(MARK) {
                Some((text, mark)) => (text.trim_end(), Some(mark.trim())),
                None => (line, None),
            };
            example.text.push_str(text);
            example.text.push('\n');
            if let Some(mark) = mark {
                let other = mark.contains('/').then(|| mark.to_owned());
                example.marked.insert((example.text.lines().count(), other));
            }
        }
    }
    found
}

/// What is found when the values of a workflow are computed, with nothing known beside the file.
fn evaluated(workflow: &Workflow) -> Diagnostics {
    let mut all = Diagnostics::new();
    for job in workflow.jobs.values() {
        let (instances, found) = expand(workflow, job, &Object::new());
        all.extend(found);
        for instance in instances.iter().flatten() {
            all.extend(image_of(job, instance, &ImageTable::new(), workflow.dialect).1);
            for step in &job.steps {
                let environment = Environment::new(&instance.contexts);
                let (values, found) = step_values(step, &instance.defaults, &environment);
                all.extend(found);
                if let Some(Work::Run { shell, .. }) = values.map(|values| values.work) {
                    all.extend(shell_of(step, shell.as_deref()).1);
                }
            }
        }
    }
    all
}

/// What is found in an example, as `CODE at LINE: MESSAGE`.
fn found(example: &Example, beside: &[Example], level: Level) -> Vec<(Code, Option<usize>, String)> {
    let source = Source::new(example.path.as_str(), example.text.as_str());
    let files = beside.iter().map(|file| (file.path.clone(), file.text.clone()));
    let files = Files(files.collect());
    let diagnostics = if example.path.ends_with("action.yml") {
        loom_workflow::load_action_with(&source, &files).diagnostics
    } else {
        let loaded = loom_workflow::load_with(&source, Dialect::of_path(&example.path), &files);
        let planned = match loaded.workflow {
            Some(workflow) if level == Level::Engine => evaluated(&workflow),
            _ => Diagnostics::new(),
        };
        let mut all = loaded.diagnostics;
        all.extend(planned);
        all
    };
    diagnostics
        .iter()
        .map(|one| {
            let line = one.span().map(|span| source.position(span.start).line);
            (one.code, line, one.message.clone())
        })
        .collect()
}

/// Reads and checks an example with the files beside it.
fn load(source: &Source, files: &Files) -> Diagnostics {
    if source.name().ends_with("action.yml") {
        loom_workflow::load_action_with(source, files).diagnostics
    } else {
        loom_workflow::load_with(source, Dialect::of_path(source.name()), files).diagnostics
    }
}

/// How often each thing is said.
fn counted(found: &Diagnostics) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for one in found {
        *counts.entry(format!("{} {}", one.code, one.message)).or_default() += 1;
    }
    counts
}

/// Whether what is left is what there was without what was repaired, and nothing else.
fn brings_nothing(before: &Diagnostics, left: &Diagnostics, repaired: &[String]) -> bool {
    let mut allowed = counted(before);
    for one in repaired {
        let count = allowed.entry(one.clone()).or_default();
        *count = count.saturating_sub(1);
    }
    counted(left)
        .iter()
        .all(|(said, count)| allowed.get(said).is_some_and(|most| count <= most))
}

/// Every workflow and action of the page and of our cases, with the files beside it.
fn texts() -> Vec<(Source, Files)> {
    let mut texts = Vec::new();
    for code in codes::all() {
        let all = examples(code.entry().examples);
        let files: HashMap<String, String> = all
            .iter()
            .skip(2)
            .map(|file| (file.path.clone(), file.text.clone()))
            .collect();
        for example in all {
            let source = Source::new(example.path.as_str(), example.text.as_str());
            texts.push((source, Files(files.clone())));
        }
    }
    for folder in ["right", "wrong"] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/cases")
            .join(folder);
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let shown = if name.ends_with(".action.yml") {
                "x/action.yml".to_owned()
            } else {
                format!(".github/workflows/{name}")
            };
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            texts.push((Source::new(shown, text), Files(HashMap::new())));
        }
    }
    assert!(texts.len() > 150, "{}", texts.len());
    texts
}

#[test]
fn each_safe_change_removes_its_finding_and_brings_no_other() {
    let mut tried = 0;
    for (source, files) in texts() {
        let found = load(&source, &files);
        for one in &found {
            let Some(suggestion) = one.suggestion.as_ref().filter(|it| it.is_safe()) else {
                continue;
            };
            tried += 1;
            let changed = loom_workflow::apply_edits(source.text(), &suggestion.edits).unwrap();
            let left = load(&Source::new(source.name(), changed.as_str()), &files);
            let repaired = [format!("{} {}", one.code, one.message)];
            assert!(
                brings_nothing(&found, &left, &repaired),
                "{}: {} {}\n{changed}\nleaves {:?}",
                source.name(),
                one.code,
                one.message,
                counted(&left)
            );
        }
    }
    assert!(tried > 10, "only {tried} changes were tried");
}

#[test]
fn what_is_mended_stays_so_and_the_rest_is_as_it_was() {
    let mut repaired = 0;
    for (source, files) in texts() {
        let before = load(&source, &files);
        let mended = loom_workflow::mend(&source, |source| load(source, &files));
        let gone: Vec<String> = mended
            .fixed
            .iter()
            .map(|one| format!("{} {}", one.code, one.message))
            .collect();
        repaired += gone.len();
        assert_eq!(mended.left, load(&mended.source, &files));
        assert!(
            brings_nothing(&before, &mended.left, &gone),
            "{}",
            mended.source.text()
        );
        assert_eq!(gone.is_empty(), mended.source == source, "{}", source.text());
        let again = loom_workflow::mend(&mended.source, |source| load(source, &files));
        assert!(again.fixed.is_empty(), "{}", again.source.text());
    }
    assert!(repaired > 10, "only {repaired} findings were repaired");
}

#[test]
fn every_code_has_an_entry_and_every_entry_a_code() {
    let documented: Vec<&str> = CodeEntry::codes().collect();
    let known: BTreeSet<&str> = codes::all().iter().map(|code| code.as_str()).collect();
    let missing: Vec<&str> = known
        .iter()
        .filter(|code| !documented.contains(*code))
        .copied()
        .collect();
    assert!(
        missing.is_empty(),
        "docs/checks.md has no entry `### CODE` for {missing:?}"
    );
    let unknown: Vec<&&str> = documented.iter().filter(|code| !known.contains(**code)).collect();
    assert!(
        unknown.is_empty(),
        "no code is called as these entries of docs/checks.md: {unknown:?}"
    );
    assert_eq!(documented.len(), known.len(), "an entry is there twice");
}

#[test]
fn entries_say_what_the_code_says() {
    for code in codes::all() {
        let info = code.info();
        let level = format!("{:?}", info.level).to_lowercase();
        let severity = info.severity.as_str();
        let page = code.entry();
        assert_eq!(
            page.heading,
            format!("{}. `{level}`, {severity}.", info.title),
            "{code}"
        );
        assert!(
            page.explanation.len() > 60 && page.explanation.ends_with('.'),
            "{code} is not explained"
        );
    }
}

#[test]
fn examples_show_exactly_what_they_are_for() {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for code in codes::all() {
        let page = code.entry();
        if page.examples.is_empty() {
            assert!(
                page.explanation.contains("No example: "),
                "{code} has neither examples nor a reason"
            );
            continue;
        }
        tried += 1;
        let (bad, good) = page
            .examples
            .split_once("\nRight:\n")
            .unwrap_or_else(|| panic!("{code}"));
        let (bad, mut good) = (examples(bad), examples(good));
        let right = good.remove(0);
        // Files that belong to both follow the right example.
        let beside = good;
        assert!(bad.len() == 1, "{code} has {} wrong examples", bad.len());
        let level = code.info().level;
        let shown = found(&bad[0], &beside, level);
        let lines: BTreeSet<(usize, Option<String>)> = shown
            .iter()
            .map(|(found, line, _)| {
                let other = (found != code).then(|| found.to_string());
                (line.unwrap_or_default(), other)
            })
            .collect();
        if lines != bad[0].marked {
            wrong.push(format!(
                "{code}: the wrong example, marked at {:?}, brings {shown:?}",
                bad[0].marked
            ));
        }
        let quiet = found(&right, &beside, level);
        if !quiet.is_empty() {
            wrong.push(format!("{code}: the right example brings {quiet:?}"));
        }
    }
    assert!(tried > 40, "only {tried} examples were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
