# As native's, for the cgroups that systemd-nspawn makes below a container's.
base=/run/vnfctl/nspawn s=$base/$name
# Whether any process is left; the monitor leaves last.
busy() {
	alive && return 0
	[ -f "$s/cgroups" ] || return 1
	while read -r dir; do
		for part in "$dir" "$dir/payload" "$dir/supervisor"; do
			{ read -r first <"$part/cgroup.procs"; } 2>/dev/null && return 0
		done
	done <"$s/cgroups"
	return 1
}
# Ends everything by force: the end of a pid namespace's first process ends all in it.
finish() {
	! alive || kill -KILL "$pid" 2>/dev/null
	gone 20 && tidy && return 0
	[ ! -f "$s/cgroups" ] || while read -r dir; do
		for part in "$dir" "$dir/payload" "$dir/supervisor"; do
			[ -f "$part/cgroup.procs" ] || continue
			while read -r member; do kill -KILL "$member" 2>/dev/null; done <"$part/cgroup.procs"
		done
	done <"$s/cgroups"
	gone 1000 || { say "processes of \`$name\` do not end"; return 1; }
	tidy
}
# Removes what systemd-nspawn made below the cgroups of a container without processes.
tidy() {
	[ -f "$s/cgroups" ] || return 0
	while read -r dir; do
		for part in "$dir/payload" "$dir/supervisor"; do
			[ ! -d "$part" ] || find "$part" -depth -type d -exec rmdir {} \; 2>/dev/null
		done
	done <"$s/cgroups"
	# systemd removes its scope by itself.
	[ ! -s "$s/scope" ] || : >"$s/cgroups"
	return 0
}
