//! The embedded engine: Linux namespaces and cgroups by POSIX shell, util-linux and iproute2.
//!
//! No daemon, no package, no image. A container is a folder `/run/vnfctl/native/<name>`, a first
//! process in namespaces of its own (net, mount, pid, uts, ipc) and a cgroup
//! `vnfctl/<name>` below each controller it needs. The folder's creation claims the name; its
//! `labels` file comes last, so a creation cut short is seen as broken. Writable parts of the root
//! are overlays whose upper folders lie in the container's folder: in memory where `/run` is.
//!
//! Parameters reach the scripts as arguments or on standard input, never as script text.

pub(super) mod config;
pub(super) mod profile;

use crate::command::Command;
use crate::cpu::CpuSet;
use crate::engine::{
    ContainerSpec, Engine, Inventory, Labels, Observed, Packing, ParseError, Present, State, token,
};
use crate::facts::Facts;
use crate::model::{EngineKind, Image, ImageFile};
use std::collections::BTreeMap;
use std::time::Duration;

/// The engine `native`.
#[derive(Debug, Clone, Copy)]
pub struct Native;

const PACKED: &str = include_str!("transfer/packed.sh");
const TREE: &str = include_str!("transfer/tree.sh");
pub(super) const TOOLS: &str = include_str!("native/tools.sh");
pub(super) const STATE: &str = include_str!("native/state.sh");
pub(super) const RECORD: &str = include_str!("native/record.sh");
pub(super) const IMAGE: &str = include_str!("native/image.sh");
pub(super) const CREATE: &str = include_str!("native/create.sh");
pub(super) const START: &str = include_str!("native/start.sh");
pub(super) const DESTROY: &str = include_str!("native/destroy.sh");
pub(super) const EXEC: &str = include_str!("native/exec.sh");
pub(super) const ENTER: &str = include_str!("native/enter.sh");
pub(super) const ENDED: &str = include_str!("native/ended.sh");
const IDENTIFY: &str = include_str!("identify.sh");
pub(super) const MOUNTS: &str = include_str!("native/mounts.sh");
pub(super) const REPIN: &str = include_str!("native/repin.sh");
pub(super) const REAPER: &str = include_str!("native/reaper.sh");
pub(super) const QUERY: &str = include_str!("native/query.sh");
pub(super) const CGROUP: &str = include_str!("native/cgroup.sh");
pub(super) const LABEL: &str = include_str!("native/label.sh");
const LAUNCH: &str = include_str!("native/launch.sh");

