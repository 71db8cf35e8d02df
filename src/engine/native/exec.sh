# usage: NAME ENTER LABEL user|'' ARGV...
enter=$2 label=$3 who=$4
shift 4
alive || { say "container \`$name\` does not run"; exit 1; }
image= no_new_privs= limits= labels= home=/root uid= ids=
exec 4<"$s/config" || exit 1
while record; do
	case $vnfctl_key in
	image | no_new_privs) eval "$vnfctl_key=\$vnfctl_value" ;;
	ulimit) limits="$limits $vnfctl_value" ;;
	apparmor | selinux) labels=yes ;;
	esac
done
exec 4<&-
join || exit 1
tools nsenter setpriv prlimit
path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
if [ -n "$who" ] && [ -f "$s/ids" ]; then
	read -r uid gid groups home <"$s/ids" || exit 1
	ids="--reuid=$uid --regid=$gid $groups"
fi
# A link is judged by its presence: an absolute one would be followed on the node.
if [ -x "/proc/$pid/root/bin/sh" ] || [ -L "/proc/$pid/root/bin/sh" ]; then shell=yes; else shell=; fi
# Its own setpriv changes user and capabilities in one step. An image may have none, or busybox's,
# which cannot: then its user is who comes in.
as=
if [ -n "$ids" ] && { [ -z "$shell" ] || { [ -n "$image" ] &&
	! "$nsenter" -t "$pid" -m -r -- setpriv --bounding-set=-all true 2>/dev/null; }; }; then
	as="-S $uid -G $gid" ids=
fi
if [ -n "$shell" ]; then
	set -- "$nsenter" -t "$pid" -m -u -i -n -p -r -w $as -- /bin/sh -c "$enter" vnfctl drop "$ids" "$label" "$@"
else
	[ -z "$labels" ] || { say "without a shell in \`$name\` nothing can be run under its labels"; exit 1; }
	# Without a shell inside, the environment is set before the way in.
	set -- sh -c "$enter" vnfctl '' '' '' "$nsenter" -t "$pid" -m -u -i -n -p -r -w $as -- "$@"
fi
[ -z "$no_new_privs" ] || set -- "$setpriv" --no-new-privs "$@"
[ -z "$limits" ] || set -- "$prlimit" $limits "$@"
exec env -i PATH="$path" HOME="$home" HOSTNAME="$name" ${TERM:+TERM="$TERM"} "$@" 4<"$s/config"
