# usage: KEY ABOUT <WATCHER
dir=$base/$1
[ ! -d "$dir" ] || end || exit 1
umask 077
# The end of the last other watcher may take the folder above away in between.
mkdir -p "$dir" 2>/dev/null || mkdir -p "$dir" || exit 1
trap 'rm -rf "$dir"; exit 1' HUP INT TERM
cat >"$dir/watch" && printf '%s\n' "$2" >"$dir/about" || { rm -rf "$dir"; exit 1; }
(
	exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
	cd / && exec setsid sh "$dir/watch" "$dir" </dev/null >/dev/null 2>"$dir/error"
) &
tries=0
until alive; do
	if [ "$tries" -ge 100 ]; then
		say "the watcher of \`${1#*-}\` does not start: $(cat "$dir/error")"
		rm -rf "$dir"
		exit 1
	fi
	tries=$((tries + 1))
	nap
done
