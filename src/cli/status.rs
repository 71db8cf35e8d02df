//! `status`: wanted against found, per container and link.

use super::Status;
use super::context::{Chosen, Context};
use super::show::JSON_VERSION;
use crate::engine::{Observed, State};
use crate::lifecycle::{place_regardless, reservations, wanted};
use crate::model::EngineKind;
use crate::plan::{
    Condition, Delivery, NodeState, Wanted, compare, compare_links, deliveries, orphans, real_cpus,
    real_mems, switch_difference, wanted_switches, watch_difference,
};
use crate::ui::{Cell, ExitCode, Format, Table, Tone, kept_sentence};
use crate::watch::Watcher;
use serde::Serialize;

/// One container's line.
#[derive(Serialize)]
struct Row {
    container: String,
    node: String,
    group: String,
    engine: &'static str,
    /// `running`, `done`, `stopped`, `absent`, `foreign`, `half-made` or `orphan`.
    state: &'static str,
    image: String,
    cpuset_cpus_wanted: String,
    cpuset_cpus: Option<String>,
    cpuset_mems_wanted: String,
    cpuset_mems: Option<String>,
    /// `configured`, `not configured`, `not installed`; null = it has no app, or does not run.
    app: Option<&'static str>,
    /// What its watcher says; null = it has none.
    watcher: Option<WatcherRow>,
    /// What differs, one phrase each; empty = as it should be.
    drift: Vec<String>,
}

/// What a watcher says of its container.
#[derive(Serialize)]
struct WatcherRow {
    /// Whether the watcher itself runs.
    alive: bool,
    /// `starting`, `idle`, `running`, `healthy`, `failing`, `restarting` or `ended`.
    state: &'static str,
    ready: bool,
    restarts: u64,
    /// Since when it is so, in seconds since 1970.
    since: u64,
    /// What went wrong last.
    why: String,
    /// For people.
    #[serde(skip)]
    told: String,
}

impl WatcherRow {
    fn of(watcher: &Watcher) -> Self {
        Self {
            alive: watcher.alive,
            state: watcher.live.word(),
            ready: watcher.ready,
            restarts: watcher.restarts,
            since: watcher.since,
            why: watcher.why.clone(),
            told: watcher.told(),
        }
    }
}

/// One link's line.
#[derive(Serialize)]
struct LinkRow {
    link: String,
    node: String,
    drift: Vec<String>,
}

pub(super) fn run(context: &Context<'_>, args: &Status) -> anyhow::Result<ExitCode> {
    let loaded = context.load()?;
    let topology = &loaded.topology;
    let chosen = Chosen::new(&args.selection, topology);
    let nodes = context.nodes(topology);
    let session = context.session(&loaded, &nodes).within(args.patience.timeout);
    let seen = session.see(&|node| chosen.touches(node)).require(false)?;
    let names: Vec<String> = seen.observation.keys().cloned().collect();
    for kept in reservations(&session, &names) {
        context.ui.note(&format!("note: {}", kept_sentence(&kept)));
    }
    let placed = place_regardless(topology, &seen.observation)?;
    context.warn(&placed.warnings);
    let all = wanted(&loaded, &placed.assignments)?;
    let switches = wanted_switches(topology).unwrap_or_default();
    let mut rows = Vec::new();
    let mut links = Vec::new();
    let is_everything = args.selection.is_everything();
    for (node, state) in &seen.observation {
        for (kind, inventory) in &state.inventories {
            if let Err(reason) = inventory {
                anyhow::bail!("{node}: {} does not answer: {reason}", kind.word());
            }
        }
        let here = all.iter().filter(|one| one.node == node);
        let meant = here.filter(|one| chosen.matches(&one.spec.name, &one.group.name, node));
        rows.extend(meant.map(|one| row(one, state)));
        let strays = orphans(&topology.name, node, state, &all).into_iter();
        rows.extend(
            strays
                .map(|found| orphan(node, found))
                .filter(|row| chosen.matches(&row.container, &row.group, node)),
        );
        let wanted_links = crate::plan::wanted_links(topology, node);
        let seen_links = compare_links(&wanted_links, state).into_iter();
        let touched = seen_links.filter(|(link, _)| {
            is_everything
                || link.ends.iter().any(|end| rows.iter().any(|row| row.container == end.container))
        });
        links.extend(touched.map(|(link, seen)| LinkRow {
            link: link.name.clone(),
            node: node.clone(),
            drift: seen.differences,
        }));
        links.extend(switches.get(node).map(|switch| LinkRow {
            link: format!("vswitch {}", switch.socket),
            node: node.clone(),
            drift: switch_difference(switch, state).into_iter().collect(),
        }));
    }
    let right = rows.iter().all(|row| row.drift.is_empty())
        && links.iter().all(|link| link.drift.is_empty());
    match context.ui.format() {
        Format::Json => context.ui.json(&serde_json::json!({
            "version": JSON_VERSION,
            "topology": topology.name,
            "as_wanted": right,
            "containers": rows,
            "links": links,
        }))?,
        Format::Table => context.ui.data(table(&rows, &links, context.ui.stdout_paint()))?,
    }
    Ok(if right { ExitCode::Done } else { ExitCode::RealityDiffers })
}

