# $1 docker or podman, $2 image reference, $3 tarball on the node (empty: standard input).
engine=$1 name=$2 file=$3
say() { printf '%s\n' "$*" >&2; }
if [ -z "$file" ]; then
	file=$(mktemp "${TMPDIR:-/var/tmp}/vnfctl-image.XXXXXX") || exit
	trap 'rm -f -- "$file"' EXIT
	trap 'exit 1' HUP INT TERM
	cat >"$file" || exit
elif [ ! -r "$file" ]; then
	say "image file \`$file\` cannot be read on this node"
	exit 1
fi
# A rootfs has no manifest.json at its top; an archive of `save` has one, an OCI layout an index.
members=$(plain "$file" | tar -tf -) || {
	say 'the image file is no tarball'
	exit 1
}
if ! printf '%s\n' "$members" | grep -Eqx '(\./)?(manifest\.json|oci-layout)'; then
	plain "$file" | "$engine" import - "$name" >/dev/null
	exit
fi
said=$(plain "$file" | "$engine" load) || exit
loaded=$(printf '%s\n' "$said" | sed -n 's/^Loaded image[^:]*: //p' | tr ',' '\n')
case $(printf '%s\n' "$loaded" | grep -c .) in
1) "$engine" tag "$loaded" "$name" ;;
*)
	"$engine" image inspect --format 1 -- "$name" >/dev/null 2>&1 && exit
	say "the archive holds no image \`$name\` but: $(printf %s "$loaded" | tr '\n' ' ')"
	exit 1
	;;
esac
