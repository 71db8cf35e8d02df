# $1 container.
path=$(lxc-config lxc.lxcpath) || exit
dir=$path/$1
[ -e "$dir" ] || exit 0
lxc-stop --name "$1" --kill 2>/dev/null # fails when it does not run
if [ "$(lxc-info --no-humanize --state --name "$1" 2>/dev/null)" = RUNNING ]; then
	printf '%s\n' "\`$1\` does not stop" >&2
	exit 1
fi
# Nothing foreign may be removed through a mount that somebody left here.
if grep -qF " $dir/" /proc/self/mounts; then
	printf '%s\n' "something is mounted below \`$dir\`" >&2
	exit 1
fi
rm -rf -- "$dir" || exit
for group in /sys/fs/cgroup/lxc.*."$1" /sys/fs/cgroup/*/lxc.*."$1"; do
	case $group in
	*/lxc.monitor."$1" | */lxc.payload."$1") [ ! -d "$group" ] || rmdir -- "$group" ;; # LXC 5.0 leaves some
	esac
done
exit 0
