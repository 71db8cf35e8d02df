# Whose watcher is meant is $dir, a folder of $base: files `about`, `pid`, `state` and the watcher
# itself, `watch`.
base=/run/vnfctl/watch
say() { printf '%s\n' "$*" >&2; }
nap() { sleep 0.05 2>/dev/null || sleep 1; }
# Whether the watcher lives; sets pid. The start time (field 22) guards against reuse.
alive() {
	{ read -r pid born <"$dir/pid" && read -r stat <"/proc/$pid/stat"; } 2>/dev/null || return 1
	set -- ${stat##*) }
	[ "$1" != Z ] && [ "${20}" = "$born" ]
}
# Ends the watcher and takes its folder away. One that is starting its container ends after that,
# so that nothing starts any more when this is done.
end() {
	if alive; then
		kill -TERM "$pid" 2>/dev/null
		tries=0
		while alive; do
			[ "$tries" -lt 3000 ] || { kill -KILL "-$pid" "$pid" 2>/dev/null; break; }
			tries=$((tries + 1))
			nap
		done
	fi
	rm -rf "$dir" || return 1
	# Not empty while there are others.
	rmdir "$base" "${base%/*}" 2>/dev/null || :
}
