# usage: OWNER (PID NAME)...; only what carries our alias is deleted, which takes its peer along.
tools nsenter ip
owner=$1 nl='
'
shift
while [ $# -gt 0 ]; do
	pid=$(eval "$1" 2>/dev/null)
	if [ "${pid:-0}" -gt 0 ]; then
		case $("$nsenter" -t "$pid" -n ip link show dev "$2" 2>/dev/null)$nl in
		*" alias $owner$nl"*) "$nsenter" -t "$pid" -n ip link delete dev "$2" || exit 1 ;;
		esac
	fi
	shift 2
done
