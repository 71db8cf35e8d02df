# shellcheck shell=sh
# Prints what this node is, one fact per line. Arguments: PCI addresses, `--`, engines.
# POSIX; few forks: files are read by one grep, programs are looked up in PATH by hand.
# fd 3 is the real standard output: slow questions run behind it and are printed last.
LC_ALL=C
export LC_ALL
set -f
find_tool() {
    IFS=:
    for dir in $PATH; do
        if [ -f "$dir/$1" ] && [ -x "$dir/$1" ]; then
            unset IFS
            return 0
        fi
    done
    unset IFS
    return 1
}
# A client that hangs is a silent engine, not a lost node.
first_line() {
    if text=$($bounded "$@" 2>&1); then code=0; else code=$?; fi
    [ "$code" != 124 ] || text="no answer to \`$*\` within 10 s"
    printf 'engine %s %s %s\n' "$engine" "$code" "${text%%
*}"
}
bounded=
if find_tool timeout; then bounded='timeout 10'; fi
exec 3>&1
late=$(
    pci=
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        if [ -e "/sys/bus/pci/devices/$1" ]; then
            printf 'pci %s\n' "$1" >&3
            pci="$pci /sys/bus/pci/devices/$1/numa_node"
        fi
        shift
    done
    [ $# -gt 0 ] && shift
    for engine in "$@"; do
        case $engine in
            docker | podman) find_tool "$engine" && first_line "$engine" --version & ;;
            native) echo 'asked native' >&3 ;;
            lxc) find_tool lxc-start && first_line lxc-start --version & ;;
        esac
    done
    for tool in ip ping timeout unshare nsenter setsid mount pivot_root lscpu sudo tar xz zstd \
        gzip numactl; do
        if find_tool $tool; then printf 'tool %s\n' $tool; fi
    done >&3
    uid=$(id -u) user=$(id -un)
    printf 'user %s\n' "$user" >&3
    # The files speak of names, or of numbers.
    for kind in uid gid; do
        [ -r /etc/sub$kind ] || continue
        while IFS=: read -r name first count; do
            case $name in
                "$user" | "$uid") printf 'sub%s %s %s\n' $kind "$first" "$count" >&3 ;;
            esac
        done </etc/sub$kind
    done
    if [ "$uid" != 0 ] && find_tool sudo; then
        { sudo -n true </dev/null >/dev/null 2>&1 && echo 'sudo yes'; } &
    fi
    cpu=/sys/devices/system/cpu node=/sys/devices/system/node
    if find_tool lscpu; then lscpu -p >&3 2>/dev/null; fi
    cgroup=
    while read -r _ point type options _; do
        case $type in
            cgroup | cgroup2) printf 'cgroup %s %s %s\n' "$type" "$point" "$options" >&3 ;;
            *) continue ;;
        esac
        case $type,$options, in
            cgroup2*) cgroup="$cgroup $point/cgroup.controllers $point/cpuset.cpus.effective" ;;
            *,cpuset,*) cgroup="$cgroup $point/cpuset.effective_cpus $point/cpuset.cpus" ;;
        esac
    done <<EOF
$(grep -E '^[^ ]+ [^ ]+ cgroup2? ' /proc/self/mounts)
EOF
    set +f
    # The kernel tells the NUMA node of an offline CPU by a link only.
    cd $cpu 2>/dev/null && echo links cpu[0-9]*/node[0-9]* >&3
    # Of the large files only the lines that are read; every line of the small ones.
    # shellcheck disable=SC2086 # lists of paths and globs
    grep -H -e '^[-(0-9]' -e '^[a-z0-9_ ]*$' -e MemTotal: -e ^Uid: -e ^Cpus_allowed_list: \
        -e 'overlay$' /proc/sys/kernel/osrelease /proc/sys/kernel/arch /proc/filesystems \
        /proc/self/status $cpu/online $cpu/present $cpu/isolated $cpu/nohz_full \
        $cpu/cpu[0-9]*/topology/thread_siblings_list $cpu/cpu[0-9]*/topology/physical_package_id \
        $cpu/cpu[0-9]*/cache/index3/shared_cpu_list $cpu/cpu[0-9]*/cpu_capacity \
        /sys/devices/cpu_core/cpus /sys/devices/cpu_atom/cpus /sys/devices/cpu_lowpower/cpus \
        $node/node[0-9]*/cpulist $node/node[0-9]*/distance $node/node[0-9]*/meminfo \
        $node/node[0-9]*/hugepages/hugepages-*/*_hugepages \
        /proc/meminfo /sys/kernel/mm/hugepages/hugepages-*/*_hugepages $cgroup $pci \
        >&3 2>/dev/null
    if ! [ -r /proc/sys/kernel/arch ]; then printf 'arch %s\n' "$(uname -m)" >&3; fi
    wait
)
printf '%s\nend\n' "$late"