/// Joins script parts; comments and indentation stay in the source.
pub(super) fn script(parts: &[&str]) -> String {
    let lines = parts.iter().flat_map(|part| part.lines()).map(str::trim_start);
    let mut text = String::new();
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// The scripts a start hands on: of the monitor, of the first process before and after its root
/// is complete.
fn stages() -> [String; 3] {
    let monitor = [
        STATE,
        TOOLS,
        RECORD,
        include_str!("native/root.sh"),
        IMAGE,
        MOUNTS,
        include_str!("native/own.sh"),
        IDENTIFY,
        include_str!("native/monitor.sh"),
    ];
    [script(&monitor), script(&[RECORD, LABEL, include_str!("native/init.sh")]), script(&[REAPER])]
}

impl Engine for Native {
    fn kind(&self) -> EngineKind {
        EngineKind::Native
    }

    fn query(&self, images: &[Image]) -> Command {
        let args = images.iter().flat_map(|image| {
            let folder = config::image_folder(image).unwrap_or_else(|| "/".to_owned());
            [token::image_token(image), folder]
        });
        Command::sh(script(&["base=/run/vnfctl/native", QUERY]), args)
    }

    fn glance(&self) -> Command {
        self.query(&[])
    }

    fn parse(&self, stdout: &str) -> Result<Inventory, ParseError> {
        parse(EngineKind::Native, stdout)
    }

    fn acquire(&self, image: &Image) -> Vec<Command> {
        let Some(folder) = config::image_folder(image) else {
            return Vec::new();
        };
        let unpack = script(&[include_str!("plain.sh"), include_str!("native/acquire.sh")]);
        let command = match &image.file {
            Some(ImageFile::Node(path)) => Command::sh(unpack, [&folder, path]),
            Some(ImageFile::Here(path)) => {
                let mut command = Command::sh(unpack, [&folder]);
                command.stdin = crate::command::Stdin::File(path.clone());
                command
            }
            None => {
                let check =
                    r#"[ -d "$1" ] || { echo "\`$1\` is no folder on this node" >&2; exit 1; }"#;
                return vec![Command::sh(check, [folder])];
            }
        };
        vec![command.deadline(Duration::from_mins(30))]
    }

    /// A folder that vnfctl made; one of the operator's own is the operator's to spread.
    fn export(&self, image: &Image, packing: Packing) -> Option<Command> {
        let folder = transferable(image)?;
        let main = script(&[PACKED, TREE, include_str!("native/export.sh")]);
        let words = [folder, packing.packer().to_owned()];
        Some(Command::sh(main, words).deadline(Duration::from_mins(30)))
    }

    fn import(&self, image: &Image, _: &Present, packing: Packing) -> Option<Command> {
        let folder = transferable(image)?;
        let main = script(&[TREE, include_str!("native/import.sh")]);
        let words = [folder, packing.unpacker().to_owned()];
        Some(Command::sh(main, words).deadline(Duration::from_mins(30)))
    }

    fn create(&self, spec: &ContainerSpec, facts: &Facts) -> Vec<Command> {
        let main = script(&[STATE, TOOLS, RECORD, CGROUP, LAUNCH, CREATE]);
        let labels =
            spec.labels.pairs().map(|(key, value)| format!("{}{key}={value}", Labels::PREFIX));
        let labels = format!("{}\nimage={}", labels.join("\n"), config::image_word(&spec.image));
        let args = [spec.name.clone(), labels, spec.cpuset(), spec.memset()];
        let command = Command::sh(main, args.into_iter().chain(stages()))
            .stdin(config::config(spec, facts))
            .hide(&spec.secrets);
        vec![command]
    }

    fn repin(&self, spec: &ContainerSpec, facts: &Facts) -> Vec<Command> {
        let main = script(&[STATE, CGROUP, REPIN]);
        let cpuset = config::cgroup_at(facts, "cpuset").unwrap_or_default();
        vec![Command::sh(main, [spec.name.clone(), spec.cpuset(), spec.memset(), cpuset])]
    }

    fn start(&self, name: &str) -> Command {
        let main = script(&[STATE, TOOLS, RECORD, CGROUP, LAUNCH, START]);
        Command::sh(main, std::iter::once(name.to_owned()).chain(stages()))
    }

    fn stop(&self, name: &str, grace: Duration) -> Command {
        let main = script(&[STATE, include_str!("native/stop.sh")]);
        let hundredths = (grace.as_millis() / 10).to_string();
        Command::sh(main, [name, &hundredths]).deadline(grace + crate::command::DEFAULT_DEADLINE)
    }

    fn destroy(&self, name: &str) -> Command {
        Command::sh(script(&[STATE, DESTROY]), [name])
    }

    /// A terminal is the lane's own, so `tty` changes nothing. In an image without util-linux'
    /// `setpriv` the command keeps all capabilities.
    fn exec(&self, name: &str, argv: &[String], _tty: bool) -> Command {
        enter(name, "user", argv)
    }

    fn administer(&self, name: &str, argv: &[String]) -> Command {
        enter(name, "", argv)
    }

    fn logs(&self, name: &str, tail: Option<u32>, follow: bool) -> Command {
        let log = format!("/run/vnfctl/native/{name}/log");
        let lines = tail.map_or_else(|| "+1".to_owned(), |tail| tail.to_string());
        let mut argv = vec!["tail".to_owned(), "-n".to_owned(), lines];
        argv.extend(follow.then(|| "-f".to_owned()));
        argv.push(log);
        let mut command = Command::new(argv);
        if follow {
            command.deadline = None;
        }
        command
    }

    fn first_process(&self, name: &str) -> String {
        let alive = script(&[STATE, "alive && echo \"$pid\""]);
        Command::sh(alive, [name]).words()
    }

    fn ended(&self, name: &str) -> String {
        Command::sh(script(&[STATE, ENDED]), [name]).words()
    }

    fn exit_code(&self, name: &str) -> String {
        Command::new(["cat", &format!("/run/vnfctl/native/{name}/code")]).words()
    }

    fn refusals(&self, spec: &ContainerSpec) -> Vec<String> {
        let runtime = super::runtime::refusals(EngineKind::Native, spec);
        config::refusals(spec).into_iter().chain(runtime).collect()
    }
}

/// The folder of an image that is vnfctl's to give and to take: not one of the node's own.
fn transferable(image: &Image) -> Option<String> {
    let is_ours = image.file.is_some() || image.recipe.is_some();
    config::image_folder(image).filter(|_| is_ours)
}

/// Words run inside: as the container's user where `who` is `user`, else as root.
fn enter(name: &str, who: &str, argv: &[String]) -> Command {
    let main = script(&[STATE, TOOLS, CGROUP, RECORD, EXEC]);
    let enter = script(&[RECORD, ENTER]);
    let label = script(&[LABEL, "label \"$1\" \"$2\" || exit 126\nshift 2\nexec \"$@\""]);
    let args =
        [name.to_owned(), enter, label, who.to_owned()].into_iter().chain(argv.iter().cloned());
    let mut command = Command::sh(main, args);
    command.deadline = None;
    command
}

/// What the files of one container's folder say.
#[derive(Default)]
struct Folder<'a> {
    labels: Vec<(&'a str, &'a str)>,
    early: Vec<(&'a str, &'a str)>,
    code: Option<i32>,
    pid: Option<(u32, &'a str)>,
}

/// What `/proc` says of one process.
#[derive(Default)]
struct Process<'a> {
    start: Option<&'a str>,
    cpus: Option<CpuSet>,
    mems: Option<CpuSet>,
}

