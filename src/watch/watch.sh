# Watches one container: asks its probes, and starts it again as its policy says. Before this come
# what it is about: name, policy, cpus; shell lines first, code, start, stop; line, seconds, every,
# fails, grace of its probes `live` and `ready`; functions links and members. $1 is its folder.
dir=$1
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
umask 077
state=starting is_ready=no restarts=0 why='' since='' noted='' last=''
pid='' began='' child='' told='' busy='' delay=1 started=0

leave() {
	[ -z "$child" ] || kill "$child"
	exit 0
} 2>/dev/null
# In the midst of a start the end waits: what is begun is finished.
trap 'told=1; [ -n "$busy" ] || leave' TERM INT
trap '' HUP
clock() {
	read -r now _ </proc/uptime
	now=${now%%.*}
}
pause() { # SECONDS
	sleep "$1" &
	child=$!
	wait "$child"
	child=''
}
note() { # how it is, for whoever looks; nobody reads half of it
	[ "$last" = "$state $is_ready" ] || since=$(date +%s)
	last="$state $is_ready"
	text="state $state
ready $is_ready
restarts $restarts
since $since
why $why"
	[ "$text" != "$noted" ] || return 0
	printf '%s\n' "$text" >"$dir/state.new" && mv -f "$dir/state.new" "$dir/state" && noted=$text
}
said() { # the last of what was said, in one line
	tail -c 300 "$dir/said" | tr '\n\t' '  ' | sed 's/  *$//'
}
ask() { # SECONDS LINE
	timeout -k 1 "$1" sh -c "$2" </dev/null >"$dir/said" 2>&1 &
	child=$!
	wait "$child"
	status=$?
	child=''
	case $status in
	0) return 0 ;;
	124 | 137 | 143) answer="no answer within $3 s" ;;
	*) answer=$(said) && answer=${answer:-it ends with code $status} ;;
	esac
	return 1
}
carry_out() { # SECONDS LINE: without our CPUs, which the container's processes would inherit
	timeout -k 5 "$1" $free sh -c "$2" </dev/null >"$dir/said" 2>&1 && return 0
	answer=$(said)
	return 1
}
living() {
	[ -n "$pid" ] && read -r stat <"/proc/$pid/stat" || return 1
	set -- ${stat##*) }
	[ "$1" != Z ] && [ "$1" != X ] && [ "${20}" = "$began" ]
} 2>/dev/null
find() { # the first process, by the engine
	pid=$(timeout -k 1 20 sh -c "$first" 2>/dev/null) || pid=''
	case $pid in '' | *[!0-9]* | 0) pid=''; return 1 ;; esac
	{ read -r stat <"/proc/$pid/stat"; } 2>/dev/null || return 1
	set -- ${stat##*) }
	began=${20}
	living
}
begin() { # it has just been started
	clock
	started=$now live_failed=0 ready_failed=0 live_next=0 ready_next=0
	live_count=$((now + ${live_grace:-0})) ready_count=$((now + ${ready_grace:-0}))
	vnfctl_pid=$pid
	export vnfctl_pid
	state=starting is_ready=no
	[ -n "$live" ] || state=running
	[ -n "$live$ready" ] || is_ready=yes
	[ -z "$guard" ] || ask 20 "$guard" 20 || state=idle
}

# Links and whatever lives in its namespaces went with the first process.
link() { # NAME REMOVE MAKE
	tries=0
	until carry_out 60 "$2" && carry_out 60 "$3"; do
		# Whoever starts the other end makes it then.
		case $answer in *'does not run'*) tries=3 ;; *) tries=$((tries + 1)) ;; esac
		if [ "$tries" = 3 ]; then
			why="$why; link $1: $answer"
			return 0
		fi
		sleep 1
	done
}
member() { # NAME STOP START
	carry_out 130 "$2"
	carry_out 130 "$3" || why="$why; $1 does not start: $answer"
}
again() { # starts it, not at once when it was started lately
	clock
	[ $((now - started)) -lt 600 ] || delay=1
	state=restarting is_ready=no
	note
	pause "$delay"
	delay=$((delay * 2))
	[ "$delay" -le 60 ] || delay=60
	busy=1
	if ! find; then
		clock
		started=$now
		if carry_out 130 "$start" && find; then
			restarts=$((restarts + 1))
			members
			links
		else
			why="it does not start: $answer"
		fi
	fi
	! living || begin
	note
	busy=''
	[ -z "$told" ] || leave
}
ended() { # it does not live, as far as we know
	tries=0
	until find; do
		# The engine may not have heard of it yet.
		[ -z "$pid" ] && break
		[ "$tries" -lt 50 ] || break
		tries=$((tries + 1))
		pause 0.2
	done
	if living; then # started by somebody else
		begin
		note
		return 0
	fi
	if [ "$state" = ended ]; then
		pause 4
		return 0
	fi
	tries=0 left=''
	while [ -z "$left" ] && [ "$tries" -lt 3 ]; do
		left=$(timeout -k 1 20 sh -c "$code" 2>/dev/null) || left=''
		tries=$((tries + 1))
		[ -n "$left" ] || pause 0.2
	done
	# A start that failed says more.
	[ "$state" = restarting ] || why="it ended${left:+ with code $left}"
	case $policy:$left:$state in
	*:restarting) ;;
	no:* | on-failure:0:*)
		state=ended is_ready=no
		note
		return 0
		;;
	esac
	again
}
attend() {
	clock
	if [ "$state" = idle ]; then
		[ "$now" -lt "$((started + 2))" ] || begin
		note
		return 0
	fi
	if [ -n "$live" ] && [ "$now" -ge "$live_next" ]; then
		if ask "$live_limit" "$live" "$live_seconds"; then
			live_failed=0
			[ "$state" = healthy ] || why=''
			state=healthy
		else
			why="$live_what: $answer"
			if [ "$now" -ge "$live_count" ]; then
				live_failed=$((live_failed + 1)) live_count=$((now + live_every))
			fi
			if ! living; then return 0; fi
			[ "$live_failed" -lt "$live_fails" ] || state=failing
		fi
		live_next=$((now + live_every))
		[ "$state" != starting ] || live_next=$((now + 1))
	fi
	if [ -n "$ready" ] && [ "$now" -ge "$ready_next" ]; then
		if ask "$ready_limit" "$ready" "$ready_seconds"; then
			ready_failed=0 is_ready=yes
			[ "$state" = failing ] || why=''
		else
			why="$ready_what: $answer"
			if [ "$now" -ge "$ready_count" ]; then
				ready_failed=$((ready_failed + 1)) ready_count=$((now + ready_every))
			fi
			if ! living; then return 0; fi
			[ "$ready_failed" -lt "$ready_fails" ] || is_ready=no
		fi
		ready_next=$((now + ready_every))
		[ "$is_ready" = yes ] || ready_next=$((now + 1))
	fi
	if [ -n "$live" ] && [ -z "$ready" ]; then
		case $state in healthy) is_ready=yes ;; failing) is_ready=no ;; esac
	fi
	note
	if [ "$state" = failing ] && [ "$policy" != no ]; then
		state=restarting is_ready=no
		note
		busy=1
		carry_out 130 "$stop"
		busy=''
		[ -z "$told" ] || leave
		again
	fi
}

free=
if command -v taskset >/dev/null; then
	all=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
	free="taskset -c $all"
	[ -z "$cpus" ] || taskset -pc "$cpus" $$ >/dev/null
fi
# A session that ends may take along what is in its cgroups.
while read -r _ point type _; do
	case $type in cgroup | cgroup2) echo $$ >"$point/cgroup.procs" ;; esac
done 2>/dev/null </proc/self/mounts
read -r stat <"/proc/$$/stat"
set -- ${stat##*) }
if find; then begin; fi
note
printf '%s %s\n' $$ "${20}" >"$dir/pid.new" && mv -f "$dir/pid.new" "$dir/pid" || exit 1
exec 2>/dev/null
while :; do
	if living; then attend; else ended; fi
	pause 1
done
