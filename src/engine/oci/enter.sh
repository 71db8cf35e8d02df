# $1 podman, $2 container, then its words. Root's podman puts what it starts into the container's
# cgroup; a user's own one has none, and what it starts runs where it runs itself.
engine=$1 name=$2
shift 2
set -- "$engine" "$@"
if [ "$(id -u)" != 0 ]; then
	pins=$("$engine" container inspect --format \
		'{{index .Config.Labels "vnfctl.cpuset"}} {{index .Config.Labels "vnfctl.mems"}}' "$name") || exit
	cpus=${pins% *} mems=${pins#* }
	if [ -n "$mems" ] && command -v numactl >/dev/null; then set -- numactl --membind="$mems" "$@"; fi
	[ -z "$cpus" ] || set -- taskset -c "$cpus" "$@"
fi
exec "$@"
