# Mounts the root of a container that has an image: copy-on-write over it or, where the kernel
# cannot, a copy. $image is a folder; $r and $s are set.
image_root() {
	[ -d "$image" ] || { say "\`$image\` is no folder on this node"; return 1; }
	if [ ! -e "$s/copied" ]; then
		# By way of the working folder: a path of any characters.
		cd "$image" && "$mount" -t overlay overlay \
			-o "lowerdir=.,upperdir=$s/upper,workdir=$s/scratch" "$r" 2>"$s/overlay" &&
			{ cd /; return 0; }
		cd / && cp -a "$image/." "$r/" && : >"$s/copied" || return 1
	fi
	"$mount" --bind "$r" "$r"
}
