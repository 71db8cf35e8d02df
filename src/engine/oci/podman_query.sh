# $1 Go template of a container; then pairs: image reference, line that stands for it.
template=$1
shift
while [ "$#" != 0 ]; do
	found=$(podman image inspect --format '{{.Id}} {{.Size}}' -- "$1" 2>/dev/null) &&
		printf 'image %s %s\n' "$found" "$2" &
	shift 2
done
# shellcheck disable=SC2034 # observe.sh, which follows, prints it
found=$(podman ps --all --no-trunc --format "$template") || exit
wait
