//! With a real VPP: `VNFCTL_TEST_VPP_ROOTFS` names the tarball of a root file system that has `vpp`
//! and `vppctl`; `tests/run` runs these tests where it is set, and counts them as skipped elsewhere.
//! Needs root.
//!
//! Each VPP has its own namespaces and root; what an engine does besides is not the driver's.

use super::wirings::{self, memif, wiring, with};
use super::{Container, Script, vpp, wired};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use vnfctl::app::{FOLDER, LAUNCH, deploy};
use vnfctl::model::{AppKind, MemifMode, Role, Vpp};
use vnfctl::wiring::{ContainerWiring, Memif, PortKind};

/// Where several VPPs meet: a folder of sockets.
struct Room {
    rootfs: PathBuf,
    memif: TempDir,
}

/// One VPP in namespaces of its own.
struct Running {
    root: TempDir,
    child: Child,
    container: Container,
    started: Instant,
}

/// As an engine starts a container: own namespaces, own root, the folder of sockets in it, the
/// launcher as first process.
const ENTER: &str = r#"root=$1 memif=$2
mount -t proc proc "$root/proc" && mount -t tmpfs tmpfs "$root/run" && mount --rbind /dev "$root/dev" &&
	mount --rbind /sys "$root/sys" && mkdir -p "$root/mnt/memif" && mount --bind "$memif" "$root/mnt/memif" || exit 99
exec chroot "$root" /bin/sh -c "$3""#;

impl Room {
    fn new() -> Self {
        let rootfs = std::env::var_os("VNFCTL_TEST_VPP_ROOTFS");
        let rootfs = rootfs.expect("VNFCTL_TEST_VPP_ROOTFS names a tarball with vpp in it");
        Self { rootfs: rootfs.into(), memif: tempfile::tempdir().unwrap() }
    }

    /// Starts VPP as the driver says.
    fn start(&self, container: Container) -> Running {
        let root = tempfile::tempdir().unwrap();
        let unpacked =
            Command::new("tar").arg("-xf").arg(&self.rootfs).arg("-C").arg(root.path()).status();
        assert!(unpacked.unwrap().success());
        let log = std::fs::File::create(root.path().join("log")).unwrap();
        let child = Command::new("unshare")
            .args(["-m", "-p", "-i", "-u", "-n", "-f", "--kill-child", "sh", "-c", ENTER, "sh"])
            .args([root.path(), self.memif.path()])
            .arg(LAUNCH)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let running = Running { root, child, container, started: Instant::now() };
        running.configure();
        running
    }

    /// Starts all of them and waits until they are ready and linked.
    fn up(&self, containers: Vec<Container>) -> Vec<Running> {
        let all: Vec<Running> =
            containers.into_iter().map(|container| self.start(container)).collect();
        for which in [Script::Ready, Script::Linked] {
            for one in &all {
                assert_eq!(one.run(which), Ok(String::new()), "{which:?}: {}", one.log());
            }
        }
        all
    }
}

impl Running {
    /// Runs one of the scripts inside: what it printed, or its complaint.
    fn run(&self, which: Script) -> Result<String, String> {
        self.inside(&self.container.script(which))
    }

    fn inside(&self, script: &str) -> Result<String, String> {
        self.fed(script, "")
    }

    /// Delivers what the container has to have.
    fn configure(&self) {
        let deployment = deploy(&self.container.instance()).unwrap();
        assert_eq!(self.fed(&deployment.script(), &deployment.archive()), Ok(String::new()));
    }

