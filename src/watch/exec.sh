# Inside a container: runs the words, at most $1 seconds. What hangs would stay there: the end of
# an engine's client is not theirs.
limit=$1
shift
! command -v setsid >/dev/null || set -- setsid "$@"
"$@" </dev/null &
trial=$!
(
	timer=''
	trap 'kill "$timer"; exit 0' TERM
	sleep "$limit" &
	timer=$!
	wait "$timer"
	kill -KILL "-$trial" "$trial"
) >/dev/null 2>&1 &
timer=$!
wait "$trial" 2>/dev/null
code=$?
kill "$timer" 2>/dev/null
[ "$code" != 137 ] || code=124
exit "$code"
