# $1 container, $2 base, $3 `lxc.cgroup` or `lxc.cgroup2`, $4 `copy` or `overlay`; then `mount HOST ENTRY`,
# `device HOST ENTRY ACCESS` and `privileged`. Standard input: the container's files in one text,
# the first line being what every line that names the next file begins with.
name=$1 cgroup=$3
say() { printf '%s\n' "$*" >&2; }
path=$(lxc-config lxc.lxcpath) || exit
dir=$path/$name base=$path/$2 how=$4
shift 4
[ -e "$base/vnfctl-complete" ] || {
	say "the image is not on this node: there is no \`$base\`"
	exit 1
}
read -r clone <"$base/vnfctl-complete" || exit
[ "$how" = overlay ] || clone=$how
mkdir -m 755 "$dir" || exit # the claim on the name
undo() {
	code=$?
	trap - EXIT
	[ "$code" = 0 ] && exit
	[ ! -s "$dir/lxc.log" ] || tail -n 20 "$dir/lxc.log" >&2
	lxc-stop --name "$name" --kill 2>/dev/null
	rm -rf -- "$dir"
	for group in /sys/fs/cgroup/lxc.monitor."$name" /sys/fs/cgroup/*/lxc.monitor."$name"; do
		[ ! -d "$group" ] || rmdir -- "$group" # LXC 5.0 leaves it after a failed start
	done
	exit "$code"
}
trap undo EXIT
trap 'exit 1' HUP INT TERM
umask 022
if [ "$clone" = overlay ]; then
	mkdir "$dir/delta" || exit
	root=$dir/delta rootfs=overlay:$base/rootfs:$dir/delta
else
	cp -a -- "$base/rootfs" "$dir/rootfs" || exit
	root=$dir/rootfs rootfs=dir:$dir/rootfs
fi
# An init sets the host name from here. A link may lead out of the root.
etc=$base/rootfs/etc
if [ -f "$etc/hostname" ] && [ ! -L "$etc/hostname" ] && [ ! -L "$etc" ]; then
	[ -d "$root/etc" ] || mkdir "$root/etc" || exit
	printf '%s\n' "$name" >"$root/etc/hostname" || exit
fi
umask 077 # values of the environment are nobody else's
{
	printf 'lxc.include = %s/vnfctl-config\n' "$base"
	printf 'lxc.rootfs.path = %s\n' "$rootfs"
	printf 'lxc.log.file = %s/lxc.log\nlxc.log.level = ERROR\n' "$dir"
	printf 'lxc.console.logfile = %s/console.log\n' "$dir"
} >"$dir/config" || exit
while [ "$#" != 0 ]; do
	case $1 in
	mount)
		if [ -d "$2" ]; then
			printf 'lxc.mount.entry = %s,create=dir 0 0\n' "$3"
		elif [ -e "$2" ]; then
			printf 'lxc.mount.entry = %s,create=file 0 0\n' "$3"
		else
			say "\`$2\` does not exist on this node"
			exit 1
		fi
		shift 3
		;;
	device)
		if [ -c "$2" ]; then type=c; elif [ -b "$2" ]; then type=b; else
			say "\`$2\` is no device of this node"
			exit 1
		fi
		numbers=$(stat -L -c '0x%t 0x%T' -- "$2") || exit
		printf '%s.devices.allow = %s %d:%d %s\n' "$cgroup" "$type" \
			"$((${numbers% *}))" "$((${numbers#* }))" "$4"
		printf 'lxc.mount.entry = %s,create=file 0 0\n' "$3"
		shift 4
		;;
	privileged)
		# A liblxc without AppArmor refuses the key.
		[ ! -d /sys/kernel/security/apparmor ] || echo 'lxc.apparmor.profile = unconfined'
		shift
		;;
	esac
done >>"$dir/config" || exit
# The script that starts it is the last file: with it the container is complete.
awk -v dir="$dir/" '
	NR == 1 { mark = $0; next }
	index($0, mark) == 1 { file = dir substr($0, length(mark) + 2); next }
	{ print >>file }' || exit
# Sourced in a process of its own: it ends in `exec`.
# shellcheck source=/dev/null # made just now
(. "$dir/vnfctl-start") >&2
