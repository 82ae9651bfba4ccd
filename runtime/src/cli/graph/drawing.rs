//! The graph for programs that draw it: Graphviz and Mermaid.

use std::fmt::Write;

use loom_workflow::{JobId, Workflow};

use crate::graph::{Instances, label};

/// The graph in the language of Graphviz.
pub(super) fn dot(workflow: &Workflow) -> String {
    let mut out = "digraph workflow {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
    for (job, label) in labels(workflow) {
        line(
            &mut out,
            format_args!("  {} [label={}];", dot_text(job), dot_text(&label)),
        );
    }
    for (need, job) in edges(workflow) {
        line(
            &mut out,
            format_args!("  {} -> {};", dot_text(need.as_str()), dot_text(job.as_str())),
        );
    }
    out + "}\n"
}

/// The graph in the language of Mermaid. Ids of jobs may be words that it has taken (`end`) or look like its arrows
/// (`a--b`), so the jobs are counted instead.
pub(super) fn mermaid(workflow: &Workflow) -> String {
    let mut out = "flowchart LR\n".to_owned();
    for (index, (_, label)) in labels(workflow).enumerate() {
        line(&mut out, format_args!("  j{index}[\"{}\"]", mermaid_text(&label)));
    }
    let index = |job: &JobId| workflow.jobs.get_index_of(job);
    for (need, job) in edges(workflow) {
        if let (Some(need), Some(job)) = (index(&need), index(&job)) {
            line(&mut out, format_args!("  j{need} --> j{job}"));
        }
    }
    out
}

/// Text in quotes. A backslash would begin one of Graphviz' own escapes.
fn dot_text(text: &str) -> String {
    let text = in_one_line(text).replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{text}\"")
}

/// Text between quotes. Mermaid reads it as Markdown with parts of HTML; its own entities, `#` and the number of a
/// character, are put in after that.
fn mermaid_text(text: &str) -> String {
    let text = in_one_line(text);
    let characters: Vec<char> = text.chars().collect();
    let word = |at: Option<usize>| {
        at.and_then(|at| characters.get(at))
            .is_some_and(|character| character.is_alphanumeric())
    };
    let digits = characters
        .iter()
        .take_while(|character| character.is_ascii_digit())
        .count();
    characters
        .iter()
        .enumerate()
        .fold(String::new(), |mut out, (at, character)| {
            let means_something = match character {
                '"' | '#' | '&' | '<' | '>' | '`' | '\\' | '*' | '~' | '$' | '%' | '[' | ']' | '{' | '}' => {
                    true
                }
                // Within a word it is only a line.
                '_' => !(word(at.checked_sub(1)) && word(at.checked_add(1))),
                // The first item of a list.
                '-' | '+' => at == 0,
                '.' | ')' => at == digits && digits > 0,
                _ => false,
            };
            if means_something {
                // Writing to a String cannot fail.
                let _ = write!(out, "#{};", u32::from(*character));
            } else {
                out.push(*character);
            }
            out
        })
}

/// What would break the line, or the program that reads it, becomes a space.
fn in_one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// Ids, and what people call the jobs with how often they run.
fn labels(workflow: &Workflow) -> impl Iterator<Item = (&str, String)> {
    workflow.jobs.iter().map(|(id, job)| {
        let times = Instances::of(job).times();
        (id.as_str(), format!("{}{times}", label(job)))
    })
}

/// Every need and the job that has it, in the order of the file.
fn edges(workflow: &Workflow) -> Vec<(JobId, JobId)> {
    let dag = workflow.dag();
    let of_job = |job: &JobId| -> Vec<(JobId, JobId)> {
        let needs = dag.dependencies(job).into_iter();
        needs.map(|need| (need.clone(), job.clone())).collect()
    };
    workflow.jobs.keys().flat_map(of_job).collect()
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use loom_workflow::{Dialect, Source};

    const NAMES: &str = "jobs:\n  build: {name: 'The \"build\" \\n', steps: [{run: x}]}\n  a--b: {needs: build, steps: [{run: x}]}\n  end: {name: \"1. #quot; <b>*x* _y_ a_b\\e\\n`c`\", needs: [build, a--b], steps: [{run: x}]}\n";

    fn workflow() -> Workflow {
        let source = Source::new("w.yml", NAMES);
        loom_workflow::load(&source, Dialect::Loom).workflow.unwrap()
    }

    #[test]
    fn dot_quotes_names() {
        insta::assert_snapshot!(dot(&workflow()), @r##"
        digraph workflow {
          rankdir=LR;
          node [shape=box];
          "build" [label="The \"build\" \\n"];
          "a--b" [label="a--b"];
          "end" [label="1. #quot; <b>*x* _y_ a_b  `c`"];
          "build" -> "a--b";
          "build" -> "end";
          "a--b" -> "end";
        }
        "##);
    }

    #[test]
    fn mermaid_counts_jobs_and_escapes_names() {
        insta::assert_snapshot!(mermaid(&workflow()), @r##"
        flowchart LR
          j0["The #34;build#34; #92;n"]
          j1["a--b"]
          j2["1#46; #35;quot; #60;b#62;#42;x#42; #95;y#95; a_b  #96;c#96;"]
          j0 --> j1
          j0 --> j2
          j1 --> j2
        "##);
    }
}
