# The foreground process of a container with testpmd: start|wait PORT... -- PROGRAM ARGUMENT...
# PORT: NUMBER=SOCKET where testpmd listens, -NUMBER=SOCKET where it connects. PROGRAM's first
# argument is --lcores.
#
# testpmd reads its commands from the fifo `in`. What it says goes to the container's log and, the
# last of it, to `log` and `log.1`; the answer to a command of testpmd-ctl goes to a file of its own
# instead. The comments around a command come back as testpmd echoes what it reads.
cd "${0%/*}" || exit
most=65536 # bytes of `log`, and of `log.1`; four times that of an answer

listener() {
	answer=
	bytes=0
	while IFS= read -r line || [ -n "$line" ]; do
		line=${line%"$cr"}
		case $line in
		*"# vnfctl-begin "*)
			answer=answers/${line##*"# vnfctl-begin "}
			: >"$answer"
			taken=0
			continue
			;;
		*"# vnfctl-end "*)
			[ -z "$answer" ] || mv "$answer" "$answer.done"
			answer=
			continue
			;;
		# A memif peer that refuses says why, whenever it likes.
		*"Disconnect received: "*) printf '%s\n' "${line##*"Disconnect received: "}" >refusal ;;
		esac
		if [ -n "$answer" ]; then
			taken=$((taken + ${#line} + 1))
			[ "$taken" -gt $((4 * most)) ] || printf '%s\n' "$line" >>"$answer"
			continue
		fi
		printf '%s\n' "$line"
		bytes=$((bytes + ${#line} + 1))
		if [ "$bytes" -gt "$most" ]; then
			mv log log.1
			bytes=0
		fi
		printf '%s\n' "$line" >>log
	done
}

# Starts forwarding when all ports are started, and clients' ports when their servers are there, also
# when they come back: DPDK's driver (22.11) tries to connect once per `port start` and no more.
# Forwarding rests meanwhile, because testpmd wants it so, and is started anew for a client that came
# up meanwhile: `start` makes it give its server buffers, which a thread that waits for a CPU does not.
# While there is a file `resting` packets are lost: for want of buffers, or thrown away by `start`.
keeper() {
	down='' was=''
	while sleep "$pause"; do
		pause=1
		was=$down # a client that is down for the first time may be connecting right now
		look || continue
		for port in $clients; do
			number=${port%%=*}
			case $was in *" $number "*) ;; *) continue ;; esac
			case $down in
			*" $number "*) [ ! -S "${port#*=}" ] || connect "$number" ;;
			*) rest ;;
			esac
		done
		if [ "$mode" = start ]; then
			case $(sh ../testpmd-ctl start 2>/dev/null) in
			*"Not all ports were started"* | "") ;;
			*) mode='wait' ;;
			esac
		fi
		if [ -n "$down" ] || [ "$mode" = start ]; then
			: >resting
		else
			rm -f resting
			[ -n "$clients" ] || return 0
			pause=3 # looking costs time that others could have
		fi
	done
}
look() { # sets down: numbers of the clients that are not connected
	summary=$(sh ../testpmd-ctl show port summary all 2>/dev/null) || return
	down=$(printf '%s\n' "$summary" | awk -v clients="$clients" \
		'$5 == "down" && index(clients, " " $1 "=") { printf " %s ", $1 }')
}
rest() { # [COMMANDS]: stops forwarding, if it is under way, and then does these
	# What came of it unseen is taken for what the topology says.
	said=$(sh ../testpmd-ctl "stop${1-}" 2>/dev/null) || mode=$first
	case $said in *"Telling cores to stop"*) mode=start ;; esac
}
connect() { # NUMBER
	rm -f refusal
	rest "${nl}port stop $1${nl}port start $1"
	sleep 0.2 2>/dev/null || sleep 1
	if [ -s refusal ]; then mv refusal "refusal.$1"; else rm -f "refusal.$1"; fi
	look # if it is up by now, the start to come will do
}

# Runs it to its end, which is $code.
run() {
	rm -rf in out answers refusal* pid resting
	mkdir answers && mkfifo in out || exit
	case $mode$clients in wait) ;; *) : >resting ;; esac
	listener <out &
	listening=$!
	stdbuf -oL "$@" <>in >out 2>&1 &
	pid=$!
	echo "$pid" >pid
	[ -z "$stopping" ] || kill -TERM "$pid"
	keeper </dev/null >/dev/null 2>&1 &
	keeping=$!
	while :; do
		wait "$pid"
		code=$?
		kill -0 "$pid" 2>/dev/null || break
	done
	rm -f pid
	kill "$keeping" 2>/dev/null
	wait "$listening" # its last words
	for socket in $servers; do rm -f "$socket"; done
}

# A socket that a killed program left behind is in the way; one that somebody listens on stays. Who
# tells them apart is testpmd itself, as a client that asks for an interface nobody has.
refuse_used() { # SOCKET PROGRAM LCORES
	[ -e "$1" ] || return 0
	[ -S "$1" ] || fail "\`$1\` is to be a memif socket, and something else is there: remove it"
	case $(timeout 20 "$2" "$3" --no-huge -m 32 --no-pci --no-shconf --no-telemetry \
		--vdev="net_memif0,role=client,id=4294967295,socket=$1,socket-abstract=no" \
		-- --total-num-mbufs=2048 --disable-link-check </dev/null 2>&1) in
	*"Failed to connect socket"*) rm -f "$1" ;;
	*) fail "\`$1\` is used: another process listens there, and a socket has one listener" ;;
	esac
}
fail() {
	echo "$1" >>log
	echo "$1" >&2
	exit 1
}

nl='
'
cr=$(printf '\r')
first=$1 mode=$1 clients='' servers='' pause=0 pid='' stopping=''
shift
while [ "$1" != -- ]; do
	case $1 in
	-*) clients="$clients ${1#-}" ;;
	*) servers="$servers ${1#*=}" ;;
	esac
	shift
done
shift
chmod 700 . && rm -rf log.1 && : >log || exit
for program in "$1" stdbuf; do # without stdbuf what testpmd says stays in its buffer
	command -v "$program" >/dev/null || fail "there is no program \`$program\` in this container"
done
for socket in $servers; do refuse_used "$socket" "$1" "$2"; done
trap 'stopping=1; [ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null' TERM INT
crashes=0
while :; do
	since=$(date +%s)
	run "$@"
	[ $(($(date +%s) - since)) -lt 60 ] || crashes=0
	crashes=$((crashes + 1))
	# DPDK's memif driver (22.11) takes rings away from the thread that polls them when a peer ends
	# (139), and file descriptors from the one that waits for them when peers come and go (134).
	case $code in 134 | 139) ;; *) exit "$code" ;; esac
	if [ -n "$stopping" ] || [ "$crashes" -gt 5 ]; then exit "$code"; fi
	echo "testpmd crashed (exit code $code), as it may when a memif peer comes or goes; it is started anew" |
		tee -a log >&2
done
