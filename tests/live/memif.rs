//! Chains of testpmd over memif: every packet that a generator sends arrives, through 1, 2 and 4
//! NFs, on every engine, with all engines in one chain, after a restart, on two nodes.

mod traffic;

use crate::support::{Bed, Engine, Topology, in_both_places, over_ssh, text};
use traffic::{CTL, Traffic, testpmd};

over_ssh!(chains_of_one_two_and_four_lose_nothing);
in_both_places!(all_engines_in_one_chain_survive_a_restart, mistakes_are_named);

mod threads_and_queues_are_as_asked {
    crate::support::tests!(threads_and_queues_are_as_asked; docker Docker Ssh, native Native Local);
}
mod each_node_has_its_own_chains {
    crate::support::tests!(each_node_has_its_own_chains; ssh Docker Ssh);
}

/// Generator and sink, `[[chains]]` between them for each group of NFs.
fn chains(topology: Topology, engine: Engine, groups: &[(&str, u32)]) -> Topology {
    let mut topology = topology.group(testpmd("GEN", engine, "auto_start = false")).group(testpmd(
        "SINK",
        engine,
        "forward = \"rxonly\"",
    ));
    for (name, count) in groups {
        topology = topology.group(testpmd(name, engine, "").count(*count)).and(&format!(
            "[[chains]]\ngroup = \"{name}\"\nkind = \"l2xc\"\nends = [\"GEN\", \"SINK\"]\n"
        ));
    }
    topology
}

fn chains_of_one_two_and_four_lose_nothing(bed: &Bed) {
    let groups = [("ONE", 1), ("TWO", 2), ("FOUR", 4)];
    let on = bed.on(&chains(bed.topology(), bed.engine, &groups)).up();
    let traffic = Traffic::new(bed, &on, "DUT1");
    let passed = traffic.sends("GEN1", "SINK1", 3);
    let sent = passed.sent;
    assert_eq!(passed.by("GEN1"), vec![[0, sent]; groups.len()]);
    assert_eq!(passed.by("SINK1"), vec![[sent, 0]; groups.len()]);
    for (group, count) in groups {
        for ordinal in 1..=count {
            let name = format!("{group}{ordinal}");
            assert_eq!(passed.by(&name), [[sent, 0], [0, sent]], "{name}");
        }
    }
    on.run("verify").exits(0);
    on.run("up").did_nothing();
    on.down();
    let folder = format!("/run/vnfctl/memif/{}", bed.name);
    assert!(!bed.dut.path(&folder).exists(), "{folder} is left");
}

/// GEN1 and SINK1 with one NF of each engine between them, joined by hand.
fn mixed(bed: &Bed) -> Topology {
    let mut topology = chains(bed.topology(), Engine::Docker, &[]);
    let mut names = vec!["GEN1".to_owned()];
    for engine in Engine::ALL {
        let name = engine.word().to_uppercase();
        topology = topology.group(testpmd(&name, engine, ""));
        names.push(format!("{name}1"));
    }
    names.push("SINK1".to_owned());
    for (number, pair) in names.windows(2).enumerate() {
        // Every other link has its server on the other side.
        let role = ["master", "slave"][number % 2];
        let ends = pair.iter().map(|name| text(name)).collect::<Vec<_>>();
        topology = topology.and(&format!(
            "[[links]]\nkind = \"memif\"\nends = [{{ container = {}, role = \"{role}\" }}, {{ container = {} }}]\n",
            ends[0], ends[1]
        ));
    }
    topology
}

fn all_engines_in_one_chain_survive_a_restart(bed: &Bed) {
    let on = bed.on(&mixed(bed)).up();
    let traffic = Traffic::new(bed, &on, "DUT1");
    let passed = traffic.sends("GEN1", "SINK1", 3);
    for name in ["NATIVE1", "DOCKER1", "PODMAN1", "LXC1"] {
        assert_eq!(passed.by(name), [[passed.sent, 0], [0, passed.sent]], "{name}");
    }
    for name in ["NATIVE1", "LXC1"] {
        let container = bed.container(name);
        on.args(&["stop", "--grace", "2s", &container]).exits(0);
        on.run("verify").exits(7).says(&format!("{container}:port1"));
        on.args(&["start", &container]).exits(0);
        on.run("verify").exits(0);
        on.args(&["restart", "--grace", "2s", &container]).exits(0);
        let passed = traffic.sends("GEN1", "SINK1", 2);
        assert_eq!(passed.by(name), [[passed.sent, 0], [0, passed.sent]], "{name}");
    }
    on.down();
}

