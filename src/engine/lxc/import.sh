# $1 base, $2 unpacker; what `export` printed on standard input. Built under a name of its own and
# renamed when complete.
base=$1
path=$(lxc-config lxc.lxcpath) || exit
final=$path/$base
tmp=$final+$$
for left in "$final+"*; do
	[ ! -d "$left" ] || [ -d "/proc/${left##*+}" ] || rm -rf -- "$left" # of a run that was killed
done
trap 'rm -rf -- "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
if [ -e "$final" ] && grep -qsF "$final/" "$path"/*/config; then
	say "\`$final\` is another one, and containers here are made from it: destroy them first"
	exit 1
fi
umask 022
mkdir -- "$tmp" && receive "$2" "$tmp" "$tmp/vnfctl-digest" || exit
[ -e "$tmp/vnfctl-complete" ] || exit
complete "$tmp" || exit
[ ! -e "$final" ] || mv -T -- "$final" "$final+$$-old" || exit
mv -T -- "$tmp" "$final" && rm -rf -- "$final+$$-old"
