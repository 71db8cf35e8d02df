# shellcheck shell=sh
# Prints what may be missing on this node, one fact a line, `end` last. Arguments: `tool NAME`,
# `module NAME:OPTION` (a kernel module and the option of the kernel's configuration that builds
# it), `engine WORD`. POSIX, and of other programs only those that every system has; where one of
# them is missing its lines are.
LC_ALL=C
export LC_ALL
# Of a login user who is not root, too.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
find_tool() {
	IFS=:
	for dir in $PATH; do
		if [ -f "$dir/$1" ] && [ -x "$dir/$1" ]; then
			unset IFS
			return 0
		fi
	done
	unset IFS
	return 1
}
bounded=
if find_tool timeout; then bounded='timeout 10'; fi
newline='
'
# usage: answer ENGINE COMMAND...; its answer is a version and the folder of images.
answer() {
	who=$1
	shift
	if text=$($bounded "$@" 2>&1 </dev/null); then code=0; else code=$?; fi
	[ "$code" != 124 ] || text="no answer to \`$*\` within 10 s"
	text=${text##*"$newline"}
	printf 'answer %s %s %s\n' "$who" "$code" "$text"
	[ "$code" != 0 ] || disk "$who" "${text#* }"
}
# usage: disk ENGINE FOLDER; what is free where the folder is, or would be made.
disk() {
	at=$2
	until [ -d "$at" ]; do
		at=${at%/*}
		[ -n "$at" ] || at=/
	done
	df -Pk "$at" 2>/dev/null | {
		read -r _
		read -r _ _ _ free _ && printf 'disk %s %s %s\n' "$1" "$free" "$2"
	}
}
release=
if [ -r /proc/sys/kernel/osrelease ]; then read -r release </proc/sys/kernel/osrelease; fi
options=
wanted() {
	grep -e '^CONFIG_[A-Z0-9_]*=[ym]$'
}
if [ -r /proc/config.gz ] && find_tool gzip; then
	options=$(gzip -dc /proc/config.gz | wanted)
elif [ -r "/boot/config-$release" ]; then
	options=$(wanted <"/boot/config-$release")
elif [ -r "/lib/modules/$release/config" ]; then
	options=$(wanted <"/lib/modules/$release/config")
fi
# usage: module NAME OPTION
module() {
	file=$(echo "$1" | tr - _)
	verdict=unknown
	case $newline$options$newline in
	*"${newline}CONFIG_$2="[ym]"$newline"*) verdict=yes ;;
	"$newline$newline") [ ! -d "/lib/modules/$release" ] || verdict=no ;;
	*) verdict=no ;;
	esac
	if [ -d "/sys/module/$file" ] || grep -qsw "$1\$" /proc/filesystems; then
		verdict=yes
	elif find_tool modprobe && modprobe -n -q "$1" 2>/dev/null; then
		verdict=yes
	# One that the configuration has as a module and the node has not.
	elif [ "$verdict" = yes ] && find_tool modprobe; then
		case $newline$options$newline in *"${newline}CONFIG_$2=m$newline"*) verdict=no ;; esac
	fi
	printf 'module %s %s\n' "$1" "$verdict"
}
printf 'time %s\n' "$(date +%s)"
if [ -r /etc/os-release ]; then
	(
		# shellcheck disable=SC1091 # the node's own
		. /etc/os-release
		printf 'os %s\nlike %s\nversion %s\n' "${ID-}" "${ID_LIKE-}" "${VERSION_ID-}"
	)
fi
if [ -d /run/systemd/system ]; then echo 'init systemd'; fi
printf 'login %s\n' "${SUDO_USER:-$(id -un)}"
for space in cgroup ipc mnt net pid user uts; do
	if [ -e "/proc/self/ns/$space" ]; then printf 'namespace %s\n' "$space"; fi
done
grep -H : /etc/subuid /etc/subgid 2>/dev/null
grep -qs '^/' /proc/swaps && echo 'swap'
file=/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor
if [ -r $file ]; then read -r governor <$file && printf 'governor %s\n' "$governor"; fi
while [ $# -gt 1 ]; do
	case $1,$2 in
	tool,*) if find_tool "$2"; then printf 'tool %s\n' "$2"; fi ;;
	module,*) module "${2%%:*}" "${2#*:}" ;;
	engine,docker)
		find_tool docker && answer docker docker info --format '{{.ServerVersion}} {{.DockerRootDir}}' &
		;;
	engine,podman)
		find_tool podman && answer podman podman info --format '{{.Version.Version}} {{.Store.GraphRoot}}' &
		;;
	engine,native) disk native /var/lib/vnfctl ;;
	engine,nspawn) disk nspawn /var/lib/machines ;;
	engine,lxc)
		if find_tool lxc-config; then disk lxc "$(lxc-config lxc.lxcpath)"; fi
		if find_tool lxc-checkconfig; then
			escape=$(printf '\033')
			lxc-checkconfig 2>/dev/null | sed "s/$escape\\[[0-9;]*m//g" |
				grep -e ': *missing' -e ': *required' | sed 's/^/lxc /'
		fi
		;;
	esac
	shift 2
done
wait
echo end
