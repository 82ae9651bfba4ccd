//! `loom-runtime actors`: the actors that a running studio knows, by the filters that its page has, and one of them.

mod show;
mod studio;
mod table;
mod watch;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use loom_bridge::protocol::ActorRecord;
use loom_protocol::filter::{Condition, Filter, InvalidFilter, Nature, Term};

use self::studio::{Failure, Found, Studio};
use super::args::{ActorsArgs, ActorsCommand, DataFormat, ListActorsArgs};
use super::{Exit, data, talk};

pub(super) async fn actors(args: ActorsArgs) -> Exit {
    let done = match &args.command {
        Some(ActorsCommand::Show(args)) => show::show(args).await,
        None => list(&args.list).await,
    };
    match done {
        Ok(()) => Exit::Success,
        Err(exit) => exit,
    }
}

async fn list(args: &ListActorsArgs) -> Result<(), Exit> {
    let text = args.filter.join(" ");
    let filter: Filter = text.parse().map_err(|error| {
        talk::raw(&drawn(&text, &error));
        Exit::Usage
    })?;
    let filter = without_plumbing(filter);
    let studio = Studio::at(args.studio.as_deref())?;
    if args.watch {
        return watch::watch(&studio, &filter, args).await;
    }
    let found = match studio.actors(&filter, &args.sort, args.limit).await {
        Ok(found) => found,
        Err(Failure::Unreachable(why)) => return Err(studio.say_unreachable(&why)),
        Err(Failure::Said(exit)) => return Err(exit),
        Err(Failure::Unknown) => Found::default(),
    };
    if args.format == DataFormat::Json {
        data::print(&format!("{}\n", found.body.trim_end()));
        return Ok(());
    }
    let actors: Vec<ActorRecord> = studio::read(&found.body)?;
    if actors.is_empty() {
        talk::note("the studio knows no such actor");
    } else {
        data::print(&table::table(&actors));
    }
    if let Some(total) = found.total.filter(|total| *total > actors.len()) {
        talk::note(&format!("{} of {total}; `--limit` shows more", actors.len()));
    }
    Ok(())
}

/// Plumbing is left out, as on the page, unless the filter speaks of it.
fn without_plumbing(mut filter: Filter) -> Filter {
    let speaks = filter
        .terms
        .iter()
        .any(|term| matches!(&term.condition, Condition::Is(natures) if natures.contains(&Nature::System)));
    if !speaks {
        filter.terms.push(Term {
            negated: true,
            condition: Condition::Is(vec![Nature::System]),
        });
    }
    filter
}

/// A mistake as rustc would draw it, under the filter.
fn drawn(text: &str, error: &InvalidFilter) -> String {
    let renderer = if talk::in_colour() {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let byte = |letter: usize| text.char_indices().nth(letter).map_or(text.len(), |(at, _)| at);
    let mark = AnnotationKind::Primary.span(byte(error.start)..byte(error.end));
    let snippet = Snippet::source(text).path("filter").annotation(mark);
    let title = Level::ERROR.primary_title(error.message.as_str());
    renderer.render(&[Group::with_title(title).element(snippet)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_drawn_where_it_is() {
        let text = "ä:b wait:>soon";
        let text = text.strip_prefix("ä:b ").map(|rest| format!("ä {rest}")).unwrap();
        let error = text.parse::<Filter>().unwrap_err();
        let drawn = drawn(&text, &error);
        let lines: Vec<&str> = drawn.lines().collect();
        let source = lines.iter().position(|line| line.contains("ä wait")).unwrap();
        assert!(lines[source + 1].contains('^'), "{drawn}");
    }

    #[test]
    fn plumbing_is_left_out_unless_it_is_asked_for() {
        for (text, sent) in [
            ("", "-is:system"),
            ("type:A", "type:A -is:system"),
            ("is:system", "is:system"),
        ] {
            assert_eq!(without_plumbing(text.parse().unwrap()).to_string(), sent);
        }
    }
}