    fn fed(&self, script: &str, stdin: &str) -> Result<String, String> {
        let mut child = Command::new("nsenter")
            .args(["-t", &self.pid().to_string(), "-m", "-p", "-i", "-u", "-n", "-r", "-w"])
            .args(["/bin/sh", "-c", script, "vnfctl configure"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    /// What VPP answers.
    fn ask(&self, question: &str) -> String {
        let answer = self.inside(&format!("vppctl -s /run/vpp/cli.sock {question}"));
        answer.unwrap().replace('\r', "")
    }

    /// The first process inside: the one child of `unshare`.
    fn pid(&self) -> u32 {
        let children = format!("/proc/{0}/task/{0}/children", self.child.id());
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            let found = std::fs::read_to_string(&children).unwrap_or_default();
            if let Some(pid) = found.split_whitespace().next().and_then(|pid| pid.parse().ok())
                && Path::new(&format!("/proc/{pid}/root{FOLDER}/launcher")).exists()
            {
                return pid;
            }
            assert!(Instant::now() < deadline, "it does not run: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.root.path().join("log")).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn container(name: &str, wiring: ContainerWiring, exec: &[&str]) -> Container {
    // Small, and several share a machine.
    let exec = exec.iter().copied().map(str::to_owned).collect();
    let vpp = Vpp { poll_sleep_usec: Some(100), exec, ..vpp() };
    let mut container = Container::new(&[], wiring, vpp);
    container.name = name.into();
    container
}

/// What makes a memif differ from its other end.
type Change = fn(&mut Memif);

/// The slave of a port of an NF.
fn other_end(of: &ContainerWiring, port: usize) -> ContainerWiring {
    let PortKind::Memif(end) = &of.ports[port].kind else { panic!() };
    let end = with(memif(1, &end.socket, 1, end.id), |memif| memif.role = Role::Slave);
    wiring(vec![end], vec![])
}

/// 5000 packets to 20.0.0.1 into the first NF; those that come out of the last.
fn sent_through(room: &Room, nfs: Vec<ContainerWiring>) -> String {
    let stream = "packet-generator new { name s limit 5000 rate 2e3 size 64-64 interface pg0 node \
                  ethernet-input data { IP4: 00:00:00:00:00:01 -> 52:54:00:00:01:01 UDP: 10.0.0.1 \
                  -> 20.0.0.1 UDP: 1234 -> 2345 incrementing 8 } }";
    let lines = [
        "create packet-generator interface pg0",
        "set interface l2 xconnect pg0 memif1/1",
        "set interface l2 xconnect memif1/1 pg0",
        "set interface state pg0 up",
        stream,
    ];
    let last = nfs.len() - 1;
    let mut containers = vec![container("GEN1", other_end(&nfs[0], 0), &lines)];
    containers.push(container("SINK1", other_end(&nfs[last], 1), &[]));
    for (number, wiring) in (1..).zip(nfs) {
        containers.push(container(&format!("CNF{number}"), wiring, &[]));
    }
    let all = room.up(containers);
    let name = all[1]
        .ask("show memif")
        .lines()
        .find_map(|line| line.strip_prefix("interface ").map(str::to_owned));
    all[0].ask("packet-generator enable-stream s");
    let counted = || all[1].ask(&format!("show interface {}", name.as_deref().unwrap()));
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let text = counted();
        let received = text.lines().find_map(|line| line.split("rx packets").nth(1));
        let received = received.unwrap_or_default().trim().to_owned();
        if received == "5000" || Instant::now() > deadline {
            return received;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The slave that joins NF 1 to NF 2 as a vswitch's cross-connect would.
fn joined(mut first: ContainerWiring, mut second: ContainerWiring) -> Vec<ContainerWiring> {
    let PortKind::Memif(far) = &mut first.ports[1].kind else { panic!() };
    let PortKind::Memif(near) = &mut second.ports[0].kind else { panic!() };
    (far.socket, far.id, far.role) = (near.socket.clone(), near.id, Role::Slave);
    vec![first, second]
}

#[test]
#[ignore = "needs a VPP: VNFCTL_TEST_VPP_ROOTFS"]
fn l2xc_carries_packets() {
    let room = Room::new();
    assert_eq!(sent_through(&room, vec![wirings::l2xc(1)]), "5000");
}

#[test]
#[ignore = "needs a VPP: VNFCTL_TEST_VPP_ROOTFS"]
fn functional_carries_packets_in_interrupt_mode() {
    let room = Room::new();
    assert_eq!(sent_through(&room, joined(wirings::functional(1), wirings::l2xc(2))), "5000");
}

#[test]
#[ignore = "needs a VPP: VNFCTL_TEST_VPP_ROOTFS"]
fn ip4_routes_packets() {
    let room = Room::new();
    assert_eq!(sent_through(&room, vec![wirings::ip4(1)]), "5000");
}

#[test]
#[ignore = "needs a VPP: VNFCTL_TEST_VPP_ROOTFS"]
fn a_pipeline_routes_packets() {
    let room = Room::new();
    let nfs = vec![wirings::pipeline_ip4(1, 2), wirings::pipeline_ip4(2, 2)];
    assert_eq!(sent_through(&room, nfs), "5000");
}

#[test]
#[ignore = "needs a VPP: VNFCTL_TEST_VPP_ROOTFS"]
fn ipsec_is_accepted() {
    let room = Room::new();
    let nf = container("CNF1", wirings::ipsec(1), &[]);
    let nf = room.start(nf);
    assert_eq!(nf.run(Script::Ready), Ok(String::new()));
    let protected = nf.ask("show ipsec protect");
    assert!(protected.contains("ipip1") && protected.contains("spi 200000"), "{protected}");
}

#[test]
#[ignore = "needs a VPP: VNFCTL_TEST_VPP_ROOTFS"]
fn whole_topologies_are_accepted_and_link() {
    accepted_and_linked(&wired::CHAINS[..5]);
}

#[test]
#[ignore = "needs a VPP: VNFCTL_TEST_VPP_ROOTFS"]
fn more_whole_topologies_are_accepted_and_link() {
    accepted_and_linked(&wired::CHAINS[5..]);
}

fn accepted_and_linked(chains: &[(&str, &str)]) {
    for (name, chain) in chains {
        let room = Room::new();
        let started = |mut container: Container| {
            // No NIC is here, and there are fewer CPUs.
            container.cpus.clear();
            let AppKind::Vpp(settings) = &mut container.app.kind else { panic!() };
            (settings.poll_sleep_usec, settings.rx_queues) = (Some(100), None);
            let mut nics = Vec::new();
            for (number, port) in (90..).zip(&mut container.wiring.ports) {
                if matches!(port.kind, PortKind::Nic { .. }) {
                    nics.push(port.name.clone());
                    port.kind = memif(1, &format!("/mnt/memif/nic-{number}"), number, 1).kind;
                }
            }
            (room.start(container), nics)
        };
        let all: Vec<_> = wired::containers(chain).into_iter().map(started).collect();
        for (one, _) in &all {
            let said = one.run(Script::Ready);
            match said {
                Err(said) if *name == "dma" && one.container.name.contains("CNF") => {
                    assert!(said.contains("VPP has no plugin dma_intel_plugin.so"), "{said}");
                }
                said => assert_eq!(said, Ok(String::new()), "{name}: {}", one.container.name),
            }
        }
        let deadline = Instant::now() + Duration::from_secs(20);
        for (one, nics) in &all {
            let down = || {
                let text = one.run(Script::Probe).unwrap();
                let up = |line: &&str| !line.ends_with(" up") && line.starts_with("port ");
                let is_nic = |line: &&str| nics.iter().any(|nic| line.contains(nic.as_str()));
                text.lines().filter(up).filter(|line| !is_nic(line)).map(str::to_owned).collect()
            };
            let mut found: Vec<String> = down();
            while !found.is_empty() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(100));
                found = down();
            }
            assert!(found.is_empty(), "{name}: {}: {found:?}", one.container.name);
        }
    }
}

#[test]
#[ignore = "needs a VPP: VNFCTL_TEST_VPP_ROOTFS"]
fn bridges_and_tables_are_accepted() {
    let room = Room::new();
    for (mut wiring, shown) in [
        (wirings::vswitch_two_sockets(), "show bridge-domain 2 detail"),
        (wirings::vswitch_ip4(), "show ip fib table 10 20.0.0.0/24"),
    ] {
        // No NIC is here: two memifs of the same names instead.
        for (index, socket) in [(0, 8), (1, 9)] {
            wiring.ports[index] = memif(index + 1, &format!("/mnt/memif/nic-{socket}"), socket, 1);
        }
        let vswitch = room.start(container("VSWITCH1", wiring, &[]));
        assert_eq!(vswitch.run(Script::Ready), Ok(String::new()));
        let text = vswitch.ask(shown);
        assert!(text.contains("memif"), "{text}");
    }
}

#[test]
#[ignore = "needs a VPP: VNFCTL_TEST_VPP_ROOTFS"]
fn it_is_ready_soon_and_its_threads_are_where_they_should_be() {
    let room = Room::new();
    let mut nf = container("CNF1", wirings::l2xc(1), &[]);
    nf.cpus = vec![1, 0];
    let nf = room.start(nf);
    assert_eq!(nf.run(Script::Ready), Ok(String::new()));
    let took = nf.started.elapsed();
    // VPP itself waits 2.0 s before it looks at its exec file; the machine may be busy.
    assert!(took > Duration::from_secs(2) && took < Duration::from_secs(10), "{took:?}");
    let threads = nf.ask("show threads");
    let core = |thread: &str| {
        let line = threads.lines().find(|line| line.contains(thread)).unwrap();
        line.split_whitespace().rev().nth(2).unwrap().to_owned()
    };
    assert_eq!((core("vpp_main"), core("vpp_wk_0")), ("1".into(), "0".into()), "{threads}");
}

#[test]
#[ignore = "needs a VPP: VNFCTL_TEST_VPP_ROOTFS"]
fn a_restart_links_again_and_the_gap_is_seen() {
    let room = Room::new();
    let nf = wirings::l2xc(1);
    let ends = [other_end(&nf, 0), other_end(&nf, 1)];
    let mut all: Vec<Container> =
        ends.into_iter().map(|wiring| container("END1", wiring, &[])).collect();
    all.push(container("CNF1", nf, &[]));
    let mut all = room.up(all);
    let probe = |one: &Running| one.run(Script::Probe).unwrap();
    assert_eq!(probe(&all[0]), "app ready\nport port1 up\n");
    let gone = all.pop().unwrap();
    let again = gone.container.clone();
    drop(gone);
    let deadline = Instant::now() + Duration::from_secs(5);
    while probe(&all[0]).ends_with(" up\n") {
        assert!(Instant::now() < deadline, "nobody notices the gap");
    }
    let gap = probe(&all[0]);
    assert!(gap.starts_with("app ready\nport port1 not connected to DUT1_VSWITCH1 at"), "{gap}");
    let again = room.start(again);
    assert_eq!(again.run(Script::Ready), Ok(String::new()));
    for one in all.iter().chain([&again]) {
        assert_eq!(one.run(Script::Linked), Ok(String::new()));
    }
}

#[test]
#[ignore = "needs a VPP: VNFCTL_TEST_VPP_ROOTFS"]
fn mistakes_are_named_with_vpps_words() {
    let room = Room::new();
    let ready = |container| room.start(container).run(Script::Ready).unwrap_err();
    let said = ready(container("CNF1", wirings::l2xc(1), &["set interface mtu 9000 memif9/9"]));
    assert!(said.contains("`set interface mtu 9000 memif9/9`: VPP stopped there: "), "{said}");
    assert!(said.ends_with("there: set interface mtu: unknown input `9000 memif9/9'\n"), "{said}");

    let said = ready(container("CNF1", wirings::l2xc(1), &["nat44 plugin enable"]));
    assert!(said.contains("unknown input `nat44 plugin enable"), "{said}");
    assert!(said.contains("belongs to a plugin that is not in `plugins`"), "{said}");

    let mut nf = container("CNF1", wirings::l2xc(1), &[]);
    let AppKind::Vpp(settings) = &mut nf.app.kind else { panic!() };
    settings.plugins = vec!["nosuch_plugin.so".into()];
    let said = ready(nf);
    assert!(said.starts_with("VPP has no plugin nosuch_plugin.so: "), "{said}");
}

#[test]
#[ignore = "needs a VPP: VNFCTL_TEST_VPP_ROOTFS"]
fn links_that_do_not_come_up_say_why() {
    let room = Room::new();
    let with_options = |mut wiring: ContainerWiring, change: Change| {
        wiring.ports[0] = with(wiring.ports[0].clone(), change);
        wiring
    };
    let nf = wirings::l2xc(1);
    let changes: [(Change, &str); 4] = [
        (|memif| memif.options.secret = Some("other".into()), "incorrect secret"),
        (|memif| memif.options.mode = MemifMode::Ip, "mode mismatch"),
        (|memif| memif.id = 77, "unmatched interface id"),
        (|memif| memif.socket = "/mnt/memif/elsewhere".into(), "not connected to DUT1_VSWITCH1 at"),
    ];
    let master = with_options(nf.clone(), |memif| memif.options.secret = Some("this".into()));
    let master = room.start(container("CNF1", master, &[]));
    for (change, wanted) in changes {
        let slave = with_options(other_end(&nf, 0), |memif| {
            memif.options.secret = Some("this".into());
        });
        let slave = container("END1", with_options(slave, change), &[]);
        let mut slave = room.start(slave);
        assert_eq!(slave.run(Script::Ready), Ok(String::new()));
        slave.container.app.ready_timeout = Duration::from_secs(1);
        let said = slave.run(Script::Linked).unwrap_err();
        assert!(said.contains(wanted), "{wanted}: {said}");
        let text = master.run(Script::Probe).unwrap();
        assert!(text.contains("port port1 DUT1_VSWITCH1 is not connected"), "{text}");
    }
}

#[test]
#[ignore = "needs a VPP: VNFCTL_TEST_VPP_ROOTFS"]
fn a_used_socket_and_an_absent_cpu_are_named() {
    let room = Room::new();
    let nf = container("CNF1", wirings::l2xc(1), &[]);
    let first = room.start(nf.clone());
    assert_eq!(first.run(Script::Ready), Ok(String::new()));
    let second = room.start(nf.clone());
    let said = second.run(Script::Ready).unwrap_err();
    assert!(said.starts_with("VPP ended with code 1:\n"), "{said}");
    assert!(said.contains("DUT1_CNF1-1.sock is used: another process listens there"), "{said}");
    drop((first, second));

    let mut absent = nf.clone();
    absent.cpus = vec![0, 500];
    let said = room.start(absent).run(Script::Ready).unwrap_err();
    assert!(said.starts_with("VPP ended with code 1:\nCPU 500 is for a thread of VPP"), "{said}");

    // Its sockets are stale by now, which is no hindrance.
    let again = room.start(nf);
    assert_eq!(again.run(Script::Ready), Ok(String::new()));
}

#[test]
#[ignore = "needs a VPP: VNFCTL_TEST_VPP_ROOTFS"]
fn what_vpp_says_when_it_does_not_start_is_shown() {
    let room = Room::new();
    let ended = |change: fn(&mut Vpp)| {
        let mut nf = container("CNF1", wirings::l2xc(1), &[]);
        let AppKind::Vpp(settings) = &mut nf.app.kind else { panic!() };
        change(settings);
        let nf = room.start(nf);
        let said = nf.run(Script::Ready).unwrap_err();
        let last = said.lines().last().unwrap();
        assert!(nf.log().contains(last), "the container's log has it, too: {}", nf.log());
        said
    };
    let said = ended(|vpp| {
        vpp.startup = [("nosuch".into(), vec![("key".into(), "1".into())])].into();
    });
    assert!(said.starts_with("VPP ended with code 1:\n") && said.contains("nosuch"), "{said}");
    let said = ended(|vpp| {
        vpp.startup = [("cpu".into(), vec![("main-core".into(), "500".into())])].into();
    });
    assert!(said.starts_with("VPP ended with code ") && said.contains("500"), "{said}");
    let said = ended(|vpp| {
        let cpus = [("main-core", "0"), ("corelist-workers", "500")];
        let cpus = cpus.map(|(key, value)| (key.into(), value.into()));
        vpp.startup = [("cpu".into(), cpus.to_vec())].into();
    });
    assert!(said.starts_with("VPP ended with code 0:\n") && said.contains("500"), "{said}");
}

#[test]
#[ignore = "needs a VPP: VNFCTL_TEST_VPP_ROOTFS"]
fn another_configuration_starts_it_anew() {
    let room = Room::new();
    let mut nf = room.start(container("CNF1", wirings::l2xc(1), &[]));
    assert_eq!(nf.run(Script::Ready), Ok(String::new()));
    let pid = |nf: &Running| nf.inside("cat /run/vpp/vpp.pid").unwrap();
    let before = pid(&nf);
    nf.configure();
    assert_eq!((nf.run(Script::Ready), pid(&nf)), (Ok(String::new()), before.clone()), "the same");
    nf.container = container("CNF1", wirings::l2xc(1), &["set interface mtu packet 9000 memif1/1"]);
    nf.configure();
    assert_eq!(nf.run(Script::Ready), Ok(String::new()));
    assert_ne!(pid(&nf), before);
    nf.container = container("CNF1", wirings::l2xc(1), &["set interface nothing"]);
    nf.configure();
    let said = nf.run(Script::Ready).unwrap_err();
    assert!(said.contains("`set interface nothing`: VPP stopped there: "), "{said}");
}
