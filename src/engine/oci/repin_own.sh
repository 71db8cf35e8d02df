# $1 podman, $2 container, $3 CPUs: every thread in the pid namespace of a user's own container.
pid=$("$1" container inspect --format '{{.State.Pid}}' "$2") || exit
[ "$pid" -gt 0 ] && [ -n "$3" ] || exit 0
namespace=$(readlink "/proc/$pid/ns/pid") || exit
for folder in /proc/[0-9]*; do
	[ "$(readlink "$folder/ns/pid" 2>/dev/null)" = "$namespace" ] || continue
	taskset -apc "$3" "${folder#/proc/}" >/dev/null || [ ! -d "$folder" ] || exit
done
