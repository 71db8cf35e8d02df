//! What a sample counted, for a person: per CPU, per container, and who took the cores, ranked.

use crate::lifecycle::NodeReport;
use crate::threads::{Sample, Taker};
use crate::ui::{Cell, Paint, Table, Tone};

/// Rows of the ranking, unless all were asked for.
const TOP: usize = 10;

/// The sample of a node, where there is one; `all` = the whole ranking.
pub(super) fn sample_text(report: &NodeReport, all: bool, paint: Paint) -> Option<String> {
    let sample = report.sample.as_ref()?;
    let (takers, left) = takers(sample, if all { usize::MAX } else { TOP });
    let head = format!("{}: {:.1} s on the containers' cores\n", report.node, sample.seconds);
    let tables = [cpus(sample), containers(sample), takers].map(|table| table.render(paint));
    let more = if left > 0 { format!("and {left} more (-v shows all)\n") } else { String::new() };
    Some(format!("{head}\n{}{more}", tables.join("\n")))
}

fn cpus(sample: &Sample) -> Table {
    let mut table =
        Table::new(["CPU", "CONTAINERS", "INTERRUPTS", "SOFTIRQS", "SWITCHES", "STEAL"]);
    for cpu in &sample.cpus {
        table.row([
            cpu.cpu.to_string().into(),
            cpu.containers.join(",").into(),
            cpu.interrupts.to_string().into(),
            cpu.softirqs.to_string().into(),
            cpu.switches.map(|switches| switches.to_string()).unwrap_or_default().into(),
            seconds(cpu.steal).into(),
        ]);
    }
    table
}

fn containers(sample: &Sample) -> Table {
    let mut table = Table::new(["CONTAINER", "RAN", "WAITED", "PREEMPTED", "MIGRATIONS"]);
    for one in &sample.containers {
        table.row([
            one.container.as_str().into(),
            seconds(one.run).into(),
            one.voluntary.to_string().into(),
            one.forced.to_string().into(),
            one.migrations.to_string().into(),
        ]);
    }
    table
}

/// The first `rows` of the ranking, and how many are left.
fn takers(sample: &Sample, rows: usize) -> (Table, usize) {
    let mut table = Table::new(["RANK", "WHO", "CPUS", "TOOK"]);
    for (taker, rank) in sample.takers.iter().zip(1..).take(rows) {
        let (who, cpus, took) = match taker {
            Taker::Task { tid, name, container, cpus, run, exact } => {
                let of = container.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
                let most = if *exact { "" } else { "at most " };
                (format!("{name} ({tid}){of}"), cpus, format!("{most}{}", seconds(*run)))
            }
            Taker::Interrupt { id, name, cpus, count } => {
                let times = if *count == 1 { "time" } else { "times" };
                (format!("interrupt {id} {name}"), cpus, format!("{count} {times}"))
            }
        };
        let took = if rank == 1 { Cell::toned(Tone::Bad, took) } else { took.into() };
        table.row([rank.to_string().into(), who.into(), cpus.to_string().into(), took]);
    }
    (table, sample.takers.len().saturating_sub(rows))
}

fn seconds(time: f64) -> String {
    if time >= 1.0 { format!("{time:.2} s") } else { format!("{:.1} ms", time * 1e3) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::CpuSet;
    use crate::threads::{ContainerSample, CpuSample};

    #[test]
    fn who_took_most_comes_first() {
        let cpus: CpuSet = [1].into_iter().collect();
        let task = |name: &str, run, exact: bool| Taker::Task {
            tid: 7,
            name: name.into(),
            container: (!exact).then(|| "web".to_owned()),
            cpus: cpus.clone(),
            run,
            exact,
        };
        let irq = |id: &str, count| Taker::Interrupt {
            id: id.into(),
            name: "ice".into(),
            cpus: cpus.clone(),
            count,
        };
        let mut takers = vec![task("hog", 4.9, true), task("nginx", 0.0123, false)];
        takers.extend((1..=9).rev().map(|count| irq("98", count)));
        let cpu = CpuSample { cpu: 1, interrupts: 9, switches: Some(3), ..CpuSample::default() };
        let own = ContainerSample { container: "VNF1".into(), run: 5.0, ..Default::default() };
        let sample = Sample { seconds: 5.01, cpus: vec![cpu], containers: vec![own], takers };
        let report = NodeReport { node: "DUT1".into(), notes: vec![], sample: Some(sample) };
        let text = sample_text(&report, false, Paint { on: false }).unwrap();
        insta::assert_snapshot!(text, @r#"
        DUT1: 5.0 s on the containers' cores

        CPU  CONTAINERS  INTERRUPTS  SOFTIRQS  SWITCHES  STEAL
        ─────────────────────────────────────────────────────────
        1    -           9           0         3         0.0 ms

        CONTAINER  RAN     WAITED  PREEMPTED  MIGRATIONS
        ──────────────────────────────────────────────────
        VNF1       5.00 s  0       0          0

        RANK  WHO               CPUS  TOOK
        ───────────────────────────────────────────────
        1     hog (7)           1     4.90 s
        2     nginx (7) of web  1     at most 12.3 ms
        3     interrupt 98 ice  1     9 times
        4     interrupt 98 ice  1     8 times
        5     interrupt 98 ice  1     7 times
        6     interrupt 98 ice  1     6 times
        7     interrupt 98 ice  1     5 times
        8     interrupt 98 ice  1     4 times
        9     interrupt 98 ice  1     3 times
        10    interrupt 98 ice  1     2 times
        and 1 more (-v shows all)
        "#);
        assert!(!sample_text(&report, true, Paint { on: false }).unwrap().contains("more"));
    }
}
