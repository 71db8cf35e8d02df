# usage: NAME MONITOR INIT REAPER
monitor=$2 init=$3 reaper=$4
umask 022
[ -f "$s/labels" ] || { say "container \`$name\` does not exist"; exit 1; }
alive && exit 0
gone 100 || exit 1
launch || {
	finish
	exit 1
}