/// Reads what `query.sh` printed of the folders below `/run/vnfctl/<engine>`.
pub(super) fn parse(engine: EngineKind, stdout: &str) -> Result<Inventory, ParseError> {
    let base = format!("/run/vnfctl/{}/", engine.word());
    let mut inventory = Inventory::default();
    let mut folders: BTreeMap<&str, Folder<'_>> = BTreeMap::new();
    let mut processes: BTreeMap<u32, Process<'_>> = BTreeMap::new();
    for line in stdout.lines() {
        let unexpected = || ParseError { engine, line: line.to_owned() };
        if let Some(image) = line.strip_prefix("image ") {
            inventory.images.extend([token::present(image).ok_or_else(unexpected)?]);
        } else if let Some(name) = line.strip_prefix("container ") {
            folders.entry(name).or_default();
        } else if let Some(rest) = line.strip_prefix(&base) {
            let (path, text) = rest.split_once(':').ok_or_else(unexpected)?;
            let (name, file) = path.split_once('/').ok_or_else(unexpected)?;
            folders.entry(name).or_default().read(file, text).ok_or_else(unexpected)?;
        } else if let Some(rest) = line.strip_prefix("/proc/") {
            let (path, text) = rest.split_once(':').ok_or_else(unexpected)?;
            let pid = path.split('/').next().and_then(|pid| pid.parse().ok());
            processes.entry(pid.ok_or_else(unexpected)?).or_default().read(text);
        } else {
            return Err(unexpected());
        }
    }
    let observed =
        folders.into_iter().map(|(name, folder)| folder.observe(engine, name, &processes));
    inventory.containers = observed.collect();
    let ours = inventory.containers.iter().filter(|container| container.labels.is_some());
    inventory.cgroups = ours.map(|container| container.name.clone()).collect();
    Ok(inventory)
}

impl<'a> Folder<'a> {
    fn read(&mut self, file: &str, text: &'a str) -> Option<()> {
        match file {
            "labels" => self.labels.push(text.split_once('=')?),
            "labels.new" => self.early.push(text.split_once('=')?),
            "code" => self.code = text.parse().ok(),
            "pid" => {
                let (pid, start) = text.split_once(' ')?;
                self.pid = Some((pid.parse().ok()?, start));
            }
            _ => return None,
        }
        Some(())
    }

    fn observe(
        self,
        engine: EngineKind,
        name: &str,
        processes: &BTreeMap<u32, Process<'_>>,
    ) -> Observed {
        let running = self.pid.and_then(|(pid, start)| {
            let process = processes.get(&pid)?;
            (process.start == Some(start)).then_some((pid, process))
        });
        let complete = !self.labels.is_empty();
        let state = match running {
            _ if !complete => State::Broken,
            Some((pid, _)) => State::Running { pid },
            None => State::Stopped { code: self.code },
        };
        let pairs = if complete { self.labels } else { self.early };
        Observed {
            engine,
            name: name.to_owned(),
            labels: Labels::from_pairs(pairs.iter().copied()),
            state,
            cpus: running.and_then(|(_, process)| process.cpus.clone()),
            mems: running.and_then(|(_, process)| process.mems.clone()),
            cgroup_cpus: None,
            cgroup_mems: None,
            image: pairs
                .iter()
                .find_map(|(key, value)| (*key == "image").then(|| (*value).to_owned()))
                .unwrap_or_default(),
        }
    }
}

impl<'a> Process<'a> {
    fn read(&mut self, text: &'a str) {
        if let Some(list) = text.strip_prefix("Cpus_allowed_list:") {
            self.cpus = list.parse().ok();
        } else if let Some(list) = text.strip_prefix("Mems_allowed_list:") {
            self.mems = list.parse().ok();
        } else if let Some((_, fields)) = text.rsplit_once(") ") {
            // Field 3 is the first after the name; 22 is the start time. A zombie does not run.
            let mut fields = fields.split(' ');
            let zombie = fields.next() == Some("Z");
            self.start = fields.nth(18).filter(|_| !zombie);
        }
    }
}
