# usage: NAME TTY ARGV...; crictl ends with 1 and tells the child's code in a sentence.
id=$(of "$1") || exit
[ -n "$id" ] || { say "container \`$1\` does not run"; exit 1; }
tty=$2
shift 2
{ { crictl exec --interactive ${tty:+--tty} "$id" "$@" || printf '\ncrictl ended with %s\n' "$?" >&2; } 2>&1 >&3 3>&- |
	awk '
	/command terminated with exit code [0-9]+"?$/ {
		match($0, /(time="[^"]*" level=fatal msg=")?execing command in container/)
		if (RSTART > 1) printf "%s", substr($0, 1, RSTART - 1) >"/dev/stderr"
		sub(/"$/, "")
		code = $NF
		next
	}
	/^crictl ended with [0-9]+$/ { if (code == "") code = $NF; next }
	{ if (held) print "" >"/dev/stderr"; held = 0 }
	$0 == "" { held = 1; next }
	{ print >"/dev/stderr"; fflush() }
	END { exit code + 0 }'; } 3>&1
