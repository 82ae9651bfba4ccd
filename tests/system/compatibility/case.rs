//! A case: a workflow, what is given with it, and what must come of it.

use crate::harness::{Outcome, Project};

/// A workflow with what must come of it.
pub(crate) struct Case {
    workflow: String,
    file: &'static str,
    files: Vec<(&'static str, String)>,
    arguments: Vec<&'static str>,
    code: i32,
    says: Vec<&'static str>,
    lacks: Vec<&'static str>,
    warns: Vec<&'static str>,
    anywhere: Vec<&'static str>,
}

impl Case {
    /// One that is to succeed, in `.github/workflows`.
    pub(crate) fn of(workflow: &str) -> Self {
        Self {
            workflow: workflow.to_owned(),
            file: ".github/workflows/case.yml",
            files: Vec::new(),
            arguments: Vec::new(),
            code: 0,
            says: Vec::new(),
            lacks: Vec::new(),
            warns: Vec::new(),
            anywhere: Vec::new(),
        }
    }

    /// As a `.loom.yml`, which has keys of its own.
    pub(crate) fn in_loom_file(mut self) -> Self {
        self.file = ".loom.yml";
        self
    }

    /// With another file in the project.
    pub(crate) fn with(mut self, path: &'static str, text: &str) -> Self {
        self.files.push((path, text.to_owned()));
        self
    }

    /// With these arguments of `run`.
    pub(crate) fn given(mut self, arguments: &[&'static str]) -> Self {
        self.arguments.extend(arguments);
        self
    }

    /// With this exit code instead of 0.
    pub(crate) fn ends(mut self, code: i32) -> Self {
        self.code = code;
        self
    }

    /// This stands in what is printed. Lines of a step come as `job | line`.
    pub(crate) fn says(mut self, text: &'static str) -> Self {
        self.says.push(text);
        self
    }

    /// This does not stand there, nor in what is said on stderr.
    pub(crate) fn lacks(mut self, text: &'static str) -> Self {
        self.lacks.push(text);
        self
    }

    /// This is said on stderr.
    pub(crate) fn warns(mut self, text: &'static str) -> Self {
        self.warns.push(text);
        self
    }

    /// This stands in one of the two.
    pub(crate) fn anywhere(mut self, text: &'static str) -> Self {
        self.anywhere.push(text);
        self
    }

    /// The project of it.
    pub(crate) fn project(&self) -> Project {
        let project = Project::new();
        project.file(self.file, &self.workflow);
        for (path, text) in &self.files {
            project.file(path, text);
        }
        project
    }

    /// The arguments of it, after those that say where it runs.
    pub(crate) fn arguments(&self, place: &[&'static str]) -> Vec<&'static str> {
        let file = [self.file];
        [&["run"], place, &file, &self.arguments].concat()
    }

    /// Runs it on this machine.
    #[track_caller]
    pub(crate) fn check(&self) {
        let project = self.project();
        let arguments = self.arguments(&["--executor", "host"]);
        self.holds(project.loom(&arguments).run());
    }

    /// Holds what came of it against what must.
    #[track_caller]
    pub(crate) fn holds(&self, outcome: Outcome) {
        let outcome = outcome.exits(self.code);
        for text in &self.says {
            assert!(outcome.stdout.contains(text), "not said: {text}\n{outcome}");
        }
        for text in &self.warns {
            assert!(outcome.stderr.contains(text), "not warned: {text}\n{outcome}");
        }
        for text in &self.anywhere {
            let both = [&outcome.stdout, &outcome.stderr];
            assert!(
                both.iter().any(|said| said.contains(text)),
                "nowhere: {text}\n{outcome}"
            );
        }
        for text in &self.lacks {
            let both = [&outcome.stdout, &outcome.stderr];
            assert!(
                !both.iter().any(|said| said.contains(text)),
                "said: {text}\n{outcome}"
            );
        }
    }
}

/// A test for each case, and the list of their names.
macro_rules! cases {
    ($($name:ident => $case:expr,)*) => {
        /// The names of the cases of this file.
        pub(crate) const NAMES: &[&str] = &[$(stringify!($name)),*];

        $(
            #[test]
            fn $name() {
                $case.check();
            }
        )*
    };
}

pub(crate) use cases;
