# Per container: its name, what is installed, what is configured and runs; tabs between. Arguments:
# name and an expression for the pid of its first process, again and again.
digest() { # FILE: its first line, when that is a digest. Never a path that leads out of the container.
	[ -f "$1" ] && [ ! -L "$1" ] || return 0
	read -r line <"$1" || :
	case $line in *[!0-9a-f]* | "") ;; *) printf %s "$line" ;; esac
}
while [ $# -gt 0 ]; do
	name=$1
	pid=$(eval "$2" 2>/dev/null) || pid=
	shift 2
	case $pid in "" | 0 | *[!0-9]*) continue ;; esac
	folder=/proc/$pid/root/var/lib/vnfctl
	configured=$(digest "$folder/configured")
	# An app that has just ended, in a container that stays up for a look, is to be started anew.
	[ ! -f "$folder/ended" ] || configured=
	printf '%s\t%s\t%s\n' "$name" "$(digest "$folder/installed")" "$configured"
done
exit 0
