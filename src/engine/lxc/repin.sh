# $1 container, $2 CPUs and $3 memory nodes in the kernel's list format (empty: not pinned).
[ -z "$3" ] || lxc-cgroup --name "$1" cpuset.mems "$3" || exit
[ -n "$2" ] || exit 0
lxc-cgroup --name "$1" cpuset.cpus "$2" || exit
pid=$(lxc-info --no-humanize --pid --name "$1") || exit
# A cpuset that did not change leaves a thread alone that somebody moved with taskset.
grep -q "^Cpus_allowed_list:[[:space:]]*$2\$" "/proc/$pid/status" || taskset -pc "$2" "$pid" >/dev/null
