# usage: BASE RUN NAME...; ends the keepers of a run's locks and waits for their end.
place "$1"
mine=$2
shift 2
tools flock
for name; do
	facts "$base/$name"
	[ "$run" != "$mine" ] || ! lives || kill -TERM "-$keeper" "$keeper" 2>/dev/null
done
for name; do
	facts "$base/$name"
	tries=0
	while [ "$run" = "$mine" ] && lives && [ "$tries" -lt 250 ]; do
		tries=$((tries + 1))
		sleep 0.01 2>/dev/null || sleep 1
	done
	# A keeper that was killed, or told before it listened, leaves its file.
	facts "$base/$name"
	[ "$run" = "$mine" ] || continue
	(
		"$flock" -n 9 || exit
		# shellcheck disable=SC3013 # dash and busybox know -ef
		[ "$base/$name" -ef /proc/self/fd/9 ] || exit
		rm -f "$base/$name"
		rmdir "$base" 2>/dev/null
	) 9>>"$base/$name"
done
exit 0
