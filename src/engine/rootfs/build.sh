# usage: MAKE TARBALL SUITE MIRROR VARIANT PACKAGES [COMMAND]...
# Standard input: an archive of files for the root file system, or nothing. MAKE runs in namespaces
# of its own: whatever it mounts or starts is gone when it ends, however it ends.
make=$1 final=$2
shift 2
say() { printf '%s\n' "$*" >&2; }
[ ! -e "$final" ] || exit 0
[ "$(id -u)" = 0 ] || {
	say 'a root file system is built by root: the login user of this node is none'
	exit 1
}
umask 022
folder=${final%/*}
mkdir -p "$folder" || exit
for left in "$folder/.build."*; do
	[ ! -d "$left" ] || [ -d "/proc/${left##*.}" ] || rm -rf -- "$left" # of a run that was killed
done
command -v unshare >/dev/null || {
	say 'a root file system is built in namespaces: apt-get install util-linux'
	exit 1
}
work=$folder/.build.$$
trap 'rm -rf -- "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$work/in" "$work/root" || exit
unshare --mount --pid --fork --kill-child --mount-proc sh -c "$make" vnfctl "$work" "$@" >&2 || exit
mv -f -- "$work/tar" "$final"
