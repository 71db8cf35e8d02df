//! Parser of what `snapshot.sh` prints: one record a line, fields between tabs.

use super::{Counters, Granted, Interrupt, Process, Snapshot, Thread, ThreadCounters};
use crate::cpu::CpuSet;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The output is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// The last line is missing.
    #[error("the look at the threads did not finish; its last line is `{0}`")]
    Unfinished(String),
    /// A line that cannot be understood.
    #[error("the look at the threads printed something unexpected: `{0}`")]
    Line(String),
}

/// Reads what [`snapshot`](super::snapshot) printed.
///
/// # Errors
/// [`SnapshotError`].
pub fn parse_snapshot(stdout: &str) -> Result<Snapshot, SnapshotError> {
    let mut lines = stdout.lines();
    let snapshot = one(&mut lines, Vec::new())?;
    lines.next().map_or(Ok(snapshot), |line| Err(SnapshotError::Line(line.to_owned())))
}

/// Reads what [`two_snapshots`](super::two_snapshots) printed for `cpus`.
///
/// # Errors
/// [`SnapshotError`].
pub fn parse_two_snapshots(
    stdout: &str,
    cpus: &CpuSet,
) -> Result<(Snapshot, Snapshot), SnapshotError> {
    let cpus: Vec<u32> = cpus.0.iter().copied().collect();
    let mut lines = stdout.lines();
    let before = one(&mut lines, cpus.clone())?;
    let after = one(&mut lines, cpus)?;
    lines.next().map_or(Ok((before, after)), |line| Err(SnapshotError::Line(line.to_owned())))
}

fn one<'a>(
    lines: &mut impl Iterator<Item = &'a str>,
    cpus: Vec<u32>,
) -> Result<Snapshot, SnapshotError> {
    let mut reading = Reading::default();
    let mut last = "";
    for line in lines {
        if line == "end" {
            let mut snapshot = reading.snapshot;
            let counted = Counters { cpus, ..reading.counters };
            snapshot.counters = (!counted.cpus.is_empty()).then_some(counted);
            return Ok(snapshot);
        }
        last = line;
        reading.line(line).ok_or_else(|| SnapshotError::Line(line.to_owned()))?;
    }
    Err(SnapshotError::Unfinished(last.to_owned()))
}

#[derive(Default)]
struct Reading {
    snapshot: Snapshot,
    counters: Counters,
    /// Thousands of threads have a handful of sets.
    sets: BTreeMap<String, Arc<CpuSet>>,
}

impl Reading {
    /// Takes one line; `None` = it cannot be understood.
    fn line(&mut self, line: &str) -> Option<()> {
        let (word, rest) = line.split_once('\t')?;
        let (snapshot, counters) = (&mut self.snapshot, &mut self.counters);
        match word {
            "self" => snapshot.me = rest.parse().ok()?,
            "thread" => {
                let thread = self.thread(rest)?;
                self.snapshot.threads.push(thread);
            }
            "process" => {
                let [pid, namespace, cgroup] = fields(rest)?;
                let process = Process {
                    cgroup: cgroup.to_owned(),
                    namespace: known(namespace).map(Into::into),
                };
                snapshot.processes.insert(pid.parse().ok()?, process);
            }
            "cgroup" => {
                let [cpus, mems, path] = fields(rest)?;
                let granted = Granted { cpus: set(cpus)?, mems: set(mems)? };
                snapshot.cgroups.insert(path.to_owned(), granted);
            }
            "irq" => {
                let [number, allowed, effective, name] = fields(rest)?;
                let effective = set(effective)?;
                snapshot.interrupts.push(Interrupt {
                    number: number.parse().ok()?,
                    allowed: set(allowed)?,
                    effective: (!effective.0.is_empty()).then_some(effective),
                    name: name.to_owned(),
                });
            }
            "governor" => {
                let [cpu, governor] = fields(rest)?;
                snapshot.governors.insert(cpu.parse().ok()?, governor.to_owned());
            }
            "at" => counters.at = rest.parse().ok()?,
            "steal" | "runs" => {
                let [cpu, count] = fields(rest)?;
                let counts = if word == "runs" { &mut counters.runs } else { &mut counters.steal };
                counts.insert(cpu.parse().ok()?, count.parse().ok()?);
            }
            "interrupt" => {
                let [id, counts, name] = fields(rest)?;
                counters.interrupts.push((id.to_owned(), numbers(counts)?, name.to_owned()));
            }
            "softirq" => {
                let [name, counts, _] = fields(rest)?;
                counters.softirqs.push((name.to_owned(), numbers(counts)?));
            }
            "counters" => {
                let [tid, start, time, voluntary, forced, migrations] = fields(rest)?;
                let count =
                    |text: &str| known(text).map_or(Some(0), |text| text.trim().parse().ok());
                let of = ThreadCounters {
                    start: count(start)?,
                    time: count(time)?,
                    voluntary: count(voluntary)?,
                    forced: count(forced)?,
                    migrations: known(migrations).and_then(|text| text.parse().ok()),
                };
                counters.threads.insert(tid.parse().ok()?, of);
            }
            _ => return None,
        }
        Some(())
    }

    fn thread(&mut self, rest: &str) -> Option<Thread> {
        let [pid, tid, state, parent, flags, last_cpu, cpus, mems, name] = fields(rest)?;
        Some(Thread {
            pid: pid.parse().ok()?,
            tid: tid.parse().ok()?,
            state: state.chars().next()?,
            parent: parent.parse().ok()?,
            flags: flags.parse().ok()?,
            last_cpu: last_cpu.parse().ok()?,
            cpus: self.set(cpus)?,
            mems: self.set(mems)?,
            name: name.to_owned(),
        })
    }

    fn set(&mut self, text: &str) -> Option<Arc<CpuSet>> {
        if let Some(known) = self.sets.get(text) {
            return Some(Arc::clone(known));
        }
        let new = Arc::new(set(text)?);
        self.sets.insert(text.to_owned(), Arc::clone(&new));
        Some(new)
    }
}

/// The first N - 1 fields and all the rest: the last one may hold tabs.
fn fields<const N: usize>(rest: &str) -> Option<[&str; N]> {
    rest.splitn(N, '\t').collect::<Vec<_>>().try_into().ok()
}

/// `-` stands for what the node does not say.
fn known(text: &str) -> Option<&str> {
    (text != "-").then_some(text)
}

fn set(text: &str) -> Option<CpuSet> {
    known(text).unwrap_or_default().parse().ok()
}

fn numbers(text: &str) -> Option<Vec<u64>> {
    text.split(',').map(|number| number.parse().ok()).collect()
}
