# How testpmd is, asked from beside it: for scripts after this one.
ask_summary() { # sets summary; or reason, and fails
	reason=
	summary=$(sh /var/lib/vnfctl/testpmd-ctl show port summary all 2>&1) || reason=${summary#testpmd-ctl: }
	[ -z "$reason" ]
}
count_ports() { # sets have
	have=$(printf '%s\n' "$summary" | awk '$1 ~ /^[0-9]+$/ && $2 ~ /^..:..:/ { n++ } END { print n + 0 }')
}
# Whether forwarding is yet to begin, or rests for a port: asked after the summary.
rests() { [ -e /var/lib/vnfctl/testpmd/resting ]; }
# What testpmd complains of, without what it always says; else its last words.
complaints() {
	said=$(cat /var/lib/vnfctl/testpmd/log.1 /var/lib/vnfctl/testpmd/log 2>/dev/null)
	found=$(printf '%s\n' "$said" |
		grep -E 'EAL: |\(\): |Cause: |[Ee]rror|[Ff]ail|[Ii]nvalid|nrecognized|annot|crashed|is used|no program' |
		grep -Ev 'EAL: (No DPDK runtime|Error creating .*dpdk|Detected|Selected|Physical addresses|Error - exiting)|: Failed to register mp action|\(\): (Initialize|Connected|Remote interface)')
	printf '%s\n' "${found:-$said}" | tail -n 8
}
# One port: NUMBER server|client SOCKET PEER; sets how to `up` or to what is wrong.
judge() {
	how=$(printf '%s\n' "$summary" | awk -v n="$1" '$1 == n && $2 ~ /^..:..:/ { print $5 }')
	[ "$how" != up ] || return 0
	refusal=$(cat "/var/lib/vnfctl/testpmd/refusal.$1" 2>/dev/null)
	if [ -z "$how" ]; then
		how="testpmd has no such port"
	elif [ -n "$refusal" ]; then
		how="$4 refuses the connection at $3: $refusal"
	elif [ "$2" = server ]; then
		how="$4 has not connected to $3"
	elif [ -S "$3" ]; then
		how="$4 does not accept at $3"
	else
		how="$4 does not listen: there is no $3"
	fi
}
now() { now=$(date +%s); }
nap() { sleep 0.2 2>/dev/null || sleep 1; }
