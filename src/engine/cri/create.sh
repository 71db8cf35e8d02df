# usage: NAME POD HANDLER; standard input: the sandbox's and the container's configuration, one line
# of JSON each.
name=$1 dir=$base/$1
command -v crictl >/dev/null || { say 'crictl: not found'; exit 127; }
[ -z "$(every "$name")" ] || { say "container \`$name\` exists already"; exit 1; }
umask 077 # values of the environment are nobody else's
mkdir -p "$base" "/var/log/vnfctl/cri/$2" && mkdir "$dir" || exit
undo() {
	code=$?
	trap - EXIT
	[ "$code" = 0 ] && exit
	remove "$name"
	exit "$code"
}
trap undo EXIT
trap 'exit 1' HUP INT TERM
printf '%s\n' "$2" "$3" >"$dir/names" || exit
IFS= read -r line && printf '%s\n' "$line" >"$dir/pod.json" || exit
IFS= read -r line && printf '%s\n' "$line" >"$dir/container.json" || exit
launch
