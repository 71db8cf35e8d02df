# $1 CPUs, $2 memory nodes in the kernel's list format: this shell and all it starts run there.
[ -z "$1" ] || taskset -pc "$1" "$$" >/dev/null || exit
vnfctl_mems=$2
shift 2
if [ -n "$vnfctl_mems" ] && command -v numactl >/dev/null; then
	podman() { command numactl --membind="$vnfctl_mems" podman "$@"; }
fi
