//! `reserve` and `release`: whole nodes for a person.

use super::context::Context;
use super::nameless::nameless;
use super::operator::claimant;
use super::show::JSON_VERSION;
use super::{Hosts, Locking, Release, Reserve, Unmatched};
use crate::lifecycle::{Blocked, Failure, Guard, Reserved, Session};
use crate::model::{Node, glob_matches};
use crate::ui::{ExitCode, Format, Table, end_words, moment};
use serde_json::json;

pub(super) fn reserve(context: &Context<'_>, args: &Reserve) -> anyhow::Result<ExitCode> {
    let terms = (args.reason.as_str(), args.ttl);
    let act = |session: &Session<'_>, guard: &Guard<'_>, is_meant: &dyn Fn(&Node) -> bool| {
        crate::lifecycle::reserve(session, guard, terms, is_meant)
    };
    let reserved = with_nodes(context, (&args.nodes, &args.hosts), &args.locking, "reserve", &act)?;
    let warnings: Vec<(String, String)> = reserved
        .iter()
        .flat_map(|one| one.topologies.iter().map(|topology| (one.node.clone(), topology)))
        .map(|(node, topology)| (node, format!("topology `{topology}` runs there")))
        .collect();
    context.warn(&warnings);
    show(context, "reserve", &reserved)?;
    Ok(ExitCode::Done)
}

pub(super) fn release(context: &Context<'_>, args: &Release) -> anyhow::Result<ExitCode> {
    // Without a name everybody's reservation is their own.
    let locking = Locking {
        person: if args.force { Some(String::new()) } else { args.locking.person.clone() },
        ..args.locking.clone()
    };
    let released = with_nodes(
        context,
        (&args.nodes, &args.hosts),
        &locking,
        "release",
        &crate::lifecycle::release,
    )?;
    if released.iter().all(|one| one.reservation.is_none()) && context.ui.format() == Format::Table
    {
        context.ui.note("release: nothing to do");
        return Ok(ExitCode::Done);
    }
    show(context, "release", &released)?;
    Ok(ExitCode::Done)
}

type Act<'f> =
    dyn Fn(&Session<'_>, &Guard<'_>, &dyn Fn(&Node) -> bool) -> Result<Vec<Reserved>, Failure> + 'f;

fn with_nodes(
    context: &Context<'_>,
    (words, hosts): (&[String], &Hosts),
    locking: &Locking,
    verb: &str,
    act: &Act<'_>,
) -> anyhow::Result<Vec<Reserved>> {
    let loaded = nameless(context, hosts, "")?;
    let names: Vec<&str> = loaded.topology.nodes.iter().map(|node| node.name.as_str()).collect();
    for word in words {
        if !names.iter().any(|name| glob_matches(word, name)) {
            let nearest = crate::model::nearest(word, names.iter().copied()).map(str::to_owned);
            return Err(Unmatched { kind: "node", word: word.clone(), nearest }.fault().into());
        }
    }
    let is_meant =
        |node: &Node| words.is_empty() || words.iter().any(|word| glob_matches(word, &node.name));
    let nodes = context.nodes(&loaded.topology);
    let tell_wait = |blocked: &Blocked| context.tell_wait(blocked);
    let guard = Guard::new(&nodes, claimant(locking, verb, ""), locking.lock_wait, &tell_wait);
    let session = context.session(&loaded, &guard);
    let result = guard.renewing(context.stop, || act(&session, &guard, &is_meant));
    match guard.lost() {
        Some(lost) => Err(lost.into()),
        None => Ok(result?),
    }
}

fn show(context: &Context<'_>, verb: &str, nodes: &[Reserved]) -> std::io::Result<()> {
    let found = || nodes.iter().filter_map(|one| Some((&one.node, one.reservation.as_ref()?)));
    if context.ui.format() == Format::Json {
        let reservations = found().map(|(node, one)| {
            json!({
                "node": node,
                "person": one.person,
                "reason": one.reason,
                "since": moment(one.since),
                "until": one.until.map(moment),
            })
        });
        return context.ui.json(&json!({
            "version": JSON_VERSION,
            "verb": verb,
            "reservations": reservations.collect::<Vec<_>>(),
        }));
    }
    let mut table = Table::new(["NODE", "PERSON", "REASON", "SINCE", "UNTIL"]);
    for (node, one) in found() {
        table.row([
            node.as_str().into(),
            one.person.as_str().into(),
            one.reason.as_str().into(),
            moment(one.since).into(),
            end_words(one).into(),
        ]);
    }
    let heading = if verb == "release" { "released:\n" } else { "" };
    context.ui.data(format!("{heading}{}", table.render(context.ui.stdout_paint())))
}
