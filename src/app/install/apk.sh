# Alpine. `$files` are the package files, the arguments the names.
apk_all() {
	missing=
	for word in "$@"; do
		apk info --installed "$word" >/dev/null 2>&1 || missing="$missing $word"
	done
	if [ -n "$missing" ]; then
		# shellcheck disable=SC2086 # one word each
		log apk add --no-cache $missing || apk_fail $missing
	fi
	[ -n "$files" ] || return 0
	# Nobody signs files. Those that need nothing else are no reason to ask the network; one that
	# is installed already changes nothing.
	# shellcheck disable=SC2086 # one word each
	log apk add --no-network --allow-untrusted $files ||
		log apk add --no-cache --allow-untrusted $files || apk_fail $files
}
apk_fail() {
	unknown=$(sed -n 's/^ *\([^ ]*\) (no such package):.*/\1/p' "$log" | sort -u | tr '\n' ' ')
	[ -z "$unknown" ] || fail "apk does not know: ${unknown% }"
	fail "apk cannot install:$(for word; do printf ' %s' "${word##*/}"; done)"
}
