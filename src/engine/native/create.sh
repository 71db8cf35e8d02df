# usage: NAME LABELS CPUS MEMS MONITOR INIT REAPER <CONFIG
labels=$2 cpus=$3 mems=$4 monitor=$5 init=$6 reaper=$7
umask 022
claim() { { [ -d "$base" ] || mkdir -p "$base"; } && mkdir -m 700 "$s"; } 2>/dev/null
# The end of the last other container may take the folder above away in between.
if ! claim && { [ -d "$s" ] || ! claim; }; then
	owner=
	while read -r line; do
		case $line in vnfctl.topology=*) owner=${line#*=} ;; esac
	done 2>/dev/null <"$s/labels"
	[ -d "$s" ] || { say "cannot make \`$s\`"; exit 1; }
	say "container \`$name\` exists already${owner:+ and belongs to topology \`$owner\`}"
	exit 1
fi
undo() {
	finish
	remove
	exit 1
}
trap undo HUP INT TERM
printf '%s\n' "$labels" >"$s/labels.new"
printf '%s\n' "$cpus" "$mems" >"$s/cpuset"
(umask 077 && exec cat >"$s/config") && mkfifo -m 600 "$s/go" && launch || undo
mv "$s/labels.new" "$s/labels" || undo
