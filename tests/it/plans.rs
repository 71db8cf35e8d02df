//! Plans of every shipped topology: each verb over each situation, saved word for word in
//! `tests/fixtures/plans`; and what holds for all of them. `VNFCTL_BLESS=1` rewrites the files.

use crate::support::saved::{compare, finish};
use crate::support::world::{self, VERBS, Wish, as_wanted, empty, prepared, shipped, told};
use std::collections::BTreeSet;
use std::fmt::Write;
use vnfctl::command::{Command, Stdin};
use vnfctl::engine::State;
use vnfctl::model::{EngineKind, Loaded, glob_matches};
use vnfctl::plan::{Observation, Plan, Stage, Step, Verb, script};

const UP: Verb = Verb::Up(Stage::Verify);

/// The topologies that are shipped, each with the saved machine its nodes are.
fn all_shipped() -> Vec<(String, &'static str)> {
    let machine = |name: &str| match name {
        "quickstart" => "four-cores",
        "native" => "adjacent-siblings",
        "lxc" => "one-cpu",
        "podman" => "even-odd",
        _ => "two-sockets-smt",
    };
    let names = world::stems("topologies");
    assert!(names.len() >= 6, "{names:?}");
    names.into_iter().map(|name| (name.clone(), machine(&name))).collect()
}

/// A shipped topology's situations: what they are called, and what is seen.
fn situations(loaded: &Loaded, machine: &str) -> Vec<(&'static str, Observation)> {
    let nothing = empty(&loaded.topology, machine);
    let right = as_wanted(loaded, &nothing);
    let up = prepared(loaded, &nothing, &Wish::all(UP)).unwrap();
    // The last container of the first group, so that it is not the first of everything.
    let group = &loaded.topology.groups[0].name;
    let one = up.wanted.iter().rfind(|wanted| wanted.group.name == *group).unwrap();
    let (name, node, engine) = (one.spec.name.as_str(), one.node, one.group.engine);
    let with = |change: &dyn Fn(&mut Observation)| {
        let mut observation = right.clone();
        change(&mut observation);
        observation
    };
    vec![
        ("nothing exists", nothing.clone()),
        ("all as wanted", right.clone()),
        ("one stopped", with(&|seen| world::stop(seen, name))),
        (
            "one on other CPUs",
            with(&|seen| {
                world::container(seen, name).cpus = Some(world::cpu(0));
                world::container(seen, name).mems = Some(world::cpu(7));
            }),
        ),
        (
            "one changed in the file",
            with(&|seen| {
                let labels = world::container(seen, name).labels.as_mut().unwrap();
                labels.hash = "0123456789abcdef".into();
                labels.spec = labels.spec.replacen('{', "{\"cap_add\":[\"SYS_NICE\"],", 1);
            }),
        ),
        (
            "one half-made",
            with(&|seen| {
                world::container(seen, name).state = State::Broken;
                world::cut(seen, name);
            }),
        ),
        (
            "one name taken by a stranger",
            with(&|seen| {
                world::container(seen, name).labels = None;
            }),
        ),
        (
            "one name taken by another topology",
            with(&|seen| {
                world::container(seen, name).labels.as_mut().unwrap().topology = "other".into();
            }),
        ),
        (
            "one too many",
            with(&|seen| {
                let mut extra = world::container(seen, name).clone();
                extra.name = format!("{node}_GONE1");
                extra.labels.as_mut().unwrap().group = "GONE".into();
                world::inventory(seen, node, engine).containers.push(extra);
            }),
        ),
        (
            "one link broken",
            with(&|seen| {
                if let Some(link) = seen.get_mut(node).unwrap().links.first_mut() {
                    link.differences = vec!["mtu 1400, wanted 1500".into()];
                }
            }),
        ),
    ]
}

/// Every plan of a shipped topology, verbs with the same plan together.
fn plans(loaded: &Loaded, machine: &str) -> String {
    let mut text = format!("machine {machine}\n");
    for (situation, observation) in situations(loaded, machine) {
        let _ = writeln!(text, "\n## {situation}");
        let up = prepared(loaded, &observation, &Wish::all(UP));
        for (node, warning) in up.iter().flat_map(|prepared| &prepared.warnings) {
            let _ = writeln!(text, "(warning: {node}: {warning})");
        }
        let mut told_of: Vec<(String, String)> = Vec::new();
        let mut add =
            |word: &str, told: String| match told_of.iter_mut().find(|(_, known)| *known == told) {
                Some((words, _)) => words.extend([", ", word]),
                None => told_of.push((word.to_owned(), told)),
            };
        for (word, verb) in VERBS {
            add(word, told(&prepared(loaded, &observation, &Wish::all(verb))));
        }
        let recreate = Wish { recreate: true, ..Wish::all(UP) };
        add("up --recreate", told(&prepared(loaded, &observation, &recreate)));
        for (words, told) in told_of {
            let _ = write!(text, "{words}:\n{told}");
        }
    }
    text
}

