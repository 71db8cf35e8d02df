# First process of a container with an app (vnfctl launch): waits until the app is configured, runs
# it, hands SIGTERM on, starts it anew on SIGHUP, ends as it ends.
# Arguments: our folder; seconds from SIGTERM to SIGKILL when it is started anew; seconds in which
# an end comes too early: then the container stays up as long, to be looked at and configured again.
folder=${1:-/var/lib/vnfctl}
grace=${2:-10}
patience=${3:-20}
child='' ending='' again='' woken='' forced='' timers='' digest='' began=0
exec 3>&2 2>/dev/null # the app's alone

wake() { # a signal for the app
	woken=1
	[ -n "$child" ] || return 0
	kill -TERM "$child"
	# One that only just starts may not hear it (VPP: in its first 0.1 s).
	[ $(($(date +%s) - began)) -gt 1 ] || later 1 TERM
	[ -z "$again" ] || [ -n "$forced" ] || later "$grace" KILL
	forced=$again
}
trap 'ending=1; wake' TERM INT PWR
trap 'again=1; wake' HUP
trap 'woken=1' USR1

later() { # SECONDS SIGNAL: for the app, unless it has ended by then
	(
		timer=''
		trap 'kill "$timer"; exit 0' TERM
		sleep "$1" &
		timer=$!
		wait "$timer"
		kill "-$2" "$child"
	) &
	timers="$timers $!"
}
nap() {
	sleep 1 &
	wait "$!"
}
note() { # NAME TEXT: nobody reads half of it
	echo "$2" >"$folder/$1.new" && mv -f "$folder/$1.new" "$folder/$1"
}
await() { # the end of the app; its code in $code
	code=''
	while :; do
		woken=''
		wait "$child"
		status=$?
		# 127: it was reaped while a signal came, and its code told then.
		[ "$status" = 127 ] && [ -n "$code" ] || code=$status
		[ -n "$woken" ] || return 0
	done
}

mkdir -p "$folder"
# Of another user than root, until the engine has opened the folder to it.
until note launcher "$$" || [ -n "$ending" ]; do nap; done
rm -f "$folder/running" "$folder/ended"
while :; do
	while [ -z "$ending" ] && [ ! -f "$folder/start" ]; do nap; done
	[ -z "$ending" ] || exit 143
	again=''
	read -r _ digest <"$folder/start"
	began=$(date +%s)
	sh "$folder/start" 2>&3 3>&- &
	child=$!
	rm -f "$folder/ended"
	note running "$digest $child"
	[ -z "$ending$again" ] || wake # what came before there was a child
	await
	child=''
	note ended "$digest $code"
	rm -f "$folder/running"
	# shellcheck disable=SC2086 # several pids
	[ -z "$timers" ] || kill $timers
	timers='' forced='' left=0
	[ $(($(date +%s) - began)) -ge "$patience" ] || left=$patience
	while [ -z "$ending$again" ] && [ "$left" -gt 0 ]; do
		nap
		left=$((left - 1))
	done
	if [ -n "$ending" ] || [ -z "$again" ]; then exit "$code"; fi
done
