# Installs the package files in folder $1 (may be empty) and the packages named by the other
# arguments, in one transaction. What is installed already is not touched. None of the words holds
# a blank or a pattern.
set -f
umask 022
folder=$1
shift
nl='
'
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
log=$(mktemp "${TMPDIR:-/tmp}/vnfctl-install.XXXXXX") || exit
trap 'clean' EXIT
trap 'exit 1' HUP INT TERM
clean() { rm -f -- "$log"; }
say() { printf '%s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }
log() { "$@" >"$log" 2>&1 </dev/null; }
# What the log says of mistakes, or else its end; then what is wrong, and the end.
fail() {
	{ grep -i -e '^[EW]: ' -e error -e fail -e warning "$log" || cat "$log"; } | tail -n 6 >&2
	say "$*"
	exit 1
}
files='' kinds=''
for kind in deb rpm apk; do
	set +f
	for path in "$folder"/*."$kind"; do
		[ ! -f "$path" ] || files="$files $path" kinds="${kinds%"$kind"}$kind"
	done
	set -f
done
manager=
for one in apt-get dnf microdnf apk; do
	[ -n "$manager" ] || ! has "$one" || manager=$one
done
: >"$log"
case $kinds:$manager in
:?* | deb:apt-get | rpm:dnf | rpm:microdnf | apk:apk) ;;
deb:) [ $# != 0 ] || ! has dpkg || manager=dpkg ;;
rpm:) [ $# != 0 ] || ! has rpm || manager=rpm ;;
deb:* | rpm:* | apk:?*) fail "files of kind $kinds are not for the package manager of this container, $manager" ;;
?*:*) fail "package files of different kinds: $kinds" ;;
esac
case $manager in
apt-get) apt_all "$@" ;;
dpkg) dpkg_all ;;
dnf | microdnf | rpm) rpm_all "$@" ;;
apk) apk_all "$@" ;;
*) fail 'this container has no package manager: none of apt-get, dnf, microdnf, apk' ;;
esac
