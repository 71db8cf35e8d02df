# Makes and joins cgroups. cpuset_at, memory_at and pids_at: `<v1|v2> <mount>` or empty; cpus, mems,
# memory and pids: the wanted values or empty.
put() { { printf '%s\n' "$1" >"$2"; } 2>/dev/null; }
limit() {
	put "$1" "$2" && return 0
	{ read -r has <"${2%/*/*/*}/${2##*/}"; } 2>/dev/null || has=
	say "cannot write \`$1\` to \`$2\`${has:+: the node has \`$has\`}"
	return 1
}
# v2: lets children of $1 use controller $2.
delegate() {
	{ read -r has <"$1/cgroup.subtree_control"; } 2>/dev/null || has=
	case " $has " in *" $2 "*) return 0 ;; esac
	put "+$2" "$1/cgroup.subtree_control" && return 0
	say "cannot enable \`$2\` in \`$1/cgroup.subtree_control\`"
	return 1
}
# v1: a new cpuset is empty, and nothing below or in it can run until it is filled.
inherit() {
	{ read -r has <"$1/$2"; } 2>/dev/null && put "$has" "$1/vnfctl/$2"
	[ -n "$3" ] || put "$has" "$1/vnfctl/$name/$2"
}
cgroups() {
	cpuset_dir= memory_dir= pids_dir=
	if [ -n "$cpus$mems" ]; then
		[ -n "$cpuset_at" ] || { say "the cgroup controller \`cpuset\` is not mounted"; return 1; }
		cpuset_dir=${cpuset_at#* }/vnfctl/$name
	fi
	if [ -n "$memory" ]; then
		[ -n "$memory_at" ] || { say "the cgroup controller \`memory\` is not mounted"; return 1; }
		memory_dir=${memory_at#* }/vnfctl/$name
	fi
	if [ -n "$pids" ]; then
		[ -n "$pids_at" ] || { say "the cgroup controller \`pids\` is not mounted"; return 1; }
		pids_dir=${pids_at#* }/vnfctl/$name
	fi
	set -- ${cpuset_dir:+"$cpuset_dir"} ${memory_dir:+"$memory_dir"} ${pids_dir:+"$pids_dir"}
	[ $# != 0 ] || { : >"$s/cgroups"; return 0; }
	printf '%s\n' "$@" >"$s/cgroups"
	# The end of the last other container may take the folder above away in between.
	mkdir -p "$@" 2>/dev/null || mkdir -p "$@" || return 1
	if [ -n "$pids_dir" ]; then
		at=${pids_at#* }
		case $pids_at in v2*) delegate "$at" pids && delegate "$at/vnfctl" pids || return 1 ;; esac
		limit "$pids" "$pids_dir/pids.max" || return 1
	fi
	[ -z "$cpuset_dir" ] || pin || return 1
	[ -n "$memory_dir" ] || return 0
	at=${memory_at#* }
	case $memory_at in
	v1*)
		limit "$memory" "$memory_dir/memory.limit_in_bytes" || return 1
		# No swap beyond it, where the kernel counts swap.
		put "$memory" "$memory_dir/memory.memsw.limit_in_bytes"
		;;
	*)
		delegate "$at" memory && delegate "$at/vnfctl" memory || return 1
		limit "$memory" "$memory_dir/memory.max" || return 1
		[ ! -e "$memory_dir/memory.swap.max" ] || put 0 "$memory_dir/memory.swap.max"
		;;
	esac
	return 0
}
pin() {
	at=${cpuset_at#* }
	case $cpuset_at in
	v1*)
		inherit "$at" cpuset.cpus "$cpus"
		inherit "$at" cpuset.mems "$mems"
		;;
	*) delegate "$at" cpuset && delegate "$at/vnfctl" cpuset || return 1 ;;
	esac
	[ -z "$cpus" ] || limit "$cpus" "$at/vnfctl/$name/cpuset.cpus" || return 1
	[ -z "$mems" ] || limit "$mems" "$at/vnfctl/$name/cpuset.mems"
}
# Moves this shell into the container's cgroups; all it starts is in them from the first
# instruction on.
join() {
	while read -r dir; do
		put 0 "$dir/cgroup.procs" || { say "cannot enter \`$dir\`"; return 1; }
	done <"$s/cgroups"
}