#[test]
fn every_plan_is_as_saved() {
    let mut failures = Vec::new();
    for (name, machine) in all_shipped() {
        let file = world::path(&format!("tests/fixtures/plans/{name}.txt"));
        compare(&file, &plans(&shipped(&name), machine), &mut failures);
    }
    finish(&failures);
}

#[test]
fn every_saved_plan_has_its_topology() {
    let topologies: BTreeSet<String> = world::stems("topologies").into_iter().collect();
    for stem in world::stems("tests/fixtures/plans") {
        let name = stem.strip_suffix("-up").unwrap_or(&stem);
        let engine = EngineKind::ALL.iter().any(|kind| format!("engine-{}", kind.word()) == stem);
        assert!(engine || topologies.contains(name) || stem == "machines", "{stem} is left over");
    }
}

/// The plan without the text of embedded scripts, so that a person can read it.
fn abridged(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    for step in &mut plan.steps {
        for word in &mut step.command.argv {
            if word.lines().count() > 3 {
                *word = "(script)".into();
            }
        }
        // Files of apps, and the launcher in what LXC starts: their own tests show them.
        if let Stdin::Text(text) = &mut step.command.stdin
            && (text.lines().count() > 150 || text.contains("vnfctl launch"))
        {
            *text = "(files)".into();
        }
    }
    plan
}

#[test]
fn every_script_of_up_is_as_saved() {
    let mut failures = Vec::new();
    for (name, machine) in all_shipped() {
        let loaded = shipped(&name);
        let nothing = empty(&loaded.topology, machine);
        let up = prepared(&loaded, &nothing, &Wish::all(UP)).unwrap();
        let file = world::path(&format!("tests/fixtures/plans/{name}-up.sh"));
        compare(&file, &script(&abridged(&up.plan), &loaded.topology.name), &mut failures);
    }
    finish(&failures);
}

/// One container of each engine in full: what is embedded is part of what a person reviews.
#[test]
fn one_full_script_of_each_engine_is_as_saved() {
    let mut failures = Vec::new();
    for kind in EngineKind::ALL {
        let loaded = shipped(kind.word());
        let nothing = empty(&loaded.topology, "four-cores");
        let first = |name: &str, _: &str, _: &str| glob_matches("*1", name);
        let wish = Wish { is_selected: &first, ..Wish::all(UP) };
        let up = prepared(&loaded, &nothing, &wish).unwrap();
        let file = world::path(&format!("tests/fixtures/plans/engine-{}.sh", kind.word()));
        compare(&file, &script(&up.plan, &loaded.topology.name), &mut failures);
    }
    finish(&failures);
}

#[test]
fn every_topology_on_every_machine() {
    let mut text = String::new();
    for machine in world::stems_with("tests/fixtures/machines", "txt") {
        for (name, _) in all_shipped() {
            let loaded = shipped(&name);
            let result = prepared(&loaded, &empty(&loaded.topology, &machine), &Wish::all(UP));
            let _ = writeln!(text, "\n## {name} on {machine}");
            match &result {
                Err(_) => text += &told(&result),
                Ok(prepared) => {
                    for one in &prepared.wanted {
                        let (name, cpus, mems) = (&one.spec.name, &one.spec.cpus, &one.spec.mems);
                        let _ = writeln!(text, "  {name} CPUs {cpus:?} memory {mems:?}");
                    }
                    for (node, warning) in &prepared.warnings {
                        let _ = writeln!(text, "  warning: {node}: {warning}");
                    }
                }
            }
        }
    }
    let mut failures = Vec::new();
    compare(&world::path("tests/fixtures/plans/machines.txt"), &text, &mut failures);
    finish(&failures);
}

/// Calls `check` with every plan there is: topology, situation, verb.
fn for_every_plan(check: &dyn Fn(&str, &Loaded, &Observation, &Plan)) {
    let mut count = 0;
    for (name, machine) in all_shipped() {
        let loaded = shipped(&name);
        for (situation, observation) in situations(&loaded, machine) {
            for (word, verb) in VERBS {
                let wish = Wish { recreate: true, ..Wish::all(verb) };
                if let Ok(prepared) = prepared(&loaded, &observation, &wish) {
                    let told = format!("{name}, {situation}, {word}");
                    check(&told, &loaded, &observation, &prepared.plan);
                    count += 1;
                }
            }
        }
    }
    assert!(count > 300, "only {count} plans");
}

