# $1 a file on this node, then the words that read it.
[ -f "$1" ] && [ -r "$1" ] || {
	printf '%s\n' "package file \`$1\` does not exist on this node, or cannot be read" >&2
	exit 1
}
file=$1
shift
exec "$@" <"$file"
