# $1 folder, $2 digest of what is installed now: as the last of all, and whole or not at all.
umask 022
mkdir -p "$1" && printf '%s\n' "$2" >"$1/installed.part" && mv -- "$1/installed.part" "$1/installed" &&
	rm -rf -- "$1/packages"
