//! A verification for a person: a row per container, what is wrong line by line, a line of notes
//! per node, a row per link, and what a sample counted.

use crate::cpu::CpuSet;
use crate::lifecycle::{ContainerReport, NodeReport, VerifyReport};
use crate::threads::{Note, NoteKind};
use crate::ui::{Paint, Tone, Ui, clean};
use std::io;

use super::show_sample::sample_text;
use super::verify_tables::{APP_CLAIMS, WATCH_CLAIMS, containers, links};

/// Lines shown of each container's failures, and names of each note, unless all were asked for.
const FEW: usize = 5;

/// Prints a verification; `all` = every failure and note in full.
pub(super) fn show_verify(ui: &Ui, report: &VerifyReport, all: bool) -> io::Result<()> {
    ui.data(text(report, all, ui.stdout_paint()))
}

fn text(report: &VerifyReport, all: bool, paint: Paint) -> String {
    let noted = if report.strict { Tone::Bad } else { Tone::Dim };
    let told = |tone: Tone, lines: Vec<String>| {
        let paint = move |line: String| format!("{}\n", paint.paint(tone, clean(&line)));
        lines.into_iter().map(paint).collect::<String>()
    };
    let why = if report.strict { ": fails --strict" } else { "" };
    let notes = report.nodes.iter().flat_map(|node| notes(node, all));
    let notes = notes.map(|note| note + why).collect();
    let lines = told(Tone::Bad, failures(report, all)) + &told(noted, notes);
    let mut parts = Vec::new();
    for table in [containers(report), links(report)] {
        parts.extend((!table.is_empty()).then(|| table.render(paint)));
    }
    parts.insert(parts.len().min(1), lines);
    parts.extend(report.nodes.iter().filter_map(|node| sample_text(node, all, paint)));
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// One line for each app and place in a pod that is not as it should be, each thread that is wrong and each that
/// should not be there.
fn failures(report: &VerifyReport, all: bool) -> Vec<String> {
    let is_told = |claim: &str| {
        claim == "pod" || APP_CLAIMS.contains(&claim) || WATCH_CLAIMS.contains(&claim)
    };
    let wrong = report.checks.iter().filter(|one| is_told(one.claim) && !one.passed);
    let mut lines: Vec<String> =
        wrong.map(|one| format!("{}: {}: {}", one.container, one.claim, one.found)).collect();
    for container in &report.containers {
        let name = &container.container;
        let wrong = container.wrong().map(|thread| wrong_thread(container, thread));
        let others = container.failing_intruders().iter().map(|one| format!("{one}"));
        for lines_of_kind in [wrong.collect::<Vec<_>>(), others.collect()] {
            let shown = if all { lines_of_kind.len() } else { FEW };
            let left = lines_of_kind.len().saturating_sub(shown);
            lines.extend(lines_of_kind.iter().take(shown).map(|line| format!("{name}: {line}")));
            if left > 0 {
                lines.push(format!("{name}: and {left} more (-v shows all)"));
            }
        }
    }
    lines
}

fn wrong_thread(container: &ContainerReport, thread: &crate::threads::Judged) -> String {
    let ContainerReport { cpus: wanted, mems, .. } = container;
    let what = if thread.cpus.0.is_subset(&wanted.0) && thread.mems != *mems {
        format!("takes memory from node {}, wanted {mems}", thread.mems)
    } else if thread.cpus.0.is_subset(&wanted.0) {
        format!("runs on CPU {}, wanted {wanted}", thread.last_cpu)
    } else {
        format!("may run on {}, wanted {wanted}", cpus(&thread.cpus))
    };
    format!("thread `{}` ({}) {what}", thread.name, thread.tid)
}

/// One line for a node, or with `all` one for each note.
fn notes(report: &NodeReport, all: bool) -> Vec<String> {
    let node = &report.node;
    if all {
        let line = |note: &Note| format!("{node}: {}", sentence(note, usize::MAX));
        return report.notes.iter().map(line).collect();
    }
    let comers: Vec<&Note> = report.notes.iter().filter(|note| comer(note).is_some()).collect();
    let rest = report.notes.iter().filter(|note| comer(note).is_none());
    // Tasks, kernel threads and interrupts mostly concern the same CPUs.
    let together = comers.chunk_by(|one, other| one.cpus == other.cpus).map(|notes| {
        let who: Vec<String> = notes.iter().filter_map(|note| comer(note)).collect();
        format!("{} may come to {}", and(&who), cpus(&notes[0].cpus))
    });
    let sentences: Vec<String> = together.chain(rest.map(|note| sentence(note, FEW))).collect();
    if sentences.is_empty() { vec![] } else { vec![format!("{node}: {}", sentences.join("; "))] }
}

/// A note as a sentence with at most `few` names.
fn sentence(note: &Note, few: usize) -> String {
    let on = cpus(&note.cpus);
    let sentence = match note.kind {
        NoteKind::PinnedTasks => {
            format!("{} pinned to shared {on}", many(note.count, "other task"))
        }
        NoteKind::Governor => return format!("{on} at governor {}", note.names.join(", ")),
        NoteKind::NotIsolated => format!("{on} not isolated"),
        _ => format!("{} may come to {on}", comer(note).unwrap_or_default()),
    };
    let names: Vec<&str> = note.names.iter().take(few).map(String::as_str).collect();
    let more = if note.names.len() > few { ", ..." } else { "" };
    if names.is_empty() { sentence } else { format!("{sentence} ({}{more})", names.join(", ")) }
}

/// What may come, where the note is about that.
fn comer(note: &Note) -> Option<String> {
    let noun = match note.kind {
        NoteKind::Tasks => "other task",
        NoteKind::KernelThreads => "kernel thread",
        NoteKind::Interrupts => "interrupt",
        _ => return None,
    };
    Some(many(note.count, noun))
}

fn and(all: &[String]) -> String {
    match all {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => all.concat(),
    }
}

fn many(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn cpus(set: &CpuSet) -> String {
    if set.0.len() == 1 { format!("CPU {set}") } else { format!("CPUs {set}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::{Check, LinkReport, PingReport};
    use crate::threads::{Intruder, Judged};

    fn set(text: &str) -> CpuSet {
        text.parse().unwrap()
    }

    fn thread(tid: u32, cpus: &str, mems: &str, last_cpu: u32, passed: bool) -> Judged {
        let (cpus, mems) = (set(cpus), set(mems));
        Judged { tid, pid: 70, name: "vpp_wk".into(), cpus, mems, last_cpu, passed }
    }

    fn report() -> VerifyReport {
        let check = |claim, wanted: &str, found: &str| Check {
            node: "DUT1".into(),
            container: "DUT1_VNF1".into(),
            claim,
            wanted: wanted.into(),
            found: found.into(),
            passed: wanted == found,
        };
        let hog = |tid| Intruder {
            tid,
            pid: 90,
            name: "hog".into(),
            cpus: set("60"),
            last_cpu: 60,
            container: None,
        };
        let note = |kind, cpus: &str, count, names: &[&str]| Note {
            kind,
            cpus: set(cpus),
            count,
            names: names.iter().map(|&name| name.to_owned()).collect(),
        };
        VerifyReport {
            checks: vec![
                check("running", "running", "running"),
                check("cpuset_cpus", "3-4", "3"),
                check("cpuset_mems", "0", "0"),
                check("threads", "4 of 4 right", "3 of 4 on CPUs 0-1"),
                check("alone", "nobody else", "..."),
            ],
            containers: vec![ContainerReport {
                node: "DUT1".into(),
                container: "DUT1_VNF1".into(),
                cpus: set("3-4"),
                mems: set("0"),
                threads: vec![
                    thread(70, "3", "0", 3, true),
                    thread(71, "0-4", "0", 3, false),
                    thread(72, "4", "1", 3, false),
                    thread(73, "4", "0", 9, false),
                ],
                intruders: (90..97).map(hog).collect(),
                shared: false,
                sandbox: false,
            }],
            nodes: vec![NodeReport {
                node: "DUT1".into(),
                notes: vec![
                    note(NoteKind::PinnedTasks, "60", 1, &["web (5)"]),
                    note(NoteKind::Tasks, "3-4,59-60", 84, &["sshd x80", "bash x4"]),
                    note(NoteKind::KernelThreads, "3-4,59-60", 1, &["kswapd0"]),
                    note(NoteKind::Interrupts, "4", 2, &["98 ice", "99 ice"]),
                    note(NoteKind::Governor, "4", 1, &["powersave"]),
                    note(NoteKind::NotIsolated, "3-4", 2, &[]),
                ],
                sample: None,
            }],
            links: vec![LinkReport {
                node: "DUT1".into(),
                kind: "veth",
                link: "a--b".into(),
                differences: Vec::new(),
                pings: vec![PingReport {
                    from: "eth0".into(),
                    to: "10.0.0.2".into(),
                    answered: true,
                }],
            }],
            strict: false,
        }
    }

    #[test]
    fn a_failure_names_the_thread_and_notes_take_one_line() {
        insta::assert_snapshot!(text(&report(), false, Paint { on: false }), @r#"
        CONTAINER  NODE  STATE    CPUS            MEMORY NODE  THREADS
        ───────────────────────────────────────────────────────────────────────────
        DUT1_VNF1  DUT1  running  3 (wanted 3-4)  0            3 of 4 on CPUs 0-1

        DUT1_VNF1: thread `vpp_wk` (71) may run on CPUs 0-4, wanted 3-4
        DUT1_VNF1: thread `vpp_wk` (72) takes memory from node 1, wanted 0
        DUT1_VNF1: thread `vpp_wk` (73) runs on CPU 9, wanted 3-4
        DUT1_VNF1: `hog` (90) pinned to CPU 60
        DUT1_VNF1: `hog` (91) pinned to CPU 60
        DUT1_VNF1: `hog` (92) pinned to CPU 60
        DUT1_VNF1: `hog` (93) pinned to CPU 60
        DUT1_VNF1: `hog` (94) pinned to CPU 60
        DUT1_VNF1: and 2 more (-v shows all)
        DUT1: 84 other tasks and 1 kernel thread may come to CPUs 3-4,59-60; 2 interrupts may come to CPU 4; 1 other task pinned to shared CPU 60 (web (5)); CPU 4 at governor powersave; CPUs 3-4 not isolated

        LINK  NODE  STATE  PING
        ─────────────────────────────────────
        a--b  DUT1  up     10.0.0.2 answers
        "#);
    }

    #[test]
    fn verbose_shows_every_failure_and_every_name() {
        let all = text(&report(), true, Paint { on: false });
        let lines: Vec<&str> = all.lines().skip(4).collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        DUT1_VNF1: thread `vpp_wk` (71) may run on CPUs 0-4, wanted 3-4
        DUT1_VNF1: thread `vpp_wk` (72) takes memory from node 1, wanted 0
        DUT1_VNF1: thread `vpp_wk` (73) runs on CPU 9, wanted 3-4
        DUT1_VNF1: `hog` (90) pinned to CPU 60
        DUT1_VNF1: `hog` (91) pinned to CPU 60
        DUT1_VNF1: `hog` (92) pinned to CPU 60
        DUT1_VNF1: `hog` (93) pinned to CPU 60
        DUT1_VNF1: `hog` (94) pinned to CPU 60
        DUT1_VNF1: `hog` (95) pinned to CPU 60
        DUT1_VNF1: `hog` (96) pinned to CPU 60
        DUT1: 1 other task pinned to shared CPU 60 (web (5))
        DUT1: 84 other tasks may come to CPUs 3-4,59-60 (sshd x80, bash x4)
        DUT1: 1 kernel thread may come to CPUs 3-4,59-60 (kswapd0)
        DUT1: 2 interrupts may come to CPU 4 (98 ice, 99 ice)
        DUT1: CPU 4 at governor powersave
        DUT1: CPUs 3-4 not isolated

        LINK  NODE  STATE  PING
        ─────────────────────────────────────
        a--b  DUT1  up     10.0.0.2 answers
        "#);
    }
}
