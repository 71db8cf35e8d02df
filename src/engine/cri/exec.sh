# usage: NAME TTY ARGV...
id=$(of "$1") || exit
[ -n "$id" ] || { say "container \`$1\` does not run"; exit 1; }
tty=$2
shift 2
exec crictl exec --interactive ${tty:+--tty} "$id" "$@"
