# usage: NAME CPUS MEMS CPUSET_AT
cpus=$2 mems=$3 cpuset_at=$4
[ -f "$s/labels" ] || { say "container \`$name\` does not exist"; exit 1; }
[ -n "$cpus$mems" ] || exit 0
[ -n "$cpuset_at" ] || { say "the cgroup controller \`cpuset\` is not mounted"; exit 1; }
# Pages follow to new memory nodes; v2 does so by itself.
case $cpuset_at in v1*) put 1 "${cpuset_at#* }/vnfctl/$name/cpuset.memory_migrate" ;; esac
pin && printf '%s\n' "$cpus" "$mems" >"$s/cpuset" || exit 1
[ -n "$cpus" ] && alive || exit 0
# A cpuset that did not change leaves a thread alone that somebody moved with taskset.
grep -q "^Cpus_allowed_list:[[:space:]]*$cpus\$" "/proc/$pid/status" ||
	taskset -pc "$cpus" "$pid" >/dev/null