fn row(wanted: &Wanted<'_>, state: &NodeState) -> Row {
    let (condition, seen) = (compare(wanted, state), wanted.observed(state));
    let is_running = matches!(condition, Condition::Running { .. });
    let app = if is_running { deliveries(wanted, state) } else { Vec::new() };
    let unwell = watch_difference(wanted, state).filter(|_| is_running);
    let watcher = state.watcher(wanted.group.engine, &wanted.spec.name).map(WatcherRow::of);
    let (state, mut drift) = match &condition {
        Condition::Absent => ("absent", vec!["it does not exist".into()]),
        Condition::Foreign { owner } => ("foreign", vec![owner.clone()]),
        Condition::Done => ("done", Vec::new()),
        Condition::Broken => ("half-made", vec!["its creation was cut short".into()]),
        Condition::Stopped { code: Some(code) } => {
            ("stopped", vec![format!("stopped with exit code {code}")])
        }
        Condition::Stopped { code: None } => ("stopped", vec!["stopped".into()]),
        Condition::Running { drift } => ("running", drift.clone()),
        Condition::Changed(changes) => {
            let fields =
                changes.iter().map(|change| format!("{} changed in the file", change.field));
            (running_word(seen), fields.collect())
        }
    };
    let differing = |one: &Delivery| Some(format!("{}: {}", one.claim, one.difference()?));
    drift.extend(app.iter().filter_map(differing));
    drift.extend(unwell);
    Row {
        container: wanted.spec.name.clone(),
        node: wanted.node.to_owned(),
        group: wanted.group.name.clone(),
        engine: wanted.group.engine.word(),
        state,
        image: seen.map(|seen| seen.image.clone()).unwrap_or_default(),
        cpuset_cpus_wanted: wanted.spec.cpuset(),
        cpuset_cpus: seen
            .and_then(|seen| real_cpus(seen, &wanted.spec.cpus))
            .map(ToString::to_string),
        cpuset_mems_wanted: wanted.spec.memset(),
        cpuset_mems: seen
            .and_then(|seen| real_mems(seen, &wanted.spec.mems))
            .map(ToString::to_string),
        app: app_word(&app),
        watcher,
        drift,
    }
}

/// The first of its deliveries that differs, or the last.
fn app_word(deliveries: &[Delivery]) -> Option<&'static str> {
    let wrong = deliveries.iter().find(|one| one.difference().is_some()).map(|one| one.claim);
    match (wrong, deliveries.last()) {
        (Some("installed"), _) => Some("not installed"),
        (Some(_), _) => Some("not configured"),
        (None, last) => last.map(|one| one.claim),
    }
}

impl Row {
    /// Its state, and what its watcher says of it.
    fn told(&self) -> String {
        match self.watcher.as_ref().map(|watcher| watcher.told.as_str()) {
            None | Some("") => self.state.to_owned(),
            Some(told) => format!("{} ({told})", self.state),
        }
    }
}

fn running_word(seen: Option<&Observed>) -> &'static str {
    match seen.map(|seen| seen.state) {
        Some(State::Running { .. }) => "running",
        Some(State::Broken) => "half-made",
        _ => "stopped",
    }
}

fn orphan(node: &str, found: &Observed) -> Row {
    Row {
        container: found.name.clone(),
        node: node.to_owned(),
        group: found.labels.as_ref().map(|labels| labels.group.clone()).unwrap_or_default(),
        engine: EngineKind::word(found.engine),
        state: "orphan",
        image: found.image.clone(),
        cpuset_cpus_wanted: String::new(),
        cpuset_cpus: found.cpus.as_ref().map(ToString::to_string),
        cpuset_mems_wanted: String::new(),
        cpuset_mems: found.mems.as_ref().map(ToString::to_string),
        app: None,
        watcher: None,
        drift: vec!["it is no longer in the file; `destroy` removes it".into()],
    }
}

fn table(rows: &[Row], links: &[LinkRow], paint: crate::ui::Paint) -> String {
    let has_apps = rows.iter().any(|row| row.app.is_some());
    let app = has_apps.then_some("APP");
    let heads = ["CONTAINER", "NODE", "ENGINE", "STATE", "CPUS", "MEMORY NODE"];
    let mut table = Table::new(heads.into_iter().chain(app).chain(["IMAGE", "DRIFT"]));
    for row in rows {
        let tone = if row.drift.is_empty() { Tone::Good } else { Tone::Bad };
        let or_wanted = |found: &Option<String>, wanted: &String| {
            found.clone().unwrap_or_else(|| wanted.clone())
        };
        let app = has_apps.then(|| match row.app {
            Some("configured") => Cell::toned(Tone::Good, "configured"),
            Some(word) => Cell::toned(Tone::Bad, word),
            None => Cell::from(""),
        });
        let cells = [
            row.container.as_str().into(),
            row.node.as_str().into(),
            row.engine.into(),
            Cell::toned(tone, row.told()),
            or_wanted(&row.cpuset_cpus, &row.cpuset_cpus_wanted).into(),
            or_wanted(&row.cpuset_mems, &row.cpuset_mems_wanted).into(),
        ];
        let rest = [row.image.as_str().into(), Cell::toned(Tone::Bad, row.drift.join("; "))];
        table.row(cells.into_iter().chain(app).chain(rest));
    }
    let mut text = table.render(paint);
    if !links.is_empty() {
        let mut table = Table::new(["LINK", "NODE", "STATE"]);
        for link in links {
            let state = if link.drift.is_empty() {
                Cell::toned(Tone::Good, "up")
            } else {
                Cell::toned(Tone::Bad, link.drift.join("; "))
            };
            table.row([link.link.as_str().into(), link.node.as_str().into(), state]);
        }
        text.push('\n');
        text.push_str(&table.render(paint));
    }
    text
}
