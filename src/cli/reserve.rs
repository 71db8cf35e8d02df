//! `reserve` and `release`: whole nodes for a person.

use super::context::Context;
use super::nameless::testbed;
use super::operator::claimant;
use super::show::JSON_VERSION;
use super::{Release, Reserve, Unmatched, WholeNodes};
use crate::lifecycle::{Blocked, Failure, Guard, Reserved, Session, rehearse_reservation};
use crate::model::{Loaded, Node, glob_matches};
use crate::ui::{ExitCode, Format, Table, end_words, moment};
use serde_json::json;
use std::time::Duration;

pub(super) fn reserve(context: &Context<'_>, args: &Reserve) -> anyhow::Result<ExitCode> {
    let terms = (args.reason.as_str(), args.ttl);
    let act = |session: &Session<'_>, guard: &Guard<'_>, is_meant: &dyn Fn(&Node) -> bool| {
        crate::lifecycle::reserve(session, guard, terms, is_meant)
    };
    let whole = &args.whole;
    if whole.dry_run {
        let would = whole.rehearse(context, "reserve", Some(terms))?;
        show(context, "reserve", &would, "would be reserved:\n")?;
        return Ok(ExitCode::Done);
    }
    let reserved = whole.act(context, "reserve", &act)?;
    let warnings: Vec<(String, String)> = reserved
        .iter()
        .flat_map(|one| one.topologies.iter().map(|topology| (one.node.clone(), topology)))
        .map(|(node, topology)| (node, format!("topology `{topology}` runs there")))
        .collect();
    context.warn(&warnings);
    show(context, "reserve", &reserved, "")?;
    Ok(ExitCode::Done)
}

pub(super) fn release(context: &Context<'_>, args: &Release) -> anyhow::Result<ExitCode> {
    let mut whole = args.whole.clone();
    if args.force {
        // Without a name everybody's reservation is their own.
        whole.locking.person = Some(String::new());
    }
    let (released, heading) = if whole.dry_run {
        (whole.rehearse(context, "release", None)?, "would be released:\n")
    } else {
        (whole.act(context, "release", &crate::lifecycle::release)?, "released:\n")
    };
    if released.iter().all(|one| one.reservation.is_none()) && context.ui.format() == Format::Table
    {
        context.ui.note("release: nothing to do");
        return Ok(ExitCode::Done);
    }
    show(context, "release", &released, heading)?;
    Ok(ExitCode::Done)
}

type Act<'f> =
    dyn Fn(&Session<'_>, &Guard<'_>, &dyn Fn(&Node) -> bool) -> Result<Vec<Reserved>, Failure> + 'f;

impl WholeNodes {
    /// Does `act` under the locks of the nodes.
    fn act(
        &self,
        context: &Context<'_>,
        verb: &str,
        act: &Act<'_>,
    ) -> anyhow::Result<Vec<Reserved>> {
        let loaded = self.load(context)?;
        let nodes = context.nodes(&loaded.topology);
        let tell_wait = |blocked: &Blocked| context.tell_wait(blocked);
        let claimant = claimant(&self.locking, verb, "");
        let guard = Guard::new(&nodes, claimant, self.locking.lock_wait, &tell_wait);
        let session = context.session(&loaded, &guard);
        let is_meant = |node: &Node| self.is_meant(node);
        let result = guard.renewing(context.stop, || act(&session, &guard, &is_meant));
        match guard.lost() {
            Some(lost) => Err(lost.into()),
            None => Ok(result?),
        }
    }

    /// What would be done.
    fn rehearse(
        &self,
        context: &Context<'_>,
        verb: &str,
        terms: Option<(&str, Option<Duration>)>,
    ) -> anyhow::Result<Vec<Reserved>> {
        let loaded = self.load(context)?;
        let nodes = context.nodes(&loaded.topology);
        let session = context.session(&loaded, &nodes);
        let person = claimant(&self.locking, verb, "").person;
        Ok(rehearse_reservation(&session, &person, terms, &|node| self.is_meant(node))?)
    }

    fn load(&self, context: &Context<'_>) -> anyhow::Result<Loaded> {
        let loaded = testbed(context, &self.hosts, Vec::new())?;
        let nodes = loaded.topology.nodes.iter();
        let names: Vec<&str> = nodes.map(|node| node.name.as_str()).collect();
        for word in &self.nodes {
            if !names.iter().any(|name| glob_matches(word, name)) {
                let nearest = crate::model::nearest(word, names.iter().copied()).map(str::to_owned);
                return Err(Unmatched { kind: "node", word: word.clone(), nearest }.fault().into());
            }
        }
        Ok(loaded)
    }

    fn is_meant(&self, node: &Node) -> bool {
        self.nodes.is_empty() || self.nodes.iter().any(|word| glob_matches(word, &node.name))
    }
}

fn show(
    context: &Context<'_>,
    verb: &str,
    nodes: &[Reserved],
    heading: &str,
) -> std::io::Result<()> {
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
    context.ui.data(format!("{heading}{}", table.render(context.ui.stdout_paint())))
}
