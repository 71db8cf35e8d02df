# usage: NAME GRACE_IN_HUNDREDTHS
[ -d "$s" ] || { say "container \`$name\` does not exist"; exit 1; }
if alive; then
	kill -TERM "$pid" 2>/dev/null
	gone "$2" && exit 0
fi
finish
