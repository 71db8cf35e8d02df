# usage: (CONTAINER PID)...; prints `netns CONTAINER` and a line of JSON for those that run.
tools nsenter ip
while [ $# -gt 0 ]; do
	pid=$(eval "$2" 2>/dev/null)
	if [ "${pid:-0}" -gt 0 ]; then
		found=$("$nsenter" -t "$pid" -n ip -j -d addr show) && printf 'netns %s\n%s\n' "$1" "$found"
	fi
	shift 2
done
exit 0
