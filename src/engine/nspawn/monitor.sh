# In the container's cgroups and a mount namespace of its own: mounts the root, starts
# systemd-nspawn, then waits for it and records its exit code.
# usage: NAME INIT REAPER; $run is the script that becomes systemd-nspawn
init=$2 reaper=$3 r=$s/root
tools mount ip
image= network= privileged= kept=0
exec 4<"$s/config" 7>"$s/code"
set --
while record; do
	case $vnfctl_key in
	image | network | privileged) eval "$vnfctl_key=\$vnfctl_value" ;;
	net_sysctl)
		# The network namespace is the container's own already.
		printf '%s\n' "${vnfctl_value#* }" >"/proc/sys/${vnfctl_value%% *}" || exit
		;;
	option) set -- "$@" "$vnfctl_value" ;;
	mount_host)
		case $vnfctl_value in */) [ -e "$vnfctl_value" ] || mkdir -p "$vnfctl_value" || exit ;; esac
		[ -e "$vnfctl_value" ] || { say "\`$vnfctl_value\` does not exist on this node"; exit 1; }
		;;
	esac
done
exec 4<&-
[ -d "$r" ] || mkdir "$r" "$s/upper" "$s/scratch" || exit
image_root || { say "cannot mount the root of \`$name\`"; exit 1; }
exec 4<"$s/config"
while record; do
	case $vnfctl_key in tmpfs | kept) inside "$vnfctl_value" && { [ -d "$at" ] || mkdir -p "$at"; } || exit ;; esac
	[ "$vnfctl_key" = kept ] || continue
	kept=$((kept + 1))
	if [ ! -d "$s/kept/$kept" ]; then
		mkdir -p "$s/kept/$kept" && cp -a "$at/." "$s/kept/$kept/" &&
			chmod 1777 "$s/kept/$kept" || exit
	fi
	set -- "$@" --bind="$s/kept/$kept:$vnfctl_value"
done
exec 4<&-
# Without it systemd-nspawn sees no system there.
[ -d "$r/usr" ] || mkdir "$r/usr" || exit
# systemd-nspawn's own /sys lacks parts, and DPDK with them.
[ "$network" = host ] || "$ip" link set lo up || { say 'cannot bring `lo` up'; exit 1; }
[ -d "$s/sysfs" ] || mkdir "$s/sysfs" || exit
"$mount" -t sysfs -o nosuid,nodev,noexec sysfs "$s/sysfs" || exit
case $privileged in '') set -- "$@" --bind-ro="$s/sysfs:/sys" ;; *) set -- "$@" --bind="$s/sysfs:/sys" ;; esac
register=no
if [ -s "$s/scope" ] && [ -S /run/dbus/system_bus_socket ] && command -v machinectl >/dev/null; then
	register=yes
else
	# What systemd-nspawn keeps of a machine is kept in here.
	mkdir -p /run/systemd && "$mount" -t tmpfs -o mode=755 tmpfs /run/systemd || exit
fi
set -- systemd-nspawn --quiet --directory="$r" --register="$register" "$@"
told=
# A link is judged by its presence: an absolute one would be followed on the node.
if [ -x "$r/bin/sh" ] || [ -L "$r/bin/sh" ]; then
	set -- "$@" /bin/sh -c "$init" vnfctl "$name" "$reaper"
else
	told=stub
	set -- "$@" --as-pid2 --
	grep -q '^arg ' "$s/config" || { say 'a root without /bin/sh needs a command'; exit 1; }
fi
exec 4<"$s/config"
while record; do
	[ "$vnfctl_key" != arg ] || set -- "$@" "$vnfctl_value"
done
exec 4<&-
path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
env -i PATH="$path" ${told:+SYSTEMD_LOG_LOCATION=1} sh -c "$run" vnfctl "$s" "$@" \
	<&3 3>&- 7>&- >>"$s/log" 2>&1 &
nspawn=$!
[ -z "$told" ] || echo "nspawn $nspawn
stub" >&3
exec 3>&-
wait "$nspawn"
echo $? >&7
