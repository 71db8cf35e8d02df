//! A map of CPUs drawn for people: a strip per NUMA node, one character per CPU and one line per
//! thread, then a table that says what each character means. Nothing is told by colour alone, and
//! all of it is ASCII but the table's line.

use super::{Cell, Paint, Table, Tone};
use crate::cpu::{CpuMap, CpuSet, CpuState, MappedCpu};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Characters of a line that cores may take, so that no line is longer than 100.
const ROOM: usize = 88;
/// Owners by character; `s`, `i` and `x` mean something else. The rest of them share `@`.
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghjklmnopqrtuvwyz";

/// Draws the map of one node.
pub fn cpu_map(node: &str, map: &CpuMap, paint: Paint) -> String {
    let drawing = Drawing { map, keys: keys(map), paint };
    let mut text = drawing.head(node);
    let mut nodes: BTreeMap<(u32, u32), BTreeMap<u32, Vec<&MappedCpu>>> = BTreeMap::new();
    for mapped in map.cpus.iter().filter(|mapped| !mapped.cpu.core_unknown) {
        let cores = nodes.entry((mapped.cpu.numa, mapped.cpu.socket)).or_default();
        cores.entry(mapped.cpu.core).or_default().push(mapped);
    }
    for ((numa, socket), cores) in nodes {
        let caches = in_caches(cores.into_values().collect());
        let memory = map.memory_from.get(&numa);
        let memory = memory.map_or(String::new(), |from| format!(", memory of NUMA node {from}"));
        let place = format!("socket {socket}, NUMA node {numa}{memory}");
        drawing.strips(&mut text, &place, &caches);
    }
    text.push('\n');
    text.push_str(&drawing.table());
    text
}

/// The character of each owner of [`CpuMap::owners`], by the first CPU it has alone.
fn keys(map: &CpuMap) -> Vec<char> {
    let mut keys = vec!['@'; map.owners.len()];
    let mut order: Vec<&MappedCpu> = map.cpus.iter().collect();
    order.sort_by_key(|mapped| (mapped.cpu.numa, mapped.slot, mapped.thread));
    let mut known = BTreeSet::new();
    let mut letters = LETTERS.chars();
    for mapped in order {
        let [owner] = mapped.owners.as_slice() else { continue };
        if map.owners[*owner].is_foreign {
            keys[*owner] = '#';
        } else if known.insert(*owner) {
            keys[*owner] = letters.next().unwrap_or('@');
        }
    }
    keys
}

/// Cores of one L3 cache, each with its CPUs by thread.
struct Cache<'a> {
    l3: Option<u32>,
    cores: Vec<Vec<&'a MappedCpu>>,
}

/// Cores by the L3 cache they share; cores and caches in the order of their first CPU.
fn in_caches(mut cores: Vec<Vec<&MappedCpu>>) -> Vec<Cache<'_>> {
    cores.sort_by_key(|core| core[0].cpu.id);
    let mut caches: Vec<Cache<'_>> = Vec::new();
    for core in cores {
        let l3 = core[0].cpu.l3;
        match caches.iter_mut().find(|cache| cache.l3 == l3) {
            Some(cache) => cache.cores.push(core),
            None => caches.push(Cache { l3, cores: vec![core] }),
        }
    }
    caches
}

struct Drawing<'a> {
    map: &'a CpuMap,
    keys: Vec<char>,
    paint: Paint,
}

