# vnfctl configure: what follows on standard input are files, one after the other. Before this come
# `folder` (ours), `digest` (of all of it) and `total` (bytes); after it a `put` for each file, the
# start script last, and `finish`.
umask 077
archive=$folder/archive.$$ lock=$folder/lock locked='' at=1

fail() {
	echo "$1" >&2
	exit 1
}
first_word() { # FILE
	read -r word _ <"$1" && echo "$word"
} 2>/dev/null
leave() {
	rm -f "$archive"
	[ -z "$locked" ] || rm -f "$lock"
}
is_configuring() { # PID
	case $(tr -d '\0' <"/proc/$1/cmdline") in *"vnfctl configure"*) ;; *) return 1 ;; esac
} 2>/dev/null
is_begun() {
	[ "$(first_word "$folder/running")" = "$digest" ] || [ "$(first_word "$folder/ended")" = "$digest" ]
}
nap() {
	sleep 0.1 2>/dev/null || sleep 1
}

put() { # MODE BYTES PATH
	[ ! -d "$3" ] || fail "cannot write $3: it is a directory"
	parent=${3%/*}
	[ -d "$parent/" ] || (umask 022 && mkdir -p "$parent") || fail "cannot make the directory $parent"
	new=$3.vnfctl-$$
	{ tail -c "+$at" "$archive" 2>/dev/null | head -c "$2"; } >"$new" && chmod "$1" "$new" ||
		fail "cannot write $3"
	# A file that is a mount (the engine's /etc/hosts) cannot be replaced, only filled.
	if ! mv -f "$new" "$3" 2>/dev/null; then
		cat "$new" >"$3" || { rm -f "$new"; fail "cannot write $3"; }
		rm -f "$new"
	fi
	at=$((at + $2))
}

# The digest comes when the app runs with all this: what is cut short before is done again.
finish() { # whether there was a start script: 0 or 1
	left=20
	until launcher=$(first_word "$folder/launcher") || [ "$left" = 0 ]; do
		left=$((left - 1))
		nap
	done
	[ -n "$launcher" ] ||
		fail "the first process of this container is not vnfctl's: it was made without an app, recreate it"
	if [ "$1" = 1 ]; then kill -HUP "$launcher"; else kill -USR1 "$launcher"; fi 2>/dev/null
	left=250
	until is_begun; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || fail "the app is configured, but the container's first process does not start it"
		nap
	done
	echo "$digest" >"$folder/configured.new" && chmod 644 "$folder/configured.new" &&
		mv -f "$folder/configured.new" "$folder/configured" || fail "cannot write $folder/configured"
}

trap leave EXIT
trap 'exit 1' HUP INT TERM
(umask 022 && mkdir -p "$folder") || fail "cannot make $folder"
left=600
until ln -s "$$" "$lock" 2>/dev/null; do
	owner=$(readlink "$lock") || continue
	if [ "$owner" = "$$" ] || ! is_configuring "$owner"; then rm -f "$lock"; fi
	left=$((left - 1))
	[ "$left" -gt 0 ] || fail "another configuration of this container does not end (process $owner)"
	nap
done
locked=1
cat >"$archive" || fail "cannot write $archive"
[ "$(first_word "$folder/configured")" != "$digest" ] || [ -f "$folder/ended" ] || exit 0
[ "$(($(wc -c <"$archive")))" = "$total" ] || fail "the files did not arrive as a whole"
rm -f "$folder/configured" "$folder/ended"
before=0
[ ! -f "$folder/start" ] || before=1
