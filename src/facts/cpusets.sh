# shellcheck shell=sh
# Prints `root CPUS MEMS`, then of every cgroup that is set to less `cpuset CPUS MEMS PATH` and one
# `pid PID` for each process in it; one below it that is not set counts as part of it. Prints
# nothing where no cgroup carries cpusets. POSIX; files are read by grep, which outlives a cgroup
# that goes meanwhile (mawk does not).
LC_ALL=C
export LC_ALL
at=
while read -r _ point type options _; do
	case $type,$options, in
	cgroup,*,cpuset,*)
		at=$point
		set -- -name cpuset.effective_cpus -o -name cpuset.effective_mems
		;;
	cgroup2,*)
		[ -z "$at" ] || continue
		read -r has <"$point/cgroup.controllers" || continue
		case " $has " in *' cpuset '*) ;; *) continue ;; esac
		at=$point
		set -- -name cpuset.cpus -o -name cpuset.mems \
			-o -name cpuset.cpus.effective -o -name cpuset.mems.effective
		;;
	esac
done <<EOF
$(grep -E '^[^ ]+ [^ ]+ cgroup2? ' /proc/self/mounts)
EOF
[ -n "$at" ] || exit 0
# A threaded cgroup does not tell its processes, only its threads.
find "$at" \( "$@" -o -name cgroup.procs -o -name cgroup.threads \) -exec grep -H '' {} + 2>/dev/null | awk -v at="$at" '
	{
		value = $0
		sub(/.*:/, "", value)
		sub(/:[^:]*$/, "")
		dir = file = $0
		sub(/\/[^\/]*$/, "", dir)
		sub(/.*\//, "", file)
	}
	file == "cgroup.procs" { processes[dir] = processes[dir] "pid " value "\n"; inhabited[dir]; next }
	file == "cgroup.threads" { threads[dir] = threads[dir] "pid " value "\n"; inhabited[dir]; next }
	file ~ /^cpuset\.(cpus|mems)$/ { if (value != "") set[dir]; next }
	file ~ /^cpuset\.effective/ { set[dir] }
	file ~ /[._]cpus/ { cpus[dir] = value; next }
	{ mems[dir] = value == "" ? "-" : value }
	END {
		if (cpus[at] == "") exit
		print "root", cpus[at], mems[at]
		for (dir in set)
			if (cpus[dir] == "" || cpus[dir] == cpus[at] && mems[dir] == mems[at]) delete set[dir]
		for (dir in inhabited) {
			home = dir
			while (!(home in set) && home != at && sub(/\/[^\/]*$/, "", home)) { }
			pids[home] = pids[home] (dir in processes ? processes[dir] : threads[dir])
		}
		for (dir in set)
			printf "cpuset %s %s %s\n%s", cpus[dir], mems[dir], substr(dir, length(at) + 1), pids[dir]
	}'
