//! The placement vectors (`tests/fixtures/vectors`), in both modes.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use vnfctl::cpu::{
    Doubt, GroupRequest, Machine, Nf, Slice, csit, doubts_of_nf, doubts_of_slice, place, slots,
};
use vnfctl::model::{ChainRequest, CpuRequest, NumaPolicy, PlacementMode, Scarce, SliceRequest};

#[derive(Deserialize)]
struct Vectors {
    layouts: BTreeMap<String, Layout>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Layout {
    lscpu_p: String,
    csit_smt: bool,
    true_smt: bool,
    numa_nodes: BTreeSet<u32>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    layout: String,
    r#fn: String,
    args: Args,
    ok: Option<Vec<u32>>,
    err: Option<String>,
    #[serde(default)]
    flags: BTreeSet<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Args {
    cpu_node: u32,
    skip_cnt: i64,
    cpu_cnt: i64,
    smt_used: bool,
    nf_chains: i64,
    nf_nodes: i64,
    nf_chain: i64,
    nf_node: i64,
    nf_dtc: f64,
    nf_dtc_int: bool,
    nf_mtcr: i64,
    nf_dtcr: i64,
    smt_override: Option<bool>,
}

enum Ask {
    Slice(Slice),
    Nf(Nf),
}

impl Case {
    fn ask(&self) -> Ask {
        let args = &self.args;
        match self.r#fn.as_str() {
            "slice_per_node" => Ask::Slice(Slice {
                node: args.cpu_node,
                skip: args.skip_cnt,
                count: args.cpu_cnt,
                smt_used: args.smt_used,
            }),
            "slice_for_nf" => Ask::Nf(Nf {
                node: args.cpu_node,
                chains: args.nf_chains,
                nodes: args.nf_nodes,
                chain: args.nf_chain,
                nf: args.nf_node,
                dtc: args.nf_dtc_int.then(|| whole(args.nf_dtc)),
                mtcr: args.nf_mtcr,
                dtcr: args.nf_dtcr,
                skip: args.skip_cnt,
                smt_used: args.smt_override,
            }),
            other => panic!("{}: unknown function {other}", self.id),
        }
    }

    /// As a group of a node with one system CPU, and which of its containers is asked about.
    fn request(&self) -> Option<(CpuRequest, usize)> {
        let small = |number: i64| u32::try_from(number).ok();
        let request = match self.ask() {
            Ask::Slice(ask) => CpuRequest::Slice(SliceRequest {
                count: 1,
                cpu_count: small(ask.count)?,
                cpu_skip: Some(small(ask.skip)?),
                smt_used: ask.smt_used,
                cpu_shared: false,
                cpu_scarce: Scarce::Refuse,
            }),
            Ask::Nf(ask) => CpuRequest::Chain(ChainRequest {
                nf_chains: small(ask.chains)?,
                nf_nodes: small(ask.nodes)?,
                nf_dtc: ask.dtc.and_then(small),
                nf_mtcr: small(ask.mtcr)?,
                nf_dtcr: small(ask.dtcr)?,
                vs_dtc: small(ask.skip - 2)?,
                smt_used: ask.smt_used,
            }),
        };
        let ordinal = match self.ask() {
            Ask::Slice(_) => 0,
            Ask::Nf(ask) => usize::try_from(ask.offset()).ok()?,
        };
        Some((request, ordinal))
    }

    /// A number of cores that is neither whole nor one half is refused before it gets here.
    fn refused_by_the_model(&self) -> bool {
        !self.args.nf_dtc_int
            && (self.args.nf_dtc - 0.5).abs() > 1e-9
            && self.r#fn == "slice_for_nf"
    }
}

fn whole(number: f64) -> i64 {
    format!("{number:.0}").parse().unwrap()
}

fn vectors() -> (BTreeMap<String, Machine>, Vectors) {
    let text = include_str!("../fixtures/vectors/cpu_shared.json");
    let vectors: Vectors = serde_json::from_str(text).unwrap();
    let machine = |layout: &Layout| Machine::from_lscpu(&layout.lscpu_p).unwrap();
    (
        vectors.layouts.iter().map(|(name, layout)| (name.clone(), machine(layout))).collect(),
        vectors,
    )
}

#[test]
fn machines_are_read_as_the_vectors_say() {
    let (machines, vectors) = vectors();
    for (name, layout) in &vectors.layouts {
        let machine = &machines[name];
        assert_eq!(machine.csit_smt(), layout.csit_smt, "{name}");
        assert_eq!(machine.smt(), layout.true_smt, "{name}");
        assert_eq!(machine.numa_nodes().0, layout.numa_nodes, "{name}");
    }
}

#[test]
fn csit_mode_answers_every_case_as_csit_does() {
    let (machines, vectors) = vectors();
    assert_eq!(vectors.cases.len(), 300);
    for case in &vectors.cases {
        let machine = &machines[&case.layout];
        let answer = match case.ask() {
            Ask::Slice(ask) => csit::slice(machine, &ask),
            Ask::Nf(ask) => csit::nf(machine, &ask),
        };
        let answer = answer.map_err(|error| error.word().to_owned());
        let expected = case.ok.clone().ok_or_else(|| case.err.clone().unwrap());
        assert_eq!(answer, expected, "{} on {}", case.id, case.layout);
    }
}

#[test]
fn doubtful_answers_carry_the_flags_of_the_vectors() {
    let (machines, vectors) = vectors();
    let mut wrong = Vec::new();
    for case in &vectors.cases {
        let Some(answer) = &case.ok else { continue };
        let machine = &machines[&case.layout];
        let doubts = match case.ask() {
            Ask::Slice(ask) => doubts_of_slice(machine, &ask, answer),
            Ask::Nf(ask) => {
                let all: Vec<_> =
                    ask.all().map(|nf| csit::nf(machine, &nf).unwrap_or_default()).collect();
                doubts_of_nf(machine, &ask, &all)[usize::try_from(ask.offset()).unwrap()].clone()
            }
        };
        let mut flags: BTreeSet<String> =
            doubts.into_iter().map(|doubt: Doubt| doubt.word().to_owned()).collect();
        if case.refused_by_the_model() {
            flags.insert("float_as_half".to_owned());
        }
        if flags != case.flags {
            wrong.push(format!(
                "{} on {}: {flags:?}, expected {:?}",
                case.id, case.layout, case.flags
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn slots_mode_agrees_where_csit_is_sound_and_is_sound_elsewhere() {
    let (machines, vectors) = vectors();
    let mut wrong = Vec::new();
    let mut answered = 0;
    for case in &vectors.cases {
        if case.refused_by_the_model() {
            continue;
        }
        let machine = &machines[&case.layout];
        let cores = machine.slots(case.args.cpu_node);
        let answer = match case.ask() {
            Ask::Slice(ask) => slots::slice(&cores, &ask),
            Ask::Nf(ask) => slots::nf(&cores, &ask),
        };
        let complaint = match (&case.ok, &answer) {
            (Some(expected), Ok(given)) if expected == given => None,
            (Some(_), Err(_)) if !case.flags.is_empty() => None,
            (None, Err(_)) => None,
            // An error that rests on a wrong verdict about SMT is no answer to agree with.
            (None, Ok(given)) if machine.csit_smt() != machine.smt() => {
                unsound(machine, case, given)
            }
            (Some(_), Ok(given)) if !case.flags.is_empty() => unsound(machine, case, given),
            (expected, given) => Some(format!("{given:?}, expected {expected:?} {:?}", case.err)),
        };
        answered += usize::from(answer.is_ok());
        wrong.extend(complaint.map(|text| format!("{} on {}: {text}", case.id, case.layout)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(answered > 200, "only {answered} answered");
}

/// The same through the entry point, as a group of a node: there the whole density counts.
#[test]
fn whole_groups_agree_where_csit_is_sound() {
    let (machines, vectors) = vectors();
    let mut compared = 0;
    for case in vectors.cases.iter().filter(|case| case.flags.is_empty()) {
        let (Some((request, ordinal)), Some(expected)) = (case.request(), &case.ok) else {
            continue;
        };
        let numa = Some(case.args.cpu_node);
        let request =
            GroupRequest { group: "VNF", cpu: &request, numa, numa_policy: NumaPolicy::Require };
        let placement = place(PlacementMode::Slots, &machines[&case.layout], 1, &[request], &[]);
        let placement = placement.unwrap_or_else(|refusals| panic!("{}: {refusals:?}", case.id));
        assert_eq!(&placement.groups[0].containers[ordinal].cpus, expected, "{}", case.id);
        compared += 1;
    }
    assert!(compared > 100, "only {compared} compared");
}

/// What is wrong with an answer of slots mode, judged by the Core and Socket columns alone.
fn unsound(machine: &Machine, case: &Case, given: &[u32]) -> Option<String> {
    let core = |id: &u32| machine.cpu(*id).map(|cpu| (cpu.socket, cpu.core));
    let distinct: BTreeSet<_> = given.iter().collect();
    if distinct.len() != given.len() || given.is_empty() {
        return Some(format!("{given:?} is empty or has a CPU twice"));
    }
    let on_node = |id: &u32| machine.cpu(*id).is_some_and(|cpu| cpu.numa == case.args.cpu_node);
    if !given.iter().all(on_node) {
        return Some(format!("{given:?} leaves the NUMA node"));
    }
    let skip = usize::try_from(case.args.skip_cnt).unwrap();
    let slots = machine.slots(case.args.cpu_node);
    let reserved: BTreeSet<_> =
        slots[..skip].iter().map(|slot| Some((slot.socket, slot.core))).collect();
    if given.iter().any(|id| reserved.contains(&core(id))) {
        return Some(format!("{given:?} touches skipped cores"));
    }
    match case.ask() {
        Ask::Slice(ask) => {
            let cores: BTreeSet<_> = given.iter().map(core).collect();
            let threads = if ask.smt_used { 2 } else { 1 };
            (ask.count != 0
                && (cores.len() != usize::try_from(ask.count).unwrap()
                    || given.len() != cores.len() * threads))
                .then(|| format!("{given:?} is not {} cores", ask.count))
        }
        Ask::Nf(ask) => {
            let smt = ask.smt_used.unwrap_or(machine.smt());
            let width = usize::try_from(ask.dtc.unwrap_or(1)).unwrap();
            let threads = if smt && ask.dtc.is_some() { 2 } else { 1 };
            let data: BTreeSet<_> = given[1..].iter().map(core).collect();
            if data.len() != width || given.len() != 1 + width * threads {
                return Some(format!("{given:?} is not one main and {width} cores"));
            }
            let others = ask.all().map(|nf| (nf, slots::nf(&slots, &nf).unwrap()));
            let conflict =
                others.filter(|(nf, _)| nf.offset() != ask.offset()).find(|(nf, other)| {
                    let (mains, sets) = ask.sizes().unwrap();
                    let asked_main = nf.offset() % mains == ask.offset() % mains;
                    let asked_data = nf.offset() % sets == ask.offset() % sets;
                    let other_data: BTreeSet<_> = other[1..].iter().map(core).collect();
                    (core(&other[0]) == core(&given[0]) && !asked_main)
                        || data.contains(&core(&other[0]))
                        || other_data.contains(&core(&given[0]))
                        || (!asked_data && !other_data.is_disjoint(&data))
                });
            conflict.map(|(nf, other)| format!("{given:?} collides with {other:?} of {nf:?}"))
        }
    }
}
