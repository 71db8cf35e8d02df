# usage: FOLDER UNPACKER; what `export` printed on standard input.
to=$1 new=$1.$$
record=${to%/*}/.${to##*/}
if [ -d "$to" ] && grep -qsF "$to" /run/vnfctl/native/*/config; then
	say "\`$to\` is another one, and containers here are made from it: destroy them first"
	exit 1
fi
mkdir -p "$new" || exit 1
trap 'rm -rf "$new" "$record.$$" "$to.$$-old"' EXIT
trap 'exit 1' HUP INT TERM
receive "$2" "$new" "$record.$$" || exit 1
[ ! -d "$to" ] || mv "$to" "$to.$$-old" || exit 1
mv "$record.$$" "$record" && mv "$new" "$to"
