//! Huge pages: the kernel's, which all DUTs share with this machine.

use crate::support::{Bed, Group, each_engine, over_ssh};
use std::fs::{File, read_to_string, write};
use std::path::{Path, PathBuf};

each_engine!(pages_that_are_not_free_make_nothing);
over_ssh!(pages_are_asked_for_when_a_container_takes_them);

/// More than any machine has.
const TOO_MANY: u64 = 4_000_000_000;

fn pages_that_are_not_free_make_nothing(bed: &Bed) {
    let group = Group::new("VNF", bed.engine).count(2);
    let hungry = group.clone().key("hugepages", format!("{{ 2MiB = {} }}", TOO_MANY / 2));
    let on = bed.on(&bed.topology().group(hungry));
    for verb in ["check", "plan", "create", "up", "up --dry-run"] {
        let ended = on.run(verb).exits(5).says(&format!("{TOO_MANY} asked for"));
        ended.says("NUMA node 0").says("hint:");
    }
    assert_eq!(bed.traces(), "", "something was made");
    on.run("status").exits(7).says("absent");
    on.run("down").did_nothing();
    let odd = bed.on(&bed.topology().group(group.key("hugepages", "{ 8MiB = 1 }")));
    odd.run("up").exits(5).says("no huge pages of 8MiB").says("2MiB");
    assert_eq!(bed.traces(), "", "something was made");
}

fn pages_are_asked_for_when_a_container_takes_them(bed: &Bed) {
    let pages = Pages::lock();
    let need = |more: u64| format!("{{ 2MiB = {} }}", pages.free + more);
    let group = Group::new("VNF", bed.engine);
    let topology = |more: u64| bed.topology().group(group.clone().key("hugepages", need(more)));
    let on = bed.on(&topology(8));
    on.run("up").exits(5).says("nr_hugepages");
    assert_eq!(bed.traces(), "", "something was made");
    pages.more(8);
    on.run("check").exits(0);
    let on = on.up();

    // It has them, whatever is free now.
    pages.more(0);
    for verb in ["up", "create", "start"] {
        on.run(verb).did_nothing();
    }
    on.run("check").exits(0);
    on.run("status").exits(0);
    on.run("verify").exits(0);
    on.run("restart --grace 1s").exits(0);
    on.run("stop --grace 1s").exits(0);
    for verb in ["start", "restart", "up", "check"] {
        on.run(verb).exits(5).says(&format!("{} asked for", pages.free + 8));
    }
    assert_eq!(bed.pid(bed.engine, &bed.container("VNF1")), None, "it was started");
    pages.more(8);
    on.run("start").exits(0);

    // Twice as many: only what it did not have is asked for.
    let larger = bed.on(&topology(16));
    larger.run("status").exits(7).says("hugepages changed in the file");
    larger.run("up").exits(1).says("hugepages = ");
    larger.run("up --recreate").exits(0);
    larger.run("up").did_nothing();
    larger.down();
}

/// The pages of 2 MiB of NUMA node 0, nobody else's until they are as they were.
struct Pages {
    folder: PathBuf,
    before: u64,
    /// Free ones at the beginning.
    free: u64,
    _lock: File,
}

impl Pages {
    fn lock() -> Self {
        let of_node = Path::new("/sys/devices/system/node/node0/hugepages/hugepages-2048kB");
        let of_machine = Path::new("/sys/kernel/mm/hugepages/hugepages-2048kB");
        let folder = if of_node.exists() { of_node } else { of_machine };
        let lock = File::open(folder.join("nr_hugepages")).expect("a kernel with huge pages");
        lock.lock().expect("flock works");
        let read = |file: &str| number(&folder.join(file));
        let (before, free) = (read("nr_hugepages"), read("free_hugepages"));
        Self { folder: folder.to_owned(), before, free, _lock: lock }
    }

    /// As many more than at the beginning.
    #[track_caller]
    fn more(&self, count: u64) {
        let file = self.folder.join("nr_hugepages");
        write(&file, (self.before + count).to_string()).expect("root makes huge pages");
        assert_eq!(number(&file), self.before + count, "the kernel found no room for huge pages");
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // Best effort: a failed case has its own words.
        let _ = write(self.folder.join("nr_hugepages"), self.before.to_string());
    }
}

fn number(file: &Path) -> u64 {
    read_to_string(file).expect("a kernel with huge pages").trim().parse().expect("a number")
}
