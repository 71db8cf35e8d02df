# First process of a container: starts the command, hands signals on, reaps, ends as it ends.
trap 'kill -TERM "$vnfctl_child"' TERM
trap 'kill -HUP "$vnfctl_child"' HUP
trap 'kill -INT "$vnfctl_child"' INT
"$@" 3>&- &
vnfctl_child=$!
# Whether the command runs (0), is still this shell's fork (1), or has ended (2).
vnfctl_look() {
	read -r vnfctl_stat <"/proc/$vnfctl_child/stat" || return 2
	set -- ${vnfctl_stat##*) }
	[ "$1" != Z ] || return 2
	# PF_FORKNOEXEC: forked, and not yet another program.
	return $((($7 & 64) / 64))
} 2>/dev/null
vnfctl_state=1
while [ "$vnfctl_state" = 1 ]; do
	vnfctl_look
	vnfctl_state=$?
done
if [ "$vnfctl_state" = 0 ]; then
	echo up >&3
	exec 3>&-
fi
while :; do
	wait "$vnfctl_child"
	vnfctl_code=$?
	kill -0 "$vnfctl_child" 2>/dev/null || break
done
# A signal that came together with the end was told instead of the code, which is kept.
wait "$vnfctl_child"
vnfctl_again=$?
[ "$vnfctl_again" = 127 ] || vnfctl_code=$vnfctl_again
# It ended before it was seen. These are a shell's codes for what it cannot find or run.
case $vnfctl_state$vnfctl_code in 2126 | 2127) ;; 2*) echo up >&3 ;; esac
exit "$vnfctl_code"
