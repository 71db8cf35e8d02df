# $1 docker or podman, $2 name of the container, $3 its image; then options. It waits until it is
# removed, at most a day: nobody need clean up behind a run that was killed.
engine=$1 name=$2 base=$3
shift 3
"$engine" rm --force --volumes "$name" >/dev/null 2>&1
entrypoint=$("$engine" image inspect --format '{{json .Config.Entrypoint}}' -- "$base") || exit
case $entrypoint in
# Docker's `commit` cannot take an entrypoint away again, so there is none where the base has none.
null | '[]') set -- "$@" "$base" sleep ;;
*) set -- "$@" --entrypoint sleep "$base" ;;
esac
"$engine" run --detach --rm --pull never --name "$name" "$@" 86400 >/dev/null
