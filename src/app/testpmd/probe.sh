# Looks once. $1: number of all ports; then per memif its name, its number, its role, its socket, its
# peer.
wanted=$1
shift
if ask_summary; then
	count_ports
	if [ "$have" = "$wanted" ]; then
		echo "app ready"
	else
		echo "app testpmd has $have of $wanted ports: $(complaints | head -n 1)"
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
