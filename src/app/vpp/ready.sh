# Waits until VPP has done its exec file. $1: seconds; then the plugins that must be there.
fail() {
	printf '%s\n' "$1" >&2
	exit 1
}
now
end=$((uptime + $1))
shift
expect || fail "$exec_file is not there, or not vnfctl's: this container is not configured"
over='' answer=0
while :; do
	configured && break
	answer=$?
	if [ "$answer" = 1 ]; then
		[ -z "$over" ] || break
		# The mark is looked at once more, as it may have come since.
		if is_over; then
			over=yes
			continue
		fi
	else
		over=
	fi
	now
	[ "$uptime" -lt "$end" ] || break
	nap 0.1
done

lacks() { # What says that plugins are missing, if they are.
	not_loaded "$@" || return 1
	[ -n "$missing" ] || return 1
	lack="VPP has no plugin $missing: it is named in the topology or needed by its links, and not in VPP's plugin folder"
}
if [ "$answer" != 2 ] && [ "$mark" = "vnfctl-$digest-ready" ]; then
	! lacks "$@" || fail "$lack"
	exit 0
fi
if [ "$answer" = 2 ]; then
	first_line "$said"
	pid=
	[ ! -f /run/vpp/vpp.pid ] || read -r pid </run/vpp/vpp.pid
	if [ -n "$pid" ] && [ -d "/proc/$pid" ]; then
		fail "VPP runs (pid $pid) and does not answer at $socket: $line"
	fi
	fail "VPP does not run, or never came to its CLI at $socket: $line; \`vnfctl logs\` shows what it said"
fi
if stopped_at; then
	[ -n "$over" ] || fail "$where: VPP is still at this command"
	words=$(ask_unseen "$command")
	first_line "$words"
	without_secret "$line"
	words=$shown
	message="$where: VPP stopped there: ${words:-it takes the command now; what it needs was not there before}"
	! lacks "$@" || message="$message
$lack"
	case $words in "unknown input"*)
		[ -n "$missing" ] || message="$message
a command that VPP does not know is misspelt, or belongs to a plugin that is not in \`plugins\`" ;;
	esac
	fail "$message"
fi
case $mark in
"(none)")
	[ -n "$over" ] || fail "VPP runs and has not come to $exec_file yet"
	fail "VPP runs and did not read $exec_file"
	;;
vnfctl-*-*) fail "VPP runs with an earlier configuration ($mark, wanted $digest): it was not started anew" ;;
*) fail "the tag of local0 is \`$mark\`, which is not vnfctl's: a command in \`exec\` changed it" ;;
esac
