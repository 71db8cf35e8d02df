# Starts a container whose state folder holds its config. Scripts: monitor, init, reaper.
launch() {
	tools setsid unshare nsenter
	cpuset_at= memory_at= pids_at= memory= pids= net=-n
	exec 4<"$s/config" || return 1
	while record; do
		case $vnfctl_key in
		cpuset_at | memory_at | pids_at | memory | pids) eval "$vnfctl_key=\$vnfctl_value" ;;
		network) [ "$vnfctl_value" != host ] || net= ;;
		esac
	done
	exec 4<&-
	{ read -r cpus && read -r mems; } <"$s/cpuset"
	cgroups || return 1
	: >"$s/code"
	# Descriptor 5: the first process waits on it until its root is complete. Opened for both
	# directions here, so that neither side blocks; its death is the end of the pipe 3.
	exec 5<>"$s/go"
	(
		exec 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-
		exec 5<"$s/go"
		join && cd / && exec "$setsid" -f "$unshare" -m -u -i -p $net -- \
			sh -c "$monitor" vnfctl "$name" "$init" "$reaper"
	) 3>&1 >"$s/error" 2>&1 </dev/null | follow
}
# Follows a start on standard input up to its success or failure.
follow() {
	pid= outcome=
	while read -r word rest; do
		case $word in
		pid)
			pid=$rest
			read -r stat <"/proc/$pid/stat" || break
			set -- ${stat##*) }
			printf '%s %s\n' "$pid" "${20}" >"$s/pid"
			;;
		pivoted)
			# The new root may have no umount, so the old root's is used. The old root lies
			# over the new root's /proc, and goes as a whole.
			"$nsenter" -t "$pid" -m --root="/proc/$pid/root/proc" umount -l / || break
			echo go >&5
			;;
		*) outcome=$word ;;
		esac
	done
	# Without a shell inside, the end of the pipe is the success: it closes on exec. The code of
	# what failed to follows its end.
	if [ "$outcome" = direct ]; then
		code=0 tries=0
		while ! alive && [ ! -s "$s/code" ] && [ "$tries" -lt 100 ]; do nap; tries=$((tries + 1)); done
		alive || read -r code <"$s/code"
		[ "$code" -ge 126 ] || outcome=up
	fi
	[ "$outcome" = up ] && return 0
	say "container \`$name\` does not start:"
	cat "$s/error" >&2
	[ ! -s "$s/log" ] || tail -n 20 "$s/log" >&2
	return 1
}
