# usage: NAME. Waits until it has ended and prints its exit code, which the monitor writes last.
tries=0
while [ ! -s "$s/code" ]; do
	if ! alive; then
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || { say "\`$name\` was ended from outside: it left no exit code"; exit 1; }
	fi
	nap
done
cat "$s/code"
