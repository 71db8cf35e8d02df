//! The DUTs themselves: if this fails, no other case says anything about vnfctl.

use crate::dut::{Dut, NICS};
use crate::on_both;

on_both!(has_its_shape);

fn has_its_shape(dut: &Dut) {
    let siblings =
        dut.must("cat /sys/devices/system/cpu/cpu[0-9]*/topology/thread_siblings_list | sort -u");
    for number in 0..4 {
        let [first, second] = dut.core(number);
        let pair = if dut.is_adjacent() {
            format!("{first}-{second}")
        } else {
            format!("{first},{second}")
        };
        assert!(siblings.lines().any(|line| line == pair), "no {pair} in {siblings}");
    }
    let node = "cd /sys/devices/system/node && cat node1/cpulist node0/distance node1/distance";
    let cpus = if dut.is_adjacent() { "8-15" } else { "4-7,12-15" };
    assert_eq!(dut.must(node), format!("{cpus}\n10 21\n21 10"));
    let isolated = "cd /sys/devices/system/cpu && cat isolated && sed 's/.*(null)//' nohz_full";
    let cpus = if dut.is_adjacent() { "12-15\n12-15" } else { "" };
    assert_eq!(dut.must(isolated), cpus);
    let [first, second] = NICS;
    let nics = format!(
        "cat /sys/bus/pci/devices/{first}/numa_node /sys/bus/pci/devices/{second}/numa_node"
    );
    assert_eq!(dut.must(&nics), "0\n1");
}
