# usage: NAME CPUS MEMS
id=$(of "$1") && [ -n "$id" ] || { say "container \`$1\` does not run"; exit 1; }
crictl update ${2:+--cpuset-cpus "$2"} ${3:+--cpuset-mems "$3"} "$id" >/dev/null || exit
first=$(pid "$id") || exit
# A cpuset that did not change leaves a thread alone that somebody moved with taskset.
[ -z "$2" ] || grep -q "^Cpus_allowed_list:[[:space:]]*$2\$" "/proc/$first/status" ||
	taskset -pc "$2" "$first" >/dev/null
