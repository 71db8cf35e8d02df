# Pairs: base, line that stands for its image.
path=$(lxc-config lxc.lxcpath) || exit
while [ "$#" != 0 ]; do
	if [ -e "$path/$1/vnfctl-complete" ]; then
		digest='- -'
		[ ! -f "$path/$1/vnfctl-digest" ] || read -r digest <"$path/$1/vnfctl-digest"
		printf 'image %s %s\n' "$digest" "$2"
	fi
	shift 2
done
set -- "$path"/*/config
[ -e "$1" ] || exit 0
# One process for all containers: `lxc-info` takes 3 ms each. It is asked only for those that run
# (their command socket is there) and whose init is not found where their cgroup usually is.
look() {
	awk '
	function is_init(pid,    file, line, found) {
		file = "/proc/" pid "/status"
		while ((getline line < file) > 0) if (line ~ /^NSpid:[ \t]+[0-9]+[ \t]+1$/) found = 1
		close(file)
		return found
	}
	function init_of(name,    i, file, pid, found) {
		for (i = 1; i <= places && !found; i++) {
			file = "/sys/fs/cgroup" place[i]
			sub("NAME", name, file)
			while (!found && (getline pid < file) > 0) if (is_init(pid)) found = pid
			close(file)
		}
		return found + 0
	}
	BEGIN {
		places = split("/cpuset/lxc.payload.NAME/cgroup.procs /lxc.payload.NAME/cgroup.procs " \
			"/lxc.payload.NAME/init.scope/cgroup.procs", place, " ")
		while ((getline line < "/proc/net/unix") > 0)
			if (line ~ /@.*\/command$/) active[substr(line, index(line, "@"))] = 1
		for (i = 1; i < ARGC; i++) {
			dir = ARGV[i]
			sub(/\/config$/, "", dir)
			name = dir
			sub(/.*\//, "", name)
			if (index(name, "vnfctl-base-") == 1) continue
			print "container " name
			ours = 0
			while ((getline line < ARGV[i]) > 0)
				if (index(line, "# vnfctl") == 1) { print line; ours = 1 }
				else if (line ~ /^[ \t]*lxc\.rootfs\.path/) print line
			close(ARGV[i])
			complete = !ours || (getline line < (dir "/vnfctl-start")) > 0
			close(dir "/vnfctl-start")
			pid = 0
			# A socket name that does not fit is hashed.
			if (("@" dir "/command") in active || length(dir) > 90) {
				pid = init_of(name)
				if (!pid) {
					command = "lxc-info --no-humanize --pid --name \047" name "\047 2>/dev/null"
					if (name !~ /\047/) command | getline pid
					close(command)
				}
			}
			print "state " (pid > 0 ? pid : complete ? "stopped" : "broken")
			if (pid <= 0) continue
			file = "/proc/" pid "/status"
			while ((getline line < file) > 0)
				if (line ~ /^(Cpus|Mems)_allowed_list:/) print line
			close(file)
		}
	}' "$@"
}
whole look "$@"
