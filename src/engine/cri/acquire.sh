# $1 image reference, $2 tarball on the node (empty: standard input): an archive of docker or podman,
# or a root file system, which becomes an archive with one layer.
name=$1 file=$2
say() { printf '%s\n' "$*" >&2; }
tmp=$(mktemp -d "${TMPDIR:-/var/tmp}/vnfctl-image.XXXXXX") || exit
trap 'rm -rf -- "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
if [ -z "$file" ]; then
	file=$tmp/image
	cat >"$file" || exit
elif [ ! -r "$file" ]; then
	say "image file \`$file\` cannot be read on this node"
	exit 1
fi
members=$(plain "$file" | tar -tf -) || {
	say 'the image file is no tarball'
	exit 1
}
# The name in full, as CRI reads short ones.
case $name in
*.*/* | *:*/* | localhost/*) full=$name ;;
*/*) full=docker.io/$name ;;
*) full=docker.io/library/$name ;;
esac
case ${full##*/} in *:*) ;; *) full=$full:latest ;; esac
if ! printf '%s\n' "$members" | grep -Eqx '(\./)?(manifest\.json|oci-layout)'; then
	mkdir "$tmp/archive" && plain "$file" >"$tmp/archive/layer.tar" || exit
	sum=$(sha256sum <"$tmp/archive/layer.tar") || exit
	case $(uname -m) in x86_64) arch=amd64 ;; aarch64) arch=arm64 ;; *) arch=$(uname -m) ;; esac
	printf '{"architecture":"%s","os":"linux","config":{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
		"$arch" "${sum%% *}" >"$tmp/archive/config.json"
	printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":["layer.tar"]}]' "$full" \
		>"$tmp/archive/manifest.json"
	tar -C "$tmp/archive" -cf "$tmp/image.tar" manifest.json config.json layer.tar || exit
	file=$tmp/image.tar
fi
# CRI has no import: containerd's own client has, and CRI-O shares podman's storage.
runtime=$(crictl version | sed -n 's/^RuntimeName: *//p') || exit
case $runtime in
containerd)
	address=$(crictl info | sed -n 's/.*"containerdEndpoint": *"\([^"]*\)".*/\1/p')
	plain "$file" | ctr ${address:+--address "$address"} --namespace k8s.io images import - >/dev/null || exit
	;;
cri-o) plain "$file" | podman load >/dev/null || exit ;;
*)
	say "images of a tarball cannot be given to the runtime \`$runtime\`"
	exit 1
	;;
esac
crictl inspecti --quiet "$name" >/dev/null 2>&1 || {
	say "the archive holds no image \`$name\`"
	exit 1
}
