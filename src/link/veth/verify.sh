# usage: (PID NAME ADDRESS -4|-6)...; all pings at once, each with ten tries: a bridge on the way
# may need a moment to learn.
tools nsenter ip
while [ $# -gt 0 ]; do
	(
		pid=$(eval "$1" 2>/dev/null)
		answer=lost tries=0
		while [ "${pid:-0}" -gt 0 ] && [ "$tries" -lt 10 ]; do
			"$nsenter" -t "$pid" -n ping "$4" -n -q -c 1 -W 1 "$3" >/dev/null 2>&1 && { answer=ok; break; }
			tries=$((tries + 1))
			sleep 0.2 2>/dev/null || sleep 1
		done
		printf '%s %s %s\n' "$answer" "$2" "$3"
	) &
	shift 4
done
wait
