//! What is warned of, and whether it was sent.

use std::collections::BTreeMap;
use std::fmt::{Result, Write as _};

use super::text::{escaped, head, single};
use crate::Workspace;
use crate::places::OTHER;

pub(super) fn write(text: &mut String, workspace: &Workspace) -> Result {
    let counts = workspace.warnings.counts();
    let now = workspace.intake.now();
    let names = counts.rules.iter().map(|rule| rule.name.as_str());
    let admitted = workspace.series.rules.admit(names, now);
    // Two rules of one name are one; a name that was a rule's is told only while one has it.
    let mut rules: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for rule in &counts.rules {
        let name = if admitted.contains(&*rule.name) {
            &rule.name
        } else {
            OTHER
        };
        let of_rule = rules.entry(name).or_default();
        of_rule.0 = of_rule.0.saturating_add(rule.firing);
        of_rule.1 = of_rule.1.saturating_add(rule.pending);
    }
    let name = "loom_warnings";
    head(
        text,
        name,
        "gauge",
        "Things that a rule says are not well, by rule; those that pend are not said yet.",
    )?;
    for (rule, (firing, pending)) in rules {
        let rule = escaped(rule);
        for (state, count) in [("firing", firing), ("pending", pending)] {
            writeln!(text, "{name}{{rule=\"{rule}\",state=\"{state}\"}} {count}")?;
        }
    }
    single(
        text,
        "loom_warnings_silenced",
        "gauge",
        "Warnings of which nothing is sent because of a silence.",
        counts.silenced,
    )?;
    let name = "loom_warning_deliveries_total";
    head(
        text,
        name,
        "counter",
        "Attempts to send something to a channel, tests included, by what became of them.",
    )?;
    for (outcome, count) in [("delivered", counts.delivered), ("failed", counts.failed)] {
        writeln!(text, "{name}{{outcome=\"{outcome}\"}} {count}")?;
    }
    single(
        text,
        "loom_warning_messages_waiting",
        "gauge",
        "Messages that wait to be sent.",
        counts.waiting,
    )?;
    single(
        text,
        "loom_warning_messages_dropped_total",
        "counter",
        "Messages that found no room and were not sent.",
        counts.dropped,
    )?;
    single(
        text,
        "loom_warning_channels_failing",
        "gauge",
        "Channels that did not take what was last sent there.",
        counts.failing,
    )
}
