# Becomes VPP. $1: the CPUs of its threads, with spaces. Then the sockets that it will listen on.
refuse() {
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

mkdir -p /run/vpp || exit 1
rm -f "$socket" # of a VPP that was killed: refuses, and looks like one that starts
exec vpp -c /etc/vpp/startup.conf
