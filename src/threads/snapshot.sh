# shellcheck shell=sh
# Prints every task of this node at one moment, tab-separated, one record a line; `end` is the last.
# Arguments: none; or a pause in seconds and CPU numbers, for two snapshots that far apart, each
# with the counters of those CPUs and of the tasks that may run on them.
# Two processes per snapshot: thousands of small files are read by one awk.
LC_ALL=C
export LC_ALL
snapshot() {
	printf '%s\n' /sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor \
		/proc/[0-9]*/task/[0-9]* | awk -v "me=$$" -v "asked=$*" '
	function line_of(file,    line) {
		line = ""
		if ((getline line < file) <= 0) line = ""
		close(file)
		return line
	}
	# A name may hold a newline, which kernels before 4.18 print as it is.
	function stat_of(file,    line, more) {
		line = ""
		while (line !~ /\) [A-Za-z] [0-9]/ && (getline more < file) > 0) line = line more
		close(file)
		return line
	}
	function or_dash(text) { return text == "" ? "-" : text }
	# Where the cpuset controller is: a v1 hierarchy of its own, else the v2 hierarchy.
	function mounts(    line, word) {
		while ((getline line < "/proc/self/mounts") > 0) {
			split(line, word, " ")
			if (word[3] == "cgroup" && ("," word[4] ",") ~ /,cpuset,/ && version != 1) {
				version = 1
				root = word[2]
			} else if (word[3] == "cgroup2" && !version) {
				version = 2
				root = word[2]
			}
		}
		close("/proc/self/mounts")
	}
	# What a cgroup grants; without the controller, what the nearest one above grants.
	function effective(path, what,    name, text) {
		name = version == 1 ? "cpuset.effective_" what : "cpuset." what ".effective"
		while (1) {
			text = line_of(root path "/" name)
			if (text != "" || path == "") return text
			sub(/\/[^\/]*$/, "", path)
		}
	}
	function cgroup_of(pid,    file, line, path) {
		file = "/proc/" pid "/cgroup"
		path = ""
		while ((getline line < file) > 0)
			if (version == 1 ? line ~ /^[0-9]+:([^:]*,)?cpuset(,[^:]*)?:/ : line ~ /^0::/) {
				path = line
				sub(/^[^:]*:[^:]*:/, "", path)
			}
		close(file)
		return path
	}
	# The pid namespace, where only it can tell whose process this is.
	function namespace_of(pid,    command, line) {
		command = "readlink /proc/" pid "/ns/pid 2>/dev/null"
		line = ""
		command | getline line
		close(command)
		return line
	}
	function process(pid,    path, space) {
		path = cgroup_of(pid)
		space = (path == "" || path == "/") && nested ? namespace_of(pid) : ""
		print "process\t" pid "\t" or_dash(space) "\t" path
		if (path ~ /^\/./ && path !~ /^\/\.\./ && !(path in known)) {
			known[path] = 1
			print "cgroup\t" or_dash(effective(path, "cpus")) "\t" or_dash(effective(path, "mems")) \
				"\t" path
		}
	}
	# The lines that begin with a number or a name and have a column per CPU.
	function table(file, word, affinity,    line, field, n, i, cpus, id, at, counts, name, dir) {
		if ((getline line < file) <= 0) return
		cpus = split(line, field, " ")
		for (i = 1; i <= cpus; i++) {
			sub(/^CPU/, "", field[i])
			at[field[i]] = i + 1
		}
		while ((getline line < file) > 0) {
			n = split(line, field, " ")
			id = field[1]
			sub(/:$/, "", id)
			name = ""
			for (i = cpus + 2; i <= n; i++) name = name (name == "" ? "" : " ") field[i]
			counts = ""
			for (i = 1; i <= asked_cpus; i++)
				counts = counts (i > 1 ? "," : "") \
					(asked_cpu[i] in at && at[asked_cpu[i]] <= n ? field[at[asked_cpu[i]]] + 0 : 0)
			if (asked_cpus) print word "\t" id "\t" counts "\t" name
			# A number without a name has no handler.
			if (affinity && id ~ /^[0-9]+$/ && name != "") {
				dir = "/proc/irq/" id
				print "irq\t" id "\t" or_dash(line_of(dir "/smp_affinity_list")) "\t" \
					or_dash(line_of(dir "/effective_affinity_list")) "\t" name
			}
		}
		close(file)
	}
	function touches(list,    part, n, i, j, end) {
		if (list in touching) return touching[list]
		n = split(list, part, ",")
		for (i = 1; i <= n; i++) {
			if (split(part[i], end, "-") < 2) end[2] = end[1]
			for (j = 1; j <= asked_cpus; j++)
				if (asked_cpu[j] + 0 >= end[1] + 0 && asked_cpu[j] + 0 <= end[2] + 0)
					return touching[list] = 1
		}
		return touching[list] = 0
	}
	# Counters of one task: its start, time on a CPU in ns, switches, migrations.
	function counters(dir, tid, start, ticks,    time, line, moved) {
		time = line_of(dir "/schedstat")
		sub(/ .*/, "", time)
		# Ticks of user space are hundredths of a second.
		if (time == "") time = ticks "0000000"
		moved = ""
		while (moved == "" && (getline line < (dir "/sched")) > 0)
			if (line ~ /nr_migrations/) {
				moved = line
				sub(/.*:[ \t]*/, "", moved)
			}
		close(dir "/sched")
		print "counters\t" tid "\t" start "\t" time "\t" or_dash(voluntary) "\t" \
			or_dash(forced) "\t" or_dash(moved)
	}
	BEGIN {
		asked_cpus = split(asked, asked_cpu, " ")
		mounts()
		print "self\t" me
		if (asked_cpus) {
			split(line_of("/proc/uptime"), word, " ")
			print "at\t" word[1]
			for (i = 1; i <= asked_cpus; i++) is_asked["cpu" asked_cpu[i]] = asked_cpu[i]
			while ((getline line < "/proc/stat") > 0) {
				split(line, word, " ")
				if (word[1] in is_asked) print "steal\t" is_asked[word[1]] "\t" word[9] + 0
			}
			close("/proc/stat")
			while ((getline line < "/proc/schedstat") > 0) {
				split(line, word, " ")
				if (word[1] in is_asked) print "runs\t" is_asked[word[1]] "\t" word[10] + 0
			}
			close("/proc/schedstat")
			table("/proc/softirqs", "softirq", 0)
		}
		table("/proc/interrupts", "interrupt", 1)
	}
	/^\/sys/ {
		governor = line_of($0)
		sub(/\/cpufreq.*/, "")
		sub(/.*cpu/, "")
		if (governor != "") print "governor\t" $0 "\t" governor
		next
	}
	{
		stat = stat_of($0 "/stat")
		# The name may hold anything, brackets too: the last one counts.
		if (!match(stat, /.*\) [A-Za-z] /)) next
		name = substr(stat, index(stat, "(") + 1, RLENGTH - index(stat, "(") - 4)
		split(substr(stat, RLENGTH - 1), field, " ")
		status = $0 "/status"
		cpus = mems = voluntary = forced = ""
		nested = 0
		while ((getline line < status) > 0) {
			if (line ~ /^Cpus_allowed_list:/) cpus = substr(line, 20)
			else if (line ~ /^Mems_allowed_list:/) {
				mems = substr(line, 20)
				if (!asked_cpus) break
			}
			else if (line ~ /^NSpid:[ \t]+[0-9]+[ \t]+[0-9]/) nested = 1
			else if (line ~ /^voluntary/) voluntary = substr(line, 26)
			else if (line ~ /^nonvol/) forced = substr(line, 29)
		}
		close(status)
		if (cpus == "") next
		split($0, path, "/")
		# 0x00200000: a kernel thread (PF_KTHREAD). They are in no cgroup of anybody.
		if (path[3] == path[5] && int(field[7] / 2097152) % 2 == 0) process(path[3])
		print "thread\t" path[3] "\t" path[5] "\t" field[1] "\t" field[2] "\t" field[7] "\t" \
			field[37] "\t" cpus "\t" or_dash(mems) "\t" name
		if (asked_cpus && touches(cpus)) counters($0, path[5], field[20], field[12] + field[13])
	}
	END { print "end" }'
}
if [ $# = 0 ]; then
	whole snapshot
else
	pause=$1
	shift
	whole snapshot "$@" || exit
	# Not every `sleep` knows fractions.
	sleep "$pause" 2>/dev/null || sleep $((${pause%.*} + 1))
	whole snapshot "$@"
fi
