# Looks once. $1: number of all ports; then per memif its name, its number, its role, its socket, its
# peer.
wanted=$1
shift
if ask_summary; then
	count_ports
	down=$(printf '%s\n' "$summary" | awk '$5 == "down"')
	if [ "$have" != "$wanted" ]; then
		echo "app testpmd has $have of $wanted ports: $(complaints | head -n 1)"
	elif [ -z "$down" ] && rests; then # a port that is down says enough
		echo "app testpmd does not forward yet"
	else
		echo "app ready"
	fi
else
	echo "app $reason"
fi
while [ $# -gt 0 ]; do
	if [ -z "$reason" ]; then judge "$2" "$3" "$4" "$5"; else how=$reason; fi
	printf 'port %s %s\n' "$1" "$how"
	shift 5
done
exit 0
