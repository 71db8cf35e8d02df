# usage: FOLDER [TARBALL]; without TARBALL it comes on standard input.
to=$1 new=$1.$$
[ ! -d "$to" ] || exit 0
mkdir -p "$new" || exit 1
trap 'rm -rf "$new" "$new.tar"' EXIT
trap 'exit 1' HUP INT TERM
if [ $# -gt 1 ]; then
	file=$2
else
	file=$new.tar
	cat >"$file" || exit 1
fi
[ -f "$file" ] || { printf '%s\n' "\`$file\` does not exist on this node" >&2; exit 1; }
case $(od -An -tx1 -N4 "$file" | tr -d ' \n') in
1f8b*) unpack='gzip -dc' ;;
fd377a58) unpack='xz -dc' ;;
28b52ffd) unpack='zstd -dc' ;;
425a68*) unpack='bzip2 -dc' ;;
*) unpack=cat ;;
esac
$unpack <"$file" | tar -x -p -f - -C "$new" || exit 1
# Another run may have been first.
[ -d "$to" ] || mv "$new" "$to"
