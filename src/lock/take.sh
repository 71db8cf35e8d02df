# usage: BASE FOLDER PERSON LEASE WAIT SHELL KEEPER FACTS NAME...
# Takes the locks BASE/NAME one after the other and leaves a keeper behind for each. Ends at the first
# that another run does not give up within WAIT seconds, and where another PERSON has reserved the
# node (PERSON empty: whoever has).
roots=$1 folder=$2 person=$3 lease=$4 wait=$5 shell=$6 keep=$7 mine=$8
shift 8
umask 022
place "$roots"
tools flock setsid
for tool in "$flock" "$setsid"; do
	command -v "$tool" >/dev/null || { echo "sh: $tool: not found" >&2; exit 1; }
done
look() {
	reserved "$folder" || return 0
	cat "$folder/reservation"
	[ -z "$person" ] || [ "$by" = "$person" ]
}
refuse() {
	echo refused
	exit 0
}
ours() { [ -n "$run" ] && [ "${mine%%
*}" = "run $run" ]; }
# Locks file 9, which is BASE/$1.
try() {
	"$flock" -n 9 && return
	facts "$base/$1"
	! ours || return
	left=$((end - $(date +%s)))
	# Some shells tell how a child ended.
	[ "$left" -gt 0 ] && { timeout "$left" "$flock" 9; } 2>/dev/null
}
# Opens and locks BASE/$1. A holder that ends removes the file, and the folder with it.
hold() {
	while mkdir -p "$base" || exit 1; do
		if ! { command exec 9>>"$base/$1"; } 2>/dev/null; then
			failures=$((failures + 1))
			[ "$failures" -lt 100 ] || { echo "cannot write \`$base/$1\`" >&2; exit 1; }
			continue
		fi
		try "$1" || return 1
		# shellcheck disable=SC3013 # dash and busybox know -ef
		[ "$base/$1" -ef /proc/self/fd/9 ] && return
	done
}
# Names the holder. Between taking a lock and writing its facts there are none, or those of a run
# that died.
busy() {
	tries=0
	while facts "$base/$1" && ! lives && [ "$tries" -lt 50 ]; do
		tries=$((tries + 1))
		sleep 0.02 2>/dev/null || sleep 1
	done
	# It has another name of this node.
	if ours; then
		printf 'taken %s\n' "$1"
		return
	fi
	printf 'now %s\nbusy %s\n' "$(date +%s)" "$1"
	cat "$base/$1" 2>/dev/null
	exit 0
}
# Which machine this is, by whatever name: an order that all runs share.
read -r boot </proc/sys/kernel/random/boot_id
printf 'machine %s %s\nnow %s\n' "$boot" "$(stat -c %d "${base%/*}")" "$now"
look || refuse
end=$((now + wait)) failures=0
for name; do
	# A user's own lock does not keep root out, but root's keeps the user out.
	while [ "$base" != "$roots" ] && facts "$roots/$name" && lives; do
		[ "$(date +%s)" -lt "$end" ] || { base=$roots && busy "$name"; }
		sleep 1
	done
	hold "$name" || { busy "$name"; continue; }
	[ "$wait" = 0 ] || now=$(date +%s)
	if ! look; then
		rm -f "$base/$name"
		rmdir "$base" 2>/dev/null
		refuse
	fi
	"$setsid" sh -c "$keep" vnfctl "$base/$name" "$lease" "$shell" </dev/null >/dev/null 2>&1 &
	started "$!"
	printf '%s\nsince %s\nkeeper %s %s\n' "$mine" "$now" "$!" "$start" >"$base/$name"
	exec 9>&-
	printf 'taken %s\n' "$name"
done
