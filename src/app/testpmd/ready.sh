# Waits until testpmd answers and has all ports. $1: seconds; $2: number of ports.
now
end=$((now + $1))
while :; do
	if ask_summary; then
		count_ports
		[ "$have" != "$2" ] || exit 0
		reason="testpmd has $have of $2 ports"
		break
	fi
	now
	[ "$now" -lt "$end" ] || break
	nap
done
printf '%s\n' "$reason" >&2
complaints >&2
exit 1
