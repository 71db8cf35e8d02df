# usage: FOLDER [TARBALL]; without TARBALL it comes on standard input.
to=$1 new=$1.$$
record=${to%/*}/.${to##*/}
[ ! -d "$to" ] || exit 0
mkdir -p "$new" || exit 1
trap 'rm -rf "$new" "$new.tar" "$record.$$" "$record.$$.sum"' EXIT
trap 'exit 1' HUP INT TERM
if [ $# -gt 1 ]; then
	file=$2
else
	file=$new.tar
	cat >"$file" || exit 1
fi
[ -f "$file" ] || { printf '%s\n' "\`$file\` does not exist on this node" >&2; exit 1; }
unpack "$file" "$new" "$record.$$" || exit 1
# Another run may have been first.
[ -d "$to" ] || { mv "$record.$$" "$record" && mv "$new" "$to"; }
