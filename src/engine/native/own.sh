# What is the container's own besides its root: kernel parameters of its namespaces, folders in
# memory and kept ones, and a root that cannot be written.

# The parameters of /proc/sys are those of the namespaces of who writes.
parameters() {
	exec 4<"$s/config"
	while record; do
		[ "$vnfctl_key" = sysctl ] || continue
		file=$(printf %s "${vnfctl_value%%=*}" | tr . /)
		{ printf '%s\n' "${vnfctl_value#*=}" >"/proc/sys/$file"; } 2>/dev/null || {
			say "cannot set the kernel parameter \`${vnfctl_value%%=*}\` to \`${vnfctl_value#*=}\`"
			return 1
		}
	done
}
folders() {
	exec 4<"$s/config"
	number=0
	while record; do
		case $vnfctl_key in tmpfs | kept) ;; *) continue ;; esac
		inside "$vnfctl_value" && { [ -d "$at" ] || mkdir -p "$at"; } || return 1
		if [ "$vnfctl_key" = tmpfs ]; then
			"$mount" -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$at" || return 1
		else
			number=$((number + 1))
			if [ ! -d "$s/kept/$number" ]; then
				mkdir -p "$s/kept/$number" && cp -a "$at/." "$s/kept/$number/" &&
					chmod 1777 "$s/kept/$number" || return 1
			fi
			"$mount" --bind "$s/kept/$number" "$at" || return 1
		fi
	done
}
# Without an image the private parts are mounts of their own; the rest is read-only already.
seal() {
	[ -z "$image" ] || { "$mount" -o remount,bind,ro "$r"; return; }
	for top in $private; do
		[ ! -d "$s/upper/$top" ] || "$mount" -o remount,bind,ro "$r/$top" || return 1
	done
}
