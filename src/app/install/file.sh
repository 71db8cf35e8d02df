# Takes one package file from standard input. $1 folder, $2 name in it without its ending, $3 its
# SHA-256 or nothing, $4 what people call it.
umask 022
say() { printf '%s\n' "$*" >&2; }
mkdir -p "$1" || exit
new=$1/$2.part
trap 'rm -f -- "$new"' EXIT
trap 'exit 1' HUP INT TERM
cat >"$new" || exit
if [ -n "$3" ]; then
	sum=$(sha256sum <"$new") || {
		say "the container has no working sha256sum, so \`$4\` cannot be checked"
		exit 1
	}
	sum=${sum%% *}
	[ "$sum" = "$3" ] || {
		say "package file \`$4\` is not the one meant: its SHA-256 is $sum, the topology says $3"
		exit 1
	}
fi
# By content; where nothing can tell that, by ending. Package managers go by the ending.
case $(od -An -tx1 -N4 "$new" 2>/dev/null | tr -d ' \n') in
213c6172) kind=deb ;;
edabeedb) kind=rpm ;;
1f8b* | 414442*) kind=apk ;;
*) kind=${4##*.} ;;
esac
case $kind in deb | rpm | apk) ;; *)
	say "\`$4\` is no package: neither deb nor rpm nor apk"
	exit 1
	;;
esac
mv -- "$new" "$1/$2.$kind"
