# $1 docker or podman, $2 container, $3 the OCI runtime it asked for (may be empty), $4 CPUs and $5
# memory nodes in the kernel's list format, then update's options.
engine=$1 name=$2 runtime=$3 cpus=$4 mems=$5
shift 5
first() {
	pid=$("$engine" container inspect --format '{{.State.Pid}}' "$name")
}
# What the engine would have the runtime write; gVisor's has no `update`. A container made by it has
# a cgroup as any other, with the sandbox in it.
grant() {
	first && [ "$pid" -gt 0 ] || return
	at= field=
	while read -r _ point type options _; do
		case $type,$options, in
		cgroup,*,cpuset,*) at=$point field='[0-9]*:\([^:]*,\)\{0,1\}cpuset\(,[^:]*\)\{0,1\}' ;;
		cgroup2,*) [ -n "$at" ] || at=$point field=0: ;;
		esac
	done </proc/self/mounts
	path=$(sed -n "s/^$field://p" "/proc/$pid/cgroup")
	case $path in '' | / | /..*) return 1 ;; esac
	[ -z "$mems" ] || echo "$mems" >"$at$path/cpuset.mems" || return
	[ -z "$cpus" ] || echo "$cpus" >"$at$path/cpuset.cpus"
}
if ! said=$("$engine" update "$@" "$name" 2>&1); then
	if [ -z "$runtime" ] || ! grant; then
		printf '%s\n' "$said" >&2
		exit 1
	fi
fi
first || exit
[ "$pid" -gt 0 ] && [ -n "$cpus" ] || exit 0
# A cpuset that did not change leaves a thread alone that somebody moved with taskset.
grep -q "^Cpus_allowed_list:[[:space:]]*$cpus\$" "/proc/$pid/status" ||
	taskset -pc "$cpus" "$pid" >/dev/null
