# usage: NAME GRACE_IN_HUNDREDTHS
[ -d "$s" ] || { say "container \`$name\` does not exist"; exit 1; }
if alive; then
	read -r comm <"/proc/$pid/comm"
	# The stub hands no signal on.
	case $comm in '(sd-stubinit)') set -- "$1" "$2" $(children "$pid") ;; *) set -- "$1" "$2" "$pid" ;; esac
	grace=$2
	shift 2
	kill -TERM "$@" 2>/dev/null
	gone "$grace" && exit 0
fi
finish
