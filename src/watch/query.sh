# Prints of every watcher `watcher KEY alive|dead`, then the lines of what it is about and how it is.
for dir in "$base"/*/; do
	[ -d "$dir" ] || exit 0
	dir=${dir%/}
	if alive; then word=alive; else word=dead; fi
	printf 'watcher %s %s\n' "${dir##*/}" "$word"
	for file in about state; do
		while read -r line; do printf '%s\n' "$line"; done <"$dir/$file"
	done 2>/dev/null
done
exit 0
