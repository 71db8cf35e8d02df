# Sets a variable per tool to its path: a shell with applets of its own, as busybox', may prefer
# them, and they cannot do what util-linux and iproute2 can.
tools() {
	for tool in "$@"; do
		eval "$tool=$tool"
		for dir in /usr/sbin /usr/bin /sbin /bin /usr/local/sbin /usr/local/bin; do
			[ -x "$dir/$tool" ] && eval "$tool=$dir/$tool" && break
		done
	done
}
