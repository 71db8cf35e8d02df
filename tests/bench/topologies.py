"""The topologies and saved machines the benchmarks run on."""


def containers(engine, count, ssh=None, image=None):
    """`count` idle containers of one engine on one node, all on one CPU: this machine may have few."""
    ssh = f'ssh = "{ssh}"\n' if ssh else ""
    image = f'image = "{image}"\n' if image else ""
    network = 'network = "none"\ncommand = ["sleep", "infinity"]\n' if engine in ("docker", "podman") else ""
    return f"""name = "bench-{engine}-{count}"

[nodes.DUT1]
{ssh}system_cpus = 1

[groups.BENCH]
engine = "{engine}"
{image}count = {count}
cpu_count = 1
cpu_shared = true
{network}"""


def many(nodes, per_node):
    """The same two groups on each of many nodes, one per NUMA node."""
    lines = ['name = "bench-plan"\n']
    for node in range(1, nodes + 1):
        lines.append(f'[nodes.DUT{node}]\nssh = "root@192.0.2.{node}"\n')
    for numa in (0, 1):
        lines.append(
            f'[groups.NF_{"AB"[numa]}]\nengine = "docker"\nimage = "vnf/bench:1"\ncount = {per_node // 2}\n'
            f"cpu_count = 20\ncpu_skip = 1\ncpu_shared = true\ncpuset_mems = {numa}\n"
        )
    return "\n".join(lines)


def placed(mode, nodes):
    """100 containers on each of many nodes, all cores of both NUMA nodes in use: 20 containers with
    a core each, and 30 that share 6 cores, per NUMA node."""
    lines = [f'name = "bench-placement"\nplacement = "{mode}"\n']
    for node in range(1, nodes + 1):
        lines.append(f'[nodes.DUT{node}]\nssh = "root@192.0.2.{node}"\n')
    for numa in (0, 1):
        for name, count, cores, shared, skip in (("ALONE", 20, 1, "false", 1), ("SHARED", 30, 6, "true", 21)):
            skip = "" if mode == "auto" else f"cpu_skip = {skip}\n"
            lines.append(
                f'[groups.{name}_{"AB"[numa]}]\nengine = "docker"\nimage = "vnf/bench:1"\ncount = {count}\n'
                f"cpu_count = {cores}\ncpu_shared = {shared}\n{skip}cpuset_mems = {numa}\n"
            )
    return "\n".join(lines)


def chains(count, nodes):
    """`count` chains of `nodes` NFs with VPP in all, two to a core, and the vswitch that joins them."""
    return f"""name = "bench-render"

[nodes.DUT1]
ssh = "root@192.0.2.1"
interfaces.eth1 = {{ pci = "0000:18:00.0", peer_mac = "52:54:00:00:ff:01" }}
interfaces.eth2 = {{ pci = "0000:18:00.1", peer_mac = "52:54:00:00:ff:02" }}

[defaults]
engine = "docker"
image = "vnf/bench:1"
interfaces = ["eth1", "eth2"]
cpuset_mems = 0

[groups.VSWITCH]
cpu_count = 2
cpu_skip = 1
app = {{ kind = "vpp", variant = "vswitch" }}

[groups.CNF]
nf_chains = {count}
nf_nodes = {nodes}
nf_dtc = 0.5
nf_dtcr = 2
vs_dtc = 1
app = {{ kind = "vpp", exec = ["set interface mtu 9000 memif{{{{ ports[0].socket_id }}}}/{{{{ ports[0].id }}}}"] }}

[[chains]]
group = "CNF"
kind = "ip4"
vswitch = "VSWITCH"
"""


def machine():
    """`lscpu -p` of two sockets with 28 cores and SMT, siblings 56 apart."""
    lines = ["# CPU,Core,Socket,Node,,L1d,L1i,L2,L3"]
    for cpu in range(112):
        core = cpu % 56
        socket = core // 28
        lines.append(f"{cpu},{core},{socket},{socket},,{core},{core},{core},{socket}")
    return "\n".join(lines) + "\n"


def everywhere(engine, hosts, image):
    """One container on each of these hosts, all of one image."""
    nodes = "".join(f'[nodes.{host.upper()}]\nssh = "{host}"\nsystem_cpus = 1\n\n' for host in hosts)
    return f"""name = "bench-everywhere"

{nodes}[groups.BENCH]
engine = "{engine}"
image = "{image}"
cpu_count = 1
cpu_shared = true
network = "none"
command = ["sleep", "infinity"]
"""
