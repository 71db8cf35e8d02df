# Red Hat's family. `$files` are the package files, the arguments the names; `$manager` is dnf,
# microdnf or, for files only, rpm itself.
rpm_all() {
	missing='' missing_files=''
	for word in $files; do
		log rpm -q --nosignature --qf '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n' -p "$word" ||
			fail "package file \`${word##*/}\` cannot be read"
		rpm -q "$(tail -n 1 "$log")" >/dev/null 2>&1 || missing_files="$missing_files $word"
	done
	for word in "$@"; do
		rpm -q "$word" >/dev/null 2>&1 || rpm -q --whatprovides "$word" >/dev/null 2>&1 ||
			missing="$missing $word"
	done
	[ -n "$missing$missing_files" ] || return 0
	# Files that need nothing else are no reason to ask the network.
	# shellcheck disable=SC2086 # one word each
	if [ -z "$missing" ] && { [ "$manager" = rpm ] || rpm -U --test --oldpackage $missing_files >/dev/null 2>&1; }; then
		log rpm -U --oldpackage $missing_files && return
		! grep -q 'Failed dependencies' "$log" ||
			fail "unmet dependencies of:$(rpm_names), and there is no dnf to fetch them"
		fail "packages could not be installed:$(rpm_names)"
	fi
	# shellcheck disable=SC2086 # one word each
	log "$manager" -y --setopt=install_weak_deps=0 install $missing $missing_files && return
	unknown=$(sed -n -e 's/^No match for argument: //p' -e 's/^error: No package matches .\(.*\).$/\1/p' "$log" |
		sort -u | tr '\n' ' ')
	if [ -n "$unknown" ]; then
		: >"$log"
		fail "$manager does not know: ${unknown% }"
	fi
	! grep -q 'nothing provides' "$log" || fail "unmet dependencies of:$(rpm_names)"
	fail "$manager cannot install:$(rpm_names)"
}
rpm_names() { for word in $missing $missing_files; do printf ' %s' "${word##*/}"; done; }
