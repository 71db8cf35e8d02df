# complete FOLDER: says how a base there can be cloned on this node: the last thing it lacks.
complete() {
	rm -f -- "$1/vnfctl-complete"
	mkdir "$1/probe" "$1/probe/delta" "$1/probe/work" "$1/probe/at" || return
	clone=copy
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount sh -c 'mount -t overlay -o "lowerdir=$1,upperdir=$2/delta,workdir=$2/work" \
		probe "$2/at"' sh "$1/rootfs" "$1/probe" 2>/dev/null && clone=overlay
	rm -rf -- "$1/probe"
	echo "$clone" >"$1/vnfctl-complete"
}
