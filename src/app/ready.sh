# Whether an app is ready. Before this come `folder` (ours), `seconds` to wait (0: look once, say it
# and end with 0), `look` (seconds for one look), and as "$@" the user's command, if there is one.
is_running() { # if not, $reason says how
	{ read -r _ pid <"$folder/running"; } 2>/dev/null && kill -0 "$pid" 2>/dev/null && return 0
	if has_ended; then reason="it ended with code $code"; else reason='it does not run yet'; fi
	return 1
}
has_ended() {
	read -r _ code <"$folder/ended"
} 2>/dev/null
# What hangs is no answer.
try() {
	"$@" </dev/null >/dev/null 2>&1 &
	trial=$!
	(
		timer=''
		trap 'kill "$timer"; exit 0' TERM
		sleep "$look" &
		timer=$!
		wait "$timer"
		kill -KILL "$trial"
	) >/dev/null 2>&1 &
	timer=$!
	wait "$trial" 2>/dev/null
	code=$?
	kill "$timer" 2>/dev/null
	case $code in
	0) return 0 ;;
	137) reason="\`$*\` does not end" ;;
	*) reason="\`$*\` ends with code $code" ;;
	esac
	return 1
}
is_ready() {
	is_running || return 1
	[ $# = 0 ] || try "$@"
}
if [ "$seconds" = 0 ]; then
	if is_ready "$@"; then echo "app ready"; else echo "app $reason"; fi
	exit 0
fi
end=$(($(date +%s) + seconds))
# One that fails at once is not ready for the moment in which it is there.
[ $# -gt 0 ] || sleep 0.5 2>/dev/null || sleep 1
until is_ready "$@"; do
	if ! is_running && has_ended; then
		echo "the app is not ready: $reason" >&2
		exit 1
	fi
	if [ "$(date +%s)" -ge "$end" ]; then
		echo "the app is not ready after $seconds s: $reason" >&2
		exit 1
	fi
	sleep 0.1 2>/dev/null || sleep 1
done
