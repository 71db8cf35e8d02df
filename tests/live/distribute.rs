//! Images between two DUTs: only what is missing is sent, a source that dies leaves nothing, and a
//! node stands in for a registry that does not answer.

use crate::support::{Bed, Dut, Engine, Group, On, over_ssh, text};

over_ssh!(what_one_node_has_the_other_gets);

mod a_source_that_dies_leaves_nothing {
    // Whatever packs on its DUT is this case's.
    crate::support::tests!(a_source_that_dies_leaves_nothing alone;
        native Native Ssh, docker Docker Ssh, podman Podman Ssh, lxc Lxc Ssh);
}

mod a_node_stands_in_for_a_registry {
    crate::support::tests!(a_node_stands_in_for_a_registry; docker Docker Ssh, podman Podman Ssh);
}

/// Two nodes, an image of one name that nobody else uses.
struct Pair<'b> {
    bed: &'b Bed,
    other: Dut,
    image: String,
}

impl<'b> Pair<'b> {
    fn new(bed: &'b Bed) -> Self {
        let other = if bed.dut.name == "dut1" { "dut2" } else { "dut1" };
        let pair = Self { bed, other: bed.lab.dut(other), image: bed.name.clone() };
        pair.forget();
        pair
    }

    fn group(&self) -> Group {
        let group = Group::new("VNF", self.bed.engine)
            .without("image")
            .without("image_file")
            .key("nodes", "[\"DUT1\", \"DUT2\"]");
        match self.bed.engine {
            Engine::Native | Engine::Nspawn | Engine::Lxc => {
                group.key("image", text(&self.image)).key("image_file", text(&self.tarball()))
            }
            _ => group.key("image", text(&self.reference())),
        }
    }

    fn on(&self) -> On<'b> {
        let topology =
            self.bed.topology().node("DUT2", &format!("ssh = {}", text(self.other.name)));
        self.bed.on(&topology.group(self.group()))
    }

    fn reference(&self) -> String {
        format!("localhost/{}:1", self.image)
    }

    /// A tarball that only the first DUT has; `node:` names it.
    fn tarball(&self) -> String {
        format!("node:{}/root.tar", self.bed.folder)
    }

    /// Gives the first DUT the image, with this many megabytes that cannot be packed.
    fn make(&self, megabytes: u32) {
        let (folder, reference) = (&self.bed.folder, self.reference());
        let make = format!(
            "cd {folder} && mkdir -p root && tar -C root -xf /lab-images/busybox.tar &&
             head -c {megabytes}000000 /dev/urandom >root/blob && tar -C root -cf root.tar ."
        );
        self.bed.dut.must(&make);
        match self.bed.engine {
            Engine::Native | Engine::Nspawn | Engine::Lxc => {
                self.on().run("acquire --node DUT1").exits(0);
            }
            engine => {
                let word = engine.word();
                self.bed.dut.must(&format!("{word} import {folder}/root.tar {reference}"));
            }
        }
    }

    /// What tells that a DUT has the image, whole or not.
    fn traces(&self, dut: &Dut) -> String {
        let (image, word) = (&self.image, self.bed.engine.word());
        dut.must(&match self.bed.engine {
            Engine::Native | Engine::Nspawn => {
                format!("ls -A /var/lib/vnfctl/images 2>/dev/null | grep -F {image} || :")
            }
            Engine::Lxc => format!("ls -A /var/lib/lxc | grep -F {image} || :"),
            _ => format!("{word} images | grep -F {image} || :"),
        })
    }

    fn forget(&self) {
        for dut in [&self.bed.dut, &self.other] {
            let (image, word) = (&self.image, self.bed.engine.word());
            dut.must(&match self.bed.engine {
                Engine::Native | Engine::Nspawn => format!(
                    "rm -rf /var/lib/vnfctl/images/{image}* /var/lib/vnfctl/images/.{image}*"
                ),
                Engine::Lxc => format!("rm -rf /var/lib/lxc/vnfctl-base-{image}*"),
                _ => format!("{word} rmi -f {} >/dev/null 2>&1 || :", self.reference()),
            });
        }
    }
}

impl Drop for Pair<'_> {
    fn drop(&mut self) {
        self.forget();
    }
}

fn what_one_node_has_the_other_gets(bed: &Bed) {
    let pair = Pair::new(bed);
    let on = pair.on();
    on.run("distribute").exits(1).says("no node has");
    pair.make(3);
    on.run("distribute --dry-run").exits(0);
    assert_eq!(pair.traces(&pair.other), "", "a dry run sends nothing");
    let ended = on.run("distribute").exits(0).says("from node to node in 1 transfer");
    assert!(ended.stderr.contains("DUT2 distribute"), "{ended}");
    on.run("distribute").did_nothing();
    assert_ne!(pair.traces(&pair.other), "");
    on.run("acquire").did_nothing();
    // It is one that containers can be made from.
    on.run("up").exits(0);
    on.args(&["exec", "*", "--", "sh", "-c", "test -s /blob"]).exits(0);
    on.run("down --grace 1s").exits(0);
    // Another of the same name is told by its digest.
    bed.dut.must(&format!("rm -rf {}/root", bed.folder));
    if matches!(bed.engine, Engine::Docker | Engine::Podman) {
        pair.make(2);
        on.run("distribute --from DUT1").exits(0).says("1 transfer");
        on.run("distribute --from DUT1").did_nothing();
    }
}

fn a_source_that_dies_leaves_nothing(bed: &Bed) {
    let pair = Pair::new(bed);
    pair.make(100);
    // Whoever packs or prints it is killed as soon as it runs.
    let kill = format!(
        "for turn in $(seq 600); do
             for pid in $(pgrep -x zstd); do
                 grep -qsz -- -1qc /proc/$pid/cmdline && sleep 0.2 && kill -9 $pid && exit 0
             done; sleep 0.05
         done; exit 1 # {}",
        pair.image
    );
    let killed = std::thread::scope(|scope| {
        let killer = scope.spawn(|| bed.dut.sh(&kill));
        pair.on().run("distribute").exits(1).says("DUT1");
        killer.join().expect("the killer does not panic")
    });
    killed.exits(0);
    assert_eq!(pair.traces(&pair.other), "", "half an image");
    pair.on().run("distribute").exits(0);
    pair.on().run("distribute").did_nothing();
}

fn a_node_stands_in_for_a_registry(bed: &Bed) {
    let pair = Pair::new(bed);
    pair.make(1);
    let on = pair.on();
    let ended = on.run("acquire --dry-run").exits(0);
    assert!(ended.stdout.contains("else from DUT1"), "{ended}");
    on.run("acquire").exits(0).says("1 transfer");
    on.run("acquire").did_nothing();
    assert_ne!(pair.traces(&pair.other), "");
}
