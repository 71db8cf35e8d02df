//! What others have on a node, in the modes that count slots, by example.

use crate::placement::{SLICE, cpus, machine, texts};
use vnfctl::cpu::{Claim, GroupRequest, Holder, NodePlacement, Refusal, place};
use vnfctl::model::{CpuRequest, NumaPolicy, PlacementMode, Scarce, SliceRequest};

fn own(group: &str, ordinal: u32, cpus: &[u32]) -> Claim {
    let holder = Holder::Own { group: group.into(), ordinal, cpus: cpus.to_vec() };
    Claim { holder, cpus: cpus.iter().copied().collect(), shared: false }
}

fn other(cpus: &[u32], shared: bool) -> Claim {
    let holder = Holder::Topology { topology: "y".into(), container: "DUT1_X1".into() };
    Claim { holder, cpus: cpus.iter().copied().collect(), shared }
}

/// Group `VNF` on a NUMA node of 6 cores with siblings 6 apart.
fn vnf(
    mode: PlacementMode,
    slice: &SliceRequest,
    claims: &[Claim],
) -> Result<NodePlacement, Vec<Refusal>> {
    let cpu = CpuRequest::Slice(slice.clone());
    let numa_policy = NumaPolicy::Require;
    let request = GroupRequest { group: "VNF", cpu: &cpu, numa: None, numa_policy };
    place(mode, &machine(1, 6, 2), 1, &[request], claims)
}

#[test]
fn a_core_of_another_topology_is_refused_in_every_mode_siblings_included() {
    for mode in [PlacementMode::Slots, PlacementMode::Csit] {
        let two = SliceRequest { count: 2, ..SLICE };
        let refusals = vnf(mode, &two, &[other(&[8], false)]).unwrap_err();
        assert_eq!(
            refusals[0].to_string(),
            "group `VNF` cannot be placed: on NUMA node 0, CPU 2 (core 2) is taken by `DUT1_X1` of \
             topology `y`; free: 4 of 6 cores of NUMA node 0 (slots 1,3-5)"
        );
        let share = ", or `cpu_scarce = \"share\"` (shares cores, with a warning)";
        let share = if mode == PlacementMode::Slots { share } else { "" };
        assert_eq!(refusals[0].help, format!("`cpu_skip = 3` fits, or `count = 1`{share}"));
    }
    let claims = [other(&[1], false), other(&[2, 3, 4, 5], false)];
    let one = vnf(PlacementMode::Auto, &SLICE, &claims).unwrap_err();
    assert_eq!(
        one[0].reason,
        "asks NUMA node 0 for 1 whole core; CPU 1 (core 1) is taken by `DUT1_X1` of topology `y`, \
         CPU 2 (core 2) is taken by `DUT1_X1` of topology `y`, CPU 3 (core 3) is taken by \
         `DUT1_X1` of topology `y`, and 2 more"
    );
}

#[test]
fn what_will_be_replaced_is_no_conflict_but_what_is_left_over_is() {
    let replaced = [own("VNF", 1, &[2]), own("VNF", 2, &[1])];
    let two = SliceRequest { count: 2, ..SLICE };
    assert_eq!(cpus(&vnf(PlacementMode::Slots, &two, &replaced).unwrap()), [[1], [2]]);
    let left_over = [own("VNF", 3, &[1])];
    let refusals = vnf(PlacementMode::Slots, &two, &left_over).unwrap_err();
    assert_eq!(
        refusals[0].reason,
        "on NUMA node 0, CPU 1 (core 1) is taken by `VNF3` of this topology"
    );
    assert_eq!(
        refusals[0].help,
        "`vnfctl destroy '*_VNF3'` frees the cores of `VNF3`, which is no longer in the file"
    );
}

#[test]
fn a_container_that_is_there_is_a_fact() {
    let claims = [own("VNF", 1, &[1]), other(&[1, 2], false)];
    for mode in [PlacementMode::Slots, PlacementMode::Csit] {
        let placement = vnf(mode, &SLICE, &claims).unwrap();
        assert_eq!(
            texts(&placement.warnings),
            [
                "`VNF` 1 stays where it is, but `DUT1_X1` of topology `y` came to its core too: CPU 1"
            ]
        );
        let two = SliceRequest { count: 2, ..SLICE };
        assert!(vnf(mode, &two, &claims).is_err());
    }
}

#[test]
fn who_shares_may_be_beside_others_that_share() {
    let shared = SliceRequest { count: 2, cpu_count: 2, cpu_shared: true, ..SLICE };
    let placement = vnf(PlacementMode::Slots, &shared, &[other(&[2], true)]).unwrap();
    assert_eq!(cpus(&placement), [[1, 2], [1, 2]]);
    assert_eq!(
        texts(&placement.warnings),
        ["`VNF` 1-2: CPU 2 is shared with `DUT1_X1` of topology `y`"]
    );
    assert!(vnf(PlacementMode::Slots, &shared, &[other(&[2], false)]).is_err());
    assert!(vnf(PlacementMode::Slots, &SLICE, &[other(&[1], true)]).is_err());
}

#[test]
fn scarce_cores_are_free_ones_first_then_shared_ones_never_those_of_others_alone() {
    let scarce = SliceRequest { count: 2, cpu_scarce: Scarce::Share, ..SLICE };
    let slots = |claims: &[Claim]| vnf(PlacementMode::Slots, &scarce, claims);
    let placement = slots(&[other(&[1, 3], false)]).unwrap();
    assert_eq!(cpus(&placement), [[2], [4]]);
    assert_eq!(
        texts(&placement.warnings),
        ["`VNF`: CPU 1 (core 1) is taken by `DUT1_X1` of topology `y`: other cores are used \
          (`cpu_scarce`)"]
    );
    let crowded = [other(&[1, 2, 3], false), other(&[4], true)];
    let placement = slots(&crowded).unwrap();
    assert_eq!(cpus(&placement), [[5], [4]]);
    assert_eq!(
        texts(&placement.warnings),
        [
            "`VNF`: 2 cores wanted, 1 free on NUMA node 0: shared (`cpu_scarce`)",
            "`VNF` 2: CPU 4 is shared with `DUT1_X1` of topology `y`",
        ]
    );
    let full = [other(&[0, 1, 2, 3, 4, 5], false)];
    assert!(slots(&full).unwrap_err()[0].reason.contains("is taken by `DUT1_X1`"));
}

#[test]
fn scarce_containers_stay_where_others_once_sent_them() {
    let slice = SliceRequest { count: 2, cpu_skip: Some(5), cpu_scarce: Scarce::Share, ..SLICE };
    let place = |slice: &SliceRequest, claims: &[Claim]| {
        cpus(&vnf(PlacementMode::Slots, slice, claims).unwrap())
    };
    let sent = place(&slice, &[other(&[5], false)]);
    assert_eq!(sent, [[0], [1]]);
    let there = [own("VNF", 1, &[0]), own("VNF", 2, &[1])];
    assert_eq!(place(&slice, &there), sent, "the other one is gone");
    assert_eq!(place(&slice, &[]), [[5], [5]]);
    let taken = [there.as_slice(), &[other(&[0], false)]].concat();
    assert_eq!(place(&slice, &taken), [[5], [5]], "somebody else's now");
    let wide = SliceRequest { cpu_count: 2, cpu_skip: Some(2), ..slice };
    assert_eq!(place(&wide, &there), [[2, 3], [4, 5]], "another number of CPUs");
}
