# plain FILE: its content, decompressed (busybox tar and podman 4.3 do not do it themselves).
plain() { $(unpacker "$1") <"$1"; }
unpacker() {
	case $(od -An -tx1 -N6 "$1" | tr -d ' \n') in
	1f8b*) echo gzip -dc ;;
	fd377a585a00) echo xz -dc ;;
	425a68*) echo bzip2 -dc ;;
	28b52ffd*) echo zstd -dc ;;
	*) echo cat ;;
	esac
}
# unpack FILE FOLDER RECORD: its members into FOLDER, its SHA-256 and bytes into RECORD; FILE is
# read once. What tar leaves unread behind the end of the archive belongs to the sum.
unpack() {
	mkfifo "$3.sum" || return
	sha256sum <"$3.sum" >"$3" &
	tee "$3.sum" <"$1" | $(unpacker "$1") |
		{ tar -C "$2" --numeric-owner -xpf - && cat >/dev/null; } || return
	wait "$!" && read -r digest _ <"$3" && rm -f -- "$3.sum" &&
		printf '%s %s\n' "$digest" "$(($(wc -c <"$1")))" >"$3"
}
