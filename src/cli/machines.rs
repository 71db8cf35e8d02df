//! Saved machines in place of nodes (`--machine NODE=FILE`).

use super::{MachineFile, Machines};
use crate::cpu::Machine;
use crate::facts::{self, Facts};
use crate::lifecycle::{Failure, Seen, read, saved_facts};
use crate::model::{Topology, glob_matches};
use crate::plan::NodeState;

/// What is known of the nodes that a saved machine stands for: what they are, and nothing on them.
pub(super) fn saved(machines: &Machines, topology: &Topology) -> Result<Seen, Failure> {
    let mut seen = Seen::default();
    for saved in &machines.machines {
        let known = known(saved)?;
        let mut is_used = false;
        for node in topology.nodes.iter().filter(|node| glob_matches(&saved.nodes, &node.name)) {
            is_used = true;
            let facts = saved_facts(node, known.clone());
            seen.observation.insert(node.name.clone(), NodeState { facts, ..NodeState::default() });
        }
        if !is_used {
            return Err(Failure::Usage {
                message: format!("--machine: no node matches `{}`", saved.nodes),
                hint: String::new(),
            });
        }
    }
    Ok(seen)
}

/// Reads either kind of file: what the probe printed ends in `end`, all else is of `lscpu -p`.
fn known(saved: &MachineFile) -> Result<Facts, Failure> {
    let text = read(&saved.file)?;
    let facts = if text.trim_end().ends_with("\nend") {
        facts::parse(text.trim_end()).map_err(|error| error.to_string())
    } else {
        let machine = Machine::from_lscpu(&text).map_err(|error| error.to_string());
        machine.map(|machine| Facts { machine, ..Facts::default() })
    };
    facts.map_err(|error| Failure::Usage {
        message: format!("--machine {}: {error}", saved.file.display()),
        hint: "save it with `vnfctl cpus --save FOLDER`, or on the node with `lscpu -p > FILE`"
            .into(),
    })
}