#[test]
fn every_script_is_one_for_dash_too() {
    for_every_plan(&|told, loaded, _, plan| {
        let text = script(plan, &loaded.topology.name);
        for shell in ["sh", "dash"] {
            let output = run(shell, &["-n"], &text);
            assert!(output.status.success() && output.stderr.is_empty(), "{told}: {output:?}");
        }
    });
}

fn run(shell: &str, arguments: &[&str], text: &str) -> std::process::Output {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let (before, after) =
        arguments.split_at(arguments.iter().filter(|a| a.starts_with('-')).count());
    std::process::Command::new(shell).args(before).arg(file.path()).args(after).output().unwrap()
}

#[test]
fn steps_wait_for_earlier_ones_only() {
    for_every_plan(&|told, _, _, plan| {
        for (id, step) in plan.steps.iter().enumerate() {
            assert!(step.after.iter().all(|before| *before < id), "{told}: {step:?}");
            let once: BTreeSet<_> = step.after.iter().collect();
            assert_eq!(once.len(), step.after.len(), "{told}: {step:?}");
        }
    });
}

#[test]
fn what_is_as_wanted_needs_no_step_to_come_up() {
    for (name, machine) in all_shipped() {
        let loaded = shipped(&name);
        let right = as_wanted(&loaded, &empty(&loaded.topology, machine));
        for verb in [Verb::Acquire, Verb::Create, UP, Verb::Start] {
            let plan = prepared(&loaded, &right, &Wish::all(verb)).unwrap().plan;
            assert_eq!(plan, Plan::default(), "{name} {verb:?}");
        }
    }
}

#[test]
fn down_removes_everything_the_topology_owns_and_nothing_else() {
    for_every_plan(&|told, loaded, observation, plan| {
        if !told.ends_with(", down") && !told.ends_with(", destroy") {
            return;
        }
        let mut owned = BTreeSet::new();
        for (node, state) in observation {
            for found in
                state.inventories.values().flat_map(|all| &all.as_ref().unwrap().containers)
            {
                if found.labels.as_ref().is_some_and(|l| l.topology == loaded.topology.name) {
                    owned.insert((node.as_str(), found.name.as_str()));
                }
            }
        }
        let removed = plan.steps.iter().filter(|step| step.verb == "destroy");
        let removed = removed.map(|step| (step.node.as_str(), step.container.as_str())).collect();
        assert_eq!(owned, removed, "{told}");
    });
}

#[test]
fn what_runs_needs_no_image() {
    let loaded = shipped("docker");
    let mut seen = as_wanted(&loaded, &empty(&loaded.topology, "four-cores"));
    world::inventory(&mut seen, "DUT1", EngineKind::Docker).images.clear();
    for verb in [Verb::Create, UP] {
        let plan = prepared(&loaded, &seen, &Wish::all(verb)).unwrap().plan;
        assert_eq!(plan, Plan::default(), "{verb:?}");
    }
    let acquire = prepared(&loaded, &seen, &Wish::all(Verb::Acquire)).unwrap().plan;
    assert_eq!(acquire.steps.len(), 1);
}

fn step(node: &str, sentence: &str, command: Command) -> Step {
    let (node, container) = (node.to_owned(), "X1".to_owned());
    let (sentence, after) = (sentence.to_owned(), Vec::new());
    Step { node, container, verb: "create", sentence, command, undo: None, after }
}

#[test]
fn a_script_does_what_the_executor_would() {
    let accepted = |code: u8| Command::sh("exit $1", [code.to_string()]).accept(&[3, 4, 1]);
    let (ok, bad) = (accepted(4), accepted(5));
    let mut plan = Plan::default();
    plan.push(step("DUT1", "say 'it' \\n \\c $HOME", Command::new(["printf", "%s", "a'b"])));
    plan.push(step("DUT1", "accept", ok));
    plan.push(step("DUT1", "refuse", bad));
    plan.push(step("DUT1", "never", Command::new(["echo", "reached"])));
    for shell in ["sh", "dash", "bash"] {
        let output = run(shell, &[], &script(&plan, "test"));
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert_eq!(stdout, "say 'it' \\n \\c $HOME\na'baccept\nrefuse\n", "{shell}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "failed: refuse\n", "{shell}");
        assert_eq!(output.status.code(), Some(1), "{shell}");
    }
}

#[test]
fn a_script_of_several_nodes_does_one_nodes_part() {
    let mut plan = Plan::default();
    plan.push(step("DUT1", "one", Command::new(["echo", "1"])));
    plan.push(step("DUT2", "two", Command::new(["echo", "2"])));
    let text = script(&plan, "test");
    let output = run("sh", &["DUT2"], &text);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "two\n2\n");
    let output = run("sh", &[], &text);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "usage: sh SCRIPT DUT1|DUT2\n");
}
