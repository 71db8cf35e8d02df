# $1 Go template of a container; then pairs: image reference, line that stands for it.
template=$1
shift
while [ "$#" != 0 ]; do
	found=$(docker image inspect --format '{{.Id}} {{.Size}}' -- "$1" 2>/dev/null) &&
		printf 'image %s %s\n' "$found" "$2" &
	shift 2
done
ids=$(docker ps --all --quiet --no-trunc) || exit
found=
if [ -n "$ids" ]; then
	# shellcheck disable=SC2086 # one id per word
	found=$(docker container inspect --format "$template" $ids) || {
		# A container may vanish between the two calls. One that is still there must be shown.
		for id in $(docker ps --all --quiet --no-trunc || echo "$ids"); do
			case $ids in *"$id"*) case $found in *"$id"*) ;; *) exit 1 ;; esac ;; esac
		done
	}
fi
wait
