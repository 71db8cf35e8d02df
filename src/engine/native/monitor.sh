# Outside the pid namespace, inside all others: starts the first process, builds its root, then
# waits for it and records its exit code.
# usage: NAME INIT REAPER
init=$2 reaper=$3 r=$s/root
tools setsid setpriv prlimit ip mount umount pivot_root
caps= privileged= image= network= mounts= user= no_new_privs= read_only= limits= sysctls= own=
exec 4<"$s/config" 7>"$s/code"
while record; do
	case $vnfctl_key in
	caps | privileged | image | network | user | no_new_privs | read_only)
		eval "$vnfctl_key=\$vnfctl_value" ;;
	mount_*) mounts=yes ;;
	tmpfs | kept) own=yes ;;
	sysctl) sysctls=yes ;;
	ulimit) limits="$limits $vnfctl_value" ;;
	esac
done
die() {
	say "$*"
	kill -KILL "$child" 2>/dev/null
	exit 1
}
path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
home=/root
set --
if [ -n "$user" ]; then
	identify "$user" "$s/upper" "$r" "$image" || exit 1
	if [ -n "$groups" ]; then groups=--groups=$groups; else groups=--clear-groups; fi
	set -- --reuid="$uid" --regid="$gid" "$groups"
	printf '%s\n' "$uid $gid $groups $home" >"$s/ids" || exit 1
fi
[ -z "$caps" ] || set -- "$@" --bounding-set="$caps" --inh-caps=-all
[ -z "$no_new_privs" ] || set -- "$@" --no-new-privs
[ $# = 0 ] || set -- "$setpriv" "$@"
[ -z "$limits" ] || set -- "$prlimit" $limits "$@"
env -i PATH="$path" HOME="$home" HOSTNAME="$name" "$setsid" "$@" sh -c "$init" vnfctl "$reaper" \
	>>"$s/log" 2>&1 7>&- 4<"$s/config" &
child=$!
exec 5<&-
echo "pid $child" >&3
echo "$name" >/proc/sys/kernel/hostname || die "cannot set the host name"
[ "$network" = host ] || "$ip" link set lo up || die "cannot bring \`lo\` up"
[ -z "$sysctls" ] || parameters || die "cannot make the namespaces of \`$name\`"
[ ! -e "$s/root" ] && { skeleton || die "cannot make \`$r\`"; }
root || die "cannot mount the root of \`$name\`"
[ -z "$own" ] || folders || die "cannot make the folders of \`$name\`"
[ -z "$mounts" ] || bind_all || die "cannot mount what \`$name\` asks for"
[ -z "$read_only" ] || seal || die "cannot make the root of \`$name\` read-only"
# The old root goes on top of the new one's /proc: a folder that is always there.
"$pivot_root" "$r" "$r/proc" || die "cannot change the root"
echo pivoted >&3
exec 3>&- 4<&-
wait "$child"
echo $? >&7
