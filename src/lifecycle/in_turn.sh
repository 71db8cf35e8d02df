# Pairs: name, shell line. Runs the lines; prints `== NAME CODE` and what a line printed, unless it
# succeeded without a word.
while [ $# -gt 0 ]; do
	if text=$(eval "$2"); then code=0; else code=$?; fi
	[ "$code$text" = 0 ] || printf '== %s %s\n%s\n' "$1" "$code" "$text"
	shift 2
done