impl Drawing<'_> {
    fn head(&self, node: &str) -> String {
        let known = || self.map.cpus.iter().filter(|mapped| !mapped.cpu.core_unknown);
        let cores: BTreeSet<_> =
            known().map(|mapped| (mapped.cpu.socket, mapped.cpu.core)).collect();
        let sockets: BTreeSet<_> = known().map(|mapped| mapped.cpu.socket).collect();
        let numa: BTreeSet<_> = known().map(|mapped| mapped.cpu.numa).collect();
        let count = |number: usize, noun: &str| {
            format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
        };
        format!(
            "{}: {}, {}, {}, {}\n",
            self.paint.paint(Tone::Strong, node),
            count(self.map.cpus.len(), "CPU"),
            count(cores.len(), "core"),
            count(sockets.len(), "socket"),
            count(numa.len(), "NUMA node"),
        )
    }

    /// As many strips as the width asks for; a cache is split only when it does not fit alone.
    fn strips(&self, text: &mut String, place: &str, caches: &[Cache<'_>]) {
        let mut strip: Vec<(Option<u32>, &[Vec<&MappedCpu>])> = Vec::new();
        let mut used = 0;
        for cache in caches {
            for cores in cache.cores.chunks(ROOM) {
                if used + cores.len() > ROOM {
                    self.strip(text, place, &strip);
                    strip.clear();
                    used = 0;
                }
                used += cores.len() + 1;
                strip.push((cache.l3, cores));
            }
        }
        self.strip(text, place, &strip);
    }

    fn strip(&self, text: &mut String, place: &str, caches: &[(Option<u32>, &[Vec<&MappedCpu>])]) {
        let one_cache = matches!(caches, [_]).then(|| caches[0].0).flatten();
        let l3 = one_cache.map_or(String::new(), |l3| format!(", L3 {l3}"));
        let _ = writeln!(text, "\n{place}{l3}");
        let mut line = |label: &str, cells: &str| {
            let _ = writeln!(text, "{}", format!("  {label:<8}  {cells}").trim_end());
        };
        let each = |draw: &dyn Fn(&Vec<&MappedCpu>) -> char| {
            let caches = caches.iter().map(|(_, cores)| cores.iter().map(draw).collect::<String>());
            caches.collect::<Vec<_>>().join(" ")
        };
        if caches.len() > 1 && caches.iter().any(|(l3, _)| l3.is_some()) {
            let firsts = caches.iter().scan(0, |at, (l3, cores)| {
                let first = *at;
                *at += cores.len() + 1;
                Some((first, l3.map_or("-".to_owned(), |l3| l3.to_string())))
            });
            line("L3", &labels(firsts));
        }
        line("slot", &labels(tens(caches).into_iter()));
        let unit = |slot: u32| char::from_digit(slot % 10, 10).expect("a digit");
        line("", &each(&|core| core[0].slot.map_or(' ', unit)));
        if self.map.cpus.iter().any(|mapped| mapped.cpu.kind > 0) {
            line("kind", &each(&|core| char::from_digit(core[0].cpu.kind, 36).unwrap_or('?')));
        }
        let cores = || caches.iter().flat_map(|(_, cores)| cores.iter());
        let threads = cores().flatten().map(|mapped| mapped.thread + 1).max().unwrap_or(0);
        for thread in 0..threads {
            let draw = |core: &Vec<&MappedCpu>| {
                let mapped = core.iter().find(|mapped| mapped.thread == thread);
                mapped.map_or(' ', |mapped| self.key(mapped))
            };
            line(&format!("thread {thread}"), &each(&draw));
        }
    }

    fn key(&self, mapped: &MappedCpu) -> char {
        match (mapped.state, mapped.owners.as_slice()) {
            (CpuState::Container | CpuState::Foreign, [owner]) => self.keys[*owner],
            (CpuState::Container | CpuState::Foreign, _) => '*',
            (CpuState::System, _) => 's',
            (CpuState::Isolated, _) => 'i',
            (CpuState::Free, _) => '.',
            (CpuState::Offline, _) => '-',
            (CpuState::Forbidden, _) => 'x',
        }
    }

    /// Who has it, or why nobody has.
    fn owner(&self, mapped: &MappedCpu) -> String {
        let names = mapped.owners.iter().map(|owner| self.map.owners[*owner].name.as_str());
        let nohz = if mapped.cpu.nohz_full { ", nohz_full" } else { "" };
        match mapped.state {
            CpuState::Container | CpuState::Foreign => names.collect::<Vec<_>>().join(", "),
            CpuState::Isolated => format!("free, isolated{nohz}"),
            CpuState::Forbidden => "forbidden by the cgroup".to_owned(),
            state => state.word().to_owned(),
        }
    }

    /// A row for each owner on each NUMA node.
    fn table(&self) -> String {
        let mut rows: BTreeMap<(u32, char, String), Vec<&MappedCpu>> = BTreeMap::new();
        for mapped in &self.map.cpus {
            let key = (mapped.cpu.numa, self.key(mapped), self.owner(mapped));
            rows.entry(key).or_default().push(mapped);
        }
        let first = |cpus: &Vec<&MappedCpu>| {
            let places =
                cpus.iter().map(|mapped| (mapped.slot.is_none(), mapped.slot, mapped.thread));
            places.min()
        };
        let mut rows: Vec<_> = rows.into_iter().collect();
        rows.sort_by_key(|((numa, ..), cpus)| (*numa, first(cpus)));
        let mut table = Table::new(["KEY", "NUMA", "L3", "SLOTS", "CPUS", "OWNER"]);
        for ((numa, key, owner), cpus) in rows {
            let list = |number: &dyn Fn(&MappedCpu) -> Option<u32>| {
                cpus.iter().filter_map(|mapped| number(mapped)).collect::<CpuSet>().to_string()
            };
            let tone = match cpus[0].state {
                CpuState::Container => Tone::Good,
                CpuState::Foreign => Tone::Warn,
                CpuState::Free | CpuState::Isolated => Tone::Strong,
                _ => Tone::Dim,
            };
            table.row([
                key.to_string().into(),
                numa.to_string().into(),
                Cell::from(list(&|mapped| mapped.cpu.l3)).within(9),
                Cell::from(list(&|mapped| mapped.slot)).within(12),
                Cell::from(list(&|mapped| Some(mapped.cpu.id))).within(26),
                Cell::toned(tone, owner).within(32),
            ]);
        }
        table.render(self.paint)
    }
}

/// Columns with the number of their slot, where it is the first of a cache or, in large ones, a
/// multiple of ten.
fn tens(caches: &[(Option<u32>, &[Vec<&MappedCpu>])]) -> Vec<(usize, String)> {
    let mut labels = Vec::new();
    let mut column = 0;
    for (_, cores) in caches {
        for (at, core) in cores.iter().enumerate() {
            let is_shown = |slot: &u32| at == 0 || slot.is_multiple_of(10) && cores.len() > 10;
            let shown = core[0].slot.filter(is_shown);
            labels.extend(shown.map(|slot| (column, slot.to_string())));
            column += 1;
        }
        column += 1;
    }
    labels
}

/// A line with texts at columns; what would touch the one before is left out.
fn labels(texts: impl Iterator<Item = (usize, String)>) -> String {
    let mut line = String::new();
    for (column, text) in texts {
        if line.is_empty() && column == 0 || column > line.len() {
            let _ = write!(line, "{}{text}", " ".repeat(column - line.len()));
        }
    }
    line
}
