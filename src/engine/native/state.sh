# What a container's state folder says; its name is the first argument of every script.
name=$1
base=/run/vnfctl/native s=/run/vnfctl/native/$name
say() { printf '%s\n' "$*" >&2; }
nap() { sleep 0.02 2>/dev/null || sleep 1; }
# Whether the first process lives; sets pid. The start time (field 22) guards against reuse; a
# zombie or a process with PF_EXITING does not live.
alive() {
	{ read -r pid born <"$s/pid" && read -r stat <"/proc/$pid/stat"; } 2>/dev/null || return 1
	set -- ${stat##*) }
	[ "$1" != Z ] && [ $(($7 & 4)) = 0 ] && [ "${20}" = "$born" ]
}
# Whether any process is left in the container's cgroups; the monitor leaves them last.
busy() {
	alive && return 0
	[ -f "$s/cgroups" ] || return 1
	while read -r dir; do
		{ read -r first <"$dir/cgroup.procs"; } 2>/dev/null && return 0
	done <"$s/cgroups"
	return 1
}
# Hundredths of a second since the start of the node.
clock() {
	read -r now rest </proc/uptime
	now=${now%.*}${now#*.}
}
# Waits up to $1 hundredths of a second until nothing is left.
gone() {
	clock
	end=$((now + $1))
	while busy; do
		[ "$now" -lt "$end" ] || return 1
		nap
		clock
	done
}
# Ends everything by force: the end of a pid namespace's first process ends all in it.
finish() {
	! alive || kill -KILL "$pid" 2>/dev/null
	gone 20 && return 0
	while read -r dir; do
		while read -r member; do kill -KILL "$member" 2>/dev/null; done <"$dir/cgroup.procs"
	done <"$s/cgroups"
	gone 1000 || { say "processes of \`$name\` do not end"; return 1; }
}
# Removes a container without processes. The labels go last but for the folder: until then it
# is a broken container with an owner.
remove() {
	if [ -f "$s/cgroups" ]; then
		while read -r dir; do
			[ ! -d "$dir" ] || rmdir "$dir" || return 1
			rmdir "${dir%/*}" 2>/dev/null
		done <"$s/cgroups"
	fi
	if grep -q " $s[/ ]" /proc/self/mountinfo; then
		say "something is mounted below \`$s\`: not removed"
		return 1
	fi
	[ ! -f "$s/labels" ] || mv "$s/labels" "$s/labels.new"
	rm -rf "$s"/[!l]* && rm -rf "$s" || return 1
	# Not empty while there are other containers.
	rmdir "$base" "${base%/*}" 2>/dev/null || :
}
