# Waits until testpmd answers and has all ports. $1: seconds; $2: number of ports.
now
ended=
end=$((now + $1))
while :; do
	if ask_summary; then
		count_ports
		[ "$have" != "$2" ] || exit 0
		reason="testpmd has $have of $2 ports"
		break
	fi
	# Seen twice, so that it is not just being started anew.
	if [ "$reason" = "testpmd does not run" ] && read -r _ code 2>/dev/null </var/lib/vnfctl/ended; then
		reason="testpmd ended with exit code $code"
		[ -z "$ended" ] || break
		ended=1
	else
		ended=
	fi
	now
	[ "$now" -lt "$end" ] || break
	nap
done
printf '%s\n' "$reason" >&2
complaints >&2
exit 1
