# Becomes VPP. $1: the CPUs of its threads, with spaces. Then the sockets that it will listen on.
rm -f "$words"
mkdir -p "${words%/*}" || exit 1
# VPP aborts where its shared memory has no place; LXC makes none.
[ -d /dev/shm ] || mkdir -m 1777 /dev/shm 2>/dev/null
refuse() {
	printf '%s\n' "$1" >"$words"
	printf 'vnfctl: %s\n' "$1" >&2
	exit 1
}
for program in vpp vppctl; do
	command -v "$program" >/dev/null 2>&1 ||
		refuse "no program \`$program\` in this container: take an image that has VPP, or name it in \`packages\` or \`package_files\`"
done

# VPP aborts for a main core that is not there, and ends with 0 for a worker's.
allowed=
while read -r key value; do
	[ "$key" != Cpus_allowed_list: ] || allowed=$value
done </proc/self/status
is_allowed() { # CPU
	rest=$allowed,
	while [ -n "$rest" ]; do
		range=${rest%%,*} rest=${rest#*,}
		[ "$1" -lt "${range%-*}" ] || [ "$1" -gt "${range#*-}" ] || return 0
	done
	return 1
}
for cpu in $1; do
	is_allowed "$cpu" || refuse "CPU $cpu is for a thread of VPP, and this container may use $allowed only"
done
shift

# A second listener makes VPP stop its exec file or, where it has workers, crash. A listener refuses
# a stream with other words than a socket that nobody has.
for path in "$@"; do
	[ -e "$path" ] || continue
	[ -S "$path" ] || refuse "$path is to be the socket of a memif, and something else is there: remove it"
	case $(socket=$path && ask show version) in
	*refused*) ;;
	*) refuse "$path is used: another process listens there already; two masters cannot share a socket" ;;
	esac
done

# What VPP says goes to the container's log through a process that keeps the beginning for others.
# It ends with VPP; VPP itself has this process's pid, so that signals are its own.
keep() {
	lines=0
	# Its last line has no end.
	while [ "$lines" -lt 100 ] && { IFS= read -r line || [ -n "$line" ]; }; do
		printf '%s\n' "$line" >&2
		printf '%.500s\n' "$line"
		lines=$((lines + 1))
	done >"$words"
	exec cat >&2
}
rm -f "$socket" "$words.pipe" # a socket of a VPP that was killed looks like one that starts
if mkfifo "$words.pipe"; then
	keep <"$words.pipe" &
	exec >"$words.pipe" 2>&1
fi
exec vpp -c /etc/vpp/startup.conf
