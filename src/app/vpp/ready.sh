# Waits until VPP has done its exec file. $1: seconds; then the plugins that must be there.
fail() {
	printf '%s\n' "$1" >&2
	exit 1
}
now
end=$((uptime + $1))
shift
expect || fail "$exec_file is not there, or not vnfctl's: this container is not configured"
has_ended() { # Sets code. The launcher notes it, and takes it away when it starts the app anew.
	read -r _ code <"$folder/ended"
} 2>/dev/null
over='' answer=0 gone=0
while :; do
	configured
	answer=$?
	[ "$answer" != 0 ] || break
	if [ "$answer" = 1 ]; then
		[ -z "$over" ] || break
		# The mark is looked at once more, as it may have come since.
		if is_over; then
			over=yes
			continue
		fi
	else
		over=
		# More than once, as a container that has just started may have the note of its last life.
		if has_ended; then gone=$((gone + 1)); else gone=0; fi
		[ "$gone" -lt 3 ] || break
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
if [ "$answer" = 0 ]; then
	! lacks "$@" || fail "$lack"
	exit 0
fi
if [ "$answer" = 2 ]; then
	first_line "$said"
	why=$line
	# Not its backtrace: the container's log has all of it.
	heard=$(grep -v '^#[0-9]' "$words" 2>/dev/null | tail -n 8)
	heard=${heard:+:
$heard}
	! has_ended || fail "VPP ended with code $code${heard:-; it said nothing}"
	pid=
	[ ! -f /run/vpp/vpp.pid ] || read -r pid </run/vpp/vpp.pid
	if [ -n "$pid" ] && [ -d "/proc/$pid" ]; then
		fail "VPP runs (pid $pid) and does not answer at $socket ($why)$heard"
	fi
	fail "VPP does not run, or never came to its CLI at $socket ($why)$heard"
fi
if stopped_at; then
	[ -n "$over" ] || fail "$where: VPP is still at this command"
	without_secret "$command"
	if [ "$shown" = "$command" ]; then answered=$(ask "$command"); else answered=$(ask_unseen "$command"); fi
	first_line "$answered"
	without_secret "$line"
	answered=$shown
	message="$where: VPP stopped there: ${answered:-it takes the command now; what it needs was not there before}"
	! lacks "$@" || message="$message
$lack"
	case $answered in "unknown input"*)
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
