# usage: NAME ENTER ARGV...
enter=$2
shift 2
alive || { say "container \`$name\` does not run"; exit 1; }
join || exit 1
tools nsenter
path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# A link is judged by its presence: an absolute one would be followed on the node.
if [ -x "/proc/$pid/root/bin/sh" ] || [ -L "/proc/$pid/root/bin/sh" ]; then
	set -- "$nsenter" -t "$pid" -m -u -i -n -p -r -w -- /bin/sh -c "$enter" vnfctl drop "$@"
else
	# Without a shell inside, the environment is set before the way in.
	set -- sh -c "$enter" vnfctl '' "$nsenter" -t "$pid" -m -u -i -n -p -r -w -- "$@"
fi
exec env -i PATH="$path" HOME=/root HOSTNAME="$name" ${TERM:+TERM="$TERM"} "$@" 4<"$s/config"
