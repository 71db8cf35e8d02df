# Prints where the packages of suite $1 come from on this node: the first source that has it, else
# the first of a Debian's archive; nothing where there is none.
own_mirror() {
	# shellcheck disable=SC2046 # one file per word
	set -- "$1" $(find /etc/apt/sources.list /etc/apt/sources.list.d -type f \
		\( -name '*.list' -o -name '*.sources' \) 2>/dev/null | sort)
	suite=$1
	shift
	[ $# != 0 ] || return 0
	awk -v suite="$suite" '
	function source(uri, suites,    list, i, n) {
		if (uri == "" || uri ~ /security/) return
		n = split(suites, list, " ")
		for (i = 1; i <= n; i++) if (list[i] == suite && has == "") has = uri
		if (uri ~ /\/debian\/?$/ && first == "") first = uri
	}
	function stanza() {
		split(uris, list, " ")
		if (types ~ /(^| )deb( |$)/ && enabled !~ /^no/) source(list[1], suites)
		types = uris = suites = enabled = ""
	}
	FNR == 1 { stanza() }
	FILENAME ~ /\.list$/ {
		sub(/#.*/, "")
		if ($1 != "deb") next
		sub(/^deb[ \t]+(\[[^]]*\][ \t]*)?/, "")
		source($1, $2)
		next
	}
	/^[ \t]*$/ { stanza(); next }
	/^Types:/ { sub(/^[^:]*:[ \t]*/, ""); types = $0 }
	/^URIs:/ { sub(/^[^:]*:[ \t]*/, ""); uris = $0 }
	/^Suites:/ { sub(/^[^:]*:[ \t]*/, ""); suites = $0 }
	/^Enabled:/ { sub(/^[^:]*:[ \t]*/, ""); enabled = $0 }
	END { stanza(); print has != "" ? has : first }' "$@"
}
