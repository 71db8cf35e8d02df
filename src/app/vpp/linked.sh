# Waits until every memif is connected. $1: seconds; then per port its name, its name in VPP, its
# role, its socket, its peer.
now
end=$((uptime + $1))
shift
while :; do
	memifs=$(ask show memif)
	answer=$?
	down=
	if [ "$answer" != 0 ]; then
		first_line "$memifs"
		down="VPP does not answer at $socket: $line"
	else
		look() { # PORTS: those that are down.
			while [ $# -gt 0 ]; do
				judge "$2" "$3" "$4" "$5"
				[ "$how" = up ] || down="$down${down:+
}$1 ($2): $how"
				shift 5
			done
		}
		look "$@"
	fi
	[ -n "$down" ] || exit 0
	now
	[ "$uptime" -lt "$end" ] || break
	nap 0.1
done
printf '%s\n' "$down" >&2
exit 1
