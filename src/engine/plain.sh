# plain FILE: its content, decompressed (busybox tar and podman 4.3 do not do it themselves).
plain() {
	case $(od -An -tx1 -N6 "$1" | tr -d ' \n') in
	1f8b*) gzip -dc <"$1" ;;
	fd377a585a00) xz -dc <"$1" ;;
	425a68*) bzip2 -dc <"$1" ;;
	28b52ffd*) zstd -dc <"$1" ;;
	*) cat "$1" ;;
	esac
}
