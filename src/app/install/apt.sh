# Debian's family. `$files` are the package files, the arguments the names.

# NAME[:ARCH][=VERSION]: installed, in that version.
apt_has() {
	apt_found=$(dpkg-query -W -f '${db:Status-Status} ${Version}\n' "${1%%=*}" 2>/dev/null) || return 1
	case $1 in
	*=*) case $nl$apt_found$nl in *"${nl}installed ${1#*=}$nl"*) return 0 ;; esac ;;
	*) case $nl$apt_found in *"${nl}installed "*) return 0 ;; esac ;;
	esac
	return 1
}
# What is not installed of files and names, in `$missing`.
apt_missing() {
	missing=
	for word in $files; do
		# shellcheck disable=SC2016 # dpkg-deb's own variables
		log dpkg-deb -W --showformat '${Package}=${Version}\n' "$word" ||
			fail "package file \`${word##*/}\` cannot be read"
		apt_has "$(cat "$log")" || missing="$missing $word"
	done
	for word in "$@"; do
		apt_has "$word" || missing="$missing $word"
	done
}
# No service starts while packages are unpacked. One that was there before stays.
apt_policy=/usr/sbin/policy-rc.d
apt_quiet() {
	[ ! -e "$apt_policy" ] || grep -q '^# vnfctl' "$apt_policy" || return 0
	clean() { rm -f -- "$log" "$apt_policy"; }
	# Where /usr cannot be written, no package with a service can be unpacked.
	{ printf '#!/bin/sh\n# vnfctl installs\nexit 101\n' >"$apt_policy" && chmod 755 "$apt_policy"; } 2>/dev/null
}
apt() {
	# shellcheck disable=SC2086 # one word each
	log apt-get -y -q --no-install-recommends --allow-downgrades -o DPkg::Lock::Timeout=300 \
		-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" $missing
}
# The lists are fetched when they are needed, once.
apt_lists=
apt_update() {
	[ -z "$apt_lists" ] || return 1
	apt_lists=fetched
	log apt-get -q update || apt_lists=failed
	# It may end with 0 though nothing came.
	! grep -q -e '^W: Failed' -e '^W: Some index' "$log" || apt_lists=failed
	[ "$apt_lists" = fetched ] || grep -e '^[EW]: ' "$log" | head -n 2 >&2
}
apt_all() {
	apt_missing "$@"
	[ -n "$missing" ] || return 0
	apt_cached=$(apt_kept /var/cache/apt/*.bin /var/cache/apt/archives/*.deb)
	apt_listed=$(apt_kept /var/lib/apt/lists/*_*)
	apt --download-only install || { apt_update && apt --download-only install; } || apt_unresolved
	apt_quiet
	# With --no-download apt 2.6 does not find the files.
	apt install || fail "packages could not be installed:$(apt_names)"
	# What was only fetched for this is in the way: in images, and in memory where a root is there.
	[ -n "$apt_cached" ] || log apt-get clean
	[ -n "$apt_listed" ] || (set +f && rm -f -- /var/lib/apt/lists/*_*)
}
# Those of the patterns that files of apt-get match.
apt_kept() (
	set +f
	# shellcheck disable=SC2086 # patterns
	ls -d $* 2>/dev/null
)
apt_names() { for word in $missing; do printf ' %s' "${word##*/}"; done; }
# Says why no set of packages fits or arrives, and ends.
apt_unresolved() {
	unknown=$(sed -n -e 's/^E: Unable to locate package //p' \
		-e "s/^E: Package '\(.*\)' has no installation candidate/\1/p" \
		-e "s/^E: Version '\(.*\)' for '\(.*\)' was not found/\2=\1/p" "$log" | sort -u | tr '\n' ' ')
	needs=$(sed -n 's/^ \(.*\) : \(Pre\)\{0,1\}-\{0,1\}Depends: \(.*\)/\1 needs \3/p' "$log" | tr '\n' ';')
	why=
	[ "$apt_lists" != failed ] || why=', and its package lists could not be fetched'
	if [ -n "$unknown" ]; then
		: >"$log"
		fail "apt-get does not know: ${unknown% }$why"
	elif [ -n "$needs" ]; then
		: >"$log"
		fail "unmet dependencies: ${needs%;}$why"
	fi
	! grep -q '^E: Failed to fetch' "$log" || fail "not everything could be fetched for:$(apt_names)"
	fail "apt-get cannot install:$(apt_names)$why"
}
# Without apt-get: files only, and nobody fetches what they need.
dpkg_all() {
	apt_missing
	[ -n "$missing" ] || return 0
	apt_quiet
	# shellcheck disable=SC2086 # one file per word
	log dpkg --force-confdef --force-confold -i $missing && return
	needs=$(sed -n 's/^ \(.*\) depends on \(.*\); however:/\1 needs \2/p' "$log" | tr '\n' ';')
	[ -z "$needs" ] || fail "unmet dependencies: ${needs%;}, and there is no apt-get to fetch them"
	fail "packages could not be installed:$(apt_names)"
}
