# First process of a container: starts the command, hands signals on, reaps, ends as it ends.
trap 'kill -TERM "$vnfctl_child"' TERM
trap 'kill -HUP "$vnfctl_child"' HUP
trap 'kill -INT "$vnfctl_child"' INT
"$@" 3>&- &
vnfctl_child=$!
vnfctl_started() {
	read -r vnfctl_stat <"/proc/$vnfctl_child/stat" || return 0
	set -- ${vnfctl_stat##*) }
	# PF_FORKNOEXEC: forked, not yet another program; a zombie with it never was one.
	[ $(($7 & 64)) = 0 ] || [ "$1" = Z ] || return 1
	[ $(($7 & 64)) = 0 ] || vnfctl_failed=1
}
until vnfctl_started; do :; done
if [ -z "$vnfctl_failed" ]; then echo up >&3; fi
exec 3>&-
while :; do
	wait "$vnfctl_child"
	vnfctl_code=$?
	kill -0 "$vnfctl_child" 2>/dev/null || exit "$vnfctl_code"
done
