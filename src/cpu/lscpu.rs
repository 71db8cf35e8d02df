//! The text of `lscpu -p`, plain or with chosen columns.
//!
//! Format (util-linux, `lscpu(1)`): comment lines, the last of which names the columns after `# `;
//! then one row per CPU. Plain, the columns are CPU, Core, Socket, Node, an empty one, and the
//! caches, which are missing where the kernel knows none; offline CPUs have no row. An unknown
//! value is an empty field.

use super::{Cpu, Machine};
use std::collections::BTreeMap;

/// The text is not what `lscpu -p` prints.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LscpuError {
    /// Not one row.
    #[error("no CPU in it; expected what `lscpu -p` prints")]
    Empty,
    /// A row without a CPU number.
    #[error("line {line}: `{text}` does not begin with a CPU number as `lscpu -p` prints it")]
    NotACpu {
        /// Line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// A number that is none.
    #[error("line {line}: `{text}` is no number for column {column}")]
    NotANumber {
        /// Line, from 1.
        line: usize,
        /// What stands there.
        text: String,
        /// Name of the column.
        column: &'static str,
    },
    /// Two rows of one CPU.
    #[error("line {line}: CPU {cpu} a second time")]
    Twice {
        /// Line, from 1.
        line: usize,
        /// The CPU.
        cpu: u32,
    },
    /// The header names no CPU column.
    #[error("the header `{0}` names no CPU column")]
    NoCpuColumn(String),
}

/// Where the columns are.
struct Columns {
    cpu: usize,
    core: Option<usize>,
    socket: Option<usize>,
    node: Option<usize>,
    online: Option<usize>,
    l3: Option<usize>,
    /// The first four columns are those of a plain `lscpu -p`.
    plain: bool,
}

impl Columns {
    fn plain() -> Self {
        Self {
            cpu: 0,
            core: Some(1),
            socket: Some(2),
            node: Some(3),
            online: None,
            l3: Some(8),
            plain: true,
        }
    }

    /// Columns from a comment line; `None` = the comment is no header.
    fn of_header(comment: &str) -> Option<Result<Self, LscpuError>> {
        let header = comment.trim_start_matches('#').trim();
        let names: Vec<String> =
            header.split(',').map(|name| name.trim().to_ascii_lowercase()).collect();
        let at = |wanted: &str| names.iter().position(|name| name == wanted);
        let known = ["cpu", "core", "socket", "node"].iter().filter(|name| at(name).is_some());
        // The prose above the header has commas too, but no column names.
        if header.contains(' ') || known.count() == 0 {
            return None;
        }
        let Some(cpu) = at("cpu") else {
            return Some(Err(LscpuError::NoCpuColumn(header.to_owned())));
        };
        let online = at("online");
        let plain = names.len() >= 4
            && names[..4] == ["cpu", "core", "socket", "node"]
            && names.get(4).is_none_or(String::is_empty);
        Some(Ok(Self {
            cpu,
            core: at("core"),
            socket: at("socket"),
            node: at("node"),
            online,
            l3: at("l3"),
            plain,
        }))
    }
}

impl Machine {
    /// Reads the text of `lscpu -p`. CPUs without an `Online` column are online; all are allowed.
    ///
    /// # Errors
    /// [`LscpuError`] names the line.
    pub fn from_lscpu(text: &str) -> Result<Self, LscpuError> {
        let mut columns = Columns::plain();
        let mut cpus: BTreeMap<u32, Cpu> = BTreeMap::new();
        let mut rows = Vec::new();
        for (number, line) in text.lines().map(str::trim).enumerate() {
            if line.starts_with('#') {
                if let Some(named) = Columns::of_header(line) {
                    columns = named?;
                }
                continue;
            }
            if line.is_empty() {
                continue;
            }
            let fields: Vec<&str> = line.split(',').map(str::trim).collect();
            let cpu = read_cpu(&columns, &fields, number + 1)?;
            if cpu.online {
                rows.push(raw_row(&columns, &fields, &cpu));
            }
            let id = cpu.id;
            if cpus.insert(id, cpu).is_some() {
                return Err(LscpuError::Twice { line: number + 1, cpu: id });
            }
        }
        if cpus.is_empty() {
            return Err(LscpuError::Empty);
        }
        Ok(Self::new(cpus.into_values(), rows))
    }
}

