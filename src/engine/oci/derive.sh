# $1 docker or podman, $2 name of the container; then options, the image last. It waits until it is
# removed, at most a day: nobody need clean up behind a run that was killed.
engine=$1 name=$2
shift 2
"$engine" rm --force --volumes "$name" >/dev/null 2>&1
"$engine" run --detach --rm --pull never --name "$name" --entrypoint sleep "$@" 86400 >/dev/null
