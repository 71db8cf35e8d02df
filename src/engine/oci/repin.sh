# $1 docker or podman, $2 container, $3 CPUs in the kernel's list format, then update's options.
engine=$1 name=$2 cpus=$3
shift 3
"$engine" update "$@" "$name" >/dev/null || exit
pid=$("$engine" container inspect --format '{{.State.Pid}}' "$name") || exit
[ "$pid" -gt 0 ] && [ -n "$cpus" ] || exit 0
# A cpuset that did not change leaves a thread alone that somebody moved with taskset.
grep -q "^Cpus_allowed_list:[[:space:]]*$cpus\$" "/proc/$pid/status" ||
	taskset -pc "$cpus" "$pid" >/dev/null
