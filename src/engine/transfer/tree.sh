say() { printf '%s\n' "$*" >&2; }
# tar with the extended attributes (capabilities of files) where it knows them.
archive() {
	if tar --help 2>&1 | grep -q -- --xattrs-include; then
		tar --xattrs '--xattrs-include=*' --numeric-owner "$@"
	else
		tar --numeric-owner "$@"
	fi
}
# send PACKER FOLDER RECORD: the tree, and as its last member the content of RECORD: whoever finds
# that one has all.
send() {
	end=$(mktemp -d) || return
	trap 'rm -rf -- "$end"' EXIT
	trap 'exit 1' HUP INT TERM
	cat -- "$3" >"$end/.vnfctl-end" 2>/dev/null || echo '- -' >"$end/.vnfctl-end"
	packed "$1" archive -C "$2" -cf - . -C "$end" ./.vnfctl-end
}
# receive UNPACKER FOLDER RECORD: from standard input; RECORD is what `send` was given.
receive() {
	${1:-cat} | archive -C "$2" -xpf - || return
	[ -f "$2/.vnfctl-end" ] || {
		say 'what came was cut short'
		return 1
	}
	mv -- "$2/.vnfctl-end" "$3"
}
