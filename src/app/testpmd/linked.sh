# Waits until every memif is connected, and forwarding under way where it is to be. $1: seconds; then
# per port its name, its number, its role, its socket, its peer.
now
end=$((now + $1))
shift
failures() {
	if ! ask_summary; then
		printf '%s\n' "$reason"
		return
	fi
	while [ $# -gt 0 ]; do
		judge "$2" "$3" "$4" "$5"
		[ "$how" = up ] || printf '%s: %s\n' "$1" "$how"
		shift 5
	done
}
while :; do
	left=$(failures "$@")
	[ -n "$left" ] || ! rests || left='testpmd does not forward yet'
	[ -n "$left" ] || exit 0
	now
	[ "$now" -lt "$end" ] || break
	nap
done
printf '%s\n' "$left" >&2
exit 1
