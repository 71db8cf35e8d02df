# Outside the pid namespace, inside all others: starts the first process, builds its root, then
# waits for it and records its exit code.
# usage: NAME INIT REAPER
init=$2 reaper=$3 r=$s/root
tools setsid setpriv ip mount umount pivot_root
caps= privileged= image= network= mounts=
exec 4<"$s/config" 7>"$s/code"
while record; do
	case $vnfctl_key in
	caps | privileged | image | network) eval "$vnfctl_key=\$vnfctl_value" ;;
	mount_*) mounts=yes ;;
	esac
done
die() {
	say "$*"
	kill -KILL "$child" 2>/dev/null
	exit 1
}
path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
if [ -n "$caps" ]; then
	set -- "$setpriv" --bounding-set="$caps" --inh-caps=-all sh
else
	set -- sh
fi
env -i PATH="$path" HOME=/root HOSTNAME="$name" "$setsid" "$@" -c "$init" vnfctl "$s" "$reaper" \
	>>"$s/log" 2>&1 7>&- 4<&- &
child=$!
exec 5<&-
echo "pid $child" >&3
echo "$name" >/proc/sys/kernel/hostname || die "cannot set the host name"
[ "$network" = host ] || "$ip" link set lo up || die "cannot bring \`lo\` up"
[ ! -e "$s/root" ] && { skeleton || die "cannot make \`$r\`"; }
root || die "cannot mount the root of \`$name\`"
[ -z "$mounts" ] || bind_all || die "cannot mount what \`$name\` asks for"
# The old root goes on top of the new one's /proc: a folder that is always there.
"$pivot_root" "$r" "$r/proc" || die "cannot change the root"
echo pivoted >&3
exec 3>&- 4<&-
wait "$child"
echo $? >&7
