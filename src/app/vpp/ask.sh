# Part of the other scripts: asks VPP, with a deadline per question, as vppctl waits forever for a
# VPP that hangs. `timeout` is not in every image.
socket=/run/vpp/cli.sock
words=/run/vpp/words # what it said when it started, so that the other scripts can say it
cr=$(printf '\r')
ask() { # WORD...: what VPP answers, also what it complains of. Not 0: nothing answered, and why.
	vppctl -s "$socket" "$@" </dev/null 2>&1 &
	answer_of $!
}
ask_unseen() { # COMMAND: the same, and nobody sees it in the list of processes. vppctl may hang at
	# the end of such input, its answer given.
	printf '%s\n' "$1" | vppctl -s "$socket" 2>&1 &
	answer_of $!
}
answer_of() { # PID
	now
	limit=$((uptime + 5)) turns=0
	while kill -0 "$1" 2>/dev/null; do
		now
		if [ "$uptime" -gt "$limit" ]; then
			kill -9 "$1"
			wait "$1" 2>/dev/null
			printf '%s\n' 'no answer in 5 s'
			return 1
		fi
		turns=$((turns + 1))
		if [ "$turns" -le 10 ]; then nap 0.02; else nap 0.1; fi
	done
	wait "$1"
}
nap() { # SECONDS: not every sleep knows fractions.
	sleep "$1" 2>/dev/null || sleep 1
}
now() { # Sets uptime: seconds of a clock that nobody sets.
	read -r uptime _ </proc/uptime
	uptime=${uptime%%.*}
}
first_line() { # TEXT: sets line.
	line=${1%%"$cr"*}
	line=${line%%
*}
}
