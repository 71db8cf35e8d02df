# First process inside until the host name is right: becomes the reaper of the command.
# Descriptor 0 is the way to who follows the start.
exec 3>&0 </dev/null
vnfctl_name=$1 vnfctl_reaper=$2
shift 2
echo ready >&3
until read -r vnfctl_host </proc/sys/kernel/hostname && [ "$vnfctl_host" = "$vnfctl_name" ]; do
	sleep 0.01 2>/dev/null || :
done
umask 022
[ $# -gt 0 ] || set -- sleep 2147483647
exec /bin/sh -c "$vnfctl_reaper" init "$@"
