# First process of the pid namespace until its root is complete: reads environment and command,
# waits, and becomes the container's own. Capabilities are dropped, limits set, and it is its user's
# already, who cannot open the config: descriptor 4 is.
# usage: REAPER 4<CONFIG
vnfctl_reaper=$1
shift
vnfctl_apparmor= vnfctl_selinux=
while record; do
	case $vnfctl_key in
	apparmor) vnfctl_apparmor=$vnfctl_value ;;
	selinux) vnfctl_selinux=$vnfctl_value ;;
	env) export "$vnfctl_value" ;;
	arg) set -- "$@" "$vnfctl_value" ;;
	esac
done
exec 4<&-
read -r vnfctl_go <&5 || exit 1
exec 5<&-
umask 022
label "$vnfctl_apparmor" "$vnfctl_selinux" || exit 1
if [ -x /bin/sh ]; then
	# Also where this shell would do: its own file must not be reachable through /proc/1/exe
	# by a mount that can be written.
	[ $# -gt 0 ] || set -- sleep 2147483647
	exec /bin/sh -c "$vnfctl_reaper" init "$@"
fi
[ $# -gt 0 ] || { echo "a root without /bin/sh needs a command" >&2; exit 1; }
echo direct >&3
# A shell keeps the redirected descriptor open for itself, closed on exec: its end tells that
# the command runs.
{ exec "$@"; } 3>&-