fn read_cpu(columns: &Columns, fields: &[&str], line: usize) -> Result<Cpu, LscpuError> {
    let number = |at: Option<usize>, column| match at.and_then(|at| fields.get(at)) {
        None | Some(&("" | "-")) => Ok(None),
        Some(text) => text.parse::<u32>().map(Some).map_err(|_| LscpuError::NotANumber {
            line,
            text: (*text).to_owned(),
            column,
        }),
    };
    let id = fields.get(columns.cpu).and_then(|text| text.parse().ok());
    let Some(id) = id else {
        return Err(LscpuError::NotACpu { line, text: fields.join(",") });
    };
    let online = columns.online.and_then(|at| fields.get(at));
    Ok(Cpu {
        id,
        // A CPU whose core is not known is a core of its own.
        core: number(columns.core, "Core")?.unwrap_or(id),
        socket: number(columns.socket, "Socket")?.unwrap_or(0),
        numa: number(columns.node, "Node")?.unwrap_or(0),
        l3: number(columns.l3, "L3")?,
        online: online.is_none_or(|word| !matches!(word.to_ascii_lowercase().as_str(), "n" | "no")),
        allowed: true,
        ..Cpu::default()
    })
}

/// The row as CSIT reads it: of other columns than the plain ones, the row that a machine without
/// known caches other than per core would print.
fn raw_row(columns: &Columns, fields: &[&str], cpu: &Cpu) -> Vec<i64> {
    if columns.plain {
        return fields.iter().map(|field| field.parse().unwrap_or(0)).collect();
    }
    row_without_caches(cpu)
}

/// A row of a plain `lscpu -p` for a CPU whose caches are not known: each core has its own.
pub(crate) fn row_without_caches(cpu: &Cpu) -> Vec<i64> {
    let l3 = cpu.l3.unwrap_or(cpu.socket);
    [cpu.id, cpu.core, cpu.socket, cpu.numa, 0, cpu.core, cpu.core, cpu.core, l3]
        .map(i64::from)
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(text: &str) -> Machine {
        Machine::from_lscpu(text).unwrap()
    }

    #[test]
    fn plain_text_with_empty_columns() {
        let machine =
            machine("# x, y\n# CPU,Core,Socket,Node,,L1d,L1i,L2,L3\n0,0,0,,,0,0,0,\n2,,,1\n");
        let cpus: Vec<_> = machine.cpus().map(|c| (c.id, c.core, c.socket, c.numa, c.l3)).collect();
        assert_eq!(cpus, [(0, 0, 0, 0, None), (2, 2, 0, 1, None)]);
        assert_eq!(machine.rows(), [vec![0; 9], vec![2, 0, 0, 1]]);
    }

    #[test]
    fn chosen_columns_in_any_order() {
        let machine = machine("# CPU,Core,Socket,Node,Online\n0,0,0,0,Y\n1,0,0,0,N\n2,-,-,-,N\n");
        assert_eq!(machine.slots(0)[0].cpus, [0]);
        assert_eq!(machine.cpus().count(), 3);
        assert_eq!(machine.rows().len(), 1);
        let other = Machine::from_lscpu("# Node,CPU\n1,5\n").unwrap();
        assert_eq!(other.cpu(5).map(|cpu| cpu.numa), Some(1));
    }

    #[test]
    fn siblings_are_seen_by_csit_in_chosen_columns_too() {
        let smt = "# CPU,Core,Socket,Node,Online\n0,0,0,0,Y\n1,1,0,0,Y\n2,0,0,0,Y\n3,1,0,0,Y\n";
        assert!(machine(smt).csit_smt());
        assert!(machine(smt).smt());
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        let error = |text: &str| Machine::from_lscpu(text).unwrap_err().to_string();
        assert_eq!(error("# nothing\n"), "no CPU in it; expected what `lscpu -p` prints");
        assert!(error("0,0,0,0\nArchitecture: x86_64\n").starts_with("line 2: `Architecture"));
        assert_eq!(error("0,zero,0,0\n"), "line 1: `zero` is no number for column Core");
        assert_eq!(error("0,0,0,0\n0,0,0,0\n"), "line 2: CPU 0 a second time");
        assert_eq!(error("# Core,Node\n0,0\n"), "the header `Core,Node` names no CPU column");
    }
}
