# usage: whole COMMAND...; prints what it printed when it succeeded, nine tries at most. For awk over
# /proc: mawk gives up when a process or a cgroup ends between the opening of its file and the reading.
whole() {
	tries=1
	until text=$("$@"); do
		tries=$((tries + 1))
		[ "$tries" -le 9 ] || return 1
	done
	[ -z "$text" ] || printf '%s\n' "$text"
}
