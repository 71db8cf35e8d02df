//! Longer texts of `--help` and the man pages: examples, exit codes, environment.

/// After `vnfctl -h`.
pub(super) const AFTER_HELP: &str = "\
Start here: vnfctl -t topologies/quickstart.toml up";

/// After `vnfctl --help`, and in vnfctl(1).
pub(super) const AFTER_LONG_HELP: &str = "\
Start here:
  vnfctl -t topologies/quickstart.toml up
  vnfctl -t topologies/quickstart.toml status
  vnfctl -t topologies/quickstart.toml down

Environment:
  Every option can be given by a variable: VNFCTL_ and the option's name, e.g. VNFCTL_JOBS=8,
  VNFCTL_DRY_RUN=1. The command line wins; an empty variable counts as absent. Options that
  may be repeated take several values: VNFCTL_TOPOLOGY separated by colons, VNFCTL_GROUP,
  VNFCTL_NODE and VNFCTL_HOST by commas, VNFCTL_SET and VNFCTL_MACHINE one per line.
  NO_COLOR, CLICOLOR=0 and TERM=dumb turn colours off unless --color asks for them.

Log file:
  --log appends one JSON object per line: v (version of this shape, 1), time (UTC), pid, event
  (started, finished, undone), id (step of the plan), node, container, verb, sentence; then as they
  apply: command, outcome (done, failed, transport, skipped), elapsed_ms, one of exit_code, signal
  and deadline_s, stderr (last lines), reason. Secrets are shown by their names only.

Exit codes:
    0  done, or nothing to do
    1  a step failed
    2  usage
    3  topology file invalid
    4  node unreachable or not trusted
    5  placement impossible
    6  plan --exit-code: changes pending
    7  verify, status: reality differs; doctor: something is missing or wrong
    8  node or topology locked by another run, or reserved for another person
  130  interrupted, undo finished
  exec: the worst code of its children, or the only child's own.";

/// After `vnfctl doctor --help`.
pub(super) const DOCTOR_EXAMPLES: &str = "\
Exit codes:
    0  nothing is missing or wrong; warnings do not count
    4  a node is unreachable
    7  something is missing or wrong

Examples:
  vnfctl doctor -t lab.toml
  vnfctl doctor -t lab.toml --node DUT1 -o json";

/// After `vnfctl up --help`.
pub(super) const UP_EXAMPLES: &str = "\
Examples:
  vnfctl up                         the one topology of this folder
  vnfctl up -t lab.toml -t nf.toml  nodes here, groups there
  vnfctl up 'DUT1_*' --dry-run      say what would be done
  vnfctl up --until acquire         images only
  vnfctl up --until create          containers without their apps
  vnfctl up --recreate --on-error rollback";

/// After `vnfctl down --help`.
pub(super) const DOWN_EXAMPLES: &str = "\
Examples:
  vnfctl down
  vnfctl down --group CNF --grace 1s
  vnfctl down --name pair           the file is gone";

/// After `vnfctl distribute --help`.
pub(super) const DISTRIBUTE_EXAMPLES: &str = "\
Examples:
  vnfctl distribute                 what most nodes have, to those that lack it or have another
  vnfctl distribute --from DUT1 --dry-run
  vnfctl distribute -g CNF --compress none";

/// After `vnfctl verify --help`.
pub(super) const VERIFY_EXAMPLES: &str = "\
Examples:
  vnfctl verify -v                  every thread that is wrong, every task that may come
  vnfctl verify --strict            for a measurement: nothing may come to these cores
  vnfctl verify --sample 5s         who took them, ranked";

/// After `vnfctl destroy --help`.
pub(super) const DESTROY_EXAMPLES: &str = "\
Examples:
  vnfctl destroy DUT1_VNF2
  vnfctl destroy --name pair        the file is gone; on this machine
  vnfctl destroy --name pair --host csit@192.0.2.11,csit@192.0.2.12
  vnfctl destroy -t lab.toml --name pair
                                    on the nodes of this file";

/// After `vnfctl plan --help`.
pub(super) const PLAN_EXAMPLES: &str = "\
Examples:
  vnfctl plan                       what `up` would do
  vnfctl plan destroy 'DUT1_*'
  vnfctl plan --exit-code -q        6 = something to do, 0 = nothing
  vnfctl plan --format sh           the script of each node
  vnfctl plan --machine 'DUT*=dut.lscpu'
                                    on machines saved by `lscpu -p`";

/// After `vnfctl build --help`.
pub(super) const BUILD_EXAMPLES: &str = "\
An image has the hash of its recipe and of all that goes into it in its name: one that is there is
never built again, one that changed has another name. `up` and `acquire` build what is missing, too;
`destroy` and `down` leave images where they are.

Examples:
  vnfctl build                      what the topology's containers need
  vnfctl build --dry-run            what would be built, and how
  vnfctl build --group VNF -n DUT1";

/// After `vnfctl cpus --help`.
pub(super) const CPUS_EXAMPLES: &str = "\
Examples:
  vnfctl cpus                       every node of the topology, or this machine without one
  vnfctl cpus --node DUT1 -o json
  vnfctl cpus --host csit@192.0.2.11
  vnfctl cpus --save .              and each node's own words as NODE.probe
  vnfctl cpus --machine DUT1=DUT1.probe
                                    without the node";

/// After `vnfctl exec --help`.
pub(super) const EXEC_EXAMPLES: &str = "\
Examples:
  vnfctl exec -- ip -brief address  in every container
  vnfctl exec DUT1_VNF1 -- cat /proc/self/status
  vnfctl exec -g CNF -- sh -c 'echo $MICROSERVICE_LABEL'";

/// After `vnfctl reserve --help`.
pub(super) const RESERVE_EXAMPLES: &str = "\
Examples:
  vnfctl reserve -t lab.toml --reason 'NDR search' --ttl 4h
  vnfctl reserve --host csit@192.0.2.11 --reason 'new NIC' --as alice
  vnfctl release -t lab.toml";

/// After `vnfctl import --help`.
pub(super) const IMPORT_EXAMPLES: &str = "\
Examples:
  vnfctl import --name eth-l2xcbase-eth-2memif-1lxc
  vnfctl import --name 2n-10ge2p1x710-eth-l2bd-10ch-20mif-10dcr1t-vppip4-ndrpdr --to density.toml
  vnfctl import --name eth-l2bd-2pl-4mif-4dcr2t-vppip4 --app testpmd --engine native";

/// After `vnfctl completions --help`.
pub(super) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  vnfctl completions bash >> ~/.bashrc
  vnfctl completions zsh >> ~/.zshrc
  vnfctl completions fish > ~/.config/fish/completions/vnfctl.fish";
