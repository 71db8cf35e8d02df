# $1 Go template of a container; then pairs: image reference, line that stands for it.
template=$1
shift
while [ "$#" != 0 ]; do
	podman image exists -- "$1" >/dev/null 2>&1 && printf 'image %s\n' "$2" &
	shift 2
done
# shellcheck disable=SC2034 # observe.sh, which follows, prints it
found=$(podman ps --all --no-trunc --format "$template") || exit
wait
