# Starts a container whose state folder holds its config. Scripts: monitor, init, reaper.
launch() {
	tools setsid unshare nsenter
	command -v systemd-nspawn >/dev/null || { say 'systemd-nspawn is not installed on this node'; return 1; }
	cpuset_at= memory_at= memory= pids_at= pids= net=-n owner=
	exec 4<"$s/config" || return 1
	while record; do
		case $vnfctl_key in cpuset_at | memory_at | memory | pids_at | pids) eval "$vnfctl_key=\$vnfctl_value" ;; network) net= ;; pod_owner) owner=$vnfctl_value ;; esac
	done
	exec 4<&-
	{ read -r cpus && read -r mems; } <"$s/cpuset"
	# What the node unmounts goes here too: a copy would keep network namespaces of others alive.
	own="$unshare -m --propagation slave $net"
	if [ -n "$owner" ]; then
		owner_pid=$(s=$base/$owner && alive && echo "$pid") || {
			say "the first container of its pod, \`$owner\`, does not run"
			return 1
		}
		own="$nsenter -t $owner_pid -n -i -- $unshare -m --propagation slave"
	fi
	: >"$s/code"
	scope=
	if is_scope; then
		scope=vnfctl-$name.scope
		echo "$scope" >"$s/scope"
		printf '%s\n' "${cpuset_at#* }/machine.slice/$scope" >"$s/cgroups"
		set -- systemd-run --quiet --collect --scope --unit="$scope" --slice=machine.slice \
			--description="Container $name of vnfctl" \
			--property=Delegate=yes --property=TasksMax="${pids:-infinity}" \
			${cpus:+"--property=AllowedCPUs=$cpus"} ${mems:+"--property=AllowedMemoryNodes=$mems"} \
			${memory:+"--property=MemoryMax=$memory" --property=MemorySwapMax=0}
	else
		cgroups && homes || return 1
		tidy
		set --
	fi
	(
		exec 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-
		[ -n "$scope" ] || join || exit
		cd / && exec "$setsid" -f "$@" $own -- \
			sh -c "$monitor" vnfctl "$name" "$init" "$reaper"
	) 3>&1 >"$s/error" 2>&1 </dev/null | follow
}
# Finds the child $1 has as the first process of a pid namespace, and keeps its number.
found() {
	for pid in $(children "$1"); do
		grep -q '^NSpid:.*[[:space:]]1$' "/proc/$pid/status" 2>/dev/null || continue
		{ read -r stat <"/proc/$pid/stat"; } 2>/dev/null || continue
		set -- ${stat##*) }
		printf '%s %s\n' "$pid" "${20}" >"$s/pid"
		return 0
	done
	return 1
}
# Machine names have no underscores, so the host name is set from here.
named() {
	"$nsenter" -t "$pid" -u sh -c 'echo "$1" >/proc/sys/kernel/hostname' vnfctl "$name"
}
# Follows a start on standard input up to its success or failure. systemd-nspawn keeps the other
# end open as long as the container runs.
follow() {
	outcome=
	while read -r word rest; do
		case $word in
		nspawn) nspawn=$rest ;;
		ready) found "$nspawn" && named || break ;;
		stub)
			stub && outcome=up
			break
			;;
		up)
			outcome=up
			break
			;;
		esac
	done
	[ "$outcome" = up ] && return 0
	say "container \`$name\` does not start:"
	cat "$s/error" >&2
	[ ! -s "$s/log" ] || tail -n 20 "$s/log" >&2
	return 1
}
# Without a shell inside nobody tells: the command runs when the stub's child is another program.
stub() {
	tries=0 is_named=
	while [ "$tries" -lt 1000 ]; do
		if [ -s "$s/code" ]; then
			read -r code <"$s/code"
			# Its own words of what went wrong begin with a place in its source.
			case $code:$(tail -n 1 "$s/log") in 0:*) return 0 ;; *:src/*.c:*) return 1 ;; *) return 0 ;; esac
		fi
		if found "$nspawn"; then
			[ -n "$is_named" ] || { named && is_named=yes; }
			for child in $(children "$pid"); do
				{ read -r stat <"/proc/$child/stat"; } 2>/dev/null || continue
				set -- ${stat##*) }
				# PF_FORKNOEXEC: forked, and not yet another program.
				[ $(($7 & 64)) != 0 ] || return 0
			done
		fi
		nap
		tries=$((tries + 1))
	done
	return 1
}
