# $1 folder, $2 digest of what is installed now: as the last of all, and whole or not at all. An app
# that runs is the one of before, so that the next configuration starts it anew.
umask 022
mkdir -p "$1" && rm -rf -- "$1/packages" && rm -f -- "$1/configured" &&
	printf '%s\n' "$2" >"$1/installed.part" && mv -- "$1/installed.part" "$1/installed"