fn threads_and_queues_are_as_asked(bed: &Bed) {
    let two_cpus =
        |name, app| testpmd(name, bed.engine, app).key("cpu_count", 2).key("cpu_skip", 0);
    let link = |one: &str, other: &str| {
        format!(
            "[[links]]\nkind = \"memif\"\nsecret = \"s3cret:of-it\"\nrx_queues = 2\ntx_queues = 2\n\
             ring_size = 512\nends = [{{ container = \"{one}\" }}, {{ container = \"{other}\" }}]\n"
        )
    };
    let topology = bed
        .topology()
        .group(two_cpus("GEN", "auto_start = false"))
        .group(two_cpus("NF", ""))
        .group(two_cpus("SINK", "forward = \"rxonly\""))
        .and(&link("GEN1", "NF1"))
        .and(&link("NF1", "SINK1"));
    let on = bed.on(&topology).up();
    let traffic = Traffic::new(bed, &on, "DUT1");
    let passed = traffic.sends("GEN1", "SINK1", 2);
    assert_eq!(passed.by("NF1"), [[passed.sent, 0], [0, passed.sent]]);
    // Two queues, each read by the one forwarding thread; the other thread prints.
    let config = on.args(&["exec", &bed.container("NF1"), "--", CTL, "show config fwd"]).exits(0);
    assert!(config.stdout.contains("cores=1 - streams=4"), "{config}");
    let first = bed.first("NF1");
    let mut threads: Vec<(String, String)> = Vec::new();
    for pid in bed.members(first) {
        let listed = bed.dut.must(&format!(
            // One of those that ask testpmd how it is may be gone by now.
            "for t in /proc/{pid}/task/*; do [ ! -r $t/comm ] || echo $(cat $t/comm) $(sed -n 's/^Cpus_allowed_list://p' $t/status); done 2>/dev/null"
        ));
        let pairs = listed.lines().filter_map(|line| line.split_once(' '));
        threads.extend(pairs.map(|(name, cpus)| (name.to_owned(), cpus.to_owned())));
    }
    let of = |name: &str| threads.iter().find(|(found, _)| found == name).map(|(_, cpus)| &**cpus);
    assert_eq!(of("dpdk-testpmd"), Some("0"), "{threads:?}");
    assert_eq!(of("rte-worker-1").or(of("lcore-worker-1")), Some("1"), "{threads:?}");
    on.run("verify").exits(0);
    on.down();
}

fn each_node_has_its_own_chains(bed: &Bed) {
    let other = bed.lab.dut(if bed.dut.name == "dut1" { "dut2" } else { "dut1" });
    let shared = other.lock(false);
    let topology = bed.topology().node("DUT2", &format!("ssh = {}", text(other.name)));
    let topology = chains(topology, Engine::Docker, &[("NF", 2)]);
    let on = bed.on(&topology).up();
    for node in ["DUT1", "DUT2"] {
        let traffic = Traffic::new(bed, &on, node);
        let passed = traffic.sends("GEN1", "SINK1", 2);
        for name in ["NF1", "NF2"] {
            assert_eq!(passed.by(name), [[passed.sent, 0], [0, passed.sent]], "{node} {name}");
        }
    }
    on.down();
    let left = other.sh(&format!("ls -d /run/vnfctl/memif/{}", bed.name));
    assert_ne!(left.code, 0, "{left}");
    drop(shared);
}

/// A socket in use, a driver that is not there: `up` ends soon, and says which.
fn mistakes_are_named(bed: &Bed) {
    let link = "[[links]]\nkind = \"memif\"\nsocket = \"used.sock\"\n\
                ends = [{ container = \"NF1\" }, { container = \"SINK1\" }]\n";
    let topology = bed
        .topology()
        .group(testpmd("NF", bed.engine, "ready_timeout = \"8s\""))
        .group(testpmd("SINK", bed.engine, "ready_timeout = \"8s\""))
        .and(link);
    let folder = format!("/run/vnfctl/memif/{}", bed.name);
    bed.dut.must(&format!("mkdir -p {folder}"));
    let listen = "import socket, sys, time; s = socket.socket(socket.AF_UNIX, \
                  socket.SOCK_SEQPACKET); s.bind(sys.argv[1]); s.listen(1); time.sleep(300)";
    let stray = bed.stray(&format!("python3 -c '{listen}' {folder}/used.sock"));
    bed.dut.must(&format!("until [ -S {folder}/used.sock ]; do sleep 0.1; done"));
    let on = bed.on(&topology);
    on.run("up").exits(1).says("/mnt/memif/used.sock` is used");
    drop(stray);
    // What a killed program leaves is no obstacle.
    on.run("restart --grace 2s").exits(0);
    on.run("verify").exits(0);
    on.down();
    let wrong = topology.group(testpmd(
        "NF",
        bed.engine,
        "args = [\"--nonsense\"], ready_timeout = \"8s\"",
    ));
    let on = bed.on(&wrong);
    on.run("up").exits(1).says("unrecognized option '--nonsense'");
    on.down();
}
