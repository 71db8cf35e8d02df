# shellcheck shell=sh
# What the kernel holds for one container, found by its label and its pid namespace; no engine and
# nothing of vnfctl is asked. $1: its name.
#
#   cgroup CPUS MEMS         effective set of the first process's cgroup (v2)
#   thread TID CPUS MEMS     each thread of each process, what it may use
#   memory PID PAGES0 PAGES1 anonymous pages of each process on NUMA nodes 0 and 1
own=$(readlink /proc/self/ns/pid)
space=
# shellcheck disable=SC2013 # no blanks in these paths
for file in $(grep -lsz "^MICROSERVICE_LABEL=$1\$" /proc/[0-9]*/environ); do
	link=$(readlink "${file%environ}ns/pid")
	[ "$link" = "$own" ] || space=$link # engines' own programs hand the label on from outside
done
[ -n "$space" ] || {
	echo "no process of $1" >&2
	exit 1
}
folders=$(find /proc/[0-9]*/ns/pid -maxdepth 0 -printf '%h %l\n' 2>/dev/null |
	awk -v space="$space" '$2 == space { sub(/\/ns$/, "", $1); print $1 }')
first=
for folder in $folders; do
	first=${first:-$folder}
	cat "$folder"/task/*/status | awk '
		/^Pid:/ { tid = $2 }
		/^Cpus_allowed_list:/ { cpus = $2 }
		/^Mems_allowed_list:/ { print "thread", tid, cpus, $2 }'
	awk -v pid="${folder#/proc/}" '
		/ anon=/ && !/ file=/ {
			for (i = 2; i <= NF; i++) if ($i ~ /^N[01]=/) pages[substr($i, 2, 1)] += substr($i, 4)
		}
		END { print "memory", pid, pages[0] + 0, pages[1] + 0 }' "$folder/numa_maps"
done
group=/sys/fs/cgroup$(sed -n 's/^0:://p' "$first/cgroup")
# systemd-nspawn's containers are below what limits them.
[ -e "$group/cpuset.cpus.effective" ] || group=${group%/payload}
echo "cgroup $(cat "$group/cpuset.cpus.effective") $(cat "$group/cpuset.mems.effective")"
